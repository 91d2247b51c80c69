// Output paths of the commands, checked before any work so that no training is wasted.
'use strict'

const { rmSync, statSync, writeFileSync } = require('node:fs')
const { basename, dirname, extname, join, relative, resolve, sep } = require('node:path')
const { guarded } = require('../error.js')
const native = require('../native.js')
const { UsageError } = require('./usage.js')

/** File extensions of formats other than CSV, which we do not write. */
const NOT_CSV = [
  ...['.json', '.jsonl', '.ndjson', '.parquet', '.xlsx', '.xls', '.arrow', '.feather', '.ipc'],
  ...['.svg', '.png', '.pdf', '.html'],
]

/** Arguments that name input files. */
const INPUTS = ['data', 'static', 'future', 'config']

/** Throws if an output could not be written later, or would overwrite an input or another output. */
function checkDestinations({ out, plot, save, ...values }, command, [read] = []) {
  const inputs = { data: read, ...values }
  const given = Object.entries({ out, plot, save }).filter(([, path]) => path !== undefined)
  given.forEach(([name, path], i) => {
    const wrong = (why) => new UsageError(`--${name} ${path}: ${why}`, command)
    if (path === '') throw new UsageError(`--${name} needs a name`, command)
    if (name === 'out') checkCsv(path, wrong)
    if (name === 'plot' && extname(path).toLowerCase() !== '.svg')
      throw wrong('a chart is written as SVG, so the name must end in .svg')
    for (const input of INPUTS.filter((input) => inputs[input] !== undefined)) {
      const what = input === 'data' && values.data === undefined ? 'the data' : `--${input}`
      if (resolve(inputs[input]) === resolve(path)) throw wrong(`${what} is read from there; give another name`)
      if (name === 'save' && isWithin(path, inputs[input]))
        throw wrong(`it is replaced as a whole, and ${what} is in it`)
    }
    for (const [other, text] of given.slice(0, i)) {
      if (resolve(text) === resolve(path)) throw wrong(`--${other} writes there too; give two names`)
      if (name === 'save' && isWithin(path, text)) throw wrong(`it is replaced as a whole, and --${other} is in it`)
    }
  })
  for (const [name, path] of given) {
    const fault = (code, why) => Object.assign(new Error(`--${name} ${path}: ${why}`), { code })
    if (name === 'save') checkFolder(path, fault)
    else checkFile(path, fault)
  }
}

function checkCsv(path, wrong) {
  const ending = extname(path).toLowerCase()
  if (!NOT_CSV.includes(ending)) return
  const json = ending.startsWith('.js') ? '; for JSON on the terminal there is --json' : ''
  throw wrong(`the forecast is written as CSV, so the name must not end in ${ending}, but in .csv${json}`)
}

function isWithin(folder, path) {
  const way = relative(resolve(folder), resolve(path))
  return way !== '..' && !way.startsWith(`..${sep}`) && resolve(way) !== way
}

function checkFile(path, fault) {
  const there = found(path)
  if (there?.isDirectory()) throw fault('EISDIR', 'this is a directory; give the name of a file in it')
  if (there !== undefined && !there.isFile())
    throw fault('EINVAL', 'this is not a regular file, so it cannot be replaced')
  checkWritable(dirname(path), path, fault)
}

function checkFolder(path, fault) {
  const there = found(path)
  if (there !== undefined && !there.isDirectory())
    throw fault('ENOTDIR', 'there is a file of this name; give a directory')
  guarded(() => native.checkReplaceable(path))
  // Saving creates missing parent directories.
  let above = dirname(resolve(path))
  while (found(above) === undefined && dirname(above) !== above) above = dirname(above)
  checkWritable(above, join(above, basename(path)), fault)
}

/** The status of a path, if it exists. */
function found(path) {
  try {
    return statSync(path)
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw Object.assign(new Error(`${path} cannot be accessed (${error.code}); choose another place`), {
      code: error.code,
    })
  }
}

/** Checks by writing a probe file, because permissions alone do not decide. */
function checkWritable(folder, path, fault) {
  const there = found(folder)
  if (there === undefined) throw fault('ENOENT', `there is no directory ${folder}; make it first`)
  if (!there.isDirectory()) throw fault('ENOTDIR', `${folder} is a file, not a directory`)
  const probe = temporary(path)
  try {
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    throw fault(error.code, `${folder} is not writable; choose another place`)
  }
}

/** The path where a file is written before it is renamed. */
function temporary(path) {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
}

module.exports = { checkDestinations, temporary }
