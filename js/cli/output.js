// Output of the commands: whole files or none, tables for people, JSON for programs, a progress bar on a terminal.
'use strict'

const { renameSync, rmSync, writeFileSync } = require('node:fs')
const { temporary } = require('./destinations.js')

/** Writes files one after the other, each atomically. Stops at the first that cannot be written. */
function writeFiles(files) {
  for (const [path, content] of Object.entries(files)) {
    const beside = temporary(path)
    try {
      writeFileSync(beside, content)
      renameSync(beside, path)
    } catch (cause) {
      rmSync(beside, { force: true })
      throw Object.assign(new Error(`cannot write ${path} (${cause.code})`, { cause }), { code: cause.code })
    }
  }
}

/** Writes a forecast to the requested files, or else to the terminal. */
function writeForecast(forecast, { out, plot, json }, signal) {
  const files = {}
  if (out) files[out] = forecast.toCsv()
  if (plot) files[plot] = forecast.toSVG()
  signal.throwIfAborted()
  writeFiles(files)
  if (json) {
    const rows = out ? undefined : forecast.toRows()
    return printJson({ written: Object.keys(files), warnings: forecast.warnings, forecast: rows })
  }
  printNotes(forecast.warnings)
  if (!out) print(forecast.toCsv().trimEnd())
  for (const file of Object.keys(files)) process.stderr.write(`wrote ${file}\n`)
}

/** Prints warnings. */
function printNotes(notes) {
  for (const note of notes) process.stderr.write(`note: ${note}\n`)
}

function print(text) {
  process.stdout.write(`${text}\n`)
}

/** Prints JSON; NaN and infinities become null. */
function printJson(value) {
  print(JSON.stringify(value, (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v), 2))
}

/** Scores as an aligned table, one row per model. */
function scoreTable(scores) {
  const metrics = Object.keys(Object.values(scores)[0])
  const number = (v) => (Number.isNaN(v) ? '-' : v.toPrecision(4))
  const rows = [
    ['', ...metrics],
    ...Object.entries(scores).map(([model, row]) => [model, ...metrics.map((m) => number(row[m]))]),
  ]
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  return rows
    .map((row) => row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '))
    .join('\n')
}

/** An `onProgress` that draws a bar on the terminal, and `end`, which clears it. Nothing is drawn if output is piped. */
function progressBar(stream = process.stderr) {
  if (!stream.isTTY) return { onProgress: undefined, end() {} }
  return {
    onProgress({ phase, model, step, maxSteps, trainLoss, etaMs }) {
      const done = Math.round((24 * step) / Math.max(maxSteps, 1))
      const loss = trainLoss === undefined ? '' : ` loss ${trainLoss.toPrecision(4)}`
      const eta = etaMs === undefined ? '' : ` ${Math.ceil(etaMs / 1000)} s left`
      const line = `${phase} ${model} ${'█'.repeat(done)}${'░'.repeat(24 - done)} ${step}/${maxSteps}${loss}${eta}`
      stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}`)
    },
    end() {
      stream.write('\r\x1b[K')
    },
  }
}

module.exports = { printNotes, writeFiles, writeForecast, print, printJson, scoreTable, progressBar }
