// Keeps the last rows of each series out of a table.
'use strict'

/** The table without, and with only, the last `h` rows of each series. */
function splitTail(table, h, { id = 'unique_id', time = 'ds' } = {}) {
  const times = table[time]
  if (times === undefined) return [table, undefined] // which fit refuses, and says what the table has
  const ids = table[id] ?? table.uniqueId
  const rowsOf = new Map()
  for (let row = 0; row < (times?.length ?? 0); row++) {
    const name = ids?.[row]
    if (!rowsOf.has(name)) rowsOf.set(name, [])
    rowsOf.get(name).push(row)
  }
  const [head, tail] = [[], []]
  for (const rows of rowsOf.values()) {
    rows.sort((a, b) => (times[a] < times[b] ? -1 : times[a] > times[b] ? 1 : 0))
    head.push(...rows.slice(0, -h))
    tail.push(...rows.slice(-h))
  }
  // As they were: their order tells apart the hours that clocks show twice.
  for (const rows of [head, tail]) rows.sort((a, b) => a - b)
  return [pick(table, head), pick(table, tail)]
}

function pick(table, rows) {
  return Object.fromEntries(Object.entries(table).map(([name, values]) => [name, rows.map((row) => values[row])]))
}

module.exports = { splitTail }
