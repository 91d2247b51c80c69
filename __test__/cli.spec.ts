import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
    expect([wrong.code, wrong.stderr.includes('option "localScalerType" must be one of')]).toEqual([1, true])
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

test('neural-trader models lists every model with its options', async () => {
  const { code, stdout } = await run('models', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout).map((m: { name: string }) => m.name)).toEqual(['DLinear', 'LSTM', 'NHITS'])
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
    for (const command of ['forecast', 'predict', 'models', 'doctor']) expect(stdout).toContain(`\n  ${command} `)
  })

  test.each(['forecast', 'predict', 'models', 'doctor'])(
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
    /^error\[ERR_USAGE\]: there is no command "forcast"; the commands are forecast, predict, models, doctor\n/,
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

test('an output that cannot be written is an error, not a crash', async () => {
  const { code, stderr } = await forecast('--out', 'no/such/dir/f.csv')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error\[ENOENT\]: /)
})
