import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Columns, DLinear, NeuralForecast, NHITS } from '@neural-trader/backend'
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
  maxSteps: 300,
  learningRate: 5e-3,
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
  // Eight seeds give 0.4 to 1.1, which is 0.11 to 0.27 of what they give without; the mean of each shop gives 3.2.
  expect(withPrices).toBeLessThan(1.4)
  expect(withPrices).toBeLessThan(0.35 * without)
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

// The target is a level for each kind of weather, which comes without a pattern, times two in the second shop.
const levels: Record<string, number> = { dry: 10, snow: 30, wet: -5 }
const weather = (t: number) => Object.keys(levels)[Math.floor(3 * price(7 * t + 1))]
const days = (from: number, to: number) =>
  ['north', 'south'].flatMap((shop, i) =>
    Array.from({ length: to - from }, (_, j) => ({
      uniqueId: shop,
      ds: from + j,
      y: 100 + (i + 1) * levels[weather(from + j)],
      weather: weather(from + j),
      open: (from + j) % 2 === 0,
    })),
  )
const kinds = [
  { unique_id: 'south', kind: 'large' },
  { unique_id: 'north', kind: 'small' },
]
const categorical = {
  futrExogList: ['weather', 'open'],
  statExogList: ['kind'],
  catExogList: ['weather', 'open', 'kind'],
} as const

test('categories of text, true and false, and static ones make the forecast much better', async () => {
  const actual = days(n, n + h).map((row) => row.y)
  const errors = await Promise.all(
    [{}, categorical].map(async (more) => {
      const nf = new NeuralForecast({ freq: 1, models: [model({ learningRate: 1e-2, ...more })] })
      await nf.fit(days(0, n), { static: kinds })
      return mae((await nf.predict({ future: days(n, n + h) })).column('NHITS'), actual)
    }),
  )
  // Eight seeds give 3 to 11, which is 0.14 to 0.39 of what they give without; the mean of each shop gives 26.
  expect(errors[1]).toBeLessThan(14)
  expect(errors[1]).toBeLessThan(0.5 * errors[0])
})

test('columns, rows and CSV say the same of categories, also after saving', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'neural-trader-'))
  const rows = days(0, n).map((row) => ({ ...row, open: row.open ? 1 : 0 }))
  const names = Object.keys(rows[0]) as (keyof (typeof rows)[0])[]
  const columns = Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])) as Columns
  const path = join(dir, 'days.csv')
  await writeFile(path, [names.join(), ...rows.map((row) => names.map((name) => row[name]).join())].join('\n'))
  const forecasts = []
  for (const table of [columns, days(0, n), { path }]) {
    const nf = new NeuralForecast({ freq: 1, models: [model({ maxSteps: 3, ...categorical })] })
    await nf.fit(table, { static: kinds })
    forecasts.push((await nf.predict({ future: days(n, n + h) })).toCsv())
    await nf.save(join(dir, 'saved'), { overwrite: true })
    const loaded = await NeuralForecast.load(join(dir, 'saved'))
    expect((await loaded.predict({ future: days(n, n + h) })).toCsv()).toBe(forecasts.at(-1))
  }
  expect(new Set(forecasts).size).toBe(1)
  await rm(dir, { recursive: true })
})

test('a category that training has not seen forecasts, and a missing one is an error', async () => {
  const nf = new NeuralForecast({ freq: 1, models: [model({ maxSteps: 3, ...categorical })] })
  await nf.fit(days(0, n), { static: kinds })
  const withWeather = (value: string | null) => ({ future: days(n, n + h).map((row) => ({ ...row, weather: value })) })
  const forecast = await nf.predict(withWeather('hail'))
  expect((await nf.predict(withWeather('fog'))).toCsv()).toBe(forecast.toCsv())
  for (const known of Object.keys(levels)) {
    const other = (await nf.predict(withWeather(known))).column('NHITS')
    for (const [i, v] of forecast.column('NHITS').entries()) expect(Math.abs(v - other[i])).toBeGreaterThan(0)
  }
  const missing = days(n, n + h).map((row, i) => ({ ...row, weather: i === 3 ? null : row.weather }))
  expect(await thrown(() => nf.predict({ future: missing }))).toMatchObject({
    code: 'ERR_NF_MISSING_VALUE',
    details: { column: 'weather', ds: n + 3 },
  })
})

test('models without categories, and columns that are in no list, are refused by name', async () => {
  const spec = DLinear({ h, inputSize: 12, catExogList: ['kind'] } as unknown as Parameters<typeof DLinear>[0])
  const refused = await thrown(() => new NeuralForecast({ freq: 1, models: [spec] }))
  expect(refused).toMatchObject({
    code: 'ERR_NF_UNSUPPORTED_EXOG',
    details: { model: 'DLinear', option: 'catExogList', column: 'kind' },
  })
  const unlisted = await thrown(() => new NeuralForecast({ freq: 1, models: [model({ catExogList: ['kind'] })] }))
  expect(unlisted).toMatchObject({ code: 'ERR_NF_INVALID_OPTION', details: { option: 'catExogList', column: 'kind' } })
})
