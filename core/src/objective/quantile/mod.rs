//! Quantile losses: of one quantile, of several, or of any. Upstream: `losses/pytorch.py: QuantileLoss, MQLoss, HuberQLoss,
//! HuberMQLoss, IQLoss, HuberIQLoss, sCRPS`.

mod implicit;
mod several;
mod single;

use super::Made;
use super::batch::Tally;
use super::elementwise::Elementwise;
use super::formula::{Formula, Judges};
use super::point::{Mean, huber};
use super::registry::{Given, Loss, loss};
use crate::kernels::point_loss::{Arithmetic, PointLoss};

pub(crate) use implicit::ImplicitQuantiles;
pub use implicit::{HuberIQLoss, IQLoss};
pub use several::{HuberMQLoss, MQLoss, ScaledCrps};
pub use single::{HuberQLoss, QuantileLoss};

/// `max(q·e, (q - 1)·e)` for the error `e = y - ŷ`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pinball;

/// `q·huber(e)` for a forecast below the actual value, `(1 - q)·huber(e)` above.
#[derive(Clone, Copy, Debug)]
pub(super) struct PinballOfHuber(pub(super) f64);

/// `huber(q·e)` for a forecast below the actual value, `huber((1 - q)·e)` above.
#[derive(Clone, Copy, Debug)]
pub(super) struct PinballInHuber(pub(super) f64);

/// The weight of an error of a forecast of the quantile `q`: `q` if it is not negative, else `1 - q`.
#[inline(always)]
fn side<A: Arithmetic>(a: A, error: A::V, q: A::V) -> A::V {
    a.select(a.le(a.number(0.0), error), q, a.sub(a.number(1.0), q))
}

impl PointLoss for Pinball {
    #[inline(always)]
    fn both<A: Arithmetic>(self, a: A, y: A::V, y_hat: A::V, q: A::V) -> [A::V; 2] {
        let error = a.sub(y, y_hat);
        let side = side(a, error, q);
        // At an error of 0, the mean of the slopes of both sides, as in torch.
        let slope = a.neg(a.mul(side, a.sign(error)));
        let slope = a.select(a.eq(error, a.number(0.0)), a.sub(a.number(0.5), q), slope);
        [a.mul(side, a.abs(error)), slope]
    }
}

impl PointLoss for PinballOfHuber {
    #[inline(always)]
    fn both<A: Arithmetic>(self, a: A, y: A::V, y_hat: A::V, q: A::V) -> [A::V; 2] {
        let error = a.sub(y, y_hat);
        let (side, [value, slope]) = (side(a, error, q), huber(a, error, self.0));
        [a.mul(side, value), a.neg(a.mul(side, slope))]
    }
}

impl PointLoss for PinballInHuber {
    #[inline(always)]
    fn both<A: Arithmetic>(self, a: A, y: A::V, y_hat: A::V, q: A::V) -> [A::V; 2] {
        let error = a.sub(y, y_hat);
        let side = side(a, error, q);
        let [value, slope] = huber(a, a.mul(side, error), self.0);
        [value, a.neg(a.mul(side, slope))]
    }
}
