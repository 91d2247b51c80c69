import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { models } from '@neural-trader/backend'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { airPassengers, csvPath, root } from './data.js'
import { node } from './process.js'

const cli = join(root, 'js', 'cli.js')
let base: string
let dir: string
let count = 0
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'neural-trader-'))
})
beforeEach(() => {
  dir = join(base, String(count++))
  mkdirSync(dir)
})
afterAll(() => rm(base, { recursive: true }))

const run = (...args: string[]) => node([cli, ...args], { cwd: dir })
const forecast = (...args: string[]) =>
  run('forecast', csvPath, '--h', '12', '--models', 'DLinear', '--max-steps', '20', ...args)

describe('neural-trader cv', () => {
  const cv = (...args: string[]) =>
    run('cv', csvPath, '--h', '12', '--models', 'DLinear,NLinear', '--max-steps', '20', '--n-windows', '2', ...args)

  test('prints a leaderboard, best first, with the seasonal naive and the ensemble', async () => {
    const { code, stdout, stderr } = await cv('--ensemble', 'mean', '--metrics', 'mae,rmse', '--out', 'cv.csv')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'wrote cv.csv\n' })
    const [header, ...rows] = stdout.trimEnd().split('\n')
    expect(header.trim().split(/\s+/)).toEqual(['mae', 'rmse'])
    const names = rows.map((row) => row.split(/\s+/)[0])
    expect(names.toSorted()).toEqual(['DLinear', 'Ensemble', 'NLinear', 'SeasonalNaive'])
    const mae = rows.map((row) => Number(row.split(/\s+/)[1]))
    expect(mae).toEqual(mae.toSorted((a, b) => a - b))
    const lines = readFileSync(join(dir, 'cv.csv'), 'utf8').trimEnd().split('\n')
    expect(lines[0]).toBe('unique_id,ds,cutoff,DLinear,NLinear,Ensemble,y')
    expect(lines).toHaveLength(25)
    expect(lines[1]).toMatch(/^AirPassengers,1959-01-01,1958-12-01,/)
  })

  test('speaks JSON, of parts too', async () => {
    const { code, stdout } = await cv(
      '--json',
      '--by',
      'cutoff',
      '--step-size',
      '6',
      '--refit',
      '1',
      '--ensemble',
      'greedy',
    )
    expect(code).toBe(0)
    const { scores, parts, weights, forecast: rows } = JSON.parse(stdout)
    expect(Object.keys(scores).toSorted()).toEqual(['DLinear', 'Ensemble', 'NLinear', 'SeasonalNaive'])
    expect(parts).toHaveLength(8)
    expect(parts[0]).toMatchObject({ cutoff: '1959-06-01T00:00:00.000Z', model: 'DLinear' })
    expect(weights.DLinear + weights.NLinear).toBeCloseTo(1, 6)
    expect(rows).toHaveLength(24)
  })

  test('refuses what cannot be', async () => {
    const windows = await cv('--n-windows', '0')
    expect(windows).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--n-windows must be a whole number, 1 or more'),
    })
    const metric = await cv('--metrics', 'maes')
    expect(metric).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no metric "maes"') })
  })
})

describe('neural-trader forecast', () => {
  test('prints the forecast as CSV', async () => {
    const { code, stdout, stderr } = await forecast()
    const lines = stdout.trim().split('\n')
    expect({ code, stderr, header: lines[0] }).toEqual({ code: 0, stderr: '', header: 'unique_id,ds,DLinear' })
    expect(lines).toHaveLength(13)
    expect(lines[1]).toMatch(/^AirPassengers,1961-01-01,\d+/)
  })

  test('writes forecast and chart, prints scores beside the seasonal naive, and leaves no other file', async () => {
    const { code, stdout, stderr } = await forecast('--holdout', '--level', '80', '--out', 'f.csv', '--plot', 'f.svg')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^\s+mae\s+smape\s+mase\nDLinear\s+[\d.]+\s+[\d.]+\s+[\d.]+\nSeasonalNaive\s+47\.83\s+0\.05286\s+/,
    )
    expect(stderr).toBe('wrote f.csv\nwrote f.svg\n')
    expect(readFileSync(join(dir, 'f.csv'), 'utf8')).toMatch(
      /^unique_id,ds,DLinear-median,DLinear-lo-80,DLinear-hi-80\nAirPassengers,1960-01-01,/,
    )
    expect(readFileSync(join(dir, 'f.svg'), 'utf8')).toMatch(/^<svg /)
    expect(readdirSync(dir).toSorted()).toEqual(['f.csv', 'f.svg'])
  })

  test('speaks JSON', async () => {
    const { code, stdout } = await forecast('--json', '--holdout', '--seed', '3', '--freq', 'MS', '--input-size', '36')
    expect(code).toBe(0)
    const { models, seed, scores, forecast: rows } = JSON.parse(stdout)
    expect(models[0]).toMatchObject({ name: 'DLinear', steps: 20, parameters: 2 * (36 * 12 + 12) })
    expect(models[0].trainLoss).toHaveLength(20)
    expect(seed).toBe(3)
    expect(Object.keys(scores)).toEqual(['DLinear', 'SeasonalNaive'])
    expect(rows[0]).toMatchObject({ unique_id: 'AirPassengers', ds: '1960-01-01T00:00:00.000Z' })
  })

  test('scales series as a whole', async () => {
    const [plain, scaled] = [await forecast(), await forecast('--local-scaler', 'standard')]
    expect(scaled.code).toBe(0)
    expect(scaled.stdout).toMatch(/^unique_id,ds,DLinear\nAirPassengers,1961-01-01,[345]\d\d\./)
    expect(scaled.stdout).not.toBe(plain.stdout)
    const wrong = await forecast('--local-scaler', 'box')
    expect([wrong.code, wrong.stderr.includes('option "localScalerType" must be "standard", ')]).toEqual([1, true])
  })

  test('takes model specs from a file', async () => {
    const specs = [
      { model: 'DLinear', options: { maxSteps: 3, randomSeed: 1, loss: { kind: 'MQLoss', args: { level: [80] } } } },
      { model: 'NHITS', options: { inputSize: 13, maxSteps: 2, mlpUnits: [[4, 4]], alias: 'small' } },
    ]
    writeFileSync(join(dir, 'models.json'), JSON.stringify(specs))
    const { code, stdout, stderr } = await run(
      ...['forecast', csvPath, '--h', '4', '--config', 'models.json', '--val-size', '8', '--json'],
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { models, forecast: rows } = JSON.parse(stdout)
    expect(models.map((m: { name: string; steps: number }) => [m.name, m.steps])).toEqual([
      ['DLinear', 3],
      ['small', 2],
    ])
    expect(models[0].valLoss).toHaveLength(1)
    expect(Object.keys(rows[0])).toEqual([
      ...['unique_id', 'ds', 'DLinear-median', 'DLinear-lo-80', 'DLinear-hi-80', 'small'],
    ])
  })

  const configs: [string, string, string[], RegExp][] = [
    ['is not JSON', '[', [], /models\.json is not JSON/],
    ['holds no specs', '[1]', [], /models\.json must hold model specs/],
    [
      'forecasts other steps',
      '{"model":"DLinear","options":{"h":3}}',
      [],
      /--h is 4, but models\.json has a model with h 3/,
    ],
    ['stands beside arguments that it replaces', '[]', ['--seed', '1'], /leave out --seed/],
  ]
  test.each(configs)('a file of models that %s is refused', async (_, text, more, message) => {
    writeFileSync(join(dir, 'models.json'), text)
    const { code, stdout, stderr } = await run('forecast', csvPath, '--h', '4', '--config', 'models.json', ...more)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('reads static and future columns, and writes the times of a time zone', async () => {
    const hours = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
    const row = (t: number) => `a,${new Date(Date.UTC(2024, 2, 29) + t * 3_600_000).toISOString()},${t % 24},${t % 2}`
    writeFileSync(join(dir, 'data.csv'), `unique_id,ds,y,promo\n${hours(0, 47).map(row).join('\n')}\n`)
    writeFileSync(join(dir, 'future.csv'), `unique_id,ds,y,promo\n${hours(47, 50).map(row).join('\n')}\n`)
    writeFileSync(join(dir, 'static.csv'), 'unique_id,size\na,3\n')
    const options = { maxSteps: 1, mlpUnits: [[4, 4]], futrExogList: ['promo'], statExogList: ['size'] }
    writeFileSync(join(dir, 'models.json'), JSON.stringify({ model: 'NHITS', options }))
    const { code, stdout, stderr } = await run(
      ...['forecast', 'data.csv', '--h', '3', '--config', 'models.json', '--time-zone', 'Europe/Berlin'],
      ...['--static', 'static.csv', '--future', 'future.csv', '--save', 'model'],
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'saved model\n' })
    const times = stdout.split('\n').map((line) => line.split(',')[1])
    expect(times.slice(1, 4)).toEqual([
      ...['2024-03-31 00:00:00+01:00', '2024-03-31 01:00:00+01:00', '2024-03-31 03:00:00+02:00'],
    ])
    const again = await run('predict', 'model', '--future', 'future.csv')
    expect(again).toEqual({ code: 0, stderr: '', stdout })
  })

  test('takes other column names', async () => {
    const lines = airPassengers.ds.map((ds, i) => `a;${ds};${airPassengers.y[i]}`)
    writeFileSync(join(dir, 'sales.csv'), `shop;month;sales\n${lines.join('\n')}\n`)
    const columns = ['--id-col', 'shop', '--time-col', 'month', '--target-col', 'sales']
    const { code, stdout } = await run(
      'forecast',
      'sales.csv',
      '--h',
      '2',
      '--models',
      'DLinear',
      '--max-steps',
      '2',
      '--holdout',
      '--json',
      ...columns,
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout).forecast[1]).toMatchObject({ shop: 'a', month: '1960-12-01T00:00:00.000Z' })
  })

  // Windows has no SIGINT to send to another process.
  test.runIf(process.platform !== 'win32')('an interrupt ends it with 130 and nothing half-written', async () => {
    writeFileSync(join(dir, 'f.csv'), 'old')
    const args = [
      'forecast',
      csvPath,
      '--h',
      '12',
      '--max-steps',
      '1000000',
      '--out',
      'f.csv',
      '--plot',
      'f.svg',
      '--save',
      'model',
    ]
    const { code, stderr } = await node([cli, ...args], {
      cwd: dir,
      watch: (kill) => setTimeout(() => kill('SIGINT'), 1500),
    })
    expect({ code, stderr }).toEqual({ code: 130, stderr: 'interrupted; nothing was written\n' })
    expect(readdirSync(dir)).toEqual(['f.csv'])
    expect(readFileSync(join(dir, 'f.csv'), 'utf8')).toBe('old')
  })
})

describe('neural-trader predict', () => {
  test('forecasts with the models that forecast saved', async () => {
    const first = await forecast('--save', 'model')
    expect(first.stderr).toBe('saved model\n')
    const { code, stdout } = await run('predict', 'model')
    expect({ code, stdout }).toEqual({ code: 0, stdout: first.stdout })
  })

  test('goes further than the training', async () => {
    const first = await forecast('--save', 'model')
    const { code, stdout } = await run('predict', 'model', '--h', '30')
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(0, 3)).toEqual(first.stdout.split('\n').slice(0, 3))
    expect(stdout.trim().split('\n')).toHaveLength(31)
    expect((await run('predict', 'model', '--h', '1')).stderr).toMatch(/^error\[ERR_NF_INVALID_OPTION\]: option "h" /)
  })

  test('continues other data', async () => {
    await forecast('--save', 'model')
    const lines = airPassengers.ds.slice(0, 60).map((ds, i) => `b,${ds},${airPassengers.y[i]}`)
    writeFileSync(join(dir, 'new.csv'), `unique_id,ds,y\n${lines.join('\n')}\n`)
    const { code, stderr } = await run('predict', 'model', '--data', 'new.csv', '--out', 'f.csv', '--plot', 'f.svg')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'wrote f.csv\nwrote f.svg\n' })
    expect(readFileSync(join(dir, 'f.csv'), 'utf8').split('\n')[1]).toMatch(/^b,1954-01-01,/)
    expect(existsSync(join(dir, 'f.svg'))).toBe(true)
  })
})

test('neural-trader insample forecasts the training data', async () => {
  await forecast('--save', 'model')
  const { code, stdout } = await run('insample', 'model', '--step-size', '12')
  const lines = stdout.trim().split('\n')
  expect({ code, header: lines[0], rows: lines.length - 1 }).toEqual({
    ...{ code: 0, header: 'unique_id,ds,cutoff,DLinear,y', rows: 144 },
  })
  expect((await run('insample', 'model', '--step-size', '0')).stderr).toMatch(/^error\[ERR_USAGE\]: --step-size/)
  expect((await run('insample', 'model', '--json', '--out', 'f.csv')).stdout).toContain('"f.csv"')
})

test('neural-trader models lists every model with its options', async () => {
  const { code, stdout } = await run('models', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual(models())
  expect((await run('models')).stdout).toContain('movingAvgWindow: number (25)')
})

test('neural-trader doctor finds this installation healthy', async () => {
  const { code, stdout } = await run('doctor', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ healthy: true, loads: true, selfCheck: { passed: true } })
  expect((await run('doctor')).stdout).toContain('all is well')
})

describe('help', () => {
  test.each([[[]], [['--help']], [['-h']]])('neural-trader %j lists the commands', async (args: string[]) => {
    const { code, stdout } = await run(...args)
    expect(code).toBe(0)
    for (const command of ['forecast', 'predict', 'insample', 'models', 'doctor'])
      expect(stdout).toContain(`\n  ${command} `)
  })

  test.each(['forecast', 'predict', 'insample', 'models', 'doctor'])(
    'neural-trader %s --help has usage and an example',
    async (command) => {
      const { code, stdout } = await run(command, '--help')
      expect(code).toBe(0)
      expect(stdout).toContain(`usage: neural-trader ${command}`)
      expect(stdout).toContain(`example: neural-trader ${command}`)
    },
  )

  test('--version prints the version', async () => {
    expect((await run('--version')).stdout).toBe('3.0.0\n')
  })
})

const wrong: [string, string[], number, RegExp][] = [
  [
    'an unknown command',
    ['forcast'],
    2,
    /^error\[ERR_USAGE\]: there is no command "forcast"; the commands are forecast, cv, predict, insample, models, doctor\n/,
  ],
  [
    'an unknown option',
    ['forecast', 'x.csv', '--h', '2', '--hold'],
    2,
    /^error\[ERR_USAGE\]: Unknown option '--hold'\ntry: neural-trader forecast --help\n$/,
  ],
  ['no horizon', ['forecast', 'x.csv'], 2, /forecast needs --h/],
  [
    'a horizon in words',
    ['forecast', 'x.csv', '--h', 'twelve'],
    2,
    /--h must be a whole number, 1 or more, got "twelve"/,
  ],
  ['a level in words', ['forecast', 'x.csv', '--h', '2', '--level', 'high'], 2, /--level must be percentages/],
  [
    'a level as a share',
    ['forecast', 'x.csv', '--h', '2', '--level', '80,0.9'],
    2,
    /--level must be percentages from 1 to below 100, got "0.9"; did you mean 90\?/,
  ],
  ['no file', ['forecast', '--h', '2'], 2, /forecast takes data.csv, got nothing/],
  ['a file that is not there', ['forecast', 'x.csv', '--h', '2'], 1, /^error\[ERR_NF_SCHEMA\]: .*x\.csv[^\n]*\n$/],
  [
    'a model that does not exist',
    ['forecast', 'x.csv', '--h', '2', '--models', 'NHIST'],
    1,
    /^error\[ERR_NF_UNSUPPORTED\]: .*"NHITS"/,
  ],
  ['a directory without models', ['predict', 'x'], 1, /^error\[ERR_NF_CHECKPOINT\]: /],
]
test.each(wrong)('%s is told in one line', async (_, args, expected, message) => {
  const { code, stdout, stderr } = await run(...args)
  expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
  expect(stderr).toMatch(message)
})

test('no output takes the place of what is read', async () => {
  const data = join(dir, 'data.csv')
  const before = readFileSync(csvPath, 'utf8')
  writeFileSync(data, before)
  for (const [args, message] of [
    [['--out', data], `error[ERR_USAGE]: --out ${data}: the data is read from there; give another name`],
    [
      ['--out', 'f.csv', '--future', 'f.csv'],
      'error[ERR_USAGE]: --out f.csv: --future is read from there; give another name',
    ],
  ] as const) {
    const { code, stderr } = await run('forecast', data, '--h', '12', ...args)
    expect([code, stderr.split('\n')[0]]).toEqual([2, message])
  }
  expect(readFileSync(data, 'utf8')).toBe(before)
})

test('an output that cannot be written is an error, not a crash', async () => {
  const { code, stderr } = await forecast('--out', 'no/such/dir/f.csv')
  expect(code).toBe(1)
  expect(stderr).toBe('error[ENOENT]: --out no/such/dir/f.csv: there is no directory no/such/dir; make it first\n')
})

const places: [string, string[], number, string][] = [
  ['a chart that is no SVG', ['--plot', 'p.png'], 2, 'a chart is written as SVG, so the name must end in .svg'],
  ['a chart without an ending', ['--plot', 'p'], 2, '--plot p: a chart is written as SVG'],
  ...['json', 'parquet', 'xlsx', 'arrow', 'feather'].map((ending): [string, string[], number, string] => [
    `a forecast as .${ending}`,
    ['--out', `f.${ending}`],
    2,
    `--out f.${ending}: the forecast is written as CSV, so the name must not end in .${ending}, but in .csv`,
  ]),
  [
    'one name for two files',
    ['--out', 'x.svg.csv', '--save', './x.svg.csv'],
    2,
    '--out writes there too; give two names',
  ],
  [
    'a file in what is replaced',
    ['--out', 'model/f.csv', '--save', 'model'],
    2,
    'it is replaced as a whole, and --out is in it',
  ],
  ['a directory as file', ['--out', 'taken'], 1, '--out taken: this is a directory; give the name of a file in it'],
  ['a file as directory', ['--save', 'file'], 1, '--save file: there is a file of this name; give a directory'],
  [
    'a directory that is no checkpoint',
    ['--save', 'taken'],
    1,
    'taken: holds "note.txt", which is no part of a checkpoint',
  ],
  ['a chart in no directory', ['--plot', 'no/p.svg'], 1, '--plot no/p.svg: there is no directory no; make it first'],
  ['a chart in a file', ['--plot', 'file/p.svg'], 1, '--plot file/p.svg: file is a file, not a directory'],
  ['a checkpoint below a file', ['--save', 'file/a/model'], 1, 'is a file, not a directory'],
]
test.each(places)('%s is refused before any work', async (_, args, expected, message) => {
  mkdirSync(join(dir, 'taken'))
  writeFileSync(join(dir, 'taken', 'note.txt'), '')
  writeFileSync(join(dir, 'file'), '')
  // The data are not there, which is told by whatever begins to work.
  const { code, stdout, stderr } = await run('forecast', 'none.csv', '--h', '2', ...args)
  expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('.tmp')
  expect(readdirSync(dir).toSorted()).toEqual(['file', 'taken'])
})

test('saving makes the directories above', async () => {
  expect((await forecast('--save', 'a/b/model')).code).toBe(0)
  expect(existsSync(join(dir, 'a', 'b', 'model', 'configuration.json'))).toBe(true)
  const { code, stderr } = await run('predict', 'a/b/model', '--out', 'no/f.csv')
  expect([code, stderr]).toEqual([1, 'error[ENOENT]: --out no/f.csv: there is no directory no; make it first\n'])
})

test('columns of other names are told with the arguments that say so', async () => {
  const lines = airPassengers.ds.map((ds, i) => `${ds},${airPassengers.y[i]}`)
  writeFileSync(join(dir, 'sales.csv'), `date,total sales,value\n${lines.map((l) => `${l},1`).join('\n')}\n`)
  for (const more of [[], ['--holdout']]) {
    const { code, stderr } = await run('forecast', 'sales.csv', '--h', '2', ...more)
    expect(code).toBe(1)
    expect(stderr).toContain('Say what the columns are called: --time-col date --target-col value\n')
  }
})
