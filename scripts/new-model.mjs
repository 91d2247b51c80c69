// Begins a model: `npm run new-model -- Name` writes its file, its lines in the registry and its rows of fixtures, from
// tools/skeleton/, which the tests of the crate compile and train. `--root DIR` works in another checkout.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root as checkout, text } from './steps.mjs'

const { values, positionals } = parseArgs({ options: { root: { type: 'string' } }, allowPositionals: true })
const root = values.root ?? checkout
const [name, ...more] = positionals
const REGISTRY = 'core/src/models/mod.rs'

function stop(message) {
  console.error(message)
  process.exit(1)
}

if (name === undefined || more.length > 0) stop('usage: npm run new-model -- Name')
// Upstream's class names; there is one that begins with a small letter, xLSTM.
if (!/^(?:[A-Z]|x[A-Z])[A-Za-z0-9]*$/.test(name))
  stop(`"${name}" is not the name of a class, such as NHITS or TimeMixer`)
const module = name.toLowerCase()
const files = { model: `core/src/models/${module}.rs`, cases: `tools/reference/cases/${module}.py` }

const registry = readFileSync(join(root, REGISTRY), 'utf8')
const registered = registry.includes(`${module}::${name},`) || new RegExp(`^(pub )?mod ${module};$`, 'm').test(registry)
const there = registered ? REGISTRY : Object.values(files).find((file) => existsSync(join(root, file)))
if (there) stop(`${name} exists: see ${there}`)

/** The text with a line put where it belongs among the first lines of its kind that follow each other. */
function withLine(document, line, kind) {
  const lines = document.split('\n')
  const all = lines.flatMap((other, i) => (kind.test(other) ? [i] : []))
  const places = all.filter((at, i) => at === all[0] + i)
  if (places.length === 0) stop(`${REGISTRY} has no line like "${line.trim()}"`)
  const key = (other) => kind.exec(other)[1]
  const before = places.findLast((i) => key(lines[i]) < key(line))
  lines.splice(before === undefined ? places[0] : before + 1, 0, line)
  return lines.join('\n')
}

/** A file of `tools/skeleton/`, for this model. */
const skeleton = (file) => text('tools', 'skeleton', file).replaceAll('Skeleton', name).replaceAll('skeleton', module)

const declared = withLine(registry, `pub mod ${module};`, /^(?:pub )?mod (\w+);$/)
writeFileSync(join(root, REGISTRY), withLine(declared, `    ${module}::${name},`, /^ {4}(\w+)::\w+,$/))
writeFileSync(join(root, files.model), skeleton('model.rs'))
writeFileSync(join(root, files.cases), skeleton('cases.py'))
console.log(
  `${files.model}, ${files.cases} and two lines in ${REGISTRY}. The fixtures: python tools/reference/make.py models/${module} training/${module}`,
)
