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
  rmse: of('RMSE'),
  mape: of('MAPE'),
  smape: of('SMAPE'),
  mase: of('MASE'),
  freDF: of('FreDF'),
  huber: of('HuberLoss'),
  tukey: of('TukeyLoss'),
  quantile: of('QuantileLoss'),
  mq: of('MQLoss'),
  huberQ: of('HuberQLoss'),
  huberMQ: of('HuberMQLoss'),
  iq: of('IQLoss'),
  huberIQ: of('HuberIQLoss'),
  distribution: (distribution, args) => of('DistributionLoss')({ distribution, ...args }),
  accuracy: of('Accuracy'),
  sCRPS: of('sCRPS'),
}
const LACKING = ['gmm', 'pmm', 'nbmm']
/** What needs a benchmark can neither train nor validate, as in NeuralForecast. */
const relMSE = () => {
  throw unsupported("relMSE as a loss: it scores a forecast, by forecast.metrics(actual, ['relmse']);")
}
Object.defineProperty(loss, 'relMSE', { value: relMSE })
for (const name of LACKING) Object.defineProperty(loss, name, { value: lacking(name) })

module.exports = { loss: Object.freeze(loss) }
