//! Forecasters and forecasts: what users call.

mod chart;
mod metrics;
mod neural_forecast;
mod result;
mod saved;
mod saved_training;
mod training_run;

#[cfg(test)]
pub(crate) use neural_forecast::forecast_model;

pub use chart::ChartOptions;
pub use metrics::{Metric, Scores, evaluate, seasonal_naive};
pub use neural_forecast::{FitOptions, FitReport, MemoryUsage, NeuralForecast, PredictOptions};
pub use result::Forecast;
pub use saved::SaveOptions;
pub use training_run::{FitMode, TrainingCheckpoint};
