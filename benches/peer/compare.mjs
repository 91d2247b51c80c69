// Figures of both sides in one number.
import { short } from '../report.mjs'

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]

/** Medians of both sides from pairs of figures, and the ratio between them with its spread. */
export function compare(pairs) {
  const [a, b] = [0, 1].map((i) => median(pairs.map((p) => p[i])))
  const ratios = pairs.map(([x, y]) => x / y)
  return { peer: a, ours: b, ratio: a / b, spread: [Math.min(...ratios), Math.max(...ratios)] }
}

/** A ratio with its spread, for a table. */
export const ratioOf = ({ ratio, spread }) => `**${short(ratio)}×** (${short(spread[0])}–${short(spread[1])})`
