// The part of `npm run bench:peer` about warm processes: a training step and a forecast of each model, side by side.
import { PEER_STEPS, reached, row, short } from '../report.mjs'
import { compare, ratioOf } from './compare.mjs'
import { Neighbour } from './neighbour.mjs'
import { ours, peer } from './sides.mjs'

/** Precisions of ours. The peer computes in f32. */
const PRECISIONS = ['f32', 'bf16']
/** A measurement takes about this many milliseconds of each side, within these numbers of steps. */
const MEASURE_MS = 1200
const STEPS = { least: 4, most: 20_000 }

/** Times of a training step and a forecast in milliseconds, for each round, contender and case. */
async function measure(cases, { python, rounds, quick }) {
  const neighbour = new Neighbour()
  const [theirs, mine] = [peer(python), ours()]
  const table = []
  let versions
  for (const { name, model, series, options, targets } of cases) {
    const contenders = [
      { side: theirs, own: {} },
      ...PRECISIONS.map((precision) => ({ side: mine, own: { precision } })),
    ].map(({ side, own }) => ({
      fit: (maxSteps) => side.ask({ model, series, options: { ...options, ...own, maxSteps } }),
    }))
    for (const contender of contenders) {
      // The first fit of a process also loads and compiles.
      await contender.fit(2)
      const [few, more] = [await contender.fit(2), await contender.fit(12)]
      const stepMs = Math.max(1e-3, (more.fitMs - few.fitMs) / 10)
      const steps = Math.round((quick ? MEASURE_MS / 8 : MEASURE_MS) / stepMs)
      contender.steps = Math.min(STEPS.most, Math.max(STEPS.least, steps))
    }
    const measured = []
    for (let round = 0; round < rounds; round++) {
      const all = []
      for (const { fit, steps } of contenders) {
        neighbour.look()
        // The difference between a fit of many steps and one of few is the time of the steps, without what a fit does once.
        const [few, many] = [await fit(2), await fit(steps + 2)]
        all.push({ step: (many.fitMs - few.fitMs) / steps, predict: many.predictMs, versions: many.versions })
      }
      measured.push(all)
      versions = all.slice(0, 2).map((side) => side.versions)
    }
    for (const [i, precision] of PRECISIONS.entries()) {
      const of = (figure) => compare(measured.map(([theirs, ...mine]) => [theirs[figure], mine[i][figure]]))
      const [step, predict] = [of('step'), of('predict')]
      table.push({ name, model, precision, step, predict, target: targets[precision] })
      console.error(
        `${model} ${precision}, ${name}: ${short(step.peer)} / ${short(step.ours)} ms = ${short(step.ratio)}×`,
      )
    }
  }
  await Promise.all([theirs.end(), mine.end()])
  return { table, versions, neighbour }
}

/** The section about a family of models. */
export async function tables(cases, settings) {
  const { table, versions, neighbour } = await measure(cases, settings)
  const asked = (t) => (t.target ? [`${t.target}×`, reached(t.step.ratio >= t.target)] : ['', ''])
  return {
    intro: `Both sides do the same work on the same machine in alternation, with default options except for the sizes named;
multivariate models get seven series.`,
    versions,
    notes: [
      `${settings.rounds} rounds; in ${neighbour.busy.toFixed(0)} % of ${neighbour.moments.length} moments between them another program was using the same core`,
    ],
    body: `${PEER_STEPS}

${row('model', 'ours in', 'series', 'NeuralForecast', 'ours', 'ratio (spread)', 'target', '')}
${row('---', '---', '---', '--:', '--:', '--:', '--:', '---')}
${table.map((t) => row(t.model, t.precision, t.name, short(t.step.peer), short(t.step.ours), ratioOf(t.step), ...asked(t))).join('\n')}

### A forecast with a fitted model, in milliseconds

${row('model', 'ours in', 'series', 'NeuralForecast', 'ours', 'ratio (spread)')}
${row('---', '---', '---', '--:', '--:', '--:')}
${table
  .map((t) => row(t.model, t.precision, t.name, short(t.predict.peer), short(t.predict.ours), ratioOf(t.predict)))
  .join('\n')}`,
  }
}
