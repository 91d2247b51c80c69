// Writes what follows from the registered models and losses between the markers of index.d.ts, js/index.mjs and README.md.
// `--check` writes nothing and fails when one of them is stale.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { models } from '../js/index.js'
import native from '../js/native.js'
import { root, text } from './steps.mjs'

const markers = (what) => [
  new RegExp(`^.*generated: ${what}.*$`, 'm'),
  new RegExp(`^.*end of generated ${what}.*$`, 'm'),
]
const described = models()

const same = (option) => (other) => other.name === option.name
const common = described[0].options
  .filter((o) => o.shared && described.every((m) => m.options.some(same(o))))
  .map(usual)

/** The option with the default that most models give it. */
function usual(option) {
  const defaults = described.map((m) => JSON.stringify(m.options.find(same(option)).default))
  const count = (text) => defaults.filter((other) => other === text).length
  return { ...option, default: JSON.parse(defaults.toSorted((a, b) => count(b) - count(a))[0]) }
}

/** Options that have to be given; all others have a default, or do nothing when left out. */
const REQUIRED = ['h', 'inputSize']

function property({ name, ts, doc, default: otherwise }) {
  if (REQUIRED.includes(name)) return `  /** ${doc} */\n  ${name}: ${ts}`
  const note = otherwise === null ? '' : ` @default ${written(otherwise)}`
  return `  /** ${doc}${note} */\n  ${name}?: ${ts}`
}

/** A default as users write it: losses have a function. */
function written(value) {
  return typeof value?.kind === 'string' && value.args ? `${value.kind}` : JSON.stringify(value)
}

function optionsOf({ name, options }) {
  const own = options.filter((o) => {
    const shared = common.find(same(o))
    return !shared || JSON.stringify(shared.default) !== JSON.stringify(o.default)
  })
  return `/** Options of \`${name}\`, beside the common ones. */\nexport interface ${name}Options extends CommonOptions {\n${own.map(property).join('\n')}\n}`
}

function factory({ name, family, paper }) {
  return `/** ${family}: ${paper} */\nexport declare function ${name}(options: ${name}Options): ModelSpec<'${name}'>`
}

const types = [
  `/** Options that every model has. Where a model's default differs, its own options say so. */\nexport interface CommonOptions {\n${common.map(property).join('\n')}\n}`,
  ...described.flatMap((model) => [optionsOf(model), factory(model)]),
].join('\n')

const losses = JSON.parse(native.losses())

/** An argument of a loss. Lists of numbers may be typed arrays too. */
function argument({ name, doc, ts, default: otherwise }, needed) {
  const note = otherwise === null ? '' : ` @default ${written(otherwise)}`
  const type = ts.replace(' | null', '').replace('readonly number[]', 'NumberList')
  return `    /** ${doc}${note} */\n    ${name}${needed.includes(name) ? '' : '?'}: ${name === 'distribution' ? 'Distribution' : type}`
}

function lossFunction({ function: name, first, doc, needed, arguments: all }) {
  const inside = all.filter((a) => a.name !== first)
  const optional = inside.some((a) => needed.includes(a.name)) ? '' : '?'
  const object = `options${optional}: {\n${inside.map((a) => argument(a, needed)).join('\n')}\n  }`
  const parameters = [first && `${first}: Distribution`, inside.length > 0 && object].filter(Boolean)
  return `  /** ${doc} */\n  ${name}(${parameters.join(', ')}): Loss`
}

const distributions = losses.flatMap((l) => l.arguments).find((a) => a.name === 'distribution').ts
const lossTypes = `/** A training loss: plain frozen JSON, made by a function of \`loss\`. */
export interface Loss {
  readonly kind:
${losses.map((l) => `    | '${l.kind}'`).join('\n')}
  readonly args: Readonly<Record<string, unknown>>
}
/** A distribution whose parameters a model forecasts. */
export type Distribution = ${distributions.replace(' | null', '')}
/** One function per loss of NeuralForecast, with the same arguments, defaults and formulas. */
export declare const loss: {
${losses.map(lossFunction).join('\n')}
}`

// As the formatter has it: one name a line.
const exported = `export const {\n${described.map((m) => `  ${m.name},\n`).join('')}} = face`

const inputs = ({ futr, hist, stat, cat }) =>
  [futr && 'future', hist && 'historic', stat && 'static', cat && 'categorical'].filter(Boolean).join(', ') || 'none'
const link = (paper) => paper.replace(/<?(https:\/\/arxiv\.org\/abs\/([\w.]+))>?/, '[arXiv:$2]($1)')
const table = [
  '| Model | Family | Exogenous inputs | Paper |',
  '|---|---|---|---|',
  ...described.map(
    (m) =>
      `| \`${m.name}\` | ${m.family}${m.multivariate ? ', multivariate' : ''} | ${inputs(m.inputs)} | ${link(m.paper)} |`,
  ),
].join('\n')

const check = process.argv.includes('--check')
let stale = false
for (const [file, what, content] of [
  ['index.d.ts', 'losses', lossTypes],
  ['index.d.ts', 'models', types],
  ['js/index.mjs', 'models', exported],
  ['README.md', 'models', table],
]) {
  if (!existsSync(join(root, file))) continue
  const old = text(file)
  const [begin, end] = markers(what).map((marker) => marker.exec(old))
  if (!begin || !end) continue
  const fresh = `${old.slice(0, begin.index + begin[0].length)}\n${content}\n${old.slice(end.index)}`
  if (fresh === old) continue
  stale = true
  if (check) console.error(`${file} is stale: run node scripts/generate-types.mjs`)
  else writeFileSync(join(root, file), fresh)
}
if (check && stale) process.exit(1)
