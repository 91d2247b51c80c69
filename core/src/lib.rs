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
//! | [`train`] | windows to batches, the step, the loop |
//! | [`models`] | one file each, and their registry |
//! | [`nn`], [`objective`], [`scalers`] | layers with upstream's parameter names; losses; window scalers |
//! | [`tape`] | values, operations and their derivatives |
//! | [`data`] | tables, calendars, panels, windows |
//! | `kernels`, `simd` | loops over slices, compiled for each instruction set |
#![warn(missing_docs)]

pub mod checkpoint;
pub mod data;
mod error;
mod forecast;
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

pub use error::{Details, Error, ErrorCode, Result, nearest};
pub use forecast::{
    ChartOptions, Column, Continued, FitMode, FitOptions, FitReport, Forecast, FutureFrame,
    FutureOptions, Init, InsampleOptions, Lease, MemoryUsage, Metric, MetricsOptions,
    NeuralForecast, OnShort, PredictOptions, Predictor, PredictorOptions, RunOptions, SaveOptions,
    Scores, SeriesId, Slot, TrainingCheckpoint, Use, WindowArrays, WindowExog, calls, evaluate,
    evaluate_against, seasonal_naive,
};
pub use models::{ModelSpec, describe, model_names};
pub use ndarray;
pub use objective::describe as losses;
pub use train::{Control, ModelReport, Progress};
