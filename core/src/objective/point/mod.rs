//! Losses of point forecasts. This file has those that are the mean of a loss per point: MAE, MSE, MAPE, SMAPE. Upstream:
//! `losses/pytorch.py`.

mod accuracy;
mod fredf;
mod huber;
mod mase;
mod rmse;
mod tukey;

use std::fmt::Debug;

use super::Made;
use super::elementwise::Elementwise;
use super::formula::Formula;
use super::registry::{Given, Loss, loss};
use crate::Result;
use crate::kernels::point_loss::{Arithmetic, PointLoss};

pub use accuracy::Accuracy;
pub use fredf::FreDF;
pub use huber::HuberLoss;
pub(super) use huber::huber;
pub use mase::MASE;
pub use rmse::RMSE;
pub use tukey::TukeyLoss;
pub(super) use tukey::spread;

loss! {
    /// Mean absolute error.
    pub struct MAE: "MAE", "mae", weighted {}
}

impl Loss for MAE {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        Ok(Made::point(Mean(Absolute)))
    }
}

loss! {
    /// Mean squared error.
    pub struct MSE: "MSE", "mse", weighted {}
}

impl Loss for MSE {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        Ok(Made::point(Mean(Squared)))
    }
}

loss! {
    /// Mean of |error| / |actual|; points whose actual value is 0 count as 0.
    pub struct MAPE: "MAPE", "mape", weighted {}
}

impl Loss for MAPE {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        Ok(Made::point(Mean(Percentage)))
    }
}

loss! {
    /// Mean of 2·|error| / (|actual| + |forecast|); 0 where both are 0.
    pub struct SMAPE: "SMAPE", "smape", weighted {}
}

impl Loss for SMAPE {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        Ok(Made::point(Mean(SymmetricPercentage)))
    }
}

/// The weighted mean of a loss per number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mean<L>(pub(super) L);

impl<L: PointLoss + Debug + Send + Sync + 'static> Formula for Mean<L> {
    fn elementwise(&self) -> Option<&dyn Elementwise> {
        Some(&self.0)
    }
}

/// `|y - ŷ|`
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absolute;

/// `(y - ŷ)²`
#[derive(Clone, Copy, Debug)]
pub(crate) struct Squared;

/// `|y - ŷ| / |y|`, 0 where `y` is 0
#[derive(Clone, Copy, Debug)]
pub(crate) struct Percentage;

/// `2·|y - ŷ| / (|y| + |ŷ|)`, 0 where both are 0
#[derive(Clone, Copy, Debug)]
pub(crate) struct SymmetricPercentage;

impl PointLoss for Absolute {
    #[inline(always)]
    fn both<A: Arithmetic>(self, a: A, y: A::V, y_hat: A::V, _: A::V) -> [A::V; 2] {
        let error = a.sub(y, y_hat);
        [a.abs(error), a.sign(a.neg(error))]
    }
}

impl PointLoss for Squared {
    #[inline(always)]
    fn both<A: Arithmetic>(self, a: A, y: A::V, y_hat: A::V, _: A::V) -> [A::V; 2] {
        let error = a.sub(y, y_hat);
        [a.mul(error, error), a.mul(a.number(-2.0), error)]
    }
}

impl PointLoss for Percentage {
    #[inline(always)]
    fn both<A: Arithmetic>(self, a: A, y: A::V, y_hat: A::V, _: A::V) -> [A::V; 2] {
        let (error, size) = (a.sub(y, y_hat), a.abs(y));
        let slope = a.divide_no_nan(a.sign(a.neg(error)), size);
        [a.divide_no_nan(a.abs(error), size), slope]
    }
}

impl PointLoss for SymmetricPercentage {
    #[inline(always)]
    fn both<A: Arithmetic>(self, a: A, y: A::V, y_hat: A::V, _: A::V) -> [A::V; 2] {
        let error = a.sub(y, y_hat);
        let size = a.add(a.abs(y), a.abs(y_hat));
        let share = a.divide_no_nan(a.abs(error), size);
        let down = a.mul_add(a.sign(y_hat), share, a.sign(error));
        let slope = a.mul(a.number(-2.0), a.divide_no_nan(down, size));
        [a.mul(a.number(2.0), share), slope]
    }
}

/// `a / b`, 0 if `b` is 0; other non-finite quotients are kept. Upstream: `_divide_no_nan`.
pub(super) fn divide_no_nan(a: f64, b: f64) -> f64 {
    crate::kernels::point_loss::Double.divide_no_nan(a, b)
}

#[cfg(test)]
mod tests {
    use super::huber::Huber;
    use super::*;
    use crate::objective::quantile::{Pinball, PinballInHuber, PinballOfHuber};

    fn check(loss: impl PointLoss + Debug) {
        for (y, y_hat) in [(1.5, 0.25), (-2.0, 3.0), (0.5, -0.75), (0.0, 2.0), (0.3, 0.2)] {
            let [_, slope] = loss.of([y, y_hat], 0.9);
            let value = |by: f64| loss.of([y, y_hat + by], 0.9)[0];
            let error = (value(1e-6) - value(-1e-6)) / 2e-6 - slope;
            assert!(error.abs() < 1e-7, "{loss:?} at {y}, {y_hat}: {error}");
        }
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        check(Absolute);
        check(Squared);
        check(Percentage);
        check(SymmetricPercentage);
        check(Huber(1.2));
        check(Pinball);
        check(PinballOfHuber(0.6));
        check(PinballInHuber(0.6));
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(Percentage.of([0.0, 3.0], 0.5), [0.0, 0.0]);
        assert_eq!(SymmetricPercentage.of([0.0, 0.0], 0.5), [0.0, 0.0]);
        assert_eq!(divide_no_nan(0.0, 0.0), 0.0);
        assert!(divide_no_nan(f64::NAN, 2.0).is_nan());
    }

    #[test]
    fn at_kinks_slopes_are_torchs() {
        assert_eq!(Absolute.of([2.0, 2.0], 0.5), [0.0, 0.0]);
        assert_eq!(Pinball.of([2.0, 2.0], 0.9)[1], 0.5 - 0.9);
        assert_eq!(PinballOfHuber(1.0).of([2.0, 2.0], 0.9)[1], 0.0);
    }
}
