// What `npm run bench:peer` compares: series, sizes, and the ratio to reach for each model.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/steps.mjs'

const airPassengers = readFileSync(join(root, 'examples/air-passengers.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => Number(line.split(',')[2]))

/** A daily and a weekly season, a trend, and deterministic noise. */
const hourly = (shift) =>
  Array.from({ length: 1000 }, (_, t) => {
    const noise = Math.sin((t + 131 * shift) * 12.9898) * 43758.5453
    const season = (period, size) => size * Math.sin((2 * Math.PI * (t + 5 * shift)) / period)
    return 50 + t / 100 + season(24, 10) + season(168, 4) + 2 * (noise - Math.floor(noise))
  })

/** Training data of both sides: name, one list of values for each series, and sizes. */
const SMALL = { name: '144 points, h 12, inputSize 24', series: [airPassengers], options: { h: 12, inputSize: 24 } }
const LARGE = { name: '1000 points, h 24, inputSize 48', series: [hourly(0)], options: { h: 24, inputSize: 48 } }
const SEVEN = {
  name: '7 × 1000 points, h 24, inputSize 48',
  series: Array.from({ length: 7 }, (_, i) => hourly(i)),
  options: { h: 24, inputSize: 48, nSeries: 7 },
}

/** Target ratio to the peer of each model on the small and the large series, in f32, and with ours in bf16. */
const TARGETS = {
  NHITS: { small: 9, large: 2.2, bf16: { small: 13, large: 3.8 } },
  NBEATS: { small: 9, large: 2.2, bf16: { small: 13, large: 3.8 } },
  MLP: { small: 9, large: 2.2, bf16: { small: 13, large: 3.8 } },
  NBEATSx: { large: 2.2 },
  DLinear: { small: 80, large: 50 },
  NLinear: { small: 80, large: 50 },
  LSTM: { small: 4, large: 2.2, bf16: { small: 6, large: 3.5 } },
  GRU: { large: 2.2, bf16: { large: 3.5 } },
  DeepAR: { large: 2.2, bf16: { large: 3.5 } },
  DilatedRNN: { large: 2.2 },
  TCN: { large: 2.5 },
  BiTCN: { large: 2.5 },
  TiDE: { large: 2.5 },
  TFT: { large: 2.2, bf16: { large: 3.5 } },
  VanillaTransformer: { large: 7 },
  Informer: { large: 7 },
  Autoformer: { large: 7 },
  FEDformer: { large: 7 },
  PatchTST: { large: 5 },
  iTransformer: { large: 2.5 },
  TimeXer: { large: 2.5 },
  TimesNet: { large: 5, bf16: { large: 8 } },
  SOFTS: { large: 2.5 },
  SOFTSSharp: { large: 2.5 },
  StemGNN: { large: 2.5 },
  TimeMixer: { large: 2.5 },
  XLinear: { large: 2.5 },
  KAN: { large: 2.5 },
  RMoK: { large: 2.5 },
  xLSTM: { large: 2.5 },
}
/** Target ratio of every other model. */
const EVERY = 3
/** Models that are not compared: NeuralForecast lacks RLinear, and TimeLLM needs a language model from the network. */
const PEERLESS = ['RLinear', 'TimeLLM']

/** The comparisons of one model: those that it has a target for, each in both precisions. */
export function casesOf({ name, multivariate }, sizes) {
  if (PEERLESS.includes(name)) return []
  const { bf16 = {}, ...f32 } = { large: EVERY, ...TARGETS[name] }
  if (multivariate) return [{ ...SEVEN, model: name, targets: { f32: f32.large } }]
  const all = [
    ['small', SMALL],
    ['large', LARGE],
  ].filter(([size]) => sizes.includes(size) && f32[size])
  return all.map(([size, setting]) => ({ ...setting, model: name, targets: { f32: f32[size], bf16: bf16[size] } }))
}

/** The fit used to measure a whole process: start and memory. */
export const example = {
  model: 'NHITS',
  series: SMALL.series,
  options: { ...SMALL.options, maxSteps: 20 },
}
