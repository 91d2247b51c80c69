//! Losses of single numbers: the weighted sum and its slopes in one pass.
//!
//! The formulas of `losses/`, in f32 lanes: training takes their gradient, while validation measures in f64. The sums of
//! blocks of 1024 numbers are added in f64.

use crate::simd::Simd;

const BLOCK: usize = 1024;

/// A loss of one number.
pub trait PointLoss: Copy {
    /// The value, and the derivative with respect to `y_hat`; `q` is the quantile that `y_hat` forecasts.
    fn both<S: Simd>(self, s: S, y: S::V, y_hat: S::V, q: S::V) -> [S::V; 2];
}

simd_fn! {
    /// `Σ w·loss(y, ŷ)`, and `slopes = factor·w·loss'`. What weighs nothing counts 0, whatever it is. `q` is the quantile
    /// of each number, or one for all.
    pub fn point_loss<L: PointLoss>(
        s,
        loss: L,
        y_hat: &[f32],
        y: &[f32],
        weights: &[f32],
        q: &[f32],
        factor: f32,
        slopes: &mut [f32],
    ) -> f64 {
        let n = y_hat.len();
        assert_eq!([y.len(), weights.len(), slopes.len()], [n; 3], "numbers and weights of a loss");
        assert!(q.len() == n || q.len() == 1, "a quantile for each number, or one");
        let (of_all, factor, each) = (s.splat(q[0]), s.splat(factor), q.len() > 1);
        let mut total = 0.0;
        for start in (0..n).step_by(BLOCK) {
            let mut sum = s.zero();
            for at in (start..n.min(start + BLOCK)).step_by(S::LANES) {
                let w = s.load_at(weights, at);
                let q = if each { s.load_at(q, at) } else { of_all };
                let [value, slope] = loss.both(s, s.load_at(y, at), s.load_at(y_hat, at), q);
                let nothing = s.eq(w, s.zero());
                sum = s.add(sum, s.select(nothing, s.zero(), s.mul(w, value)));
                let slope = s.mul(s.mul(factor, w), slope);
                s.store_at(s.select(nothing, s.zero(), slope), slopes, at);
            }
            total += f64::from(s.sum(sum));
        }
        total
    }
}

/// `|y - ŷ|`
#[derive(Clone, Copy)]
pub struct Absolute;

/// `(y - ŷ)²`
#[derive(Clone, Copy)]
pub struct Squared;

/// `|y - ŷ| / |y|`, 0 where `y` is 0
#[derive(Clone, Copy)]
pub struct Percentage;

/// `2·|y - ŷ| / (|y| + |ŷ|)`, 0 where both are 0
#[derive(Clone, Copy)]
pub struct SymmetricPercentage;

/// `e²/2` for an error up to `delta`, `δ·(|e| - δ/2)` beyond.
#[derive(Clone, Copy)]
pub struct Huber(pub f32);

/// `max(q·e, (q - 1)·e)`
#[derive(Clone, Copy)]
pub struct Pinball;

/// `q·huber(e)` below the actual value, `(1 - q)·huber(e)` above.
#[derive(Clone, Copy)]
pub struct PinballOfHuber(pub f32);

/// `huber(q·e)` below the actual value, `huber((1 - q)·e)` above.
#[derive(Clone, Copy)]
pub struct PinballInHuber(pub f32);

/// -1, 0 or 1.
#[inline(always)]
fn sign<S: Simd>(s: S, x: S::V) -> S::V {
    let negative = s.select(s.lt(x, s.zero()), s.splat(-1.0), s.zero());
    s.select(s.lt(s.zero(), x), s.splat(1.0), negative)
}

/// 0 where the divisor is 0.
#[inline(always)]
fn divide_no_nan<S: Simd>(s: S, a: S::V, b: S::V) -> S::V {
    s.select(s.eq(b, s.zero()), s.zero(), s.div(a, b))
}

/// Huber's loss of an error and its derivative with respect to the error.
#[inline(always)]
fn huber<S: Simd>(s: S, error: S::V, delta: f32) -> [S::V; 2] {
    let (size, half, delta) = (s.abs(error), s.splat(0.5), s.splat(delta));
    let near = s.mul(half, s.mul(error, error));
    let far = s.mul(delta, s.neg_mul_add(half, delta, size));
    let slope = s.max(s.neg(delta), s.min(delta, error));
    [s.select(s.le(size, delta), near, far), slope]
}

/// What an error of a forecast of the quantile `q` is multiplied by.
#[inline(always)]
fn side<S: Simd>(s: S, error: S::V, q: S::V) -> S::V {
    s.select(s.le(s.zero(), error), q, s.sub(s.splat(1.0), q))
}

impl PointLoss for Absolute {
    #[inline(always)]
    fn both<S: Simd>(self, s: S, y: S::V, y_hat: S::V, _: S::V) -> [S::V; 2] {
        let error = s.sub(y, y_hat);
        [s.abs(error), sign(s, s.neg(error))]
    }
}

impl PointLoss for Squared {
    #[inline(always)]
    fn both<S: Simd>(self, s: S, y: S::V, y_hat: S::V, _: S::V) -> [S::V; 2] {
        let error = s.sub(y, y_hat);
        [s.mul(error, error), s.mul(s.splat(-2.0), error)]
    }
}

impl PointLoss for Percentage {
    #[inline(always)]
    fn both<S: Simd>(self, s: S, y: S::V, y_hat: S::V, _: S::V) -> [S::V; 2] {
        let (error, size) = (s.sub(y, y_hat), s.abs(y));
        let slope = divide_no_nan(s, sign(s, s.neg(error)), size);
        [divide_no_nan(s, s.abs(error), size), slope]
    }
}

impl PointLoss for SymmetricPercentage {
    #[inline(always)]
    fn both<S: Simd>(self, s: S, y: S::V, y_hat: S::V, _: S::V) -> [S::V; 2] {
        let error = s.sub(y, y_hat);
        let size = s.add(s.abs(y), s.abs(y_hat));
        let share = divide_no_nan(s, s.abs(error), size);
        let down = s.mul_add(sign(s, y_hat), share, sign(s, error));
        let slope = s.mul(s.splat(-2.0), divide_no_nan(s, down, size));
        [s.mul(s.splat(2.0), share), slope]
    }
}

impl PointLoss for Huber {
    #[inline(always)]
    fn both<S: Simd>(self, s: S, y: S::V, y_hat: S::V, _: S::V) -> [S::V; 2] {
        let [value, slope] = huber(s, s.sub(y, y_hat), self.0);
        [value, s.neg(slope)]
    }
}

impl PointLoss for Pinball {
    #[inline(always)]
    fn both<S: Simd>(self, s: S, y: S::V, y_hat: S::V, q: S::V) -> [S::V; 2] {
        let error = s.sub(y, y_hat);
        let side = side(s, error, q);
        // At no error the mean of both sides.
        let slope = s.neg(s.mul(side, sign(s, error)));
        let slope = s.select(s.eq(error, s.zero()), s.sub(s.splat(0.5), q), slope);
        [s.mul(side, s.abs(error)), slope]
    }
}

impl PointLoss for PinballOfHuber {
    #[inline(always)]
    fn both<S: Simd>(self, s: S, y: S::V, y_hat: S::V, q: S::V) -> [S::V; 2] {
        let error = s.sub(y, y_hat);
        let (side, [value, slope]) = (side(s, error, q), huber(s, error, self.0));
        [s.mul(side, value), s.neg(s.mul(side, slope))]
    }
}

impl PointLoss for PinballInHuber {
    #[inline(always)]
    fn both<S: Simd>(self, s: S, y: S::V, y_hat: S::V, q: S::V) -> [S::V; 2] {
        let error = s.sub(y, y_hat);
        let side = side(s, error, q);
        let [value, slope] = huber(s, s.mul(side, error), self.0);
        [value, s.neg(s.mul(side, slope))]
    }
}
