// `neural-trader predict`: forecasts with saved models.
'use strict'

const { NeuralForecast } = require('../index.js')
const { print, printJson, progressBar, writeFiles } = require('./output.js')

module.exports = async function predict({ values: { data, h, out, plot, json }, positionals: [dir], signal }) {
  const nf = await NeuralForecast.load(dir)
  const bar = progressBar()
  const result = await nf
    .predict({ data: data && { path: data }, h, signal, onProgress: bar.onProgress })
    .finally(bar.end)
  const files = {}
  if (out) files[out] = result.toCsv()
  if (plot) files[plot] = result.toSVG()
  signal.throwIfAborted()
  writeFiles(files)
  if (json) return printJson({ written: Object.keys(files), forecast: out ? undefined : result.toRows() })
  if (!out) print(result.toCsv().trimEnd())
  for (const file of Object.keys(files)) process.stderr.write(`wrote ${file}\n`)
}
