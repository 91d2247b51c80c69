import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  configure,
  DeepAR,
  DLinear,
  type LrScheduler,
  LSTM,
  NeuralForecast,
  NeuralForecastError,
  NHITS,
  type Progress,
  runtimeInfo,
} from '@neural-trader/backend'
import { afterEach, describe, expect, test } from 'vitest'
import { after, root, slice, thrown, train } from './data.js'
import { script } from './process.js'

const small = { h: 12, inputSize: 24, randomSeed: 1 }
const quick = () => new NeuralForecast({ freq: 'MS', models: [DLinear({ ...small, maxSteps: 3 })] })
/** Would take minutes: every test that uses it stops it. */
const endless = () => new NeuralForecast({ freq: 'MS', models: [NHITS({ ...small, maxSteps: 1_000_000 })] })

describe('aborting', () => {
  test('a fit stops with the reason of the signal, and the forecaster is free again', async () => {
    const nf = endless()
    const controller = new AbortController()
    const fitting = nf.fit(train, { signal: controller.signal })
    await after(50)
    const reason = new Error('the user left')
    controller.abort(reason)
    const start = performance.now()
    expect(await thrown(() => fitting)).toBe(reason)
    expect(performance.now() - start).toBeLessThan(2000)
    expect(nf.fitted).toBe(false)
    expect((await thrown(() => nf.predict())).code).toBe('ERR_NF_NOT_FITTED')
  })

  test('without a reason it is an AbortError', async () => {
    const signal = AbortSignal.timeout(30)
    expect((await thrown(() => endless().fit(train, { signal }))).name).toBe('TimeoutError')
    const controller = new AbortController()
    const fitting = endless().fit(train, { signal: controller.signal })
    controller.abort()
    expect((await thrown(() => fitting)).name).toBe('AbortError')
  })

  test('a signal that was aborted before rejects without any work', async () => {
    const nf = quick()
    await nf.fit(train)
    const signal = AbortSignal.abort()
    expect((await thrown(() => nf.fit(train, { signal }))).name).toBe('AbortError')
    expect((await thrown(() => nf.predict({ signal }))).name).toBe('AbortError')
  })

  test('the signal keeps no listener afterwards', async () => {
    const { signal } = new AbortController()
    let [added, removed] = [0, 0]
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      added++
      return addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      removed++
      return removeEventListener.apply(signal, args)
    }
    const nf = quick()
    await nf.fit(train, { signal })
    await nf.predict({ signal })
    const short = slice(train, 0, 5)
    expect((await thrown(() => nf.fit(short, { signal }))).code).toBe('ERR_NF_SHORT_SERIES')
    expect(added).toBe(3) // one for each call
    expect(removed).toBe(added)
  })
})

describe('in the middle of a step', () => {
  const long = Array.from({ length: 100_000 }, (_, t) => Math.sin(t / 5) + (t % 7))
  /** A step of all windows, which takes many seconds, and how many of them were done. */
  const stepping = (options: Parameters<NeuralForecast['fit']>[1], model = NHITS) => {
    const nf = new NeuralForecast({ freq: 1, models: [model({ ...small, windowsBatchSize: null, maxSteps: 10 })] })
    let steps = 0
    const fitting = nf.fit(long, { ...options, onProgress: ({ step }) => (steps = step) })
    return { nf, fitting, steps: () => steps }
  }

  test.each([NHITS, LSTM, DeepAR])('a fit is aborted', async (model) => {
    const controller = new AbortController()
    const { nf, fitting, steps } = stepping({ signal: controller.signal }, model as typeof NHITS)
    await after(300)
    controller.abort()
    expect((await thrown(() => fitting)).name).toBe('AbortError')
    expect(steps()).toBe(0)
    expect(nf.fitted).toBe(false)
  })

  test('a forecast, a save and a load are aborted, and nothing is left behind', async () => {
    const nf = new NeuralForecast({ freq: 1, models: [DLinear({ ...small, maxSteps: 1 })] })
    await nf.fit(long)
    const dir = mkdtempSync(join(tmpdir(), 'neural-trader-abort-'))
    const saved = join(dir, 'saved')
    await nf.save(saved)
    const aborted = async (start: (signal: AbortSignal) => Promise<unknown>) => {
      const controller = new AbortController()
      const running = start(controller.signal)
      controller.abort()
      expect((await thrown(() => running)).name).toBe('AbortError')
    }
    await aborted((signal) => nf.predict({ h: 1_000_000, signal }))
    await aborted((signal) => nf.predictInsample({ signal }))
    await aborted((signal) => nf.save(join(dir, 'other'), { signal }))
    await aborted((signal) => nf.save(saved, { overwrite: true, signal }))
    await aborted((signal) => NeuralForecast.load(saved, { signal }))
    expect(readdirSync(dir)).toEqual(['saved'])
    expect((await (await NeuralForecast.load(saved)).predict()).column('DLinear')).toEqual(
      (await nf.predict()).column('DLinear'),
    )
    rmSync(dir, { recursive: true })
  })

  test('a short fit beside many long ones does not wait for them', async () => {
    const others = new AbortController()
    const long = Array.from({ length: 6 }, () => stepping({ signal: others.signal }))
    await quick().fit(train)
    expect(long.map(({ steps }) => steps())).toEqual([0, 0, 0, 0, 0, 0])
    others.abort()
    await Promise.all(long.map(({ fitting }) => thrown(() => fitting)))
  })
})

describe('while a fit runs', () => {
  test('fit, predict, save and memoryUsage say that the forecaster is busy, at once', async () => {
    const nf = endless()
    const controller = new AbortController()
    const fitting = nf.fit(train, { signal: controller.signal })
    for (const call of [() => nf.fit(train), () => nf.predict(), () => nf.save('x'), () => nf.memoryUsage()]) {
      const start = performance.now()
      expect((await thrown(call)).code).toBe('ERR_NF_BUSY')
      expect(performance.now() - start).toBeLessThan(100)
    }
    expect(nf.models).toHaveLength(1)
    expect(nf.fitted).toBe(false)
    controller.abort()
    await thrown(() => fitting)
  })

  test('two forecasters fit at the same time', async () => {
    const reports = await Promise.all([quick().fit(train), quick().fit(train)])
    expect(reports[0].models[0].trainLoss).toEqual(reports[1].models[0].trainLoss)
  })

  test('several forecasts of one forecaster run at the same time', async () => {
    const nf = quick()
    await nf.fit(train)
    const [a, b, c] = await Promise.all([nf.predict(), nf.predict(), nf.predict()])
    expect(b.column('DLinear')).toEqual(a.column('DLinear'))
    expect(c.column('DLinear')).toEqual(a.column('DLinear'))
  })

  test('the event loop waits at most 20 ms longer than when idle', async () => {
    const drift = async (busy: () => boolean) => {
      let worst = 0
      let last = performance.now()
      while (busy()) {
        await after(1)
        worst = Math.max(worst, performance.now() - last)
        last = performance.now()
      }
      return worst
    }
    const end = performance.now() + 500
    const idle = await drift(() => performance.now() < end)
    const controller = new AbortController()
    let running = true
    const rows = 20_000
    const y = Float64Array.from({ length: rows }, (_, t) => Math.sin(t / 3))
    const nf = new NeuralForecast({ freq: 1, models: [DLinear({ h: 12, inputSize: 48, maxSteps: 1_000_000 })] })
    const fitting = thrown(() => nf.fit(y, { signal: controller.signal, onProgress() {} })).finally(() => {
      running = false
    })
    setTimeout(() => controller.abort(), 500)
    const fit = await drift(() => running)
    expect((await fitting).name).toBe('AbortError')
    expect(fit - idle).toBeLessThan(20)
  })
})

describe('disposing', () => {
  test('frees the memory, and later calls say so', async () => {
    const nf = quick()
    await nf.fit(train)
    expect(nf.memoryUsage().weights).toBe(4 * 2 * (24 * 12 + 12))
    expect(nf.memoryUsage().dataset).toBeGreaterThan(132 * 8)
    nf.dispose()
    nf.dispose()
    for (const call of [() => nf.fit(train), () => nf.predict(), () => nf.save('x'), () => nf.memoryUsage()]) {
      expect((await thrown(call)).code).toBe('ERR_NF_DISPOSED')
    }
  })

  test('stops a fit that is running', async () => {
    const nf = endless()
    const fitting = nf.fit(train)
    await after(20)
    nf.dispose()
    expect((await thrown(() => fitting)).code).toBe('ERR_NF_DISPOSED')
  })

  test('works by the symbol too', async () => {
    const nf = quick()
    nf[Symbol.dispose]()
    expect((await thrown(() => nf.predict())).code).toBe('ERR_NF_DISPOSED')
  })
})

describe('progress', () => {
  const models = [DLinear({ ...small, maxSteps: 300 }), DLinear({ ...small, maxSteps: 200, alias: 'Second' })]

  test('ends with the last step of every model, before the promise resolves', async () => {
    const seen: Progress[] = []
    await new NeuralForecast({ freq: 'MS', models }).fit(train, {
      onProgress: (p) => seen.push(p),
      progressIntervalMs: 10,
    })
    const fits = seen.filter((p) => p.phase === 'fit')
    expect(fits.at(-1)).toMatchObject({ model: 'Second', step: 200, maxSteps: 200 })
    expect(fits.findLast((p) => p.model === 'DLinear')).toMatchObject({ step: 300, maxSteps: 300 })
    const steps = fits.filter((p) => p.model === 'Second').map((p) => p.step)
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    expect(fits.at(-1)?.trainLoss).toBeGreaterThan(0)
    expect(fits.at(-1)?.lr).toBe(1e-4)
  })

  test('comes at most ten times a second', async () => {
    const times: number[] = []
    const nf = new NeuralForecast({ freq: 'MS', models: [NHITS({ ...small, maxSteps: 1_000_000 })] })
    await thrown(() =>
      nf.fit(train, { onProgress: () => times.push(performance.now()), signal: AbortSignal.timeout(850) }),
    )
    expect(times.length).toBeGreaterThan(2)
    expect(times.length).toBeLessThanOrEqual(9)
  })

  test('an error thrown by the callback stops the fit and rejects it', async () => {
    const mistake = new TypeError('my own mistake')
    const nf = endless()
    const error = await thrown(() =>
      nf.fit(train, {
        onProgress() {
          throw mistake
        },
      }),
    )
    expect(error).toBe(mistake)
    expect(nf.fitted).toBe(false)
  })

  test('an error thrown by the last call rejects too', async () => {
    const nf = quick()
    const throwing = () => {
      throw undefined
    }
    const rejected = await nf.fit(train, { onProgress: throwing, progressIntervalMs: 60_000 }).then(
      () => false,
      (error) => error === undefined,
    )
    expect(rejected).toBe(true)
  })
})

describe('the number of threads', () => {
  afterEach(() => configure({}))

  test('is the processors, unless configured', () => {
    expect(runtimeInfo().threads).toBeGreaterThan(0)
    configure({ threads: 3 })
    expect(runtimeInfo().threads).toBe(3)
    expect(() => configure({ threads: -1 })).toThrow(NeuralForecastError)
    expect(runtimeInfo().threads).toBe(3)
  })
})

test('a panic in the engine rejects with its message and leaves the process alive', async () => {
  const { panicProbe } = require('../js/native.js')
  const { located, callSite } = require('../js/run.js')
  const site = callSite()
  const error = located(await thrown(panicProbe), site)
  expect(error).toBeInstanceOf(NeuralForecastError)
  expect(error.code).toBe('ERR_NF_INTERNAL')
  expect(error.cause.message).toBe('a probe of the panic handling')
  await quick().fit(train)
})

const prelude = `
  import { NeuralForecast, NHITS, DLinear } from '@neural-trader/backend'
  const y = Array.from({ length: 200 }, (_, t) => Math.sin(t))
`
describe('the process', () => {
  test('ends by itself after a fit with a progress callback', async () => {
    const { code, stdout } = await script(`${prelude}
      const nf = new NeuralForecast({ freq: 1, models: [DLinear({ h: 4, inputSize: 8, maxSteps: 5 })] })
      await nf.fit(y, { onProgress() {}, progressIntervalMs: 1e9, signal: new AbortController().signal })
      console.log((await nf.predict()).column('DLinear').length)
    `)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '4\n' })
  })

  test('waits for a fit that nobody awaits', async () => {
    const { code, stdout } = await script(`${prelude}
      const nf = new NeuralForecast({ freq: 1, models: [DLinear({ h: 4, inputSize: 8, maxSteps: 50 })] })
      nf.fit(y).then((report) => console.log(report.models[0].steps))
    `)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '50\n' })
  })

  test('may exit in the middle of a fit', async () => {
    const { code, stderr } = await script(`${prelude}
      new NeuralForecast({ freq: 1, models: [NHITS({ h: 4, inputSize: 8, maxSteps: 1e6 })] }).fit(y)
      setTimeout(() => process.exit(7), 50)
    `)
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' })
  })

  test('that is terminated trains no further', async () => {
    const code = `
      const { NHITS, NeuralForecast } = require(${JSON.stringify(join(root, 'js', 'index.js'))})
      const y = Array.from({ length: 20000 }, (_, t) => Math.sin(t))
      const nf = new NeuralForecast({ freq: 1, models: [NHITS({ h: 12, inputSize: 48, windowsBatchSize: null })] })
      nf.fit(y).catch(() => {})
      require('node:worker_threads').parentPort.postMessage('begun')`
    const begun = await script(
      `
      const { Worker } = require('node:worker_threads')
      const worker = () => new Worker(${JSON.stringify(code)}, { eval: true })
      const begun = (worker) => new Promise((resolve) => worker.once('message', () => resolve(worker)))
      const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
      const run = async () => {
        const workers = await Promise.all([worker(), worker(), worker(), worker()].map(begun))
        await after(200)
        await Promise.all(workers.map((worker) => worker.terminate()))
        await after(300)
        const before = process.cpuUsage()
        await after(500)
        const { user, system } = process.cpuUsage(before)
        console.log((user + system) / 1e6)
      }
      run()`,
      'commonjs',
    )
    expect(begun).toMatchObject({ code: 0, stderr: '' })
    expect(Number(begun.stdout)).toBeLessThan(0.2) // seconds of the processor in half a second
  })

  test('a worker thread can use it, and be terminated in the middle of a fit', async () => {
    const worker = new Worker(
      `const { NeuralForecast, NHITS } = require('@neural-trader/backend')
       const { parentPort, workerData } = require('node:worker_threads')
       new NeuralForecast({ freq: 1, models: [workerData] }).fit(Array.from({ length: 200 }, (_, t) => Math.sin(t)))
       setTimeout(() => parentPort.postMessage('fitting'), 30)`,
      { eval: true, workerData: NHITS({ h: 4, inputSize: 8, maxSteps: 100_000 }) },
    )
    expect(await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject))).toBe('fitting')
    await worker.terminate()
    await quick().fit(train)
  })
})

describe('training that goes on', () => {
  const series = Array.from({ length: 80 }, (_, t) => 10 + Math.sin(t / 3) + (t % 7) / 10)
  const make = (maxSteps: number) =>
    new NeuralForecast({
      freq: 1,
      models: [
        NHITS({ h: 4, inputSize: 8, maxSteps, mlpUnits: [[8, 8]], dropoutProbTheta: 0.2, scalerType: 'standard' }),
      ],
    })

  test('20 steps and 20 more give the bytes of 40, through a checkpoint too', async () => {
    const whole = make(40)
    await whole.fit(series)
    const half = make(40)
    await half.fit(series, { maxSteps: 20 })
    const dir = join(mkdtempSync(join(tmpdir(), 'neural-trader-')), 'half')
    await half.save(dir)
    const loaded = await NeuralForecast.load(dir)
    for (const forecaster of [half, loaded]) {
      await forecaster.fit(series, { mode: 'continue', maxSteps: 20 })
      expect(forecaster.interrupted).toBe(false)
      expect((await forecaster.predict()).toCsv()).toBe((await whole.predict()).toCsv())
    }
    rmSync(dirname(dir), { recursive: true })
  })

  test('what was saved on the way goes on after an abort', async () => {
    const dir = join(mkdtempSync(join(tmpdir(), 'neural-trader-')), 'way')
    const whole = make(2000) // seconds are left after the first progress
    await whole.fit(series)
    const stopped = new AbortController()
    const onProgress = ({ step }: { step: number }) => step >= 20 && stopped.abort()
    const run = { checkpoint: { path: dir, everySteps: 10 }, progressIntervalMs: 1, signal: stopped.signal, onProgress }
    expect((await thrown(() => make(2000).fit(series, run))).name).toBe('AbortError')
    const again = await NeuralForecast.load(dir)
    expect(again.interrupted).toBe(true)
    const { models } = await again.fit(series, { mode: 'continue' })
    expect(models[0].steps).toBe(2000)
    expect((await again.predict()).toCsv()).toBe((await whole.predict()).toCsv())
    rmSync(dirname(dir), { recursive: true })
  })

  test('continuing before a fit, and a wrong checkpoint option, are refused by name', async () => {
    await expect(make(2).fit(series, { mode: 'continue' })).rejects.toMatchObject({ code: 'ERR_NF_NOT_FITTED' })
    await expect(make(2).fit(series, { checkpoint: { path: 'x', everySteps: 0 } })).rejects.toMatchObject({
      code: 'ERR_NF_INVALID_OPTION',
      details: { option: 'checkpoint.everySteps' },
      message: 'option "checkpoint.everySteps" must be a whole number ≥ 1, got 0',
    })
  })

  test('a learning-rate schedule is followed, and an unknown one is refused with the nearest', async () => {
    const scheduled = (lrScheduler: LrScheduler) =>
      new NeuralForecast({
        freq: 1,
        models: [DLinear({ h: 2, inputSize: 4, maxSteps: 10, learningRate: 0.1, lrScheduler })],
      })
    const rates = new Map<number, number | undefined>()
    await scheduled({ kind: 'step', stepSize: 4, gamma: 0.5 }).fit(series, {
      progressIntervalMs: 1,
      onProgress: ({ step, lr }) => rates.set(step, lr),
    })
    expect(rates.get(10)).toBeCloseTo(0.025, 9)
    expect(() => scheduled({ kind: 'cosin' as 'cosine' })).toThrow(/cosine/)
  })
})
