// Child processes: what must be seen from outside.
import { spawn } from 'node:child_process'
import { root } from './data.js'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

interface How {
  cwd?: string
  /** Milliseconds until it is ended. */
  timeout?: number
  watch?: (kill: (signal: NodeJS.Signals) => void) => void
}

/** Runs a program to its end, at most a minute if nothing else is said. `watch` can end it. */
export function program(path: string, args: string[], options: How = {}) {
  return new Promise<Ended>((resolve, reject) => {
    const child = spawn(path, args, { cwd: options.cwd ?? root, timeout: options.timeout ?? 60_000 })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
    options.watch?.((signal) => child.kill(signal))
  })
}

/** Runs Node.js to its end. */
export const node = (args: string[], options: How = {}) => program(process.execPath, args, options)

export const script = (code: string, kind: 'module' | 'commonjs' = 'module') =>
  node([`--input-type=${kind}`, '--eval', code])
