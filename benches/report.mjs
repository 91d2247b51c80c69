// docs/benchmarks.md, of which each command writes a section of its own, and how figures are written in it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../scripts/steps.mjs'

const FILE = join(root, 'docs', 'benchmarks.md')
const TITLE = `# Benchmarks

Every figure here was written by the command that its section names, on the machine named below that. Times on shared machines
vary: a figure is the median of several runs.`

/** The parts of a text that begin with headings like this one, after what comes before them. */
const parts = (text, heading) => text.split(new RegExp(`^(?=${heading.split(' ')[0]} )`, 'm'))
const begins = (part, heading) => part.split('\n', 1)[0] === heading

/** What a text has under a heading, such as `## Title`; nothing if it has no such heading. */
export function section(text, heading) {
  const found = parts(text, heading).find((part) => begins(part, heading))
  return found?.slice(heading.length).trim() ?? ''
}

/** The text with something else under a heading, at its place or at the end. Other sections stay as they are. */
export function withSection(text, heading, body) {
  const all = parts(text, heading)
  const at = all.findIndex((part) => begins(part, heading))
  all.splice(at < 0 ? all.length : at, 1, `${heading}\n\n${body.trim()}`)
  return `${all.map((part) => part.trim()).join('\n\n')}\n`
}

/** The section that a command has written. */
export const written = (heading, file = FILE) => (existsSync(file) ? section(readFileSync(file, 'utf8'), heading) : '')

/** Writes a command's section. */
export function write(heading, body, file = FILE) {
  mkdirSync(dirname(file), { recursive: true })
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const [, ...sections] = parts(text, heading)
  writeFileSync(file, withSection([TITLE, ...sections].join('\n\n'), heading, body))
}

/** The machine and the day, as items of a list. */
export function machine() {
  const day = new Date().toISOString().slice(0, 10)
  return `- ${cpus()[0].model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; ${day}`
}

/** A row of a table. */
export const row = (...cells) => `| ${cells.join(' | ')} |`

/** A table: names of columns, how they are aligned, rows. */
export const table = (columns, alignment, rows) =>
  [row(...columns), row(...alignment), ...rows.map((r) => row(...r))].join('\n')

/** A figure with three digits that count. */
export const short = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2))

/** Whether a target was reached, in words. */
export const reached = (is) => (is ? 'reached' : 'not reached')
