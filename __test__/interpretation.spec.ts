import { NBEATS, NeuralForecast, NLinear, TFT } from '@neural-trader/backend'
import { expect, test } from 'vitest'
import { thrown, train } from './data.js'

const sizes = { h: 6, inputSize: 12, maxSteps: 3 }
const tft = { ...sizes, hiddenSize: 8, nHead: 2 }
const sum = (values: Float32Array) => values.reduce((all, v) => all + v, 0)

test('a forecast of TFT says what it was made of', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [TFT(tft)] })
  await nf.fit(train)
  const forecast = await nf.predict({ interpretation: true })
  const { past, future, static: statics, attention, correlations } = forecast.interpretation('TFT')
  expect(past.names).toEqual(['repeated_target', 'observed_target'])
  expect(past.shape).toEqual([12, 2])
  for (let step = 0; step < 12; step++) expect(sum(past.values.subarray(2 * step, 2 * step + 2))).toBeCloseTo(1, 5)
  expect([future, statics]).toEqual([undefined, undefined])
  expect(attention.shape).toEqual([18, 18])
  for (let step = 0; step < 18; step++) {
    const row = attention.values.subarray(18 * step, 18 * (step + 1))
    expect(sum(row)).toBeCloseTo(1, 5)
    expect(sum(row.subarray(step + 1))).toBe(0)
  }
  expect(correlations?.names).toEqual(['repeated_target', 'observed_target', 'attention'])
  expect(correlations?.shape).toEqual([3, 3])
  expect(correlations?.values[0]).toBeCloseTo(1, 6)
  expect(correlations?.values[1]).toBeCloseTo(-1, 6) // two weights that sum to 1
  expect((await nf.predict()).column('TFT')).toEqual(forecast.column('TFT'))
})

test('an interpretation that is not there is refused by name', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [TFT(tft), NLinear(sizes)] })
  await nf.fit(train)
  const refused = await thrown(() => nf.predict({ interpretation: true }))
  expect(refused).toMatchObject({ code: 'ERR_NF_UNSUPPORTED', details: { option: 'interpretation', model: 'NLinear' } })
  expect(refused.message).toBe('NLinear shows no weights of variables and steps; leave out interpretation')
  const forecast = await nf.predict()
  const missing = await thrown(() => forecast.interpretation('TFT'))
  expect(missing.message).toBe('this forecast has no interpretation of TFT; predict with interpretation: true')
})

test('the parts of a forecast add up', async () => {
  const nf = new NeuralForecast({
    freq: 1,
    models: [NBEATS({ h: 4, inputSize: 8, maxSteps: 10, mlpUnits: [[8, 8]], scalerType: 'standard' })],
  })
  await nf.fit(Array.from({ length: 60 }, (_, t) => 50 + t / 2 + 10 * Math.sin(t / 2)))
  const parts = await nf.decompose()
  const names = ['NBEATS-level', 'NBEATS-identity', 'NBEATS-trend', 'NBEATS-seasonality']
  expect(parts.columns).toEqual(['NBEATS', ...names])
  for (const [row, whole] of parts.column('NBEATS').entries())
    expect(names.reduce((sum, name) => sum + parts.column(name)[row], 0)).toBeCloseTo(whole, 3)
})
