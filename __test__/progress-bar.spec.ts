import { createRequire } from 'node:module'
import { expect, test } from 'vitest'

const { progressBar } = createRequire(import.meta.url)('../js/cli/output.js')
const stream = (isTTY: boolean) => ({
  isTTY,
  columns: 60,
  written: '',
  write(text: string) {
    this.written += text
  },
})

test('the progress bar of the command line fits the terminal and is wiped at the end', () => {
  const terminal = stream(true)
  const bar = progressBar(terminal)
  bar.onProgress({ phase: 'fit', model: 'NHITS', step: 50, maxSteps: 100, trainLoss: 0.12345, etaMs: 1500 })
  expect(terminal.written).toBe('\r\x1b[Kfit NHITS ████████████░░░░░░░░░░░░ 50/100 loss 0.1235 2 s l')
  bar.end()
  expect(terminal.written.endsWith('\r\x1b[K')).toBe(true)
})

test('without a terminal there is none', () => {
  expect(progressBar(stream(false)).onProgress).toBeUndefined()
})
