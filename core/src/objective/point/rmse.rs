//! The root of the mean squared error of a whole batch. Upstream: `losses/pytorch.py: RMSE`.

use super::{Given, Loss, Made, Squared, divide_no_nan, loss};
use crate::Result;
use crate::objective::batch::Totals;
use crate::objective::elementwise::Elementwise;
use crate::objective::formula::Formula;

loss! {
    /// Root of the mean squared error of the whole batch.
    pub struct RMSE: "RMSE", "rmse", weighted {}
}

impl Loss for RMSE {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        Ok(Made::point(RootMeanSquare))
    }
}

#[derive(Debug)]
struct RootMeanSquare;

impl Formula for RootMeanSquare {
    fn elementwise(&self) -> Option<&dyn Elementwise> {
        Some(&Squared)
    }

    /// Differs from upstream: if all errors are 0, the gradient is 0, not NaN.
    fn finish(&self, value: f64, _: &Totals, grads: &mut [f32]) -> f64 {
        let root = value.sqrt();
        let factor = divide_no_nan(0.5, root) as f32;
        grads.iter_mut().for_each(|g| *g *= factor);
        root
    }
}
