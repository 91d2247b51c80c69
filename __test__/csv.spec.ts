// CSV files as users have them: decimal commas, other formats, slips; through every call that takes a file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DLinear, NeuralForecast, readCsv } from '@neural-trader/backend'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, thrown } from './data.js'
import { node } from './process.js'

const model = DLinear({ h: 2, inputSize: 6, maxSteps: 2, randomSeed: 1 })
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'neural-trader-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

function write(name: string, content: string | Uint8Array) {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}
const days = Array.from({ length: 20 }, (_, i) => `2024-03-${String(i + 1).padStart(2, '0')}`)
const table = (number: (i: number) => string, separator = ';') =>
  `ds${separator}y\n${days.map((day, i) => `${day}${separator}${number(i)}`).join('\n')}\n`
const point = (i: number) => String(1000 + i / 8)
const comma = (i: number) => point(i).replace('.', ',')

describe('decimal commas', () => {
  test('are read by fit, predict, readCsv and the command line', async () => {
    const [a, b] = [write('point.csv', table(point, ',')), write('comma.csv', table(comma))]
    const nf = new NeuralForecast({ models: [model], freq: 'D' })
    await nf.fit({ path: a })
    const expected = (await nf.predict()).toCsv()
    await nf.fit({ path: b, decimal: ',' })
    expect((await nf.predict()).toCsv()).toBe(expected)
    expect((await nf.predict({ data: { path: b, decimal: ',' } })).toCsv()).toBe(expected)
    const read = await readCsv(b, { decimal: ',' })
    expect(read).toEqual(await readCsv(a))
    await nf.fit(read)
    expect((await nf.predict()).toCsv()).toBe(expected)

    const cli = (...args: string[]) => node([join(root, 'js', 'cli.js'), ...args])
    const args = ['--h', '2', '--models', 'DLinear', '--max-steps', '2', '--freq', 'D']
    const found = await cli('forecast', b, ...args, '--decimal', ',', '--save', join(dir, 'model'))
    expect(found).toMatchObject({ code: 0, stdout: (await cli('forecast', a, ...args)).stdout })
    for (const [file, ...more] of [[a], [b, '--decimal', ',']]) {
      const again = await cli('predict', join(dir, 'model'), '--data', file, ...more)
      expect(again).toMatchObject({ code: 0, stdout: found.stdout })
    }
    expect((await cli('forecast', b, ...args, '--decimal', ',', '--holdout')).code).toBe(0)
  })

  test.each([
    ['0,5', 'a comma marks decimals where the file is read with decimal: ","'],
    ['1,234', 'if the comma marks decimals, read the file with decimal: ","; if it groups thousands, remove it'],
    ['1.234,5', 'remove the points that group thousands, and read the file with decimal: ","'],
  ])('%s without the option is explained', async (number, advice) => {
    const nf = new NeuralForecast({ models: [model], freq: 'D' })
    const error = await thrown(() =>
      nf.fit({
        path: write(
          'unread.csv',
          table(() => number),
        ),
      }),
    )
    expect(error).toMatchObject({ code: 'ERR_NF_SCHEMA', details: { column: 'y' } })
    expect(error.message).toBe(`column "y", row 1 of 20: "${number}" is not a number; ${advice}`)
  })

  test('are an option with two values', async () => {
    const path = write('comma.csv', table(comma))
    for (const call of [
      () => readCsv(path, { decimal: ';' as ',' }),
      () => new NeuralForecast({ models: [model] }).fit({ path, decimal: ';' as ',' }),
    ]) {
      expect((await thrown(call)).message).toBe('option "decimal" must be "." or ",", got ";"')
    }
    expect((await thrown(() => readCsv(path, { decimals: ',' } as object))).message).toBe(
      'readCsv has no option "decimals"; did you mean "decimal"?',
    )
    expect(
      (await thrown(() => new NeuralForecast({ models: [model] }).fit({ path, decimals: ',' } as never))).message,
    ).toBe('file has no option "decimals"; did you mean "decimal"?')
  })
})

describe('a file that is no CSV table says what it is', () => {
  const cases: [string, () => string | Uint8Array, string][] = [
    ['UTF-16', () => Buffer.from(`\ufeff${table(point, ',')}`, 'utf16le'), 'is text in UTF-16; save it as UTF-8'],
    ['gzip', () => gzipSync(table(point, ',')), 'is compressed with gzip; unpack it first'],
    ['Parquet', () => 'PAR1\x15\x04', 'is a Parquet file; only CSV can be read, so convert it'],
    ['Arrow', () => 'ARROW1\0\0', 'is an Arrow file; only CSV can be read, so convert it'],
    ['bars', () => table(point, '|'), 'separated by "|"; separate them by commas, semicolons or tabs'],
    ['spaces', () => table(point, ' '), 'separated by spaces; separate them by commas, semicolons or tabs'],
    [
      'an open quote',
      () => table((i) => (i === 7 ? '"7' : '1'), ','),
      ', line 9: a quote opens here and is never closed',
    ],
    [
      'no name',
      () => table(point, ',').replace('ds,y', 'ds,'),
      ', line 1: column 2 has no name, but values such as "1000"',
    ],
  ]
  test.each(cases)('%s', async (_, content, said) => {
    const path = write('other.csv', content())
    for (const call of [() => readCsv(path), () => new NeuralForecast({ models: [model] }).fit({ path })]) {
      const error = await thrown(call)
      expect(error).toMatchObject({ code: 'ERR_NF_SCHEMA' })
      expect(error.message).toContain(said)
      expect(error.message).toContain(JSON.stringify(path))
    }
  })

  test('a directory', async () => {
    const path = join(dir, 'folder.csv')
    mkdirSync(path)
    expect((await thrown(() => readCsv(path))).message).toBe(`"${path}" is a directory; give the path of a CSV file`)
  })
})
