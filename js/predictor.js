// `Predictor`: a fitted model kept ready for synchronous forecasts of windows of plain numbers.
'use strict'

const { NeuralForecastError, guarded } = require('./error.js')
const { deepFreeze } = require('./models.js')
const { checkOptions, invalid, show } = require('./options.js')

const NONE = new Float32Array(0)

class Predictor {
  #native
  #facts

  constructor(native) {
    this.#native = native
    this.#facts = deepFreeze(JSON.parse(native.facts()))
    native.tellMemory()
  }

  predictSync(y, exog, out) {
    const native = this.#native
    if (native === undefined)
      throw new NeuralForecastError('ERR_NF_DISPOSED', 'predictSync: this predictor was disposed of; make a new one')
    check('y', y)
    const { futr = NONE, hist = NONE, stat = NONE, ...unknown } = exog ?? {}
    // Calls are frequent and short, so the engine checks the names only if one is unknown.
    const known = typeof exog === 'object' && exog !== null && Object.keys(unknown).length === 0
    if (exog !== undefined && !known) checkOptions('predictSync', exog)
    check('futr', futr)
    check('hist', hist)
    check('stat', stat)
    if (out !== undefined) check('out', out)
    return guarded(() => {
      const windows = native.give(y, futr, hist, stat)
      const to = out ?? new Float32Array(windows * this.#facts.size)
      native.forecast(to)
      return to
    })
  }

  dispose() {
    this.#native?.dispose()
    this.#native = undefined
  }

  get model() {
    return this.#facts.model
  }

  get inputSize() {
    return this.#facts.inputSize
  }

  get h() {
    return this.#facts.h
  }

  get batch() {
    return this.#facts.batch
  }

  get nSeries() {
    return this.#facts.nSeries
  }

  get outputs() {
    return this.#facts.outputs
  }

  get futrExogList() {
    return this.#facts.futrExogList
  }

  get histExogList() {
    return this.#facts.histExogList
  }

  get statExogList() {
    return this.#facts.statExogList
  }

  get categories() {
    return this.#facts.categories
  }
}

if (Symbol.dispose) Predictor.prototype[Symbol.dispose] = Predictor.prototype.dispose

function check(name, given) {
  // By its tag too: a test runner may have a different Float32Array.
  if (given instanceof Float32Array || Object.prototype.toString.call(given) === '[object Float32Array]') return
  throw invalid(name, `predictSync: ${name} must be a Float32Array, got ${show(given)}`, 'a Float32Array', given)
}

module.exports = { Predictor }
