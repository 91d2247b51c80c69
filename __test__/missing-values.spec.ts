// Missing values: refused where a forecast would begin from them, until the user says what to do.
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MLP, NeuralForecast, type OnMissing } from '@neural-trader/backend'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, thrown } from './data.js'
import { node } from './process.js'

const options = { h: 4, inputSize: 8, maxSteps: 5, hiddenSize: 8, scalerType: 'robust', randomSeed: 1 } as const
const rows = (missing: number) => Array.from({ length: 30 }, (_, i) => ({ ds: i, y: i < 30 - missing ? 5000 : null }))
const make = () => new NeuralForecast({ freq: 1, models: [MLP(options)] })

const masked = '"y" is missing in 6 rows of 1 series ("y": 6); they are masked, and a forecast whose input has one'
const refused = '"y" is missing in series "y" at 24, 25, 26 and 3 more, in the input of MLP (inputSize 8); fill it in'

describe('the end of a series is missing', () => {
  let nf: NeuralForecast
  beforeAll(async () => {
    nf = make()
    const { dataWarnings } = await nf.fit(rows(6))
    expect(dataWarnings).toEqual([`${masked} is an error unless onMissing says what to do`])
  })

  test('a forecast says so instead of beginning from 0', async () => {
    const error = await thrown(() => nf.predict())
    expect(error.message).toBe(
      `${refused}, or set onMissing to "mask", "fillForward", "fillZero" or "interpolate", here or when fitting`,
    )
    expect(error).toMatchObject({
      code: 'ERR_NF_MISSING_VALUE',
      details: { uniqueId: 'y', ds: 24, column: 'y', model: 'MLP', option: 'onMissing', actual: 6 },
    })
    expect((await thrown(() => nf.predictInsample())).message).toContain('"y" is missing in series "y" at 24, 25')
  })

  test.each<OnMissing>(['fillForward', 'interpolate'])('%s forecasts from the last value', async (onMissing) => {
    // Eight seeds give 0.2 to 0.4; a forecast from 0 is 4900 off.
    for (const forecast of [await nf.predict({ onMissing }), await nf.predict({ data: rows(6), onMissing })])
      for (const value of forecast.column('MLP')) expect(Math.abs(value - 5000)).toBeLessThan(0.6)
    expect((await nf.predictInsample({ onMissing })).column('y').every((y) => y === 5000)).toBe(true)
  })

  test('mask forecasts as of rows that are not available, error refuses, and other words are no choice', async () => {
    const masked = (await nf.predict({ onMissing: 'mask' })).column('MLP')
    const data = rows(6).map(({ ds, y }) => ({ ds, y: y ?? 777, available_mask: y === null ? 0 : 1 }))
    expect((await nf.predict({ data })).column('MLP')).toEqual(masked)
    expect(masked).not.toEqual((await nf.predict({ onMissing: 'fillForward' })).column('MLP'))
    expect((await nf.predictInsample({ onMissing: 'mask' })).column('y').at(-1)).toBeNaN()
    expect((await thrown(() => nf.predict({ onMissing: 'error' }))).code).toBe('ERR_NF_MISSING_VALUE')
    const wrong = await thrown(() => nf.predict({ onMissing: 'drop' as OnMissing }))
    expect(wrong).toMatchObject({ code: 'ERR_NF_INVALID_OPTION', details: { option: 'onMissing' } })
  })
})

test('what fit was told is kept in the checkpoint', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'neural-trader-'))
  try {
    const nf = make()
    expect((await nf.fit(rows(0), { onMissing: 'fillForward', onGap: 'mask' })).dataWarnings).toEqual([])
    await nf.save(join(dir, 'model'))
    const again = await NeuralForecast.load(join(dir, 'model'))
    const data = rows(2).filter(({ ds }) => ds !== 10)
    // Eight seeds give 0.2 to 0.4; a forecast from 0 is 4900 off.
    for (const forecast of [await nf.predict({ data }), await again.predict({ data })])
      for (const value of forecast.column('MLP')) expect(Math.abs(value - 5000)).toBeLessThan(0.6)
    expect((await thrown(() => again.predict({ data, onMissing: 'error' }))).code).toBe('ERR_NF_MISSING_VALUE')
    expect((await thrown(() => again.predict({ data, onGap: 'error' }))).code).toBe('ERR_NF_GAP')
  } finally {
    await rm(dir, { recursive: true })
  }
})

describe('the command line', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'neural-trader-'))
    const lines = rows(6).filter(({ ds }) => ds !== 10)
    writeFileSync(join(dir, 'data.csv'), `ds,y\n${lines.map(({ ds, y }) => `${ds},${y ?? ''}`).join('\n')}\n`)
    writeFileSync(join(dir, 'models.json'), JSON.stringify([MLP(options)]))
  })
  afterAll(() => rm(dir, { recursive: true }))
  const run = (...args: string[]) => node([join(root, 'js', 'cli.js'), ...args], { cwd: dir })
  const forecast = (...args: string[]) =>
    run('forecast', 'data.csv', '--h', '4', '--freq', '1', '--config', 'models.json', ...args)

  test('takes the choices', async () => {
    expect((await forecast()).stderr).toMatch(/^error\[ERR_NF_GAP\]/)
    const gone = await forecast('--on-gap', 'fillForward')
    expect({ code: gone.code, stdout: gone.stdout }).toEqual({ code: 1, stdout: '' })
    expect(gone.stderr).toMatch(/^error\[ERR_NF_MISSING_VALUE\]: "y" is missing in series "y" at 24, 25, 26 and 3 more/)
    const filled = await forecast('--on-gap', 'fillForward', '--on-missing', 'interpolate', '--save', 'filled')
    expect([filled.code, filled.stdout.split('\n')[0]]).toEqual([0, 'unique_id,ds,MLP'])
    const predicted = await run('predict', 'filled', '--data', 'data.csv')
    expect({ code: predicted.code, stdout: predicted.stdout }).toEqual({ code: 0, stdout: filled.stdout })
    const refused = await run('predict', 'filled', '--data', 'data.csv', '--on-missing', 'error', '--on-gap', 'mask')
    expect(refused.stderr).toMatch(/^error\[ERR_NF_MISSING_VALUE\]/)
    expect((await run('insample', 'filled', '--on-missing', 'mask')).code).toBe(0)
  })
})
