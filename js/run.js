// A running call: abort signal, progress, and errors with the caller's stack.
'use strict'

const { setInterval, clearInterval } = require('node:timers')
const { NeuralForecastError, fromNative } = require('./error.js')
const native = require('./native.js')
const { invalid, show } = require('./options.js')

/** Checks the options that do not reach the engine. */
function checkRun(signal, onProgress) {
  if (signal !== undefined && !(signal instanceof AbortSignal)) refuse('signal', 'an AbortSignal', signal)
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress', 'a function', onProgress)
}

function refuse(option, expected, actual) {
  throw invalid(option, `option "${option}" must be ${expected}, got ${show(actual)}`, expected, actual)
}

/** The stack of a public method's caller, for errors that come from another thread. */
function callSite(method) {
  const site = {}
  Error.captureStackTrace(site, method)
  return site
}

/** The error of an asynchronous call, with the stack frames of its caller. */
function located(error, site) {
  const found = fromNative(error)
  if (found instanceof NeuralForecastError)
    found.stack = `${found.name}: ${found.message}${site.stack.slice(site.stack.indexOf('\n'))}`
  return found
}

/** Starts work in the addon and waits for its end. `start` gets the native run. */
async function run({ signal, onProgress }, site, start, running = new Set()) {
  checkRun(signal, onProgress)
  signal?.throwIfAborted()
  const current = new native.Run(onProgress !== undefined)
  const abort = () => current.cancel()
  let thrown // what the user's callback threw, wrapped because it may be undefined
  const deliver = () => {
    try {
      for (const progress of thrown ? [] : JSON.parse(current.progress() ?? '[]')) onProgress(progress)
    } catch (error) {
      thrown = { error }
      abort()
    }
  }
  signal?.addEventListener('abort', abort)
  let timer
  running.add(current)
  try {
    const work = start(current) // this also reads the options and sets `interval`
    timer = onProgress && setInterval(deliver, current.interval).unref()
    const result = await work
    if (onProgress) deliver()
    if (thrown) throw thrown.error
    return result
  } catch (error) {
    if (thrown) throw thrown.error
    const found = located(error, site)
    throw found?.code === 'ABORT_ERR' && signal?.aborted ? signal.reason : found
  } finally {
    running.delete(current)
    clearInterval(timer)
    signal?.removeEventListener('abort', abort)
  }
}

module.exports = { run, callSite, located }
