//! The options of calls that study forecasts: sample paths, parts, and forecasts of known rows.

#[cfg(doc)]
use super::super::neural_forecast::NeuralForecast;
use super::{FIRST, OnShort, Refit};
use crate::conformal::PredictionIntervals;
use crate::data::{ColumnNames, OnGap, OnMissing, Table};
use crate::options::options;
use crate::simulation::Dependence;

options! {
    /// Options of [`NeuralForecast::simulate`]. The quantiles of each step are those of `predict`: any model that has some can be
    /// simulated, and with `predictionIntervals` of `fit` every model.
    pub struct SimulateOptions {
        /// Number of paths of each series.
        pub n_paths: usize = 100; from 1 to 1_000_000,
        /// How the steps of a path depend on each other.
        pub method: Dependence = Dependence::GaussianCopula,
        /// Random seed. Left out: that of the first model.
        pub seed: Option<i64> = None,
        /// Quantile levels between which values are interpolated, for models that forecast any; others have those that they
        /// were trained for. Left out: 0.01, 0.02, …, 0.99.
        pub quantiles: Vec<f64> = Vec::new(),
        /// Histories to forecast from, instead of the training data.
        pub data: Option<Table> = None,
        /// One row per series of `data`, for the columns of `statExogList`.
        pub static_table as "static": Option<Table> = None,
        /// The columns of `futrExogList` at the forecast times.
        pub future: Option<Table> = None,
        /// Steps to forecast, if more than the models were trained for. Left out: the models' `h`.
        pub h: Option<usize> = None; at least 1,
        /// What to do where a series of `data` skips a time. Left out: as in `fit`.
        pub on_gap: Option<OnGap> = None,
        /// What to do with missing values, as for `predict`. Left out: as in `fit`.
        pub on_missing: Option<OnMissing> = None,
        /// What to do with series shorter than `inputSize`, as for `predict`.
        pub on_short: OnShort = OnShort::Pad,
    }
    elsewhere {
        "df history" => "data",
        "staticdf" => "static",
        "futrdf futuredf xdf futr exog" => "future",
        "paths samples numsamples" => "nPaths",
        "horizon" => "h",
        "randomseed" => "seed",
    }
}

options! {
    /// Options of [`NeuralForecast::decompose`].
    pub struct DecomposeOptions {
        /// Histories to forecast from, instead of the training data.
        pub data: Option<Table> = None,
        /// One row per series of `data`, for the columns of `statExogList`.
        pub static_table as "static": Option<Table> = None,
        /// The columns of `futrExogList` at the forecast times.
        pub future: Option<Table> = None,
        /// What to do where a series of `data` skips a time. Left out: as in `fit`.
        pub on_gap: Option<OnGap> = None,
        /// What to do with missing values, as for `predict`. Left out: as in `fit`.
        pub on_missing: Option<OnMissing> = None,
        /// What to do with series shorter than `inputSize`, as for `predict`.
        pub on_short: OnShort = OnShort::Pad,
    }
    elsewhere {
        "df history" => "data",
        "staticdf" => "static",
        "futrdf futuredf xdf futr exog" => "future",
    }
}

options! {
    /// Options of [`NeuralForecast::cross_validation`]. The last forecast of each series ends with its last row.
    pub struct CrossValidationOptions {
        /// One row per series, for the columns of `statExogList`.
        pub static_table as "static": Option<Table> = None,
        /// Number of forecasts of each series. Left out: 1, or as many as `testSize` has room for.
        pub n_windows: Option<usize> = None; at least 1,
        /// Rows between the starts of consecutive forecasts.
        pub step_size: usize = 1; at least 1,
        /// Rows at the end of each series that are forecast, instead of `nWindows`: `h`, or more by a multiple of `stepSize`.
        pub test_size: Option<usize> = None; at least 1,
        /// When models are trained: false, once, on the rows before the first forecast; true, anew for each forecast; a
        /// number, anew for every so many forecasts. Every training starts from newly initialized weights.
        pub refit: Refit = Refit::Never,
        /// Forecasts with the models as they are fitted, without training. Scalers of whole series are fitted to the rows
        /// before the first forecast.
        pub use_fitted: bool = false,
        /// Rows before the first forecast that each training holds out for validation: 0, or at least `h`.
        pub val_size: usize = 0,
        /// Steps of each forecast, if more than the models' `h`. Left out: the models' `h`.
        pub h: Option<usize> = None; at least 1,
        /// Levels of prediction intervals in percent, as for `predict`.
        pub level: Vec<f64> = Vec::new(),
        /// Quantile levels between 0 and 1, instead of `level`, as for `predict`.
        pub quantiles: Vec<f64> = Vec::new(),
        /// Sorts the quantiles of each row, so that none cross; false keeps them as the network computes them.
        pub sort_quantiles: bool = true,
        /// Calibrates conformal prediction intervals in each training, as `fit` does. Left out: no calibration.
        pub prediction_intervals: Option<PredictionIntervals> = None,
        /// Names of the special columns of `data`. Left out: with `useFitted` as in `fit`, else the usual ones.
        pub names as "columns": Option<ColumnNames> = None,
        /// What to do where a series skips a time. Left out: with `useFitted` as in `fit`, else an error.
        pub on_gap: Option<OnGap> = None,
        /// What to do with missing values of the target and of exogenous columns. Left out: with `useFitted` as in `fit`,
        /// else as `fit` does when it is left out.
        pub on_missing: Option<OnMissing> = None,
        /// Steps of each training, for all models. Left out: each model's `maxSteps`.
        pub max_steps: Option<usize> = None; at least 1,
    }
    elsewhere {
        "df data path" => FIRST,
        "staticdf" => "static",
        "windows" => "nWindows",
        "horizon" => "h",
        "useinitmodels" => "every training starts from newly initialized weights",
        "idcol timecol targetcol id time target" => "columns",
        "freq" => "it is an option of new NeuralForecast()",
    }
}
