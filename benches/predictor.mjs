// Latency of a resident predictor in milliseconds, measured in JavaScript: the median and the 99th percentile.
//
//   node benches/predictor.mjs [--python .venv-reference/bin/python] [--calls 2000]
//
// With `--python`, `predict` of NeuralForecast for one series, with the same model and options, is timed for comparison.
import { parseArgs } from 'node:util'
import { NeuralForecast } from '@neural-trader/backend'
import { peer } from './peer/sides.mjs'
import { machine, row, short } from './report.mjs'

const { values } = parseArgs({ options: { python: { type: 'string' }, calls: { type: 'string', default: '2000' } } })
const calls = Number(values.calls)
/** Warm-up calls, which are not counted. */
const WARM = 100

const series = Array.from({ length: 144 }, (_, t) => 100 + t + 20 * Math.sin((2 * Math.PI * t) / 12))
const options = { h: 12, inputSize: 24 }
const cases = [
  ['NHITS', 1],
  ['NHITS', 64],
  ['NHITS', 1024],
  ['LSTM', 1],
  ['DLinear', 1],
]

/** Times of the calls in milliseconds, sorted. */
async function timed(model, batch) {
  const nf = new NeuralForecast({ freq: 1, models: [{ model, options: { ...options, maxSteps: 2 } }] })
  await nf.fit(series)
  const predictor = nf.predictor(model, { batch })
  const y = Float32Array.from({ length: batch * predictor.inputSize }, (_, i) => series[i % series.length])
  const out = new Float32Array(batch * predictor.h)
  const times = []
  for (let i = 0; i < WARM + calls / Math.sqrt(batch); i++) {
    const begin = performance.now()
    predictor.predictSync(y, undefined, out)
    times.push(performance.now() - begin)
  }
  nf.dispose()
  predictor.dispose()
  return times.slice(WARM).sort((a, b) => a - b)
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]

const python = values.python && peer(values.python)
console.log(`${machine()}\n`)
console.log(row('model', 'windows', 'p50', 'p99', ...(python ? ['NeuralForecast.predict', 'ratio'] : [])))
console.log(row('---', '--:', '--:', '--:', ...(python ? ['--:', '--:'] : [])))
for (const [model, batch] of cases) {
  const times = await timed(model, batch)
  const [p50, p99] = [at(times, 0.5), at(times, 0.99)]
  const beside = []
  if (python && batch === 1) {
    const request = { model, series: [series], options: { ...options, maxSteps: 2 } }
    const { predictMs } = await python.ask(request)
    beside.push(short(predictMs), `${short(predictMs / p50)}×`)
  }
  console.log(row(model, batch, p50.toFixed(3), p99.toFixed(3), ...beside))
}
await python?.end()
