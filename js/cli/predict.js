// `neural-trader predict`: forecasts with saved models.
'use strict'

const { NeuralForecast } = require('../index.js')
const { checkDestinations } = require('./destinations.js')
const { progressBar, writeForecast } = require('./output.js')

module.exports = async function predict({ values, positionals: [dir], signal }) {
  checkDestinations(values, 'predict')
  const { data, future, static: statics, h, decimal, 'on-gap': onGap, 'on-missing': onMissing } = values
  const file = (path) => path && { path, decimal }
  const nf = await NeuralForecast.load(dir)
  const bar = progressBar()
  const tables = { data: file(data), future: file(future), static: file(statics) }
  const run = { h, onGap, onMissing, signal, onProgress: bar.onProgress }
  const result = await nf.predict({ ...tables, ...run }).finally(bar.end)
  writeForecast(result, values, signal)
}
