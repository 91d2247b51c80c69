//! Neural time-series forecasting: models, automatic differentiation, kernels and training.

pub mod checkpoint;
pub mod data;
mod error;

pub use error::{Details, Error, ErrorCode, Result, nearest};
