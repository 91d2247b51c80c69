// Times NeuralForecast in Python and this library side by side, in alternation. Writes sections of docs/benchmarks.md, one for
// each instruction set and family of models, and one for each instruction set about a fresh process.
//
//   npm run bench:peer -- --python .venv-reference/bin/python [--isa avx2] [--only transformer,recurrent,fresh]
//     [--models NHITS,LSTM] [--sizes large] [--rounds 5] [--quick]
//
// Both sides get the same series and options, and with `--isa` the same instruction set. A figure is the median over the
// rounds; a ratio is the ratio of the medians, followed by the smallest and largest ratio of a round. Each round runs the two
// sides right after each other. Processes are warm, except in the section about a fresh process. `--models` and `--quick`
// only print.
import { parseArgs } from 'node:util'
import { models, runtimeInfo } from '@neural-trader/backend'
import { machine, peerHeading, write } from '../report.mjs'
import { casesOf } from './cases.mjs'
import { freshProcess } from './fresh.mjs'
import { limitTo } from './sides.mjs'
import { tables } from './steps.mjs'

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python' },
    isa: { type: 'string' },
    only: { type: 'string' },
    models: { type: 'string' },
    sizes: { type: 'string', default: 'small,large' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
  },
})
if (values.isa) limitTo(values.isa)
const isa = values.isa ?? runtimeInfo().simd[0]
const settings = { python: values.python, rounds: values.quick ? 1 : Number(values.rounds), quick: values.quick }

const described = models()
const names = values.models?.split(',') ?? described.map((model) => model.name)
const chosen = names.map((name) => {
  const model = described.find((m) => m.name === name)
  if (model === undefined) throw new Error(`there is no model ${name}`)
  return model
})
const sizes = values.sizes.split(',')
const families = new Map()
for (const model of chosen) {
  const cases = casesOf(model, sizes)
  if (cases.length > 0) families.set(model.family, [...(families.get(model.family) ?? []), ...cases])
}

/** Each section's name and how it is measured. */
const sections = [
  ...[...families].map(([family, cases]) => [family, () => tables(cases, settings)]),
  ['fresh', () => freshProcess(settings)],
]
const measured = sections.map(([name]) => name).filter((name) => !values.models || name !== 'fresh')
const wanted = values.only?.split(',') ?? measured
for (const name of wanted) {
  const measure = new Map(sections).get(name)
  if (!measure) throw new Error(`--only takes ${sections.map(([name]) => name).join(', ')}, not ${name}`)
  const { intro, versions, notes, body } = await measure()
  const command = `npm run bench:peer --${values.isa ? ` --isa ${values.isa}` : ''} --only ${name.includes(' ') ? `'${name}'` : name}`
  const heading = peerHeading(isa, name)
  const text = `Written by \`${command}\` (\`benches/peer/run.mjs\` documents the method).
${intro}

${machine()}
- ${[...versions, ...notes].join('\n- ')}

${body}
`
  if (!values.quick && !values.models) write(heading, text)
  console.log(`${heading}\n\n${text}`)
}
