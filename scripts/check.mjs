// `npm test`: all checks that a change must pass, on a machine with nothing but Rust and Node.
// `node scripts/check.mjs lint types` runs only the named steps.
import { install, run, tool } from './steps.mjs'

const steps = {
  install,
  format() {
    tool('biome', 'format')
    run('cargo', 'fmt', '--all', '--check')
    run('cargo', 'fmt', '--manifest-path', 'benches/Cargo.toml', '--check')
  },
  lint() {
    tool('biome', 'lint', '--error-on-warnings')
    run('cargo', 'clippy', '--workspace', '--all-targets', '--locked', '--', '--deny', 'warnings')
    // The benchmarks have a lock file of their own, which must follow the crate's dependencies.
    run('cargo', 'tree', '--manifest-path', 'benches/Cargo.toml', '--locked', '--depth', '0')
  },
  rust() {
    run('cargo', 'test', '--workspace', '--locked')
    // Without the features for threads, files and charts.
    run('cargo', 'test', '--package', 'neuro-divergent', '--locked', '--no-default-features', '--test', 'in_memory')
  },
  loops() {
    run('node', 'scripts/check-inner-loops.mjs')
  },
  build() {
    run('node', 'scripts/build.mjs')
  },
  types() {
    run('node', 'scripts/generate-types.mjs', '--check')
    tool('tsc', '--project', '__test__')
  },
  js() {
    tool('vitest', 'run')
    tool('publint', '--strict')
  },
}
const needs = { format: ['install'], lint: ['install'], types: ['install', 'build'], js: ['install', 'build'] }

const asked = process.argv.slice(2)
const unknown = asked.find((name) => !(name in steps))
if (unknown) throw new Error(`no step is called ${unknown}; there are ${Object.keys(steps).join(', ')}`)
const wanted = asked.length
  ? new Set(asked.flatMap((name) => [...(needs[name] ?? []), name]))
  : new Set(Object.keys(steps))
for (const name of Object.keys(steps)) if (wanted.has(name)) steps[name]()
