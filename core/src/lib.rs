//! Neural time-series forecasting: models, automatic differentiation, kernels and training.

pub mod checkpoint;
pub mod data;
mod error;
mod forecast;
#[doc(hidden)]
pub mod kernels;
pub mod losses;
pub mod models;
pub mod nn;
pub mod options;
pub mod rng;
pub mod runtime;
pub mod scalers;
#[doc(hidden)]
pub mod simd;
pub mod tape;
pub mod train;

#[cfg(test)]
mod parity;

pub use error::{Details, Error, ErrorCode, Result, nearest};
pub use forecast::{
    ChartOptions, FitOptions, FitReport, Forecast, MemoryUsage, Metric, NeuralForecast,
    PredictOptions, SaveOptions, Scores, evaluate, seasonal_naive,
};
pub use models::{ModelSpec, describe};
pub use train::{Control, ModelReport, Progress};
