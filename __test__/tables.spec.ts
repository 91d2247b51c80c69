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
    ['Uint16Array', () => ({ ...train, y: Uint16Array.from(train.y) })],
    ['Int16Array', () => ({ ...train, y: Int16Array.from(train.y) })],
    ['Uint32Array', () => ({ ...train, y: Uint32Array.from(train.y) })],
    ['BigInt64Array', () => ({ ...train, y: BigInt64Array.from(train.y, BigInt) })],
    ['BigUint64Array', () => ({ ...train, y: BigUint64Array.from(train.y, BigInt) })],
    ['bigints', () => ({ ...train, y: train.y.map(BigInt) })],
    ['ids as Uint8Array', () => ({ ...train, unique_id: Uint8Array.from(train.y, () => 7) })],
    ['ids as bigints', () => ({ ...train, unique_id: train.y.map(() => 7n) })],
    ['ids beyond 2^53', () => ({ ...train, unique_id: train.y.map(() => 2n ** 60n + 1n) })],
    ['a set of rows', () => new Set(rows)],
    ['an iterator of rows', () => rows.values()],
    [
      'a generator of rows',
      () =>
        (function* () {
          for (const row of rows) yield row
        })(),
    ],
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
    ['a Uint16Array', () => Uint16Array.from(train.y)],
    ['a BigInt64Array', () => BigInt64Array.from(train.y, BigInt)],
    ['a list of bigints', () => train.y.map(BigInt)],
    ['an iterator of numbers', () => train.y.values()],
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

test('a Uint8Array is a column, also of the target', async () => {
  const small = train.y.map((y) => y % 200)
  const expected = (await forecast({ ...train, y: small })).column('DLinear')
  expect((await forecast({ ...train, y: Uint8Array.from(small) })).column('DLinear')).toEqual(expected)
  expect((await forecast({ ...train, y: Uint8ClampedArray.from(small) })).column('DLinear')).toEqual(expected)
})

test('a bare series may begin with a missing value', async () => {
  const found = await forecast([null, ...train.y], 1)
  expect(found.toRows().map((row) => row.ds)).toEqual([133, 134, 135])
})

test('rows of several series may come in any order', async () => {
  const ids = ['a', 'b', 'c']
  const of = (id: string, i: number) => ({ unique_id: id, ds: train.ds[i], y: train.y[i] * (1 + ids.indexOf(id)) })
  const after = ids.flatMap((id) => train.ds.map((_, i) => of(id, i)))
  const across = train.ds.flatMap((_, i) => ['c', 'a', 'b'].map((id) => of(id, i)))
  const [one, other] = [await forecast(after), await forecast(across)]
  expect([one.ids, other.ids]).toEqual([ids, ids])
  expect(other.column('DLinear')).toEqual(one.column('DLinear'))
  expect(other.toRows()[5]).toMatchObject({ unique_id: 'b', ds: one.toRows()[5].ds })
})

test('ids beyond 2^53 come back exactly, as text, whichever way they come', async () => {
  const ids = [2n ** 60n, 2n ** 60n + 1n]
  const both = { unique_id: ids.flatMap((id) => train.y.map(() => id)), ds: [...train.ds, ...train.ds] }
  const texts = ids.map(String)
  const y = [...train.y, ...train.y]
  const found = await forecast({ ...both, y })
  expect(found.ids).toEqual(texts)
  expect(found.toRows()[3].unique_id).toBe(texts[1])
  expect(found.series(ids[1]).DLinear).toHaveLength(3)

  const dir = await mkdtemp(join(tmpdir(), 'neural-trader-'))
  const path = join(dir, 'wide.csv')
  writeFileSync(path, `unique_id,ds,y\n${y.map((v, i) => `${both.unique_id[i]},${both.ds[i]},${v}`).join('\n')}\n`)
  expect((await readCsv(path)).unique_id?.[132]).toBe(texts[1])
  const nf = new NeuralForecast({ freq: 'MS', models: [model] })
  await nf.fit({ path })
  await rm(dir, { recursive: true })
  expect((await nf.predict()).toRows()[3].unique_id).toBe(texts[1])
  expect(nf.makeFutureFrame().unique_id?.[5]).toBe(texts[1])
})

test('a series is found by its numeric id', async () => {
  const found = await forecast({ ...train, unique_id: train.y.map(() => 7) })
  expect(found.series(7)).toEqual(found.series('7'))
  expect(found.toSVG({ ids: [7] })).toMatch(/^<svg /)
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
  const available_mask = train.y.map((_, i) => (i === 5 ? 0 : 1))
  const masked = await forecast({ ...with_(777), available_mask })
  expect(a.column('DLinear')).toEqual(masked.column('DLinear'))
  expect(a.column('DLinear')).not.toEqual((await forecast(train)).column('DLinear'))
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
  [
    'a promise',
    Promise.resolve(train),
    'data is a promise, not its value: write await before the call that returns it',
    {},
  ],
  ['a function', () => train, 'got a function; call it, and give what it returns', {}],
  ['a Map', new Map([['y', [1]]]), 'got a Map; make it an object of columns with Object.fromEntries()', {}],
  ['a DataView', new DataView(new ArrayBuffer(8)), 'got a DataView', {}],
  ['a Date', new Date(0), 'got Date 1970-01-01', {}],
  ['the name of a file', 'data.csv', 'got "data.csv"; a file is { path: "data.csv" }', {}],
  [
    'rows that come later',
    (async function* () {
      yield 1
    })(),
    'collect its rows first: for await (const row of rows) list.push(row)',
    {},
  ],
  [
    'a path that is undefined',
    { path: undefined },
    'data: path must be a string, the name of a CSV file, got undefined',
    {},
  ],
  ['an empty path', { path: '' }, 'data: path must be a string, the name of a CSV file, got ""', { option: 'path' }],
  ['rows that are promises', [Promise.resolve({})], 'data, row 1 is a promise', {}],
  [
    'a column that is a promise',
    { ...train, y: Promise.resolve([1]) },
    'data, column "y" is a promise, not its value: write await',
    {},
  ],
  ['a column that is a Set', { ...train, y: new Set([1]) }, 'got a Set; make it an array with Array.from()', {}],
  ['columns without rows', { unique_id: [], ds: [], y: [] }, 'data has no rows', {}],
  [
    'an empty text among numbers',
    rows.map((row, i) => ({ ...row, y: i === 3 ? '' : row.y })),
    'data, column "y", row 4: expected a number, got ""; use null if it is missing, or convert the column with Number()',
    { column: 'y', actual: '' },
  ],
  [
    'a category among numbers',
    rows.map((row, i) => ({ ...row, kind: i === 3 ? 'red' : 1 })),
    'expected a number, got "red"; use null if it is missing. A column of categories has text in every row, and is named in catExogList',
    { column: 'kind', actual: 'red' },
  ],
  [
    'an empty text before numbers',
    rows.map((row, i) => ({ ...row, y: i === 0 ? '' : row.y })),
    'data, column "y", row 1: expected a number, got ""; use null if it is missing, or convert the column with Number()',
    { column: 'y', actual: '' },
  ],
  [
    'an id that is not exact',
    { ...train, unique_id: train.y.map(() => 2 ** 60) },
    'numbers beyond 2^53 are not exact: give ids as text or bigint',
    { column: 'unique_id' },
  ],
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
