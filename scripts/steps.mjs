// Shared by the scripts: running programs, and installing the development tools.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const windows = process.platform === 'win32'

/** Runs a program in the checkout. If it fails, this process exits with the same code. */
export function run(program, ...args) {
  console.error(`\n> ${[program, ...args].join(' ')}`)
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', shell: windows })
  if (error?.code === 'ENOENT') {
    console.error(`${program} is not installed${program === 'cargo' ? '; get Rust from https://rustup.rs' : ''}`)
  }
  if (status !== 0) process.exit(status ?? 1)
}

/** Runs a tool from node_modules. */
export function tool(name, ...args) {
  run(join('node_modules', '.bin', name), ...args)
}

/** Installs the development tools unless they are up to date with the lock file. */
export function install() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return
  run('npm', 'ci')
}

/** The text of a file in the checkout. */
export const text = (...path) => readFileSync(join(root, ...path), 'utf8')
