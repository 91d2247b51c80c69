// The options of a call in the addon's form: tables by the names of their options, everything else as JSON.
'use strict'

const { guarded } = require('./error.js')
const native = require('./native.js')
const { checkOptions, toJson } = require('./options.js')
const { toNative } = require('./table.js')

/** Settings that apply to every call, unless its options override them. */
let settings = {}

/** Replaces the settings of later calls. */
function configure(options = {}) {
  checkOptions('configure', options)
  guarded(() => native.checkSettings(toJson(options)))
  settings = { ...options }
}

/**
 * The options of a call, with their names checked. `signal` and `onProgress` cannot be sent as JSON and stay here, for `run`.
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
