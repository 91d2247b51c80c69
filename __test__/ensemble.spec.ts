import { DLinear, loss, NeuralForecast, NHITS, NLinear } from '@neural-trader/backend'
import { beforeAll, describe, expect, test } from 'vitest'
import { actual, mae, thrown, train } from './data.js'

const options = { h: 12, inputSize: 24, scalerType: 'robust', randomSeed: 1, loss: loss.mq({ level: [80] }) } as const

describe('an ensemble', () => {
  const models = [
    DLinear({ ...options, maxSteps: 50 }),
    NLinear({ ...options, maxSteps: 50 }),
    NHITS({ ...options, maxSteps: 30 }),
  ]
  const nf = new NeuralForecast({ freq: 'MS', models })
  let forecast: Awaited<ReturnType<typeof nf.predict>>
  let validation: typeof forecast
  beforeAll(async () => {
    validation = await nf.crossValidation(train, { nWindows: 3, stepSize: 12 })
    await nf.fit(train)
    forecast = await nf.predict()
  })

  test('is the mean or the median of models, with their quantiles', () => {
    const mean = forecast.ensemble()
    expect(mean.models).toEqual(['DLinear', 'NLinear', 'NHITS', 'Ensemble'])
    expect(mean.columns.slice(-4)).toEqual(['Ensemble', 'Ensemble-median', 'Ensemble-lo-80', 'Ensemble-hi-80'])
    const all = ['DLinear', 'NLinear', 'NHITS'].map((name) => forecast.column(`${name}-median`))
    const median = forecast.ensemble('median', undefined, { name: 'middle' })
    for (let row = 0; row < 12; row++) {
      const values = all.map((column) => column[row]).sort((a, b) => a - b)
      expect(mean.column('Ensemble')[row]).toBeCloseTo((values[0] + values[1] + values[2]) / 3, 3)
      expect(median.column('middle')[row]).toBeCloseTo(values[1], 3)
    }
    const { lo, hi } = mean.interval('Ensemble', 80)
    expect(lo.every((v, i) => v <= hi[i])).toBe(true)
    expect(mean.weights).toEqual({ DLinear: 1 / 3, NLinear: 1 / 3, NHITS: 1 / 3 })
    expect(forecast.weights).toBeUndefined()
  })

  test('has weights by the losses of a cross-validation', () => {
    const scores = validation.metrics(undefined, ['mae'])
    const inverse = forecast.ensemble('inverseLoss', ['DLinear', 'NHITS'], { validation })
    const weights = inverse.weights as Record<string, number>
    expect(weights.DLinear / weights.NHITS).toBeCloseTo(scores.NHITS.mae / scores.DLinear.mae, 6)
    const greedy = forecast.ensemble('greedy', undefined, { validation })
    const own = validation.ensemble('greedy')
    expect(greedy.weights).toEqual(own.weights)
    const best = Math.min(...Object.values(scores).map((of) => of.mae))
    expect(own.metrics(undefined, ['mae']).Ensemble.mae).toBeLessThanOrEqual(best + 1e-4)
    expect(mae(greedy.column('Ensemble'), actual.y)).toBeLessThan(200)
    expect(greedy.toSVG({ models: ['Ensemble'] })).toContain('<svg')
  })

  test('is refused where it cannot be', async () => {
    const option = async (call: () => unknown) => (await thrown(call)).details.option
    expect(await option(() => forecast.ensemble('greedy'))).toBe('validation')
    expect(await option(() => forecast.ensemble('best' as never))).toBe('method')
    expect(await option(() => forecast.ensemble('mean', ['NHITS']))).toBe('models')
    expect(await option(() => forecast.ensemble('mean', undefined, { name: 'NHITS' }))).toBe('name')
    expect(await option(() => forecast.ensemble('mean', undefined, { validation: {} as never }))).toBe('validation')
  })
})
