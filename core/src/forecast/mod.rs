//! Forecasters and forecasts: what users call.

mod chart;
mod horizon;
mod metrics;
mod neural_forecast;
mod result;
mod saved;

#[cfg(test)]
pub(crate) use horizon::forecast_model;

pub use chart::ChartOptions;
pub use metrics::{Metric, Scores, evaluate, seasonal_naive};
pub use neural_forecast::{FitOptions, FitReport, MemoryUsage, NeuralForecast, PredictOptions};
pub use result::Forecast;
pub use saved::SaveOptions;
