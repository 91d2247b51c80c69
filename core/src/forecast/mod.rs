//! Forecasters and forecasts: what users call.

mod calls;
#[cfg(feature = "charts")]
mod chart;
mod checkpoint_writer;
mod column;
mod column_names;
mod columns;
#[cfg(feature = "io")]
mod csv_text;
mod fitted;
mod future;
mod horizon;
mod inputs;
mod insample;
mod memory;
mod metrics;
mod missing_inputs;
mod models;
mod neural_forecast;
mod persisted_categories;
mod persisted_training;
mod persistence;
mod pipeline;
mod predict;
mod predictor;
mod quantiles;
mod result;
mod same_series;
mod target_support;
mod training_data;
mod training_run;

#[cfg(test)]
pub(crate) use columns::Job;
#[cfg(test)]
pub(crate) use horizon::forecast_model;

pub use calls::{FitOptions, FitReport, MemoryUsage, PredictOptions};
#[cfg(feature = "charts")]
pub use chart::ChartOptions;
pub use checkpoint_writer::TrainingCheckpoint;
pub use column::Column;
pub use future::FutureFrame;
pub use insample::InsampleOptions;
pub use metrics::{Metric, Scores, evaluate, evaluate_against, seasonal_naive};
pub use missing_inputs::OnShort;
pub use neural_forecast::NeuralForecast;
pub use persistence::SaveOptions;
pub use predictor::{Predictor, PredictorOptions, WindowArrays, WindowExog};
pub use result::Forecast;
pub use training_run::FitMode;
