//! Functions of one value with their derivatives: activations and elementary functions, as PyTorch defines them.
//!
//! A function is a type: `f`, its derivative `df`, and what the derivative is computed from. At a kink the
//! derivative is PyTorch's: `relu'(0) = 0`, `|x|'(0) = 0`.

use super::Compute;
use super::lanes::{map as map_lanes, update};
use super::math;
use super::parallel::par_rows;
use crate::simd::Simd;

/// What a derivative is computed from, and so what must be saved for the backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// The function's argument.
    Input,
    /// The function's value.
    Output,
}

/// A function of one value.
pub trait Unary {
    /// The argument of [`Unary::df`].
    const SAVED: Saved;
    /// The value at `x`.
    fn f<S: Simd>(s: S, x: S::V) -> S::V;
    /// The derivative, from `x` or from the value at `x` as [`Unary::SAVED`] says.
    fn df<S: Simd>(s: S, saved: S::V) -> S::V;
}

simd_fn! {
    fn map_part<U: Unary>(s, x: &[f32], y: &mut [f32]) {
        map_lanes(s, y, [x], #[inline(always)] |[x]| U::f(s, x))
    }
}

simd_fn! {
    fn mul_derivative_part<U: Unary>(s, saved: &[f32], g: &mut [f32]) {
        update(s, g, [saved], #[inline(always)] |g, [saved]| s.mul(g, U::df(s, saved)))
    }
}

simd_fn! {
    fn relu_part(s, y: &mut [f32]) {
        update(s, y, [], #[inline(always)] |y, []| Relu::f(s, y))
    }
}

simd_fn! {
    fn relu_mask_part(s, y: &[f32], g: &mut [f32]) {
        update(s, g, [y], #[inline(always)] |g, [y]| s.select(s.le(y, s.zero()), s.zero(), g))
    }
}

/// Threads share the work in pieces of at least so many numbers.
const SHARED: usize = 1 << 14;

/// `y = f(x)`
pub fn map<U: Unary>(compute: Compute, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "inputs and output differ in length");
    par_rows(compute, [y], [1], SHARED, &|at, [y]: [&mut [f32]; 1]| {
        map_part::<U>(&x[at..][..y.len()], y)
    });
}

/// `g = g ⊙ f'`, where `saved` is the input or the output, as `U::SAVED` says.
pub fn mul_derivative<U: Unary>(compute: Compute, saved: &[f32], g: &mut [f32]) {
    assert_eq!(saved.len(), g.len(), "inputs and output differ in length");
    par_rows(compute, [g], [1], SHARED, &|at, [g]: [&mut [f32]; 1]| {
        mul_derivative_part::<U>(&saved[at..][..g.len()], g);
    });
}

/// `y = max(y, 0)`, in place.
pub fn relu(compute: Compute, y: &mut [f32]) {
    par_rows(compute, [y], [1], SHARED, &|_, [y]: [&mut [f32]; 1]| relu_part(y));
}

/// The gradient of [`relu`] from its output `y`, in place: sets `g` to 0 where `y` is 0.
pub fn relu_mask(compute: Compute, y: &[f32], g: &mut [f32]) {
    assert_eq!(y.len(), g.len(), "inputs and output differ in length");
    par_rows(compute, [g], [1], SHARED, &|at, [g]: [&mut [f32]; 1]| {
        relu_mask_part(&y[at..][..g.len()], g)
    });
}

simd_fn! {
    /// `y = x` where positive, else `w x`: the leaky relu whose slope is learned.
    pub fn prelu(s, x: &[f32], w: f32, y: &mut [f32]) {
        let w = s.splat(w);
        map_lanes(s, y, [x], #[inline(always)] |[x]| s.select(s.lt(s.zero(), x), x, s.mul(w, x)))
    }
}

simd_fn! {
    /// The gradient of [`prelu`]: `dx += g` or `g w`, and `dw += Σ g x` where `x <= 0`.
    pub fn prelu_grad(s, x: &[f32], w: f32, g: &[f32], dx: &mut [f32], dw: &mut f32) {
        let w = s.splat(w);
        let one = s.splat(1.0);
        update(s, dx, [x, g], #[inline(always)] |dx, [x, g]| {
            s.mul_add(g, s.select(s.lt(s.zero(), x), one, w), dx)
        });
        let mut sum = 0.0;
        for (x, g) in x.chunks(1024).zip(g.chunks(1024)) {
            let mut lanes = s.zero();
            for at in (0..x.len()).step_by(S::LANES) {
                lanes = s.mul_add(s.min(s.load_at(x, at), s.zero()), s.load_at(g, at), lanes);
            }
            sum += f64::from(s.sum(lanes));
        }
        *dw += sum as f32;
    }
}

/// Defines a [`Unary`] as its two formulas.
macro_rules! unary {
    ($(#[$meta:meta])* $name:ident from $keeps:ident; f($s:ident, $x:ident) = $f:expr; df($ds:ident, $saved:ident) = $df:expr;) => {
        $(#[$meta])*
        pub struct $name;
        impl Unary for $name {
            const SAVED: Saved = Saved::$keeps;
            #[inline(always)]
            fn f<S: Simd>($s: S, $x: S::V) -> S::V {
                $f
            }
            #[inline(always)]
            fn df<S: Simd>($ds: S, $saved: S::V) -> S::V {
                $df
            }
        }
    };
}

/// `if x > 0 { positive } else { other }`
#[inline(always)]
fn positive_or<S: Simd>(s: S, x: S::V, positive: S::V, other: S::V) -> S::V {
    s.select(s.lt(s.zero(), x), positive, other)
}

unary! {
    /// `max(x, 0)`
    Relu from Output;
    f(s, x) = s.max(s.zero(), x);
    df(s, y) = s.select(s.le(y, s.zero()), s.zero(), s.splat(1.0));
}

unary! {
    /// `x` where positive, else `0.01 x`.
    LeakyRelu from Input;
    f(s, x) = positive_or(s, x, x, s.mul(s.splat(0.01), x));
    df(s, x) = positive_or(s, x, s.splat(1.0), s.splat(0.01));
}

unary! {
    /// `x` where positive, else `e^x - 1`.
    Elu from Input;
    f(s, x) = positive_or(s, x, x, math::expm1(s, x));
    df(s, x) = positive_or(s, x, s.splat(1.0), math::exp(s, x));
}

/// Klambauer et al. 2017, <https://arxiv.org/abs/1706.02515>: the constants that keep mean 0 and variance 1.
const SELU_SCALE: f32 = 1.050_701;
const SELU_ALPHA: f32 = 1.673_263_2;

unary! {
    /// Elu, scaled so that activations stay normalized.
    Selu from Input;
    f(s, x) = s.mul(s.splat(SELU_SCALE), positive_or(s, x, x, s.mul(s.splat(SELU_ALPHA), math::expm1(s, x))));
    df(s, x) = s.mul(s.splat(SELU_SCALE), positive_or(s, x, s.splat(1.0), s.mul(s.splat(SELU_ALPHA), math::exp(s, x))));
}

/// `1 / √(2π)`
const NORMAL_DENSITY_AT_0: f32 = 0.398_942_3;

unary! {
    /// `x Φ(x)` with the exact normal distribution function Φ.
    Gelu from Input;
    f(s, x) = s.mul(x, math::normal_cdf(s, x));
    df(s, x) = {
        let density = s.mul(s.splat(NORMAL_DENSITY_AT_0), math::exp(s, s.mul(s.splat(-0.5), s.mul(x, x))));
        s.mul_add(x, density, math::normal_cdf(s, x))
    };
}

/// `2 √(2/π)`, and the factor of the cube, of Hendrycks & Gimpel 2016, <https://arxiv.org/abs/1606.08415>.
const GELU_TANH: [f32; 2] = [1.595_769_2, 0.044_715];

unary! {
    /// `x Φ(x)` with `Φ(x) = (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`, which is `σ(2 √(2/π) (x + 0.044715 x³))`.
    GeluTanh from Input;
    f(s, x) = s.mul(x, math::sigmoid(s, gelu_tanh_inner(s, x)));
    df(s, x) = {
        let [scale, cube] = GELU_TANH;
        let y = math::sigmoid(s, gelu_tanh_inner(s, x));
        let slope = s.mul_add(s.splat(3.0 * scale * cube), s.mul(x, x), s.splat(scale));
        // Where y is 0 or 1, x may be so large that its square is infinite.
        let bend = s.mul(y, s.sub(s.splat(1.0), y));
        let flat = s.le(bend, s.zero());
        s.select(flat, y, s.mul_add(s.mul(x, bend), slope, y))
    };
}

/// `2 √(2/π) (x + 0.044715 x³)`
#[inline(always)]
fn gelu_tanh_inner<S: Simd>(s: S, x: S::V) -> S::V {
    let [scale, cube] = GELU_TANH;
    s.mul(x, s.mul_add(s.splat(scale * cube), s.mul(x, x), s.splat(scale)))
}

unary! {
    /// `x σ(x)`
    Silu from Input;
    f(s, x) = s.mul(x, math::sigmoid(s, x));
    df(s, x) = {
        let y = math::sigmoid(s, x);
        s.mul(y, s.mul_add(x, s.sub(s.splat(1.0), y), s.splat(1.0)))
    };
}

/// `tanh(ln(1 + e^x))`, as `n / (n + 2)` with `n = e^x (e^x + 2)`: from 20 on it is 1.
#[inline(always)]
fn tanh_softplus<S: Simd>(s: S, x: S::V) -> S::V {
    let two = s.splat(2.0);
    let e = math::exp(s, s.min(s.splat(20.0), x));
    let n = s.mul_add(e, e, s.mul(two, e));
    s.div(n, s.add(n, two))
}

unary! {
    /// `x tanh(softplus(x))`
    Mish from Input;
    f(s, x) = s.mul(x, tanh_softplus(s, x));
    df(s, x) = {
        let t = tanh_softplus(s, x);
        let slope = s.mul(math::sigmoid(s, x), s.neg_mul_add(t, t, s.splat(1.0)));
        s.mul_add(x, slope, t)
    };
}

unary! {
    /// `ln(1 + e^x)`, which beyond 20 is `x`.
    Softplus from Input;
    f(s, x) = s.select(s.lt(s.splat(20.0), x), x, math::log1p(s, math::exp(s, x)));
    df(s, x) = s.select(s.lt(s.splat(20.0), x), s.splat(1.0), math::sigmoid(s, x));
}

unary! {
    /// `1 / (1 + e^-x)`
    Sigmoid from Output;
    f(s, x) = math::sigmoid(s, x);
    df(s, y) = s.mul(y, s.sub(s.splat(1.0), y));
}

unary! {
    /// Hyperbolic tangent.
    Tanh from Output;
    f(s, x) = math::tanh(s, x);
    df(s, y) = s.neg_mul_add(y, y, s.splat(1.0));
}

unary! {
    /// `x / (1 + |x|)`
    Softsign from Input;
    f(s, x) = s.div(x, s.add(s.splat(1.0), s.abs(x)));
    df(s, x) = {
        let size = s.add(s.splat(1.0), s.abs(x));
        s.div(s.splat(1.0), s.mul(size, size))
    };
}

unary! {
    /// `ln σ(x)`
    LogSigmoid from Input;
    f(s, x) = s.sub(s.min(s.zero(), x), math::log1p(s, math::exp(s, s.neg(s.abs(x)))));
    df(s, x) = math::sigmoid(s, s.neg(x));
}

unary! {
    /// `x` beyond `±0.5`, else 0.
    Hardshrink from Input;
    f(s, x) = s.select(s.le(s.abs(x), s.splat(0.5)), s.zero(), x);
    df(s, x) = s.select(s.le(s.abs(x), s.splat(0.5)), s.zero(), s.splat(1.0));
}

unary! {
    /// `x` nearer to 0 by 0.5; 0 within `±0.5`.
    Softshrink from Input;
    f(s, x) = {
        let half = s.splat(0.5);
        let below = s.select(s.lt(x, s.neg(half)), s.add(x, half), s.mul(x, s.zero()));
        s.select(s.lt(half, x), s.sub(x, half), below)
    };
    df(s, x) = s.select(s.le(s.abs(x), s.splat(0.5)), s.zero(), s.splat(1.0));
}

unary! {
    /// `x` within `±1`, else the nearer of the two.
    Hardtanh from Input;
    f(s, x) = s.min(s.splat(1.0), s.max(s.splat(-1.0), x));
    df(s, x) = s.select(s.lt(s.abs(x), s.splat(1.0)), s.splat(1.0), s.zero());
}

unary! {
    /// `x·clamp(x + 3, 0, 6) / 6`
    Hardswish from Input;
    f(s, x) = {
        let ramp = s.min(s.splat(6.0), s.max(s.zero(), s.add(x, s.splat(3.0))));
        s.mul(x, s.mul(ramp, s.splat(1.0 / 6.0)))
    };
    df(s, x) = {
        let slope = s.mul_add(x, s.splat(1.0 / 3.0), s.splat(0.5));
        let inside = s.select(s.le(x, s.splat(-3.0)), s.zero(), slope);
        s.select(s.lt(x, s.splat(3.0)), inside, s.splat(1.0))
    };
}

unary! {
    /// `e^x`
    Exp from Output;
    f(s, x) = math::exp(s, x);
    df(_s, y) = y;
}

unary! {
    /// Natural logarithm.
    Log from Input;
    f(s, x) = math::log(s, x);
    df(s, x) = s.div(s.splat(1.0), x);
}

unary! {
    /// Square root.
    Sqrt from Output;
    f(s, x) = s.sqrt(x);
    df(s, y) = s.div(s.splat(0.5), y);
}

unary! {
    /// `|x|`
    Abs from Input;
    f(s, x) = s.abs(x);
    df(s, x) = positive_or(s, x, s.splat(1.0), s.select(s.lt(x, s.zero()), s.splat(-1.0), s.zero()));
}

unary! {
    /// `x²`
    Square from Input;
    f(s, x) = s.mul(x, x);
    df(s, x) = s.add(x, x);
}

unary! {
    /// `-x`
    Neg from Input;
    f(s, x) = s.neg(x);
    df(s, _x) = s.splat(-1.0);
}

#[cfg(test)]
#[path = "pointwise_tests.rs"]
mod tests;
