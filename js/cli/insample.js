// `neural-trader insample`: forecasts the training data of saved models, each window from the rows before it.
'use strict'

const { NeuralForecast } = require('../index.js')
const { checkDestinations } = require('./destinations.js')
const { progressBar, writeForecast } = require('./output.js')

module.exports = async function insample({ values, positionals: [dir], signal }) {
  checkDestinations(values, 'insample')
  const nf = await NeuralForecast.load(dir)
  const bar = progressBar()
  const run = { stepSize: values['step-size'], onMissing: values['on-missing'], signal, onProgress: bar.onProgress }
  writeForecast(await nf.predictInsample(run).finally(bar.end), values, signal)
}
