import { DLinear, type Forecast, NeuralForecast, NHITS, type Progress } from '@neural-trader/backend'
import { describe, expect, test } from 'vitest'
import { slice, thrown, train } from './data.js'

const options = { h: 6, inputSize: 12, maxSteps: 20, scalerType: 'robust', randomSeed: 1 } as const
const make = () => new NeuralForecast({ freq: 'MS', models: [DLinear(options), NHITS({ ...options, maxSteps: 5 })] })

describe('crossValidation', () => {
  test('forecasts from each cutoff what a new forecaster says that has seen no more', async () => {
    const nf = make()
    const forecast = await nf.crossValidation(train, { nWindows: 3, stepSize: 4, refit: true })
    expect(nf.fitted).toBe(false)
    expect(forecast.columns).toEqual(['DLinear', 'NHITS', 'y'])
    const n = train.y.length
    for (const [i, end] of [n - 14, n - 10, n - 6].entries()) {
      const other = make()
      await other.fit(slice(train, 0, end))
      const expected = await other.predict()
      for (const name of ['DLinear', 'NHITS']) {
        const ours = forecast.column(name).subarray(i * 6, i * 6 + 6)
        for (const [row, value] of expected.column(name).entries()) expect(ours[row]).toBeCloseTo(value, 2)
      }
      expect(forecast.ds.slice(i * 6, i * 6 + 6)).toEqual(expected.ds)
      expect([...forecast.column('y').slice(i * 6, i * 6 + 6)]).toEqual([...train.y.slice(end, end + 6)])
    }
  })

  test('is scored and drawn without a table', async () => {
    const forecast = await make().crossValidation(train, { nWindows: 2, stepSize: 6 })
    const scores = forecast.metrics(undefined, ['mae', 'mase'])
    const [model, y] = [forecast.column('DLinear'), forecast.column('y')]
    const mae = y.reduce((sum, v, i) => sum + Math.abs(v - model[i]), 0) / y.length
    expect(scores.DLinear.mae).toBeCloseTo(mae, 3)
    expect(forecast.metrics(train, ['mae', 'mase'])).toEqual(scores)
    expect(forecast.toSVG()).toContain('<svg')
  })

  test('has scores of each series and cutoff', async () => {
    const two = { ...train, unique_id: train.unique_id.map((_, i) => (i < 66 ? 'a' : 'b')) }
    const forecast = await make().crossValidation(two, { nWindows: 3, stepSize: 6 })
    const all = forecast.metrics(undefined, ['mae', 'rmse'])
    const rows = (by: 'series' | 'cutoff' | 'forecast') => forecast.metrics(undefined, ['mae', 'rmse'], { by })
    expect(rows('series').map((row) => [row.uniqueId, row.model])).toEqual([
      ['a', 'DLinear'],
      ['a', 'NHITS'],
      ['b', 'DLinear'],
      ['b', 'NHITS'],
    ])
    for (const by of ['series', 'cutoff', 'forecast'] as const) {
      const own = rows(by).filter((row) => row.model === 'NHITS')
      expect(own.length).toBe({ series: 2, cutoff: 6, forecast: 6 }[by])
      for (const name of ['mae', 'rmse'] as const)
        expect(own.reduce((sum, row) => sum + row[name], 0) / own.length).toBeCloseTo(all.NHITS[name], 6)
    }
    expect(rows('cutoff')[0].cutoff).toEqual(new Date('1952-12-01'))
    const future = await make().crossValidation(two)
    expect((future.metrics(undefined, ['mae'], { by: 'series' })[0] as { cutoff?: Date }).cutoff).toBeUndefined()
    const naive = forecast.metrics(undefined, ['mase', 'rmsse'], { seasonalNaive: true })
    expect(naive.SeasonalNaive.mase).toBeGreaterThan(0)
  })

  test('takes fitted models as they are, and runs beside other calls', async () => {
    const nf = make()
    expect(await thrown(() => nf.crossValidation(train, { useFitted: true }))).toMatchObject({
      code: 'ERR_NF_NOT_FITTED',
    })
    await nf.fit(slice(train, 0, 60))
    const [fitted, ahead] = await Promise.all([nf.crossValidation(train, { useFitted: true }), nf.predict()])
    const same = await nf.predict({ data: slice(train, 0, train.y.length - 6) })
    for (const name of ['DLinear', 'NHITS'])
      for (const [row, v] of same.column(name).entries()) expect(fitted.column(name)[row]).toBeCloseTo(v, 2)
    expect(ahead.ds[0]).toBe(Date.UTC(1954, 0, 1))
  })

  test('tells its progress, and stops', async () => {
    const told: Progress[] = []
    const every = { nWindows: 3, refit: true, progressIntervalMs: 1, onProgress: (p: Progress) => void told.push(p) }
    await make().crossValidation(train, every)
    expect(new Set(told.map((p) => p.window))).toEqual(new Set([1, 2, 3]))
    expect(told.every((p) => p.phase === 'cv')).toBe(true)
    const endless = new NeuralForecast({ freq: 'MS', models: [NHITS({ ...options, maxSteps: 1_000_000 })] })
    const stopped = thrown(() => endless.crossValidation(train, { ...every, signal: AbortSignal.timeout(50) }))
    expect((await stopped).name).toBe('TimeoutError')
  })

  test('refuses what cannot be', async () => {
    const refused = async (given: Parameters<NeuralForecast['crossValidation']>[1]): Promise<unknown> =>
      (await thrown(() => make().crossValidation(train, given))).details?.option
    expect(await refused({ nWindows: 0 })).toBe('nWindows')
    expect(await refused({ nWindows: 2, testSize: 12 })).toBe('testSize')
    expect(await refused({ refit: 0 })).toBe('refit')
    expect(await refused({ nWindows: 1000 })).toBe('nWindows')
    expect(await refused({ level: [80] })).toBe('level')
    const unknown = await thrown(() => make().crossValidation(train, { useInitModels: true } as never))
    expect(unknown.message).toContain('crossValidation has no option "useInitModels"')
    const nothing = await thrown(() =>
      (make() as unknown as { crossValidation(): Promise<Forecast> }).crossValidation(),
    )
    expect(nothing.code).toBe('ERR_NF_SCHEMA')
  })
})
