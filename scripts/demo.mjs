// `npm run demo`: builds the addon, then forecasts airline passengers. Needs only Rust and Node.
import { run } from './steps.mjs'

run('node', 'scripts/build.mjs')
run('node', 'examples/demo.mjs')
