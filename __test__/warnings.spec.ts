// What is noticed and is not an error: forecasts, scores and the command line say so.
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DLinear, MLP, NeuralForecast, NHITS } from '@neural-trader/backend'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, thrown } from './data.js'
import { node } from './process.js'

const options = { h: 4, inputSize: 8, maxSteps: 5, randomSeed: 1 } as const
const series = (unique_id: string, from: number, to: number, y: (i: number) => number) =>
  Array.from({ length: to - from }, (_, i) => ({ unique_id, ds: from + i, y: y(from + i) }))
const wave = (i: number) => 10 + Math.sin(i) + (i % 3)

describe('series shorter than the input', () => {
  let nf: NeuralForecast
  const data = series('new', 0, 3, wave)
  const message = '1 series has fewer rows than the 8 that MLP takes as input (inputSize 8): "new" (3 rows); '
  beforeAll(async () => {
    nf = new NeuralForecast({ freq: 1, models: [MLP({ ...options, hiddenSize: 8 })] })
    await nf.fit(series('a', 0, 30, wave))
  })

  test('are forecast with a warning, which cannot be changed', async () => {
    expect((await nf.predict()).warnings).toEqual([])
    const { warnings } = await nf.predict({ data })
    expect(warnings).toEqual([`${message}the input is padded with zeros`])
    expect(Object.isFrozen(warnings)).toBe(true)
    expect((await nf.predictInsample()).warnings).toEqual([])
  })

  test('are refused with onShort', async () => {
    const error = await thrown(() => nf.predict({ data, onShort: 'error' }))
    expect(error.message).toBe(`${message}give more rows, or set onShort to "pad"`)
    expect(error).toMatchObject({
      code: 'ERR_NF_SHORT_SERIES',
      details: { uniqueId: 'new', option: 'onShort', model: 'MLP', expected: 8, actual: 3 },
    })
    const wrong = await thrown(() => nf.predict({ data, onShort: 'drop' as 'pad' }))
    expect(wrong).toMatchObject({ code: 'ERR_NF_INVALID_OPTION', details: { option: 'onShort' } })
  })
})

describe('scores of a panel with a constant and a short series', () => {
  const table = [...series('a', 0, 30, wave), ...series('b', 0, 30, () => 7), ...series('c', 18, 30, wave)]
  const actual = ['a', 'b', 'c'].flatMap((id) => series(id, 30, 34, id === 'b' ? () => 7 : wave))
  const nf = new NeuralForecast({ freq: 1, models: [DLinear(options)] })
  beforeAll(() => nf.fit(table))

  test('leave out what they would divide by 0 for, and say so', async () => {
    const forecast = await nf.predict()
    const scores = forecast.metrics(actual, ['mae', 'mase'], { seasonLength: 3, seasonalNaive: true })
    expect(scores.warnings).toEqual([
      'mase leaves out 1 of 3 series ("b"): their values repeat every 3 steps, and the seasonal naive error that it divides by is 0',
    ])
    expect(Object.keys(scores)).toEqual(['DLinear', 'SeasonalNaive'])
    expect(JSON.parse(JSON.stringify(scores))).not.toHaveProperty('warnings')
    // The mean error of the same step of the last season, over all three series; that of "b" is 0.
    const season = (size: number, from: number, to: number) => {
      const off = Array.from({ length: to - from }, (_, i) => Math.abs(wave(from + i) - wave(from + i - size)))
      return off.reduce((sum, v) => sum + v) / off.length
    }
    const ahead = Array.from({ length: 4 }, (_, i) => Math.abs(wave(30 + i) - wave(27 + (i % 3))))
    const naive = ahead.reduce((sum, v) => sum + v) / 4
    expect(scores.SeasonalNaive.mae).toBeCloseTo((2 * naive) / 3, 5)
    expect(scores.SeasonalNaive.mase).toBeCloseTo((naive / season(3, 3, 30) + naive / season(3, 21, 30)) / 2, 5)
    const off = Array.from(forecast.column('DLinear'), (v, i) => Math.abs(v - actual[i].y))
    const [a, , c] = [0, 4, 8].map((at) => off.slice(at, at + 4).reduce((sum, v) => sum + v) / 4)
    expect(scores.DLinear.mae).toBeCloseTo(off.reduce((sum, v) => sum + v) / 12, 5)
    expect(scores.DLinear.mase).toBeCloseTo((a / season(3, 3, 30) + c / season(3, 21, 30)) / 2, 5)
    const far = forecast.metrics(actual, ['mase'], { seasonLength: 12, seasonalNaive: true })
    expect(far.warnings[0]).toBe(
      'mase leaves out 1 of 3 series ("c"): they have no values 12 steps apart before the forecast',
    )
    const further = forecast.metrics(actual, ['mae'], { seasonLength: 13, seasonalNaive: true })
    expect(further.warnings).toEqual([
      'the scores of "SeasonalNaive" leave out 1 of 3 series ("c"): it has no forecast of all their times',
    ])
    expect(further.SeasonalNaive.mae).toBeCloseTo(season(13, 30, 34) / 2, 5)
    const none = forecast.metrics(actual, ['mase'], { seasonLength: 99 })
    expect(none.DLinear.mase).toBeNaN()
    expect(none.warnings.at(-1)).toBe('mase is NaN: there is nothing left to score')
  })

  test('a model cannot be called as the warnings are', async () => {
    const other = new NeuralForecast({ freq: 1, models: [DLinear({ ...options, alias: 'warnings' })] })
    await other.fit(table)
    const forecast = await other.predict()
    const error = await thrown(() => forecast.metrics(actual))
    expect(error).toMatchObject({ code: 'ERR_NF_INVALID_OPTION', details: { option: 'alias', model: 'warnings' } })
  })
})

describe('the command line prints notes', () => {
  let dir: string
  const csv = (rows: { unique_id: string; ds: number; y: number }[]) =>
    `unique_id,ds,y\n${rows.map(({ unique_id, ds, y }) => `${unique_id},${ds},${y}`).join('\n')}\n`
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'neural-trader-'))
    writeFileSync(join(dir, 'data.csv'), csv([...series('a', 0, 30, wave), ...series('b', 0, 30, () => 7)]))
    writeFileSync(join(dir, 'new.csv'), csv(series('new', 0, 3, wave)))
    const models = [DLinear({ ...options, startPaddingEnabled: true })]
    writeFileSync(join(dir, 'models.json'), JSON.stringify(models))
  })
  afterAll(() => rm(dir, { recursive: true }))
  const run = (...args: string[]) => node([join(root, 'js', 'cli.js'), ...args], { cwd: dir })
  const forecast = (file: string, ...args: string[]) =>
    run('forecast', file, '--h', '4', '--freq', '1', '--config', 'models.json', ...args)

  test('of scores, forecasts and forecasts within the data', async () => {
    const scored = await forecast('data.csv', '--holdout', '--save', 'model')
    expect(scored.code).toBe(0)
    expect(scored.stderr).toMatch(/^note: mase leaves out 1 of 2 series \("b"\): their values do not change, and/)
    const json = JSON.parse((await forecast('data.csv', '--holdout', '--json')).stdout)
    expect(json.warnings[0]).toMatch(/^mase leaves out 1 of 2 series/)
    const short = 'series has fewer rows than the 8 that DLinear takes as input (inputSize 8): "new" (3 rows)'
    const predicted = await run('predict', 'model', '--data', 'new.csv')
    expect(predicted.stderr).toBe(`note: 1 ${short}; the input is padded with zeros\n`)
    expect(JSON.parse((await run('predict', 'model', '--data', 'new.csv', '--json')).stdout).warnings).toHaveLength(1)
    writeFileSync(join(dir, 'both.csv'), csv([...series('a', 0, 30, wave), ...series('s', 0, 6, wave)]))
    const padded = await forecast('both.csv', '--save', 'padded')
    expect(padded.stderr).toMatch(/^note: 1 series has fewer rows than the 8 that DLinear takes as input/)
    expect((await run('insample', 'padded')).stderr).toMatch(
      /^note: 1 series has fewer rows than the 12 that DLinear takes as input and forecasts \(inputSize 8, h 4\): "s" \(6 rows\)/,
    )
  })
})

test('NHITS takes a number behind cubic, which changes nothing', async () => {
  const values = async (interpolationMode: 'cubic' | 'cubic-32') => {
    const nf = new NeuralForecast({
      freq: 1,
      models: [
        NHITS({
          ...options,
          mlpUnits: [
            [8, 8],
            [8, 8],
            [8, 8],
          ],
          interpolationMode,
        }),
      ],
    })
    await nf.fit(series('a', 0, 30, wave))
    return (await nf.predict()).column('NHITS')
  }
  expect(await values('cubic-32')).toEqual(await values('cubic'))
})
