// Forecasts the last year of the classic airline passengers series with three models, and scores them.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DLinear, LSTM, NeuralForecast, NHITS, readCsv, runtimeInfo } from '@neural-trader/backend'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const h = 12

const table = await readCsv(here('air-passengers.csv'))
const part = (...range) =>
  Object.fromEntries(Object.entries(table).map(([name, values]) => [name, values.slice(...range)]))
const train = part(0, -h)
const actual = part(-h)

const { version, simd, threads } = runtimeInfo()
console.log(`@neural-trader/backend ${version}, ${simd.join(' ')}, ${threads} threads`)
console.log(`training on ${train.y.length} months, forecasting the ${h} after them\n`)

const options = { h, inputSize: 2 * h, scalerType: 'robust', randomSeed: 1 }
const nf = new NeuralForecast({
  freq: 'MS',
  models: [
    NHITS({ ...options, maxSteps: 300 }),
    LSTM({ ...options, maxSteps: 300, encoderHiddenSize: 64 }),
    DLinear({ ...options, maxSteps: 500, learningRate: 0.005 }),
  ],
})
const report = await nf.fit(train, {
  onProgress({ model, step, maxSteps, trainLoss }) {
    const line = `${model} ${step}/${maxSteps}, loss ${trainLoss?.toFixed(4) ?? ''}`
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${step < maxSteps ? line : ''}`)
  },
})
for (const { name, steps, elapsedMs, parameters } of report.models) {
  console.log(
    `${name.padEnd(8)} ${steps} steps, ${parameters.toLocaleString('en')} parameters, ${(elapsedMs / 1000).toFixed(1)} s`,
  )
}

const forecast = await nf.predict()
const scores = forecast.metrics(actual, ['mae', 'smape', 'mase'], { seasonalNaive: true })
const row = (name, cells) => console.log(name.padEnd(15) + cells.map((cell) => cell.padStart(8)).join(''))
console.log()
row('', ['MAE', 'sMAPE', 'MASE'])
for (const [model, { mae, smape, mase }] of Object.entries(scores)) {
  row(model, [mae.toFixed(2), `${(100 * smape).toFixed(1)} %`, mase.toFixed(3)])
}

mkdirSync(here('../demo-output'), { recursive: true })
const write = (name, content) => {
  writeFileSync(here(`../demo-output/${name}`), content)
  console.log(`wrote demo-output/${name}`)
}
console.log()
write('forecast.csv', forecast.toCsv())
write('forecast.svg', forecast.toSVG({ actual, title: 'Monthly airline passengers: the last year, forecast' }))
