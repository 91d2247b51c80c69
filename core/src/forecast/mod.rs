//! Forecasts, and what users do with them: read, score, draw.

mod chart;
mod metrics;
mod result;

pub use chart::ChartOptions;
pub use metrics::{Metric, Scores, evaluate, seasonal_naive};
pub use result::Forecast;
