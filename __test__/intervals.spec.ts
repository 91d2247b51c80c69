import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DLinear, loss, NeuralForecast, NHITS } from '@neural-trader/backend'
import { expect, test } from 'vitest'
import { thrown, train } from './data.js'

const options = { h: 6, inputSize: 12, maxSteps: 20, scalerType: 'robust', randomSeed: 1 } as const

test('calibrated intervals are those of a cross-validation, and are saved', async () => {
  const make = () => new NeuralForecast({ freq: 'MS', models: [DLinear(options)] })
  const nf = make()
  const windows = { nWindows: 8, stepSize: 2 }
  await nf.fit(train, { predictionIntervals: { method: 'conformal_distribution', ...windows } })
  const forecast = await nf.predict({ level: [80] })
  expect(forecast.columns).toEqual(['DLinear', 'DLinear-lo-80', 'DLinear-hi-80'])
  const cv = await make().crossValidation(train, windows)
  const { lo, hi } = forecast.interval('DLinear', 80)
  for (let step = 0; step < 6; step++) {
    const errors = Array.from({ length: 8 }, (_, i) => i * 6 + step).flatMap((row) => {
      const error = Math.abs(cv.column('DLinear')[row] - cv.column('y')[row])
      return [-error, error]
    })
    errors.sort((a, b) => a - b)
    const place = 0.9 * 15
    const distance = errors[13] + (errors[14] - errors[13]) * (place - 13)
    expect(hi[step] - forecast.column('DLinear')[step]).toBeCloseTo(distance, 2)
    expect(forecast.column('DLinear')[step] - lo[step]).toBeCloseTo(distance, 2)
  }
  const dir = join(mkdtempSync(join(tmpdir(), 'intervals-')), 'model')
  await nf.save(dir)
  const loaded = await NeuralForecast.load(dir)
  expect((await loaded.predict({ level: [80] })).toCsv()).toBe(forecast.toCsv())
})

test('models with quantiles of their own need no calibration', async () => {
  const normal = NHITS({ ...options, loss: loss.distribution('Normal', { level: [80] }) })
  const nf = new NeuralForecast({ freq: 'MS', models: [normal] })
  await nf.fit(train)
  const forecast = await nf.predict({ level: [55] })
  expect(forecast.columns).toEqual(['NHITS', 'NHITS-median', 'NHITS-lo-55', 'NHITS-hi-55'])
})

test('what was not calibrated is refused', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [DLinear(options)] })
  await nf.fit(train)
  const without = await thrown(() => nf.predict({ level: [80] }))
  expect(without).toMatchObject({ code: 'ERR_NF_INVALID_OPTION', details: { option: 'level', model: 'DLinear' } })
  expect(without.message).toContain('or fit with predictionIntervals')
  const one = await thrown(() => nf.fit(train, { predictionIntervals: { nWindows: 1 } }))
  expect(one.details.option).toBe('predictionIntervals.nWindows')
  const method = await thrown(() => nf.fit(train, { predictionIntervals: { method: 'bootstrap' as never } }))
  expect(method.details.option).toBe('predictionIntervals.method')
})

test('sample paths are drawn from the quantiles of a forecast', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [NHITS({ ...options, loss: loss.distribution('Normal') })] })
  await nf.fit(train)
  const paths = await nf.simulate({ nPaths: 500, method: 'schaake_shuffle', seed: 3 })
  expect(paths.columns).toEqual(['NHITS'])
  expect(paths.ds.length).toBe(3000)
  expect([...(paths.sampleId as Int32Array).slice(4, 8)]).toEqual([0, 0, 1, 1])
  const { lo, hi } = (await nf.predict({ level: [80] })).interval('NHITS', 80)
  const within = paths.column('NHITS').filter((v, row) => lo[row % 6] <= v && v <= hi[row % 6]).length / 3000
  expect(within).toBeGreaterThan(0.76)
  expect(within).toBeLessThan(0.87)
  expect(paths.toRows()[6]).toMatchObject({ sample_id: 1, ds: new Date('1960-01-01') })
  expect((await nf.simulate({ nPaths: 500, method: 'schaake_shuffle', seed: 3 })).toCsv()).toBe(paths.toCsv())
  for (const call of [() => paths.toSVG(), () => paths.ensemble(), () => paths.metrics(train)])
    expect((await thrown(call)).code).toBe('ERR_NF_UNSUPPORTED')
  expect((await thrown(() => nf.simulate({ nPaths: 0 }))).details.option).toBe('nPaths')
})
