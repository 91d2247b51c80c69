//! The options of every call, each declared once: its default, its rules, and the sentence that users read. A sentence that
//! ends with `Left out: …` says what holds where an option has no default of its own.

#[cfg(feature = "io")]
mod files;
#[cfg(feature = "io")]
mod registry;
mod values;

use std::path::PathBuf;

#[cfg(feature = "io")]
pub use files::{FileFormat, FileInput};
#[cfg(feature = "io")]
pub use registry::{check_names, describe, metrics, read, tables_of};
pub use values::{OnProgress, SeriesId, Signal, WindowNumbers};

#[cfg(doc)]
use super::neural_forecast::NeuralForecast;
use crate::data::{ColumnNames, Frequency, NumericTime, OnGap, OnMissing, Table, TimeZone};
use crate::models::ModelSpec;
use crate::options::{choices, nested, options};
use crate::scalers::LocalScalerType;

const FIRST: &str = "it is the first argument";
const OF_MODELS: &str = "it is an option of each model, such as NHITS({ h: 12, inputSize: 24 })";

options! {
    /// What a forecaster is made of.
    pub struct Init {
        /// The models, as their functions make them.
        pub models: Vec<ModelSpec> = Vec::new();
            fits is_some "a list of model specs, such as NHITS({ h: 12, inputSize: 24 })",
        /// A pandas alias such as `'MS'`, `'D'`, `'h'`, `'15min'`, `'1mo'` for the same day of each month, or a number of
        /// steps. Left out: inferred from the data.
        pub freq: Option<Frequency> = None,
        /// The time zone that dates are of, such as `'Europe/Berlin'`: texts without an offset are read in it, days and
        /// months are those of its clocks, hours and less are exact, and `toCsv` writes local times. `ds` stays
        /// milliseconds, UTC. A time that clocks show twice is the second where it follows the first in the order of the
        /// rows; one that they skip is as much later as they skip.
        pub time_zone: Option<TimeZone> = None,
        /// What numbers in the time column count, in every table: seconds, milliseconds, microseconds or nanoseconds since
        /// 1970, or years. They are converted to milliseconds exactly, or refused. Dates and ISO texts say by themselves what
        /// they are. Left out: milliseconds, or years when `freq` is yearly.
        pub time_unit: Option<NumericTime> = None,
        /// Scales each series as a whole, exogenous columns too; forecasts are scaled back. Left out: none.
        pub local_scaler_type: Option<LocalScalerType> = None,
        /// Scales each static column over all series. Left out: none.
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
    /// What every run can be told.
    pub struct RunOptions {
        /// Stops the work: the promise rejects with the signal's reason.
        pub signal: Option<Signal> = None,
        /// Told how far the work is. What it throws stops the work and rejects its promise.
        pub on_progress: Option<OnProgress> = None,
        /// Milliseconds between calls of `onProgress`.
        pub progress_interval_ms: f64 = 100.0; from 0 to 2_147_483_647,
        /// Threads for this call. Results do not depend on it. Left out: all processors.
        pub threads: Option<usize> = None; from 1 to 1024,
        /// Bytes that this call may take outside of JavaScript's heap. What would take more is refused with
        /// `ERR_NF_MEMORY_LIMIT` before it begins. Left out: what the machine, its control group or `ulimit` has left.
        pub memory_limit_bytes: Option<usize> = None; at least 1,
    }
}

choices! {
    /// Where training begins.
    pub enum FitMode: default Fresh {
        /// New weights.
        Fresh = "fresh",
        /// The weights, the optimizer's memory, the number of steps and the random numbers that the last run left: 50 steps
        /// and 50 more on the same data give the same bytes as 100. A run that was interrupted, and loaded from what
        /// `checkpoint` saved, goes on to where it was to end. On other data the validation losses so far are forgotten.
        /// Schedules go on by the number of steps in all: the default one keeps halving at the same distance, `oneCycle` ends
        /// with its `totalSteps`.
        Continue = "continue",
    }
}

options! {
    /// Saves the forecaster while it is trained.
    pub struct TrainingCheckpoint {
        /// The directory, as for `save`. A checkpoint that is there is replaced.
        pub path: PathBuf = PathBuf::new(),
        /// Training steps of a model between two times; it is saved at the end too.
        pub every_steps: usize = 0; at least 1,
    }
}
nested!(TrainingCheckpoint);

options! {
    /// Options of [`NeuralForecast::fit`].
    pub struct FitOptions {
        /// One row per series, for the columns of `statExogList`.
        pub static_table as "static": Option<Table> = None,
        /// Rows at the end of each series that are kept for validation: 0, or at least `h`.
        pub val_size: usize = 0,
        /// Rows that validate instead, in a table of their own: for every series as many, at least `h`, right after its rows
        /// in `data`. Forecasts then begin after them.
        pub val_data: Option<Table> = None,
        /// What the special columns of `data` are called.
        pub names as "columns": ColumnNames = ColumnNames::default(),
        /// What to do where a series skips a time. Holds for the `data` of later forecasts too.
        pub on_gap: OnGap = OnGap::Error,
        /// What to do with missing values of the target and of exogenous columns. Holds for later forecasts too. Left out:
        /// missing targets are masked with a warning, and a forecast that would begin from them is an error; missing
        /// exogenous values are an error.
        pub on_missing: Option<OnMissing> = None,
        /// Whether training begins anew, or goes on from what the last run left: 50 steps and 50 more on the same data give
        /// the same bytes as 100.
        pub mode: FitMode = FitMode::Fresh,
        /// Steps of this run, for all models. Schedules go by the models' own `maxSteps`. Left out: each model's `maxSteps`.
        pub max_steps: Option<usize> = None; at least 1,
        /// Saves on the way, so that a killed process goes on with `load` and `mode: 'continue'`. Replaces a checkpoint at
        /// `path`.
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
        /// Histories to continue instead of the training data.
        pub data: Option<Table> = None,
        /// One row per series of `data`, for the columns of `statExogList`.
        pub static_table as "static": Option<Table> = None,
        /// The columns of `futrExogList` for the forecast times.
        pub future: Option<Table> = None,
        /// Prediction intervals in percent, such as 90, among those the loss has learned; any, of an implicit quantile loss.
        /// The forecast then has these beside means and medians, and no others.
        pub level: Vec<f64> = Vec::new(),
        /// Quantiles between 0 and 1, instead of `level`: among those the loss has learned, or any, of an implicit quantile
        /// loss. As NeuralForecast does, it takes them from a sorted grid of eleven forecasts, whose quantile 0.9 is the
        /// network's at 0.95.
        pub quantiles: Vec<f64> = Vec::new(),
        /// Puts the quantiles of each row in order, so that none crosses another; false leaves them as the network gives them.
        pub sort_quantiles: bool = true,
        /// Steps to forecast, when more than the models were trained for. Left out: the models' `h`.
        pub h: Option<usize> = None; at least 1,
        /// What to do where a series of `data` skips a time. Left out: what `fit` was told.
        pub on_gap: Option<OnGap> = None,
        /// What to do with missing values, also those of the training data that `fit` has not filled. Left out: what `fit`
        /// was told.
        pub on_missing: Option<OnMissing> = None,
        /// What to do with series shorter than `inputSize`: put zeros before them, with a warning, or refuse them.
        pub on_short: OnShort = OnShort::Pad,
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
        /// Rows between the beginnings of forecasts.
        pub step_size: usize = 1; at least 1,
        /// Prediction intervals in percent, as of `predict`.
        pub level: Vec<f64> = Vec::new(),
        /// Quantiles between 0 and 1, instead of `level`, as of `predict`.
        pub quantiles: Vec<f64> = Vec::new(),
        /// Puts the quantiles of each row in order, so that none crosses another; false leaves them as the network gives them.
        pub sort_quantiles: bool = true,
        /// What to do with missing values that `fit` has not filled. Left out: what `fit` was told.
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
        /// Name of the model, as in [`NeuralForecast::names`]; may be left out where there is one.
        pub model: Option<String> = None,
        /// Windows of a call at most.
        pub batch: usize = 1; from 1 to 65_536,
        /// Threads of a call at most. Results do not depend on it. A thread takes 64 windows, or whole ones of about 64 series
        /// together. Left out: 1 up to that, else all processors.
        pub threads: Option<usize> = None; from 1 to 1024,
        /// Puts the quantiles of each step in order, so that none crosses another; false leaves them as the network gives them.
        pub sort_quantiles: bool = true,
    }
    elsewhere {
        "model" => FIRST,
    }
}

options! {
    /// What is known beside the target, row-major; `n` windows of `L` (`inputSize`) values. Columns are in the order of the
    /// model's options. A category is its place in `categories`, counted from 1; 0 is any other.
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
        /// Whether the training data is saved too, so that `predict` needs none.
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
        /// Prediction intervals to draw, in percent. Left out: all there are.
        pub level: Option<Vec<f64>> = None,
        /// Steps of history to draw. Left out: four horizons, at least 36.
        pub max_insample_length: Option<usize> = None; at least 1,
        /// A line above the chart.
        pub title: Option<String> = None,
        /// Width in pixels.
        pub width: u32 = 960,
        /// Height in pixels. Left out: as the number of series needs.
        pub height: Option<u32> = None,
    }
    elsewhere {
        "maxinsample" => "maxInsampleLength",
        "levels" => "level",
    }
}

options! {
    /// Tables that a chart shows beside the forecast.
    pub struct ChartTables {
        /// What came before. Left out: the data the forecast continues.
        pub history: Option<Table> = None,
        /// What really happened, drawn beside the forecasts.
        pub actual: Option<Table> = None,
    }
}

options! {
    /// How forecasts are scored.
    pub struct MetricsOptions {
        /// Steps of a season, for `mase` and the seasonal naive. Left out: by `freq`, 12 of months, 7 of days, 24 of hours.
        pub season_length: Option<usize> = None; at least 1,
        /// Model or column of the forecast that `rmae` and `relmse` are relative to. Left out: the seasonal naive forecast.
        pub benchmark: Option<String> = None,
        /// Adds the scores of repeating the last season, as `SeasonalNaive`.
        pub seasonal_naive: bool = false,
    }
    elsewhere {
        "seasonality" => "seasonLength",
        "metrics names" => "it is the second argument",
    }
}
