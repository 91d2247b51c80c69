//! The options of every call, each declared once: default, rules and documentation. `Left out: …` at the end of a text says
//! what applies to an option without a default value.

#[cfg(feature = "io")]
mod files;
mod refit;
#[cfg(feature = "io")]
mod registry;
mod studies;
mod values;

use std::path::PathBuf;

pub use crate::data::SeriesId;
#[cfg(feature = "io")]
pub use files::{FileFormat, FileInput};
pub use refit::Refit;
#[cfg(feature = "io")]
pub use registry::{check_names, describe, metrics, read, tables_of};
pub use studies::{CrossValidationOptions, DecomposeOptions, SimulateOptions};
pub use values::{OnProgress, Signal, WindowNumbers};

use super::metrics::By;
#[cfg(doc)]
use super::neural_forecast::NeuralForecast;
use crate::conformal::PredictionIntervals;
use crate::data::{ColumnNames, Frequency, NumericTime, OnGap, OnMissing, Table, TimeZone};
use crate::models::ModelSpec;
use crate::options::{choices, nested, options};
use crate::scalers::LocalScalerType;

const FIRST: &str = "it is the first argument";
const OF_MODELS: &str = "it is an option of each model, such as NHITS({ h: 12, inputSize: 24 })";

options! {
    /// Options of a forecaster.
    pub struct Init {
        /// The models, as made by their functions.
        pub models: Vec<ModelSpec> = Vec::new();
            fits is_some "a list of model specs, such as NHITS({ h: 12, inputSize: 24 })",
        /// A pandas alias such as `'MS'`, `'D'`, `'h'` or `'15min'`, `'1mo'` for the same day of each month, or a number of
        /// steps. Left out: inferred from the data.
        pub freq: Option<Frequency> = None,
        /// The time zone of dates, such as `'Europe/Berlin'`: texts without an offset are local times, days and months
        /// follow local time, hours and shorter units have exact lengths, and `toCsv` writes local times. `ds` stays in
        /// milliseconds, UTC. A repeated local time is read as the later instant where it follows the earlier one in the
        /// order of the rows; a skipped local time is moved forward by the length of the gap.
        pub time_zone: Option<TimeZone> = None,
        /// The unit of numbers in the time column, in every table: seconds, milliseconds, microseconds or nanoseconds since
        /// 1970, or years. They are converted to milliseconds exactly, or refused. Dates and ISO texts need no unit. Left
        /// out: milliseconds, or years when `freq` is yearly.
        pub time_unit: Option<NumericTime> = None,
        /// The scaler fitted to each whole series, exogenous columns included; forecasts are scaled back. Left out: none.
        pub local_scaler_type: Option<LocalScalerType> = None,
        /// The scaler fitted to each static column, over all series. Left out: none.
        pub local_static_scaler_type: Option<LocalScalerType> = None,
    }
    elsewhere {
        "tz" => "timeZone",
        "h horizon inputsize loss maxsteps" => OF_MODELS,
    }
}

fn is_some(models: &[ModelSpec]) -> bool {
    !models.is_empty()
}

options! {
    /// Options of every run.
    pub struct RunOptions {
        /// Cancels the run: the promise rejects with the signal's reason.
        pub signal: Option<Signal> = None,
        /// Called with the progress of the run. An exception from it stops the run and rejects the promise.
        pub on_progress: Option<OnProgress> = None,
        /// Milliseconds between calls of `onProgress`.
        pub progress_interval_ms: f64 = 100.0; from 0 to 2_147_483_647,
        /// Number of threads for this call. Results do not depend on it. Left out: all physical cores that the process may use.
        pub threads: Option<usize> = None; from 1 to 1024,
        /// Limit of the memory of this call outside the JavaScript heap, in bytes. A call that would need more is refused
        /// with `ERR_NF_MEMORY_LIMIT` before it starts. Left out: what the machine, its control group or `ulimit` has left.
        pub memory_limit_bytes: Option<usize> = None; at least 1,
    }
}

choices! {
    /// Where training starts.
    pub enum FitMode: default Fresh {
        /// Newly initialized weights.
        Fresh = "fresh",
        /// The weights, optimizer state, step count and position in the random streams that the last run left: 50 steps and
        /// 50 more on the same data give the same bytes as 100. An interrupted run, loaded from what `checkpoint` saved,
        /// continues to its original end. On other data, earlier validation losses are discarded. Learning-rate schedules
        /// continue by the total number of steps: the default one keeps halving at the same interval, `oneCycle` ends at
        /// its `totalSteps`.
        Continue = "continue",
    }
}

options! {
    /// Saves checkpoints during training.
    pub struct TrainingCheckpoint {
        /// The directory, as for `save`. An existing checkpoint is replaced.
        pub path: PathBuf = PathBuf::new(),
        /// Training steps of a model between two checkpoints. One is saved at the end too.
        pub every_steps: usize = 0; at least 1,
    }
}
nested!(TrainingCheckpoint);

options! {
    /// Options of [`NeuralForecast::fit`].
    pub struct FitOptions {
        /// One row per series, for the columns of `statExogList`.
        pub static_table as "static": Option<Table> = None,
        /// Rows at the end of each series that are held out for validation: 0, or at least `h`.
        pub val_size: usize = 0,
        /// Validation rows in a table of their own, instead of `valSize`: the same number for every series, at least `h`,
        /// right after its rows in `data`. Forecasts then start after them.
        pub val_data: Option<Table> = None,
        /// Names of the special columns of `data`.
        pub names as "columns": ColumnNames = ColumnNames::default(),
        /// What to do where a series skips a time. Applies to the `data` of later forecasts too.
        pub on_gap: OnGap = OnGap::Error,
        /// What to do with missing values of the target and of exogenous columns. Applies to later forecasts too. Left out:
        /// missing targets are masked with a warning, and a forecast with one in its input is an error; missing exogenous
        /// values are an error.
        pub on_missing: Option<OnMissing> = None,
        /// Whether training starts anew, or continues from the state that the last run left: 50 steps and 50 more on the
        /// same data give the same bytes as 100.
        pub mode: FitMode = FitMode::Fresh,
        /// Training steps of this run, for all models. Learning-rate schedules use the models' own `maxSteps`. Left out:
        /// each model's `maxSteps`.
        pub max_steps: Option<usize> = None; at least 1,
        /// Calibrates conformal prediction intervals, so that forecasts can have any `level` or `quantiles` although the loss has
        /// none. Models that forecast a distribution, or any quantile, have their own. Left out: no calibration.
        pub prediction_intervals: Option<PredictionIntervals> = None,
        /// Saves checkpoints during training, so that a killed run can be continued with `load` and `mode: 'continue'`. An
        /// existing checkpoint at `path` is replaced.
        pub checkpoint: Option<TrainingCheckpoint> = None,
    }
    elsewhere {
        "df data path" => FIRST,
        "staticdf" => "static",
        "valdf" => "valData",
        "useinitmodels" => "mode",
        "idcol timecol targetcol id time target" => "columns",
        "freq" => "it is an option of new NeuralForecast()",
        "epochs" => "maxSteps",
    }
}

choices! {
    /// What to do with a series that has fewer rows than a model takes as input.
    pub enum OnShort: default Pad {
        /// Pad its input with zeros, with a warning.
        Pad = "pad",
        /// Refuse it.
        Error = "error",
    }
}

options! {
    /// Options of [`NeuralForecast::predict`].
    pub struct PredictOptions {
        /// Histories to forecast from, instead of the training data.
        pub data: Option<Table> = None,
        /// One row per series of `data`, for the columns of `statExogList`.
        pub static_table as "static": Option<Table> = None,
        /// The columns of `futrExogList` at the forecast times.
        pub future: Option<Table> = None,
        /// Levels of prediction intervals in percent, such as 90: those that the loss was trained for, or any with an
        /// implicit quantile loss. The forecast then has point forecasts, medians and these intervals, and no other
        /// quantiles.
        pub level: Vec<f64> = Vec::new(),
        /// Quantile levels between 0 and 1, instead of `level`: those that the loss was trained for, or any with an
        /// implicit quantile loss. As in NeuralForecast, the latter are taken from a sorted grid of eleven forecasts, whose
        /// quantile 0.9 is the network's at 0.95.
        pub quantiles: Vec<f64> = Vec::new(),
        /// Sorts the quantiles of each row, so that none cross; false keeps them as the network computes them.
        pub sort_quantiles: bool = true,
        /// Steps to forecast, if more than the models were trained for. Left out: the models' `h`.
        pub h: Option<usize> = None; at least 1,
        /// What to do where a series of `data` skips a time. Left out: as in `fit`.
        pub on_gap: Option<OnGap> = None,
        /// What to do with missing values, including those of the training data that `fit` has not filled. Left out: as in
        /// `fit`.
        pub on_missing: Option<OnMissing> = None,
        /// What to do with series shorter than `inputSize`: pad them with zeros on the left, with a warning, or refuse
        /// them.
        pub on_short: OnShort = OnShort::Pad,
        /// Also collects what the forecasts were made of, averaged over the series: the weights of variables and of past
        /// steps. For models that have such weights: TFT.
        pub interpretation: bool = false,
    }
    elsewhere {
        "df history" => "data",
        "staticdf" => "static",
        "futrdf futuredf xdf futr exog" => "future",
        "horizon" => "h",
    }
}

options! {
    /// Options of [`NeuralForecast::predict_insample`].
    pub struct InsampleOptions {
        /// Rows between the starts of consecutive forecasts.
        pub step_size: usize = 1; at least 1,
        /// Levels of prediction intervals in percent, as for `predict`.
        pub level: Vec<f64> = Vec::new(),
        /// Quantile levels between 0 and 1, instead of `level`, as for `predict`.
        pub quantiles: Vec<f64> = Vec::new(),
        /// Sorts the quantiles of each row, so that none cross; false keeps them as the network computes them.
        pub sort_quantiles: bool = true,
        /// What to do with missing values that `fit` has not filled. Left out: as in `fit`.
        pub on_missing: Option<OnMissing> = None,
    }
}

options! {
    /// Options of [`NeuralForecast::make_future_frame`] and [`NeuralForecast::missing_future`].
    pub struct FutureOptions {
        /// Histories instead of the training data.
        pub data: Option<Table> = None,
        /// Steps after each series. Left out: the models' `h`.
        pub h: Option<usize> = None; at least 1,
    }
    elsewhere {
        "df" => "data",
        "horizon" => "h",
        "future futrdf" => "it is the first argument of missingFuture",
    }
}

options! {
    /// Options of [`NeuralForecast::predictor`].
    pub struct PredictorOptions {
        /// Name of the model, as in [`NeuralForecast::names`]; may be left out if there is only one.
        pub model: Option<String> = None,
        /// Maximum number of windows per call.
        pub batch: usize = 1; from 1 to 65_536,
        /// Maximum number of threads per call. Results do not depend on it. Each thread takes 64 windows, or multivariate
        /// windows of about 64 series together. Left out: 1 for batches up to that size, else all physical cores.
        pub threads: Option<usize> = None; from 1 to 1024,
        /// Sorts the quantiles of each step, so that none cross; false keeps them as the network computes them.
        pub sort_quantiles: bool = true,
    }
    elsewhere {
        "model" => FIRST,
    }
}

options! {
    /// Exogenous values of `n` windows, row-major; `L` is the length of the input (`inputSize`). Columns are in the order
    /// of the model's options. A category is its position in `categories`, counted from 1; 0 is any other value.
    pub struct WindowOptions {
        /// The columns of `futrExogList` over input and horizon: `[n, L + h, columns]`; multivariate
        /// `[n, nSeries, L + h, columns]`.
        pub futr: Option<WindowNumbers> = None,
        /// The columns of `histExogList` over the input: `[n, L, columns]`; multivariate `[n, nSeries, L, columns]`.
        pub hist: Option<WindowNumbers> = None,
        /// The columns of `statExogList`: `[n, columns]`; multivariate `[nSeries, columns]`, the same for all windows.
        pub stat: Option<WindowNumbers> = None,
    }
    elsewhere {
        "y" => FIRST,
        "out" => "it is the third argument",
    }
}

options! {
    /// Options of [`NeuralForecast::save`].
    pub struct SaveOptions {
        /// Whether an existing checkpoint may be replaced.
        pub overwrite: bool = false,
        /// Whether the training data is saved too, so that `predict` works without `data`.
        pub save_dataset: bool = true,
    }
    elsewhere {
        "path dir" => FIRST,
    }
}

options! {
    /// What a chart shows, and its size.
    #[derive(PartialEq)]
    pub struct ChartOptions {
        /// Series to draw, in this order. Left out: the first eight.
        pub ids: Option<Vec<SeriesId>> = None,
        /// Models to draw. Left out: all.
        pub models: Option<Vec<String>> = None,
        /// Levels of the prediction intervals to draw, in percent. Left out: all.
        pub level: Option<Vec<f64>> = None,
        /// Steps of history to draw. Left out: four horizons, at least 36.
        pub max_insample_length: Option<usize> = None; at least 1,
        /// Title above the chart.
        pub title: Option<String> = None,
        /// Width in pixels.
        pub width: u32 = 960,
        /// Height in pixels. Left out: by the number of series.
        pub height: Option<u32> = None,
    }
    elsewhere {
        "maxinsample" => "maxInsampleLength",
        "levels" => "level",
    }
}

options! {
    /// Tables that a chart shows with the forecast.
    pub struct ChartTables {
        /// History before the forecast. Left out: the data that the forecast continues.
        pub history: Option<Table> = None,
        /// Actual values, drawn with the forecasts.
        pub actual: Option<Table> = None,
    }
}

options! {
    /// How forecasts are scored.
    pub struct MetricsOptions {
        /// Steps of a season, for `mase` and the seasonal naive forecast. Left out: by `freq`, such as 12 for months, 7 for
        /// days and 24 for hours.
        pub season_length: Option<usize> = None; at least 1,
        /// Model or column of the forecast that `rmae` and `relmse` are relative to. Left out: the seasonal naive forecast.
        pub benchmark: Option<String> = None,
        /// The parts whose scores are given one by one. Left out: one score of each model and metric.
        pub by: Option<By> = None,
        /// Adds the scores of the seasonal naive forecast, which repeats the last season, as `SeasonalNaive`.
        pub seasonal_naive: bool = false,
    }
    elsewhere {
        "seasonality" => "seasonLength",
        "metrics names" => "it is the second argument",
    }
}
