import { DeepAR, loss, NeuralForecast, NHITS } from '@neural-trader/backend'
import { beforeAll, describe, expect, test } from 'vitest'
import { actual, mae, thrown, train } from './data.js'

const options = { h: 12, inputSize: 24, scalerType: 'standard', randomSeed: 1 } as const

describe('models that forecast a distribution', () => {
  let nf: NeuralForecast
  let forecast: Awaited<ReturnType<NeuralForecast['predict']>>

  beforeAll(async () => {
    nf = new NeuralForecast({
      freq: 'MS',
      models: [
        DeepAR({ ...options, maxSteps: 150, lstmHiddenSize: 32, lstmDropout: 0, learningRate: 0.005 }),
        NHITS({ ...options, maxSteps: 150, loss: loss.distribution('Normal', { level: [80], returnParams: true }) }),
      ],
    })
    await nf.fit(train)
    forecast = await nf.predict()
  })

  test('give a mean, a median, intervals, and the parameters that are asked for', () => {
    expect(forecast.columns).toEqual([
      'DeepAR',
      'DeepAR-median',
      'DeepAR-lo-90',
      'DeepAR-lo-80',
      'DeepAR-hi-80',
      'DeepAR-hi-90',
      'NHITS',
      'NHITS-median',
      'NHITS-lo-80',
      'NHITS-hi-80',
      'NHITS-loc',
      'NHITS-scale',
    ])
  })

  test('have intervals in order around the median, as wide as a normal distribution says', () => {
    const of = (name: string) => forecast.column(name)
    for (let i = 0; i < 12; i++) {
      const bounds = ['-lo-90', '-lo-80', '-median', '-hi-80', '-hi-90'].map((suffix) => of(`DeepAR${suffix}`)[i])
      expect(bounds).toEqual([...bounds].sort((a, b) => a - b))
      // 1.2816 standard deviations each way. Half the distance of two quantiles of 1000 samples has an error of 0.038.
      const sigma = of('NHITS-scale')[i]
      const half = (of('NHITS-hi-80')[i] - of('NHITS-lo-80')[i]) / 2
      expect(Math.abs(half / sigma - 1.2816)).toBeLessThan(5 * 0.038)
      expect(Math.abs(of('NHITS')[i] - of('NHITS-loc')[i])).toBeLessThan((5 * sigma) / Math.sqrt(1000))
    }
  })

  test('beat the seasonal naive with their means', () => {
    const naive = mae(train.y.slice(-12), actual.y)
    for (const name of ['DeepAR', 'NHITS']) expect(mae(forecast.column(name), actual.y)).toBeLessThan(naive)
  })

  test('sample the same again', async () => {
    const again = await nf.predict()
    expect(again.column('DeepAR-lo-90')).toEqual(forecast.column('DeepAR-lo-90'))
  })
})

test('a distribution that does not exist here is refused by name', async () => {
  // @ts-expect-error Poisson is none of the distributions that there are
  const poisson = loss.distribution('Poisson')
  const error = await thrown(() => new NeuralForecast({ freq: 'MS', models: [NHITS({ ...options, loss: poisson })] }))
  expect(error.code).toBe('ERR_NF_UNSUPPORTED')
  expect(error.message).toContain('Poisson')
})
