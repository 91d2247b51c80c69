// Times as users have them: numbers of other units, local times, days of the month.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DLinear, NeuralForecast, readCsv, type Table } from '@neural-trader/backend'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, thrown } from './data.js'
import { node, script } from './process.js'

const model = DLinear({ h: 2, inputSize: 6, maxSteps: 2, randomSeed: 1 })
const count = (n: number) => Array.from({ length: n }, (_, i) => i)
const y = (n: number) => count(n).map((i) => Math.sin(i))
const iso = (ds: Iterable<number>) => Array.from(ds, (t) => new Date(t).toISOString().slice(0, 16))

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'neural-trader-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

/** A CSV file of times and values. */
function csv(name: string, ds: readonly unknown[]) {
  const path = join(dir, name)
  writeFileSync(path, `ds,y\n${ds.map((t, i) => `${t},${Math.sin(i)}`).join('\n')}\n`)
  return path
}

/** The same times through every door. */
const doors = (ds: readonly unknown[], name: string): [string, () => Promise<Table>][] => [
  ['columns', async () => ({ ds, y: y(ds.length) }) as Table],
  ['rows', async () => ds.map((t, i) => ({ ds: t, y: Math.sin(i) })) as Table],
  ['texts', async () => ({ ds: ds.map(String), y: y(ds.length) })],
  ['{ path }', async () => ({ path: csv(name, ds) })],
  ['readCsv', () => readCsv(csv(name, ds))],
]

describe('times in numbers', () => {
  const seconds = count(30).map((i) => 1704067200 + 86400 * i)
  const units: [string, readonly unknown[], string][] = [
    ['s', seconds, 'seconds'],
    ['us', seconds.map((s) => s * 1e6), 'microseconds'],
    ['ns', seconds.map((s) => BigInt(s) * 1_000_000_000n), 'nanoseconds'],
  ]

  describe.each(units)('of unit %s', (timeUnit, ds, plural) => {
    test.each(doors(ds, `${timeUnit}.csv`))('are read with timeUnit from %s', async (_, table) => {
      for (const freq of ['D', undefined]) {
        const nf = new NeuralForecast({ models: [model], freq, timeUnit: timeUnit as 's' })
        await nf.fit(await table())
        expect(iso((await nf.predict()).ds)).toEqual(['2024-01-31T00:00', '2024-02-01T00:00'])
      }
    })

    test.each(doors(ds, `${timeUnit}.csv`))('are refused without it from %s', async (_, table) => {
      for (const freq of ['D', '86400ms', 'MS', undefined]) {
        const nf = new NeuralForecast({ models: [model], freq })
        const error = await thrown(async () => nf.fit(await table()))
        expect(error).toMatchObject({ code: 'ERR_NF_SCHEMA', details: { column: 'ds', option: 'timeUnit' } })
        expect(error.message).toContain(plural)
        expect(error.message).toContain(`set timeUnit: "${timeUnit}"`.slice(1))
      }
    })
  })

  test('nanoseconds of bigints keep every millisecond', async () => {
    const ds = BigInt64Array.from(seconds, (s) => BigInt(s) * 1_000_000_000n + 123_000_000n)
    const nf = new NeuralForecast({ models: [model], freq: 'D', timeUnit: 'ns' })
    await nf.fit({ ds, y: y(30) })
    expect((await nf.predict()).ds[0]).toBe(Date.parse('2024-01-31T00:00:00.123Z'))
    ds[3] += 1n
    expect((await thrown(() => nf.fit({ ds, y: y(30) }))).message).toBe(
      'column "ds", row 4 of 30: the time is 1704326400123000001 nanoseconds, which is not a whole number of milliseconds; times cannot be finer here, so round it',
    )
  })

  test('hold for every table, and after loading', async () => {
    const known = DLinear({ h: 2, inputSize: 6, maxSteps: 2, randomSeed: 1 })
    const nf = new NeuralForecast({ models: [known], freq: 'D', timeUnit: 's' })
    await nf.fit({ ds: seconds.slice(0, 26), y: y(26) }, { valData: { ds: seconds.slice(26), y: y(4) } })
    const forecast = await nf.predict()
    const actual = { ds: [1704067200 + 86400 * 30, 1704067200 + 86400 * 31], y: [1, 2] }
    const [one, two] = forecast.column('DLinear')
    expect(forecast.metrics(actual, ['mae']).DLinear.mae).toBeCloseTo((Math.abs(one - 1) + Math.abs(two - 2)) / 2, 6)
    expect(nf.missingFuture({ ds: actual.ds.slice(1) })).toEqual([{ unique_id: 'y', ds: new Date('2024-01-31') }])
    await nf.save(join(dir, 'seconds'))
    const loaded = await NeuralForecast.load(join(dir, 'seconds'))
    const data = { ds: seconds.slice(0, 20), y: y(20) }
    expect(iso((await loaded.predict({ data })).ds)).toEqual(['2024-01-21T00:00', '2024-01-22T00:00'])
  })

  test('of the seventies are milliseconds, and those of January 1970 too with timeUnit ms', async () => {
    const first = async (ds: number[], init: object) => {
      const nf = new NeuralForecast({ models: [model], ...init })
      await nf.fit({ ds, y: y(ds.length) })
      return iso((await nf.predict()).ds)[0]
    }
    const day = 86_400_000
    expect(
      await first(
        count(30).map((i) => (366 + i) * day),
        { freq: 'D' },
      ),
    ).toBe('1971-02-01T00:00')
    expect(
      await first(
        count(30).map((i) => i * day),
        { freq: 'D' },
      ),
    ).toBe('1970-01-31T00:00')
    expect(await first(seconds, { freq: '86400ms', timeUnit: 'ms' })).toBe('1970-01-20T18:04')
  })

  test('dates made from seconds are refused', async () => {
    const nf = new NeuralForecast({ models: [model], freq: 'D' })
    const error = await thrown(() => nf.fit({ ds: seconds.map((s) => new Date(s)), y: y(30) }))
    expect(error.message).toBe(
      'column "ds" holds dates around 1970, such as 1970-01-20T17:21:07.200, which seem to be made from seconds; dates count milliseconds: multiply by 1000 before making them. If they are right, set timeUnit: "ms"',
    )
  })

  test('a unit is for dates only', async () => {
    const make = (init: object) => new NeuralForecast({ models: [model], ...init })
    expect((await thrown(() => make({ freq: 1, timeUnit: 's' }))).message).toBe(
      'option "timeUnit" must be left out for step numbers (frequency 1), got "s"',
    )
    expect((await thrown(() => make({ timeUnit: 'sec' }))).message).toBe(
      'option "timeUnit" must be "s", "ms", "us", "ns" or "year", got "sec"',
    )
    expect((await thrown(() => make({ timeUnit: 's' }).fit(y(30)))).message).toBe(
      'data is one bare series, which has no times: leave timeUnit out, or pass columns with "ds"',
    )
    const steps = make({ freq: 1 })
    await steps.fit({ ds: seconds.map((_, i) => i), y: y(30) })
    expect(Array.from((await steps.predict()).ds)).toEqual([30, 31])
  })

  const years = count(30).map((i) => 1990 + i)
  const yearly: [string, string][] = [
    ['YS', '2020-01-01T00:00'],
    ['YE', '2020-12-31T00:00'],
    ['Y', '2020-12-31T00:00'],
    ['1y', '2020-01-01T00:00'],
  ]
  describe.each(yearly)('years with freq %s', (freq, next) => {
    test.each(doors(years, 'years.csv'))('from %s', async (_, table) => {
      for (const timeUnit of [undefined, 'year'] as const) {
        const nf = new NeuralForecast({ models: [model], freq, timeUnit })
        await nf.fit(await table())
        expect(iso((await nf.predict()).ds)[0]).toBe(next)
      }
    })
  })

  test('the command line has --time-unit', async () => {
    const args = ['forecast', csv('cli.csv', seconds), '--h', '2', '--models', 'DLinear', '--max-steps', '2']
    const cli = join(root, 'js', 'cli.js')
    const refused = await node([cli, ...args, '--freq', 'D'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('Set timeUnit: "s"')
    for (const more of [[], ['--holdout']]) {
      const { code, stdout } = await node([cli, ...args, '--time-unit', 's', ...more])
      expect({ code, day: /y,(2024-\d\d-\d\d),/.exec(stdout)?.[1] }).toEqual({
        code: 0,
        day: more.length ? '2024-01-29' : '2024-01-31',
      })
    }
  })
})

describe('local times', () => {
  /** Hours of Berlin on the day that clocks are set back, each as the clock shows it. */
  const hours = ['00', '01', '02', '02', '03', '04', '05', '06'].map((hour) => `2024-10-27T${hour}:00`)

  test.each(doors(hours, 'hours.csv'))(
    'that clocks show twice are told apart by their order from %s',
    async (_, table) => {
      for (const freq of ['h', undefined]) {
        const nf = new NeuralForecast({ models: [model], freq, timeZone: 'Europe/Berlin' })
        await nf.fit(await table())
        expect(iso((await nf.predict()).ds)).toEqual(['2024-10-27T06:00', '2024-10-27T07:00'])
      }
    },
  )

  test('that clocks show twice need an order', async () => {
    const nf = new NeuralForecast({ models: [model], freq: 'h', timeZone: 'Europe/Berlin' })
    const ds = [...hours.slice(0, 3), ...hours.slice(4), hours[3]]
    const error = await thrown(() => nf.fit({ ds, y: y(8) }))
    expect(error).toMatchObject({ code: 'ERR_NF_DUPLICATE_TIME', details: { uniqueId: 'y' } })
    expect(error.message).toContain('write the offset (2024-10-27T02:00:00+02:00 or 2024-10-27T02:00:00+01:00)')
  })

  /** What fitting dates of the machine's clock in Berlin says, and the first time of the forecast. */
  async function inBerlin(dates: string, freq: string | undefined, init = {}) {
    const { stdout, stderr } = await script(`
      process.env.TZ = 'Europe/Berlin'
      import { DLinear, NeuralForecast } from '@neural-trader/backend'
      const model = DLinear({ h: 2, inputSize: 6, maxSteps: 2 })
      const nf = new NeuralForecast({ models: [model], freq: ${JSON.stringify(freq)}, ...${JSON.stringify(init)} })
      const ds = Array.from({ length: 24 }, (_, i) => ${dates})
      try {
        const { dataWarnings } = await nf.fit({ ds, y: ds.map((_, i) => Math.sin(i)) })
        console.log(JSON.stringify({ dataWarnings, next: (await nf.predict()).toRows()[0].ds }))
      } catch ({ code, message }) {
        console.log(JSON.stringify({ code, message }))
      }
    `)
    expect(stderr).toBe('')
    return JSON.parse(stdout)
  }
  const [months, winter, spring] = ['new Date(2020, i, 1)', 'new Date(2024, 0, 1 + i)', 'new Date(2024, 2, 20 + i)']
  const remedy = 'set timeZone: "Europe/Berlin", or make the dates with Date.UTC'

  test('made by the clock of the machine are recognized where they fit no frequency', async () => {
    for (const [dates, freq] of [
      [months, 'MS'],
      [spring, 'D'],
      [spring, undefined],
    ] as const) {
      const { code, message } = await inBerlin(dates, freq)
      expect(code).toBe('ERR_NF_FREQ')
      expect(message).toContain(`The times look like midnights of Europe/Berlin: ${remedy}`)
    }
  })

  test('made by the clock of the machine are noted where they fit', async () => {
    const { dataWarnings, next } = await inBerlin(winter, 'D')
    expect(dataWarnings).toEqual([
      `the times look like midnights of Europe/Berlin, but days and months are those of UTC; ${remedy}`,
    ])
    expect(next).toBe('2024-01-24T23:00:00.000Z')
  })

  test('with their time zone they are right', async () => {
    for (const [dates, freq, next] of [
      [months, 'MS', '2021-12-31T23:00:00.000Z'],
      [winter, 'D', '2024-01-24T23:00:00.000Z'],
      [spring, 'D', '2024-04-12T22:00:00.000Z'],
    ]) {
      expect(await inBerlin(dates, freq, { timeZone: 'Europe/Berlin' })).toEqual({ dataWarnings: [], next })
    }
  })
})

describe('frequencies', () => {
  const fifteenths = count(24).map((i) => new Date(Date.UTC(2022, i, 15)))

  test('on the same day of each month are inferred, suggested and saved', async () => {
    const nf = new NeuralForecast({ models: [model] })
    await nf.fit({ ds: fifteenths, y: y(24) })
    expect(iso((await nf.predict()).ds)).toEqual(['2024-01-15T00:00', '2024-02-15T00:00'])
    const error = await thrown(() =>
      new NeuralForecast({ models: [model], freq: 'MS' }).fit({ ds: fifteenths, y: y(24) }),
    )
    expect(error.message).toContain('The times look like "1mo": set that')
    await nf.save(join(dir, 'fifteenths'))
    const { configuration } = JSON.parse(readFileSync(join(dir, 'fifteenths', 'configuration.json'), 'utf8'))
    expect(configuration).toMatchObject({ freq: '1mo', uids: { kind: 'polars' }, last_dates: { kind: 'polars' } })
    const loaded = await NeuralForecast.load(join(dir, 'fifteenths'))
    expect((await loaded.predict()).toCsv()).toBe((await nf.predict()).toCsv())
  })

  test.each([
    ['0.25h', 'a multiple must be a whole number; write "15min"'],
    ['1.5D', 'a multiple must be a whole number; write "36h"'],
    ['D1', 'the number comes first: write "1D"'],
    ['w-tue', 'did you mean "W-TUE"?'],
    ['Hours', 'did you mean "h"?'],
  ])('"%s" is answered with what was meant', async (freq, answer) => {
    const error = await thrown(() => new NeuralForecast({ models: [model], freq }))
    expect(error).toMatchObject({ code: 'ERR_NF_FREQ', details: { actual: freq } })
    expect(error.message).toContain(answer)
  })
})

test('numbers beyond 32 bits are refused where they are', async () => {
  const nf = new NeuralForecast({ models: [model], freq: 1 })
  const error = await thrown(() => nf.fit({ ds: count(30), y: y(30).map((v, i) => (i === 7 ? 1e39 : v)) }))
  expect(error).toMatchObject({ code: 'ERR_NF_SCHEMA', details: { uniqueId: 'y', ds: 7, column: 'y' } })
  expect(error.message).toBe(
    'series "y", 7: "y" is 1e39, which exceeds what 32-bit numbers hold (3.4e38); scale the column',
  )
})
