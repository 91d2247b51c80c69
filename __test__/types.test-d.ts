// Compiled, never run: what the types must allow, and what they must refuse.
import {
  DLinear,
  type Forecast,
  HINT,
  LSTM,
  loss,
  NeuralForecast,
  NHITS,
  type Row,
  type Table,
} from '@neural-trader/backend'

NHITS({ h: 12, inputSize: 24, futrExogList: ['price'], loss: loss.mq({ level: [80] }), mlpUnits: [[8, 8]] })
LSTM({ h: 12, inputSize: 24, encoderHiddenSize: 32, optimizer: { kind: 'AdamW', weightDecay: 0.01 } })
DLinear({ h: 12, inputSize: 24, movingAvgWindow: 25, scalerType: 'robust' })

// @ts-expect-error DLinear takes no exogenous columns
DLinear({ h: 12, inputSize: 24, futrExogList: ['price'] })
NHITS({
  h: 12,
  inputSize: 24,
  futrExogList: ['day'],
  catExogList: ['day'],
  catEmbDim: 'half',
  categoricalCardinalities: { day: 7 },
})
LSTM({ h: 12, inputSize: 24, statExogList: ['kind'], catExogList: ['kind'], catEmbDim: 4 })
// @ts-expect-error not a rule
NHITS({ h: 12, inputSize: 24, futrExogList: ['day'], catExogList: ['day'], catEmbDim: 'third' })
// @ts-expect-error DLinear takes no categories
DLinear({ h: 12, inputSize: 24, catExogList: ['day'] })
// @ts-expect-error DLinear takes no categories
DLinear({ h: 12, inputSize: 24, catEmbDim: 'sqrt' })
// @ts-expect-error DLinear takes no categories
DLinear({ h: 12, inputSize: 24, categoricalCardinalities: { day: 7 } })
// @ts-expect-error no model has this option
NHITS({ h: 12, inputSize: 24, maxStep: 5 })
// @ts-expect-error an option of another model
NHITS({ h: 12, inputSize: 24, encoderHiddenSize: 5 })
// @ts-expect-error the horizon is needed
NHITS({ inputSize: 24 })
// @ts-expect-error not a scaler
LSTM({ h: 12, inputSize: 24, scalerType: 'zscore' })
NHITS({ h: 12, inputSize: 24, loss: loss.gmm({ nComponents: 2, horizonCorrelation: true }) })
NHITS({ h: 12, inputSize: 24, loss: loss.distribution('Tweedie', { rho: 1.5 }) })
// @ts-expect-error there is no such loss
loss.lmm({ nComponents: 2 })
// @ts-expect-error not an option of this mixture
loss.nbmm({ batchCorrelation: true })
NHITS({ h: 12, inputSize: 24, loss: loss.distribution('Poisson', { level: [80], returnParams: true }) })
NHITS({ h: 12, inputSize: 24, loss: loss.distribution('Bernoulli', { quantiles: [0.1, 0.9], numSamples: 200 }) })
// @ts-expect-error not one of the distributions
loss.distribution('Gumbel')
// @ts-expect-error not an option of a distribution
loss.distribution('Poisson', { levels: [80] })

const sums = { S: [new Float64Array([1, 1]), [1, 0], [0, 1]], reconciliation: 'MinTraceWLS' } as const
new NeuralForecast({ models: [HINT({ ...sums, model: DLinear({ h: 12, inputSize: 24 }), ids: ['all', 1, 2n] })] })
// @ts-expect-error the model is needed
HINT(sums)
// @ts-expect-error not a reconciliation
HINT({ ...sums, model: DLinear({ h: 12, inputSize: 24 }), reconciliation: 'MinTrace' })
// @ts-expect-error an option of the wrapped model
HINT({ ...sums, model: DLinear({ h: 12, inputSize: 24 }), h: 12 })

export async function uses(): Promise<Forecast> {
  using nf = new NeuralForecast({ models: [DLinear({ h: 12, inputSize: 24 })] })
  const tables: Table[] = [
    { unique_id: ['a'], ds: ['2020-01-01'], y: [1] },
    { uniqueId: [1], ds: [new Date()], y: new Float32Array(1), price: [null] },
    [{ unique_id: 'a', ds: new Date(), y: 1n, promotion: true }],
    new Float64Array(3),
    [1, 2, 3],
    { path: 'data.csv' },
  ]
  const report = await nf.fit(tables[0], { valSize: 12, onGap: 'mask', signal: AbortSignal.timeout(1000) })
  const curve: Float32Array = report.models[0].trainLoss
  // @ts-expect-error not an option of fit
  await nf.fit(tables[1], { valsize: 12, curve })
  // @ts-expect-error there is no such method
  nf.explain(tables[0])
  const folds = await nf.crossValidation(tables[0], { nWindows: 3, refit: 2, useFitted: false, static: tables[1] })
  // @ts-expect-error not an option of crossValidation
  await nf.crossValidation(tables[0], { mode: 'continue' })
  const own: number = folds.metrics(undefined, ['mae']).NHITS.mae
  const [part] = folds.metrics(undefined, undefined, { by: 'series' })
  const cutoffs: Row[] = [{ sum: part.mae + own, model: part.model, cutoff: part.cutoff }]
  const forecast = await nf.predict({ level: [80], h: 24 })
  const insample = await nf.predictInsample({ stepSize: 12 })
  await nf.predict({ sortQuantiles: false })
  await nf.predictInsample({ sortQuantiles: false })
  // @ts-expect-error true or false
  await nf.predict({ sortQuantiles: 'no' })
  // @ts-expect-error not an option of fit
  await nf.fit(tables[0], { sortQuantiles: false })
  const cutoff: Float64Array | undefined = insample.cutoff
  const missing: Row[] = nf.missingFuture({ ...cutoffs[0], ...nf.makeFutureFrame({ h: 24 }), price: cutoff }, { h: 24 })
  // @ts-expect-error not an option of predictInsample
  nf.predictInsample({ future: missing })
  const scores: Record<string, Record<string, number>> = forecast.metrics(tables[2], ['mae', 'coverage-90'])
  const notes: readonly string[] = [...forecast.warnings, ...forecast.metrics(tables[2]).warnings]
  // @ts-expect-error not a metric
  forecast.metrics(tables[2], ['maes'])
  for (const row of forecast) console.log(row.ds, scores, notes)
  return forecast
}

const predictor = new NeuralForecast({ models: [] }).predictor('NHITS', { batch: 4, threads: 1 })
const numbers: Float32Array = predictor.predictSync(new Float32Array(24), { futr: new Float32Array(36) })
predictor.predictSync(numbers, undefined, new Float32Array(12))
new NeuralForecast({ models: [] }).predictor('NHITS', { sortQuantiles: false })
// @ts-expect-error numbers of another type
predictor.predictSync(new Float64Array(24))
// @ts-expect-error windows are numbers, not tables
predictor.predictSync([{ y: 1 }])

// Tables of every kind that runs, and of none that does not. tables.spec.ts runs the same.
interface Sale {
  unique_id: string
  ds: Date
  y: number | null
  promotion?: boolean
}
interface Sales {
  unique_id: string[]
  ds: readonly string[]
  y: Float64Array
  price?: (number | null)[]
}
declare const sale: Sale[]
declare const sales: Sales
declare const nf: NeuralForecast
declare const forecast: Forecast
nf.fit(sale, { static: sale, valData: sales })
nf.fit(sales)
nf.fit(new Set(sale))
nf.fit(sale.values())
nf.fit([1n, null, 3])
nf.fit({ unique_id: [1n, 2], ds: [1n, 2n], y: [1n, 2] })
nf.fit({ unique_id: new Uint32Array(2), ds: new BigInt64Array(2), y: new Uint8Array(2), x: [true, 1] })
nf.fit(new Int16Array(3))
nf.fit(new BigUint64Array(3))
nf.fit(forecast)
nf.fit({ path: 'data.csv', format: 'csv' })
nf.predict({ data: sale, static: sales, future: new Set(sale), level: [80, 90] as const })
nf.makeFutureFrame({ data: sale })
nf.missingFuture(sale, { data: sales })
forecast.metrics(sale)
forecast.toSVG({ history: sales, actual: sale, ids: [7, 8n, 'a'] })
forecast.series(7)
forecast.series(7n)
loss.mae({ horizonWeight: new Uint8Array(12) })
NHITS({ h: 12, inputSize: 24, futrExogList: ['price'] as const, mlpUnits: [[8, 8]] as const })
// @ts-expect-error a promise of a table
nf.fit(Promise.resolve(sales))
// @ts-expect-error a promise of a table
nf.predict({ data: Promise.resolve(sale) })
// @ts-expect-error a function
nf.fit(() => sales)
// @ts-expect-error a Map
nf.fit(new Map([['y', [1]]]))
// @ts-expect-error a column that is a number
nf.fit({ y: 5 })
// @ts-expect-error a value that is an object
nf.fit([{ ds: 1, y: {} }])
// @ts-expect-error rows that are lists
nf.fit([[1, 2]])
// @ts-expect-error bytes of a file
nf.fit(new Uint8Array(8))
// @ts-expect-error no numbers
nf.fit(new DataView(new ArrayBuffer(8)))
// @ts-expect-error the name of a file
nf.fit('data.csv')
// @ts-expect-error not the name of a file
nf.fit({ path: 5 })
// @ts-expect-error a series has an id
forecast.series({})
// @ts-expect-error weights are numbers
loss.mae({ horizonWeight: [1n] })
