//! Scalers: per window, inside the models, and per series, outside of them.

mod boxcox;
mod series;
mod window;

pub use series::{LocalScalerType, SeriesScaler};
pub use window::{ScalerType, Statistics};
