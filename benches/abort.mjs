// Time from an abort to the rejection of the call, in milliseconds: the median and the maximum of some tries, each of which
// aborts at a different moment of the call.
//
//   node benches/abort.mjs [--tries 20] [--write]
//
// `--write` puts the table into docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { NeuralForecast, runtimeInfo } from '@neural-trader/backend'
import { machine, short, table, write } from './report.mjs'

const { values } = parseArgs({
  options: { tries: { type: 'string', default: '20' }, write: { type: 'boolean', default: false } },
})
const tries = Number(values.tries)

const long = Array.from({ length: 200_000 }, (_, t) => Math.sin(t / 5) + (t % 7))
const forecaster = (model, options) =>
  new NeuralForecast({ freq: 1, models: [{ model, options: { h: 12, inputSize: 48, maxSteps: 1e6, ...options } }] })

/** Milliseconds from each abort to its rejection, sorted. Aborts are spread over the first `within` milliseconds. */
async function timed(start, within) {
  const times = []
  for (let i = 0; i < tries; i++) {
    const controller = new AbortController()
    const running = start(controller.signal).then(
      () => undefined,
      (error) => {
        if (error?.name !== 'AbortError') throw error
        return performance.now()
      },
    )
    await new Promise((resolve) => setTimeout(resolve, 5 + (within * i) / tries))
    const begin = performance.now()
    controller.abort()
    const end = await running
    if (end !== undefined) times.push(end - begin)
  }
  return times.toSorted((a, b) => a - b)
}

const dir = mkdtempSync(join(tmpdir(), 'neural-trader-abort-'))
const large = forecaster('MLP', { hiddenSize: 4000, maxSteps: 1 })
await large.fit(long.slice(0, 2000))
const saved = join(dir, 'saved')
await large.save(saved)
const insample = forecaster('LSTM', { maxSteps: 1 })
await insample.fit(long)

const further = forecaster('DLinear', { maxSteps: 20, scalerType: 'robust' })
await further.fit(long.slice(0, 2000))

const fit = (model, options) => [
  `fit ${model}${options === undefined ? '' : `, ${options.windowsBatchSize ?? 'all 200000'} windows a step`}`,
  (signal) => forecaster(model, options).fit(long, { signal }),
  1500,
]
const cases = [
  ...['NHITS', 'LSTM', 'DeepAR', 'TCN', 'BiTCN'].map((model) => fit(model)),
  ...['NHITS', 'LSTM'].map((model) => fit(model, { windowsBatchSize: null })),
  fit('TSMixer', { windowsBatchSize: 20_000 }),
  ['predict 1,000,000 steps', (signal) => further.predict({ h: 1_000_000, signal }), 300],
  ['predictInsample LSTM', (signal) => insample.predictInsample({ signal }), 500],
  ['save 250 MB', (signal) => large.save(saved, { overwrite: true, signal }), 400],
  ['load 250 MB', (signal) => NeuralForecast.load(saved, { signal }), 100],
]

const rows = []
for (const [name, start, within] of cases) {
  const times = await timed(start, within)
  const figure = (time) => (time === undefined ? '-' : `${short(time)} ms`)
  rows.push([name, `${times.length} of ${tries}`, figure(times[times.length >> 1]), figure(times.at(-1))])
}
rmSync(dir, { recursive: true })
const columns = ['call', 'aborted before its end', 'median', 'longest']
const body = `\`node benches/abort.mjs --tries ${tries}\`: time from \`controller.abort()\` to the rejection of the call.

${machine()}
- version ${runtimeInfo().version}, ${runtimeInfo().simd.join(', ')}, ${runtimeInfo().threads} threads

${table(columns, ['---', '--:', '--:', '--:'], rows)}`
if (values.write) write('## From abort to rejection', body)
console.log(body)
