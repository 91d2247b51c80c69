// The two sides of `npm run bench:peer`: processes that answer each line of JSON with a line of JSON, and the instruction set
// that both are limited to.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { root } from '../../scripts/steps.mjs'

/** Environment variables that limit both sides to an instruction set. Without, each uses the best that the machine has. */
const LIMITS = {
  avx2: {
    NF_ISA: 'avx2',
    ATEN_CPU_CAPABILITY: 'avx2',
    ONEDNN_MAX_CPU_ISA: 'AVX2',
    MKL_ENABLE_INSTRUCTIONS: 'AVX2',
  },
  avx512: {
    NF_ISA: 'avx512',
    ATEN_CPU_CAPABILITY: 'avx512',
    ONEDNN_MAX_CPU_ISA: 'AVX512_CORE_BF16',
    MKL_ENABLE_INSTRUCTIONS: 'AVX512',
  },
}

/** Limits all sides that start from now on to an instruction set. */
export function limitTo(isa) {
  if (!(isa in LIMITS)) throw new Error(`--isa is one of ${Object.keys(LIMITS).join(', ')}, not ${isa}`)
  Object.assign(process.env, LIMITS[isa])
}

class Side {
  constructor(program, ...args) {
    this.process = spawn(program, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
  }
  async ask(request) {
    this.process.stdin.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await this.lines.next()
    if (done) throw new Error('a side of the benchmark ended early; see its message above')
    return JSON.parse(value)
  }
  async end() {
    this.process.stdin.end()
    await new Promise((resolve) => this.process.once('close', resolve))
  }
}

/** NeuralForecast, run by the Python at this path. */
export const peer = (python) => new Side(python, 'benches/peer/peer.py')
/** This library. */
export const ours = () => new Side(process.execPath, 'benches/peer/ours.mjs')

/** Milliseconds from the start of a process to its first line of output, the number of steps it forecast. */
async function started(program, ...args) {
  const begin = performance.now()
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = new Promise((resolve) => child.once('close', resolve))
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  const ms = performance.now() - begin
  await closed
  if (!(Number(value) > 0)) throw new Error('a fresh process forecast nothing; see its message above')
  return ms
}

/** Start-up times of both sides, with the program that a user would write. */
export const starts = async (python, checkpoint) => [
  await started(python, 'benches/peer/cold.py', checkpoint),
  await started(process.execPath, 'benches/peer/cold.mjs', checkpoint),
]
