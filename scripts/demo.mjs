// `npm run demo`: builds the addon if need be, then forecasts airline passengers. Needs Rust and Node, nothing else.
import { run } from './steps.mjs'

run('node', 'scripts/build.mjs')
run('node', 'examples/demo.mjs')
