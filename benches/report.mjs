// Reads and writes docs/benchmarks.md, where each command has its own section, and formats figures and tables.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../scripts/steps.mjs'

const FILE = join(root, 'docs', 'benchmarks.md')
const TITLE = `# Benchmarks

The command named in each section wrote its figures, on the machine named below the command. Times on shared machines vary, so
a figure is the median of several runs.`

/** Splits a text at headings of this level. The first part is what comes before them. */
const parts = (text, heading) => text.split(new RegExp(`^(?=${heading.split(' ')[0]} )`, 'm'))
const begins = (part, heading) => part.split('\n', 1)[0] === heading

/** The body under a heading such as `## Title`; empty if the text has no such heading. */
export function section(text, heading) {
  const found = parts(text, heading).find((part) => begins(part, heading))
  return found?.slice(heading.length).trim() ?? ''
}

/** The text with the body under a heading replaced, or appended at the end. Other sections stay as they are. */
export function withSection(text, heading, body) {
  const all = parts(text, heading)
  const at = all.findIndex((part) => begins(part, heading))
  all.splice(at < 0 ? all.length : at, 1, `${heading}\n\n${body.trim()}`)
  return `${all.map((part) => part.trim()).join('\n\n')}\n`
}

/** The body of a command's section in the file. */
export const written = (heading, file = FILE) => (existsSync(file) ? section(readFileSync(file, 'utf8'), heading) : '')

/** Writes a command's section. */
export function write(heading, body, file = FILE) {
  mkdirSync(dirname(file), { recursive: true })
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const [, ...sections] = parts(text, heading)
  writeFileSync(file, withSection([TITLE, ...sections].join('\n\n'), heading, body))
}

/** The heading of what `npm run bench:peer` writes about an instruction set and a family of models, or a fresh process. */
export const peerHeading = (isa, family) => `## Compared with NeuralForecast: ${isa}, ${family}`
/** The heading of its table of training steps. */
export const PEER_STEPS = '### A training step, in milliseconds'

/** The training steps that all sections of `npm run bench:peer` compare: instruction set, model, precision, series, ratio. */
export function peerSteps(file = FILE) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return parts(text, '## ').flatMap((part) => {
    const isa = /^## Compared with NeuralForecast: (\w+)/.exec(part)?.[1]
    const rows = isa ? section(part, PEER_STEPS).matchAll(/^\| (\w+) \| (\w+) \| ([^|]+) \|.*?\*\*([\d.]+)×\*\*/gm) : []
    return [...rows].map(([, model, precision, series, ratio]) => ({
      isa,
      model,
      precision,
      series,
      ratio: Number(ratio),
    }))
  })
}

/** The machine and the date, as a list item. */
export function machine() {
  const day = new Date().toISOString().slice(0, 10)
  return `- ${cpus()[0].model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; ${day}`
}

/** A row of a table. */
export const row = (...cells) => `| ${cells.join(' | ')} |`

/** A table from column names, their alignment, and rows. */
export const table = (columns, alignment, rows) =>
  [row(...columns), row(...alignment), ...rows.map((r) => row(...r))].join('\n')

/** A figure with three significant digits. */
export const short = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2))

/** Whether a target was reached, in words. */
export const reached = (is) => (is ? 'reached' : 'not reached')
