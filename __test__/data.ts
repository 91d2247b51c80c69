// Data that the tests share: a famous series, and a few small ones.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Columns } from '@neural-trader/backend'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const csvPath = fileURLToPath(new URL('../examples/air-passengers.csv', import.meta.url))

const lines = readFileSync(csvPath, 'utf8').trim().split('\n').slice(1)
const fields = lines.map((line) => line.split(','))

/** Monthly airline passengers, 1949 to 1960. */
export const airPassengers = {
  unique_id: fields.map(([id]) => id),
  ds: fields.map(([, ds]) => ds),
  y: fields.map(([, , y]) => Number(y)),
}

/** All but the last year, and the last year. */
export const train = slice(airPassengers, 0, -12)
export const actual = slice(airPassengers, -12)

export function slice<T extends Columns>(table: T, ...range: [number, number?]): T {
  return Object.fromEntries(
    Object.entries(table).map(([name, values]) => [name, (values as unknown[]).slice(...range)]),
  ) as T
}

export const mae = (forecast: ArrayLike<number>, truth: number[]) =>
  truth.reduce((sum, y, i) => sum + Math.abs(y - forecast[i]), 0) / truth.length

/** What a rejected or throwing call threw. */
export async function thrown(
  call: () => unknown,
): Promise<NodeJS.ErrnoException & { details: Record<string, unknown> }> {
  try {
    await call()
  } catch (error) {
    return error as NodeJS.ErrnoException & { details: Record<string, unknown> }
  }
  throw new Error('nothing was thrown')
}

/** Resolves after so many milliseconds. */
export const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
