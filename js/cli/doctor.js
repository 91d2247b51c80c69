// `neural-trader doctor`: checks this installation.
'use strict'

const { platform } = require('../platform.js')
const { print, printJson } = require('./output.js')
const { version } = require('./usage.js')

module.exports = async function doctor({ values: { json }, signal }) {
  const found = { version: version(), node: process.version, platform: platform(), ...(await native()) }
  if (found.loads) found.selfCheck = await selfCheck(signal)
  const healthy = found.loads && found.selfCheck.passed
  if (json) printJson({ healthy, ...found })
  else report(found, healthy)
  if (!healthy) process.exitCode = 1
}

async function native() {
  try {
    const { target, simd, threads } = require('../index.js').runtimeInfo()
    return { loads: true, target, simd, threads }
  } catch (error) {
    return { loads: false, error: { code: error.code, message: error.message } }
  }
}

/** A small model learns a pattern of four steps. Its forecast must be better than the mean. */
async function selfCheck(signal) {
  const { NeuralForecast, DLinear } = require('../index.js')
  try {
    const pattern = (t) => [0, 3, 1, 2][t % 4]
    const nf = new NeuralForecast({
      models: [DLinear({ h: 4, inputSize: 16, maxSteps: 200, learningRate: 0.01 })],
      freq: 1,
    })
    await nf.fit(
      Array.from({ length: 80 }, (_, t) => pattern(t)),
      { signal },
    )
    const forecast = (await nf.predict({ signal })).column('DLinear')
    const error = forecast.reduce((sum, v, t) => sum + Math.abs(v - pattern(t)) / 4, 0)
    return { passed: error < 0.5, meanAbsoluteError: error }
  } catch (error) {
    signal.throwIfAborted()
    return { passed: false, error: { code: error.code, message: error.message } }
  }
}

function report(found, healthy) {
  const mark = (good) => (good ? 'ok  ' : 'FAIL')
  print(`neural-trader ${found.version}, Node.js ${found.node}, ${found.platform}`)
  print(`${mark(found.loads)}  native addon${found.loads ? `: ${found.target}` : ''}`)
  if (found.loads) {
    print(`      SIMD ${found.simd.join(', ')}; ${found.threads} threads`)
    const { passed, meanAbsoluteError, error } = found.selfCheck
    print(
      `${mark(passed)}  forecast of a known pattern${meanAbsoluteError === undefined ? '' : `: mean absolute error ${meanAbsoluteError.toFixed(3)}`}`,
    )
    if (error) process.stderr.write(`error[${error.code}]: ${error.message}\n`)
  } else {
    process.stderr.write(`error[${found.error.code}]: ${found.error.message}\n`)
  }
  print(healthy ? 'all is well' : 'something is wrong')
}
