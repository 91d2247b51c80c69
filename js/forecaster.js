// `NeuralForecast`: trains models on a panel of series and forecasts all of them.
'use strict'

const { NeuralForecastError, guarded } = require('./error.js')
const { Forecast } = require('./forecast.js')
const { deepFreeze } = require('./models.js')
const native = require('./native.js')
const { checkOptions, invalid, show, toJson } = require('./options.js')
const { Predictor } = require('./predictor.js')
const { checkThreads, defaults, run, callSite, located } = require('./run.js')
const { fromNative, rows, toNative } = require('./table.js')

class NeuralForecast {
  #native
  #running = new Set()
  #models
  #fitted
  #disposed = false

  constructor(init) {
    this.#native = init instanceof native.NativeForecaster ? init : create(init)
    this.#native.tellMemory()
    this.#models = deepFreeze(JSON.parse(this.#native.specs()))
    this.#fitted = this.#native.fitted()
  }

  async fit(data, options) {
    const site = callSite(this.fit)
    const {
      static: statics,
      valSize,
      valData,
      columns,
      onGap,
      onMissing,
      mode,
      maxSteps,
      checkpoint,
      ...how
    } = checkOptions('fit', options)
    if (checkpoint !== undefined) checkOptions('checkpoint', checkpoint)
    const layout = this.#layout('fit', checkOptions('columns', columns))
    const table = toNative(data, 'data', layout)
    const given = (other, what) => (other === undefined ? undefined : toNative(other, what, layout))
    const more = { staticTable: given(statics, 'static'), valData: given(valData, 'valData') }
    const json = toJson({ valSize, columns, onGap, onMissing, mode, maxSteps, checkpoint })
    try {
      return report(await this.#run(how, site, (run) => this.#native.fit(table, more, json, run)))
    } finally {
      if (!this.#disposed && this.#running.size === 0) this.#fitted = this.#native.fitted()
    }
  }

  async predict(options) {
    const site = callSite(this.predict)
    const {
      data,
      static: statics,
      future,
      level,
      quantiles,
      h,
      onGap,
      onMissing,
      onShort,
      ...how
    } = checkOptions('predict', options)
    const layout = this.#layout('predict')
    const table = (given, what) => (given === undefined ? undefined : toNative(given, what, layout))
    const tables = { data: table(data, 'data'), staticTable: table(statics, 'static'), future: table(future, 'future') }
    const json = toJson({ level, quantiles, h, onGap, onMissing, onShort })
    return new Forecast(await this.#run(how, site, (run) => this.#native.predict(tables, json, run)))
  }

  async predictInsample(options) {
    const site = callSite(this.predictInsample)
    const { stepSize, level, quantiles, onMissing, ...how } = checkOptions('predictInsample', options)
    const json = toJson({ stepSize, level, quantiles, onMissing })
    return new Forecast(await this.#run(how, site, (run) => this.#native.predictInsample(json, run)))
  }

  makeFutureFrame(options) {
    const { data, h } = checkOptions('makeFutureFrame', options)
    const table = data === undefined ? undefined : toNative(data, 'data', this.#layout('makeFutureFrame'))
    return fromNative(guarded(() => this.#native.makeFutureFrame(table, toJson({ h }))))
  }

  missingFuture(future, options) {
    const { data, h } = checkOptions('missingFuture', options)
    const layout = this.#layout('missingFuture')
    const given = toNative(future, 'future', layout)
    const table = data === undefined ? undefined : toNative(data, 'data', layout)
    return rows(fromNative(guarded(() => this.#native.missingFuture(given, table, toJson({ h })))))
  }

  predictor(model, options) {
    const { batch, threads = defaults.threads } = checkOptions('predictor', options)
    checkThreads(threads)
    if (model !== undefined && typeof model !== 'string')
      throw invalid('model', `predictor: the model must be a name, got ${show(model)}`, 'a text', model)
    return new Predictor(guarded(() => this.#native.predictor(model, toJson({ batch, threads }))))
  }

  async save(dir, options) {
    const site = callSite(this.save)
    const { signal, ...how } = checkOptions('save', options)
    checkPath('save', dir)
    return this.#run({ signal }, site, (run) => this.#native.save(dir, toJson(how), run))
  }

  static async load(dir, options) {
    const site = callSite(NeuralForecast.load)
    const how = checkOptions('load', options)
    checkPath('load', dir)
    const json = toJson({ machineZone: machineZone() })
    return new NeuralForecast(await run(how, site, (run) => native.NativeForecaster.load(dir, json, run)))
  }

  get models() {
    return this.#models
  }

  get fitted() {
    return this.#fitted
  }

  get interrupted() {
    return guarded(() => this.#native.interrupted())
  }

  memoryUsage() {
    const [weights, dataset, training, workspace] = guarded(() => this.#native.memoryUsage())
    return { weights, dataset, training, workspace }
  }

  dispose() {
    this.#disposed = true
    for (const run of this.#running) run.cancel()
    this.#native.dispose()
    this.#native.tellMemory()
  }

  #layout(call, columns = {}) {
    const layout = JSON.parse(guarded(() => this.#native.layout(call)))
    return { ...layout, id: columns.id ?? layout.id, time: columns.time ?? layout.time }
  }

  async #run(how, site, start) {
    try {
      const result = await run(how, site, start, this.#running)
      this.#native.tellMemory()
      return result
    } catch (error) {
      if (!this.#disposed || error?.code !== 'ABORT_ERR') throw error
      throw located(
        new NeuralForecastError('ERR_NF_DISPOSED', 'this forecaster was disposed of while it was working'),
        site,
      )
    }
  }
}

// Node 20 has Symbol.dispose; engines that lack it get the method once they have the symbol.
if (Symbol.dispose) NeuralForecast.prototype[Symbol.dispose] = NeuralForecast.prototype.dispose

function create(init) {
  if (init === undefined)
    throw invalid(
      'models',
      'NeuralForecast needs { models, freq }, such as { models: [NHITS({ h: 12, inputSize: 24 })], freq: "MS" }',
      'an object',
      null,
    )
  const { models, ...rest } = checkOptions('NeuralForecast', init)
  const json = toJson({ models: models ?? null, ...rest, machineZone: machineZone() })
  return guarded(() => new native.NativeForecaster(json))
}

/** The time zone that `new Date(year, month, day)` goes by here. */
const machineZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

function checkPath(call, dir) {
  if (typeof dir !== 'string' || dir === '')
    throw invalid('dir', `${call}: the directory must be a text, got ${show(dir)}`, 'a text', dir)
}

/** The report of a fit, with its curves as typed arrays. */
function report(json) {
  const { models, ...rest } = JSON.parse(json)
  const curves = (m) => ({
    ...m,
    trainLoss: Float32Array.from(m.trainLoss, orNaN),
    valLoss: Float32Array.from(m.valLoss, orNaN),
    valSteps: Int32Array.from(m.valSteps),
  })
  return { models: models.map(curves), ...rest }
}

const orNaN = (v) => v ?? Number.NaN

module.exports = { NeuralForecast }
