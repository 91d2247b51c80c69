// Loads the addon: the one built in this checkout, or else the platform package that npm installed.
'use strict'

const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { NeuralForecastError } = require('./error.js')
const { TARGETS, platform, addon } = require('./platform.js')

function load() {
  const name = platform()
  const local = join(__dirname, '..', addon(name))
  const source = existsSync(local) ? local : `@neural-trader/backend-${name}`
  try {
    return require(source)
  } catch (cause) {
    throw new NeuralForecastError(
      'ERR_NF_NATIVE_LOAD',
      advice(name, source, cause),
      { expected: TARGETS[name], actual: name },
      { cause },
    )
  }
}

function advice(name, source, cause) {
  const reason = cause.message.split('\n', 1)[0]
  if (!(name in TARGETS)) {
    return `there is no prebuilt addon for ${name}; there is one for ${Object.keys(TARGETS).join(', ')}. Elsewhere, build it from a checkout with Rust: npm run build`
  }
  const fix =
    cause.code === 'MODULE_NOT_FOUND'
      ? `Install again with optional dependencies (npm install --include=optional ${source}), or build it from a checkout with Rust: npm run build`
      : 'The file is there but the system cannot load it; build it from a checkout with Rust: npm run build'
  return `cannot load the native addon for ${TARGETS[name]} (${source}): ${reason}. ${fix}`
}

module.exports = load()
