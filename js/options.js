// Which options each call knows, and how options become the JSON that the addon reads. Values are the engine's to check.
'use strict'

const { NeuralForecastError } = require('./error.js')
const native = require('./native.js')

const RUN = ['signal', 'onProgress', 'progressIntervalMs', 'threads']

/** Names each call knows, and names of the contract that this version does not support. */
const KNOWN = {
  NeuralForecast: { has: ['models', 'freq', 'timeZone', 'localScalerType', 'localStaticScalerType'], lacks: [] },
  fit: {
    has: ['static', 'valSize', 'valData', 'columns', 'onGap', 'onMissing', 'mode', 'maxSteps', 'checkpoint', ...RUN],
    lacks: ['predictionIntervals', 'memoryLimitBytes'],
  },
  checkpoint: { has: ['path', 'everySteps'], lacks: [] },
  predict: {
    has: ['data', 'static', 'future', 'level', 'quantiles', 'h', 'onGap', 'onMissing', 'onShort', ...RUN],
    lacks: [],
  },
  predictInsample: { has: ['stepSize', 'level', 'quantiles', 'onMissing', ...RUN], lacks: [] },
  makeFutureFrame: { has: ['data', 'h'], lacks: [] },
  missingFuture: { has: ['data', 'h'], lacks: [] },
  predictor: { has: ['batch', 'threads'], lacks: [] },
  predictSync: { has: ['futr', 'hist', 'stat'], lacks: [] },
  save: { has: ['overwrite', 'saveDataset'], lacks: ['models', ...RUN] },
  load: { has: [], lacks: RUN },
  columns: { has: ['id', 'time', 'target', 'weight', 'mask'], lacks: [] },
  toSVG: {
    has: ['ids', 'models', 'level', 'maxInsampleLength', 'title', 'width', 'height', 'history', 'actual'],
    lacks: [],
  },
  metrics: { has: ['seasonLength', 'seasonalNaive', 'benchmark'], lacks: [] },
  configure: { has: ['threads'], lacks: ['deterministic', 'logLevel', 'onLog'] },
}

/** The options, checked to be an object with names that the call knows. */
function checkOptions(call, options = {}) {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid(call, `${call}: the options must be an object, got ${show(options)}`, 'an object', options)
  }
  const { has, lacks } = KNOWN[call]
  for (const name of Object.keys(options)) {
    if (has.includes(name) || options[name] === undefined) continue
    if (lacks.includes(name)) throw unsupported(`the option "${name}" of ${call}`, { option: name })
    const near = native.nearest(name, has) ?? has.find((known) => name.startsWith(known))
    const hint = near ? `; did you mean "${near}"?` : has.length ? `; it has ${has.join(', ')}` : ''
    throw new NeuralForecastError('ERR_NF_INVALID_OPTION', `${call} has no option "${name}"${hint}`, {
      option: name,
      expected: near ?? has,
    })
  }
  return options
}

/** An option with a value that the face itself has to refuse. */
function invalid(option, message, expected, actual) {
  return new NeuralForecastError('ERR_NF_INVALID_OPTION', message, { option, expected, actual: plain(actual) })
}

/** A feature that is designed but not there. */
function unsupported(feature, details = {}) {
  return new NeuralForecastError('ERR_NF_UNSUPPORTED', `${feature} is not supported by this version`, details)
}

/** JSON that hides nothing: what JSON would drop or blur arrives as text, and is then refused by name. */
function toJson(value) {
  return JSON.stringify(value, (_, v) => plain(v))
}

function plain(v) {
  if (typeof v === 'number' && !Number.isFinite(v)) return String(v)
  if (typeof v === 'bigint') return String(v)
  if (typeof v === 'function') return `function ${v.name}`
  if (typeof v === 'symbol') return String(v)
  if (ArrayBuffer.isView(v)) return Array.from(v)
  return v
}

/** A value as it stands in a message. */
function show(v) {
  if (typeof v === 'string') return JSON.stringify(v)
  if (v instanceof Date) return `Date ${Number.isNaN(v.getTime()) ? 'invalid' : v.toISOString()}`
  if (Array.isArray(v)) return 'an array'
  return typeof v === 'object' && v !== null ? 'an object' : typeof v === 'function' ? 'a function' : String(v)
}

module.exports = { checkOptions, invalid, unsupported, toJson, show }
