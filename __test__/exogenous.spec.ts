import { DLinear, NeuralForecast, NHITS } from '@neural-trader/backend'
import { expect, test } from 'vitest'
import { mae, thrown } from './data.js'

// The target is three times the day's price times the size of the shop, plus a little wave.
const n = 120
const h = 6
const shops = { a: 1, b: 5 }
const price = (t: number) => Math.abs(Math.sin(t * 12.9898) * 43758.5453) % 1 // without a pattern
const y = (shop: keyof typeof shops, t: number) => 3 * shops[shop] * price(t) + Math.sin(t) / 10
const rows = (from: number, to: number) =>
  (Object.keys(shops) as (keyof typeof shops)[]).flatMap((shop) =>
    Array.from({ length: to - from }, (_, i) => ({
      uniqueId: shop,
      ds: from + i,
      y: y(shop, from + i),
      price: price(from + i),
    })),
  )
const statics = [
  { unique_id: 'b', size: 5 },
  { unique_id: 'a', size: 1 },
]
const options = {
  h,
  inputSize: 12,
  maxSteps: 150,
  scalerType: 'standard',
  mlpUnits: [
    [32, 32],
    [32, 32],
    [32, 32],
  ],
} as const
const model = (more: object) => NHITS({ ...options, ...more } as Parameters<typeof NHITS>[0])

async function error(more: object) {
  const nf = new NeuralForecast({ freq: 1, models: [model(more)] })
  await nf.fit(rows(0, n), { static: statics })
  const forecast = await nf.predict({ future: rows(n, n + h), static: statics })
  const actual = rows(n, n + h).map((row) => row.y)
  return mae(forecast.column('NHITS'), actual)
}

test('prices known in advance make the forecast much better', async () => {
  const without = await error({})
  const withPrices = await error({ futrExogList: ['price'], statExogList: ['size'] })
  expect(withPrices).toBeLessThan(0.5 * without)
})

test('missing future prices are an error that names them', async () => {
  const nf = new NeuralForecast({ freq: 1, models: [model({ maxSteps: 1, futrExogList: ['price'] })] })
  await nf.fit(rows(0, n))
  expect(await thrown(() => nf.predict())).toMatchObject({ code: 'ERR_NF_FUTURE_EXOG', details: { column: 'price' } })
  const missing = await thrown(() => nf.predict({ future: rows(n, n + h - 1) }))
  expect(missing).toMatchObject({ code: 'ERR_NF_FUTURE_EXOG', details: { ds: n + h - 1 } })
})

test('a column that the table lacks is named', async () => {
  const nf = new NeuralForecast({ freq: 1, models: [model({ maxSteps: 1, histExogList: ['prise'] })] })
  const lacking = await thrown(() => nf.fit(rows(0, n)))
  expect(lacking).toMatchObject({ code: 'ERR_NF_SCHEMA', details: { column: 'prise' } })
  expect(lacking.message).toContain('"price"')
})

test('a model that takes no exogenous columns refuses them', async () => {
  const spec = DLinear({ h, inputSize: 12, futrExogList: ['price'] } as unknown as Parameters<typeof DLinear>[0])
  const refused = await thrown(() => new NeuralForecast({ freq: 1, models: [spec] }))
  expect(refused.code).toBe('ERR_NF_UNSUPPORTED_EXOG')
  expect(refused.message).toContain('DLinear')
})
