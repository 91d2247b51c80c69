// `Forecast`: one row per series, cutoff and time, one column per model output.
'use strict'

const { NeuralForecastError, guarded } = require('./error.js')
const { given } = require('./given.js')
const { invalid, show, toJson } = require('./options.js')
const { toNative } = require('./table.js')

class Forecast {
  #native
  #header
  #columns = new Map()
  #uniqueId
  #ds
  #cutoff
  #sampleId

  constructor(native) {
    this.#native = native
    this.#header = JSON.parse(native.header())
    Object.freeze(this.#header.warnings)
    native.tellMemory()
  }

  get ids() {
    return this.#header.ids
  }

  get h() {
    return this.#header.h
  }

  get columns() {
    return this.#header.columns
  }

  get models() {
    return this.#header.models
  }

  get warnings() {
    return this.#header.warnings
  }

  get uniqueId() {
    this.#uniqueId ??= seriesOfRows(this.#header.indptr)
    return this.#uniqueId
  }

  get ds() {
    this.#ds ??= this.#open().times()
    return this.#ds
  }

  get cutoff() {
    if (this.#header.cutoff) this.#cutoff ??= this.#open().cutoffs()
    return this.#cutoff
  }

  get sampleId() {
    const { paths, indptr, h } = this.#header
    if (paths) this.#sampleId ??= pathsOfRows(indptr, h)
    return this.#sampleId
  }

  column(name) {
    check('column', 'name', name, ['string'], 'a string')
    const known = this.#columns.get(name)
    if (known) return known
    const values = guarded(() => this.#open().column(name))
    this.#columns.set(name, values)
    return values
  }

  series(id) {
    check('series', 'id', id, ['string', 'number', 'bigint'], 'a string or whole number')
    const [start, end] = guarded(() => this.#open().seriesRows(String(id)))
    return Object.fromEntries(this.columns.map((name) => [name, this.column(name).slice(start, end)]))
  }

  quantile(model, q) {
    check('quantile', 'q', q, ['number'], 'a number between 0 and 1')
    return guarded(() => this.#open().quantile(String(model), q))
  }

  interval(model, level) {
    check('interval', 'level', level, ['number'], 'a percentage such as 90')
    const [lo, hi] = guarded(() => this.#open().interval(String(model), level))
    return { lo, hi }
  }

  interpretation(model) {
    const found = guarded(() => this.#open().interpretation(String(model)))
    const { past, future, statics, attention, correlations } = found
    const table = (names, values) => ({ names, shape: [values.length / names.length, names.length], values })
    const weights = (of) => of && table(of.names, of.values)
    const steps = Math.sqrt(attention.length)
    return {
      past: weights(past),
      future: weights(future),
      static: weights(statics),
      attention: { shape: [steps, steps], values: attention },
      correlations: correlations && table([...past.names, 'attention'], correlations),
    }
  }

  toRows() {
    return [...this]
  }

  *[Symbol.iterator]() {
    const { ids, id, time, dates, numericIds } = this.#header
    const numbers = numericIds && ids.every((text) => Number.isSafeInteger(Number(text)))
    const columns = this.columns.map((name) => [name, this.column(name)])
    const { ds, cutoff, sampleId, uniqueId } = this
    const at = (t) => (dates ? new Date(t) : t)
    for (let row = 0; row < ds.length; row++) {
      const name = ids[uniqueId[row]]
      const out = { [id]: numbers ? Number(name) : name, [time]: at(ds[row]) }
      if (cutoff) out.cutoff = at(cutoff[row])
      if (sampleId) out.sample_id = sampleId[row]
      for (const [column, values] of columns) out[column] = values[row]
      yield out
    }
  }

  toCsv() {
    return guarded(() => this.#open().toCsv())
  }

  ensemble(method, models, options) {
    const { validation, ...rest } = options ?? {}
    const how = given('ensemble', rest)
    if (validation !== undefined && !(validation instanceof Forecast))
      throw invalid(
        'validation',
        `ensemble: validation must be a forecast, got ${show(validation)}`,
        'a forecast',
        null,
      )
    const json = (value) => (value === undefined || value === null ? undefined : toJson(value))
    const other = validation?.#open()
    return new Forecast(guarded(() => this.#open().ensemble(json(method), json(models), other, how)))
  }

  get weights() {
    const weights = this.#open().weights()
    return weights ? JSON.parse(weights) : undefined
  }

  toSVG(options) {
    const how = given('toSVG', options, this.#layout())
    return guarded(() => this.#open().toSvg(how))
  }

  metrics(actual, names, options) {
    const how = given('metrics', options)
    const table = actual === undefined ? undefined : toNative(actual, 'actual', this.#layout())
    const wanted = names === undefined ? undefined : toJson(names)
    const scores = guarded(() => this.#open().metrics(table, wanted, how))
    const { models, parts, warnings } = JSON.parse(scores)
    for (const part of [{ models }, ...parts])
      for (const score of Object.values(part.models)) for (const name of Object.keys(score)) score[name] ??= Number.NaN
    if (options?.by !== undefined && options.by !== null) {
      const rows = parts.flatMap((part) => this.#scoreRows(part))
      return Object.defineProperty(rows, 'warnings', { value: Object.freeze(warnings) })
    }
    if (Object.hasOwn(models, 'warnings')) {
      const message = 'a model called "warnings" hides the warnings of its scores; give it another alias'
      throw new NeuralForecastError('ERR_NF_INVALID_OPTION', message, { option: 'alias', model: 'warnings' })
    }
    return Object.defineProperty(models, 'warnings', { value: Object.freeze(warnings) })
  }

  /** A row of scores for each model. */
  #scoreRows({ series, cutoff, models }) {
    const { ids, dates } = this.#header
    return Object.entries(models).map(([model, scores]) => ({
      ...(series === null ? {} : { uniqueId: ids[series] }),
      ...(cutoff === null ? {} : { cutoff: dates ? new Date(cutoff) : cutoff }),
      model,
      ...scores,
    }))
  }

  dispose() {
    this.#native?.dispose()
    this.#native = undefined
    this.#columns.clear()
  }

  #layout() {
    const { id, time, dates } = this.#header
    return { id, time, freq: dates ? 'dates' : undefined }
  }

  #open() {
    if (this.#native) return this.#native
    throw new NeuralForecastError('ERR_NF_DISPOSED', 'this forecast was disposed of; predict again')
  }
}

/** Throws if an argument has the wrong type. */
function check(method, name, value, types, expected) {
  if (types.includes(typeof value)) return
  throw invalid(name, `${method}: ${name} must be ${expected}, got ${show(value)}`, expected, value)
}

/** For each row, the number of its path among those of its series. */
function pathsOfRows(indptr, h) {
  const paths = new Int32Array(indptr.at(-1))
  for (let i = 1; i < indptr.length; i++)
    for (let row = indptr[i - 1]; row < indptr[i]; row++) paths[row] = Math.floor((row - indptr[i - 1]) / h)
  return paths
}

/** The index of each row's series. */
function seriesOfRows(indptr) {
  const positions = new Int32Array(indptr.at(-1))
  for (let i = 0; i + 1 < indptr.length; i++) positions.fill(i, indptr[i], indptr[i + 1])
  return positions
}

if (Symbol.dispose) Forecast.prototype[Symbol.dispose] = Forecast.prototype.dispose

module.exports = { Forecast }
