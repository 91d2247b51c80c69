import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from './data.js'

const REGISTRY = 'core/src/models/mod.rs'
let copy: string
beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'neural-trader-'))
  for (const folder of ['core/src/models', 'tools/reference/cases']) {
    mkdirSync(join(copy, folder), { recursive: true })
    cpSync(join(root, folder), join(copy, folder), { recursive: true })
  }
})
afterEach(() => rm(copy, { recursive: true }))

const text = (file: string) => readFileSync(join(copy, file), 'utf8')
const begin = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'scripts', 'new-model.mjs'), '--root', copy, ...args], { encoding: 'utf8' })

/** The names in the first lines of a kind that follow each other; what the tests of the crate declare comes later. */
function lines(kind: RegExp) {
  const all = text(REGISTRY).split('\n')
  const first = all.findIndex((line) => kind.test(line))
  const end = all.findIndex((line, i) => i > first && !kind.test(line) && !/^ *#\[/.test(line))
  return all.slice(first, end).flatMap((line) => kind.exec(line)?.[1] ?? [])
}

test.each(['Abacus', 'Mirror', 'Zebra', 'xOther'])('a model %s is begun: file, registry, fixtures', (name) => {
  const module = name.toLowerCase()
  const [modules, models] = [/^(?:pub )?mod (\w+);$/, /^ {4}(\w+)::\w+,$/]
  const before = [lines(modules), lines(models)]
  const { status, stderr, stdout } = begin(name)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toContain(`make.py models/${module} training/${module}`)
  expect(lines(modules)).toEqual([...before[0], module].toSorted())
  expect(lines(models)).toEqual([...before[1], module].toSorted())
  expect(text(REGISTRY)).toContain(`    ${module}::${name},\n`)

  const model = text(`core/src/models/${module}.rs`)
  expect(model).toMatch(new RegExp(`^//! ${name}: `))
  for (const part of ['<https://', 'Upstream: ', 'options! {', `impl Model for ${name} {`])
    expect(model).toContain(part)
  expect(text(`tools/reference/cases/${module}.py`)).toContain(`MODEL = ${name}\n`)
})

// Without Rust there is nothing to check with, and the test is shown as skipped.
const { error: noRust } = spawnSync('rustfmt', ['--version'])
test.skipIf(noRust)('what is begun is formatted', () => {
  expect(begin('Mirror').status).toBe(0)
  const { status, stdout } = spawnSync(
    'rustfmt',
    ['--check', '--edition', '2024', '--config-path', root, join(copy, 'core/src/models/mirror.rs')],
    { encoding: 'utf8' },
  )
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
})

test.each([
  ['NHITS', /^NHITS exists: see core\/src\/models\/mod\.rs\n$/],
  ['Batch', /^Batch exists: see core\/src\/models\/mod\.rs\n$/],
  ['two words', /is not the name of a class/],
  ['../Evil', /is not the name of a class/],
  ['lower', /is not the name of a class/],
])('%s is refused, and nothing is written', (name, message) => {
  const before = text(REGISTRY)
  const { status, stderr } = begin(name)
  expect(status).toBe(1)
  expect(stderr).toMatch(message)
  expect(text(REGISTRY)).toBe(before)
})

test('it wants one name', () => {
  expect(begin().stderr).toBe('usage: npm run new-model -- Name\n')
  expect(begin('One', 'Two').status).toBe(1)
})
