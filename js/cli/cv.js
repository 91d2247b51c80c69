// `neural-trader cv`: compares models by forecasts of the last rows of every series.
'use strict'

const { checkDestinations } = require('./destinations.js')
const { forecaster, reading } = require('./forecaster.js')
const { print, printJson, printNotes, progressBar, scoreTable, writeFiles } = require('./output.js')

module.exports = async function cv({ values, positionals: [path], signal }) {
  const { h, out, plot, json, threads, decimal, refit, by, ensemble } = values
  checkDestinations(values, 'cv', [path])
  const metrics = values.metrics?.split(',').map((name) => name.trim())
  const nf = forecaster(values, 'cv')
  const bar = progressBar()
  const windows = { nWindows: values['n-windows'] ?? 3, stepSize: values['step-size'] ?? h, refit }
  const run = { signal, threads, onProgress: bar.onProgress }
  const found = await nf.crossValidation({ path, decimal }, { ...windows, ...reading(values), ...run }).finally(bar.end)
  const forecast = ensemble === undefined ? found : found.ensemble(ensemble)
  const naive = { seasonalNaive: true }
  const { warnings, ...scores } = withWarnings(forecast.metrics(undefined, metrics, naive))
  const ranked = Object.fromEntries(Object.entries(scores).sort(([, a], [, b]) => order(a, b)))
  const parts = by === undefined ? undefined : forecast.metrics(undefined, metrics, { ...naive, by })

  const files = {}
  if (out) files[out] = forecast.toCsv()
  if (plot) files[plot] = forecast.toSVG()
  signal.throwIfAborted()
  writeFiles(files)
  const notes = [...forecast.warnings, ...warnings]
  if (json) {
    return printJson({
      scores: ranked,
      parts,
      weights: forecast.weights,
      warnings: notes,
      written: Object.keys(files),
      forecast: out ? undefined : forecast.toRows(),
    })
  }
  printNotes(notes)
  print(scoreTable(ranked))
  if (parts) print(`\n${partTable(parts)}`)
  for (const file of Object.keys(files)) process.stderr.write(`wrote ${file}\n`)
}

const withWarnings = (scores) => ({ ...scores, warnings: scores.warnings })

/** By the first score; one that is not defined comes last. */
function order(a, b) {
  const [[first, x]] = Object.entries(a)
  const y = b[first]
  // The more the better.
  const sign = first === 'accuracy' || first.startsWith('coverage') ? -1 : 1
  return Number.isNaN(x) - Number.isNaN(y) || sign * (x - y)
}

/** The scores of series, cutoffs or forecasts: a row for each and each model. */
function partTable(parts) {
  const day = (cutoff) => (cutoff instanceof Date ? cutoff.toISOString().replace('T00:00:00.000Z', '') : String(cutoff))
  const name = ({ uniqueId, cutoff, model }) =>
    [uniqueId, cutoff === undefined ? undefined : day(cutoff), model].filter((part) => part !== undefined).join(' ')
  const scores = parts.map(({ uniqueId, cutoff, model, ...of }) => [name({ uniqueId, cutoff, model }), of])
  return scoreTable(Object.fromEntries(scores))
}
