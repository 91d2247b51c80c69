// Values as plain JSON, and as text in messages. Nothing is dropped, and nothing throws.
'use strict'

/** JSON without loss: values that JSON would drop or change are written as text, so that the engine can refuse them. */
function toJson(value) {
  const above = [] // the objects that contain the current one
  return JSON.stringify(value, function (key, v) {
    while (above.length > 0 && above.at(-1) !== this) above.pop()
    const known = plain(this[key] instanceof Date ? this[key] : v)
    if (typeof known !== 'object' || known === null) return known
    if (above.includes(known)) return 'itself'
    above.push(known)
    return known
  })
}

function plain(v) {
  if (typeof v === 'number' && !Number.isFinite(v)) return String(v)
  if (typeof v === 'bigint') return String(v)
  if (typeof v === 'function') return `function ${v.name}`
  if (typeof v === 'symbol') return String(v)
  if (v instanceof Date) return Number.isNaN(v.getTime()) ? 'Invalid Date' : v.toISOString()
  if (ArrayBuffer.isView(v) && !(v instanceof DataView)) return Array.from(v)
  return isPlain(v) ? v : show(v)
}

/** Whether JSON keeps the contents of a value: false for built-in objects without fields, such as a Map. */
function isPlain(v) {
  if (typeof v !== 'object' || v === null || Array.isArray(v)) return true
  return v[Symbol.toStringTag] === undefined
}

/** A value as shown in a message. */
function show(v) {
  if (typeof v === 'string') return JSON.stringify(v.length > 80 ? `${v.slice(0, 80)}…` : v)
  if (typeof v === 'function') return 'a function'
  if (typeof v !== 'object' || v === null) return String(v)
  if (v instanceof Date) return `Date ${Number.isNaN(v.getTime()) ? 'invalid' : v.toISOString()}`
  if (Array.isArray(v)) return 'an array'
  if (typeof v.then === 'function') return 'a promise'
  const tag = v[Symbol.toStringTag]
  const name = typeof tag === 'string' && tag !== '' ? tag : (v.constructor?.name ?? 'Object')
  return name === 'Object' || name === '' ? 'an object' : `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
}

module.exports = { toJson, plain, show }
