// The error class of the library, and the conversion of the addon's errors to it.
'use strict'

const { toJson } = require('./plain.js')

/** An error with a stable code, a message that says how to fix it, and details for programs. */
class NeuralForecastError extends Error {
  constructor(code, message, details = {}, options = undefined) {
    super(message, options)
    this.code = code
    this.details = JSON.parse(toJson(details)) // plain JSON, whatever the caller's values were
  }
}
Object.defineProperty(NeuralForecastError.prototype, 'name', { value: 'NeuralForecastError' })

/** The error that the addon sent as JSON; any other error is returned unchanged. */
function fromNative(error) {
  const { code, message, details, cause } = parse(error?.message) ?? {}
  if (code === undefined) return error
  return new NeuralForecastError(code, message, details, cause === undefined ? undefined : { cause: new Error(cause) })
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not an error of ours: its message is plain text
  }
}

/** Calls the addon and rethrows its errors as `NeuralForecastError`. */
function guarded(call) {
  try {
    return call()
  } catch (error) {
    throw fromNative(error)
  }
}

module.exports = { NeuralForecastError, fromNative, guarded }
