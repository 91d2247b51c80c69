import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DLinear, NeuralForecast, readCsv, type Table } from '@neural-trader/backend'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { csvPath, thrown, train } from './data.js'

const model = DLinear({ h: 3, inputSize: 6, maxSteps: 5, randomSeed: 1 })
const dates = train.ds.map((ds) => new Date(ds))
const ms = dates.map(Number)
const rows = train.ds.map((_, i) => ({ unique_id: train.unique_id[i], ds: train.ds[i], y: train.y[i] }))

async function forecast(table: Table, freq: string | number = 'MS') {
  const nf = new NeuralForecast({ freq, models: [model] })
  await nf.fit(table)
  return nf.predict()
}

describe('every form of a table gives the same forecast', () => {
  let expected: Float32Array
  let dir: string
  beforeAll(async () => {
    expected = (await forecast(train)).column('DLinear')
    dir = await mkdtemp(join(tmpdir(), 'neural-trader-'))
    writeFileSync(join(dir, 'train.csv'), `unique_id,ds,y\n${rows.map((r) => Object.values(r).join(',')).join('\n')}\n`)
  })
  afterAll(() => rm(dir, { recursive: true }))

  const forms: [string, () => Table][] = [
    ['columns named uniqueId', () => ({ uniqueId: train.unique_id, ds: train.ds, y: train.y })],
    ['dates', () => ({ ...train, ds: dates })],
    ['milliseconds', () => ({ ...train, ds: ms })],
    ['milliseconds as Float64Array', () => ({ ...train, ds: Float64Array.from(ms) })],
    ['milliseconds as BigInt64Array', () => ({ ...train, ds: BigInt64Array.from(ms, BigInt) })],
    ['Float64Array', () => ({ ...train, y: Float64Array.from(train.y) })],
    ['Float32Array', () => ({ ...train, y: Float32Array.from(train.y) })],
    ['Int32Array', () => ({ ...train, y: Int32Array.from(train.y) })],
    ['numeric ids', () => ({ ...train, unique_id: train.y.map(() => 7) })],
    ['ids as Int32Array', () => ({ ...train, unique_id: Int32Array.from(train.y, () => 7) })],
    ['rows', () => rows],
    [
      'rows with dates and bigints',
      () => rows.map((r, i) => ({ uniqueId: r.unique_id, ds: dates[i], y: BigInt(r.y) })),
    ],
    ['rows in another order', () => rows.toReversed()],
    ['a CSV file', () => ({ path: join(dir, 'train.csv') })],
  ]
  test.each(forms)('%s', async (_, form) => {
    const found = await forecast(form())
    expect(found.column('DLinear')).toEqual(expected)
    expect(found.ds[0]).toBe(Date.UTC(1960, 0, 1))
  })

  const series: [string, () => Table][] = [
    ['a list of numbers', () => train.y],
    ['a Float32Array', () => Float32Array.from(train.y)],
    ['a Float64Array', () => Float64Array.from(train.y)],
  ]
  test.each(series)('one bare series as %s', async (_, form) => {
    const found = await forecast(form(), 1)
    expect(found.column('DLinear')).toEqual(expected)
    expect(found.toRows().map((row) => row.ds)).toEqual([132, 133, 134])
  })
})

test('numeric ids come back as numbers', async () => {
  const found = await forecast({ ...train, unique_id: train.y.map(() => 7) })
  expect(found.ids).toEqual(['7'])
  expect(found.toRows()[0].unique_id).toBe(7)
})

test('a column role that is left out keeps its usual name', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [model] })
  await nf.fit({ ...train, unique_id: train.y.map(() => 7) }, { columns: { id: undefined, target: 'y' } })
  expect((await nf.predict()).toRows()[0].unique_id).toBe(7)
})

test('missing values may be null, undefined or NaN', async () => {
  const with_ = (missing: number | null | undefined) => ({
    ...train,
    y: train.y.map((y, i) => (i === 5 ? missing : y)),
  })
  const [a, b, c] = await Promise.all([null, undefined, Number.NaN].map((v) => forecast(with_(v))))
  expect(b.column('DLinear')).toEqual(a.column('DLinear'))
  expect(c.column('DLinear')).toEqual(a.column('DLinear'))
  expect(Array.from(a.column('DLinear')).every(Number.isFinite)).toBe(true)
})

test('the table is copied: changing it while it is fitted changes nothing', async () => {
  const expected = (await forecast(train)).column('DLinear')
  const y = Float64Array.from(train.y)
  const nf = new NeuralForecast({ freq: 'MS', models: [model] })
  const fitting = nf.fit({ ...train, y })
  y.fill(0)
  await fitting
  expect((await nf.predict()).column('DLinear')).toEqual(expected)
})

test('a CSV file is read as columns', async () => {
  const table = await readCsv(csvPath)
  expect(Object.keys(table)).toEqual(['unique_id', 'ds', 'y'])
  expect([table.unique_id?.[0], table.ds?.[143], table.y?.[143]]).toEqual(['AirPassengers', '1960-12-01', 432])
})

const wrong: [string, unknown, string, object][] = [
  ['nothing', undefined, 'data must be a table', {}],
  ['a text', 'data.csv', 'data must be a table (columns, rows, one series or { path }), got "data.csv"', {}],
  ['no rows', [], 'data has no rows', {}],
  ['no columns', {}, 'data has no columns', {}],
  ['rows that are lists', [[1, 2]], 'row 1: expected an object', {}],
  [
    'numbers as text among numbers',
    { ...train, y: train.y.map((y, i) => (i === 7 ? String(y) : y)) },
    'data, column "y", row 8: expected a number, got "148"; convert it with Number()',
    { column: 'y', actual: '148' },
  ],
  [
    'an invalid date',
    { ...train, ds: dates.map((d, i) => (i === 2 ? new Date('x') : d)) },
    'column "ds", row 3: expected a Date, got Date invalid',
    { column: 'ds' },
  ],
  [
    'mixed ids',
    { ...train, unique_id: train.unique_id.map((id, i) => (i ? id : 1)) },
    'column "unique_id", row 2: expected a whole number',
    { column: 'unique_id' },
  ],
  [
    'a column that is a number',
    { ...train, y: 5 },
    'column "y": expected an array or typed array, got 5',
    { column: 'y' },
  ],
  ['columns of different lengths', { ...train, y: train.y.slice(1) }, 'has 131', { column: 'y' }],
]
test.each(wrong)('%s is a schema error', async (_, table, message, details) => {
  const error = await thrown(() => forecast(table as Table))
  expect(error.code).toBe('ERR_NF_SCHEMA')
  expect(error.message).toContain(message)
  expect(error.details).toMatchObject(details)
})

test.each([
  ['Arrow IPC bytes', new Uint8Array(8)],
  ['an Arrow table', { schema: {}, batches: [] }],
  ['a polars DataFrame', { writeIPC: () => new Uint8Array(0) }],
  ['a parquet file', { path: 'data.parquet' }],
])('%s is not supported', async (_, table) => {
  expect((await thrown(() => forecast(table as Table))).code).toBe('ERR_NF_UNSUPPORTED')
})
