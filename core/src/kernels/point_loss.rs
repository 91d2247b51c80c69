//! Pointwise losses: the weighted sum and its derivatives in one pass.
//!
//! A formula is written once, generic over [`Arithmetic`]. Training computes it in f32 vectors, validation in f64. Blocks of
//! 1024 numbers are summed in f32 and added in f64.

use crate::simd::Simd;

const BLOCK: usize = 1024;

/// The operations of a formula, on one f64 or on a vector of f32.
///
/// `max`, `min` and the comparisons treat NaN as those of [`Simd`] do.
pub trait Arithmetic: Copy {
    /// A number, or a vector of them.
    type V: Copy;
    /// The result of a comparison.
    type M: Copy;
    /// A constant.
    fn number(self, x: f64) -> Self::V;
    /// `a + b`
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b`
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `c - a * b`
    fn neg_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger of two.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// The smaller of two.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `|a|`
    fn abs(self, a: Self::V) -> Self::V;
    /// `-a`
    fn neg(self, a: Self::V) -> Self::V;
    /// `a < b`
    fn lt(self, a: Self::V, b: Self::V) -> Self::M;
    /// `a <= b`
    fn le(self, a: Self::V, b: Self::V) -> Self::M;
    /// `a == b`
    fn eq(self, a: Self::V, b: Self::V) -> Self::M;
    /// `yes` where the comparison holds, else `no`.
    fn select(self, m: Self::M, yes: Self::V, no: Self::V) -> Self::V;

    /// -1, 0 or 1: torch's derivative of `|x|`.
    #[inline(always)]
    fn sign(self, x: Self::V) -> Self::V {
        let zero = self.number(0.0);
        let negative = self.select(self.lt(x, zero), self.number(-1.0), zero);
        self.select(self.lt(zero, x), self.number(1.0), negative)
    }

    /// `a / b`, 0 where `b` is 0. Upstream: `_divide_no_nan`.
    #[inline(always)]
    fn divide_no_nan(self, a: Self::V, b: Self::V) -> Self::V {
        let zero = self.number(0.0);
        self.select(self.eq(b, zero), zero, self.div(a, b))
    }
}

/// Arithmetic on one f64.
#[derive(Clone, Copy, Debug)]
pub struct Double;

/// Arithmetic on a vector of f32.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<S>(pub S);

macro_rules! double {
    ($($name:ident($($x:ident),*) -> $out:ty = $value:expr;)*) => {
        impl Arithmetic for Double {
            type V = f64;
            type M = bool;
            $(#[inline(always)]
            fn $name(self, $($x: f64),*) -> $out {
                $value
            })*
            #[inline(always)]
            fn select(self, m: bool, yes: f64, no: f64) -> f64 {
                if m { yes } else { no }
            }
        }
    };
}

double! {
    number(x) -> f64 = x;
    add(a, b) -> f64 = a + b;
    sub(a, b) -> f64 = a - b;
    mul(a, b) -> f64 = a * b;
    div(a, b) -> f64 = a / b;
    mul_add(a, b, c) -> f64 = a * b + c;
    neg_mul_add(a, b, c) -> f64 = c - a * b;
    max(a, b) -> f64 = if a > b { a } else { b };
    min(a, b) -> f64 = if a < b { a } else { b };
    abs(a) -> f64 = a.abs();
    neg(a) -> f64 = -a;
    lt(a, b) -> bool = a < b;
    le(a, b) -> bool = a <= b;
    eq(a, b) -> bool = a == b;
}

macro_rules! lanes {
    ($($name:ident($($x:ident),*) -> $out:ident;)*) => {
        impl<S: Simd> Arithmetic for Lanes<S> {
            type V = S::V;
            type M = S::M;
            #[inline(always)]
            fn number(self, x: f64) -> S::V {
                self.0.splat(x as f32)
            }
            $(#[inline(always)]
            fn $name(self, $($x: S::V),*) -> S::$out {
                self.0.$name($($x),*)
            })*
            #[inline(always)]
            fn select(self, m: S::M, yes: S::V, no: S::V) -> S::V {
                self.0.select(m, yes, no)
            }
        }
    };
}

lanes! {
    add(a, b) -> V;
    sub(a, b) -> V;
    mul(a, b) -> V;
    div(a, b) -> V;
    mul_add(a, b, c) -> V;
    neg_mul_add(a, b, c) -> V;
    max(a, b) -> V;
    min(a, b) -> V;
    abs(a) -> V;
    neg(a) -> V;
    lt(a, b) -> M;
    le(a, b) -> M;
    eq(a, b) -> M;
}

/// A loss of one number.
pub trait PointLoss: Copy {
    /// The value, and the derivative with respect to `y_hat`; `q` is the quantile level of the forecast `y_hat`. At kinks the
    /// derivative is torch's.
    fn both<A: Arithmetic>(self, a: A, y: A::V, y_hat: A::V, q: A::V) -> [A::V; 2];

    /// The same for single numbers.
    #[inline(always)]
    fn of(self, [y, y_hat]: [f64; 2], q: f64) -> [f64; 2] {
        self.both(Double, y, y_hat, q)
    }
}

simd_fn! {
    /// `Σ w·loss(y, ŷ)`, and `slopes = factor·w·loss'`. A number of weight 0 adds 0, even if it is NaN. `q` is
    /// the quantile level of each number, or one for all.
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
                let (y, y_hat) = (s.load_at(y, at), s.load_at(y_hat, at));
                let [value, slope] = loss.both(Lanes(s), y, y_hat, q);
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
