//! What all suites share: series and models to measure, and how a suite says what it found.

mod allocation;
mod case;
mod elsewhere;
mod limit;
mod panel;
mod suite;

pub use allocation::{Counting, peak_of};
pub use case::{Case, LARGE, Ran, SMALL, Size, models};
pub use elsewhere::Elsewhere;
pub use limit::{multiply_add_limit, multiply_add_scaling};
pub use panel::{airline_passengers, numbers, seasonal, split_tails};
pub use suite::{Share, Suite, Target, median, rounded, suite};
