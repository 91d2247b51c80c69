// One factory per registered model: `NHITS(options)` is the frozen spec `{ model: 'NHITS', options }`, plain JSON.
'use strict'

const native = require('./native.js')
const { toJson } = require('./options.js')

/** A frozen copy that JSON can carry. */
function freeze(value) {
  return deepFreeze(JSON.parse(toJson(value)))
}

function deepFreeze(value) {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

/** Name, family, paper, inputs and options of every model. */
const described = deepFreeze(JSON.parse(native.describe()))

const factories = Object.fromEntries(
  described.map(({ name }) => [name, { [name]: (options) => freeze({ model: name, options: options ?? {} }) }[name]]),
)

module.exports = { described, factories, freeze, deepFreeze }
