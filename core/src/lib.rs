//! Neural time-series forecasting: models, automatic differentiation, kernels and training.

pub mod data;
mod error;
pub mod forecast;

pub use error::{Details, Error, ErrorCode, Result, nearest};
