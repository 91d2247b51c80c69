// Losses as frozen plain JSON. Their arguments are checked by the engine, when a NeuralForecast is made.
'use strict'

const { freeze } = require('./models.js')

const of = (kind) => (args) => freeze({ kind, args: args ?? {} })

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
module.exports = { loss: Object.freeze(loss) }
