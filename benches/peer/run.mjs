// Times NeuralForecast in Python and this library side by side, in alternation, and writes docs/benchmarks.md.
//
//   npm run bench:peer -- --python .venv-reference/bin/python [--models NHITS,LSTM] [--rounds 5] [--quick]
//
// Both sides get the same series, options and number of steps. A figure is the median over the rounds; a ratio is the ratio
// of the medians, with the smallest and largest ratio of a round beside it. Each round runs the two sides right after each
// other; processes are warm but for the rows that say otherwise.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { root } from '../../scripts/steps.mjs'

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python' },
    models: { type: 'string', default: 'NHITS,LSTM,DLinear' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const scratch = mkdtempSync(join(tmpdir(), 'neural-trader-bench-'))

/** A process that answers one JSON line for each it gets. */
class Side {
  constructor(program, ...args) {
    this.process = spawn(program, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
  }
  async ask(request) {
    this.process.stdin.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await this.lines.next()
    if (done) throw new Error('a side of the benchmark ended early; see its message above')
    return JSON.parse(value)
  }
  async end() {
    this.process.stdin.end()
    await new Promise((resolve) => this.process.once('close', resolve))
  }
}
const peer = () => new Side(values.python, 'benches/peer/peer.py')
const ours = () => new Side(process.execPath, 'benches/peer/ours.mjs')

const airPassengers = readFileSync(join(root, 'examples/air-passengers.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => Number(line.split(',')[2]))
/** A daily and a weekly season, a trend, and noise that is the same every time. */
const thousand = Array.from({ length: 1000 }, (_, t) => {
  const noise = Math.sin(t * 12.9898) * 43758.5453
  return (
    50 +
    t / 100 +
    10 * Math.sin((2 * Math.PI * t) / 24) +
    4 * Math.sin((2 * Math.PI * t) / 168) +
    2 * (noise - Math.floor(noise))
  )
})
const steps = { NHITS: 40, LSTM: 40, DLinear: 200 }
const cases = values.models.split(',').flatMap((model) => [
  { name: '144 points, h 12, inputSize 24', model, y: airPassengers, options: { h: 12, inputSize: 24 } },
  { name: '1000 points, h 24, inputSize 48', model, y: thousand, options: { h: 24, inputSize: 48 } },
])

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
/** Medians of both sides, and the ratio between them with its spread. */
function compare(pairs) {
  const [a, b] = [0, 1].map((i) => median(pairs.map((p) => p[i])))
  const ratios = pairs.map(([x, y]) => x / y)
  return { peer: a, ours: b, ratio: a / b, spread: [Math.min(...ratios), Math.max(...ratios)] }
}
const ratio = ({ ratio, spread }) => `**${short(ratio)}×** (${short(spread[0])}–${short(spread[1])})`
const short = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2))

const table = []
let versions
const warm = { peer: peer(), ours: ours() }
for (const { name, model, y, options } of cases) {
  const maxSteps = values.quick ? 10 : steps[model]
  // A fit of few steps and one of many: their difference is the steps alone, without what a fit does once.
  const few = { kind: 'fit', model, y, options: { ...options, maxSteps: 2 } }
  const many = { kind: 'fit', model, y, options: { ...options, maxSteps: maxSteps + 2 } }
  for (const side of [warm.peer, warm.ours]) await side.ask(few)
  const stepPairs = []
  const predictPairs = []
  for (let round = 0; round < rounds; round++) {
    const both = []
    for (const side of [warm.peer, warm.ours]) {
      const short = await side.ask(few)
      const long = await side.ask(many)
      both.push({ step: (long.fitMs - short.fitMs) / maxSteps, predict: long.predictMs, versions: long.versions })
    }
    stepPairs.push(both.map((b) => b.step))
    predictPairs.push(both.map((b) => b.predict))
    versions = both.map((b) => b.versions)
  }
  const [step, predict] = [compare(stepPairs), compare(predictPairs)]
  table.push({ name, model, step, predict })
  console.error(`${model}, ${name}: step ${short(step.peer)} / ${short(step.ours)} ms = ${short(step.ratio)}×`)
}
await Promise.all([warm.peer.end(), warm.ours.end()])

// Fresh processes: the whole way from starting one to the first forecast, and the most memory while fitting.
const checkpoint = join(scratch, 'checkpoint')
const example = { kind: 'fit', model: 'NHITS', y: airPassengers, options: { h: 12, inputSize: 24, maxSteps: 20 } }
const saver = ours()
await saver.ask({ ...example, save: checkpoint })
await saver.end()
const fresh = async (side, request) => {
  const begin = performance.now()
  const process = side()
  const answer = await process.ask(request)
  const ms = performance.now() - begin
  await process.end()
  return { ms, mib: answer.maxRssKiB / 1024 }
}
const coldPairs = []
const memoryPairs = []
for (let round = 0; round < Math.min(rounds, 3); round++) {
  const cold = [
    await fresh(peer, { kind: 'cold', load: checkpoint }),
    await fresh(ours, { kind: 'cold', load: checkpoint }),
  ]
  const fitted = [await fresh(peer, example), await fresh(ours, example)]
  coldPairs.push(cold.map((c) => c.ms))
  memoryPairs.push(fitted.map((f) => f.mib))
}
rmSync(scratch, { recursive: true, force: true })
const [cold, memory] = [compare(coldPairs), compare(memoryPairs)]

const row = (...cells) => `| ${cells.join(' | ')} |`
const text = `# Benchmarks

Written by \`npm run bench:peer\` (\`benches/peer/run.mjs\` says how it measures). Both sides do the same work on the same
machine in alternation; default options but for the sizes named.

- ${cpus()[0].model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}
- ${versions[0]}
- ${versions[1]}
- ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds

## A training step, in milliseconds

${row('model', 'series', 'NeuralForecast', 'ours', 'ratio (spread)')}
${row('---', '---', '--:', '--:', '--:')}
${table.map((t) => row(t.model, t.name, short(t.step.peer), short(t.step.ours), ratio(t.step))).join('\n')}

## A forecast with a fitted model, in milliseconds

${row('model', 'series', 'NeuralForecast', 'ours', 'ratio (spread)')}
${row('---', '---', '--:', '--:', '--:')}
${table.map((t) => row(t.model, t.name, short(t.predict.peer), short(t.predict.ours), ratio(t.predict))).join('\n')}

## A fresh process (NHITS, 144 points)

${row('', 'NeuralForecast', 'ours', 'ratio (spread)')}
${row('---', '--:', '--:', '--:')}
${row('start, load a checkpoint, first forecast: ms', short(cold.peer), short(cold.ours), ratio(cold))}
${row('most memory while fitting: MiB', short(memory.peer), short(memory.ours), ratio(memory))}
`
mkdirSync(join(root, 'docs'), { recursive: true })
if (!values.quick) writeFileSync(join(root, 'docs/benchmarks.md'), text)
console.log(text)
