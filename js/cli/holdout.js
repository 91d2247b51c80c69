// Holds out the last rows of each series of a table.
'use strict'

/** Splits off the last `h` rows of each series: the rest, and these rows. */
function splitTail(table, h, { id = 'unique_id', time = 'ds' } = {}) {
  const times = table[time]
  if (times === undefined) return [table, undefined] // `fit` refuses the table and names its columns
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
  // In their original order, which tells apart local times that occur twice when clocks are set back.
  for (const rows of [head, tail]) rows.sort((a, b) => a - b)
  return [pick(table, head), pick(table, tail)]
}

function pick(table, rows) {
  return Object.fromEntries(Object.entries(table).map(([name, values]) => [name, rows.map((row) => values[row])]))
}

module.exports = { splitTail }
