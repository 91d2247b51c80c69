// Many short series: how long a fit takes before its first training step, a whole fit, a forecast of all series, and the peak
// memory of the process. Each case runs in a process of its own.
//
//   node benches/many-series.mjs [--write]
//
// The time before the first step is that of a fit of one step, less the time of a step, which is the difference between fits
// of different lengths. `--write` puts the table into docs/benchmarks.md.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { NeuralForecast, NHITS, runtimeInfo } from '@neural-trader/backend'
import { machine, short, table, write } from './report.mjs'

const { values } = parseArgs({ options: { case: { type: 'string' }, write: { type: 'boolean', default: false } } })
const DAY = 86_400_000
const BEGIN = Date.UTC(2020, 0, 1)

/** What a table is given as. */
const FORMS = {
  'text, bigint milliseconds': { time: (t) => BigInt(t), times: BigInt64Array },
  'text, float milliseconds': { time: (t) => t, times: Float64Array },
  'integers, float milliseconds': { time: (t) => t, times: Float64Array, ids: Int32Array },
  'text, ISO dates': { time: (t) => new Date(t).toISOString().slice(0, 10), times: Array },
  'text, Date': { time: (t) => new Date(t), times: Array },
  'rows of text, milliseconds': { time: (t) => t, times: Array, rows: true },
  'text, bigint milliseconds, time by time': { time: (t) => BigInt(t), times: BigInt64Array, across: true },
}

/** Daily series, one after the other, or all series of a day after another. */
function data(series, length, { time, times, ids = Array, rows = false, across = false }) {
  const n = series * length
  const [unique_id, ds, y] = [new ids(n), new times(n), new Float64Array(n)]
  const names = Array.from({ length: series }, (_, i) => (ids === Array ? `series-${i}` : i))
  const days = Array.from({ length }, (_, t) => time(BEGIN + t * DAY))
  for (let row = 0; row < n; row++) {
    const [i, t] = across ? [row % series, Math.floor(row / series)] : [Math.floor(row / length), row % length]
    unique_id[row] = names[i]
    ds[row] = days[t]
    y[row] = 20 + (i % 7) + 10 * Math.sin(t / 5 + i)
  }
  if (!rows) return { unique_id, ds, y }
  return Array.from({ length: n }, (_, row) => ({ unique_id: unique_id[row], ds: ds[row], y: y[row] }))
}

const MIB = 2 ** 20

/** The figures of one case, in this process. */
async function measured({ series, length, form, steps }) {
  const given = data(series, length, FORMS[form])
  globalThis.gc?.()
  const before = process.memoryUsage().rss / MIB
  const timed = async (call) => {
    const begin = performance.now()
    const result = await call()
    return [performance.now() - begin, result]
  }
  const fit = (maxSteps) => {
    const nf = new NeuralForecast({ freq: 'D', models: [NHITS({ h: 8, inputSize: 16, maxSteps })] })
    return timed(() => nf.fit(given).then(() => nf))
  }
  const [all, nf] = await fit(steps)
  const [predict, forecast] = await timed(() => nf.predict())
  const rows = forecast.column('NHITS').length
  if (rows !== series * 8) throw new Error(`the forecast has ${rows} rows`)
  const peak = process.resourceUsage().maxRSS / 1024
  nf.dispose()
  const [few] = await fit(1)
  const [more] = await fit(4)
  return { before, ingestion: few - (more - few) / 3, fit: all, predict, peak }
}

const CASES = [
  ...Object.keys(FORMS).map((form, i) => ({ series: 10_000, length: 60, form, steps: i === 0 ? 50 : 5 })),
  { series: 100_000, length: 100, form: 'text, bigint milliseconds', steps: 5 },
]

if (values.case) console.log(JSON.stringify(await measured(JSON.parse(values.case))))
else {
  const [number, ms, mib] = [(n) => n.toLocaleString('en-US'), (n) => `${short(n)} ms`, (n) => `${n.toFixed(0)} MiB`]
  const rows = CASES.map((one) => {
    const child = [fileURLToPath(import.meta.url), '--case', JSON.stringify(one)]
    const found = JSON.parse(execFileSync(process.execPath, ['--expose-gc', ...child], { encoding: 'utf8' }))
    const what = `${number(one.series)} × ${one.length}: ${one.form}`
    const { before, ingestion, fit, predict, peak } = found
    return [what, ms(ingestion), `${ms(fit)} (${one.steps} steps)`, ms(predict), mib(before), mib(peak)]
  })
  const columns = ['series × rows: ids, times', 'before the first step', 'fit', 'predict', 'memory before', 'peak']
  const body = `\`node benches/many-series.mjs\`: NHITS({ h: 8, inputSize: 16 }), daily series. The memory is that of the process, before with
the caller's arrays only.

${machine()}
- version ${runtimeInfo().version}, ${runtimeInfo().simd.join(', ')}, ${runtimeInfo().threads} threads

${table(columns, ['---', '--:', '--:', '--:', '--:', '--:'], rows)}`
  if (values.write) write('## Many series', body)
  console.log(body)
}
