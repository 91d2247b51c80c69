// Tables of every accepted shape become named, typed columns for the addon.
'use strict'

const { NeuralForecastError } = require('./error.js')
const { checkOptions, show, toJson, unsupported } = require('./options.js')

/**
 * The addon's form of a table. `what` names it in messages; `layout` has the names of the id and time columns, the
 * frequency if known (a number means that times are steps, text that they are dates), and the unit of times in numbers.
 */
function toNative(table, what, layout) {
  if (table === undefined || table === null || typeof table !== 'object') {
    throw schema(`${what} must be a table (columns, rows, one series or { path }), got ${show(table)}`, {
      actual: show(table),
    })
  }
  if (typeof table.path === 'string') return file(table, what)
  if (typeof table.writeIPC === 'function') throw unsupported('a polars DataFrame as table')
  if (table instanceof Uint8Array) throw unsupported('Arrow IPC bytes as table')
  if (Array.isArray(table.batches) && table.schema !== undefined) throw unsupported('an Arrow table')
  if (table instanceof Float32Array || table instanceof Float64Array) return series(table, what, layout)
  if (!Array.isArray(table)) return { columns: columns(table, what, layout) }
  if (table.length === 0) throw schema(`${what} has no rows`)
  if (typeof table[0] === 'number') return series(table, what, layout)
  return { columns: columns(transpose(table, what), what, layout) }
}

function file(table, what) {
  const { path, format = 'csv', decimal } = checkOptions('file', table)
  if (format !== 'csv' || /\.(parquet|arrow|feather|ipc)$/i.test(path)) {
    throw unsupported(`${what}: a file of another format than CSV`, { actual: format === 'csv' ? path : format })
  }
  return { path, options: toJson({ decimal }) }
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
  const table = {}
  rows.forEach((row, i) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw schema(`${what}, row ${i + 1}: expected an object such as { unique_id, ds, y }, got ${show(row)}`, {
        actual: show(row),
      })
    }
    for (const key of Object.keys(row)) table[key] = undefined
  })
  for (const key of Object.keys(table)) table[key] = rows.map((row) => row[key])
  return table
}

function columns(table, what, { id, time }) {
  const names = Object.keys(table).filter((name) => table[name] !== undefined)
  if (names.length === 0) throw schema(`${what} has no columns`)
  return names.map((given) => {
    const name = given === 'uniqueId' && !names.includes(id) ? id : given
    return { name, ...typed(given, table[given], what, name === id ? 'id' : name === time ? 'time' : 'value') }
  })
}

/** Kind and values of a column: the first value that is there decides, and the others must agree. */
function typed(name, values, what, role) {
  const isTyped = ArrayBuffer.isView(values) && !(values instanceof DataView)
  if (!Array.isArray(values) && !isTyped) {
    throw schema(`${what}, column "${name}": expected an array or typed array, got ${show(values)}`, {
      column: name,
      actual: show(values),
    })
  }
  const first = isTyped ? values[0] : values.find((v) => v !== null && v !== undefined)
  if (typeof first === 'string') return texts(name, values, what)
  if (first instanceof Date)
    return {
      kind: 'date',
      values: wholes(name, values, what, 'a Date', (v) => (v instanceof Date ? v.getTime() : undefined)),
    }
  if (role === 'value') return { kind: 'float', values: numbers(name, values, what) }
  if (typeof first !== 'number' && typeof first !== 'bigint') {
    throw mismatch(name, 0, values[0], what, role === 'id' ? 'a text or whole number' : 'a Date, text or whole number')
  }
  if (role === 'time') return times(name, values, what)
  const whole = (v) => (typeof v === 'bigint' ? Number(v) : v)
  return { kind: 'int', values: wholes(name, values, what, 'a whole number', whole) }
}

/** Times in numbers, as they are: what they mean, and whether they have to be whole, is for the engine to say. */
function times(name, values, what) {
  const expected = 'a time in numbers'
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
  const out = new Float64Array(values.length)
  let exact = true
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw mismatch(name, i, values[i], what, expected)
    out[i] = values[i]
    exact &&= Number.isSafeInteger(values[i])
  }
  return { kind: exact ? 'int' : 'float', values: out }
}

function texts(name, values, what) {
  const codes = new Map()
  const positions = new Float64Array(values.length)
  let [last, code] = [null, -1] // rows of one series mostly follow each other
  for (let i = 0; i < values.length; i++) {
    const v = values[i] ?? null
    if (v !== last) {
      if (v !== null && typeof v !== 'string') throw mismatch(name, i, v, what, 'a text like the values before')
      if (v !== null && !codes.has(v)) codes.set(v, codes.size)
      code = v === null ? -1 : codes.get(v)
      last = v
    }
    positions[i] = code
  }
  return { kind: 'text', values: positions, texts: [...codes.keys()] }
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
  const numeric =
    expected === 'a number' && typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))
  return schema(
    `${what}, column "${column}", row ${row + 1}: expected ${expected}, got ${show(value)}${numeric ? '; convert it with Number()' : ''}`,
    {
      column,
      expected,
      actual: value ?? null,
      sample: [{ row, [column]: value ?? null }],
    },
  )
}

function schema(message, details = {}) {
  return new NeuralForecastError('ERR_NF_SCHEMA', message, details)
}

/** Columns of the addon as a table that every call takes. */
function fromNative(columns) {
  const dates = (values) => Array.from(values, (t) => new Date(t))
  return Object.fromEntries(
    columns.map(({ name, kind, values, texts }) => [name, kind === 'date' ? dates(values) : (values ?? texts)]),
  )
}

/** The rows of a table of columns. */
function rows(table) {
  const names = Object.keys(table)
  return Array.from(table[names[0]], (_, row) => Object.fromEntries(names.map((name) => [name, table[name][row]])))
}

module.exports = { toNative, fromNative, rows }
