// The part of `npm run bench:peer` about fresh processes: the time from their start to the first forecast, the peak memory
// while fitting, and the size of what is installed.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addon, platform } from '../../js/platform.js'
import { root } from '../../scripts/steps.mjs'
import { reached, row, short } from '../report.mjs'
import { example } from './cases.mjs'
import { compare, ratioOf } from './compare.mjs'
import { ours, peer, starts } from './sides.mjs'

const kib = (path) => Number(execFileSync('du', ['-sk', path], { encoding: 'utf8' }).split('\t')[0])

/** What a side says of a fit in a process of its own. */
async function alone(side, more = {}) {
  const answer = await side.ask({ ...example, ...more })
  await side.end()
  return answer
}

/** The section about fresh processes. */
export async function freshProcess({ python, rounds }) {
  const scratch = mkdtempSync(join(tmpdir(), 'neural-trader-bench-'))
  const checkpoint = join(scratch, 'checkpoint')
  await alone(ours(), { save: checkpoint })
  const [starting, using] = [[], []]
  let versions
  for (let round = 0; round < rounds; round++) {
    starting.push(await starts(python, checkpoint))
    const fits = [await alone(peer(python)), await alone(ours())]
    using.push(fits.map(({ maxRssKiB }) => maxRssKiB / 1024))
    versions = fits.map((fit) => fit.versions)
  }
  rmSync(scratch, { recursive: true, force: true })
  const [start, memory] = [compare(starting), compare(using)]
  const environment = execFileSync(python, ['-c', 'import sys; print(sys.prefix)'], { encoding: 'utf8' }).trim()
  const installed = {
    peer: kib(environment) / 1024,
    ours: statSync(join(root, addon(platform()))).size / 2 ** 20 + kib(join(root, 'js')) / 1024,
  }
  return {
    intro: 'The model is NHITS on 144 points.',
    versions,
    notes: [`${rounds} rounds`],
    body: `${row('', 'NeuralForecast', 'ours', 'ratio (spread)', 'target', '')}
${row('---', '--:', '--:', '--:', '--:', '---')}
${row('start, load a checkpoint, first forecast: ms', short(start.peer), short(start.ours), ratioOf(start), '60×', reached(start.ratio >= 60))}
${row('peak memory while fitting: MiB', short(memory.peer), short(memory.ours), ratioOf(memory), '8×', reached(memory.ratio >= 8))}
${row('installed: MiB', short(installed.peer), short(installed.ours), `**${short(installed.peer / installed.ours)}×**`, '', '')}`,
  }
}
