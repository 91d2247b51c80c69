// How often somebody else is at work on the same physical core, as happens on virtual machines: a core's two threads take turns
// at instructions, so additions take longer then. Products suffer too, those of tiles most; see docs/performance.md.

const ADDITIONS = 20_000
/** How much longer than at best additions take while two threads share a core: half as much again is usual. */
const LONGER = 1.35

/** Nanoseconds of some additions that do not wait for each other. */
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
  // What they come to is used, so that they are made.
  return (a ^ b ^ c ^ d ^ e ^ f) === ADDITIONS + 0.5 ? 0 : nanoseconds
}

/** Moments at which the core was looked at. */
export class Neighbour {
  moments = []

  constructor() {
    for (let i = 0; i < 50; i++) additions() // compiled before it is looked at
  }

  /** Looks for a fraction of a millisecond. */
  look() {
    // A pause of the system within one of them makes it longer, never shorter.
    this.moments.push(Math.min(...Array.from({ length: 10 }, additions)))
  }

  /** In how many percent of the moments somebody else was at work. */
  get busy() {
    const best = Math.min(...this.moments)
    return (100 * this.moments.filter((ns) => ns > LONGER * best).length) / this.moments.length
  }
}
