import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loss, models, NeuralForecast } from '@neural-trader/backend'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, thrown, train } from './data.js'

const options = { h: 12, inputSize: 24, maxSteps: 5, randomSeed: 1 }
/** What differs from the defaults, for some. */
const differs: Record<string, object> = {
  DLinear: { scalerType: 'standard' },
  KAN: { hiddenSize: 8 },
  LSTM: { encoderHiddenSize: 8 },
  NHITS: { loss: loss.mq({ level: [90] }) },
  SOFTS: { hiddenSize: 16, dCore: 16, dFf: 16 },
  SOFTSSharp: { hiddenSize: 16, dCore: 16, dFf: 16 },
  TimesNet: { hiddenSize: 16, convHiddenSize: 16, numKernels: 3 },
  TimeXer: { hiddenSize: 16, dFf: 16 },
  TSMixer: { dropout: 0.1 },
  iTransformer: { hiddenSize: 16, dFf: 16 },
  xLSTM: { encoderHiddenSize: 16, backbone: 'sLSTM' },
  TimeLLM: {
    llm: join(root, 'core/tests/fixtures/llm/tiny_gpt2'),
    dLlm: 16,
    dFf: 8,
    patchLen: 4,
    stride: 2,
    numTokens: 16,
  },
}
const spec = (name: string) => ({ model: name, options: { ...options, ...differs[name] } })

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'neural-trader-'))
})
afterAll(() => rm(dir, { recursive: true }))

const files = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name)).toString('hex')]))

describe.each(models().map((m) => m.name))('%s', (name) => {
  test('forecasts the same bytes after saving and loading, and saves the same files again', async () => {
    const nf = new NeuralForecast({ freq: 'MS', models: [spec(name)] })
    await nf.fit(train)
    const path = join(dir, name)
    await nf.save(path)
    const loaded = await NeuralForecast.load(path)
    expect(loaded.fitted).toBe(true)
    expect(loaded.models[0].model).toBe(name)
    const [before, after] = [await nf.predict(), await loaded.predict()]
    expect(after.columns).toEqual(before.columns)
    for (const column of before.columns) expect(after.column(column)).toEqual(before.column(column))
    expect(after.toCsv()).toBe(before.toCsv())
    await loaded.save(join(dir, `${name}-again`))
    expect(files(join(dir, `${name}-again`))).toEqual(files(path))
  })
})

test('a directory is replaced only when asked to', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [spec('DLinear')] })
  await nf.fit(train)
  const path = join(dir, 'twice')
  await nf.save(path)
  expect((await thrown(() => nf.save(path))).code).toBe('ERR_NF_CHECKPOINT')
  await nf.save(path, { overwrite: true })
  expect((await NeuralForecast.load(path)).fitted).toBe(true)
})

test('without its dataset a checkpoint forecasts from the data it is given', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [spec('DLinear')] })
  await nf.fit(train)
  const path = join(dir, 'without')
  await nf.save(path, { saveDataset: false })
  const loaded = await NeuralForecast.load(path)
  expect((await thrown(() => loaded.predict())).code).toBe('ERR_NF_NOT_FITTED')
  const forecast = await loaded.predict({ data: train })
  expect(forecast.column('DLinear')).toEqual((await nf.predict()).column('DLinear'))
})

test('a loaded forecaster can be fitted anew', async () => {
  const nf = new NeuralForecast({ freq: 'MS', models: [spec('DLinear')] })
  await nf.fit(train)
  const path = join(dir, 'anew')
  await nf.save(path)
  const loaded = await NeuralForecast.load(path)
  await loaded.fit(train)
  expect((await loaded.predict()).column('DLinear')).toEqual((await nf.predict()).column('DLinear'))
})
