// Losses as frozen plain JSON. Their arguments are checked by the engine, when a NeuralForecast is made.
'use strict'

const { unsupported } = require('./options.js')
const { freeze } = require('./models.js')

const of = (kind) => (args) => freeze({ kind, args: args ?? {} })
const lacking = (name) => () => {
  throw unsupported(`loss.${name}`)
}

const loss = {
  mae: of('MAE'),
  mse: of('MSE'),
  huber: of('HuberLoss'),
  mq: of('MQLoss'),
}
const LACKING = [
  'rmse',
  'mape',
  'smape',
  'mase',
  'freDF',
  'tukey',
  'quantile',
  'iq',
  'huberQ',
  'huberMQ',
  'huberIQ',
  'distribution',
  'gmm',
  'pmm',
  'nbmm',
]
for (const name of LACKING) Object.defineProperty(loss, name, { value: lacking(name) })

module.exports = { loss: Object.freeze(loss) }
