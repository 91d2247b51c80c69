// The options of a call as an object, whose names and values are the engine's to check, and errors that the face makes itself.
'use strict'

const { NeuralForecastError, guarded } = require('./error.js')
const native = require('./native.js')
const { show, toJson } = require('./plain.js')

/** Refuses options that are no object, and names that the call does not know. Returns which options are tables. */
function checkOptions(call, options) {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || typeof options.then === 'function') {
    throw invalid(call, `${call}: the options must be an object, got ${show(options)}`, 'an object', options)
  }
  const names = Object.keys(options).filter((name) => options[name] !== undefined)
  return guarded(() => native.checkOptions(call, names))
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
