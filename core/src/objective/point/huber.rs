//! The Huber loss: quadratic for small errors, linear for large ones. Upstream: `losses/pytorch.py: HuberLoss`.

use super::{Given, Loss, Made, Mean, loss};
use crate::Result;
use crate::kernels::point_loss::{Arithmetic, PointLoss};

loss! {
    /// Huber loss: quadratic for errors up to `delta`, linear beyond.
    pub struct HuberLoss: "HuberLoss", "huber", weighted {
        /// Size of the error at which the loss becomes linear.
        pub delta: f64 = 1.0; positive,
    }
}

impl Loss for HuberLoss {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        Ok(Made::point(Mean(Huber(self.delta))))
    }
}

/// `e²/2` for `|e| ≤ δ`, `δ·(|e| - δ/2)` beyond.
#[derive(Clone, Copy, Debug)]
pub(super) struct Huber(pub(super) f64);

/// The Huber loss of an error and its derivative with respect to the error.
#[inline(always)]
pub(in crate::objective) fn huber<A: Arithmetic>(a: A, error: A::V, delta: f64) -> [A::V; 2] {
    let (size, half, delta) = (a.abs(error), a.number(0.5), a.number(delta));
    let near = a.mul(half, a.mul(error, error));
    let far = a.mul(delta, a.neg_mul_add(half, delta, size));
    let slope = a.max(a.neg(delta), a.min(delta, error));
    [a.select(a.le(size, delta), near, far), slope]
}

impl PointLoss for Huber {
    #[inline(always)]
    fn both<A: Arithmetic>(self, a: A, y: A::V, y_hat: A::V, _: A::V) -> [A::V; 2] {
        let [value, slope] = huber(a, a.sub(y, y_hat), self.0);
        [value, a.neg(slope)]
    }
}
