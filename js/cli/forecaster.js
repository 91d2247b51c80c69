// The forecaster of the commands that train, and the data that it is trained on.
'use strict'

const { NeuralForecast } = require('../index.js')
const { modelSpecs } = require('./specs.js')

/** An unfitted forecaster with the models that the arguments of `command` describe. */
function forecaster(values, command) {
  return new NeuralForecast({
    models: modelSpecs(values, command),
    freq: frequency(values.freq),
    timeZone: values['time-zone'],
    timeUnit: values['time-unit'],
    localScalerType: values['local-scaler'],
  })
}

/** How a training reads its data. */
function reading(values) {
  const { decimal, static: statics } = values
  return {
    columns: columns(values),
    valSize: values['val-size'],
    static: statics && { path: statics, decimal },
    onGap: values['on-gap'],
    onMissing: values['on-missing'],
  }
}

const columns = (values) => ({ id: values['id-col'], time: values['time-col'], target: values['target-col'] })

/** A whole number is a number of steps; anything else is a pandas alias. */
function frequency(text) {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text
}

module.exports = { columns, forecaster, reading }
