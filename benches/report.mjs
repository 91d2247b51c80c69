// docs/benchmarks.md, and how figures are written in it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from '../scripts/steps.mjs'

const FILE = join(root, 'docs', 'benchmarks.md')
const TITLE = `# Benchmarks

Every figure here was written by the command named above it, on the machine named below that. Times on shared machines vary:
a figure is the median of several runs, and a ratio compares two sides that ran in alternation.
`
/** Writes what a command measured. */
export function write(text) {
  mkdirSync(join(root, 'docs'), { recursive: true })
  writeFileSync(FILE, `${TITLE}\n${text.trim()}\n`)
}

/** The machine and the day, as items of a list. */
export function machine() {
  const day = new Date().toISOString().slice(0, 10)
  return `- ${cpus()[0].model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; ${day}`
}

/** A row of a table. */
export const row = (...cells) => `| ${cells.join(' | ')} |`

/** A figure with three digits that count. */
export const short = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2))
