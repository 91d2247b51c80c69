#![doc = include_str!("../README.md")]
//!
//! # The map
//!
//! Each layer sees only those below it.
//!
//! | module | what it is |
//! |---|---|
//! | [`NeuralForecast`], [`Forecast`] | what users call |
//! | [`checkpoint`] | NeuralForecast's directory format |
//! | [`train`] | which windows are drawn, the step, the loop |
//! | `infer` | a model run over windows: forecasts without a trainer |
//! | `batch` | windows to the inputs of a model |
//! | [`models`] | one file each, their registry, and the options they share |
//! | [`objective`] | losses and distributions, and what a forecast is made of |
//! | [`optim`] | optimizers and learning-rate schedules |
//! | [`nn`], [`scalers`] | layers with upstream's parameter names; window scalers |
//! | [`tape`] | values, operations and their derivatives |
//! | [`data`] | tables, calendars, panels, windows |
//! | [`options`] | how options are declared and read |
//! | `kernels`, `simd` | loops over slices, compiled for each instruction set |
#![warn(missing_docs)]

mod batch;
pub mod checkpoint;
mod control;
pub mod data;
mod error;
mod forecast;
mod infer;
mod interrupt;
#[doc(hidden)]
pub mod kernels;
pub mod memory;
pub mod models;
pub mod nn;
pub mod objective;
pub mod optim;
pub mod options;
pub mod rng;
#[cfg(feature = "parallel")]
pub mod runtime;
#[cfg(not(feature = "parallel"))]
#[path = "runtime_alone.rs"]
pub mod runtime;
pub mod scalers;
#[doc(hidden)]
pub mod simd;
mod special;
pub mod tape;
pub mod train;
mod variates;

#[cfg(test)]
mod parity;

pub use control::{Control, Progress, ProgressFn};
pub use error::{Details, Error, ErrorCode, Result, nearest};
#[cfg(feature = "charts")]
pub use forecast::ChartOptions;
pub use forecast::{
    Column, Continued, FitMode, FitOptions, FitReport, Forecast, FutureFrame, FutureOptions, Init,
    InsampleOptions, Lease, MemoryUsage, Metric, MetricsOptions, NeuralForecast, OnShort,
    PredictOptions, Predictor, PredictorOptions, RunOptions, SaveOptions, Scores, SeriesId, Slot,
    TrainingCheckpoint, Use, WindowArrays, WindowExog, calls, evaluate, evaluate_against,
    seasonal_naive,
};
pub use models::{ModelSpec, describe, model_names};
pub use ndarray;
pub use objective::describe as losses;
pub use train::ModelReport;
