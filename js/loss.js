// Losses as frozen plain JSON, one function for each that the engine has. Their arguments are checked by the engine, when a
// NeuralForecast is made.
'use strict'

const { freeze } = require('./models.js')
const native = require('./native.js')

/** `loss.mq(args)`; an argument that comes first stands by itself: `loss.distribution('Normal', args)`. */
function functionOf({ kind, first }) {
  if (first === null) return (args) => freeze({ kind, args: args ?? {} })
  return (value, args) => freeze({ kind, args: { [first]: value, ...args } })
}

const loss = Object.fromEntries(JSON.parse(native.losses()).map((entry) => [entry.function, functionOf(entry)]))

module.exports = { loss: Object.freeze(loss) }
