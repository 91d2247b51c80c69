// `npm run new-model -- Name` writes the file of a new model, its lines in the registry and its fixture cases, from the
// templates in tools/skeleton/, which the crate's tests compile and train. `--root DIR` writes into another checkout.
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
// Upstream's class names. One begins with a lower-case letter: xLSTM.
if (!/^(?:[A-Z]|x[A-Z])[A-Za-z0-9]*$/.test(name))
  stop(`"${name}" is not the name of a class, such as NHITS or TimeMixer`)
const module = name.toLowerCase()
const files = { model: `core/src/models/${module}.rs`, cases: `tools/reference/cases/${module}.py` }

const registry = readFileSync(join(root, REGISTRY), 'utf8')
const registered = registry.includes(`${module}::${name},`) || new RegExp(`^(pub )?mod ${module};$`, 'm').test(registry)
const there = registered ? REGISTRY : Object.values(files).find((file) => existsSync(join(root, file)))
if (there) stop(`${name} exists: see ${there}`)

/** The text with a line inserted at its sorted position in the first block of lines of its kind, which may have attributes. */
function withLine(document, line, kind) {
  const lines = document.split('\n')
  const first = lines.findIndex((other) => kind.test(other))
  const block = first < 0 ? [] : lines.slice(first)
  const end = block.findIndex((other) => !kind.test(other) && !/^ *#\[/.test(other))
  const places = block.slice(0, end).flatMap((other, i) => (kind.test(other) ? [first + i] : []))
  if (places.length === 0) stop(`${REGISTRY} has no line like "${line.trim()}"`)
  const key = (other) => kind.exec(other)[1]
  const before = places.findLast((i) => key(lines[i]) < key(line))
  lines.splice(before === undefined ? places[0] : before + 1, 0, line)
  return lines.join('\n')
}

/** A template from `tools/skeleton/`, filled in for this model. */
const skeleton = (file) => text('tools', 'skeleton', file).replaceAll('Skeleton', name).replaceAll('skeleton', module)

const declared = withLine(registry, `pub mod ${module};`, /^(?:pub )?mod (\w+);$/)
writeFileSync(join(root, REGISTRY), withLine(declared, `    ${module}::${name},`, /^ {4}(\w+)::\w+,$/))
writeFileSync(join(root, files.model), skeleton('model.rs'))
writeFileSync(join(root, files.cases), skeleton('cases.py'))
console.log(
  `${files.model}, ${files.cases} and two lines in ${REGISTRY}. To make the fixtures: python tools/reference/make.py models/${module} training/${module}`,
)
