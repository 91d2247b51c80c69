//! Forecasters and forecasts: what users call.

#[doc(hidden)]
pub mod calls;
mod chart;
mod column;
mod columns;
mod continued;
mod future;
mod horizon;
mod insample;
mod lacking;
mod lease;
mod memory;
mod metrics;
mod neural_forecast;
mod predictor;
mod quantiles;
mod reading;
mod report;
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

pub use calls::{
    ChartOptions, FitMode, FitOptions, FutureOptions, Init, InsampleOptions, MetricsOptions,
    OnShort, PredictOptions, PredictorOptions, RunOptions, SaveOptions, SeriesId,
    TrainingCheckpoint,
};
pub use column::Column;
pub use continued::Continued;
pub use future::FutureFrame;
pub use lease::{Lease, Slot, Use};
pub use metrics::{Metric, Scores, evaluate, evaluate_against, seasonal_naive};
pub use neural_forecast::NeuralForecast;
pub use predictor::{Predictor, WindowArrays, WindowExog};
pub use report::{FitReport, MemoryUsage};
pub use result::Forecast;
