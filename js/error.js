// The error class of every failure, and how an error of the addon becomes one.
'use strict'

const { toJson } = require('./plain.js')

/** What went wrong: a stable code, a sentence with the fix, and details for programs. */
class NeuralForecastError extends Error {
  constructor(code, message, details = {}, options = undefined) {
    super(message, options)
    this.code = code
    this.details = JSON.parse(toJson(details)) // plain, whatever the caller's values were
  }
}
Object.defineProperty(NeuralForecastError.prototype, 'name', { value: 'NeuralForecastError' })

/** The error that the addon sent as JSON; anything else stays as it is. */
function fromNative(error) {
  const { code, message, details, cause } = parse(error?.message) ?? {}
  if (code === undefined) return error
  return new NeuralForecastError(code, message, details, cause === undefined ? undefined : { cause: new Error(cause) })
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not ours: a message in words
  }
}

/** Calls the addon; what it throws comes out as a `NeuralForecastError`. */
function guarded(call) {
  try {
    return call()
  } catch (error) {
    throw fromNative(error)
  }
}

module.exports = { NeuralForecastError, fromNative, guarded }
