// Checks of options, whose names and values the engine checks, and the errors that the JavaScript side throws itself.
'use strict'

const { NeuralForecastError, guarded } = require('./error.js')
const native = require('./native.js')
const { show, toJson } = require('./plain.js')

/** Throws if the options are not an object or have an unknown name. Returns the names of those that are tables. */
function checkOptions(call, options) {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || typeof options.then === 'function') {
    throw invalid(call, `${call}: the options must be an object, got ${show(options)}`, 'an object', options)
  }
  const names = Object.keys(options).filter((name) => options[name] !== undefined)
  return guarded(() => native.checkOptions(call, names))
}

/** The error for an option whose value only JavaScript can check. */
function invalid(option, message, expected, actual) {
  return new NeuralForecastError('ERR_NF_INVALID_OPTION', message, { option, expected, actual })
}

/** The error for a feature that this version does not have. */
function unsupported(feature, details = {}) {
  return new NeuralForecastError('ERR_NF_UNSUPPORTED', `${feature} is not supported by this version`, details)
}

module.exports = { checkOptions, invalid, unsupported, toJson, show }
