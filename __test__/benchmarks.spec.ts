import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { peerHeading, peerSteps, section, withSection, write, written } from '../benches/report.mjs'

const text = '# Title\n\nWords.\n\n## One\n\n1\n\n### Part\n\nof one\n\n## Two\n\n2\n'

test('a section is read with its parts, and replaced at its place', () => {
  expect(section(text, '## One')).toBe('1\n\n### Part\n\nof one')
  expect(section(text, '## Three')).toBe('')
  expect(withSection(text, '## One', 'new')).toBe('# Title\n\nWords.\n\n## One\n\nnew\n\n## Two\n\n2\n')
  expect(withSection(text, '## Three', '3')).toBe(`${text}\n## Three\n\n3\n`)
})

test('each command writes its own section', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neural-trader-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'benchmarks.md')
  write('## One', '1', file)
  write('## Two', '2', file)
  write('## One', 'another', file)
  expect([written('## One', file), written('## Two', file)]).toEqual(['another', '2'])
  const first = readFileSync(file, 'utf8')
  expect(first).toMatch(/^# Benchmarks\n\n[^#]+\n\n## One\n\nanother\n\n## Two\n\n2\n$/)
  writeFileSync(file, first.replace('vary', 'VARY'))
  write('## Two', '2', file)
  expect(readFileSync(file, 'utf8')).toBe(first)
})

test('the compared training steps are read from every section about them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neural-trader-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'benchmarks.md')
  const rows = (ratio: string) => `### A training step, in milliseconds

| model | ours in | series | NeuralForecast | ours | ratio (spread) | target |  |
| --- | --- | --- | --: | --: | --: | --: | --- |
| NHITS | f32 | 1000 points, h 24 | 93.1 | 48.2 | **${ratio}×** (1.8–2.1) | 2.2× | not reached |

### A forecast with a fitted model, in milliseconds

| NHITS | f32 | 1000 points, h 24 | 10 | 1 | **10.0×** (9.8–10.1) |`
  write(peerHeading('avx2', 'multilayer perceptron'), rows('1.93'), file)
  write(peerHeading('avx512', 'multilayer perceptron'), rows('365'), file)
  write('## Our own variants', rows('7'), file)
  const step = { model: 'NHITS', precision: 'f32', series: '1000 points, h 24' }
  expect(peerSteps(file)).toEqual([
    { isa: 'avx2', ...step, ratio: 1.93 },
    { isa: 'avx512', ...step, ratio: 365 },
  ])
})
