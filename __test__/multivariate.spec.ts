import { NeuralForecast, TSMixerx } from '@neural-trader/backend'
import { describe, expect, test } from 'vitest'
import { thrown } from './data.js'

/** Waves that follow each other, one after the other. */
const table = (ids: string[], rows = 80) => ({
  unique_id: ids.flatMap((id) => Array(rows).fill(id)),
  ds: ids.flatMap(() => Array.from({ length: rows }, (_, t) => t)),
  y: ids.flatMap((_, i) => Array.from({ length: rows }, (_, t) => 10 * i + Math.sin((t - 3 * i) / 2))),
})
const spec = (more = {}) =>
  TSMixerx({ h: 4, inputSize: 12, maxSteps: 150, learningRate: 5e-3, ffDim: 16, dropout: 0, ...more })
const ids = ['a', 'b', 'c']

describe('a multivariate model', () => {
  test('learns all series together, and counts them by itself', async () => {
    const nf = new NeuralForecast({ freq: 1, models: [spec()] })
    await nf.fit(table(ids))
    const forecast = await nf.predict()
    expect(forecast.ids).toEqual(ids)
    const values = forecast.column('TSMixerx')
    expect(values.length).toBe(12)
    for (const [i] of ids.entries()) {
      const off = [0, 1, 2, 3].map((t) => Math.abs(values[4 * i + t] - 10 * i - Math.sin((80 + t - 3 * i) / 2)))
      // Eight seeds give 0.01 to 0.06; the mean of a series gives 0.7 and more, its last value too.
      expect(Math.max(...off)).toBeLessThan(0.1)
    }
  })

  test('names the series that are missing or too many', async () => {
    const nf = new NeuralForecast({ freq: 1, models: [spec({ maxSteps: 2 })] })
    await nf.fit(table(ids))
    const error = await thrown(() => nf.predict({ data: table(['a', 'd', 'c']) }))
    expect(error.code).toBe('ERR_NF_SCHEMA')
    expect(error.message).toBe(
      'TSMixerx forecasts the 3 series that it was trained on together; "b" is missing; "d" is not among them; ' +
        'give it these series and no others',
    )
  })

  test('refuses another number of series than nSeries', async () => {
    const nf = new NeuralForecast({ freq: 1, models: [spec({ nSeries: 2 })] })
    const error = await thrown(() => nf.fit(table(ids)))
    expect(error).toMatchObject({
      code: 'ERR_NF_INVALID_OPTION',
      details: { option: 'nSeries', expected: 3, actual: 2 },
    })
  })
})
