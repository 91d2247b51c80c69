// Builds the addon with cargo and copies it to where js/native.js looks first. `--debug` makes a debug build;
// `--target TRIPLE` builds for another platform and copies the addon into its npm/ package.
import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addon, platform, TARGETS } from '../js/platform.js'
import { root, run } from './steps.mjs'

const { values } = parseArgs({ options: { debug: { type: 'boolean', default: false }, target: { type: 'string' } } })
const { debug, target } = values

run('cargo', 'build', '--locked', ...(debug ? [] : ['--release']), ...(target ? ['--target', target] : []))
const library = {
  win32: 'neural_trader_backend.dll',
  darwin: 'libneural_trader_backend.dylib',
  linux: 'libneural_trader_backend.so',
}
const os = target ? osOf(target) : process.platform
const built = join(
  process.env.CARGO_TARGET_DIR ?? join(root, 'target'),
  target ?? '',
  debug ? 'debug' : 'release',
  library[os],
)
place(built, target ? packageOf(target) : join(root, addon(platform())))

function osOf(target) {
  return target.includes('windows') ? 'win32' : target.includes('darwin') ? 'darwin' : 'linux'
}

function packageOf(target) {
  const name = Object.keys(TARGETS).find((name) => TARGETS[name] === target)
  if (name === undefined) throw new Error(`no package in npm/ is for ${target}`)
  return join(root, 'npm', name, addon(name))
}

/** Replaces the file by renaming, so a process that has loaded the old one keeps it. */
function place(from, to) {
  const temporary = `${to}.new`
  copyFileSync(from, temporary)
  rmSync(to, { force: true })
  renameSync(temporary, to)
}
