// The public API for CommonJS; `index.mjs` exports the same names to ES modules.
'use strict'

const { NeuralForecastError } = require('./error.js')
const { NeuralForecast } = require('./forecaster.js')
const { configure, given, settings } = require('./given.js')
const { loss } = require('./loss.js')
const { factories, described } = require('./models.js')
const native = require('./native.js')
const { invalid, show } = require('./options.js')
const { callSite, located } = require('./run.js')
const { fromNative } = require('./table.js')

/** Version and target of this installation, and what the machine supports. */
function runtimeInfo() {
  const { version, target, simd, threads } = JSON.parse(native.info())
  return {
    version,
    target,
    simd,
    threads: settings().threads ?? threads,
    napi: Number(process.versions.napi),
    features: ['csv', 'svg'],
  }
}

/** Every model with its options. The types and the README's table are generated from this. */
function models() {
  return described()
}

/** Reads a CSV file as a table. */
async function readCsv(path, options) {
  const site = callSite(readCsv)
  if (typeof path !== 'string')
    throw invalid('path', `readCsv: the path must be a string, got ${show(path)}`, 'a string', path)
  const how = given('readCsv', options)
  try {
    return fromNative(await native.readTable(path, how))
  } catch (error) {
    throw located(error, site)
  }
}

module.exports = {
  ...factories,
  NeuralForecast,
  NeuralForecastError,
  loss,
  models,
  readCsv,
  configure,
  runtimeInfo,
}
