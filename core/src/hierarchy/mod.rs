//! Hierarchies of series: which sums hold between their values, and how forecasts are changed so that the sums hold.
//!
//! The `b` bottom series are forecast values that add up; each of the `a` other series, an aggregate, is a weighted sum of
//! them. The summing matrix `S`, `[a + b, b]`, has a row for each series: `S = [A; I]`. Forecasts `y` of all series are
//! *coherent* if `y = S·b` for the forecasts `b` of the bottom series.

mod cholesky;
mod reconciliation;
mod summing;

pub(crate) use reconciliation::Reconciler;
pub use reconciliation::Reconciliation;
pub use summing::SummingMatrix;
