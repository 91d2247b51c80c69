// `neural-trader models`: lists the models and their options.
'use strict'

const { models } = require('../index.js')
const { wrappers } = require('../models.js')
const { print, printJson } = require('./output.js')

module.exports = async function list({ values: { json } }) {
  if (json) return printJson(models())
  models().forEach(printModel)
  print('\nEvery model also takes the shared options:')
  const shared = models()[0]?.options.filter((o) => o.shared) ?? []
  print(`  ${shared.map((o) => o.name).join(', ')}`)
  print('\nAround another model, in a file for --config:')
  wrappers().forEach(printModel)
}

function printModel({ name, family, paper, options }) {
  print(`${name}: ${family}; ${paper}`)
  for (const option of options.filter((o) => !o.shared)) {
    const otherwise = option.default === undefined ? '' : ` (${JSON.stringify(option.default)})`
    print(`  ${option.name}: ${option.ts}${otherwise}  ${option.doc}`)
  }
}
