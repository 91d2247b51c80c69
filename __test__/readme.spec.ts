import { cpSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './data.js'
import { script } from './process.js'

const readme = readFileSync(join(root, 'README.md'), 'utf8').replaceAll('\r\n', '\n')
const examples = [...readme.matchAll(/^## (.+)\n[^#]*?```ts\n([\s\S]*?)```/gm)].map(([, title, code]) => [title, code])

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'neural-trader-'))
  cpSync(join(root, 'examples'), join(dir, 'examples'), { recursive: true })
})
afterAll(() => rm(dir, { recursive: true }))

test('every code block of the README is one of the examples run here', () => {
  expect(examples.length).toBeGreaterThan(0)
  expect(examples).toHaveLength(readme.match(/^```ts$/gm)?.length ?? 0)
})

test.each(examples)('the README example "%s" runs', async (_, code) => {
  const { code: exit, stderr } = await script(
    `${code}\nimport { chdir } from 'node:process'`.replace(/^(?!import )/m, `chdir(${JSON.stringify(dir)})\n`),
  )
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
})
