// HINT: forecasts of a hierarchy of series that add up.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Forecast, HINT, loss, MLP, NeuralForecast, TFT } from '@neural-trader/backend'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, thrown } from './data.js'
import { node } from './process.js'

const rows = 48
const bottom = {
  'a/x': (i: number) => 20 + (i % 4) + Math.sin(i),
  'a/y': (i: number) => 30 + 2 * (i % 4) + Math.cos(3 * i),
  b: (i: number) => 50 - (i % 4) + Math.sin(2 * i),
}
const series = {
  ...bottom,
  a: (i: number) => bottom['a/x'](i) + bottom['a/y'](i),
  all: (i: number) => bottom['a/x'](i) + bottom['a/y'](i) + bottom.b(i),
}
const table = Object.entries(series).flatMap(([id, y]) =>
  Array.from({ length: rows }, (_, i) => ({ unique_id: id, ds: i, y: y(i) })),
)
const ids = ['all', 'a', 'a/x', 'a/y', 'b']
const S = [
  [1, 1, 1],
  [1, 1, 0],
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
]
const options = { h: 4, inputSize: 12, maxSteps: 20, scalerType: 'standard', randomSeed: 1 } as const
const normal = loss.distribution('Normal', { level: [80], numSamples: 200 })
const model = MLP({ ...options, hiddenSize: 16, loss: normal })

/** How far the sums of a column are off, relative to the largest of its values. */
function incoherence(forecast: Forecast, column: string) {
  const of = Object.fromEntries(ids.map((id) => [id, forecast.series(id)[column]]))
  const off = (total: string, parts: string[]) =>
    Array.from(of[total], (v, t) => Math.abs(v - parts.reduce((sum, id) => sum + of[id][t], 0)) / Math.abs(v))
  return Math.max(...off('all', ['a/x', 'a/y', 'b']), ...off('a', ['a/x', 'a/y']))
}

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'neural-trader-'))
})
afterAll(() => rm(dir, { recursive: true }))

describe.each(['BottomUp', 'MinTraceOLS', 'MinTraceWLS'] as const)('HINT with %s', (reconciliation) => {
  let nf: NeuralForecast
  let forecast: Forecast
  beforeAll(async () => {
    nf = new NeuralForecast({ freq: 1, models: [HINT({ model, S, ids, reconciliation }), model] })
    await nf.fit(table)
    forecast = await nf.predict()
  })

  test('has means that add up, where those of its model alone do not', () => {
    expect(forecast.columns.slice(0, 4)).toEqual(['HINT', 'HINT-median', 'HINT-lo-80', 'HINT-hi-80'])
    expect(incoherence(forecast, 'HINT')).toBeLessThan(1e-4)
    expect(incoherence(forecast, 'MLP')).toBeGreaterThan(1e-3)
  })

  test('has intervals around its medians, scores, and a chart', () => {
    const { lo, hi } = forecast.interval('HINT', 80)
    const median = forecast.column('HINT-median')
    expect(median.every((v, i) => lo[i] < v && v < hi[i])).toBe(true)
    expect(forecast.quantile('HINT', 0.1)).toEqual(lo)
    const truth = Object.entries(series).flatMap(([id, y]) =>
      Array.from({ length: 4 }, (_, i) => ({ unique_id: id, ds: rows + i, y: y(rows + i) })),
    )
    const { HINT: scores } = forecast.metrics(truth)
    expect(scores.mae).toBeLessThan(40)
    expect(forecast.toSVG({ ids: ['all'], models: ['HINT'] })).toMatch(/^<svg /)
  })

  test('adds up further ahead, in the past, and after it was saved', async () => {
    expect(incoherence(await nf.predict({ h: 10, level: [80] }), 'HINT')).toBeLessThan(1e-4)
    expect(incoherence(await nf.predictInsample({ stepSize: 4 }), 'HINT')).toBeLessThan(1e-4)
    const path = join(dir, reconciliation)
    await nf.save(path)
    const loaded = await NeuralForecast.load(path)
    expect(loaded.models[0]).toMatchObject({ model: 'HINT', options: { S, ids, reconciliation } })
    expect((await loaded.predict()).column('HINT')).toEqual(forecast.column('HINT'))
  })
})

test('a spec of HINT is plain frozen JSON that holds the spec of its model', () => {
  const spec = HINT({ model, S: S.map((row) => new Float64Array(row)), reconciliation: 'BottomUp', alias: 'sums' })
  expect(spec).toEqual({ model: 'HINT', options: { model, S, reconciliation: 'BottomUp', alias: 'sums' } })
  expect(Object.isFrozen(spec.options.S)).toBe(true)
  const nf = new NeuralForecast({ freq: 1, models: [JSON.parse(JSON.stringify(spec))] })
  expect(nf.models).toEqual([spec])
})

test('training reports progress under its name, and can be cancelled', async () => {
  const nf = new NeuralForecast({ freq: 1, models: [HINT({ model, S, ids, reconciliation: 'BottomUp' })] })
  const names = new Set<string>()
  const report = await nf.fit(table, { onProgress: ({ model }) => names.add(model), progressIntervalMs: 0 })
  expect(report.models.map((m) => m.name)).toEqual(['HINT'])
  expect([...names]).toEqual(['HINT'])
  expect(nf.memoryUsage().weights).toBeGreaterThan(0)
  expect((await thrown(() => nf.predict({ signal: AbortSignal.abort() }))).name).toBe('AbortError')
})

test('a wrapped model can be interpreted', async () => {
  const tft = TFT({ ...options, maxSteps: 2, hiddenSize: 8, loss: normal })
  const nf = new NeuralForecast({ freq: 1, models: [HINT({ model: tft, S, ids, reconciliation: 'MinTraceOLS' })] })
  await nf.fit(table)
  const forecast = await nf.predict({ interpretation: true })
  expect(incoherence(forecast, 'HINT')).toBeLessThan(1e-4)
  expect(forecast.interpretation('HINT')?.past.names).toContain('observed_target')
})

describe('what HINT cannot do is refused:', () => {
  const hint = (more: object) =>
    new NeuralForecast({ freq: 1, models: [HINT({ model, S, ids, reconciliation: 'BottomUp', ...more })] })

  test.each([
    [{ S: [[1], [Number.NaN]] }, 'S', 'S[1][0] is "NaN"; every entry of S must be a finite number'],
    [{ S: [[1, 1], [1]] }, 'S', 'S[1] has 1 column, and S[0] has 2; each row needs one for each bottom series'],
    [{ reconciliation: 'bottomup' }, 'reconciliation', /; did you mean "BottomUp"\?$/],
    [{ ids: ['all'] }, 'ids', 'ids names 1 series, and S has 5 rows; name the series of each row'],
    [{ h: 4 }, 'h', 'HINT has no option "h"; it is an option of the model that HINT wraps'],
    [
      { model: MLP(options) },
      'loss',
      "HINT reconciles samples, and MAE, the loss of MLP, gives none; train MLP with a distribution, such as loss.distribution('Normal')",
    ],
  ])('%j', async (more, option, message) => {
    const error = await thrown(() => hint(more))
    expect(error.message).toMatch(message)
    expect(error.details).toMatchObject({ option, model: 'HINT' })
  })

  test('a predictor, series that are missing, and scalers of whole series', async () => {
    const nf = hint({})
    await nf.fit(table)
    expect(await thrown(() => nf.predictor())).toMatchObject({ code: 'ERR_NF_UNSUPPORTED' })
    const data = table.filter((row) => row.unique_id !== 'b')
    expect(await thrown(() => nf.predict({ data }))).toMatchObject({
      code: 'ERR_NF_SCHEMA',
      details: { uniqueId: 'b', model: 'HINT' },
    })
    const local = { freq: 1, localScalerType: 'standard', models: nf.models } as const
    expect(await thrown(() => new NeuralForecast(local))).toMatchObject({
      code: 'ERR_NF_UNSUPPORTED',
      details: { option: 'localScalerType', model: 'HINT' },
    })
  })
})

describe('the command line', () => {
  const run = (...args: string[]) => node([join(root, 'js', 'cli.js'), ...args], { cwd: dir })

  test('forecasts with HINT from a file, and loads what it saved', async () => {
    const { h: _, inputSize: __, ...rest } = model.options
    const spec = HINT({ model: { model: 'MLP', options: rest }, S, ids, reconciliation: 'MinTraceOLS' })
    writeFileSync(join(dir, 'hint.json'), JSON.stringify([spec]))
    const csv = ['unique_id,ds,y', ...table.map(({ unique_id, ds, y }) => `${unique_id},${ds},${y}`)]
    writeFileSync(join(dir, 'data.csv'), csv.join('\n'))
    mkdirSync(join(dir, 'out'))
    const args = ['data.csv', '--h', '4', '--freq', '1', '--config', 'hint.json', '--save', 'hint', '--out', 'f.csv']
    const { code, stderr } = await run('forecast', ...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'wrote f.csv\nsaved hint\n' })
    const text = readFileSync(join(dir, 'f.csv'), 'utf8')
    expect(text.split('\n')[0]).toBe('unique_id,ds,HINT,HINT-median,HINT-lo-80,HINT-hi-80')
    expect((await run('predict', 'hint')).stdout).toBe(text)
  })

  test('says that HINT needs a file, and lists its options', async () => {
    const { code, stderr } = await run('forecast', 'data.csv', '--h', '4', '--models', 'HINT')
    expect(code).toBe(2)
    expect(stderr).toContain('HINT wraps a model, with options of its own; write it in a file for --config')
    const { stdout } = await run('models')
    expect(stdout).toMatch(/Around another model, in a file for --config:\nHINT: hierarchical.*\n {2}model: ModelSpec/)
  })
})
