//! Neural time-series forecasting: models, automatic differentiation, kernels and training.

pub mod data;
mod error;
#[doc(hidden)]
pub mod kernels;
#[doc(hidden)]
pub mod simd;

pub use error::{Details, Error, ErrorCode, Result, nearest};
