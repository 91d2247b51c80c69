// Runs the suites that compare our own variants with each other, and writes their section of docs/benchmarks.md.
//
//   npm run bench [-- simd attention …] [--isa avx2] [--quick] [--data folder] [--python .venv-reference/bin/python]
//
// Runs all suites, or those named. A suite's times are the medians that criterion reports; its other figures are those that
// `subject/suite.rs` writes to facts.jsonl. A quick run takes few samples, prints the same tables and writes nothing. Longer
// series for the comparison of models are read from `--data`, or from `../shared/data`. With `--python`, attention is
// compared with torch's.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root, run } from '../scripts/steps.mjs'
import { machine, reached, section, short, table, write, written } from './report.mjs'

const SUITES = {
  simd: 'Instruction sets',
  matmul: 'Matrix product',
  limits: 'Arithmetic of a training step',
  parallel: 'Threads',
  attention: 'Attention',
  many_heads: 'Attention of many heads',
  mixed_precision: 'Precision',
  training: 'Training',
  inference: 'Inference',
  model_comparison: 'Accuracy against time',
  optimizations: 'Optimizations',
  models: 'Single models',
  recurrent: 'Recurrent models',
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    isa: { type: 'string' },
    quick: { type: 'boolean', default: false },
    data: { type: 'string' },
    python: { type: 'string' },
  },
})
// With `--isa`, suites run on that instruction set, and their section is that of the instruction set.
if (values.isa) process.env.NF_ISA = values.isa
const HEADING = `## Our own variants${values.isa ? `: ${values.isa}` : ''}`
const unknown = positionals.find((name) => !(name in SUITES))
if (unknown) throw new Error(`there is no suite ${unknown}; there are ${Object.keys(SUITES).join(', ')}`)
const names = Object.keys(SUITES).filter((name) => positionals.length === 0 || positionals.includes(name))

const data = [values.data, ...['..', '../..'].map((up) => join(root, up, 'shared', 'data'))]
  .filter(Boolean)
  .find((folder) => existsSync(folder))
if (data) process.env.NF_BENCH_DATA = resolve(data)
if (values.python) process.env.NF_BENCH_PYTHON = resolve(values.python)
const results = resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'suites')

const cargo = (names, ...args) =>
  run(
    'cargo',
    ...'bench --locked --manifest-path benches/Cargo.toml'.split(' '),
    ...names.flatMap((n) => ['--bench', n]),
    ...args,
  )

/** Criterion's measurements in the order they were made: group, subject, variant and nanoseconds. */
function times(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((file) => /\bnew[/\\]benchmark\.json$/.test(file))
  const read = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8'))
  return files
    .map((file) => {
      const { full_id, group_id, function_id, value_str } = read(file)
      const estimates = file.replace('benchmark.json', 'estimates.json')
      const at = statSync(join(folder, estimates)).mtimeMs
      const ns = read(estimates).median.point_estimate
      return { id: full_id, group: group_id, what: function_id, variant: value_str, ns, at }
    })
    .toSorted((a, b) => a.at - b.at)
}

const facts = (folder) =>
  readFileSync(join(folder, 'facts.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

const duration = (ns) => {
  const [unit, size] = [
    ['s', 1e9],
    ['ms', 1e6],
    ['µs', 1e3],
  ].find(([, size]) => ns >= size) ?? ['ns', 1]
  return `${short(ns / size)} ${unit}`
}

/** Times of a group: a row for each subject, a column for each variant. */
function grid(group, all) {
  const own = all.filter((t) => t.group === group)
  const distinct = (of) => [...new Set(own.map(of))]
  const variants = distinct((t) => t.variant)
  const cell = (what, variant) => own.find((t) => t.what === what && t.variant === variant)
  const rows = distinct((t) => t.what).map((what) => [
    what,
    ...variants.map((variant) => (cell(what, variant) ? duration(cell(what, variant).ns) : '')),
  ])
  return table([group, ...variants], ['---', ...variants.map(() => '--:')], rows)
}

/** The ratio of two times, with its target. */
function ratio({ name, slow, fast, target, or }, all) {
  const [a, b] = [slow, fast].map((id) => all.find((t) => t.id === id)?.ns)
  if (!a || !b) return undefined
  const share = or && (1e9 * or.seconds) / b
  const percent = (x) => `${(100 * x).toFixed(0)} %`
  return [
    name,
    `**${short(a / b)}×**${or ? `, ${percent(share)} of the limit` : ''}`,
    target === null ? '' : `${target}×${or ? ` or ${percent(or.share)}` : ''}`,
    target === null ? '' : reached(a / b >= target || (or && share >= or.share)),
  ]
}

/** A counted figure, with its target. */
function figure({ name, value, unit, target }) {
  const figure = Number.isInteger(value) ? value : short(value)
  const [[kind, limit]] = target ? Object.entries(target) : [[]]
  const wanted = { atLeast: `≥ ${limit}`, atMost: `≤ ${limit}` }[kind] ?? ''
  const good = { atLeast: value >= limit, atMost: value <= limit }[kind]
  return [name, `**${`${figure} ${unit}`.trim()}**`, wanted, kind ? reached(good) : '']
}

/** A suite's results as Markdown. */
function summary(name) {
  const [all, told] = [times(join(results, name)), facts(join(results, name))]
  const of = (kind) => told.filter((fact) => fact.kind === kind)
  const compared = [...of('ratio').map((fact) => ratio(fact, all)), ...of('figure').map(figure)].filter(Boolean)
  return [
    `\`npm run bench -- ${name}${values.isa ? ` --isa ${values.isa}` : ''}\``,
    machine(),
    compared.length && table(['', 'measured', 'target', ''], ['---', '--:', '--:', '---'], compared),
    ...[...new Set(all.map((t) => t.group))].map((group) => grid(group, all)),
    ...of('table').map(
      (t) => `${t.name}:\n\n${table(t.columns, ['---', ...t.columns.slice(1).map(() => '--:')], t.rows)}`,
    ),
    ...of('note').map(({ text }) => text),
  ]
    .filter(Boolean)
    .join('\n\n')
}

cargo(names, '--no-run')
const intro = `Written by \`npm run bench\`. Times are medians of criterion's samples. The two sides of a ratio ran one after the other, those of
the matrix product in alternation.`
for (const name of names) {
  const folder = join(results, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  process.env.CRITERION_HOME = folder
  const begin = performance.now()
  cargo([name], '--', ...(values.quick ? ['--quick'] : []))
  const text = summary(name)
  console.log(`\n### ${SUITES[name]}\n\n${text}\n`)
  console.error(`${name}: ${((performance.now() - begin) / 1e3).toFixed(0)} s`)
  if (values.quick) continue
  const before = written(HEADING)
  const sections = Object.entries(SUITES).map(([other, title]) => {
    const body = other === name ? text : section(before, `### ${title}`)
    return body && `### ${title}\n\n${body}`
  })
  write(HEADING, [intro, ...sections.filter(Boolean)].join('\n\n'))
}
