// The commands and their options in one table, from which arguments are parsed and the help is printed.
'use strict'

const { parseArgs } = require('node:util')

const TABLE_OPTIONS = {
  'id-col': { type: 'string', value: 'NAME', help: 'column of the series identifier (unique_id)' },
  'time-col': { type: 'string', value: 'NAME', help: 'column of the time (ds)' },
  'target-col': { type: 'string', value: 'NAME', help: 'column of the values (y)' },
}
const FILE_OPTIONS = {
  decimal: { type: 'string', value: 'MARK', help: 'decimal mark of the files: . or , (.)' },
}
const GAP_OPTION = {
  'on-gap': { type: 'string', value: 'HOW', help: 'times missing from a series: error, mask, fillForward, fillZero' },
}
const MISSING_OPTION = {
  'on-missing': {
    type: 'string',
    value: 'HOW',
    help: 'missing values: error, mask, fillForward, fillZero, interpolate',
  },
}
const OUTPUT_OPTIONS = {
  out: { type: 'string', value: 'F.csv', help: 'write the forecast there instead of to the terminal' },
  plot: { type: 'string', value: 'F.svg', help: 'write a chart' },
}
const COMMON = {
  json: { type: 'boolean', help: 'print JSON for programs' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
  version: { type: 'boolean', short: 'v', help: 'the version' },
}

/** What the data are, and the models to train on them. */
const TRAINING_OPTIONS = {
  h: { type: 'string', value: 'N', number: 'count', required: true, help: 'steps to forecast' },
  freq: {
    type: 'string',
    value: 'MS',
    help: 'pandas alias (MS, D, h, 15min) or a number of steps; inferred when left out',
  },
  'time-zone': { type: 'string', value: 'ZONE', help: 'time zone of the dates, such as Europe/Berlin (UTC)' },
  'time-unit': {
    type: 'string',
    value: 'UNIT',
    help: 'unit of numbers in the time column: s, ms, us, ns (since 1970) or year',
  },
  models: { type: 'string', value: 'A,B', help: 'models to train (NHITS); see: neural-trader models' },
  config: { type: 'string', value: 'F.json', help: 'model specs with all their options, instead of --models' },
  'input-size': { type: 'string', value: 'N', number: 'count', help: 'steps a model looks back (twice h)' },
  'max-steps': { type: 'string', value: 'N', number: 'count', help: "training steps (the model's default)" },
  scaler: { type: 'string', value: 'TYPE', help: 'how each window is scaled (robust)' },
  'local-scaler': { type: 'string', value: 'TYPE', help: 'how each series is scaled as a whole (none)' },
  level: { type: 'string', value: '80,90', help: 'prediction intervals in percent' },
  'val-size': {
    type: 'string',
    value: 'N',
    number: 'count',
    help: 'rows at the end of each series for validation (none)',
  },
  static: { type: 'string', value: 'F.csv', help: 'one row per series: the columns of statExogList' },
  seed: { type: 'string', value: 'N', number: 'whole', help: 'random seed (1)' },
  threads: { type: 'string', value: 'N', number: 'count', help: 'threads (all cores)' },
}

/** Purpose, arguments, options and an example of each command. */
const COMMANDS = {
  forecast: {
    about: 'Trains models on a CSV file and forecasts every series in it.',
    takes: ['data.csv'],
    example: 'neural-trader forecast sales.csv --h 12 --freq MS --models NHITS,LSTM --holdout --plot sales.svg',
    options: {
      ...TRAINING_OPTIONS,
      holdout: { type: 'boolean', help: 'hold out the last h rows of each series and score the forecast on them' },
      future: { type: 'string', value: 'F.csv', help: 'the columns of futrExogList at the forecast times' },
      save: { type: 'string', value: 'DIR', help: 'save the trained models; an existing checkpoint is replaced' },
      ...FILE_OPTIONS,
      ...GAP_OPTION,
      ...MISSING_OPTION,
      ...OUTPUT_OPTIONS,
      ...TABLE_OPTIONS,
    },
  },
  cv: {
    about: 'Compares models by forecasts of the last rows of every series, which they have not seen.',
    takes: ['data.csv'],
    example: 'neural-trader cv sales.csv --h 12 --freq MS --models NHITS,LSTM,DLinear --n-windows 3 --ensemble mean',
    options: {
      ...TRAINING_OPTIONS,
      'n-windows': { type: 'string', value: 'N', number: 'count', help: 'forecasts of each series (3)' },
      'step-size': { type: 'string', value: 'N', number: 'count', help: 'rows between forecast origins (h)' },
      refit: { type: 'string', value: 'N', number: 'count', help: 'train anew for every N forecasts (once for all)' },
      metrics: { type: 'string', value: 'A,B', help: 'scores, the first of which orders the models (mae,smape,mase)' },
      by: { type: 'string', value: 'PART', help: 'scores of each series, cutoff or forecast too' },
      ensemble: {
        type: 'string',
        value: 'HOW',
        help: 'add an ensemble of the models: mean, median, inverseLoss, greedy',
      },
      ...FILE_OPTIONS,
      ...GAP_OPTION,
      ...MISSING_OPTION,
      ...OUTPUT_OPTIONS,
      ...TABLE_OPTIONS,
    },
  },
  predict: {
    about: 'Forecasts with saved models.',
    takes: ['dir'],
    example: 'neural-trader predict model-dir --data new.csv --out forecast.csv',
    options: {
      data: { type: 'string', value: 'F.csv', help: 'histories to continue instead of the training data' },
      static: { type: 'string', value: 'F.csv', help: 'one row per series of --data: the columns of statExogList' },
      future: { type: 'string', value: 'F.csv', help: 'the columns of futrExogList at the forecast times' },
      h: { type: 'string', value: 'N', number: 'count', help: 'steps to forecast, if more than in training' },
      ...FILE_OPTIONS,
      ...GAP_OPTION,
      ...MISSING_OPTION,
      ...OUTPUT_OPTIONS,
    },
  },
  insample: {
    about: 'Forecasts the training data of saved models, each window from the rows before it.',
    takes: ['dir'],
    example: 'neural-trader insample model-dir --step-size 12 --out insample.csv',
    options: {
      'step-size': {
        type: 'string',
        value: 'N',
        number: 'count',
        help: 'rows between forecast origins (1)',
      },
      ...MISSING_OPTION,
      ...OUTPUT_OPTIONS,
    },
  },
  models: {
    about: 'Lists the models and their options.',
    takes: [],
    example: 'neural-trader models --json',
    options: {},
  },
  doctor: { about: 'Checks this installation.', takes: [], example: 'neural-trader doctor', options: {} },
}

/** The error for invalid arguments. */
class UsageError extends Error {
  constructor(message, command) {
    super(message)
    this.code = 'ERR_USAGE'
    this.command = command
  }
}

/** The command, the values of its options (numbers parsed) and its positional arguments. */
function parse(argv) {
  const first = argv.findIndex((arg) => !arg.startsWith('-'))
  const command = argv[first]
  if (command === undefined) return { command, ...parseStrictly(argv, COMMON) }
  if (!Object.hasOwn(COMMANDS, command)) {
    throw new UsageError(`there is no command "${command}"; the commands are ${Object.keys(COMMANDS).join(', ')}`)
  }
  const { options, takes } = COMMANDS[command]
  const { values, positionals } = parseStrictly(argv.toSpliced(first, 1), { ...options, ...COMMON }, command)
  if (!values.help && !values.version) {
    if (positionals.length !== takes.length) {
      throw new UsageError(
        `${command} takes ${takes.length ? takes.join(' ') : 'no file'}, got ${positionals.join(' ') || 'nothing'}`,
        command,
      )
    }
    for (const [name, option] of Object.entries(options)) values[name] = checked(name, option, values[name], command)
  }
  return { command, values, positionals }
}

function parseStrictly(args, options, command) {
  try {
    const known = Object.fromEntries(
      Object.entries(options).map(([name, { type, short }]) => [name, { type, ...(short && { short }) }]),
    )
    return parseArgs({ args, options: known, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error.message.split('. ')[0], command)
  }
}

function checked(name, { number, required }, text, command) {
  if (text === undefined && required) throw new UsageError(`${command} needs --${name}`, command)
  if (text === undefined || number === undefined) return text
  const value = Number(text)
  const least = number === 'count' ? 1 : 0
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`--${name} must be a whole number, ${least} or more, got "${text}"`, command)
  }
  return value
}

/** The help of a command, or the list of all commands. */
function usage(command) {
  if (command === undefined) {
    return [
      'neural-trader: neural time-series forecasting',
      '',
      ...Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`),
      '',
      'Run neural-trader COMMAND --help for its options. Exit codes: 0 done, 1 error, 2 wrong arguments, 130 interrupted.',
    ].join('\n')
  }
  const { about, takes, options, example } = COMMANDS[command]
  const rows = Object.entries({ ...options, ...COMMON }).map(([name, { value, help }]) => [
    `--${name}${value ? ` ${value}` : ''}`,
    help,
  ])
  const width = Math.max(...rows.map(([flag]) => flag.length))
  return [
    about,
    '',
    `usage: neural-trader ${[command, ...takes].join(' ')} [options]`,
    '',
    ...rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`),
    '',
    `example: ${example}`,
  ].join('\n')
}

const version = () => require('../../package.json').version

module.exports = { parse, usage, version, UsageError }
