//! Scalers of single windows, inside the models, and of whole series, outside of them.

mod boxcox;
mod series;
mod window;

pub use series::{LocalScalerType, SeriesScaler};
pub use window::{ScalerType, Statistics};
