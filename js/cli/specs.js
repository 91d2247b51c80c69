// The models of the commands that train: from a JSON file of model specs, or from the other arguments.
'use strict'

const { readFileSync } = require('node:fs')
const { loss } = require('../index.js')
const { wrappers } = require('../models.js')
const { UsageError } = require('./usage.js')

/** Arguments that describe models, which a file of specs replaces. */
const INSTEAD = ['models', 'input-size', 'max-steps', 'scaler', 'level', 'seed']

/** Specs of the models to train. Those from a file get the usual `h` and `inputSize` where they have none. */
function modelSpecs(values, command) {
  const wrong = (message) => new UsageError(message, command)
  return values.config === undefined ? fromArguments(values, wrong) : fromFile(values, wrong)
}

function fromArguments({ models = 'NHITS', h, level, seed, scaler = 'robust', ...values }, wrong) {
  const options = {
    h,
    inputSize: values['input-size'] ?? 2 * h,
    maxSteps: values['max-steps'],
    scalerType: scaler,
    randomSeed: seed,
  }
  if (level !== undefined) options.loss = loss.mq({ level: level.split(',').map((text) => percent(text, wrong)) })
  const names = models.split(',').map((model) => model.trim())
  const wrapper = names.find(isWrapper)
  if (wrapper) throw wrong(`${wrapper} wraps a model, with options of its own; write it in a file for --config`)
  return names.map((model) => ({ model, options }))
}

function fromFile({ config, h, ...values }, wrong) {
  const other = INSTEAD.find((name) => values[name] !== undefined)
  if (other) throw wrong(`--config says what the models are; leave out --${other}`)
  const specs = [parsed(config, wrong)].flat()
  if (specs.length === 0 || !specs.every((spec) => isObject(spec) && isObject(spec.options ?? {}))) {
    throw wrong(`${config} must hold model specs: [{ "model": "NHITS", "options": { "inputSize": 24 } }]`)
  }
  const complete = ({ options, ...spec }) => {
    if (isWrapper(spec.model) && isObject(options?.model))
      return { ...spec, options: { ...options, model: complete(options.model) } }
    if (isWrapper(spec.model)) return { ...spec, options: options ?? {} }
    if (options?.h !== undefined && options.h !== h)
      throw wrong(`--h is ${h}, but ${config} has a model with h ${options.h}`)
    return { ...spec, options: { h, inputSize: 2 * h, ...options } }
  }
  return specs.map(complete)
}

const isWrapper = (model) => wrappers().some(({ name }) => name === model)

function parsed(path, wrong) {
  const text = readFileSync(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw wrong(`${path} is not JSON: ${error.message}`)
  }
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

function percent(text, wrong) {
  const level = Number(text)
  if (text.trim() !== '' && level >= 1 && level < 100) return level
  const hint = level > 0 && level < 1 ? `; did you mean ${Number((100 * level).toFixed(9))}?` : ''
  throw wrong(`--level must be percentages from 1 to below 100, got "${text}"${hint}`)
}

module.exports = { modelSpecs }
