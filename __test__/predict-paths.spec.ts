import { DLinear, type Forecast, LSTM, loss, NeuralForecast, NHITS } from '@neural-trader/backend'
import { beforeAll, describe, expect, test } from 'vitest'
import { airPassengers, mae, slice, thrown, train } from './data.js'

const DAY = 86_400_000
const options = { h: 6, inputSize: 12, scalerType: 'robust', randomSeed: 1 } as const

describe('predict with h', () => {
  let nf: NeuralForecast
  beforeAll(async () => {
    nf = new NeuralForecast({
      freq: 'MS',
      models: [
        DLinear({ ...options, inputSize: 24, maxSteps: 300, learningRate: 0.005 }),
        LSTM({ ...options, maxSteps: 5, encoderHiddenSize: 8, recurrent: true }),
      ],
    })
    await nf.fit(slice(train, 0, -12))
  })

  test('goes on from its own forecast, and keeps the first horizon', async () => {
    const [near, far] = [await nf.predict(), await nf.predict({ h: 15 })]
    expect([far.h, far.ds.length, far.cutoff]).toEqual([15, 15, undefined])
    for (const name of far.columns) expect(far.column(name).slice(0, 6)).toEqual(near.column(name))
    expect(new Date(far.ds[14]).toISOString()).toBe('1960-03-01T00:00:00.000Z')
    expect(far.column('LSTM').every(Number.isFinite)).toBe(true)
  })

  test('is better over two years than the last value and the mean of the last year', async () => {
    const far = await nf.predict({ h: 24 })
    const truth = airPassengers.y.slice(-24)
    const last = airPassengers.y.at(-25) as number
    // Eight seeds give 0.55 to 0.62 of the last value's error; the mean of the last year gives 0.675.
    expect(mae(far.column('DLinear'), truth)).toBeLessThan(0.65 * mae(new Array(24).fill(last), truth))
  })

  test('costs a million steps a million times as much as one, not its square', async () => {
    const linear = new NeuralForecast({ freq: 1, models: [DLinear({ h: 12, inputSize: 24, maxSteps: 1 })] })
    await linear.fit(new Array(100).fill(0)) // its forecasts stay near 0, however often they are continued
    const [near, far] = [await linear.predict({ h: 120 }), await linear.predict({ h: 1_000_000 })]
    expect(far.column('DLinear')).toHaveLength(1_000_000)
    expect(far.column('DLinear').slice(0, 120)).toEqual(near.column('DLinear'))
  })

  test('refuses fewer steps than in training, and what is no number of steps', async () => {
    const short = await thrown(() => nf.predict({ h: 5 }))
    expect(short).toMatchObject({ code: 'ERR_NF_INVALID_OPTION', details: { option: 'h', actual: 5 } })
    for (const h of [0, 1.5, '12', 1e9]) {
      const wrong = await thrown(() => nf.predict({ h: h as number }))
      expect(wrong).toMatchObject({ code: 'ERR_NF_INVALID_OPTION', details: { option: 'h' } })
    }
  })
})

describe('predict with h and other columns', () => {
  const rows = (from: number, to: number) => ({
    unique_id: Array.from({ length: to - from }, () => 7),
    ds: Array.from({ length: to - from }, (_, i) => from + i),
    y: Array.from({ length: to - from }, (_, i) => Math.sin(from + i)),
    price: Array.from({ length: to - from }, (_, i) => (from + i) % 3),
  })
  const small = { ...options, maxSteps: 1, mlpUnits: [0, 0, 0].map(() => [4, 4]) }

  async function fitted(more: object) {
    const nf = new NeuralForecast({ freq: 1, models: [NHITS({ ...small, ...more })] })
    await nf.fit(rows(0, 40))
    return nf
  }

  test('needs the future for all of its steps', async () => {
    const nf = await fitted({ futrExogList: ['price'] })
    const some = { ...rows(40, 46), y: undefined }
    expect(await thrown(() => nf.predict({ h: 9, future: some }))).toMatchObject({
      code: 'ERR_NF_FUTURE_EXOG',
      details: { uniqueId: '7', ds: 46, actual: 3 },
    })
    expect((await nf.predict({ h: 9, future: rows(40, 49) })).ds).toEqual(Float64Array.from(rows(40, 49).ds))
  })

  test('cannot know historic columns', async () => {
    const nf = await fitted({ histExogList: ['price'] })
    expect(await thrown(() => nf.predict({ h: 9 }))).toMatchObject({
      code: 'ERR_NF_UNSUPPORTED',
      details: { option: 'h', model: 'NHITS', column: 'price' },
    })
  })

  test('needs the median to continue from', async () => {
    const nf = await fitted({ loss: loss.mq({ quantiles: [0.1, 0.9] }) })
    const error = await thrown(() => nf.predict({ h: 9 }))
    expect(error).toMatchObject({ code: 'ERR_NF_UNSUPPORTED', details: { option: 'h', model: 'NHITS' } })
    expect(error.message).toContain('add the quantile 0.5')
  })

  test('makeFutureFrame has the rows that predict needs, and missingFuture those that a table lacks', async () => {
    const nf = await fitted({ futrExogList: ['price'] })
    const frame = nf.makeFutureFrame({ h: 8 }) as { unique_id: Float64Array; ds: Float64Array }
    expect(frame.unique_id).toEqual(new Float64Array(8).fill(7))
    expect(frame.ds).toEqual(Float64Array.from([40, 41, 42, 43, 44, 45, 46, 47]))
    const future = { ...frame, price: Array.from(frame.ds, (t) => t % 3) }
    expect((await nf.predict({ h: 8, future })).h).toBe(8)
    expect(nf.missingFuture(future, { h: 8 })).toEqual([])
    expect(nf.missingFuture(slice(future, 0, 6))).toEqual([])
    expect(nf.missingFuture(slice(future, 1, 6), { h: 7 })).toEqual([
      { unique_id: 7, ds: 40 },
      { unique_id: 7, ds: 46 },
    ])
    expect(nf.makeFutureFrame({ data: rows(3, 20), h: 1 }).ds).toEqual(Float64Array.from([20]))
    expect(nf.missingFuture(rows(20, 21), { data: rows(3, 20), h: 2 })).toEqual([{ unique_id: 7, ds: 21 }])
  })
})

test('a future frame has dates where the data has them', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [DLinear({ ...options, maxSteps: 1 })] })
  expect(await thrown(() => nf.makeFutureFrame())).toMatchObject({ code: 'ERR_NF_NOT_FITTED' })
  await nf.fit(train)
  const frame = nf.makeFutureFrame() as { unique_id: string[]; ds: Date[] }
  expect(frame.unique_id).toEqual(new Array(6).fill('AirPassengers'))
  expect(frame.ds[5]).toEqual(new Date('1960-06-01'))
  expect(nf.missingFuture(slice(frame, 0, 5))).toEqual([{ unique_id: 'AirPassengers', ds: new Date('1960-06-01') }])
  expect(await thrown(() => nf.makeFutureFrame({ h: 0 }))).toMatchObject({ details: { option: 'h' } })
  expect(await thrown(() => nf.missingFuture(undefined as never))).toMatchObject({ code: 'ERR_NF_SCHEMA' })
})

describe('predictInsample', () => {
  const n = 30
  const ds = Array.from({ length: n }, (_, t) => new Date(Date.UTC(2024, 0, 1) + t * DAY))
  const y = ds.map((_, t) => 10 + Math.sin(t))
  let nf: NeuralForecast
  let forecast: Forecast
  beforeAll(async () => {
    nf = new NeuralForecast({ freq: 'D', models: [DLinear({ ...options, maxSteps: 100, startPaddingEnabled: true })] })
    const short = { unique_id: new Array(9).fill('b'), ds: ds.slice(0, 9), y: y.slice(0, 9) }
    const long = { unique_id: new Array(n).fill('a'), ds, y }
    await nf.fit({
      unique_id: [...short.unique_id, ...long.unique_id],
      ds: [...short.ds, ...long.ds],
      y: [...short.y, ...long.y],
    })
    forecast = await nf.predictInsample({ stepSize: 4 })
  })

  test('has each window with its cutoff and the target', () => {
    const windows = [7, 1] // of series a: 30 - 6 = 24 rows make 6 steps; of b: 3 rows make none
    expect(forecast.ds.length).toBe(6 * (windows[0] + windows[1]))
    expect(forecast.columns).toEqual(['DLinear', 'y'])
    expect([forecast.uniqueId[41], forecast.uniqueId[42]]).toEqual([0, 1])
    const cutoff = forecast.cutoff as Float64Array
    expect(cutoff[0]).toBe(ds[0].getTime() - DAY)
    for (let row = 0; row < cutoff.length; row++) expect(forecast.ds[row]).toBe(cutoff[row] + DAY * ((row % 6) + 1))
    expect(forecast.series('b').y).toEqual(Float32Array.from(y.slice(3, 9)))
    const rows = forecast.toRows()
    expect(rows[41]).toEqual({
      unique_id: 'a',
      ds: ds[29],
      cutoff: ds[23],
      DLinear: forecast.column('DLinear')[41],
      y: Math.fround(y[29]),
    })
    const lines = forecast.toCsv().split('\n')
    expect(lines[0]).toBe('unique_id,ds,cutoff,DLinear,y')
    expect(lines[42]).toMatch(/^a,2024-01-30,2024-01-24,/)
  })

  test('is what predict says from the same history', async () => {
    const data = { unique_id: new Array(24).fill('a'), ds: ds.slice(0, 24), y: y.slice(0, 24) }
    const same = await nf.predict({ data })
    const insample = forecast.series('a').DLinear.slice(-6)
    for (const [i, v] of same.column('DLinear').entries()) expect(insample[i]).toBeCloseTo(v, 4)
  })

  test('is scored and drawn against the data', async () => {
    const actual = forecast.toRows()
    const data = {
      unique_id: [...new Array(n).fill('a'), ...new Array(n).fill('b')],
      ds: [...ds, ...ds],
      y: [...y, ...y],
    }
    const { DLinear: scores } = forecast.metrics(data)
    const errors = actual.map((row) => Math.abs((row.y as number) - (row.DLinear as number)))
    const meanOf = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
    expect(scores.mae).toBeCloseTo(meanOf(errors), 5)
    expect(scores.mase).toBeGreaterThan(0)
    expect(forecast.toSVG()).toContain('<svg')
    const naive = forecast.metrics(data, ['mae'], { seasonalNaive: true, seasonLength: 4 })
    expect(naive.SeasonalNaive.mae).toBeGreaterThan(0)
    expect(naive.warnings.join()).toContain(
      'the scores of "SeasonalNaive" leave out 2 forecasts of 2 of 2 series ("a", "b")',
    )
  })

  test('refuses what does not fit', async () => {
    for (const stepSize of [0, -1, 0.5]) {
      expect(await thrown(() => nf.predictInsample({ stepSize }))).toMatchObject({
        code: 'ERR_NF_INVALID_OPTION',
        details: { option: 'stepSize' },
      })
    }
    expect(await thrown(() => nf.predictInsample({ level: [80] }))).toMatchObject({ details: { option: 'level' } })
    const unfitted = new NeuralForecast({ freq: 'D', models: [DLinear(options)] })
    expect((await thrown(() => unfitted.predictInsample())).code).toBe('ERR_NF_NOT_FITTED')
    const stopped = await thrown(() => nf.predictInsample({ signal: AbortSignal.abort() }))
    expect(stopped.name).toBe('AbortError')
  })
})
