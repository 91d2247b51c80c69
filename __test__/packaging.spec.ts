import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import * as esm from '@neural-trader/backend'
import { describe, expect, test } from 'vitest'
import { root } from './data.js'
import { script } from './process.js'

const json = (...path: string[]) => JSON.parse(readFileSync(join(root, ...path), 'utf8'))
const manifest = json('package.json')
const require = createRequire(import.meta.url)

describe('loading', () => {
  test('works from an ES module', async () => {
    const { code, stdout } = await script(
      `import { NHITS, runtimeInfo } from '@neural-trader/backend'; console.log(NHITS.name, runtimeInfo().version)`,
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: `NHITS ${manifest.version}\n` })
  })

  test('works from CommonJS', async () => {
    const { code, stdout } = await script(
      `const { NHITS, runtimeInfo } = require('@neural-trader/backend'); console.log(NHITS.name, runtimeInfo().version)`,
      'commonjs',
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: `NHITS ${manifest.version}\n` })
  })

  test('gives both the same objects', () => {
    const cjs = require('@neural-trader/backend')
    expect(Object.keys(esm).toSorted()).toEqual(Object.keys(cjs).toSorted())
    expect(Object.entries(esm).filter(([name, value]) => cjs[name] !== value)).toEqual([])
  })

  test.runIf(process.platform === 'linux')('knows the C library as Node reports it', () => {
    const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
    const { platform } = require('../js/platform.js')
    const library = header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'
    expect(platform()).toBe(`linux-${process.arch}-${library}`)
  })

  test('on a machine without an addon tells target and fix', async () => {
    const { code, stderr } = await script(
      `
      Object.defineProperty(process, 'arch', { value: 'mips' })
      try { require('@neural-trader/backend') } catch (e) { console.error(e.name, e.code, e.message); process.exitCode = 3 }`,
      'commonjs',
    )
    expect(code).toBe(3)
    expect(stderr).toContain('NeuralForecastError ERR_NF_NATIVE_LOAD')
    expect(stderr).toContain('mips')
    expect(stderr).toContain('npm run build')
  })

  test('without the platform package tells how to install it', async () => {
    const { code, stderr } = await script(
      `
      Object.defineProperty(process, 'platform', { value: 'darwin' })
      Object.defineProperty(process, 'arch', { value: process.arch === 'arm64' ? 'x64' : 'arm64' })
      try { require('@neural-trader/backend') } catch (e) { console.error(e.code, e.message, e.cause.code); process.exitCode = 3 }`,
      'commonjs',
    )
    expect(code).toBe(3)
    expect(stderr).toMatch(/^ERR_NF_NATIVE_LOAD cannot load the native addon for \w+-apple-darwin/)
    expect(stderr).toMatch(/npm install --include=optional @neural-trader\/backend-darwin-/)
    expect(stderr).toContain('MODULE_NOT_FOUND')
  })

  test('gives nothing but the public face', () => {
    expect(() => require('@neural-trader/backend/js/native.js')).toThrow(/not defined by "exports"/)
  })
})

describe('the package', () => {
  test('holds what is needed and nothing else', () => {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const packed = execFileSync(npm, ['pack', '--dry-run', '--json'], {
      cwd: root,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [{ files }] = JSON.parse(packed.toString())
    const paths: string[] = files.map((f: { path: string }) => f.path)
    const others = paths.filter((path) => !/^js\/(cli\/)?[a-z]+\.m?js$/.test(path))
    const optional = ['README.md'] // npm adds it when it is there
    expect(others.filter((path) => !optional.includes(path)).toSorted()).toEqual([
      'LICENSE',
      'index.d.mts',
      'index.d.ts',
      'package.json',
    ])
    expect(paths).toContain('js/cli.js')
  })

  test('has no dependency but the platform packages, which are those in npm/', () => {
    expect(manifest.dependencies).toBeUndefined()
    const { TARGETS } = require('../js/platform.js')
    const platforms = readdirSync(join(root, 'npm')).map((dir) => ({ dir, ...json('npm', dir, 'package.json') }))
    expect(platforms.map((p) => p.dir)).toEqual(Object.keys(TARGETS).toSorted())
    expect(manifest.optionalDependencies).toEqual(Object.fromEntries(platforms.map((p) => [p.name, manifest.version])))
    for (const { dir, name, version, main, files } of platforms) {
      expect({ name, version, main, files }).toEqual({
        name: `@neural-trader/backend-${dir}`,
        version: manifest.version,
        main: `neural-trader.${dir}.node`,
        files: [`neural-trader.${dir}.node`],
      })
    }
  })

  test('has no install script', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /install|prepare/.test(name))).toEqual([])
  })

  test('is locked without download addresses', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
    expect(lock).not.toContain('registry')
    expect(JSON.parse(lock).packages[''].optionalDependencies).toEqual(manifest.optionalDependencies)
  })

  test('knows its own version', () => {
    expect(esm.runtimeInfo()).toMatchObject({
      version: manifest.version,
      target: expect.stringContaining(process.arch === 'x64' ? 'x86_64' : 'aarch64'),
    })
  })
})

test('a model spec is frozen plain JSON', () => {
  const spec = esm.NHITS({
    h: 2,
    inputSize: 4,
    loss: esm.loss.mq({ quantiles: [0.1, 0.9], horizonWeight: Float32Array.of(1, 2) }),
  })
  expect(spec).toEqual({
    model: 'NHITS',
    options: { h: 2, inputSize: 4, loss: { kind: 'MQLoss', args: { quantiles: [0.1, 0.9], horizonWeight: [1, 2] } } },
  })
  expect(structuredClone(spec)).toEqual(spec)
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec)
  expect([spec, spec.options, spec.options.loss].every(Object.isFrozen)).toBe(true)
})
