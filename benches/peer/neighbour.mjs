// Detects how often another program uses the same physical core, as happens on virtual machines: the core's two hardware
// threads take turns, so additions take longer. Products slow down too, tile products most; see docs/performance.md.

const ADDITIONS = 20_000
/** Slowdown of additions from which a core counts as shared. Half as much again is usual. */
const LONGER = 1.35

/** Time in nanoseconds of additions that do not depend on each other. */
function additions() {
  const begin = process.hrtime.bigint()
  let [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6]
  for (let i = 0; i < ADDITIONS; i++) {
    a = (a + i) | 0
    b = (b ^ i) | 0
    c = (c + 3) | 0
    d = (d - i) | 0
    e = (e + 7) | 0
    f = (f ^ 5) | 0
  }
  const nanoseconds = Number(process.hrtime.bigint() - begin)
  // The result is used, so that the additions are not optimized away.
  return (a ^ b ^ c ^ d ^ e ^ f) === ADDITIONS + 0.5 ? 0 : nanoseconds
}

/** Samples the core, and tells how often it was shared. */
export class Neighbour {
  moments = []

  constructor() {
    for (let i = 0; i < 50; i++) additions() // so that they are compiled before the first sample
  }

  /** Takes a sample, in a fraction of a millisecond. */
  look() {
    // The minimum, because an interruption by the system makes a measurement longer, never shorter.
    this.moments.push(Math.min(...Array.from({ length: 10 }, additions)))
  }

  /** Percentage of the samples in which the core was shared. */
  get busy() {
    const best = Math.min(...this.moments)
    return (100 * this.moments.filter((ns) => ns > LONGER * best).length) / this.moments.length
  }
}
