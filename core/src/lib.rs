#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! Each module uses only those below it.
//!
//! | module | what it is |
//! |---|---|
//! | [`NeuralForecast`], [`Forecast`] | the public API |
//! | [`checkpoint`] | checkpoint directories in NeuralForecast's format |
//! | [`train`] | window sampling, the training step and the training loop |
//! | `infer` | inference: a model applied to windows, without a trainer |
//! | `batch` | assembly of windows into model inputs |
//! | [`models`] | one file per model, the registry, and the shared options |
//! | [`hierarchy`] | series that add up, and how forecasts become coherent |
//! | [`objective`] | losses, distributions and the outputs of a forecast |
//! | [`optim`] | optimizers and learning-rate schedules |
//! | [`nn`], [`scalers`] | layers with upstream's parameter names; window scalers |
//! | [`tape`] | automatic differentiation: values, operations and their derivatives |
//! | [`data`] | tables, calendars, panels, windows |
//! | [`options`] | how options are declared and read |
//! | `kernels`, `simd` | loops over slices, compiled for each instruction set |
#![warn(missing_docs)]

mod batch;
pub mod checkpoint;
pub mod conformal;
mod control;
#[cfg(feature = "parallel")]
mod cores;
pub mod data;
mod error;
mod forecast;
pub mod hierarchy;
mod infer;
mod interrupt;
#[doc(hidden)]
pub mod kernels;
#[cfg(feature = "llm")]
mod llm;
pub mod memory;
pub mod models;
pub mod nn;
mod numpy_random;
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
pub mod simulation;
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
    By, Column, Continued, CrossValidationOptions, DecomposeOptions, EnsembleMethod,
    EnsembleOptions, FitMode, FitOptions, FitReport, Forecast, FutureFrame, FutureOptions, Init,
    InsampleOptions, Interpretation, Lease, MemoryUsage, Metric, MetricsOptions, ModelScores,
    NeuralForecast, OnShort, PartScores, PredictOptions, Predictor, PredictorOptions, Refit,
    RunOptions, SaveOptions, Scores, Scoring, SeriesId, SimulateOptions, Slot, TrainingCheckpoint,
    Use, VariableWeights, WindowArrays, WindowExog, calls, evaluate, evaluate_with, seasonal_naive,
};
pub use models::{ModelSpec, describe, describe_wrappers, model_names};
pub use ndarray;
pub use objective::describe as losses;
pub use train::ModelReport;
