// Where the commands write: checked before any work, so that no training is in vain.
'use strict'

const { rmSync, statSync, writeFileSync } = require('node:fs')
const { basename, dirname, extname, join, relative, resolve, sep } = require('node:path')
const { guarded } = require('../error.js')
const native = require('../native.js')
const { UsageError } = require('./usage.js')

/** Endings of other formats than CSV: who writes them wants what we do not write. */
const NOT_CSV = [
  ...['.json', '.jsonl', '.ndjson', '.parquet', '.xlsx', '.xls', '.arrow', '.feather', '.ipc'],
  ...['.svg', '.png', '.pdf', '.html'],
]

/** Refuses, before any work, what could not be written after it. */
function checkDestinations({ out, plot, save }, command) {
  const given = Object.entries({ out, plot, save }).filter(([, path]) => path !== undefined)
  given.forEach(([name, path], i) => {
    const wrong = (why) => new UsageError(`--${name} ${path}: ${why}`, command)
    if (path === '') throw new UsageError(`--${name} needs a name`, command)
    if (name === 'out') checkCsv(path, wrong)
    if (name === 'plot' && extname(path).toLowerCase() !== '.svg')
      throw wrong('a chart is written as SVG, so the name must end in .svg')
    for (const [other, text] of given.slice(0, i)) {
      if (resolve(text) === resolve(path)) throw wrong(`--${other} writes there too; give two names`)
      if (name === 'save' && isWithin(path, text)) throw wrong(`it is replaced as a whole, and --${other} is in it`)
    }
    if (name === 'save') checkFolder(path, wrong)
    else checkFile(path, wrong)
  })
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

function checkFile(path, wrong) {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there?.isDirectory()) throw wrong('this is a directory; give the name of a file in it')
  if (there !== undefined && !there.isFile()) throw wrong('this is no file that can be replaced')
  checkWritable(dirname(path), path, wrong)
}

function checkFolder(path, wrong) {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there !== undefined && !there.isDirectory()) throw wrong('there is a file of this name; give a directory')
  try {
    guarded(() => native.NativeForecaster.checkReplaceable(path))
  } catch (error) {
    throw wrong(error.message)
  }
  // Saving makes the directories above.
  let above = dirname(resolve(path))
  while (statSync(above, { throwIfNoEntry: false }) === undefined && dirname(above) !== above) above = dirname(above)
  checkWritable(above, join(above, basename(path)), wrong)
}

/** Tries it: permissions alone do not tell. */
function checkWritable(folder, path, wrong) {
  const there = statSync(folder, { throwIfNoEntry: false })
  if (there === undefined) throw wrong(`there is no directory ${folder}; make it first`)
  if (!there.isDirectory()) throw wrong(`${folder} is a file, not a directory`)
  const probe = temporary(path)
  try {
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    throw wrong(`nothing can be written in ${folder} (${error.code}); choose another place`)
  }
}

/** Where a file is written before it takes its name. */
function temporary(path) {
  return join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
}

module.exports = { checkDestinations, temporary }
