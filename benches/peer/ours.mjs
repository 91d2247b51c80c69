// Our side of `npm run bench:peer`: answers the same requests as peer.py, with one JSON line for each.
import { createInterface } from 'node:readline'
import { NeuralForecast, runtimeInfo } from '@neural-trader/backend'

/** Times in milliseconds of a fit, and of a forecast after it. */
async function fit({ model, options, series, save }) {
  const forecaster = new NeuralForecast({ freq: 1, models: [{ model, options }] })
  const data = {
    unique_id: series.flatMap((y, i) => y.map(() => `series_${i}`)),
    ds: series.flatMap((y) => y.map((_, t) => t)),
    y: series.flat(),
  }
  const [, fitMs] = await timed(() => forecaster.fit(data))
  await forecaster.predict()
  const [, predictMs] = await timed(() => forecaster.predict())
  if (save) await forecaster.save(save, { overwrite: true })
  forecaster.dispose()
  return { fitMs, predictMs }
}

async function timed(work) {
  const begin = performance.now()
  const result = await work()
  return [result, performance.now() - begin]
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  const answer = await fit(request)
  const { version, simd, threads } = runtimeInfo()
  answer.maxRssKiB = process.resourceUsage().maxRSS
  answer.versions = `@neural-trader/backend ${version} (${simd[0]}, ${threads} threads), node ${process.version}`
  console.log(JSON.stringify(answer))
}
