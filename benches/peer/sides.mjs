// The two sides of `npm run bench:peer`, each a process that answers one JSON line for each it gets.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { root } from '../../scripts/steps.mjs'

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

/** NeuralForecast in the Python of this path. */
export const peer = (python) => new Side(python, 'benches/peer/peer.py')
/** This library. */
export const ours = () => new Side(process.execPath, 'benches/peer/ours.mjs')

/** Milliseconds from the start of a process to its first line, which says how many steps it forecast from a checkpoint. */
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

/** The start of both sides, each as a user would write it. */
export const starts = async (python, checkpoint) => [
  await started(python, 'benches/peer/cold.py', checkpoint),
  await started(process.execPath, 'benches/peer/cold.mjs', checkpoint),
]
