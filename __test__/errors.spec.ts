import * as api from '@neural-trader/backend'
import { DLinear, LSTM, loss, NeuralForecast, NeuralForecastError, NHITS } from '@neural-trader/backend'
import { expect, test } from 'vitest'
import { slice, thrown, train } from './data.js'

const model = DLinear({ h: 12, inputSize: 24, maxSteps: 2 })
const make = (init: object = {}) => new NeuralForecast({ freq: 'MS', models: [model], ...init })
// biome-ignore lint/suspicious/noExplicitAny: mistakes do not have the right type
type Wrong = any

const mistakes: [string, () => unknown, string, string, object][] = [
  [
    'no options at all',
    () => new (NeuralForecast as Wrong)(),
    'ERR_NF_INVALID_OPTION',
    'needs { models, freq }',
    { option: 'models' },
  ],
  [
    'no models',
    () => make({ models: undefined }),
    'ERR_NF_INVALID_OPTION',
    'option "models" is required: a list of model specs, such as NHITS({ h: 12, inputSize: 24 })',
    { option: 'models' },
  ],
  [
    'a misspelt local scaler',
    () => make({ localScalerType: 'standart' }),
    'ERR_NF_INVALID_OPTION',
    'did you mean "standard"?',
    { option: 'localScalerType' },
  ],
  [
    'a local scaler that is no text',
    () => make({ localStaticScalerType: 3 }),
    'ERR_NF_INVALID_OPTION',
    '"standard", "robust", "robust-iqr", "minmax" or "boxcox", got 3',
    { option: 'localStaticScalerType', actual: 3 },
  ],
  [
    'an empty list of models',
    () => make({ models: [] }),
    'ERR_NF_INVALID_OPTION',
    'option "models" must be a list of model specs, such as NHITS({ h: 12, inputSize: 24 }), got []',
    { option: 'models', actual: [] },
  ],
  [
    'a factory instead of a spec',
    () => make({ models: [NHITS] }),
    'ERR_NF_INVALID_OPTION',
    'got ["function NHITS"]',
    { option: 'models' },
  ],
  [
    'a misspelt model',
    () => make({ models: [{ model: 'NHIST', options: {} }] }),
    'ERR_NF_UNSUPPORTED',
    'there is no model "NHIST"; did you mean "NHITS"?',
    { model: 'NHIST' },
  ],
  [
    'a misspelt option of a model',
    () => make({ models: [NHITS({ h: 12, inputSize: 24, maxStep: 5 } as Wrong)] }),
    'ERR_NF_INVALID_OPTION',
    'did you mean "maxSteps"?',
    { option: 'maxStep' },
  ],
  [
    'an option of another model',
    () => make({ models: [DLinear({ h: 12, inputSize: 24, encoderHiddenSize: 8 } as Wrong)] }),
    'ERR_NF_INVALID_OPTION',
    'DLinear has no option "encoderHiddenSize"; it has h, inputSize, ',
    { option: 'encoderHiddenSize' },
  ],
  [
    'a horizon of zero',
    () => make({ models: [LSTM({ h: 0, inputSize: 24 })] }),
    'ERR_NF_INVALID_OPTION',
    'option "h" must be a whole number ≥ 1, got 0',
    { option: 'h', model: 'LSTM', actual: 0 },
  ],
  [
    'no horizon',
    () => make({ models: [NHITS({ inputSize: 24 } as Wrong)] }),
    'ERR_NF_INVALID_OPTION',
    'option "h" is required: a whole number ≥ 1',
    { option: 'h', model: 'NHITS' },
  ],
  [
    'a horizon as text',
    () => make({ models: [NHITS({ h: '12', inputSize: 24 } as Wrong)] }),
    'ERR_NF_INVALID_OPTION',
    'option "h" must be a whole number ≥ 1, got "12"',
    { option: 'h', actual: '12' },
  ],
  [
    'a learning rate that is no number',
    () => make({ models: [NHITS({ h: 12, inputSize: 24, learningRate: Number.NaN })] }),
    'ERR_NF_INVALID_OPTION',
    'option "learningRate" must be a number > 0, got "NaN"',
    { option: 'learningRate', actual: 'NaN' },
  ],
  [
    'a level beyond 100',
    () => make({ models: [NHITS({ h: 12, inputSize: 24, loss: loss.mq({ level: [120] }) })] }),
    'ERR_NF_INVALID_OPTION',
    'option "loss.level" must be a list of numbers between 0 and 100, got [120]',
    { option: 'loss.level', actual: [120] },
  ],
  [
    'a misspelt option of the constructor',
    () => make({ frequency: 'MS' }),
    'ERR_NF_INVALID_OPTION',
    'NeuralForecast has no option "frequency"; did you mean "freq"?',
    { option: 'frequency' },
  ],
  [
    'a frequency that does not exist',
    () => make({ freq: 'monthyl' }),
    'ERR_NF_FREQ',
    'cannot read the frequency "monthyl": "monthyl" is unknown',
    { actual: 'monthyl' },
  ],
  [
    'a frequency that is neither',
    () => make({ freq: true }),
    'ERR_NF_INVALID_OPTION',
    'or a whole number of steps or null, got true',
    { option: 'freq', actual: true },
  ],
  [
    'a misspelt option of fit',
    () => make().fit(train, { onProgres() {} } as Wrong),
    'ERR_NF_INVALID_OPTION',
    'fit has no option "onProgres"; did you mean "onProgress"?',
    { option: 'onProgres', expected: 'onProgress' },
  ],
  [
    'options that are no object',
    () => make().fit(train, 5 as Wrong),
    'ERR_NF_INVALID_OPTION',
    'must be an object, got 5',
    {},
  ],
  [
    'a signal that is none',
    () => make().fit(train, { signal: {} as Wrong }),
    'ERR_NF_INVALID_OPTION',
    'must be an AbortSignal',
    { option: 'signal' },
  ],
  [
    'a callback that is none',
    () => make().fit(train, { onProgress: 'log' as Wrong }),
    'ERR_NF_INVALID_OPTION',
    'must be a function',
    { option: 'onProgress' },
  ],
  [
    'no threads',
    () => make().fit(train, { threads: 0 }),
    'ERR_NF_INVALID_OPTION',
    'from 1 to 1024',
    { option: 'threads' },
  ],
  [
    'a fraction of a row',
    () => make().fit(train, { valSize: 1.5 }),
    'ERR_NF_INVALID_OPTION',
    'option "valSize" must be a whole number ≥ 0, got 1.5',
    { option: 'valSize', actual: 1.5 },
  ],
  [
    'a misspelt column role',
    () => make().fit(train, { columns: { tim: 'ds' } as Wrong }),
    'ERR_NF_INVALID_OPTION',
    'did you mean "time"?',
    { option: 'tim' },
  ],
  [
    'a checkpoint without steps',
    () => make().fit(train, { checkpoint: { path: 'x' } as Wrong }),
    'ERR_NF_INVALID_OPTION',
    'option "checkpoint.everySteps" is required: a whole number ≥ 1',
    { option: 'checkpoint.everySteps' },
  ],
  [
    'a misspelt option of a checkpoint',
    () => make().fit(train, { checkpoint: { path: 'x', everyStep: 5 } as Wrong }),
    'ERR_NF_INVALID_OPTION',
    'checkpoint has no option "everyStep"; did you mean "everySteps"?',
    { option: 'everyStep', expected: 'everySteps' },
  ],
  [
    'a column name that is no text',
    () => make().fit(train, { columns: { time: 5 } as Wrong }),
    'ERR_NF_INVALID_OPTION',
    'option "columns.time" must be text, got 5',
    { option: 'columns.time', actual: 5 },
  ],
  [
    'columns that are no object',
    () => make().fit(train, { columns: 5 as Wrong }),
    'ERR_NF_INVALID_OPTION',
    'option "columns" must be an object { id, time, target, weight, mask }, got 5',
    { option: 'columns' },
  ],
  [
    'a misspelt way to treat gaps',
    () => make().fit(train, { onGap: 'fillzero' as Wrong }),
    'ERR_NF_INVALID_OPTION',
    'option "onGap" must be "error", "mask", "fillForward" or "fillZero", got "fillzero"; did you mean "fillZero"?',
    { option: 'onGap' },
  ],
  [
    'an option that only long calls have',
    () => make().predictor('DLinear', { signal: AbortSignal.timeout(1000) } as Wrong),
    'ERR_NF_INVALID_OPTION',
    'predictor has no option "signal"; it has batch, threads, sortQuantiles',
    { option: 'signal' },
  ],
  [
    'a table where there is none',
    () => make().predictInsample({ future: train } as Wrong),
    'ERR_NF_INVALID_OPTION',
    'predictInsample has no option "future"; it has stepSize, level, ',
    { option: 'future' },
  ],
  [
    'no quantiles in order',
    () => make().predictor('DLinear', { sortQuantiles: 'no' as Wrong }),
    'ERR_NF_INVALID_OPTION',
    'option "sortQuantiles" must be true or false, got "no"',
    { option: 'sortQuantiles' },
  ],
  [
    'an unknown way to treat gaps',
    () => make().fit(train, { onGap: 'ignore' as Wrong }),
    'ERR_NF_INVALID_OPTION',
    '"error", "mask", "fillForward" or "fillZero", got "ignore"',
    { option: 'onGap' },
  ],
  [
    'a table without a target',
    () => make().fit({ unique_id: train.unique_id, ds: train.ds }),
    'ERR_NF_SCHEMA',
    'there is no target column "y". The table has: unique_id, ds',
    { column: 'y' },
  ],
  [
    'a series with a gap',
    () => make().fit({ ...train, ds: train.ds.with(0, '1948-11-01') }),
    'ERR_NF_GAP',
    'series "AirPassengers" has no row for 1948-12-01; 2 times are missing in all, in 1 gap',
    { uniqueId: 'AirPassengers', ds: Date.UTC(1948, 11, 1), actual: 2 },
  ],
  [
    'a time that occurs twice',
    () => make().fit({ ...train, ds: train.ds.with(0, '1949-02-01') }),
    'ERR_NF_DUPLICATE_TIME',
    'series "AirPassengers" has the time 1949-02-01 more than once',
    { uniqueId: 'AirPassengers', ds: Date.UTC(1949, 1, 1) },
  ],
  [
    'columns that have other names',
    () => make().fit({ date: train.ds, value: train.y }),
    'ERR_NF_SCHEMA',
    "Say what the columns are called: columns: { time: 'date', target: 'value' }",
    { option: 'columns', column: 'ds' },
  ],
  [
    'a share in place of a level',
    () => make({ models: [NHITS({ h: 12, inputSize: 24, loss: loss.mq({ level: [0.9] }) })] }),
    'ERR_NF_INVALID_OPTION',
    'option "loss.level" must be a percentage from 1 to below 100, got 0.9; did you mean 90?',
    { option: 'loss.level', actual: 0.9 },
  ],
  [
    'levels and quantiles',
    () => make({ models: [NHITS({ h: 12, inputSize: 24, loss: loss.mq({ level: [80], quantiles: [0.1] }) })] }),
    'ERR_NF_INVALID_OPTION',
    'MQLoss takes level or quantiles, not both',
    { option: 'loss.quantiles' },
  ],
  [
    'an alias that is the time column',
    () => make({ models: [DLinear({ h: 12, inputSize: 24, alias: 'ds' })] }).fit(train),
    'ERR_NF_INVALID_OPTION',
    'DLinear, called "ds", would have the column "ds", but "ds" is the time column; choose another alias',
    { option: 'alias', actual: 'ds' },
  ],
  [
    'an alias that another model has',
    () => make({ models: [model, NHITS({ h: 12, inputSize: 24, alias: 'DLinear' })] }),
    'ERR_NF_INVALID_OPTION',
    'two models, DLinear and NHITS, are both called "DLinear"',
    { option: 'alias' },
  ],
  [
    'a validation split that leaves nothing',
    () => make().fit(slice(train, 0, 60), { valSize: 70 }),
    'ERR_NF_SHORT_SERIES',
    'lower valSize to at most 36',
    { option: 'valSize' },
  ],
  ...Object.entries({ df: 'data', futr_df: 'future', static_df: 'static', X_df: 'future', quantile: 'quantiles' }).map(
    ([option, right]): (typeof mistakes)[number] => [
      `the option ${option} of predict`,
      () => make().predict({ [option]: train } as Wrong),
      'ERR_NF_INVALID_OPTION',
      `predict has no option "${option}"; did you mean "${right}"?`,
      { option, expected: right },
    ],
  ),
  [
    "Python's spelling in fit",
    () => make().fit(train, { val_size: 12 } as Wrong),
    'ERR_NF_INVALID_OPTION',
    'fit has no option "val_size"; did you mean "valSize"?',
    { option: 'val_size' },
  ],
  [
    'the data among the options of fit',
    () => make().fit(train, { df: train } as Wrong),
    'ERR_NF_INVALID_OPTION',
    'fit has no option "df"; it is the first argument',
    { option: 'df' },
  ],
  [
    "Python's spelling in a model",
    () => make({ models: [DLinear({ h: 12, input_size: 24 } as Wrong)] }),
    'ERR_NF_INVALID_OPTION',
    'DLinear has no option "input_size"; did you mean "inputSize"?',
    { option: 'input_size' },
  ],
  [
    'an option of a model outside it',
    () => make({ inputSize: 24 }),
    'ERR_NF_INVALID_OPTION',
    'it is an option of each model, such as NHITS({ h: 12, inputSize: 24 })',
    { option: 'inputSize' },
  ],
  [
    'a series that is too short',
    () => make().fit(slice(train, 0, 5)),
    'ERR_NF_SHORT_SERIES',
    'series "AirPassengers" has 5 rows; DLinear needs 24 (inputSize 24)',
    { uniqueId: 'AirPassengers', expected: 24, actual: 5 },
  ],
  ['a bare series with a calendar', () => make().fit(train.y), 'ERR_NF_FREQ', 'numeric freq', { actual: 'MS' }],
  [
    'a file that is not there',
    () => make().fit({ path: 'nowhere.csv' }),
    'ERR_NF_SCHEMA',
    'cannot read "nowhere.csv": ',
    {},
  ],
  ['forecasting before fitting', () => make().predict(), 'ERR_NF_NOT_FITTED', 'call fit, or load a checkpoint', {}],
  ['saving before fitting', () => make().save('nowhere'), 'ERR_NF_NOT_FITTED', 'call fit before save', {}],
  ['loading what is not there', () => NeuralForecast.load('nowhere'), 'ERR_NF_CHECKPOINT', 'nowhere: ', {}],
  [
    'a directory that is no string',
    () => NeuralForecast.load(5 as Wrong),
    'ERR_NF_INVALID_OPTION',
    'must be a string, got 5',
    { option: 'dir' },
  ],
]
test.each(mistakes)('%s', async (_, call, code, message, details) => {
  const error = await thrown(call)
  expect(error).toBeInstanceOf(NeuralForecastError)
  expect({ name: error.name, code: error.code }).toEqual({ name: 'NeuralForecastError', code })
  expect(error.message).toContain(message)
  expect(error.details).toMatchObject(details)
})

test('settings are refused as the options of calls are', async () => {
  const before = api.runtimeInfo().threads
  const threads = await thrown(() => api.configure({ threads: 2000 }))
  expect(threads.message).toBe('option "threads" must be a whole number from 1 to 1024 or null, got 2000')
  expect(api.runtimeInfo().threads).toBe(before)
})

test('mistakes in the arguments of asynchronous calls reject, they do not throw', async () => {
  const calls = [() => make().fit(undefined as Wrong), () => make().predict({ no: 1 } as Wrong), () => make().save('')]
  for (const call of calls) {
    const promise = call()
    expect(promise).toBeInstanceOf(Promise)
    await expect(promise).rejects.toBeInstanceOf(NeuralForecastError)
  }
})

test('details are plain JSON, whatever was given', async () => {
  const circular: Record<string, unknown> = { n: 1n }
  circular.self = circular
  const given: [unknown, unknown][] = [
    [5n, '5'],
    [
      [Number.NaN, Number.POSITIVE_INFINITY],
      ['NaN', 'Infinity'],
    ],
    [new Float32Array([1, 2]), [1, 2]],
    [BigInt64Array.of(1n), ['1']],
    [new Date(Number.NaN), 'Invalid Date'],
    [new Map(), 'a Map'],
    [Symbol('x'), 'Symbol(x)'],
    [circular, { n: '1', self: 'itself' }],
  ]
  for (const [threads, plain] of given) {
    const { details } = await thrown(() => make().fit(train, { threads: threads as Wrong }))
    expect(details.actual).toEqual(plain)
    expect(JSON.parse(JSON.stringify(details))).toEqual(details)
  }
  const { details } = await thrown(() =>
    make().fit([
      { unique_id: 1n, ds: 1n, y: 1 },
      { unique_id: 'a', ds: 2n, y: 1 },
    ]),
  )
  expect(details).toMatchObject({ column: 'unique_id', actual: 'a', sample: [{ row: 1, unique_id: 'a' }] })
  expect(JSON.parse(JSON.stringify(details))).toEqual(details)
})

test('an error from another thread shows who called', async () => {
  async function callerOfFit() {
    const fitting = make().fit(slice(train, 0, 5))
    return await fitting
  }
  expect((await thrown(callerOfFit)).stack).toMatch(/^NeuralForecastError: .*\n\s+at callerOfFit.*errors\.spec\.ts/)
})

test('what does not exist is not there, and unknown names are answered with those that are', async () => {
  const nf = make() as Wrong
  for (const name of ['explain', 'stream', 'exportOnnx']) expect(nf[name]).toBeUndefined()
  expect((api as Wrong).auto).toBeUndefined()
  expect((loss as Wrong).relMSE).toBeUndefined()
  const options = { ...model.options, loss: { kind: 'relMSE', args: {} } as Wrong }
  const relative = await thrown(() => make({ models: [{ ...model, options }] }))
  expect(relative.code).toBe('ERR_NF_UNSUPPORTED')
  expect(relative.message).toContain('loss "relMSE" does not exist here')
  expect(relative.message).toContain('MAE, MSE, RMSE')
  const recipe = await thrown(() => nf.fit(train, { recipe: 'fast' }))
  expect(recipe).toMatchObject({ code: 'ERR_NF_INVALID_OPTION', details: { option: 'recipe' } })
  expect(recipe.message).toMatch(/^fit has no option "recipe"; it has static, valSize, /)
  const logs = await thrown(() => api.configure({ logLevel: 'debug' } as Wrong))
  expect(logs.message).toBe('configure has no option "logLevel"; it has threads, memoryLimitBytes')
})
