//! Scalers: per window here; their statistics see only the available points of a window's input part.

mod window;

pub use window::{ScalerType, Statistics};
