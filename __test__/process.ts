// Child processes: what must be seen from outside.
import { spawn } from 'node:child_process'
import { root } from './data.js'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs Node.js to its end, at most a minute. `watch` sees stdout and stderr as they come. */
export function node(
  args: string[],
  options: { cwd?: string; watch?: (kill: (signal: NodeJS.Signals) => void) => void } = {},
) {
  return new Promise<Ended>((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: options.cwd ?? root, timeout: 60_000 })
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

export const script = (code: string, kind: 'module' | 'commonjs' = 'module') =>
  node([`--input-type=${kind}`, '--eval', code])
