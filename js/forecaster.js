// `NeuralForecast`: trains models on a panel of series and forecasts all of them.
'use strict'

const { NeuralForecastError, guarded } = require('./error.js')
const { Forecast } = require('./forecast.js')
const { given } = require('./given.js')
const { deepFreeze } = require('./models.js')
const native = require('./native.js')
const { invalid, show } = require('./options.js')
const { Predictor } = require('./predictor.js')
const { run, callSite, located } = require('./run.js')
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
    const layout = this.#layout('fit', options?.columns)
    const how = given('fit', options, layout)
    const table = toNative(data, 'data', layout)
    try {
      return report(await this.#run(how, site, (run) => this.#native.fit(table, how, run)))
    } finally {
      if (!this.#disposed && this.#running.size === 0) this.#fitted = this.#native.fitted()
    }
  }

  async predict(options) {
    const site = callSite(this.predict)
    const how = given('predict', options, this.#layout('predict'))
    return new Forecast(await this.#run(how, site, (run) => this.#native.predict(how, run)))
  }

  async predictInsample(options) {
    const site = callSite(this.predictInsample)
    const how = given('predictInsample', options)
    return new Forecast(await this.#run(how, site, (run) => this.#native.predictInsample(how, run)))
  }

  async simulate(options) {
    const site = callSite(this.simulate)
    const how = given('simulate', options, this.#layout('simulate'))
    return new Forecast(await this.#run(how, site, (run) => this.#native.simulate(how, run)))
  }

  async decompose(options) {
    const site = callSite(this.decompose)
    const how = given('decompose', options, this.#layout('decompose'))
    return new Forecast(await this.#run(how, site, (run) => this.#native.decompose(how, run)))
  }

  async crossValidation(data, options) {
    const site = callSite(this.crossValidation)
    const layout = this.#layout('crossValidation', options?.columns)
    const how = given('crossValidation', options, layout)
    const table = toNative(data, 'data', layout)
    return new Forecast(await this.#run(how, site, (run) => this.#native.crossValidation(table, how, run)))
  }

  makeFutureFrame(options) {
    const how = given('makeFutureFrame', options, this.#layout('makeFutureFrame'))
    return fromNative(guarded(() => this.#native.makeFutureFrame(how)))
  }

  missingFuture(future, options) {
    const layout = this.#layout('missingFuture')
    const how = given('missingFuture', options, layout)
    const table = toNative(future, 'future', layout)
    return rows(fromNative(guarded(() => this.#native.missingFuture(table, how))))
  }

  predictor(model, options) {
    const how = given('predictor', options)
    if (model !== undefined && typeof model !== 'string')
      throw invalid('model', `predictor: the model must be a name, got ${show(model)}`, 'a string', model)
    return new Predictor(guarded(() => this.#native.predictor(model, how)))
  }

  async save(dir, options) {
    const site = callSite(this.save)
    const how = given('save', options)
    checkPath('save', dir)
    return this.#run(how, site, (run) => this.#native.save(dir, how, run))
  }

  static async load(dir, options) {
    const site = callSite(NeuralForecast.load)
    const how = given('load', options)
    checkPath('load', dir)
    const load = (run) => native.NativeForecaster.load(dir, machineZone(), how, run)
    return new NeuralForecast(await run(how, site, load))
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
    return JSON.parse(guarded(() => this.#native.memoryUsage()))
  }

  dispose() {
    this.#disposed = true
    for (const run of this.#running) run.cancel()
    this.#native.dispose()
    this.#native.tellMemory()
  }

  /** The names of the id and time columns, the frequency and the unit of times. */
  #layout(call, columns = {}) {
    const layout = JSON.parse(guarded(() => this.#native.layout(call)))
    return { ...layout, id: columns?.id ?? layout.id, time: columns?.time ?? layout.time }
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

// Only where the engine has Symbol.dispose; Node 20 does.
if (Symbol.dispose) NeuralForecast.prototype[Symbol.dispose] = NeuralForecast.prototype.dispose

function create(init) {
  if (init === undefined)
    throw invalid(
      'models',
      'NeuralForecast needs { models, freq }, such as { models: [NHITS({ h: 12, inputSize: 24 })], freq: "MS" }',
      'an object',
      null,
    )
  const how = given('NeuralForecast', init)
  return guarded(() => new native.NativeForecaster(how, machineZone()))
}

/** The time zone of this machine, in which `new Date(year, month, day)` is midnight. */
const machineZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

function checkPath(call, dir) {
  if (typeof dir !== 'string' || dir === '')
    throw invalid('dir', `${call}: the directory must be a string, got ${show(dir)}`, 'a string', dir)
}

/** The report of a fit, with its loss curves as typed arrays. */
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
