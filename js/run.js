// One running call: abort signal, progress, number of threads, and errors with the caller's stack.
'use strict'

const { setInterval, clearInterval } = require('node:timers')
const { NeuralForecastError, fromNative } = require('./error.js')
const native = require('./native.js')
const { invalid, show } = require('./options.js')

/** Settings that hold for every call which does not say otherwise. */
const defaults = { threads: undefined, memoryLimitBytes: undefined }

/** The options of a run, checked. */
function checkRun({
  signal,
  onProgress,
  progressIntervalMs = 100,
  threads = defaults.threads,
  memoryLimitBytes = defaults.memoryLimitBytes,
}) {
  if (signal !== undefined && !(signal instanceof AbortSignal)) refuse('signal', 'an AbortSignal', signal)
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress', 'a function', onProgress)
  if (!(progressIntervalMs >= 0 && progressIntervalMs < 2 ** 31))
    refuse('progressIntervalMs', 'milliseconds, 0 or more', progressIntervalMs)
  checkThreads(threads)
  checkMemoryLimit(memoryLimitBytes)
  return { signal, onProgress, progressIntervalMs, threads, memoryLimitBytes }
}

function checkThreads(threads) {
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0 && threads <= 1024)) {
    refuse('threads', 'a whole number from 1 to 1024', threads)
  }
}

function checkMemoryLimit(bytes) {
  if (bytes !== undefined && !(Number.isInteger(bytes) && bytes > 0)) {
    refuse('memoryLimitBytes', 'a whole number of bytes, 1 or more', bytes)
  }
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

/** The error of an asynchronous call, with the frames of whoever made the call. */
function located(error, site) {
  const found = fromNative(error)
  if (found instanceof NeuralForecastError)
    found.stack = `${found.name}: ${found.message}${site.stack.slice(site.stack.indexOf('\n'))}`
  return found
}

/** Starts work in the addon and sees it through: `start` gets the native run. */
async function run(options, site, start, running = new Set()) {
  const { signal, onProgress, progressIntervalMs, threads, memoryLimitBytes } = checkRun(options)
  signal?.throwIfAborted()
  const current = new native.Run(onProgress !== undefined, threads, memoryLimitBytes)
  const abort = () => current.cancel()
  let thrown // what the user's callback threw, in a box: it may be undefined
  const deliver = () => {
    try {
      for (const progress of thrown ? [] : JSON.parse(current.progress() ?? '[]')) onProgress(progress)
    } catch (error) {
      thrown = { error }
      abort()
    }
  }
  signal?.addEventListener('abort', abort)
  const timer = onProgress && setInterval(deliver, progressIntervalMs).unref()
  running.add(current)
  try {
    const result = await start(current)
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

module.exports = { run, callSite, located, checkThreads, checkMemoryLimit, defaults }
