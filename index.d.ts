/** Neural time-series forecasting for Node.js. Options have NeuralForecast's names, in camelCase, and its defaults. */

// ---------- tables ----------

/** Any typed array of numbers. */
export type TypedNumbers =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
/**
 * Times: dates, ISO strings, or numbers. Numbers are plain steps if `freq` is a number. Otherwise `timeUnit` is their unit;
 * without it they are milliseconds since 1970, or years (1000 to 9999) if `freq` is yearly, and numbers that look like another
 * unit are refused.
 */
export type TimeInput = readonly Date[] | readonly string[] | readonly (number | bigint)[] | TypedNumbers
/** Numbers; `null`, `undefined` and NaN are missing values. */
export type NumInput = readonly (number | bigint | boolean | null | undefined)[] | TypedNumbers
/** Identifiers of series: strings or whole numbers. Beyond 2^53 give a string or bigint; forecasts return it as a string. */
export type IdInput = readonly string[] | readonly (number | bigint)[] | TypedNumbers
/** One column of a table. */
export type Column = IdInput | TimeInput | NumInput | readonly (string | null | undefined)[]
/** A table as columns of equal length. `uniqueId` is another name for `unique_id`. */
export interface Columns {
  [column: string]: Column | undefined
}
/** A value in a row. */
export type Cell = string | number | bigint | boolean | Date | null | undefined
/** One row of a table. */
export type Row = Record<string, Cell>
/** One series, equally spaced; needs a numeric `freq`, or none. A `Uint8Array` is refused, because it may be a file's bytes. */
export type OneSeries =
  | (Iterable<number | bigint | null | undefined> & { readonly BYTES_PER_ELEMENT?: never })
  | Exclude<TypedNumbers, Uint8Array>
/** Every accepted form of a table. Rows and numbers may come from any iterable, such as a `Set` or a generator. */
export type Table = OneSeries | Columns | Iterable<Row> | FileInput
/** Rows or columns of your own type: an `interface` has no index signature, so its fields are checked one by one. */
export type TableOf<T> =
  | Table
  | (T &
      (T extends (...args: never) => unknown
        ? never
        : T extends Iterable<infer R>
          ? RowsOf<R> extends true
            ? T
            : never
          : T extends { readonly [K in keyof T]: Column | undefined }
            ? T
            : never))
/** Whether a type is a row. */
type RowsOf<R> = [R] extends [Iterable<unknown>]
  ? false
  : [R] extends [object & { readonly [K in keyof R]: Cell }]
    ? true
    : false
/**
 * Reads a CSV file as a table, to inspect or split it; `fit` reads files itself. Columns without a name are left out if they
 * are empty, or if they are a row index in front, as pandas writes it.
 */
export declare function readCsv(path: string, options?: CsvOptions): Promise<Columns>

// ---------- losses ----------

/** Numbers of an option, without missing values. */
export type NumberList = readonly number[] | Exclude<TypedNumbers, BigInt64Array | BigUint64Array>

// generated: losses
/** A training loss: plain frozen JSON, made by a function of `loss`. */
export interface Loss {
  readonly kind:
    | 'MAE'
    | 'MSE'
    | 'RMSE'
    | 'MAPE'
    | 'SMAPE'
    | 'MASE'
    | 'FreDF'
    | 'HuberLoss'
    | 'TukeyLoss'
    | 'QuantileLoss'
    | 'MQLoss'
    | 'HuberQLoss'
    | 'HuberMQLoss'
    | 'IQLoss'
    | 'HuberIQLoss'
    | 'DistributionLoss'
    | 'PMM'
    | 'GMM'
    | 'NBMM'
    | 'Accuracy'
    | 'sCRPS'
  readonly args: Readonly<Record<string, unknown>>
}
/** A distribution whose parameters a model forecasts. */
export type Distribution = 'Normal' | 'StudentT' | 'Poisson' | 'NegativeBinomial' | 'Tweedie' | 'Bernoulli' | 'ISQF'
/** One function per loss of NeuralForecast, with the same arguments, defaults and formulas. */
export declare const loss: {
  /** Mean absolute error. */
  mae(options?: {
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Mean squared error. */
  mse(options?: {
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Root of the mean squared error of the whole batch. */
  rmse(options?: {
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Mean of |error| / |actual|; points whose actual value is 0 count as 0. */
  mape(options?: {
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Mean of 2·|error| / (|actual| + |forecast|); 0 where both are 0. */
  smape(options?: {
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Mean absolute error of the batch times the sum over its windows of 1 / (mean absolute error of the seasonal naive forecast over the input), as NeuralForecast computes it. */
  mase(options: {
    /** Season length in steps; must be less than `inputSize`. */
    seasonality: number
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** `(1 - alpha)` times the MSE plus `alpha` times the mean magnitude of the error's Fourier coefficients. */
  freDF(options?: {
    /** Weight of the Fourier coefficients, from 0 to 1. @default 0.5 */
    alpha?: number
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Huber loss: quadratic for errors up to `delta`, linear beyond. */
  huber(options?: {
    /** Size of the error at which the loss becomes linear. @default 1 */
    delta?: number
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** NeuralForecast's variant of Tukey's biweight: constant for errors beyond `c`. */
  tukey(options?: {
    /** Size of the error, after normalization, from which the loss is constant. @default 4.685 */
    c?: number
    /** Whether errors are divided by 0.01 plus the standard deviation of the target across the series of a window, which is 0 for univariate models. @default true */
    normalize?: boolean
  }): Loss
  /** Quantile loss of the quantile `q`. */
  quantile(options: {
    /** The quantile, between 0 and 1. */
    q: number
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Quantile loss of several quantiles, for prediction intervals. */
  mq(options?: {
    /** Levels of the prediction intervals in percent; 80 and 90 if `quantiles` is left out too. */
    level?: NumberList
    /** Quantiles between 0 and 1, instead of `level`. */
    quantiles?: NumberList
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Quantile loss of the quantile `q` with the Huber loss in place of the absolute error: quadratic for errors up to `delta`. */
  huberQ(options: {
    /** The quantile, between 0 and 1. */
    q: number
    /** Size of the error at which the loss becomes linear. @default 1 */
    delta?: number
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Huber loss of the quantile losses of several quantiles: quadratic for quantile losses up to `delta`. */
  huberMQ(options?: {
    /** Levels of the prediction intervals in percent; 80 and 90 if `quantiles` is left out too. */
    level?: NumberList
    /** Quantiles between 0 and 1, instead of `level`. */
    quantiles?: NumberList
    /** Size of a quantile loss at which the Huber loss becomes linear. @default 1 */
    delta?: number
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Implicit quantile loss: learns all quantiles at once, so that `predict` can forecast any of them. By default it forecasts the median, in a column such as `NHITS_ql0.5`. In training, quantiles are drawn from a Beta distribution, which is uniform if both concentrations are 1. */
  iq(options?: {
    /** Number of cosines in the embedding of a quantile. @default 64 */
    cosEmbeddingDim?: number
    /** Second shape parameter (β) of the Beta distribution of quantiles: larger values give more quantiles near 0. @default 1 */
    concentration0?: number
    /** First shape parameter (α) of the Beta distribution of quantiles: larger values give more quantiles near 1. @default 1 */
    concentration1?: number
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** `IQLoss` with the Huber loss in place of the absolute error: quadratic for errors up to `delta`. */
  huberIQ(options?: {
    /** Number of cosines in the embedding of a quantile. @default 64 */
    cosEmbeddingDim?: number
    /** Second shape parameter (β) of the Beta distribution of quantiles: larger values give more quantiles near 0. @default 1 */
    concentration0?: number
    /** First shape parameter (α) of the Beta distribution of quantiles: larger values give more quantiles near 1. @default 1 */
    concentration1?: number
    /** Size of the error at which the loss becomes linear. @default 1 */
    delta?: number
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Negative log-likelihood of a distribution. Forecasts have mean and quantiles of its samples and, with `returnParams`, its parameters. */
  distribution(distribution: Distribution, options?: {
    /** Levels of the prediction intervals in percent; 80 and 90 if `quantiles` is left out too. */
    level?: NumberList
    /** Quantiles between 0 and 1, instead of `level`. */
    quantiles?: NumberList
    /** Samples per step, from which mean and quantiles are computed. @default 1000 */
    numSamples?: number
    /** Whether the forecast also has columns of the distribution's parameters. Tweedie and ISQF have none. @default false */
    returnParams?: boolean
    /** Tweedie's variance power: the variance is the mean to the power of `rho`. Required for Tweedie, only for it. */
    rho?: number
    /** Pieces of each spline between two quantiles, only for ISQF. Left out: 5. */
    numPieces?: number
    /** Weight of each step of the horizon: `h` numbers ≥ 0, not all 0. */
    horizonWeight?: NumberList
  }): Loss
  /** Negative log-likelihood of a mixture of Poisson distributions, for counts. */
  pmm(options?: {
    /** Levels of the prediction intervals in percent; 80 and 90 if `quantiles` is left out too. */
    level?: NumberList
    /** Quantiles between 0 and 1, instead of `level`. */
    quantiles?: NumberList
    /** Number of components. @default 10 */
    nComponents?: number
    /** Samples per step, from which mean and quantiles are computed. @default 1000 */
    numSamples?: number
    /** Whether the forecast also has columns of the components' parameters. @default false */
    returnParams?: boolean
    /** Whether the weights of the components are learned, instead of equal. @default false */
    weighted?: boolean
    /** Whether the windows of a training batch share their component. A validation loss judges each window on its own. @default false */
    batchCorrelation?: boolean
    /** Whether the steps of a window share their component. @default false */
    horizonCorrelation?: boolean
  }): Loss
  /** Negative log-likelihood of a mixture of normal distributions. */
  gmm(options?: {
    /** Levels of the prediction intervals in percent; 80 and 90 if `quantiles` is left out too. */
    level?: NumberList
    /** Quantiles between 0 and 1, instead of `level`. */
    quantiles?: NumberList
    /** Number of components. @default 1 */
    nComponents?: number
    /** Samples per step, from which mean and quantiles are computed. @default 1000 */
    numSamples?: number
    /** Whether the forecast also has columns of the components' parameters. @default false */
    returnParams?: boolean
    /** Whether the weights of the components are learned, instead of equal. @default false */
    weighted?: boolean
    /** Whether the windows of a training batch share their component. A validation loss judges each window on its own. @default false */
    batchCorrelation?: boolean
    /** Whether the steps of a window share their component. @default false */
    horizonCorrelation?: boolean
  }): Loss
  /** Negative log-likelihood of a mixture of negative binomial distributions, for counts. Each window's shift multiplies the mean, so choose a `scalerType` other than `identity`, whose shift is 0. */
  nbmm(options?: {
    /** Levels of the prediction intervals in percent; 80 and 90 if `quantiles` is left out too. */
    level?: NumberList
    /** Quantiles between 0 and 1, instead of `level`. */
    quantiles?: NumberList
    /** Number of components. @default 1 */
    nComponents?: number
    /** Samples per step, from which mean and quantiles are computed. @default 1000 */
    numSamples?: number
    /** Whether the forecast also has columns of the components' parameters. @default false */
    returnParams?: boolean
    /** Whether the weights of the components are learned, instead of equal. @default false */
    weighted?: boolean
  }): Loss
  /** Fraction of points whose forecast equals the actual value; only as `validLoss`. */
  accuracy(): Loss
  /** Scaled CRPS: twice the sum of the quantile losses, divided by the sum of the absolute actual values; only as `validLoss`. */
  sCRPS(options?: {
    /** Levels of the prediction intervals in percent; 80 and 90 if `quantiles` is left out too. */
    level?: NumberList
    /** Quantiles between 0 and 1, instead of `level`. */
    quantiles?: NumberList
  }): Loss
}
// end of generated losses

/** An optimizer and its settings; the learning rate is the model's option `learningRate`. */
export type Optimizer =
  | { kind: 'Adam' | 'AdamW'; weightDecay?: number; betas?: readonly [number, number]; eps?: number }
  | { kind: 'SGD'; weightDecay?: number; momentum?: number; nesterov?: boolean; dampening?: number }
  | { kind: 'RMSprop'; weightDecay?: number; momentum?: number; alpha?: number; centered?: boolean; eps?: number }

/** A learning-rate schedule. Names, defaults and rates are torch's; `plateau` reacts to each validation check. */
export type LrScheduler =
  | { kind: 'step'; stepSize: number; gamma?: number }
  | { kind: 'exponential'; gamma: number }
  | { kind: 'cosine'; tMax?: number; etaMin?: number }
  | { kind: 'linearWarmup'; startFactor?: number; endFactor?: number; totalIters?: number }
  | { kind: 'warmupCosine'; warmupSteps: number; tMax?: number; etaMin?: number; startFactor?: number }
  | {
      kind: 'oneCycle'
      maxLr: number
      totalSteps?: number
      pctStart?: number
      annealStrategy?: 'cos' | 'linear'
      cycleMomentum?: boolean
      baseMomentum?: number
      maxMomentum?: number
      divFactor?: number
      finalDivFactor?: number
      threePhase?: boolean
    }
  | {
      kind: 'plateau'
      mode?: 'min' | 'max'
      factor?: number
      patience?: number
      threshold?: number
      thresholdMode?: 'rel' | 'abs'
      cooldown?: number
      minLr?: number
      eps?: number
    }

// ---------- running ----------

/** The progress of a run. */
export interface Progress {
  phase: 'fit' | 'validate' | 'predict' | 'cv'
  model: string
  /** Steps done in this phase. */
  step: number
  maxSteps: number
  /** In `crossValidation`, and while `fit` calibrates prediction intervals, the first forecast of each series that this training is for, counted from 1. */
  window?: number
  trainLoss?: number
  valLoss?: number
  lr?: number
  windowsPerSec?: number
  etaMs?: number
}
/** How the training of each model went. */
export interface FitReport {
  models: {
    name: string
    steps: number
    /** The step at which the kept weights were reached. */
    bestStep: number
    stopReason: 'maxSteps' | 'earlyStop'
    trainLoss: Float32Array
    valLoss: Float32Array
    valSteps: Int32Array
    /** Steps left out because a gradient was too large for `precision: 'fp16'`. */
    skippedSteps: number
    /** Bytes of the values between operations and their gradients in a training step. */
    workspaceBytes: number
    elapsedMs: number
    parameters: number
  }[]
  seed: number
  dataWarnings: string[]
}

// generated: calls (scripts/generate-types.mjs)
/**
 * What to do with times that a series skips.
 * - `'error'`: Refuse the table.
 * - `'mask'`: Insert masked rows.
 * - `'fillForward'`: Insert rows with the target of the previous row.
 * - `'fillZero'`: Insert rows with the target 0.
 */
export type OnGap = 'error' | 'mask' | 'fillForward' | 'fillZero'
/**
 * What to do with missing values of the target and of exogenous columns. Values in rows that `available_mask` masks do
 * not count as missing.
 * - `'error'`: Refuse them.
 * - `'mask'`: Mask the row: training does not learn from it, and models see 0 with an available mask of 0.
 * - `'fillForward'`: Take the previous value.
 * - `'fillZero'`: Take 0. Refused for categories, since 0 is none of them.
 * - `'interpolate'`: Interpolate linearly between two values; after the last one, take that. Categories are filled
 *   forward.
 */
export type OnMissing = 'error' | 'mask' | 'fillForward' | 'fillZero' | 'interpolate'
/**
 * What to do with a series that has fewer rows than a model takes as input.
 * - `'pad'`: Pad its input with zeros, with a warning.
 * - `'error'`: Refuse it.
 */
export type OnShort = 'pad' | 'error'
/**
 * Where training starts.
 * - `'fresh'`: Newly initialized weights.
 * - `'continue'`: The weights, optimizer state, step count and position in the random streams that the last run left:
 *   50 steps and 50 more on the same data give the same bytes as 100. An interrupted run, loaded from what
 *   `checkpoint` saved, continues to its original end. On other data, earlier validation losses are discarded.
 *   Learning-rate schedules continue by the total number of steps: the default one keeps halving at the same interval,
 *   `oneCycle` ends at its `totalSteps`.
 */
export type FitMode = 'fresh' | 'continue'
/**
 * Parts of forecasts that are scored one by one.
 * - `'series'`: The forecasts of each series.
 * - `'cutoff'`: The forecasts from each cutoff, of all series.
 * - `'forecast'`: Each forecast of a series from a cutoff.
 */
export type By = 'series' | 'cutoff' | 'forecast'
/**
 * How intervals are computed from the errors of the calibration.
 * - `'conformal_distribution'`: Quantiles of the forecast plus and minus each error.
 * - `'conformal_error'`: The forecast plus and minus a quantile of the errors' sizes: that of the level.
 *   NeuralForecast takes a higher one, 0.9 for the level 80, so that its intervals are wider than their level says.
 */
export type ConformalMethod = 'conformal_distribution' | 'conformal_error'
/**
 * How the forecasts of an ensemble are combined.
 * - `'mean'`: Their mean.
 * - `'median'`: Their median.
 * - `'inverseLoss'`: Their mean, weighted by the inverse of each model's loss on validation forecasts.
 * - `'greedy'`: Their mean, weighted by how often a greedy search takes each model: the one that lowers the ensemble's
 *   loss on validation forecasts most, again and again (Caruana et al. 2004,
 *   <https://doi.org/10.1145/1015330.1015432>).
 */
export type EnsembleMethod = 'mean' | 'median' | 'inverseLoss' | 'greedy'
/**
 * How the steps of a path depend on each other.
 * - `'gaussian_copula'`: Like neighbors of an autoregressive process, whose correlation is that of the differences of
 *   the history.
 * - `'schaake_shuffle'`: Like the ranks of stretches of the history (Clark et al. 2004). It must be at least as long
 *   as the horizon.
 */
export type Dependence = 'gaussian_copula' | 'schaake_shuffle'
/**
 * The unit of numbers in a time column.
 * - `'s'`: Seconds since 1970, UTC.
 * - `'ms'`: Milliseconds since 1970, UTC.
 * - `'us'`: Microseconds since 1970, UTC.
 * - `'ns'`: Nanoseconds since 1970, UTC.
 * - `'year'`: Years: 2024 is the date of a yearly frequency in that year, else its first day.
 */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns' | 'year'
/**
 * How each whole series is scaled.
 * - `'standard'`: Mean 0, standard deviation 1.
 * - `'robust'`: Median 0, median absolute deviation 1.
 * - `'robust-iqr'`: Median 0, interquartile range 1.
 * - `'minmax'`: From 0 to 1.
 * - `'boxcox'`: Box-Cox transform, with the power estimated by maximum likelihood.
 */
export type LocalScalerType = 'standard' | 'robust' | 'robust-iqr' | 'minmax' | 'boxcox'
/**
 * Format of a file.
 * - `'csv'`: Comma-separated values.
 */
export type FileFormat = 'csv'
/**
 * The decimal separator.
 * - `'.'`: `0.5`
 * - `','`: `0,5`; columns are separated by semicolons or tabs.
 */
export type Decimal = '.' | ','
/** Options of a forecaster. */
export interface Init {
  /** The models, as made by their functions. */
  models: readonly ModelSpec[]
  /**
   * A pandas alias such as `'MS'`, `'D'`, `'h'` or `'15min'`, `'1mo'` for the same day of each month, or a number of
   * steps. @default inferred from the data
   */
  freq?: string | number
  /**
   * The time zone of dates, such as `'Europe/Berlin'`: texts without an offset are local times, days and months follow
   * local time, hours and shorter units have exact lengths, and `toCsv` writes local times. `ds` stays in
   * milliseconds, UTC. A repeated local time is read as the later instant where it follows the earlier one in the
   * order of the rows; a skipped local time is moved forward by the length of the gap.
   */
  timeZone?: string
  /**
   * The unit of numbers in the time column, in every table: seconds, milliseconds, microseconds or nanoseconds since
   * 1970, or years. They are converted to milliseconds exactly, or refused. Dates and ISO texts need no unit. @default
   * milliseconds, or years when `freq` is yearly
   */
  timeUnit?: TimeUnit
  /** The scaler fitted to each whole series, exogenous columns included; forecasts are scaled back. @default none */
  localScalerType?: LocalScalerType
  /** The scaler fitted to each static column, over all series. @default none */
  localStaticScalerType?: LocalScalerType
}
/** Options of `fit`. */
export interface FitOptions<S = never, V = never> extends RunOptions {
  /** One row per series, for the columns of `statExogList`. */
  static?: TableOf<S>
  /** Rows at the end of each series that are held out for validation: 0, or at least `h`. @default 0 */
  valSize?: number
  /**
   * Validation rows in a table of their own, instead of `valSize`: the same number for every series, at least `h`,
   * right after its rows in `data`. Forecasts then start after them.
   */
  valData?: TableOf<V>
  /** Names of the special columns of `data`. */
  columns?: ColumnNames
  /** What to do where a series skips a time. Applies to the `data` of later forecasts too. @default 'error' */
  onGap?: OnGap
  /**
   * What to do with missing values of the target and of exogenous columns. Applies to later forecasts too. @default
   * missing targets are masked with a warning, and a forecast with one in its input is an error; missing exogenous
   * values are an error
   */
  onMissing?: OnMissing
  /**
   * Whether training starts anew, or continues from the state that the last run left: 50 steps and 50 more on the same
   * data give the same bytes as 100. @default 'fresh'
   */
  mode?: FitMode
  /**
   * Training steps of this run, for all models. Learning-rate schedules use the models' own `maxSteps`. @default each
   * model's `maxSteps`
   */
  maxSteps?: number
  /**
   * Calibrates conformal prediction intervals, so that forecasts can have any `level` or `quantiles` although the loss
   * has none. Models that forecast a distribution, or any quantile, have their own. @default no calibration
   */
  predictionIntervals?: PredictionIntervals
  /**
   * Saves checkpoints during training, so that a killed run can be continued with `load` and `mode: 'continue'`. An
   * existing checkpoint at `path` is replaced.
   */
  checkpoint?: TrainingCheckpoint
}
/** Names of the special columns of a table. */
export interface ColumnNames {
  /** Series identifier; `uniqueId` is accepted for `unique_id`. @default 'unique_id' */
  id?: string
  /** Time. @default 'ds' */
  time?: string
  /** Target. @default 'y' */
  target?: string
  /** Weight of each row in the training loss. The column is optional. @default 'sample_weight' */
  weight?: string
  /** Availability of each row: 0 masks it, 1 does not. The column is optional. @default 'available_mask' */
  mask?: string
}
/** Saves checkpoints during training. */
export interface TrainingCheckpoint {
  /** The directory, as for `save`. An existing checkpoint is replaced. */
  path: string
  /** Training steps of a model between two checkpoints. One is saved at the end too. */
  everySteps: number
}
/**
 * How conformal prediction intervals are calibrated: models without quantiles of their own are trained a first time
 * without the last rows, and forecast these.
 */
export interface PredictionIntervals {
  /** How intervals are computed from the errors of the calibration. @default 'conformal_distribution' */
  method?: ConformalMethod
  /**
   * Forecasts of each series whose errors count: the more, the closer the intervals are to their level. @default 2
   */
  nWindows?: number
  /** Rows between the starts of consecutive forecasts. @default 1 */
  stepSize?: number
}
/** Options of `predict`. */
export interface PredictOptions<D = never, S = never, F = never> extends RunOptions {
  /** Histories to forecast from, instead of the training data. */
  data?: TableOf<D>
  /** One row per series of `data`, for the columns of `statExogList`. */
  static?: TableOf<S>
  /** The columns of `futrExogList` at the forecast times. */
  future?: TableOf<F>
  /**
   * Levels of prediction intervals in percent, such as 90: those that the loss was trained for, or any with an
   * implicit quantile loss. The forecast then has point forecasts, medians and these intervals, and no other
   * quantiles.
   */
  level?: NumberList
  /**
   * Quantile levels between 0 and 1, instead of `level`: those that the loss was trained for, or any with an implicit
   * quantile loss. As in NeuralForecast, the latter are taken from a sorted grid of eleven forecasts, whose quantile
   * 0.9 is the network's at 0.95.
   */
  quantiles?: NumberList
  /**
   * Sorts the quantiles of each row, so that none cross; false keeps them as the network computes them. @default true
   */
  sortQuantiles?: boolean
  /** Steps to forecast, if more than the models were trained for. @default the models' `h` */
  h?: number
  /** What to do where a series of `data` skips a time. @default as in `fit` */
  onGap?: OnGap
  /**
   * What to do with missing values, including those of the training data that `fit` has not filled. @default as in
   * `fit`
   */
  onMissing?: OnMissing
  /**
   * What to do with series shorter than `inputSize`: pad them with zeros on the left, with a warning, or refuse them.
   * @default 'pad'
   */
  onShort?: OnShort
  /**
   * Also collects what the forecasts were made of, averaged over the series: the weights of variables and of past
   * steps. For models that have such weights: TFT. @default false
   */
  interpretation?: boolean
}
/** Options of `predictInsample`. */
export interface InsampleOptions extends RunOptions {
  /** Rows between the starts of consecutive forecasts. @default 1 */
  stepSize?: number
  /** Levels of prediction intervals in percent, as for `predict`. */
  level?: NumberList
  /** Quantile levels between 0 and 1, instead of `level`, as for `predict`. */
  quantiles?: NumberList
  /**
   * Sorts the quantiles of each row, so that none cross; false keeps them as the network computes them. @default true
   */
  sortQuantiles?: boolean
  /** What to do with missing values that `fit` has not filled. @default as in `fit` */
  onMissing?: OnMissing
}
/** Options of `crossValidation`. The last forecast of each series ends with its last row. */
export interface CrossValidationOptions<S = never> extends RunOptions {
  /** One row per series, for the columns of `statExogList`. */
  static?: TableOf<S>
  /** Number of forecasts of each series. @default 1, or as many as `testSize` has room for */
  nWindows?: number
  /** Rows between the starts of consecutive forecasts. @default 1 */
  stepSize?: number
  /**
   * Rows at the end of each series that are forecast, instead of `nWindows`: `h`, or more by a multiple of `stepSize`.
   */
  testSize?: number
  /**
   * When models are trained: false, once, on the rows before the first forecast; true, anew for each forecast; a
   * number, anew for every so many forecasts. Every training starts from newly initialized weights. @default false
   */
  refit?: boolean | number
  /**
   * Forecasts with the models as they are fitted, without training. Scalers of whole series are fitted to the rows
   * before the first forecast. @default false
   */
  useFitted?: boolean
  /** Rows before the first forecast that each training holds out for validation: 0, or at least `h`. @default 0 */
  valSize?: number
  /** Steps of each forecast, if more than the models' `h`. @default the models' `h` */
  h?: number
  /** Levels of prediction intervals in percent, as for `predict`. */
  level?: NumberList
  /** Quantile levels between 0 and 1, instead of `level`, as for `predict`. */
  quantiles?: NumberList
  /**
   * Sorts the quantiles of each row, so that none cross; false keeps them as the network computes them. @default true
   */
  sortQuantiles?: boolean
  /** Calibrates conformal prediction intervals in each training, as `fit` does. @default no calibration */
  predictionIntervals?: PredictionIntervals
  /** Names of the special columns of `data`. @default with `useFitted` as in `fit`, else the usual ones */
  columns?: ColumnNames
  /** What to do where a series skips a time. @default with `useFitted` as in `fit`, else an error */
  onGap?: OnGap
  /**
   * What to do with missing values of the target and of exogenous columns. @default with `useFitted` as in `fit`, else
   * as `fit` does when it is left out
   */
  onMissing?: OnMissing
  /** Steps of each training, for all models. @default each model's `maxSteps` */
  maxSteps?: number
}
/**
 * Options of `simulate`. The quantiles of each step are those of `predict`: any model that has some can be simulated,
 * and with `predictionIntervals` of `fit` every model.
 */
export interface SimulateOptions<D = never, S = never, F = never> extends RunOptions {
  /** Number of paths of each series. From 1 to 1000000. @default 100 */
  nPaths?: number
  /** How the steps of a path depend on each other. @default 'gaussian_copula' */
  method?: Dependence
  /** Random seed. @default that of the first model */
  seed?: number
  /**
   * Quantile levels between which values are interpolated, for models that forecast any; others have those that they
   * were trained for. @default 0.01, 0.02, …, 0.99
   */
  quantiles?: NumberList
  /** Histories to forecast from, instead of the training data. */
  data?: TableOf<D>
  /** One row per series of `data`, for the columns of `statExogList`. */
  static?: TableOf<S>
  /** The columns of `futrExogList` at the forecast times. */
  future?: TableOf<F>
  /** Steps to forecast, if more than the models were trained for. @default the models' `h` */
  h?: number
  /** What to do where a series of `data` skips a time. @default as in `fit` */
  onGap?: OnGap
  /** What to do with missing values, as for `predict`. @default as in `fit` */
  onMissing?: OnMissing
  /** What to do with series shorter than `inputSize`, as for `predict`. @default 'pad' */
  onShort?: OnShort
}
/** Options of `decompose`. */
export interface DecomposeOptions<D = never, S = never, F = never> extends RunOptions {
  /** Histories to forecast from, instead of the training data. */
  data?: TableOf<D>
  /** One row per series of `data`, for the columns of `statExogList`. */
  static?: TableOf<S>
  /** The columns of `futrExogList` at the forecast times. */
  future?: TableOf<F>
  /** What to do where a series of `data` skips a time. @default as in `fit` */
  onGap?: OnGap
  /** What to do with missing values, as for `predict`. @default as in `fit` */
  onMissing?: OnMissing
  /** What to do with series shorter than `inputSize`, as for `predict`. @default 'pad' */
  onShort?: OnShort
}
/** Options of `makeFutureFrame` and `missingFuture`. */
export interface FutureOptions<D = never> {
  /** Histories instead of the training data. */
  data?: TableOf<D>
  /** Steps after each series. @default the models' `h` */
  h?: number
}
/** Options of `predictor`. */
export interface PredictorOptions {
  /** Maximum number of windows per call. From 1 to 65536. @default 1 */
  batch?: number
  /**
   * Maximum number of threads per call. Results do not depend on it. Each thread takes 64 windows, or multivariate
   * windows of about 64 series together. From 1 to 1024. @default 1 for batches up to that size, else all physical
   * cores
   */
  threads?: number
  /**
   * Sorts the quantiles of each step, so that none cross; false keeps them as the network computes them. @default true
   */
  sortQuantiles?: boolean
}
/**
 * Exogenous values of `n` windows, row-major; `L` is the length of the input (`inputSize`). Columns are in the order
 * of the model's options. A category is its position in `categories`, counted from 1; 0 is any other value.
 */
export interface WindowExog {
  /**
   * The columns of `futrExogList` over input and horizon: `[n, L + h, columns]`; multivariate `[n, nSeries, L + h,
   * columns]`.
   */
  futr?: Float32Array
  /** The columns of `histExogList` over the input: `[n, L, columns]`; multivariate `[n, nSeries, L, columns]`. */
  hist?: Float32Array
  /** The columns of `statExogList`: `[n, columns]`; multivariate `[nSeries, columns]`, the same for all windows. */
  stat?: Float32Array
}
/** Options of `save`. */
export interface SaveOptions extends Pick<RunOptions, 'signal'> {
  /** Whether an existing checkpoint may be replaced. @default false */
  overwrite?: boolean
  /** Whether the training data is saved too, so that `predict` works without `data`. @default true */
  saveDataset?: boolean
}
/** Options of `load`. */
export type LoadOptions = Pick<RunOptions, 'signal' | 'memoryLimitBytes'>
/** What a chart shows, and its size. */
export interface ChartOptions<H = never, A = never> {
  /** Series to draw, in this order. @default the first eight */
  ids?: readonly (string | number | bigint)[]
  /** Models to draw. @default all */
  models?: readonly string[]
  /** Levels of the prediction intervals to draw, in percent. @default all */
  level?: NumberList
  /** Steps of history to draw. @default four horizons, at least 36 */
  maxInsampleLength?: number
  /** Title above the chart. */
  title?: string
  /** Width in pixels. @default 960 */
  width?: number
  /** Height in pixels. @default by the number of series */
  height?: number
  /** History before the forecast. @default the data that the forecast continues */
  history?: TableOf<H>
  /** Actual values, drawn with the forecasts. */
  actual?: TableOf<A>
}
/** How forecasts are scored. */
export interface MetricsOptions {
  /**
   * Steps of a season, for `mase` and the seasonal naive forecast. @default by `freq`, such as 12 for months, 7 for
   * days and 24 for hours
   */
  seasonLength?: number
  /**
   * Model or column of the forecast that `rmae` and `relmse` are relative to. @default the seasonal naive forecast
   */
  benchmark?: string
  /** The parts whose scores are given one by one. @default one score of each model and metric */
  by?: By
  /**
   * Adds the scores of the seasonal naive forecast, which repeats the last season, as `SeasonalNaive`. @default false
   */
  seasonalNaive?: boolean
}
/** Options of `ensemble`. */
export interface EnsembleOptions {
  /** The loss by which weights are found. @default 'mae' */
  metric?: MetricName
  /** Steps of a season, for metrics that need it. @default by `freq`, as for `metrics` */
  seasonLength?: number
  /** Name of the ensemble. @default 'Ensemble' */
  name?: string
}
/** A CSV file, read off the JavaScript thread. */
export interface FileInput {
  /** Path of the file. */
  path: string
  /** Format of the file. @default 'csv' */
  format?: FileFormat
  /** The decimal separator; with `','`, columns are separated by semicolons or tabs. @default '.' */
  decimal?: Decimal
}
/** Format of a CSV file. */
export interface CsvOptions {
  /** The decimal separator; with `','`, columns are separated by semicolons or tabs. @default '.' */
  decimal?: Decimal
}
/** Options of `configure`. */
export type Settings = Pick<RunOptions, 'threads' | 'memoryLimitBytes'>
/** Options of every run. */
export interface RunOptions {
  /** Cancels the run: the promise rejects with the signal's reason. */
  signal?: AbortSignal
  /** Called with the progress of the run. An exception from it stops the run and rejects the promise. */
  onProgress?: (progress: Progress) => void
  /** Milliseconds between calls of `onProgress`. From 0 to 2147483647. @default 100 */
  progressIntervalMs?: number
  /**
   * Number of threads for this call. Results do not depend on it. From 1 to 1024. @default all physical cores that the
   * process may use
   */
  threads?: number
  /**
   * Limit of the memory of this call outside the JavaScript heap, in bytes. A call that would need more is refused
   * with `ERR_NF_MEMORY_LIMIT` before it starts. @default what the machine, its control group or `ulimit` has left
   */
  memoryLimitBytes?: number
}
// end of generated calls

/** The scores of a model: of one series (`by: 'series'`), from one cutoff (`by: 'cutoff'`), or both (`by: 'forecast'`). */
export type ScoreRow = { uniqueId?: string; cutoff?: Date | number; model: string } & { [metric: string]: number }

/** Trains models on a panel of series and forecasts all of them. */
export declare class NeuralForecast implements Disposable {
  constructor(init: Init)
  /** Trains all models: from new weights, or with `mode: 'continue'` from where the last run ended. */
  fit<T extends object, S extends object = never, V extends object = never>(
    data: TableOf<T>,
    options?: FitOptions<S, V>,
  ): Promise<FitReport>
  /** Forecasts the next `h` steps of every series. */
  predict<D extends object = never, S extends object = never, F extends object = never>(
    options?: PredictOptions<D, S, F>,
  ): Promise<Forecast>
  /**
   * Forecasts the training data, each window from the rows before it. The forecast also has a `cutoff` for each row, and
   * the target as a column. With `HINT`, all series must have the same length.
   */
  predictInsample(options?: InsampleOptions): Promise<Forecast>
  /**
   * Draws sample paths of the next `h` steps of every series: rows by series, then path (`sampleId`), then time. The quantiles of
   * each step are those of `predict`; steps depend on each other as in the history.
   */
  simulate<D extends object = never, S extends object = never, F extends object = never>(
    options?: SimulateOptions<D, S, F>,
  ): Promise<Forecast>
  /**
   * The forecasts of NBEATS, NBEATSx and NHITS, and the parts whose sum they are: the last value of the input (`NBEATS-level`) and
   * what each stack adds (`NBEATS-trend`, `NHITS-identity-1`). Other models are left out.
   */
  decompose<D extends object = never, S extends object = never, F extends object = never>(
    options?: DecomposeOptions<D, S, F>,
  ): Promise<Forecast>
  /**
   * Forecasts the last rows of each series as if they were still to come, by models that have not seen them: trained once, or
   * anew for later forecasts (`refit`), or as they are (`useFitted`). The forecast also has a `cutoff` for each row, and the
   * target as a column. The forecaster itself does not change.
   */
  crossValidation<T extends object, S extends object = never>(
    data: TableOf<T>,
    options?: CrossValidationOptions<S>,
  ): Promise<Forecast>
  /** The series and times that `future` of `predict` needs, one row each. */
  makeFutureFrame<D extends object = never>(options?: FutureOptions<D>): Columns
  /** The rows of `makeFutureFrame` that a table lacks. */
  missingFuture<T extends object, D extends object = never>(future: TableOf<T>, options?: FutureOptions<D>): Row[]
  /**
   * Keeps a fitted model ready, for forecasts of single windows in well under a millisecond. It shares the current weights:
   * a later `fit` or `dispose` does not change it. Not available with `localScalerType`, whose statistics need whole series,
   * nor with `localStaticScalerType` and static columns, nor for `HINT`, which reconciles the forecasts of all series.
   * @param model Its name, as in `forecast.models`; optional if there is only one model.
   */
  predictor(model?: string, options?: PredictorOptions): Predictor
  /** Writes a checkpoint directory, which Python's NeuralForecast can read too. */
  save(dir: string, options?: SaveOptions): Promise<void>
  /** Reads a checkpoint directory, ours or Python's. */
  static load(dir: string, options?: LoadOptions): Promise<NeuralForecast>
  readonly models: readonly ModelSpec[]
  readonly fitted: boolean
  /** Whether this was saved during a training run that has not finished: `fit` with `mode: 'continue'` finishes it. */
  readonly interrupted: boolean
  /** Bytes held for the weights, the training data, the training state, and the working memory. */
  memoryUsage(): { weights: number; dataset: number; training: number; workspace: number }
  /** Frees the memory at once and stops what is running. */
  dispose(): void
  [Symbol.dispose](): void
}

// ---------- single windows ----------

/** A fitted model kept ready. Calls are synchronous, run on the calling thread, and reuse their memory. */
export interface Predictor extends Disposable {
  /** The model's name in its forecaster. */
  readonly model: string
  /** Past values in a window: the model's `inputSize`, or `inferenceInputSize + 1` if it forecasts step by step. */
  readonly inputSize: number
  /** Steps of a forecast. */
  readonly h: number
  /** Maximum number of windows in a call. */
  readonly batch: number
  /** Series in a window, in the order of their ids: 1 unless the model is multivariate. */
  readonly nSeries: number
  /** The values of each step of a forecast: the columns of `predict`, such as `NHITS-median`. */
  readonly outputs: readonly string[]
  readonly futrExogList: readonly string[]
  readonly histExogList: readonly string[]
  readonly statExogList: readonly string[]
  /** The categories of each categorical column. Their codes are 1, 2, 3, …, in this order; 0 is any other category. */
  readonly categories: Readonly<Record<string, readonly (string | number | boolean)[]>>
  /**
   * Forecasts 1 to `batch` windows. The numbers are those of `predict` for a table whose series are these windows. Those of
   * a distribution come from samples, drawn as if each window were the only one.
   * @param y The last `inputSize` values of each window, in the units of the data: `[n, inputSize]`, or
   *   `[n, nSeries, inputSize]` of a multivariate model. Every value must be a finite number.
   * @param exog The exogenous inputs that the model was trained with.
   * @param out Receives the forecast and is returned; may be `y`'s memory. @default a new array
   * @returns `[n, h, outputs]`, or `[n, nSeries, h, outputs]` of a multivariate model, in the units of the data.
   */
  predictSync(y: Float32Array, exog?: WindowExog, out?: Float32Array): Float32Array
  /** Frees the memory at once. */
  dispose(): void
  [Symbol.dispose](): void
}

// ---------- forecasts ----------

/**
 * A score. `coverage-90` is the share of values within the interval of level 90, `ql-0.9` the quantile loss at the quantile
 * 0.9; `rmae` and `relmse` are relative to a benchmark forecast.
 */
export type MetricName =
  | 'mae'
  | 'mse'
  | 'rmse'
  | 'mape'
  | 'smape'
  | 'mase'
  | 'rmsse'
  | 'rmae'
  | 'relmse'
  | 'accuracy'
  | 'mqloss'
  | 'scrps'
  | 'scaledcrps'
  | `coverage-${number}`
  | `ql-${number}`

/** Numbers by step and variable, row-major. */
export interface VariableWeights {
  /** Names of the variables. */
  names: string[]
  /** Steps and variables. */
  shape: [number, number]
  values: Float32Array
}

/** What a model's forecasts were made of: means over all series. Upstream: `feature_importances`, `attention_weights`. */
export interface Interpretation {
  /**
   * Weights of the variables at each step of the input; those of a step sum to 1. `observed_target` is the target. Where no
   * column is known in advance, `repeated_target`, its last value repeated, is in their place; NeuralForecast then gives
   * these two each other's name.
   */
  past: VariableWeights
  /** Weights of the columns known in advance at each step of the horizon, if there are any. */
  future?: VariableWeights
  /** Weights of the static columns, if there are any: a single step. */
  static?: VariableWeights
  /** How much each step of input and horizon attends to each, averaged over the heads. The weights of a step sum to 1. */
  attention: { shape: [number, number]; values: Float32Array }
  /**
   * Spearman's rank correlations, over the steps of the input, of the past weights and of the attention that the horizon pays
   * to these steps, which is last. NeuralForecast rounds them to two decimals. Absent where one of them is constant.
   */
  correlations?: { names: string[]; shape: [number, number]; values: Float32Array }
}

/** One row per series, cutoff and time, sorted in this order. Iterating yields the rows. */
export interface Forecast extends Iterable<Row>, Disposable {
  readonly ids: readonly string[]
  readonly h: number
  readonly models: readonly string[]
  /** `NHITS`, `NHITS-median`, `NHITS-lo-90`, … */
  readonly columns: readonly string[]
  /** Warnings about the data, such as series shorter than `inputSize`. */
  readonly warnings: readonly string[]
  /** For each row, the index of its series in `ids`. */
  readonly uniqueId: Int32Array
  /** For each row, its time: milliseconds since 1970, or a step number. */
  readonly ds: Float64Array
  /** For each row of `predictInsample` and `crossValidation`, the last time that its forecast is based on. */
  readonly cutoff?: Float64Array
  /** For each row of `simulate`, the number of its path, from 0. */
  readonly sampleId?: Int32Array
  column(name: string): Float32Array
  /** The columns of one series. */
  series(id: string | number | bigint): Record<string, Float32Array>
  /** A model's forecast of the quantile `q`, between 0 and 1. */
  quantile(model: string, q: number): Float32Array
  /** The bounds of a prediction interval; `level` in percent. */
  interval(model: string, level: number): { lo: Float32Array; hi: Float32Array }
  /**
   * What a model's forecasts were made of, averaged over the series. For models with such weights (`TFT`), if `predict` was
   * called with `interpretation: true`.
   */
  interpretation(model: string): Interpretation
  /** Rows with the column names of the training table; times are `Date`s, or numbers if `freq` is a number. */
  toRows(): Row[]
  toCsv(): string
  /**
   * The forecast with one more model, which combines others: by default the mean of all. `'inverseLoss'` and `'greedy'` find
   * weights on `validation`, the forecasts of `crossValidation`, whose own ensembles need no other.
   * @param models Names of the models to combine. @default all
   */
  ensemble(
    method?: EnsembleMethod,
    models?: readonly string[],
    options?: EnsembleOptions & { validation?: Forecast },
  ): Forecast
  /** The weight of each model in an `ensemble`. */
  readonly weights?: Readonly<Record<string, number>>
  /** A chart of the history, the actual values and the forecasts. */
  toSVG<H extends object = never, A extends object = never>(options?: ChartOptions<H, A>): string
  /**
   * Scores by model, then metric. A score leaves out a series for which it would divide by 0, and names it in `warnings`,
   * a property that `Object.keys` and JSON do not show. @default names ['mae', 'smape', 'mase']
   * @param actual The actual values. Optional for `crossValidation` and `predictInsample`, whose forecasts have them.
   */
  metrics<T extends object>(
    actual?: TableOf<T>,
    names?: readonly MetricName[],
    options?: MetricsOptions & { by?: undefined },
  ): Record<string, Record<string, number>> & { readonly warnings: readonly string[] }
  /** The scores of each series, of each cutoff or of each forecast, in a row for each model. */
  metrics<T extends object>(
    actual: TableOf<T> | undefined,
    names: readonly MetricName[] | undefined,
    options: MetricsOptions & { by: By },
  ): ScoreRow[] & { readonly warnings: readonly string[] }
  dispose(): void
  [Symbol.dispose](): void
}

// ---------- runtime, errors ----------

/** Sets defaults for all later calls, which their options override. */
export declare function configure(options: Settings): void
export declare function runtimeInfo(): {
  version: string
  target: string
  simd: string[]
  threads: number
  napi: number
  features: string[]
}
export type ErrorCode =
  | 'ERR_NF_INVALID_OPTION'
  | 'ERR_NF_SCHEMA'
  | 'ERR_NF_FREQ'
  | 'ERR_NF_GAP'
  | 'ERR_NF_DUPLICATE_TIME'
  | 'ERR_NF_MISSING_VALUE'
  | 'ERR_NF_SHORT_SERIES'
  | 'ERR_NF_FUTURE_EXOG'
  | 'ERR_NF_UNSUPPORTED_EXOG'
  | 'ERR_NF_NOT_FITTED'
  | 'ERR_NF_DIVERGED'
  | 'ERR_NF_CHECKPOINT'
  | 'ERR_NF_MEMORY_LIMIT'
  | 'ERR_NF_BUSY'
  | 'ERR_NF_DISPOSED'
  | 'ERR_NF_UNSUPPORTED'
  | 'ERR_NF_NATIVE_LOAD'
  | 'ERR_NF_INTERNAL'
/** An error: `code` for programs, `message` with the fix for people, `details` with the location. */
export declare class NeuralForecastError extends Error {
  readonly code: ErrorCode
  readonly details: {
    option?: string
    model?: string
    uniqueId?: string
    ds?: number
    column?: string
    expected?: unknown
    actual?: unknown
    sample?: Row[]
  }
}

// ---------- models ----------

/** A model and its options: plain frozen JSON, so it can be sent with `postMessage` or stored in a config file. */
export interface ModelSpec<N extends string = string> {
  readonly model: N
  readonly options: Readonly<Record<string, unknown>>
}
/** Description of a model, from `models()`. */
export interface ModelDescription {
  readonly name: string
  readonly family: string
  readonly paper: string
  /** Which exogenous inputs it takes: future, historic, static, and whether these may be categories. */
  readonly inputs: { readonly futr: boolean; readonly hist: boolean; readonly stat: boolean; readonly cat: boolean }
  readonly options: readonly {
    readonly name: string
    readonly ts: string
    readonly doc: string
    readonly default: unknown
    /** The allowed values of its type, in words such as `≥ 1`; null if all are allowed. */
    readonly range: string | null
    /** Whether it is required. */
    readonly needed: boolean
    readonly shared: boolean
  }[]
}
/** Describes every model of this version. */
export declare function models(): readonly ModelDescription[]

// generated: models (scripts/generate-types.mjs)
/** Options that every model has. Where a model's default differs, its own options say so. */
export interface CommonOptions {
  /** Horizon: the number of steps to forecast. */
  h: number
  /** Lookback: the number of past steps that the model sees. */
  inputSize: number
  /** Name for the forecast columns, instead of the model's name. */
  alias?: string | null
  /** Training loss. @default MAE */
  loss?: Loss
  /** Validation loss; the training loss when left out. */
  validLoss?: Loss | null
  /** Maximum number of training steps. @default 1000 */
  maxSteps?: number
  /** Initial learning rate. @default 0.001 */
  learningRate?: number
  /** Number format of activations and their gradients during training; `'bf16'` is faster on processors that multiply it natively. Weights, sums and forecasts stay f32. @default "f32" */
  precision?: 'f32' | 'bf16' | 'fp16'
  /** How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never. @default -1 */
  numLrDecays?: number
  /** Early stopping patience: validation checks without improvement before training stops; -1 to disable. @default -1 */
  earlyStopPatienceSteps?: number
  /** The loss monitored at each validation check, for early stopping and for choosing the best weights. @default "ptl/val_loss" */
  valMonitor?: 'ptl/val_loss' | 'valid_loss' | 'train_loss'
  /** Training steps between validation checks. @default 100 */
  valCheckSteps?: number
  /** Whether to keep the weights of the best validation check instead of the last ones; defaults to true with early stopping. */
  restoreBest?: boolean | null
  /** Series per training batch. @default 32 */
  batchSize?: number
  /** Series per validation batch; batchSize when left out. */
  validBatchSize?: number | null
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 1024 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 1024 */
  inferenceWindowsBatchSize?: number
  /** Stride: steps between the starts of consecutive windows. @default 1 */
  stepSize?: number
  /** Whether windows may start before the series does, padded with zeros. @default false */
  startPaddingEnabled?: boolean
  /** Minimum share of available points in a training window: one number for input and horizon alike, or one for each. @default 0 */
  trainingDataAvailabilityThreshold?: number | [number, number]
  /** Whether to drop the last batch of an epoch when it is incomplete. @default false */
  dropLastLoader?: boolean
  /** Scaler applied to each window. @default "identity" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Seed of all randomness. @default 1 */
  randomSeed?: number
  /** Optimizer; Adam when left out. @default {"kind":"Adam"} */
  optimizer?: Optimizer
  /** Learning-rate schedule, instead of numLrDecays. It counts all steps since the model was created and spans the model's maxSteps, even if fit is given another number of steps. */
  lrScheduler?: LrScheduler | null
  /** Gradient clipping threshold; see gradientClipAlgorithm. */
  gradientClipVal?: number | null
  /** Whether gradientClipVal limits the norm of the whole gradient, or the absolute value of each component. @default "norm" */
  gradientClipAlgorithm?: 'norm' | 'value'
  /** Batches per optimizer step: their gradients are summed and divided by this number. The last batch of an epoch (a pass over all series) completes a step. If that step has fewer batches, their sum is divided by accumulateGradBatches all the same, as in Lightning. @default 1 */
  accumulateGradBatches?: number
  /** Minimum number of shards that the windows of a training step are split into; chosen per model for speed when left out. A step uses at most one thread per shard. The number changes results only by rounding. */
  shards?: number | null
}
/** Options of `Autoformer`, beside the common ones. */
export interface AutoformerOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Maximum number of training steps. @default 5000 */
  maxSteps?: number
  /** Initial learning rate. @default 0.0001 */
  learningRate?: number
  /** Known steps that the decoder sees, as a share of `inputSize`; rounded up. @default 0.5 */
  decoderInputSizeMultiplier?: number
  /** Numbers per step in the encoder and the decoder. @default 128 */
  hiddenSize?: number
  /** Dropout of embeddings and layers, from 0 to 1. @default 0.05 */
  dropout?: number
  /** `⌊factor·ln n⌋` delays of `n` steps are averaged over. @default 3 */
  factor?: number
  /** Heads. The mean over all of them is taken, so their number only changes sizes that it does not divide. @default 4 */
  nHead?: number
  /** Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`. @default 32 */
  convHiddenSize?: number
  /** Activation of the feed-forward blocks. @default "gelu" */
  activation?: 'relu' | 'gelu'
  /** Layers of the encoder. @default 2 */
  encoderLayers?: number
  /** Layers of the decoder. @default 1 */
  decoderLayers?: number
  /** Length of the moving average that extracts the trend; must be odd. @default 25 */
  movingAvgWindow?: number
}
/** transformer: https://arxiv.org/abs/2106.13008 */
export declare function Autoformer(options: AutoformerOptions): ModelSpec<'Autoformer'>
/** Options of `BiTCN`, beside the common ones. */
export interface BiTCNOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Channels of the convolutions. @default 16 */
  hiddenSize?: number
  /** Dropout after every hidden layer, from 0 to 1. @default 0.5 */
  dropout?: number
}
/** convolution: https://doi.org/10.1016/j.ijforecast.2021.11.011 */
export declare function BiTCN(options: BiTCNOptions): ModelSpec<'BiTCN'>
/** Options of `DeepAR`, beside the common ones. */
export interface DeepAROptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Training loss. @default DistributionLoss */
  loss?: Loss
  /** Validation loss; the training loss when left out. @default MAE */
  validLoss?: Loss | null
  /** How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never. @default 3 */
  numLrDecays?: number
  /** Windows per validation batch; -1 for all. @default -1 */
  inferenceWindowsBatchSize?: number
  /** Horizon during training. @default 1 */
  hTrain?: number
  /** Layers of the LSTM. @default 2 */
  lstmNLayers?: number
  /** Units of the LSTM. @default 128 */
  lstmHiddenSize?: number
  /** Dropout between the layers of the LSTM, from 0 to 1. @default 0.1 */
  lstmDropout?: number
  /** Hidden layers of the decoder. @default 0 */
  decoderHiddenLayers?: number
  /** Units of the decoder's hidden layers. @default 0 */
  decoderHiddenSize?: number
  /** Activation of the decoder's hidden layers. */
  decoderActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid' | 'GELU' | 'ELU' | 'SiLU' | 'Mish' | 'Softsign' | 'Hardshrink' | 'Softshrink' | 'RReLU' | 'CELU' | 'LogSigmoid' | 'Hardtanh' | 'Hardswish' | 'Identity' | null
  /** Samples drawn from each step's distribution to estimate quantiles. @default 100 */
  trajectorySamples?: number
}
/** recurrent: https://arxiv.org/abs/1704.04110 */
export declare function DeepAR(options: DeepAROptions): ModelSpec<'DeepAR'>
/** Options of `DeepNPTS`, beside the common ones. */
export interface DeepNPTSOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Validation loss; the training loss when left out. @default MAE */
  validLoss?: Loss | null
  /** How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never. @default 3 */
  numLrDecays?: number
  /** Scaler applied to each window. @default "standard" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Units of each hidden layer. @default 32 */
  hiddenSize?: number
  /** Whether each hidden layer is followed by batch normalisation. @default true */
  batchNorm?: boolean
  /** Dropout after every hidden layer, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Hidden layers. @default 2 */
  nLayers?: number
}
/** multilayer perceptron: https://arxiv.org/abs/2312.14657 */
export declare function DeepNPTS(options: DeepNPTSOptions): ModelSpec<'DeepNPTS'>
/** Options of `DilatedRNN`, beside the common ones. */
export interface DilatedRNNOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never. @default 3 */
  numLrDecays?: number
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 128 */
  windowsBatchSize?: number | null
  /** Scaler applied to each window. @default "robust" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Recurrent cell of every layer. @default "LSTM" */
  cellType?: 'GRU' | 'RNN' | 'LSTM' | 'ResLSTM'
  /** Dilation of each layer in each group; every group but the first has a residual connection. @default [[1,2],[4,8]] */
  dilations?: readonly (readonly number[])[]
  /** Units of every layer. @default 128 */
  encoderHiddenSize?: number
  /** Units of the decoder's hidden layers. @default 128 */
  decoderHiddenSize?: number
  /** Layers of the decoder, including the output layer. @default 2 */
  decoderLayers?: number
  /** Activation of the decoder's hidden layers. */
  decoderActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid' | 'GELU' | 'ELU' | 'SiLU' | 'Mish' | 'Softsign' | 'Hardshrink' | 'Softshrink' | 'RReLU' | 'CELU' | 'LogSigmoid' | 'Hardtanh' | 'Hardswish' | 'Identity' | null
}
/** recurrent: https://arxiv.org/abs/1710.02224 */
export declare function DilatedRNN(options: DilatedRNNOptions): ModelSpec<'DilatedRNN'>
/** Options of `DLinear`, beside the common ones. */
export interface DLinearOptions extends CommonOptions {
  /** Maximum number of training steps. @default 5000 */
  maxSteps?: number
  /** Initial learning rate. @default 0.0001 */
  learningRate?: number
  /** Length of the moving average that extracts the trend; must be odd. @default 25 */
  movingAvgWindow?: number
}
/** linear: https://arxiv.org/abs/2205.13504 */
export declare function DLinear(options: DLinearOptions): ModelSpec<'DLinear'>
/** Options of `FEDformer`, beside the common ones. */
export interface FEDformerOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Maximum number of training steps. @default 5000 */
  maxSteps?: number
  /** Initial learning rate. @default 0.0001 */
  learningRate?: number
  /** Known steps that the decoder sees, as a share of `inputSize`; rounded up. @default 0.5 */
  decoderInputSizeMultiplier?: number
  /** Basis of the attention. @default "Fourier" */
  version?: 'Fourier'
  /** Frequencies that the attention sees; at most half of the steps. @default 64 */
  modes?: number
  /** How they are chosen. @default "random" */
  modeSelect?: 'random' | 'low'
  /** Numbers per step in the encoder and the decoder. @default 128 */
  hiddenSize?: number
  /** Dropout of embeddings and layers, from 0 to 1. @default 0.05 */
  dropout?: number
  /** Heads of each attention; there must be 8, as in upstream. @default 8 */
  nHead?: number
  /** Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`. @default 32 */
  convHiddenSize?: number
  /** Activation of the feed-forward blocks. @default "gelu" */
  activation?: 'relu' | 'gelu'
  /** Layers of the encoder. @default 2 */
  encoderLayers?: number
  /** Layers of the decoder. @default 1 */
  decoderLayers?: number
  /** Length of the moving average that extracts the trend; must be odd. @default 25 */
  movingAvgWindow?: number
}
/** transformer: https://arxiv.org/abs/2201.12740 */
export declare function FEDformer(options: FEDformerOptions): ModelSpec<'FEDformer'>
/** Options of `GRU`, beside the common ones. */
export interface GRUOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 128 */
  windowsBatchSize?: number | null
  /** Scaler applied to each window. @default "robust" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Lookback when forecasting with `recurrent`; `inputSize` when left out. */
  inferenceInputSize?: number | null
  /** Steps of horizon while training with `recurrent`. @default 1 */
  hTrain?: number
  /** Layers of the encoder. @default 2 */
  encoderNLayers?: number
  /** Units of the encoder. @default 200 */
  encoderHiddenSize?: number
  /** Whether the encoder has bias terms. @default true */
  encoderBias?: boolean
  /** Dropout between the layers of the encoder, from 0 to 1. @default 0 */
  encoderDropout?: number
  /** Units of the decoder's hidden layers. @default 128 */
  decoderHiddenSize?: number
  /** Layers of the decoder, including the output layer. @default 2 */
  decoderLayers?: number
  /** Activation of the decoder's hidden layers. */
  decoderActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid' | 'GELU' | 'ELU' | 'SiLU' | 'Mish' | 'Softsign' | 'Hardshrink' | 'Softshrink' | 'RReLU' | 'CELU' | 'LogSigmoid' | 'Hardtanh' | 'Hardswish' | 'Identity' | null
  /** Whether to forecast one step at a time and feed it back, instead of all steps at once. @default false */
  recurrent?: boolean
}
/** recurrent: https://arxiv.org/abs/1412.3555 */
export declare function GRU(options: GRUOptions): ModelSpec<'GRU'>
/** Options of `Informer`, beside the common ones. */
export interface InformerOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Maximum number of training steps. @default 5000 */
  maxSteps?: number
  /** Initial learning rate. @default 0.0001 */
  learningRate?: number
  /** Known steps that the decoder sees, as a share of `inputSize`; rounded up. @default 0.5 */
  decoderInputSizeMultiplier?: number
  /** Numbers per step in the encoder and the decoder. @default 128 */
  hiddenSize?: number
  /** Dropout of embeddings and layers, from 0 to 1. @default 0.05 */
  dropout?: number
  /** `factor·⌈ln n⌉` of `n` queries attend, and as many keys of `n` are sampled to choose them. @default 3 */
  factor?: number
  /** Heads of each attention. @default 4 */
  nHead?: number
  /** Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`. @default 32 */
  convHiddenSize?: number
  /** Activation of the feed-forward blocks. @default "gelu" */
  activation?: 'relu' | 'gelu'
  /** Layers of the encoder. @default 2 */
  encoderLayers?: number
  /** Layers of the decoder. @default 1 */
  decoderLayers?: number
  /** Whether a distilling layer between two layers of the encoder halves the number of steps. @default true */
  distil?: boolean
}
/** transformer: https://arxiv.org/abs/2012.07436 */
export declare function Informer(options: InformerOptions): ModelSpec<'Informer'>
/** Options of `iTransformer`, beside the common ones. */
export interface iTransformerOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Numbers per token. @default 512 */
  hiddenSize?: number
  /** Heads of each attention. @default 8 */
  nHeads?: number
  /** Layers of the encoder. @default 2 */
  eLayers?: number
  /** Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`. @default 2048 */
  dFf?: number
  /** Dropout of embeddings, attention weights and layers, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Whether windows are normalized and forecasts denormalized. @default true */
  useNorm?: boolean
}
/** transformer: https://arxiv.org/abs/2310.06625 */
export declare function iTransformer(options: iTransformerOptions): ModelSpec<'iTransformer'>
/** Options of `KAN`, beside the common ones. */
export interface KANOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per validation batch; -1 for all. @default -1 */
  inferenceWindowsBatchSize?: number
  /** Intervals of the grid of the splines. @default 5 */
  gridSize?: number
  /** Order of the splines, from 1 to 15: 3 is cubic. @default 3 */
  splineOrder?: number
  /** Scale of the random splines that training begins with. @default 0.1 */
  scaleNoise?: number
  /** Scale of the initial weights of the base function, which is SiLU: the larger, the smaller the weights, as upstream. @default 1 */
  scaleBase?: number
  /** The same for the weights that the splines are multiplied by. @default 1 */
  scaleSpline?: number
  /** Where the grid begins and ends. Beyond it splines fall to 0, within as many intervals as their order. @default [-1,1] */
  gridRange?: readonly number[]
  /** Hidden layers. @default 1 */
  nHiddenLayers?: number
  /** Units of each hidden layer: one number, or a list with a number for each layer. @default 512 */
  hiddenSize?: number | readonly number[]
}
/** Kolmogorov–Arnold network: https://arxiv.org/abs/2404.19756 */
export declare function KAN(options: KANOptions): ModelSpec<'KAN'>
/** Options of `LSTM`, beside the common ones. */
export interface LSTMOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 128 */
  windowsBatchSize?: number | null
  /** Scaler applied to each window. @default "robust" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Lookback when forecasting with `recurrent`; `inputSize` when left out. */
  inferenceInputSize?: number | null
  /** Steps of horizon while training with `recurrent`. @default 1 */
  hTrain?: number
  /** Layers of the encoder. @default 2 */
  encoderNLayers?: number
  /** Units of the encoder. @default 128 */
  encoderHiddenSize?: number
  /** Whether the encoder has bias terms. @default true */
  encoderBias?: boolean
  /** Dropout between the layers of the encoder, from 0 to 1. @default 0 */
  encoderDropout?: number
  /** Units of the decoder's hidden layers. @default 128 */
  decoderHiddenSize?: number
  /** Layers of the decoder, including the output layer. @default 2 */
  decoderLayers?: number
  /** Activation of the decoder's hidden layers. */
  decoderActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid' | 'GELU' | 'ELU' | 'SiLU' | 'Mish' | 'Softsign' | 'Hardshrink' | 'Softshrink' | 'RReLU' | 'CELU' | 'LogSigmoid' | 'Hardtanh' | 'Hardswish' | 'Identity' | null
  /** Whether to forecast one step at a time and feed it back, instead of all steps at once. @default false */
  recurrent?: boolean
}
/** recurrent: https://arxiv.org/abs/1402.1128 */
export declare function LSTM(options: LSTMOptions): ModelSpec<'LSTM'>
/** Options of `MLP`, beside the common ones. */
export interface MLPOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per validation batch; -1 for all. @default -1 */
  inferenceWindowsBatchSize?: number
  /** Hidden layers. @default 2 */
  numLayers?: number
  /** Units of each hidden layer. @default 1024 */
  hiddenSize?: number
}
/** multilayer perceptron: https://doi.org/10.1037/h0042519 */
export declare function MLP(options: MLPOptions): ModelSpec<'MLP'>
/** Options of `MLPMultivariate`, beside the common ones. */
export interface MLPMultivariateOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Hidden layers. @default 2 */
  numLayers?: number
  /** Units of every hidden layer. @default 1024 */
  hiddenSize?: number
}
/** multilayer perceptron: https://doi.org/10.1037/h0042519 */
export declare function MLPMultivariate(options: MLPMultivariateOptions): ModelSpec<'MLPMultivariate'>
/** Options of `NBEATS`, beside the common ones. */
export interface NBEATSOptions extends CommonOptions {
  /** How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never. @default 3 */
  numLrDecays?: number
  /** Windows per validation batch; -1 for all. @default -1 */
  inferenceWindowsBatchSize?: number
  /** Basis of each stack. @default ["identity","trend","seasonality"] */
  stackTypes?: readonly ('identity' | 'trend' | 'seasonality')[]
  /** Blocks in each stack. @default [1,1,1] */
  nBlocks?: readonly number[]
  /** Input and output units of each hidden layer of a block. @default [[512,512],[512,512],[512,512]] */
  mlpUnits?: readonly (readonly number[])[]
  /** Basis functions of the trend. @default "polynomial" */
  basis?: 'legendre' | 'polynomial' | 'changepoint' | 'piecewise_linear' | 'linear_hat' | 'spline' | 'chebyshev'
  /** Number of basis functions besides the first. @default 2 */
  nBasis?: number
  /** Resolution of the seasonal basis: its Fourier frequencies are 1 / nHarmonics apart. @default 2 */
  nHarmonics?: number
  /** Dropout. Upstream's blocks have none, so only 0 is allowed. @default 0 */
  dropoutProbTheta?: 0
  /** Activation of the hidden layers. @default "ReLU" */
  activation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid'
  /** Whether the blocks of a stack share their weights. @default false */
  sharedWeights?: boolean
}
/** multilayer perceptron: https://arxiv.org/abs/1905.10437 */
export declare function NBEATS(options: NBEATSOptions): ModelSpec<'NBEATS'>
/** Options of `NBEATSx`, beside the common ones. */
export interface NBEATSxOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never. @default 3 */
  numLrDecays?: number
  /** Windows per validation batch; -1 for all. @default -1 */
  inferenceWindowsBatchSize?: number
  /** Basis of each stack. @default ["identity","trend","seasonality"] */
  stackTypes?: readonly ('identity' | 'trend' | 'seasonality' | 'exogenous')[]
  /** Blocks in each stack. @default [1,1,1] */
  nBlocks?: readonly number[]
  /** Input and output units of each hidden layer of a block. @default [[512,512],[512,512],[512,512]] */
  mlpUnits?: readonly (readonly number[])[]
  /** Degree of the trend polynomial. @default 2 */
  nPolynomials?: number
  /** Resolution of the seasonal basis: its Fourier frequencies are 1 / nHarmonics apart. @default 2 */
  nHarmonics?: number
  /** Dropout after every hidden layer, from 0 to 1. @default 0 */
  dropoutProbTheta?: number
  /** Activation of the hidden layers. @default "ReLU" */
  activation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid'
  /** Whether the blocks of a stack share their weights. @default false */
  sharedWeights?: boolean
}
/** multilayer perceptron: https://arxiv.org/abs/2104.05522 */
export declare function NBEATSx(options: NBEATSxOptions): ModelSpec<'NBEATSx'>
/** Options of `NHITS`, beside the common ones. */
export interface NHITSOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never. @default 3 */
  numLrDecays?: number
  /** Windows per validation batch; -1 for all. @default -1 */
  inferenceWindowsBatchSize?: number
  /** Type of each stack; only "identity" exists. @default ["identity","identity","identity"] */
  stackTypes?: readonly string[]
  /** Blocks in each stack. @default [1,1,1] */
  nBlocks?: readonly number[]
  /** Input and output units of each hidden layer of a block. @default [[512,512],[512,512],[512,512]] */
  mlpUnits?: readonly (readonly number[])[]
  /** Pooling kernel size of each stack. @default [2,2,1] */
  nPoolKernelSize?: readonly number[]
  /** Steps of the horizon per knot of each stack. @default [4,2,1] */
  nFreqDownsample?: readonly number[]
  /** How the input is pooled. @default "MaxPool1d" */
  poolingMode?: 'MaxPool1d' | 'AvgPool1d'
  /** How the forecast is interpolated from its knots. @default "linear" */
  interpolationMode?: 'linear' | 'nearest' | 'cubic' | `cubic-${number}`
  /** Dropout after every hidden layer, from 0 to 1. @default 0 */
  dropoutProbTheta?: number
  /** Activation of the hidden layers. @default "ReLU" */
  activation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid'
}
/** multilayer perceptron: https://arxiv.org/abs/2201.12886 */
export declare function NHITS(options: NHITSOptions): ModelSpec<'NHITS'>
/** Options of `NLinear`, beside the common ones. */
export interface NLinearOptions extends CommonOptions {
  /** Maximum number of training steps. @default 5000 */
  maxSteps?: number
  /** Initial learning rate. @default 0.0001 */
  learningRate?: number
}
/** linear: https://arxiv.org/abs/2205.13504 */
export declare function NLinear(options: NLinearOptions): ModelSpec<'NLinear'>
/** Options of `PatchTST`, beside the common ones. */
export interface PatchTSTOptions extends CommonOptions {
  /** Maximum number of training steps. @default 5000 */
  maxSteps?: number
  /** Initial learning rate. @default 0.0001 */
  learningRate?: number
  /** Layers of the encoder. @default 3 */
  encoderLayers?: number
  /** Heads of each attention. It must divide `hiddenSize`. @default 16 */
  nHeads?: number
  /** Numbers per patch in the encoder. @default 128 */
  hiddenSize?: number
  /** Hidden units of the feed-forward blocks. @default 256 */
  linearHiddenSize?: number
  /** Dropout of embeddings and layers, from 0 to 1. @default 0.2 */
  dropout?: number
  /** Dropout of the forecast, from 0 to 1. @default 0 */
  headDropout?: number
  /** Dropout of the attention's weights, from 0 to 1. @default 0 */
  attnDropout?: number
  /** Steps of a patch. A patch is at most `inputSize + stride` long: a larger number means that. @default 16 */
  patchLen?: number
  /** Steps from the beginning of one patch to that of the next. The last step is repeated as often, for the last patch. @default 8 */
  stride?: number
  /** Whether windows are normalized and forecasts denormalized (RevIN). @default true */
  revin?: boolean
  /** Whether RevIN has a learned weight and bias. @default false */
  revinAffine?: boolean
  /** Whether RevIN subtracts the last step of a window instead of its mean. @default true */
  revinSubtractLast?: boolean
  /** Activation of the feed-forward blocks. @default "gelu" */
  activation?: 'relu' | 'gelu'
  /** Whether each attention adds the scores of the layer before to its own. @default true */
  resAttention?: boolean
  /** Whether batch normalization comes before the attention and the feed-forward block of each layer, as upstream has it despite the name; otherwise it follows them. There is batch normalization in any case. @default false */
  batchNormalization?: boolean
  /** Whether the vectors that are added for the positions of the patches are learned. Otherwise they stay random. @default true */
  learnPosEmbed?: boolean
}
/** transformer: https://arxiv.org/abs/2211.14730 */
export declare function PatchTST(options: PatchTSTOptions): ModelSpec<'PatchTST'>
/** Options of `RLinear`, beside the common ones. */
export interface RLinearOptions extends CommonOptions {
  /** Whether windows are normalised and forecasts denormalised (RevIN). @default true */
  revin?: boolean
  /** Dropout of the normalised window, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Whether each channel has a linear map of its own. Only false is allowed: a window has one channel, and a map per series could not forecast new series. @default false */
  individual?: false
}
/** linear: https://arxiv.org/abs/2305.10721 */
export declare function RLinear(options: RLinearOptions): ModelSpec<'RLinear'>
/** Options of `RMoK`, beside the common ones. */
export interface RMoKOptions extends CommonOptions {
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Coefficients of each Taylor polynomial: with 3, it is quadratic. At most 65. @default 3 */
  taylorOrder?: number
  /** Degree of the Jacobi polynomials, at most 64. @default 6 */
  jacobiDegree?: number
  /** Wavelet of the expert that sums wavelets. @default "mexican_hat" */
  waveletFunction?: 'mexican_hat' | 'morlet' | 'dog' | 'meyer' | 'shannon'
  /** Dropout of the normalized window, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Whether the normalization of windows (RevIN) has a learned weight and bias for each series. @default true */
  revinAffine?: boolean
}
/** Kolmogorov–Arnold network: https://arxiv.org/abs/2408.11306 */
export declare function RMoK(options: RMoKOptions): ModelSpec<'RMoK'>
/** Options of `RNN`, beside the common ones. */
export interface RNNOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 128 */
  windowsBatchSize?: number | null
  /** Scaler applied to each window. @default "robust" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Lookback when forecasting with `recurrent`; `inputSize` when left out. */
  inferenceInputSize?: number | null
  /** Steps of horizon while training with `recurrent`. @default 1 */
  hTrain?: number
  /** Layers of the encoder. @default 2 */
  encoderNLayers?: number
  /** Units of the encoder. @default 128 */
  encoderHiddenSize?: number
  /** Activation of the encoder. @default "tanh" */
  encoderActivation?: 'tanh'
  /** Whether the encoder has bias terms. @default true */
  encoderBias?: boolean
  /** Dropout between the layers of the encoder, from 0 to 1. @default 0 */
  encoderDropout?: number
  /** Units of the decoder's hidden layers. @default 128 */
  decoderHiddenSize?: number
  /** Layers of the decoder, including the output layer. @default 2 */
  decoderLayers?: number
  /** Activation of the decoder's hidden layers. */
  decoderActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid' | 'GELU' | 'ELU' | 'SiLU' | 'Mish' | 'Softsign' | 'Hardshrink' | 'Softshrink' | 'RReLU' | 'CELU' | 'LogSigmoid' | 'Hardtanh' | 'Hardswish' | 'Identity' | null
  /** Whether to forecast one step at a time and feed it back, instead of all steps at once. @default false */
  recurrent?: boolean
}
/** recurrent: https://doi.org/10.1207/s15516709cog1402_1 */
export declare function RNN(options: RNNOptions): ModelSpec<'RNN'>
/** Options of `SOFTS`, beside the common ones. */
export interface SOFTSOptions extends CommonOptions {
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Numbers per series. @default 512 */
  hiddenSize?: number
  /** Numbers of the core. @default 512 */
  dCore?: number
  /** Layers of the encoder. @default 2 */
  eLayers?: number
  /** Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`. @default 2048 */
  dFf?: number
  /** Dropout of the embedding and the layers, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Whether windows are normalized and forecasts denormalized. @default true */
  useNorm?: boolean
}
/** multilayer perceptron: https://arxiv.org/abs/2404.14197 */
export declare function SOFTS(options: SOFTSOptions): ModelSpec<'SOFTS'>
/** Options of `SOFTSSharp`, beside the common ones. */
export interface SOFTSSharpOptions extends CommonOptions {
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Numbers per series. @default 512 */
  hiddenSize?: number
  /** Numbers of the core. @default 512 */
  dCore?: number
  /** Layers of the encoder. @default 2 */
  eLayers?: number
  /** Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`. @default 2048 */
  dFf?: number
  /** Dropout of the embedding, the layers and their exchange, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Probability that a training step adds the positions of the series in a layer, from 0 to 1. Forecasts add that share of them. @default 0.5 */
  peKeepProb?: number
  /** Whether windows are normalized and forecasts denormalized. @default true */
  useNorm?: boolean
}
/** multilayer perceptron: https://arxiv.org/abs/2404.14197 */
export declare function SOFTSSharp(options: SOFTSSharpOptions): ModelSpec<'SOFTSSharp'>
/** Options of `StemGNN`, beside the common ones. */
export interface StemGNNOptions extends CommonOptions {
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never. @default 3 */
  numLrDecays?: number
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Scaler applied to each window. @default "robust" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Blocks; 2, as in upstream. @default 2 */
  nStacks?: number
  /** Hidden units of the blocks, as a multiple of `inputSize`. @default 5 */
  multiLayer?: number
  /** Dropout of the graph, from 0 to 1. @default 0.5 */
  dropoutRate?: number
  /** Factor of the negative scores between series (LeakyReLU). @default 0.2 */
  leakyRate?: number
  /** Whether each window has a graph of its own, so that its forecast depends on that window only. This is not in upstream, where all windows of a batch have one graph: while training, and also in validation and in-sample forecasts, in batches of `inferenceWindowsBatchSize` windows. @default false */
  independentWindows?: boolean
}
/** graph neural network: https://arxiv.org/abs/2103.07719 */
export declare function StemGNN(options: StemGNNOptions): ModelSpec<'StemGNN'>
/** Options of `TCN`, beside the common ones. */
export interface TCNOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 128 */
  windowsBatchSize?: number | null
  /** Scaler applied to each window. @default "robust" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Has no effect, as in upstream: forecasts use `inputSize`. */
  inferenceInputSize?: number | null
  /** Kernel size of each convolution. @default 2 */
  kernelSize?: number
  /** Dilation of each convolution, one number per layer. @default [1,2,4,8,16] */
  dilations?: readonly number[]
  /** Channels of the encoder. @default 128 */
  encoderHiddenSize?: number
  /** Activation after each convolution. @default "ReLU" */
  encoderActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid' | 'GELU' | 'ELU' | 'SiLU' | 'Mish' | 'Softsign' | 'Hardshrink' | 'Softshrink' | 'RReLU' | 'CELU' | 'LogSigmoid' | 'Hardtanh' | 'Hardswish' | 'Identity'
  /** Has no effect, as in upstream; kept for checkpoints. @default 10 */
  contextSize?: number
  /** Units of the decoder's hidden layers. @default 128 */
  decoderHiddenSize?: number
  /** Layers of the decoder, including the output layer. @default 2 */
  decoderLayers?: number
  /** Activation of the decoder's hidden layers. */
  decoderActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid' | 'GELU' | 'ELU' | 'SiLU' | 'Mish' | 'Softsign' | 'Hardshrink' | 'Softshrink' | 'RReLU' | 'CELU' | 'LogSigmoid' | 'Hardtanh' | 'Hardswish' | 'Identity' | null
}
/** convolution: https://arxiv.org/abs/1803.01271 */
export declare function TCN(options: TCNOptions): ModelSpec<'TCN'>
/** Options of `TFT`, beside the common ones. */
export interface TFTOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Scaler applied to each window. @default "robust" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** How many variables the target becomes, each with its own embedding. @default 1 */
  tgtSize?: number
  /** Units of all layers. @default 128 */
  hiddenSize?: number
  /** Heads of the attention. It must divide `hiddenSize`. @default 4 */
  nHead?: number
  /** Dropout of the attention's weights, from 0 to 1. @default 0 */
  attnDropout?: number
  /** Activation of the gated residual networks. @default "ELU" */
  grnActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'Sigmoid' | 'ELU' | 'GELU'
  /** Recurrent layers of each encoder. @default 1 */
  nRnnLayers?: number
  /** Kind of the recurrent layers. @default "lstm" */
  rnnType?: 'lstm' | 'gru'
  /** Whether all recurrent layers begin in the same state, made of the static columns, instead of each in its own. @default false */
  oneRnnInitialState?: boolean
  /** Dropout of the gated residual networks and of the attention's output, from 0 to 1. @default 0.1 */
  dropout?: number
}
/** transformer: https://arxiv.org/abs/1912.09363 */
export declare function TFT(options: TFTOptions): ModelSpec<'TFT'>
/** Options of `TiDE`, beside the common ones. */
export interface TiDEOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Units of the encoder, the decoder and the exogenous projections. @default 512 */
  hiddenSize?: number
  /** Decoder outputs per step of the horizon. @default 32 */
  decoderOutputDim?: number
  /** Units of the temporal decoder. @default 128 */
  temporalDecoderDim?: number
  /** Dropout of every residual block, from 0 to 1. @default 0.3 */
  dropout?: number
  /** Whether every residual block ends in layer normalisation. With a loss of one output, the last one normalises a single number and so outputs only its bias: the forecast is then linear in the target, as in upstream. @default true */
  layernorm?: boolean
  /** Residual blocks of the encoder. @default 1 */
  numEncoderLayers?: number
  /** Residual blocks of the decoder. @default 1 */
  numDecoderLayers?: number
  /** Size that the exogenous columns of each step are projected to. @default 4 */
  temporalWidth?: number
}
/** multilayer perceptron: https://arxiv.org/abs/2304.08424 */
export declare function TiDE(options: TiDEOptions): ModelSpec<'TiDE'>
/** Options of `TimeLLM`, beside the common ones. */
export interface TimeLLMOptions extends CommonOptions {
  /** Maximum number of training steps. @default 5 */
  maxSteps?: number
  /** Initial learning rate. @default 0.0001 */
  learningRate?: number
  /** How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never. @default 0 */
  numLrDecays?: number
  /** Local folder with a model of the GPT-2 family in the layout of Hugging Face: `config.json`, `model.safetensors`, `tokenizer.json` and, if it has one, `tokenizer_config.json`. It is read, never changed and never fetched; all models of a process share what was read. */
  llm: string
  /** SHA-256 that the files of `llm` must have together; null for any. A model that was made, and its checkpoint, has it set, so that its weights are not used with another language model. */
  llmHash?: string | null
  /** Text about the data, at the beginning of each prompt. With null the prompt says `None`, as upstream's. */
  promptPrefix?: string | null
  /** Values per patch. @default 16 */
  patchLen?: number
  /** Steps from a patch to the next. @default 8 */
  stride?: number
  /** Numbers per query, key and value of each head, and numbers of the language model's output that are used; at most `dLlm`. @default 128 */
  dFf?: number
  /** Lags in the prompt: those at which the window correlates most with itself. @default 5 */
  topK?: number
  /** Numbers per token of the language model: `n_embd` in its `config.json`. @default 768 */
  dLlm?: number
  /** Numbers per embedded patch. @default 32 */
  dModel?: number
  /** Heads of the attention from patches to words. @default 8 */
  nHeads?: number
  /** Dropout of embedded patches and of the forecast, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Prototypes of words. Upstream always has 1024. @default 1024 */
  numTokens?: number
  /** Dropout of the weights of the attention from patches to words, from 0 to 1. Upstream always has 0.1. @default 0.1 */
  attentionDropout?: number
}
/** language model: https://arxiv.org/abs/2310.01728 */
export declare function TimeLLM(options: TimeLLMOptions): ModelSpec<'TimeLLM'>
/** Options of `TimeMixer`, beside the common ones. */
export interface TimeMixerOptions extends CommonOptions {
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Numbers per step. @default 32 */
  dModel?: number
  /** Hidden units of the maps of the numbers of a step. @default 32 */
  dFf?: number
  /** Dropout of the embedding, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Blocks that mix the scales. @default 4 */
  eLayers?: number
  /** Frequencies that are the season, for `decompMethod: "dft_decomp"` with `independentWindows`. Upstream's form only requires that it is at most `dModel / 2 + 1`. @default 5 */
  topK?: number
  /** How blocks split a sequence into season and trend. @default "moving_avg" */
  decompMethod?: 'moving_avg' | 'dft_decomp'
  /** Steps of the moving average that is the trend; must be odd. @default 25 */
  movingAvg?: number
  /** With 1, each series is a sequence of its own; with 0, all series of a window are one. @default 0 */
  channelIndependence?: number
  /** Scales beside that of the data. @default 1 */
  downSamplingLayers?: number
  /** Steps of a scale that become one step of the next; `inputSize` must be a multiple of the product over all scales. @default 2 */
  downSamplingWindow?: number
  /** How the next coarser scale is made of a scale. @default "avg" */
  downSamplingMethod?: 'max' | 'avg' | 'conv'
  /** Whether windows are normalized and forecasts denormalized (RevIN), each scale with its own affine map. @default true */
  useNorm?: boolean
  /** Whether the forecast of a window depends on that window only, with `decompMethod: "dft_decomp"` too. This is not in upstream, where the first window of a batch is treated differently: while training, and also in validation and in-sample forecasts, in batches of `inferenceWindowsBatchSize` windows. @default false */
  independentWindows?: boolean
}
/** multilayer perceptron: https://arxiv.org/abs/2405.14616 */
export declare function TimeMixer(options: TimeMixerOptions): ModelSpec<'TimeMixer'>
/** Options of `TimesNet`, beside the common ones. */
export interface TimesNetOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Initial learning rate. @default 0.0001 */
  learningRate?: number
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 64 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 256 */
  inferenceWindowsBatchSize?: number
  /** Scaler applied to each window. @default "standard" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Numbers per step; must be even. @default 64 */
  hiddenSize?: number
  /** Dropout of the embedding, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Channels between the two convolutions of a block. @default 64 */
  convHiddenSize?: number
  /** Periods of a window; at most `(inputSize + h) / 2`. @default 5 */
  topK?: number
  /** Kernels of an inception block: of 1, 3, 5, .. taps along and across the periods. @default 6 */
  numKernels?: number
  /** Blocks. @default 2 */
  encoderLayers?: number
  /** Whether each window has its own periods, so that its forecast depends on that window only. This is not in upstream, where all windows of a batch have the periods that are strongest on average: while training, and also in validation and forecasts, in batches of `validBatchSize` series (in-sample: one series) and at most `inferenceWindowsBatchSize` windows. @default false */
  independentWindows?: boolean
}
/** convolution: https://arxiv.org/abs/2210.02186 */
export declare function TimesNet(options: TimesNetOptions): ModelSpec<'TimesNet'>
/** Options of `TimeXer`, beside the common ones. */
export interface TimeXerOptions extends CommonOptions {
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Steps of a patch; at most `inputSize`. Patches lie side by side from the first step on; steps that fill no patch are seen by the global token only. @default 16 */
  patchLen?: number
  /** Numbers per token. @default 512 */
  hiddenSize?: number
  /** Heads of each attention. @default 8 */
  nHeads?: number
  /** Layers of the encoder. @default 2 */
  eLayers?: number
  /** Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`. @default 2048 */
  dFf?: number
  /** Dropout of embeddings, attention weights, layers and the forecast, from 0 to 1. @default 0.1 */
  dropout?: number
  /** Whether windows are normalized and forecasts denormalized. @default true */
  useNorm?: boolean
}
/** transformer: https://arxiv.org/abs/2402.19072 */
export declare function TimeXer(options: TimeXerOptions): ModelSpec<'TimeXer'>
/** Options of `TSMixer`, beside the common ones. */
export interface TSMixerOptions extends CommonOptions {
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Mixing layers. @default 2 */
  nBlock?: number
  /** Hidden units of the feature mixing perceptrons. @default 64 */
  ffDim?: number
  /** Dropout in the mixing layers, from 0 to 1. @default 0.9 */
  dropout?: number
  /** Whether windows are normalised and forecasts denormalised (RevIN). @default true */
  revin?: boolean
}
/** multilayer perceptron: https://arxiv.org/abs/2303.06053 */
export declare function TSMixer(options: TSMixerOptions): ModelSpec<'TSMixer'>
/** Options of `TSMixerx`, beside the common ones. */
export interface TSMixerxOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Mixing layers after the first. @default 2 */
  nBlock?: number
  /** Features per step between mixing layers, and hidden units of the feature mixing perceptrons. @default 64 */
  ffDim?: number
  /** Dropout in the mixing layers, from 0 to 1. @default 0 */
  dropout?: number
  /** Whether windows are normalised and forecasts denormalised (RevIN). @default true */
  revin?: boolean
}
/** multilayer perceptron: https://arxiv.org/abs/2303.06053 */
export declare function TSMixerx(options: TSMixerxOptions): ModelSpec<'TSMixerx'>
/** Options of `VanillaTransformer`, beside the common ones. */
export interface VanillaTransformerOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Maximum number of training steps. @default 5000 */
  maxSteps?: number
  /** Initial learning rate. @default 0.0001 */
  learningRate?: number
  /** Known steps that the decoder sees, as a share of `inputSize`; rounded up. @default 0.5 */
  decoderInputSizeMultiplier?: number
  /** Numbers per step in the encoder and the decoder. @default 128 */
  hiddenSize?: number
  /** Dropout of embeddings, attention weights and layers, from 0 to 1. @default 0.05 */
  dropout?: number
  /** Heads of each attention. @default 4 */
  nHead?: number
  /** Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`. @default 32 */
  convHiddenSize?: number
  /** Activation of the feed-forward blocks. @default "gelu" */
  activation?: 'relu' | 'gelu'
  /** Layers of the encoder. @default 2 */
  encoderLayers?: number
  /** Layers of the decoder. @default 1 */
  decoderLayers?: number
}
/** transformer: https://arxiv.org/abs/1706.03762 */
export declare function VanillaTransformer(options: VanillaTransformerOptions): ModelSpec<'VanillaTransformer'>
/** Options of `XLinear`, beside the common ones. */
export interface XLinearOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Number of series, all of which the model sees at once. Taken from the data when left out. */
  nSeries?: number | null
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 32 */
  windowsBatchSize?: number | null
  /** Windows per validation batch; -1 for all. @default 32 */
  inferenceWindowsBatchSize?: number
  /** Numbers per series, and per exogenous kind. @default 128 */
  hiddenSize?: number
  /** Hidden units of the gate over the numbers of a series. @default 256 */
  temporalFf?: number
  /** Hidden units of the gate over the series; a multiple of their number is recommended. @default 8 */
  channelFf?: number
  /** Dropout in the gate over the numbers of a series, from 0 to 1. @default 0 */
  temporalDropout?: number
  /** Dropout in the gate over the series, from 0 to 1. @default 0 */
  channelDropout?: number
  /** Dropout of the embedded series, from 0 to 1. @default 0 */
  embedDropout?: number
  /** Dropout in front of the last layer, from 0 to 1. @default 0 */
  headDropout?: number
  /** Whether windows are normalized and forecasts denormalized. @default true */
  useNorm?: boolean
}
/** multilayer perceptron: https://arxiv.org/abs/2601.09237 */
export declare function XLinear(options: XLinearOptions): ModelSpec<'XLinear'>
/** Options of `xLSTM`, beside the common ones. */
export interface xLSTMOptions extends CommonOptions {
  /** Exogenous columns known in advance, such as holidays or planned prices. @default [] */
  futrExogList?: readonly string[]
  /** Exogenous columns known only up to the forecast origin. @default [] */
  histExogList?: readonly string[]
  /** Static covariates: columns of the static table, one value per series. @default [] */
  statExogList?: readonly string[]
  /** Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled. @default [] */
  catExogList?: readonly string[]
  /** Maximum number of categories of each categorical column; counted in the training data when left out. @default {} */
  categoricalCardinalities?: Record<string, number>
  /** Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns. @default "fastai" */
  catEmbDim?: 'fastai' | 'sqrt' | 'half' | number
  /** Hides the history of the target from the model, which then sees only exogenous columns. @default false */
  excludeInsampleY?: boolean
  /** Windows per training batch, sampled from the batch's series; null for all of them. @default 128 */
  windowsBatchSize?: number | null
  /** Scaler applied to each window. @default "robust" */
  scalerType?: 'identity' | 'standard' | 'robust' | 'minmax' | 'minmax1' | 'invariant' | 'revin'
  /** Blocks of the encoder. @default 2 */
  encoderNBlocks?: number
  /** Units of the encoder. With `sLSTM` a multiple of 4, and at least 8. @default 128 */
  encoderHiddenSize?: number
  /** Whether the projections of `mLSTM` have bias terms. Has no effect with `sLSTM`, as in upstream. @default true */
  encoderBias?: boolean
  /** Dropout within the blocks, from 0 to 1. @default 0.1 */
  encoderDropout?: number
  /** Units of the decoder's hidden layers. @default 128 */
  decoderHiddenSize?: number
  /** Layers of the decoder, including the output layer. @default 2 */
  decoderLayers?: number
  /** Dropout of the decoder's hidden layers, from 0 to 1. @default 0 */
  decoderDropout?: number
  /** Activation of the decoder's hidden layers; GELU when left out. */
  decoderActivation?: 'ReLU' | 'Softplus' | 'Tanh' | 'SELU' | 'LeakyReLU' | 'PReLU' | 'Sigmoid' | 'GELU' | 'ELU' | 'SiLU' | 'Mish' | 'Softsign' | 'Hardshrink' | 'Softshrink' | 'RReLU' | 'CELU' | 'LogSigmoid' | 'Hardtanh' | 'Hardswish' | 'Identity' | null
  /** The memory of the blocks: `mLSTM`, a matrix, or `sLSTM`, scalars that recur step by step. @default "mLSTM" */
  backbone?: 'mLSTM' | 'sLSTM'
}
/** recurrent: https://arxiv.org/abs/2405.04517 */
export declare function xLSTM(options: xLSTMOptions): ModelSpec<'xLSTM'>
/** Options of `HINT`. */
export interface HINTOptions {
  /** The model that forecasts all series. Its loss must be a distribution, such as `loss.distribution('Normal')`. */
  model: ModelSpec
  /** The summing matrix: a row for each series, a column for each bottom series. First come the aggregates, each row with the weights of the bottom series in it; then the bottom series in the order of the columns, which makes an identity matrix. */
  S: readonly NumberList[]
  /** How forecasts become coherent: `'BottomUp'` sums those of the bottom series, `'MinTraceOLS'` and `'MinTraceWLS'` change all of them as little as possible, the latter weighted by the sums of the rows of `S`, and `'Identity'` leaves them as they are. */
  reconciliation: 'BottomUp' | 'MinTraceOLS' | 'MinTraceWLS' | 'Identity'
  /** The series of the rows of `S`, each once. Left out: the series in the order of a forecast, sorted by identifier. */
  ids?: readonly (string | number | bigint)[]
  /** Name for the forecast columns, instead of `HINT`. */
  alias?: string
}
/** hierarchical reconciliation of another model: https://arxiv.org/abs/2305.07089 */
export declare function HINT(options: HINTOptions): ModelSpec<'HINT'>
// end of generated models
