// Losses as frozen plain JSON, one function for each loss of the engine. The engine checks their arguments when a
// NeuralForecast is made.
'use strict'

const { freeze } = require('./models.js')
const native = require('./native.js')

/** `loss.mq(args)`; some losses take a first argument separately: `loss.distribution('Normal', args)`. */
function functionOf({ kind, first }) {
  if (first === null) return (args) => freeze({ kind, args: args ?? {} })
  return (value, args) => freeze({ kind, args: { [first]: value, ...args } })
}

const loss = Object.fromEntries(JSON.parse(native.losses()).map((entry) => [entry.function, functionOf(entry)]))

module.exports = { loss: Object.freeze(loss) }
