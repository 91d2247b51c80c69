//! Forecasters and forecasts: the public API.

mod calibration;
#[doc(hidden)]
pub mod calls;
#[cfg(feature = "charts")]
mod chart;
mod checkpoint_writer;
mod coherent;
mod column;
mod column_names;
mod columns;
mod continued;
mod cross_validation;
#[cfg(feature = "io")]
mod csv_text;
mod decompose;
mod ensemble;
mod fitted;
mod folds;
mod future;
mod hierarchies;
mod horizon;
mod inputs;
mod insample;
mod interpretation;
mod lease;
mod memory;
mod metrics;
mod missing_inputs;
mod models;
mod neural_forecast;
mod persisted_categories;
mod persisted_hierarchy;
mod persisted_training;
mod persistence;
mod pipeline;
mod predict;
mod predictor;
mod quantiles;
mod report;
mod result;
mod same_series;
mod simulate;
mod target_support;
mod training_data;
mod training_run;
mod within;

#[cfg(test)]
pub(crate) use columns::Job;
#[cfg(test)]
pub(crate) use horizon::forecast_model;

#[cfg(feature = "charts")]
pub use calls::ChartOptions;
pub use calls::{
    CrossValidationOptions, DecomposeOptions, FitMode, FitOptions, FutureOptions, Init,
    InsampleOptions, MetricsOptions, OnShort, PredictOptions, PredictorOptions, Refit, RunOptions,
    SaveOptions, SeriesId, SimulateOptions, TrainingCheckpoint,
};
pub use column::Column;
pub use continued::Continued;
pub use ensemble::{EnsembleMethod, EnsembleOptions};
pub use future::FutureFrame;
pub use interpretation::{Interpretation, VariableWeights};
pub use lease::{Lease, Slot, Use};
pub use metrics::{
    By, Metric, ModelScores, PartScores, Scores, Scoring, evaluate, evaluate_with, seasonal_naive,
};
pub use neural_forecast::NeuralForecast;
pub use predictor::{Predictor, WindowArrays, WindowExog};
pub use report::{FitReport, MemoryUsage};
pub use result::Forecast;
