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
