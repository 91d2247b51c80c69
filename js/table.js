// Converts tables of every accepted form to named, typed columns for the addon.
'use strict'

const { NeuralForecastError } = require('./error.js')
const { checkOptions, show, toJson, unsupported } = require('./options.js')

/**
 * The addon's form of a table. `what` is its name in messages. `layout` has the names of the id and time columns, the
 * frequency if known (a number if times are steps, a string if they are dates), and the unit of numeric times.
 */
function toNative(table, what, layout) {
  if (typeof table !== 'object' || table === null) throw notATable(table, what)
  if (typeof table.then === 'function') throw unawaited(table, what)
  if (isFile(table)) return file(table, what)
  if (typeof table.writeIPC === 'function') throw unsupported('a polars DataFrame as table')
  if (table instanceof Uint8Array) throw unsupported('Arrow IPC bytes as table')
  if (Array.isArray(table.batches) && table.schema !== undefined) throw unsupported('an Arrow table')
  if (isTyped(table)) return series(table, what, layout)
  if (table instanceof Map || typeof table[Symbol.iterator] !== 'function') {
    return { columns: columns(table, what, layout) }
  }
  const items = Array.isArray(table) ? table : Array.from(table)
  if (items.length === 0) throw schema(`${what} has no rows`)
  const first = items.find((v) => v !== null && v !== undefined)
  if (typeof first === 'number' || typeof first === 'bigint') return series(items, what, layout)
  return { columns: columns(transpose(items, what), what, layout) }
}

const isTyped = (values) => ArrayBuffer.isView(values) && !(values instanceof DataView)

/** Whether values are a typed array of numbers, not of bigints. */
const isNumeric = (values) => isTyped(values) && typeof values[0] === 'number'

/** Whether an object is a file: its `path` is not a column. */
function isFile(table) {
  if (!Object.hasOwn(table, 'path') || Array.isArray(table.path) || isTyped(table.path)) return false
  return typeof table.path === 'string' || !Object.values(table).some((v) => Array.isArray(v) || isTyped(v))
}

function file(given, what) {
  checkOptions('file', given)
  const { path, format = 'csv' } = given
  if (typeof path !== 'string' || path === '') {
    throw schema(`${what}: path must be a string, the name of a CSV file, got ${show(path)}`, {
      option: 'path',
      expected: 'the name of a CSV file',
      actual: path ?? null,
    })
  }
  if (format !== 'csv' || /\.(parquet|arrow|feather|ipc)$/i.test(path)) {
    throw unsupported(`${what}: a file of another format than CSV`, { actual: format === 'csv' ? path : format })
  }
  return { file: toJson(given) }
}

function notATable(table, what) {
  const fix =
    typeof table === 'function'
      ? '; call it, and give what it returns'
      : typeof table === 'string'
        ? `; a file is { path: ${show(table)} }`
        : ''
  return schema(`${what} must be a table (columns, rows, one series or { path }), got ${show(table)}${fix}`, {
    actual: show(table),
  })
}

/** The error for a promise where its value is needed. */
function unawaited(promise, place) {
  return schema(`${place} is a promise, not its value: write await before the call that returns it`, {
    actual: show(promise),
  })
}

function series(values, what, { freq, timeUnit }) {
  if (typeof timeUnit === 'string') {
    throw new NeuralForecastError(
      'ERR_NF_FREQ',
      `${what} is one bare series, which has no times: leave timeUnit out, or pass columns with "ds"`,
      { option: 'timeUnit', actual: timeUnit },
    )
  }
  if (typeof freq === 'string') {
    throw new NeuralForecastError(
      'ERR_NF_FREQ',
      `${what} is one bare series, which has no dates: use a numeric freq such as 1, or pass columns with "ds"`,
      { expected: 'a numeric freq', actual: freq },
    )
  }
  return { series: numbers(what, values, 'values of a bare series') }
}

function transpose(rows, what) {
  const names = new Set()
  rows.forEach((row, i) => {
    const place = () => `${what}, row ${i + 1}`
    if (typeof row?.then === 'function') throw unawaited(row, place())
    if (typeof row !== 'object' || row === null || typeof row[Symbol.iterator] === 'function') {
      throw schema(`${place()}: expected an object such as { unique_id, ds, y }, got ${show(row)}`, {
        actual: show(row),
      })
    }
    for (const name in row) if (!names.has(name) && Object.hasOwn(row, name)) names.add(name)
  })
  return Object.fromEntries(Array.from(names, (name) => [name, rows.map((row) => row[name])]))
}

function columns(table, what, { id, time }) {
  const names = Object.keys(table).filter((name) => table[name] !== undefined)
  if (names.length === 0) throw noColumns(table, what)
  if (names.every((name) => table[name]?.length === 0)) throw schema(`${what} has no rows`)
  return names.map((given) => {
    const name = given === 'uniqueId' && !names.includes(id) ? id : given
    return { name, ...typed(given, table[given], what, name === id ? 'id' : name === time ? 'time' : 'value') }
  })
}

function noColumns(table, what) {
  const found = show(table)
  if (found === 'an object' || found === 'an array') {
    return schema(`${what} has no columns; give columns or rows with a time and a target, such as { ds, y }`)
  }
  const fix =
    table instanceof Map
      ? '; make it an object of columns with Object.fromEntries()'
      : typeof table[Symbol.asyncIterator] === 'function'
        ? '; collect its rows first: for await (const row of rows) list.push(row)'
        : ''
  return schema(`${what} must be a table (columns, rows, one series or { path }), got ${found}${fix}`, {
    actual: found,
  })
}

/** Kind and values of a column. The first value that is not missing decides the kind, and the others must agree. */
function typed(name, values, what, role) {
  if (!Array.isArray(values) && !isTyped(values)) {
    const place = `${what}, column "${name}"`
    if (typeof values?.then === 'function') throw unawaited(values, place)
    const isMany = typeof values === 'object' && typeof values?.[Symbol.iterator] === 'function'
    const fix = isMany ? '; make it an array with Array.from()' : ''
    throw schema(`${place}: expected an array or typed array, got ${show(values)}${fix}`, {
      column: name,
      actual: show(values),
    })
  }
  const first = isTyped(values) ? values[0] : values.find((v) => v !== null && v !== undefined)
  if (typeof first === 'string') return texts(name, values, what, role)
  if (first instanceof Date)
    return {
      kind: 'date',
      values: wholes(name, values, what, 'a Date', (v) => (v instanceof Date ? v.getTime() : undefined)),
    }
  if (role === 'value') return { kind: 'float', values: numbers(name, values, what) }
  if (typeof first !== 'number' && typeof first !== 'bigint') {
    throw mismatch(
      name,
      0,
      values[0],
      what,
      role === 'id' ? 'a string or whole number' : 'a Date, string or whole number',
    )
  }
  if (role === 'time') return times(name, values, what)
  if (!isNumeric(values) && values.some((v) => typeof v === 'bigint' && !isSafe(v))) {
    return texts(name, exact(name, values, what), what, role)
  }
  const whole = (v) => (typeof v === 'bigint' ? Number(v) : v)
  return { kind: 'int', values: wholes(name, values, what, 'a whole number', whole) }
}

/** Numeric times, unchanged: the engine interprets them, and decides whether they have to be whole. */
function times(name, values, what) {
  const expected = 'a time in numbers'
  if (values instanceof BigInt64Array) return { kind: 'int', wholes: values }
  if (Array.isArray(values) ? values.some((v) => typeof v === 'bigint') : typeof values[0] === 'bigint') {
    const all = new BigInt64Array(values.length)
    for (let i = 0; i < values.length; i++) {
      const v = typeof values[i] === 'number' && Number.isInteger(values[i]) ? BigInt(values[i]) : values[i]
      if (typeof v !== 'bigint' || v !== BigInt.asIntN(64, v))
        throw mismatch(name, i, values[i], what, 'a whole number of 64 bits')
      all[i] = v
    }
    return { kind: 'int', wholes: all }
  }
  const out = values instanceof Float64Array ? values : new Float64Array(values.length)
  let exact = true
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw mismatch(name, i, values[i], what, expected)
    if (out !== values) out[i] = values[i]
    exact &&= Number.isSafeInteger(values[i])
  }
  return { kind: exact ? 'int' : 'float', values: out }
}

const isSafe = (v) => Number.isSafeInteger(Number(v))

/** Whole numbers as text, which is exact beyond 2^53. */
function exact(name, values, what) {
  const text = (v, i) => {
    if (typeof v === 'bigint' || Number.isSafeInteger(v)) return String(v)
    throw mismatch(name, i, v, what, 'a whole number')
  }
  return Array.from(values, text)
}

/** The code of a missing text. */
const MISSING = 2 ** 32 - 1

/** The distinct texts of a column, and each row's code: an index into them. */
function texts(name, values, what, role) {
  const codes = new Uint32Array(values.length)
  const known = new Map()
  let [last, code] = [null, MISSING] // rows of a series are usually consecutive
  for (let i = 0; i < values.length; i++) {
    const v = values[i] ?? null
    if (v !== last) {
      if (v !== null && typeof v !== 'string') throw mixed(name, i, values, what, role)
      code = v === null ? MISSING : known.get(v)
      if (code === undefined) {
        code = known.size
        known.set(v, code)
      }
      last = v
    }
    codes[i] = code
  }
  return { kind: 'text', codes, texts: [...known.keys()] }
}

/** The error for a column that mixes text with other values. It blames the text if that could be a number. */
function mixed(name, row, values, what, role) {
  const text = values.findIndex((v) => typeof v === 'string')
  if (role === 'value' && !Number.isNaN(Number(values[text]))) {
    return mismatch(name, text, values[text], what, 'a number')
  }
  return mismatch(name, row, values[row], what, 'a string like the values before')
}

function wholes(name, values, what, expected, read) {
  const out = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const v = read(values[i])
    if (!Number.isSafeInteger(v)) throw mismatch(name, i, values[i], what, expected)
    out[i] = v
  }
  return out
}

function numbers(name, values, what) {
  if (values instanceof Float64Array) return values
  if (isNumeric(values)) return new Float64Array(values)
  const out = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const v = values[i]
    if (typeof v === 'number') out[i] = v
    else if (v === null || v === undefined) out[i] = Number.NaN
    else if (typeof v === 'boolean' || typeof v === 'bigint') out[i] = Number(v)
    else throw mismatch(name, i, v, what, 'a number')
  }
  return out
}

function mismatch(column, row, value, what, expected) {
  const place = `${what}, column "${column}", row ${row + 1}`
  if (typeof value?.then === 'function') return unawaited(value, place)
  return schema(`${place}: expected ${expected}, got ${show(value)}${remedy(value, expected)}`, {
    column,
    expected,
    actual: value ?? null,
    sample: [{ row, [column]: value ?? null }],
  })
}

/** How to fix a value of the wrong kind, if that is known. */
function remedy(value, expected) {
  if (expected === 'a number' && typeof value === 'string') {
    if (value.trim() === '') return '; use null if it is missing, or convert the column with Number()'
    if (!Number.isNaN(Number(value))) return '; convert it with Number()'
    return '; use null if it is missing. A column of categories has text in every row, and is named in catExogList'
  }
  if (expected === 'a number' && value instanceof Date) return '; convert it with getTime()'
  if (expected === 'a whole number' && Number.isInteger(value)) {
    return '; numbers beyond 2^53 are not exact: give ids as text or bigint'
  }
  if (value === null || value === undefined) return '; every row needs a value'
  return ''
}

function schema(message, details = {}) {
  return new NeuralForecastError('ERR_NF_SCHEMA', message, details)
}

/** The addon's columns as a table that every call accepts. */
function fromNative(columns) {
  const plain = ({ kind, values, codes, texts }) => {
    if (codes) return Array.from(codes, (code) => texts[code] ?? null)
    return kind === 'date' ? Array.from(values, (t) => new Date(t)) : values
  }
  return Object.fromEntries(columns.map((column) => [column.name, plain(column)]))
}

/** The rows of a table of columns. */
function rows(table) {
  const names = Object.keys(table)
  return Array.from(table[names[0]], (_, row) => Object.fromEntries(names.map((name) => [name, table[name][row]])))
}

module.exports = { toNative, fromNative, rows }
