// Generates the parts of index.d.ts, js/index.mjs and README.md that describe models, losses and calls, between their markers.
// `--check` writes nothing and fails if one of the files is stale.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { peerSteps } from '../benches/report.mjs'
import { models } from '../js/index.js'
import { wrappers } from '../js/models.js'
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

function property({ name, ts, doc, default: otherwise, needed }) {
  if (needed) return `  /** ${doc} */\n  ${name}: ${ts}`
  const note = otherwise === null ? '' : ` @default ${written(otherwise)}`
  return `  /** ${doc}${note} */\n  ${name}?: ${ts}`
}

/** A default as documented. Of a loss, its kind is enough. */
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

/** A function that wraps a model: its options are not those of models. */
function wrapper({ name, family, paper, options }) {
  const type = (ts) => ts.replace(' | null', '').replace('readonly (readonly number[])[]', 'readonly NumberList[]')
  const own = options.map((option) => property({ ...option, ts: type(option.ts) }))
  return [
    `/** Options of \`${name}\`. */\nexport interface ${name}Options {\n${own.join('\n')}\n}`,
    factory({ name, family, paper }),
  ]
}

const types = [
  `/** Options that every model has. Where a model's default differs, its own options say so. */\nexport interface CommonOptions {\n${common.map(property).join('\n')}\n}`,
  ...described.flatMap((model) => [optionsOf(model), factory(model)]),
  ...wrappers().flatMap(wrapper),
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

const { calls, choices } = JSON.parse(native.calls())

/** A doc comment, wrapped to the width of the code. `Left out: …` at the end of the text becomes `@default`. */
function comment(text, indent = '') {
  const said = text.replace(/ Left out: (.*?)\.?$/, ' @default $1')
  if (!said.includes('\n') && said.length + indent.length < 112) return `${indent}/** ${said} */`
  const lines = said.split('\n').flatMap((line) => wrapped(line, 116 - indent.length))
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`].join('\n')
}

function wrapped(text, width) {
  const [first, ...words] = text.split(' ')
  const lines = [first]
  for (const word of words) {
    if (lines.at(-1).length + word.length < width) lines.push(`${lines.pop()} ${word}`)
    else lines.push(text.startsWith('- ') ? `  ${word}` : word)
  }
  return lines
}

/** A Rust doc sentence with links replaced by names in camelCase: `predictInsample`. */
function plain(doc) {
  const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
  return doc.replace(/\[`(?:\w+::)*(\w+)`\](?:\([^)]*\))?/g, (_, name) => `\`${camel(name)}\``)
}

function choice({ type, doc, ts, values }) {
  const list = values.map((value) => `- \`'${value.name}'\`: ${value.doc}`)
  return `${comment(plain([doc, ...list].join('\n')))}\nexport type ${type} = ${ts}`
}

const isTable = (option) => option.ts.startsWith('Table')

function member({ name, ts, doc, default: otherwise, range, needed }) {
  const given = ts.replace(' | null', '')
  const named = choices.find((c) => c.ts === given)?.type ?? given
  const type = isTable({ ts }) ? `TableOf<${name[0].toUpperCase()}>` : named.replace('readonly number[]', 'NumberList')
  const [sentence, otherwiseIs] = plain(doc).split(/ (?=Left out: )/)
  const said = [sentence, range?.startsWith('from') && `F${range.slice(1)}.`, otherwiseIs].filter(Boolean).join(' ')
  const text = typeof otherwise === 'string' ? `'${otherwise}'` : JSON.stringify(otherwise)
  const simple = !needed && otherwise !== null && typeof otherwise !== 'object'
  return `${comment(`${said}${simple ? ` @default ${text}` : ''}`, '  ')}\n  ${name}${needed ? '' : '?'}: ${type}`
}

/** The type of a call's options: its own, and those of `RunOptions` that it takes. */
function callOptions({ name, type, doc, options, ofRun }) {
  const all = calls.find((c) => c.name === 'run').options.length
  const picked = ofRun.map((name) => `'${name}'`).join(' | ')
  const shared = ofRun.length === all ? 'RunOptions' : `Pick<RunOptions, ${picked}>`
  if (options.length === 0) return `/** Options of \`${name}\`. */\nexport type ${type} = ${shared}`
  const letters = options.filter(isTable).map(({ name }) => `${name[0].toUpperCase()} = never`)
  const generic = letters.length > 0 ? `<${letters.join(', ')}>` : ''
  const extended = ofRun.length > 0 ? ` extends ${shared}` : ''
  return `${comment(plain(doc))}\nexport interface ${type}${generic}${extended} {\n${options.map(member).join('\n')}\n}`
}

const once = calls.filter((call, i) => calls.findIndex((other) => other.type === call.type) === i)
const callTypes = [...choices.map(choice), ...once.map(callOptions)].join('\n')

// As Biome formats it: one name per line.
const exported = `export const {\n${[...described, ...wrappers()].map((m) => `  ${m.name},\n`).join('')}} = face`

const inputs = ({ futr, hist, stat, cat }) =>
  [futr && 'future', hist && 'historic', stat && 'static', cat && 'categorical'].filter(Boolean).join(', ') || 'none'
const link = (paper) => paper.replace(/<?(https:\/\/arxiv\.org\/abs\/([\w.]+))>?/, '[arXiv:$2]($1)')

// The lowest ratio of the instruction sets, so that no reader gets less.
const compared = peerSteps().filter(({ precision, series }) => precision === 'f32' && series.includes('1000 points'))
const lowest = ({ name }) => {
  const ratios = compared.filter(({ model }) => model === name).map(({ ratio }) => ratio)
  return ratios.length > 0 ? `${Math.min(...ratios)}×` : ''
}
const table = [
  '| Model | Family | Exogenous inputs | Training step | Paper |',
  '|---|---|---|--:|---|',
  ...described.map(
    (m) =>
      `| \`${m.name}\` | ${m.family}${m.multivariate ? ', multivariate' : ''} | ${inputs(m.inputs)} | ${lowest(m)} | ${link(m.paper)} |`,
  ),
].join('\n')

const check = process.argv.includes('--check')
let stale = false
for (const [file, what, content] of [
  ['index.d.ts', 'losses', lossTypes],
  ['index.d.ts', 'calls', callTypes],
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
