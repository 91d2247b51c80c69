import { type Forecast, loss, NeuralForecast, NHITS } from '@neural-trader/backend'
import { beforeAll, describe, expect, test } from 'vitest'
import { actual, mae, thrown, train } from './data.js'

const options = { h: 12, inputSize: 24, maxSteps: 60, scalerType: 'robust', mlpUnits: [[32, 32]] } as const

describe('an implicit quantile loss', () => {
  let nf: NeuralForecast
  beforeAll(async () => {
    const more = { maxSteps: 300, learningRate: 3e-3, loss: loss.iq({ cosEmbeddingDim: 16 }) }
    nf = new NeuralForecast({ freq: 'MS', models: [NHITS({ ...options, ...more })] })
    await nf.fit(train)
  })

  test('forecasts any quantile that is asked for, in order', async () => {
    const forecast = await nf.predict({ quantiles: [0.1, 0.5, 0.9] })
    const [low, middle, high] = [0.1, 0.5, 0.9].map((q) => forecast.quantile('NHITS', q))
    expect(low.length).toBe(12)
    expect(low.every((v, i) => v < middle[i] && middle[i] < high[i])).toBe(true)
    // Eight seeds give 0.40 to 0.97 of the seasonal naive's error, and 36 to 105 passengers; the last value gives 1.59.
    expect(mae(middle, actual.y) / mae(train.y.slice(-12), actual.y)).toBeLessThan(1.2)
    const width = high.reduce((sum, v, i) => sum + v - low[i], 0) / 12
    expect(width).toBeGreaterThan(25)
    expect(width).toBeLessThan(130)
  })

  test('gives the interval of any level', async () => {
    const { lo, hi } = (await nf.predict({ level: [80] })).interval('NHITS', 80)
    const forecast = await nf.predict({ quantiles: [0.1, 0.9] })
    expect([lo, hi]).toEqual([forecast.quantile('NHITS', 0.1), forecast.quantile('NHITS', 0.9)])
  })

  test('forecasts its median when nothing is asked for', async () => {
    expect((await nf.predict()).columns).toEqual(['NHITS_ql0.5'])
  })
})

test('a forecast has the levels that are asked for, and means and medians', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [NHITS({ ...options, maxSteps: 2, loss: loss.mq() })] })
  await nf.fit(train)
  const [all, some] = [await nf.predict(), await nf.predict({ level: [80] })]
  expect(all.columns).toHaveLength(5)
  expect(some.columns).toEqual(['NHITS-median', 'NHITS-lo-80', 'NHITS-hi-80'])
  expect(some.column('NHITS-lo-80')).toEqual(all.column('NHITS-lo-80'))
  expect((await nf.predict({ quantiles: [0.95] })).columns).toEqual(['NHITS-median', 'NHITS-hi-90'])
  const insample = await nf.predictInsample({ level: [90], stepSize: 12 })
  expect(insample.columns).toEqual(['NHITS-median', 'NHITS-lo-90', 'NHITS-hi-90', 'y'])
  expect((await thrown(() => nf.predict({ level: [0.8] }))).message).toContain('did you mean 80?')
  expect((await thrown(() => all.interval('NHITS', 0.8))).message).toContain('did you mean 80?')
  expect((await thrown(() => all.quantile('NHITS', 90))).message).toContain('did you mean 0.9?')
  expect((await thrown(() => all.toSVG({ level: [0.8] }))).message).toContain('did you mean 80?')
})

test('a quantile that was not trained is refused by name', async () => {
  const nf = new NeuralForecast({
    freq: 'MS',
    models: [NHITS({ ...options, maxSteps: 2, loss: loss.mq({ level: [80] }) })],
  })
  await nf.fit(train)
  const error = await thrown(() => nf.predict({ quantiles: [0.3] }))
  expect(error.code).toBe('ERR_NF_INVALID_OPTION')
  expect(error.message).toContain('0.3')
})

test('quantiles that cross are put in order unless they are asked for as they are', async () => {
  const quantiles = [0.1, 0.3, 0.5, 0.7, 0.9]
  const crossing = NHITS({ h: 12, inputSize: 24, maxSteps: 1, learningRate: 1e-6, loss: loss.mq({ quantiles }) })
  const nf = new NeuralForecast({ freq: 'MS', models: [crossing] })
  await nf.fit(train)
  const rowsOf = (f: Forecast) => {
    const columns = f.columns.filter((name) => name.startsWith('NHITS')).map((name) => f.column(name))
    return Array.from(columns[0], (_, row) => columns.map((values) => values[row]))
  }
  const inOrder = (rows: number[][]) => rows.map((row) => row.toSorted((a, b) => a - b))
  for (const call of ['predict', 'predictInsample'] as const) {
    const [sorted, raw] = [rowsOf(await nf[call]()), rowsOf(await nf[call]({ sortQuantiles: false }))]
    expect(raw).not.toEqual(inOrder(raw))
    expect(sorted).toEqual(inOrder(raw))
  }
  const window = Float32Array.from(train.y.slice(-24))
  const [sorted, raw] = [true, false].map((sortQuantiles) => {
    using predictor = nf.predictor('NHITS', { sortQuantiles })
    const values = predictor.predictSync(window)
    return Array.from({ length: 12 }, (_, step) => Array.from(values.slice(step * 5, step * 5 + 5)))
  })
  expect(raw).not.toEqual(inOrder(raw))
  expect(sorted).toEqual(inOrder(raw))
})
