// What a call is given, as the addon takes it: tables by the names of their options, and all else as JSON.
'use strict'

const { guarded } = require('./error.js')
const native = require('./native.js')
const { checkOptions, toJson } = require('./options.js')
const { toNative } = require('./table.js')

/** Settings that hold for every call which does not say otherwise. */
let settings = {}

/** Keeps settings for later calls, in place of those before. */
function configure(options = {}) {
  checkOptions('configure', options)
  guarded(() => native.checkSettings(toJson(options)))
  settings = { ...options }
}

/**
 * The options of a call, checked by name. What only JavaScript can hold stays here: `signal` and `onProgress`, for `run`.
 * `layout` is that of the call's tables.
 */
function given(call, options = {}, layout = undefined) {
  const tables = {}
  const names = checkOptions(call, options)
  const { signal, onProgress, ...rest } = options
  for (const name of names) {
    if (rest[name] !== undefined) tables[name] = toNative(rest[name], name, layout)
    delete rest[name]
  }
  return { options: toJson(rest), settings: toJson(settings), tables, signal, onProgress }
}

module.exports = { configure, given, settings: () => settings }
