// Times NeuralForecast in Python and this library side by side, in alternation, and writes the section of docs/benchmarks.md about
// the instruction set.
//
//   npm run bench:peer -- --python .venv-reference/bin/python [--isa avx2] [--models NHITS,LSTM] [--sizes large]
//     [--rounds 5] [--quick]
//
// Both sides get the same series, options and number of steps, and with `--isa` the same instruction set. A figure is the
// median over the rounds; a ratio is the ratio of the medians, followed by the smallest and largest ratio of a round. Each
// round runs the two sides right after each other. Processes are warm, except in the section about a fresh process.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { models, runtimeInfo } from '@neural-trader/backend'
import { addon, platform } from '../../js/platform.js'
import { root } from '../../scripts/steps.mjs'
import { machine, reached, row, short, write } from '../report.mjs'
import { casesOf, example } from './cases.mjs'
import { Neighbour } from './neighbour.mjs'
import { limitTo, ours, peer, starts } from './sides.mjs'

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python' },
    isa: { type: 'string' },
    models: { type: 'string' },
    sizes: { type: 'string', default: 'small,large' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
  },
})
if (values.isa) limitTo(values.isa)
const isa = values.isa ?? runtimeInfo().simd[0]
const rounds = values.quick ? 1 : Number(values.rounds)
/** Approximate time of all the peer's steps in one measurement. */
const MEASURE_MS = values.quick ? 200 : 1500

/** Precisions of ours. The peer computes in f32. */
const PRECISIONS = ['f32', 'bf16']

const described = models()
const names = values.models?.split(',') ?? described.map((m) => m.name)
const sizes = values.sizes.split(',')
const cases = names.flatMap((name) => {
  const model = described.find((m) => m.name === name)
  if (model === undefined) throw new Error(`there is no model ${name}`)
  return casesOf(model, sizes)
})

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
/** Medians of both sides, and the ratio between them with its spread. */
function compare(pairs) {
  const [a, b] = [0, 1].map((i) => median(pairs.map((p) => p[i])))
  const ratios = pairs.map(([x, y]) => x / y)
  return { peer: a, ours: b, ratio: a / b, spread: [Math.min(...ratios), Math.max(...ratios)] }
}
const ratio = ({ ratio, spread }) => `**${short(ratio)}×** (${short(spread[0])}–${short(spread[1])})`

const table = []
const neighbour = new Neighbour()
let versions
const warm = { peer: peer(values.python), ours: ours() }
const bothSides = [warm.peer, warm.ours]
for (const { name, model, series, options, targets } of cases) {
  // The difference between a fit of many steps and one of few is the time of the steps, without what a fit does once.
  const request = (maxSteps, precision) => ({ model, series, options: { ...options, maxSteps, ...precision } })
  const first = await warm.peer.ask(request(2))
  const second = await warm.peer.ask(request(6))
  const steps = Math.min(300, Math.max(4, Math.round(MEASURE_MS / Math.max(1, (second.fitMs - first.fitMs) / 4))))
  const contenders = [[warm.peer, {}], ...PRECISIONS.map((precision) => [warm.ours, { precision }])]
  for (const [side, precision] of contenders.slice(1)) await side.ask(request(2, precision))
  const measured = []
  for (let round = 0; round < rounds; round++) {
    const all = []
    for (const [side, precision] of contenders) {
      neighbour.look()
      const few = await side.ask(request(2, precision))
      const many = await side.ask(request(steps + 2, precision))
      all.push({ step: (many.fitMs - few.fitMs) / steps, predict: many.predictMs, versions: many.versions })
    }
    measured.push(all)
    versions = all.slice(0, 2).map((side) => side.versions)
  }
  for (const [i, precision] of PRECISIONS.entries()) {
    const of = (figure) => compare(measured.map(([peer, ...ours]) => [peer[figure], ours[i][figure]]))
    const [step, predict] = [of('step'), of('predict')]
    table.push({ name, model, precision, step, predict, target: targets[precision] })
    console.error(
      `${model} ${precision}, ${name}: ${short(step.peer)} / ${short(step.ours)} ms = ${short(step.ratio)}×`,
    )
  }
}
await Promise.all(bothSides.map((side) => side.end()))

// Fresh processes: the time from their start to the first forecast, and the peak memory while fitting.
const scratch = mkdtempSync(join(tmpdir(), 'neural-trader-bench-'))
const checkpoint = join(scratch, 'checkpoint')
const saver = ours()
await saver.ask({ ...example, save: checkpoint })
await saver.end()
const memoryOf = async (side) => {
  const { maxRssKiB } = await side.ask(example)
  await side.end()
  return maxRssKiB / 1024
}
const coldPairs = []
const memoryPairs = []
for (let round = 0; round < Math.min(rounds, 3); round++) {
  coldPairs.push(await starts(values.python, checkpoint))
  memoryPairs.push([await memoryOf(peer(values.python)), await memoryOf(ours())])
}
rmSync(scratch, { recursive: true, force: true })
const [cold, memory] = [compare(coldPairs), compare(memoryPairs)]

const environment = execFileSync(values.python, ['-c', 'import sys; print(sys.prefix)'], { encoding: 'utf8' }).trim()
const kib = (path) => Number(execFileSync('du', ['-sk', path], { encoding: 'utf8' }).split('\t')[0])
const installed = {
  peer: kib(environment) / 1024,
  ours: statSync(join(root, addon(platform()))).size / 2 ** 20 + kib(join(root, 'js')) / 1024,
}

const HEADING = `## Compared with NeuralForecast: ${isa}`
const given = ['isa', 'models'].filter((name) => values[name]).map((name) => ` --${name} ${values[name]}`)
const command = `npm run bench:peer${given.length > 0 ? ' --' : ''}${given.join('')}`
const text = `Written by \`${command}\` (\`benches/peer/run.mjs\` documents the method). Both sides do the same work on the same machine in
alternation, with default options except for the sizes named; multivariate models get seven series.

${machine()}
- ${versions[0]}
- ${versions[1]}
- ${rounds} rounds; in ${neighbour.busy.toFixed(0)} % of ${neighbour.moments.length} moments between them another program was using the same core

### A training step, in milliseconds

${row('model', 'ours in', 'series', 'NeuralForecast', 'ours', 'ratio (spread)', 'target', '')}
${row('---', '---', '---', '--:', '--:', '--:', '--:', '---')}
${table.map((t) => row(t.model, t.precision, t.name, short(t.step.peer), short(t.step.ours), ratio(t.step), t.target ? `${t.target}×` : '', t.target ? reached(t.step.ratio >= t.target) : '')).join('\n')}

### A forecast with a fitted model, in milliseconds

${row('model', 'ours in', 'series', 'NeuralForecast', 'ours', 'ratio (spread)')}
${row('---', '---', '---', '--:', '--:', '--:')}
${table
  .map((t) => row(t.model, t.precision, t.name, short(t.predict.peer), short(t.predict.ours), ratio(t.predict)))
  .join('\n')}

### A fresh process (NHITS, 144 points)

${row('', 'NeuralForecast', 'ours', 'ratio (spread)', 'target', '')}
${row('---', '--:', '--:', '--:', '--:', '---')}
${row('start, load a checkpoint, first forecast: ms', short(cold.peer), short(cold.ours), ratio(cold), '60×', reached(cold.ratio >= 60))}
${row('peak memory while fitting: MiB', short(memory.peer), short(memory.ours), ratio(memory), '8×', reached(memory.ratio >= 8))}
${row('installed: MiB', short(installed.peer), short(installed.ours), `**${short(installed.peer / installed.ours)}×**`, '', '')}
`
if (!values.quick) write(HEADING, text)
console.log(`${HEADING}\n\n${text}`)
