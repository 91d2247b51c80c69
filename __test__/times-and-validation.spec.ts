import { DLinear, NeuralForecast } from '@neural-trader/backend'
import { describe, expect, test } from 'vitest'
import { thrown } from './data.js'

const model = DLinear({ h: 2, inputSize: 6, maxSteps: 4, valCheckSteps: 2, randomSeed: 1 })
const days = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const date = (day: number) => `2024-03-${String(day).padStart(2, '0')}`
const table = (from: number, to: number) => ({
  ds: days(from, to).map(date),
  y: days(from, to).map((day) => Math.sin(day)),
})

describe('a time zone', () => {
  test('reads and steps by its clocks; ds stays milliseconds, CSV has local times', async () => {
    const nf = new NeuralForecast({ models: [model], freq: 'D', timeZone: 'Europe/Berlin' })
    await nf.fit(table(1, 31))
    const forecast = await nf.predict()
    expect(Array.from(forecast.ds)).toEqual([
      Date.parse('2024-03-31T00:00:00+01:00'),
      Date.parse('2024-04-01T00:00:00+02:00'),
    ])
    expect(forecast.toRows()[1].ds).toEqual(new Date('2024-03-31T22:00:00Z'))
    expect(forecast.toCsv().split('\n')[2]).toMatch(/^y,2024-04-01 00:00:00\+02:00,/)
    expect(nf.makeFutureFrame().ds).toEqual(forecast.toRows().map((row) => row.ds))
  })

  test('that does not exist is refused', async () => {
    const error = await thrown(() => new NeuralForecast({ models: [model], freq: 'D', timeZone: 'Europe/Berln' }))
    expect(error).toMatchObject({ code: 'ERR_NF_INVALID_OPTION', details: { option: 'timeZone' } })
    expect(error.message).toContain('did you mean "Europe/Berlin"?')
  })
})

describe('valData', () => {
  const make = () => new NeuralForecast({ models: [model], freq: 'D' })

  test('validates as the last rows of the data do', async () => {
    const [one, two] = [make(), make()]
    const [a, b] = [
      await one.fit(table(1, 31), { valSize: 5 }),
      await two.fit(table(1, 26), { valData: table(26, 31) }),
    ]
    expect(a.models[0].valLoss).toEqual(b.models[0].valLoss)
    expect(a.models[0].valLoss).toHaveLength(2)
    expect((await two.predict()).toCsv()).toBe((await one.predict()).toCsv())
  })

  test('must follow the data', async () => {
    const error = await thrown(() => make().fit(table(1, 26), { valData: table(27, 31) }))
    expect(error).toMatchObject({ code: 'ERR_NF_GAP', details: { option: 'valData', uniqueId: 'y' } })
    expect(error.message).toContain('valData begins at 2024-03-27')
  })
})

test('memoryUsage counts what training needs to go on', async () => {
  const nf = new NeuralForecast({ models: [model], freq: 'D' })
  expect(nf.memoryUsage().training).toBe(0)
  await nf.fit(table(1, 31))
  const { weights, training } = nf.memoryUsage()
  expect(training).toBeGreaterThanOrEqual(2 * weights) // both moments of Adam
})
