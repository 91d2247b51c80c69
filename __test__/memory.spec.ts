// What would take more memory than there is, or than is allowed, is refused before it begins; what nobody has any more is
// given back.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configure, DLinear, loss, MLP, type ModelSpec, NeuralForecast, NLinear } from '@neural-trader/backend'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { csvPath, root, thrown } from './data.js'
import { node, program } from './process.js'

const wave = Array.from({ length: 200 }, (_, t) => Math.sin(t / 3))
const of = (model: ModelSpec) => new NeuralForecast({ freq: 1, models: [model] })
const small = (more: object = {}) => MLP({ h: 3, inputSize: 6, hiddenSize: 8, maxSteps: 2, ...more })
const FACE = JSON.stringify(join(root, 'js', 'index.js'))

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'neural-trader-memory-'))
})
afterAll(() => rmSync(dir, { recursive: true }))
afterEach(() => configure({}))

describe('more than there is', () => {
  test('is refused by the constructor, with bytes and the option to make smaller', async () => {
    const error = await thrown(() => of(small({ hiddenSize: 1e9 })))
    expect(error.code).toBe('ERR_NF_MEMORY_LIMIT')
    expect(error.message).toMatch(
      /^MLP needs 4\.0 EB, 4\.0 EB of that for weights, but [\d.]+ GB are free; make hiddenSize smaller than 1000000000$/,
    )
    const { expected, actual, ...where } = error.details
    expect(where).toEqual({ model: 'MLP', option: 'hiddenSize' })
    expect(actual).toBeGreaterThan(4e18)
    expect(expected).toBeLessThan(1e14)
  })

  test('is refused by fit, which leaves the forecaster free for another', async () => {
    const nf = of(NLinear({ h: 8000, inputSize: 8000 }))
    const error = await thrown(() =>
      nf.fit(
        Array.from({ length: 17_000 }, (_, t) => t % 7),
        { memoryLimitBytes: 1e9 },
      ),
    )
    expect(error.code).toBe('ERR_NF_MEMORY_LIMIT')
    expect(error.message).toMatch(/^training NLinear needs \d\.\d GB, .* make h smaller than 8000, or raise the limit$/)
    expect((await thrown(() => nf.predict())).code).toBe('ERR_NF_NOT_FITTED')
  })

  test('is refused on the command line too', async () => {
    const config = join(dir, 'models.json')
    writeFileSync(config, JSON.stringify([{ model: 'MLP', options: { hiddenSize: 1e9 } }]))
    const ended = await node([join(root, 'js', 'cli.js'), 'forecast', csvPath, '--h', '3', '--config', config])
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/^error\[ERR_NF_MEMORY_LIMIT\]: MLP needs 4\.0 EB/)
  })

  // Windows has no limit of this kind, and macOS does not enforce it.
  test.runIf(process.platform === 'linux')('is refused under ulimit, and what fits goes on', async () => {
    const script = `
      const { MLP, NeuralForecast } = require(${FACE})
      const y = Array.from({ length: 200 }, (_, t) => Math.sin(t))
      const tell = (text) => process.stdout.write(text + '\\n')
      const run = async (hiddenSize) => {
        try {
          const nf = new NeuralForecast({ freq: 1, models: [MLP({ h: 3, inputSize: 6, hiddenSize, maxSteps: 1 })] })
          await nf.fit(y, { threads: 2 })
          tell(hiddenSize + ' ' + (await nf.predict()).column('MLP').length)
        } catch (error) {
          tell(hiddenSize + ' ' + error.code)
        }
      }
      run(12_000).then(() => run(30_000)).then(() => run(200_000)).then(() => run(100))`
    const file = join(dir, 'limited.cjs')
    writeFileSync(file, script)
    const ended = await program('bash', ['-c', `ulimit -v 3000000; exec "$0" "$1"`, process.execPath, file])
    expect(ended).toEqual({
      code: 0,
      stderr: '',
      stdout: '12000 ERR_NF_MEMORY_LIMIT\n30000 ERR_NF_MEMORY_LIMIT\n200000 ERR_NF_MEMORY_LIMIT\n100 3\n',
    })
  })
})

describe('memoryLimitBytes', () => {
  test('holds for fit, predict, predictInsample and load', async () => {
    const nf = of(small())
    const refused = async (call: () => unknown) => {
      const { code, details } = await thrown(call)
      expect(code).toBe('ERR_NF_MEMORY_LIMIT')
      expect(details.expected).toBe(1000)
      return details.actual as number
    }
    const limit = { memoryLimitBytes: 1000 }
    const needed = await refused(() => nf.fit(wave, limit))
    await nf.fit(wave, { memoryLimitBytes: needed })
    await refused(() => nf.predict(limit))
    await refused(() => nf.predictInsample({ stepSize: 3, ...limit }))
    const saved = join(dir, 'limited')
    await nf.save(saved)
    const size = await refused(() => NeuralForecast.load(saved, limit))
    const again = await NeuralForecast.load(saved, { memoryLimitBytes: size })
    expect((await again.predict()).column('MLP')).toEqual((await nf.predict()).column('MLP'))
  })

  test('counts samples and steps of a forecast', async () => {
    const nf = of(small({ loss: loss.distribution('Normal', { numSamples: 1_000_000 }) }))
    await nf.fit(wave)
    const samples = await thrown(() => nf.predict({ memoryLimitBytes: 4e6 }))
    expect([samples.code, samples.details.option]).toEqual(['ERR_NF_MEMORY_LIMIT', 'loss'])
    const linear = of(DLinear({ h: 3, inputSize: 6, maxSteps: 2 }))
    await linear.fit(wave)
    const steps = await thrown(() => linear.predict({ h: 1_000_000, memoryLimitBytes: 10e6 }))
    expect([steps.code, steps.details.option]).toEqual(['ERR_NF_MEMORY_LIMIT', 'h'])
  })

  test('is a default for all calls by configure, and checked', async () => {
    configure({ memoryLimitBytes: 1000 })
    expect((await thrown(() => of(small()).fit(wave))).code).toBe('ERR_NF_MEMORY_LIMIT')
    await of(small()).fit(wave, { memoryLimitBytes: 1e9 })
    for (const memoryLimitBytes of [0, -1, 1.5, Number.NaN, '1e9' as unknown as number]) {
      const { code, details } = await thrown(() => of(small()).fit(wave, { memoryLimitBytes }))
      expect([code, details.option]).toEqual(['ERR_NF_INVALID_OPTION', 'memoryLimitBytes'])
    }
  })
})

describe('what nobody has any more', () => {
  test('is given back without dispose', { timeout: 120_000 }, async () => {
    const saved = join(dir, 'forgotten')
    const nf = of(MLP({ h: 12, inputSize: 48, hiddenSize: 900, numLayers: 4, maxSteps: 1 }))
    await nf.fit(wave)
    await nf.save(saved)
    expect(nf.memoryUsage().weights).toBeGreaterThan(9e6)
    const script = `
      const { NeuralForecast } = require(${FACE})
      const run = async () => {
        let nf
        for (let i = 0; i < 1000; i++) {
          nf = await NeuralForecast.load(${JSON.stringify(saved)})
          await nf.predict()
        }
        for (let i = 0; i < 500; i++) {
          nf.predictor('MLP', { batch: 64 })
          await new Promise((resolve) => setImmediate(resolve))
        }
        console.log(process.resourceUsage().maxRSS)
      }
      run()`
    const file = join(dir, 'soak.cjs')
    writeFileSync(file, script)
    const { code, stdout, stderr } = await program(process.execPath, [file], { timeout: 110_000 })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(Number(stdout) / 1000).toBeLessThan(400) // MB; all of them would be 30 GB
  })
})
