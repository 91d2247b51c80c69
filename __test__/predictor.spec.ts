// The resident predictor from JavaScript: the numbers of `predict`, typed arrays as they are, and errors that help.
import {
  DeepAR,
  DLinear,
  GRU,
  LSTM,
  loss,
  type ModelSpec,
  NeuralForecast,
  NeuralForecastError,
  NHITS,
  type Predictor,
  type Row,
  TSMixerx,
  type TSMixerxOptions,
} from '@neural-trader/backend'
import { describe, expect, test } from 'vitest'
import { thrown } from './data.js'

// biome-ignore lint/suspicious/noExplicitAny: mistakes do not have the right type
type Wrong = any

const h = 4
const short = { h, inputSize: 8, maxSteps: 5 }
const days = ['Mon', 'Tue', 'Wed']
const y = (i: number, t: number) => Math.fround(10 * (i + 1) + 3 * Math.sin(t / 2 + i) + ((t * 7919) % 13) / 8)
const price = (i: number, t: number) => ((t + i) % 5) / 4
const row = (i: number, t: number): Row => ({
  unique_id: `s${i}`,
  ds: t,
  y: y(i, t),
  price: price(i, t),
  visits: y(i, t) / 2,
  day: days[t % 3],
})
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k)
const rows = (from: number, to: number) => [0, 1, 2].flatMap((i) => range(from, to).map((t) => row(i, t)))
const sizes = [0, 1, 2].map((i) => ({ unique_id: `s${i}`, size: i + 0.5 }))

async function fitted(...models: ModelSpec[]) {
  const nf = new NeuralForecast({ freq: 1, models })
  await nf.fit(rows(0, 40), { static: sizes })
  return nf
}

/** What `predict` says of the three series whose rows are those from `from` on, a window each: `[3, h, outputs]`. */
async function byTable(nf: NeuralForecast, { inputSize, outputs }: Predictor, from: number) {
  const end = from + inputSize
  const forecast = await nf.predict({ data: rows(from, end), static: sizes, future: rows(end, end + h) })
  return range(0, 3 * h).flatMap((at) => outputs.map((name) => forecast.column(name)[at]))
}

/** The same windows as numbers. */
function given({ inputSize, futrExogList, histExogList, statExogList, categories }: Predictor, from: number) {
  const value = (name: string, i: number, t: number) =>
    name === 'day' ? 1 + categories.day.indexOf(days[t % 3]) : Number({ ...row(i, t), ...sizes[i] }[name])
  const table = (names: readonly string[], steps: number) =>
    names.length === 0
      ? undefined
      : Float32Array.from(
          [0, 1, 2].flatMap((i) => range(from, from + steps).flatMap((t) => names.map((name) => value(name, i, t)))),
        )
  const exog = {
    futr: table(futrExogList, inputSize + h),
    hist: table(histExogList, inputSize),
    stat: table(statExogList, 1),
  }
  return { y: table(['y'], inputSize) as Float32Array, exog }
}

const exogenous: Partial<TSMixerxOptions> = {
  futrExogList: ['day', 'price'],
  histExogList: ['visits'],
  statExogList: ['size'],
  catExogList: ['day'],
}
const models = [
  NHITS(short),
  NHITS({ ...short, ...exogenous, scalerType: 'robust', loss: loss.mq({ level: [80, 90] }) }),
  NHITS({ ...short, scalerType: 'standard', loss: loss.iq() }),
  DLinear({ ...short, scalerType: 'revin' }),
  LSTM({ ...short, futrExogList: ['price'], scalerType: 'minmax' }),
  LSTM({ ...short, recurrent: true, inferenceInputSize: 6, futrExogList: ['price'] }),
  GRU({ ...short, recurrent: true, scalerType: 'invariant' }),
  DeepAR({ ...short, futrExogList: ['price'], loss: loss.mq({ level: [80] }), validLoss: null }),
  TSMixerx({ ...short, ...exogenous }),
]
describe.each(models.map((m, i) => [`${m.model} (${i})`, m] as const))('%s', (_, model) => {
  test('predicts what predict does, into a new array or a given one', async () => {
    const nf = await fitted(model)
    const together = model.model === 'TSMixerx'
    const predictor = nf.predictor(undefined, { batch: 3 })
    expect(predictor).toMatchObject({ model: model.model, h, batch: 3, nSeries: together ? 3 : 1 })
    for (const from of [0, 17]) {
      const { y, exog } = given(predictor, from)
      const expected = await byTable(nf, predictor, from)
      const forecast = predictor.predictSync(y, exog)
      expect(forecast).toBeInstanceOf(Float32Array)
      expect(Array.from(forecast)).toEqual(expected)
      const out = new Float32Array(forecast.length)
      expect(predictor.predictSync(y, exog, out)).toBe(out)
      expect(out).toEqual(forecast)
      // The memory of the windows may take the forecast.
      const memory = new Float32Array(Math.max(y.length, out.length))
      memory.set(y)
      predictor.predictSync(memory.subarray(0, y.length), exog, memory.subarray(0, out.length))
      expect(memory.subarray(0, out.length)).toEqual(forecast)
    }
  })
})

test('a distribution gives the samples of a table with one series', async () => {
  const nf = await fitted(DeepAR({ ...short, scalerType: 'standard' }))
  const predictor = nf.predictor()
  const titles = ['DeepAR', 'DeepAR-median', 'DeepAR-lo-90', 'DeepAR-lo-80', 'DeepAR-hi-80', 'DeepAR-hi-90']
  expect(predictor.outputs).toEqual(titles)
  const window = range(0, predictor.inputSize)
  const forecast = await nf.predict({ data: window.map((t) => row(1, t)) })
  const expected = range(0, h).flatMap((at) => predictor.outputs.map((name) => forecast.column(name)[at]))
  expect(Array.from(predictor.predictSync(Float32Array.from(window, (t) => y(1, t))))).toEqual(expected)
})

test('a batch of a thousand on any number of threads is the same as windows one by one', async () => {
  const nf = await fitted(NHITS(short))
  const windows = Float32Array.from({ length: 1000 * 8 }, (_, k) => y(k % 3, k))
  const predictors = [1, 2, 5, undefined].map((threads) => nf.predictor('NHITS', { batch: 1000, threads }))
  const [first, ...others] = predictors.map((p) => p.predictSync(windows))
  for (const other of others) expect(other).toEqual(first)
  const single = nf.predictor()
  for (const i of [0, 63, 64, 999]) {
    const alone = single.predictSync(windows.subarray(8 * i, 8 * i + 8))
    alone.forEach((v, t) => {
      expect(Math.abs(v - first[h * i + t])).toBeLessThan(1e-5 * Math.abs(v))
    })
  }
})

test('a predictor outlives what happens to its forecaster', async () => {
  const nf = await fitted(DLinear({ ...short, learningRate: 0.1 }))
  const predictor = nf.predictor()
  const window = Float32Array.from(range(0, 8), (t) => y(0, t))
  const before = predictor.predictSync(window)
  await nf.fit(rows(0, 40), { mode: 'continue' })
  expect(nf.predictor().predictSync(window)).not.toEqual(before)
  nf.dispose()
  expect(predictor.predictSync(window)).toEqual(before)
})

test('a disposed predictor says so', async () => {
  const predictor = (await fitted(DLinear(short))).predictor()
  predictor.dispose()
  predictor.dispose()
  const error = await thrown(() => predictor.predictSync(new Float32Array(8)))
  expect(error).toMatchObject({ code: 'ERR_NF_DISPOSED' })
  expect(error.message).toContain('predictor was disposed of')
})

test('a panic on the JavaScript thread is thrown as ours and leaves the process alive', async () => {
  const { panicProbeHere } = require('../js/native.js')
  const { guarded } = require('../js/error.js')
  const error = await thrown(() => guarded(panicProbeHere))
  expect(error).toBeInstanceOf(NeuralForecastError)
  expect(error.code).toBe('ERR_NF_INTERNAL')
  expect((error.cause as Error).message).toBe('a probe of the panic handling')
})

describe('mistakes', async () => {
  const nf = await fitted(DLinear(short), NHITS({ ...short, futrExogList: ['price'] }))
  const local = new NeuralForecast({ freq: 1, models: [DLinear(short)], localScalerType: 'standard' })
  await local.fit(rows(0, 40))
  const linear = nf.predictor('DLinear', { batch: 2 })
  const nhits = nf.predictor('NHITS')
  const window = new Float32Array(8).fill(1)
  const unfitted = new NeuralForecast({ freq: 1, models: [DLinear(short)] })
  const cases: [string, () => unknown, string, string, object][] = [
    ['an unfitted forecaster', () => unfitted.predictor(), 'ERR_NF_NOT_FITTED', 'call fit', {}],
    [
      'no name of several',
      () => nf.predictor(),
      'ERR_NF_INVALID_OPTION',
      'say which: DLinear, NHITS',
      { option: 'model' },
    ],
    [
      'an unknown name',
      () => nf.predictor('NHIST'),
      'ERR_NF_INVALID_OPTION',
      'did you mean "NHITS"?',
      { option: 'model' },
    ],
    ['a name that is none', () => nf.predictor({ batch: 2 } as Wrong), 'ERR_NF_INVALID_OPTION', 'must be a name', {}],
    ['a misspelt option', () => nf.predictor('NHITS', { bach: 2 } as Wrong), 'ERR_NF_INVALID_OPTION', '"batch"', {}],
    [
      'a batch of nothing',
      () => nf.predictor('NHITS', { batch: 0 }),
      'ERR_NF_INVALID_OPTION',
      'option "batch" must be a whole number from 1 to 65536, got 0',
      { option: 'batch' },
    ],
    [
      'a batch too large',
      () => nf.predictor('NHITS', { batch: 1e6 }),
      'ERR_NF_INVALID_OPTION',
      '65536',
      { option: 'batch' },
    ],
    [
      'no threads',
      () => nf.predictor('NHITS', { threads: 0 }),
      'ERR_NF_INVALID_OPTION',
      'option "threads" must be a whole number from 1 to 1024 or null, got 0',
      { option: 'threads' },
    ],
    ['a local scaler', () => local.predictor(), 'ERR_NF_UNSUPPORTED', 'localScalerType', { option: 'localScalerType' }],
    [
      'no windows',
      () => linear.predictSync(undefined as Wrong),
      'ERR_NF_INVALID_OPTION',
      'got undefined',
      { option: 'y' },
    ],
    [
      'numbers of another type',
      () => linear.predictSync(new Float64Array(8) as Wrong),
      'ERR_NF_INVALID_OPTION',
      'Float32Array',
      {},
    ],
    ['a list', () => linear.predictSync([1, 2] as Wrong), 'ERR_NF_INVALID_OPTION', 'got an array', { option: 'y' }],
    [
      'a part of a window',
      () => linear.predictSync(new Float32Array(9)),
      'ERR_NF_INVALID_OPTION',
      'y has 9 values; it must have 8 for each window, and at most 16',
      { option: 'y', expected: 8, actual: 9 },
    ],
    ['too many windows', () => linear.predictSync(new Float32Array(24)), 'ERR_NF_INVALID_OPTION', 'at most 16', {}],
    [
      'a number that is none',
      () => linear.predictSync(new Float32Array(16).fill(Number.NaN, 11, 12)),
      'ERR_NF_MISSING_VALUE',
      'NaN at window 1, step 3',
      { option: 'y' },
    ],
    ['no future', () => nhits.predictSync(window), 'ERR_NF_FUTURE_EXOG', '12 values of price', { column: 'price' }],
    [
      'columns that the model has not',
      () => linear.predictSync(window, { hist: window }),
      'ERR_NF_UNSUPPORTED_EXOG',
      'DLinear takes no hist',
      { model: 'DLinear' },
    ],
    [
      'a misspelt kind of column',
      () => nhits.predictSync(window, { future: window } as Wrong),
      'ERR_NF_INVALID_OPTION',
      'predictSync has no option "future"; it has futr, hist, stat',
      { option: 'future' },
    ],
    [
      'no room for the forecast',
      () => linear.predictSync(window, undefined, new Float32Array(3)),
      'ERR_NF_INVALID_OPTION',
      'out has 3 values, and the forecast of 1 window has 4',
      { option: 'out', expected: 4, actual: 3 },
    ],
    [
      'room that is none',
      () => linear.predictSync(window, {}, [] as Wrong),
      'ERR_NF_INVALID_OPTION',
      'out must be',
      {},
    ],
  ]
  test.each(cases)('%s', async (_, call, code, message, details) => {
    const error = await thrown(call)
    expect(error).toBeInstanceOf(NeuralForecastError)
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
    expect(error.details).toMatchObject(details)
    // What was refused is forgotten; the next call is as any other.
    expect(linear.predictSync(window)).toHaveLength(h)
  })
})
