//! The fraction of points whose forecast equals the actual value. Upstream: `losses/pytorch.py: Accuracy`.

use super::{Given, Loss, Made, divide_no_nan, loss};
use crate::Result;
use crate::objective::batch::{Factors, Totals};
use crate::objective::formula::Formula;
use crate::objective::horizon::Horizon;

loss! {
    /// Fraction of points whose forecast equals the actual value; only as `validLoss`.
    pub struct Accuracy: "Accuracy", "accuracy" {}
}

impl Loss for Accuracy {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        Ok(Made::point(Share))
    }
}

#[derive(Debug)]
struct Share;

impl Formula for Share {
    fn is_trainable(&self) -> bool {
        false
    }

    fn add(&self, at: &Horizon<'_>, sums: &mut [f64; 2]) {
        // Upstream compares in f32.
        let share = |(t, mask): (usize, f64)| {
            let [y, y_hat] = at.point(t, 0);
            if y as f32 == y_hat as f32 { mask } else { 0.0 }
        };
        let sum: f64 = at.masks().enumerate().map(share).sum();
        sums[1] += at.count * sum / at.len() as f64;
    }

    fn factors(&self, totals: &Totals) -> Factors {
        Factors::Same([0.0, divide_no_nan(1.0, totals.windows)])
    }
}
