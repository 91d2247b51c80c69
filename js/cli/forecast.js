// `neural-trader forecast`: trains models on a CSV file and forecasts every series in it.
'use strict'

const api = require('../index.js')
const { checkDestinations } = require('./destinations.js')
const { columns, forecaster, reading } = require('./forecaster.js')
const { splitTail } = require('./holdout.js')
const { print, printJson, printNotes, progressBar, scoreTable, writeFiles } = require('./output.js')

module.exports = async function forecast({ values, positionals: [path], signal }) {
  const { h, out, plot, save, json, holdout, threads, future, decimal } = values
  checkDestinations(values, 'forecast', [path])
  const file = (path) => path && { path, decimal }
  const nf = forecaster(values, 'forecast')
  const [train, actual] = holdout
    ? splitTail(await api.readCsv(path, { decimal }), h, columns(values))
    : [file(path), undefined]

  const bar = progressBar()
  const run = { signal, threads, onProgress: bar.onProgress }
  const { report, result } = await (async () => {
    try {
      const report = await nf.fit(train, { ...reading(values), ...run })
      return { report, result: await nf.predict({ future: file(future), ...run }) }
    } finally {
      bar.end()
    }
  })()
  const scores = actual && result.metrics(actual, undefined, { seasonalNaive: true })
  const warnings = [...result.warnings, ...(scores?.warnings ?? [])]

  const files = {}
  if (out) files[out] = result.toCsv()
  if (plot) files[plot] = result.toSVG({ actual })
  signal.throwIfAborted()
  writeFiles(files)
  if (save) await nf.save(save, { overwrite: true })

  if (json) {
    return printJson({
      ...report,
      scores,
      warnings,
      written: [...Object.keys(files), ...(save ? [save] : [])],
      forecast: out ? undefined : result.toRows(),
    })
  }
  printNotes([...report.dataWarnings, ...warnings])
  if (scores) print(`${scoreTable(scores)}\n`)
  if (!out) print(result.toCsv().trimEnd())
  for (const file of Object.keys(files)) process.stderr.write(`wrote ${file}\n`)
  if (save) process.stderr.write(`saved ${save}\n`)
}
