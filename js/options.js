// Which options each call knows, and how options become the JSON that the addon reads. Values are the engine's to check.
'use strict'

const { NeuralForecastError } = require('./error.js')
const native = require('./native.js')
const { show, toJson } = require('./plain.js')

const RUN = ['signal', 'onProgress', 'progressIntervalMs', 'threads', 'memoryLimitBytes']

/** Names each call knows. */
const KNOWN = {
  NeuralForecast: ['models', 'freq', 'timeZone', 'timeUnit', 'localScalerType', 'localStaticScalerType'],
  fit: ['static', 'valSize', 'valData', 'columns', 'onGap', 'onMissing', 'mode', 'maxSteps', 'checkpoint', ...RUN],
  checkpoint: ['path', 'everySteps'],
  predict: [
    'data',
    'static',
    'future',
    'level',
    'quantiles',
    'sortQuantiles',
    'h',
    'onGap',
    'onMissing',
    'onShort',
    ...RUN,
  ],
  predictInsample: ['stepSize', 'level', 'quantiles', 'sortQuantiles', 'onMissing', ...RUN],
  makeFutureFrame: ['data', 'h'],
  missingFuture: ['data', 'h'],
  predictor: ['batch', 'threads', 'sortQuantiles'],
  predictSync: ['futr', 'hist', 'stat'],
  save: ['overwrite', 'saveDataset', 'signal'],
  load: ['signal', 'memoryLimitBytes'],
  file: ['path', 'format', 'decimal'],
  readCsv: ['decimal'],
  columns: ['id', 'time', 'target', 'weight', 'mask'],
  toSVG: ['ids', 'models', 'level', 'maxInsampleLength', 'title', 'width', 'height', 'history', 'actual'],
  metrics: ['seasonLength', 'seasonalNaive', 'benchmark'],
  configure: ['threads', 'memoryLimitBytes'],
}

/** What is written elsewhere, in lower case without `_`, and what it is here: another option, or a sentence. */
const MODELS = 'it is an option of each model, such as NHITS({ h: 12, inputSize: 24 })'
const FIRST = 'it is the first argument'
const ELSEWHERE = {
  NeuralForecast: { tz: 'timeZone', h: MODELS, horizon: MODELS, inputsize: MODELS, loss: MODELS, maxsteps: MODELS },
  fit: {
    ...{ df: FIRST, data: FIRST, path: FIRST, staticdf: 'static', valdf: 'valData', useinitmodels: 'mode' },
    ...{
      idcol: 'columns',
      timecol: 'columns',
      targetcol: 'columns',
      id: 'columns',
      time: 'columns',
      target: 'columns',
    },
    ...{ freq: 'it is an option of new NeuralForecast()', epochs: 'maxSteps' },
  },
  predict: {
    ...{
      df: 'data',
      history: 'data',
      staticdf: 'static',
      futrdf: 'future',
      futuredf: 'future',
      xdf: 'future',
      futr: 'future',
    },
    ...{ exog: 'future', horizon: 'h' },
  },
  makeFutureFrame: { df: 'data', horizon: 'h' },
  missingFuture: { df: 'data', horizon: 'h', future: FIRST, futrdf: FIRST },
  save: { path: FIRST, dir: FIRST },
  columns: {
    ...{ uniqueid: 'id', idcol: 'id', ds: 'time', timecol: 'time', date: 'time', y: 'target', targetcol: 'target' },
    ...{ sampleweight: 'weight', availablemask: 'mask' },
  },
  toSVG: { maxinsample: 'maxInsampleLength', levels: 'level' },
  metrics: { seasonality: 'seasonLength', metrics: 'it is the second argument' },
  predictSync: { y: FIRST, out: 'it is the third argument' },
}

/** The option that was probably meant by another name. */
function meant(call, name, has) {
  const begins = (known) => known.length > 2 && (name.startsWith(known) || (name.length > 2 && known.startsWith(name)))
  return ELSEWHERE[call]?.[name.replaceAll('_', '').toLowerCase()] ?? native.nearest(name, has) ?? has.find(begins)
}

/** The options, checked to be an object with names that the call knows. */
function checkOptions(call, options = {}) {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || typeof options.then === 'function') {
    throw invalid(call, `${call}: the options must be an object, got ${show(options)}`, 'an object', options)
  }
  const has = KNOWN[call]
  for (const name of Object.keys(options)) {
    if (has.includes(name) || options[name] === undefined) continue
    const near = meant(call, name, has)
    const hint = has.includes(near)
      ? `did you mean "${near}"?`
      : (near ?? (has.length > 0 && `it has ${has.join(', ')}`))
    throw new NeuralForecastError(
      'ERR_NF_INVALID_OPTION',
      `${call} has no option "${name}"${hint ? `; ${hint}` : ''}`,
      {
        option: name,
        expected: has.includes(near) ? near : has,
      },
    )
  }
  return options
}

/** An option with a value that the face itself has to refuse. */
function invalid(option, message, expected, actual) {
  return new NeuralForecastError('ERR_NF_INVALID_OPTION', message, { option, expected, actual })
}

/** What a user gives and this version does not take. */
function unsupported(feature, details = {}) {
  return new NeuralForecastError('ERR_NF_UNSUPPORTED', `${feature} is not supported by this version`, details)
}

module.exports = { checkOptions, invalid, unsupported, toJson, show }
