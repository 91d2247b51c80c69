// `Forecast`: one row per series and future time, one column per model output.
'use strict'

const { NeuralForecastError, guarded } = require('./error.js')
const { checkOptions, toJson, unsupported } = require('./options.js')
const { toNative } = require('./table.js')

class Forecast {
  #native
  #header
  #columns = new Map()
  #uniqueId
  #ds

  constructor(native) {
    this.#native = native
    this.#header = JSON.parse(native.header())
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

  get uniqueId() {
    const { ids, h } = this.#header
    this.#uniqueId ??= Int32Array.from({ length: ids.length * h }, (_, row) => Math.floor(row / h))
    return this.#uniqueId
  }

  get ds() {
    this.#ds ??= this.#open().times()
    return this.#ds
  }

  column(name) {
    const known = this.#columns.get(name)
    if (known) return known
    const values = guarded(() => this.#open().column(String(name)))
    this.#columns.set(name, values)
    return values
  }

  series(id) {
    const [start, end] = guarded(() => this.#open().seriesRows(String(id)))
    return Object.fromEntries(this.columns.map((name) => [name, this.column(name).slice(start, end)]))
  }

  interval(model, level) {
    const [lo, hi] = guarded(() => this.#open().interval(String(model), Number(level)))
    return { lo, hi }
  }

  toRows() {
    return [...this]
  }

  *[Symbol.iterator]() {
    const { ids, h, id, time, dates, numericIds } = this.#header
    const columns = this.columns.map((name) => [name, this.column(name)])
    const ds = this.ds
    for (let row = 0; row < ds.length; row++) {
      const name = ids[Math.floor(row / h)]
      const out = { [id]: numericIds ? Number(name) : name, [time]: dates ? new Date(ds[row]) : ds[row] }
      for (const [column, values] of columns) out[column] = values[row]
      yield out
    }
  }

  toCsv() {
    return guarded(() => this.#open().toCsv())
  }

  toSVG(options) {
    const { history, actual, ...look } = checkOptions('toSVG', options)
    const table = (given, what) => (given === undefined ? undefined : toNative(given, what, this.#layout()))
    return guarded(() => this.#open().toSvg(table(history, 'history'), table(actual, 'actual'), toJson(look)))
  }

  metrics(actual, names = ['mae', 'smape', 'mase'], options = undefined) {
    const { seasonLength, seasonalNaive } = checkOptions('metrics', options)
    const table = toNative(actual, 'actual', this.#layout())
    const scores = guarded(() => this.#open().metrics(table, toJson({ names, seasonLength, seasonalNaive })))
    return JSON.parse(scores, (_, v) => v ?? Number.NaN)
  }

  dispose() {
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

if (Symbol.dispose) Forecast.prototype[Symbol.dispose] = Forecast.prototype.dispose

// What the design has and this version has not.
for (const name of ['quantile', 'toArrowIPC', 'ensemble', 'plot', 'toTerminal']) {
  Object.defineProperty(Forecast.prototype, name, {
    value() {
      throw unsupported(`Forecast.${name}`)
    },
    configurable: true,
    writable: true,
  })
}

module.exports = { Forecast }
