//! Forecasters and forecasts: what users call.

mod calls;
#[cfg(feature = "charts")]
mod chart;
mod checkpoint_writer;
mod column;
mod columns;
#[cfg(feature = "io")]
mod csv_text;
mod future;
mod horizon;
mod insample;
mod lacking;
mod memory;
mod metrics;
mod neural_forecast;
mod pipeline;
mod predict;
mod predictor;
mod quantiles;
mod reading;
mod result;
mod saved;
mod saved_categories;
mod saved_training;
mod series;
mod targets;
mod titles;
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
pub use lacking::OnShort;
pub use metrics::{Metric, Scores, evaluate, evaluate_against, seasonal_naive};
pub use neural_forecast::NeuralForecast;
pub use predictor::{Predictor, PredictorOptions, WindowArrays, WindowExog};
pub use result::Forecast;
pub use saved::SaveOptions;
pub use training_run::FitMode;
