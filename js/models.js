// One factory per registered model and wrapper of models: `NHITS(options)` returns the frozen spec
// `{ model: 'NHITS', options }`, plain JSON.
'use strict'

const native = require('./native.js')
const { toJson } = require('./options.js')

/** A frozen copy that survives JSON. */
function freeze(value) {
  return deepFreeze(JSON.parse(toJson(value)))
}

function deepFreeze(value) {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

let known
/** Name, family, paper, inputs and options of every model. Computed on first use, because few processes need it. */
function described() {
  known ??= deepFreeze(JSON.parse(native.describe()))
  return known
}

/** Name, family, paper and options of what wraps a model. */
const wrappers = () => deepFreeze(JSON.parse(native.describeWrappers()))

const factories = Object.fromEntries(
  [...native.modelNames(), ...wrappers().map(({ name }) => name)].map((name) => [
    name,
    { [name]: (options) => freeze({ model: name, options: options ?? {} }) }[name],
  ]),
)

module.exports = { described, factories, freeze, deepFreeze, wrappers }
