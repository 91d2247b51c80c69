//! Sums of wavelets: `y[b, o] = Σ w[o, l] ψ(u)` with `u = (x[b, l] - t[o, l]) / s[o, l]`.
//!
//! The values of ψ and its derivative are computed where they are used: an array of them would be as large as batch, outputs
//! and inputs together, and they take fewer instructions than it takes time to read them back.
//!
//! `dx = Σ g w ψ'(u) / s` over the outputs; over the batch, `dw = Σ g ψ(u)`, `dt = -w/s Σ g ψ'(u)` and
//! `ds = -w/s Σ g u ψ'(u)`.

use super::Compute;
use super::math::{exp, polynomial};
use super::parallel::par_rows;
use super::trigonometry::sin_cos;
use crate::simd::Simd;
use std::f32::consts::PI;

/// A wavelet.
pub trait Wavelet {
    /// `ψ(u)` and `ψ'(u)`.
    fn at<S: Simd>(s: S, u: S::V) -> [S::V; 2];
}

/// `e^(-u²/2)`
#[inline(always)]
fn bell<S: Simd>(s: S, u: S::V) -> S::V {
    exp(s, s.mul(s.splat(-0.5), s.mul(u, u)))
}

/// `2/(√3 π^¼) (u² - 1) e^(-u²/2)`
pub struct MexicanHat;

/// `2/(√3 π^¼)`
const HAT: f32 = 0.867_325_07;

impl Wavelet for MexicanHat {
    #[inline(always)]
    fn at<S: Simd>(s: S, u: S::V) -> [S::V; 2] {
        let square = s.mul(u, u);
        let scaled = s.mul(s.splat(HAT), bell(s, u));
        let slope = s.mul(u, s.sub(s.splat(3.0), square));
        [s.mul(scaled, s.sub(square, s.splat(1.0))), s.mul(scaled, slope)]
    }
}

/// `e^(-u²/2) cos(5u)`
pub struct Morlet;

impl Wavelet for Morlet {
    #[inline(always)]
    fn at<S: Simd>(s: S, u: S::V) -> [S::V; 2] {
        let (five, bell) = (s.splat(5.0), bell(s, u));
        let [sin, cos] = sin_cos(s, s.mul(five, u));
        let value = s.mul(bell, cos);
        [value, s.neg(s.mul_add(u, value, s.mul(five, s.mul(bell, sin))))]
    }
}

/// The derivative of a Gaussian: `-u e^(-u²/2)`
pub struct Dog;

impl Wavelet for Dog {
    #[inline(always)]
    fn at<S: Simd>(s: S, u: S::V) -> [S::V; 2] {
        let bell = bell(s, u);
        [s.neg(s.mul(u, bell)), s.mul(bell, s.sub(s.mul(u, u), s.splat(1.0)))]
    }
}

/// `sin(π|u|) a(|u|)` with `a(v) = 1` up to 1/2, 0 from 1 on and `cos(π/2 ν(2v - 1))` between, where
/// `ν(t) = t⁴ (35 - 84t + 70t² - 20t³)`
pub struct Meyer;

impl Wavelet for Meyer {
    #[inline(always)]
    fn at<S: Simd>(s: S, u: S::V) -> [S::V; 2] {
        let (one, pi) = (s.splat(1.0), s.splat(PI));
        let v = s.min(s.abs(u), one); // from 1 on, everything is 0
        let [sin, cos] = sin_cos(s, s.mul(pi, v));
        let t = s.max(s.zero(), s.sub(s.add(v, v), one));
        let square = s.mul(t, t);
        let inner = s.mul_add(s.mul_add(s.splat(-20.0), t, s.splat(70.0)), t, s.splat(-84.0));
        let nu = s.mul(s.mul(square, square), s.mul_add(inner, t, s.splat(35.0)));
        let [fall_sin, fall] = sin_cos(s, s.mul(s.splat(0.5 * PI), nu));
        // ν'(t) = 140 t³ (1 - t)³, and t = 2v - 1.
        let rise = s.mul(t, s.sub(one, t));
        let steep = s.mul(s.splat(140.0 * PI), s.mul(rise, s.mul(rise, rise)));
        let slope = s.sub(s.mul(s.mul(pi, cos), fall), s.mul(s.mul(sin, fall_sin), steep));
        let slope = s.select(s.lt(u, s.zero()), s.neg(slope), slope);
        let outside = s.le(one, v);
        let still = s.select(s.eq(u, s.zero()), s.zero(), slope);
        [s.select(outside, s.zero(), s.mul(sin, fall)), s.select(outside, s.zero(), still)]
    }
}

/// `sin(u) / u`; the window that upstream multiplies it with is a part of the weights.
pub struct Shannon;

impl Wavelet for Shannon {
    #[inline(always)]
    fn at<S: Simd>(s: S, u: S::V) -> [S::V; 2] {
        let square = s.mul(u, u);
        let of_value = [1.0, -1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0, 1.0 / 362_880.0];
        let of_slope = [-1.0 / 3.0, 1.0 / 30.0, -1.0 / 840.0, 1.0 / 45_360.0, -1.0 / 3_991_680.0];
        let (value, slope) = (polynomial(s, square, of_value), polynomial(s, square, of_slope));
        let [sin, cos] = sin_cos(s, u);
        let near = s.lt(square, s.splat(1.0));
        let divisor = s.select(near, s.splat(1.0), u);
        let sinc = s.div(sin, divisor);
        let far = s.div(s.sub(cos, sinc), divisor);
        [s.select(near, value, sinc), s.select(near, s.mul(u, slope), far)]
    }
}

/// Parameters `[outputs, inputs]`: translations `t`, scales `s` and weights `w`.
#[derive(Clone, Copy)]
pub struct Wavelets<'a> {
    /// Translations.
    pub t: &'a [f32],
    /// Scales.
    pub s: &'a [f32],
    /// Weights.
    pub w: &'a [f32],
    /// How many inputs there are.
    pub inputs: usize,
}

impl Wavelets<'_> {
    fn outputs(&self) -> usize {
        self.w.len() / self.inputs
    }

    /// `t`, `1/s` and `w` of an output, at an input and those after it.
    #[inline(always)]
    fn load<S: Simd>(&self, s: S, output: usize, at: usize) -> [S::V; 3] {
        let row = output * self.inputs..(output + 1) * self.inputs;
        let scales = &self.s[row.clone()][at..];
        let scale = if scales.len() >= S::LANES {
            s.load(scales)
        } else {
            let mut padded = [1.0; 16];
            padded[..scales.len()].copy_from_slice(scales);
            s.load(&padded)
        };
        [
            s.load_at(&self.t[row.clone()], at),
            s.div(s.splat(1.0), scale),
            s.load_at(&self.w[row], at),
        ]
    }
}

/// Rows of the batch for which the parameters are read once. Where fewer are left, the last is repeated, so that loops over
/// them have a constant length.
const TOGETHER: usize = 4;

/// Threads share the work in pieces of at least so many rows.
const SHARED: usize = 8;

/// Rows of `x` of so many numbers.
#[inline(always)]
fn together(x: &[f32], inputs: usize) -> [&[f32]; TOGETHER] {
    let last = x.len() / inputs - 1;
    std::array::from_fn(|row| &x[row.min(last) * inputs..][..inputs])
}

simd_fn! {
    fn sums_part<U: Wavelet>(s, x: &[f32], of: Wavelets<'_>, y: &mut [f32]) {
        let (inputs, outputs) = (of.inputs, of.outputs());
        for (x, y) in x.chunks(TOGETHER * inputs).zip(y.chunks_mut(TOGETHER * outputs)) {
            let rows = together(x, inputs);
            for output in 0..outputs {
                let mut sums = [s.zero(); TOGETHER];
                for at in (0..inputs).step_by(S::LANES) {
                    let [t, r, w] = of.load(s, output, at);
                    unrolled!(j in [0 1 2 3] {
                        let [value, _] = U::at(s, s.mul(s.sub(s.load_at(rows[j], at), t), r));
                        sums[j] = s.mul_add(w, value, sums[j]);
                    });
                }
                for (y, sum) in y.chunks_exact_mut(outputs).zip(sums) {
                    y[output] = s.sum(sum);
                }
            }
        }
    }
}

/// `y` `[rows, outputs]` of `x` `[rows, inputs]`.
pub fn sums<U: Wavelet>(compute: Compute, x: &[f32], of: Wavelets<'_>, y: &mut [f32]) {
    let (inputs, outputs) = (of.inputs, of.outputs());
    assert!(x.len() / inputs == y.len() / outputs, "x and y have as many rows");
    par_rows(compute, [y], [outputs], SHARED, &|first, [y]: [&mut [f32]; 1]| {
        sums_part::<U>(&x[first * inputs..][..y.len() / outputs * inputs], of, y);
    });
}

simd_fn! {
    fn input_grad_part<U: Wavelet>(s, x: &[f32], g: &[f32], of: Wavelets<'_>, dx: &mut [f32]) {
        let (inputs, outputs) = (of.inputs, of.outputs());
        let rows = x.chunks(TOGETHER * inputs).zip(g.chunks(TOGETHER * outputs));
        for ((x, g), dx) in rows.zip(dx.chunks_mut(TOGETHER * inputs)) {
            let (x, g) = (together(x, inputs), together(g, outputs));
            for at in (0..inputs).step_by(S::LANES) {
                let [mut values, mut sums] = [[s.zero(); TOGETHER]; 2];
                unrolled!(j in [0 1 2 3] {
                    values[j] = s.load_at(x[j], at);
                });
                for output in 0..outputs {
                    let [t, r, w] = of.load(s, output, at);
                    let factor = s.mul(w, r);
                    unrolled!(j in [0 1 2 3] {
                        let [_, slope] = U::at(s, s.mul(s.sub(values[j], t), r));
                        let share = s.mul(s.splat(g[j][output]), slope);
                        sums[j] = s.mul_add(factor, share, sums[j]);
                    });
                }
                for (dx, sum) in dx.chunks_exact_mut(inputs).zip(sums) {
                    s.store_at(s.add(s.load_at(dx, at), sum), dx, at);
                }
            }
        }
    }
}

/// The gradient of [`sums`] for `x`.
pub fn sums_input_grad<U: Wavelet>(
    compute: Compute,
    [x, g]: [&[f32]; 2],
    of: Wavelets<'_>,
    dx: &mut [f32],
) {
    let (inputs, outputs) = (of.inputs, of.outputs());
    assert!(
        x.len() == dx.len() && x.len() / inputs == g.len() / outputs,
        "x and g have as many rows"
    );
    par_rows(compute, [dx], [inputs], SHARED, &|first, [dx]: [&mut [f32]; 1]| {
        let rows = dx.len() / inputs;
        let (x, g) = (&x[first * inputs..][..dx.len()], &g[first * outputs..][..rows * outputs]);
        input_grad_part::<U>(x, g, of, dx);
    });
}

simd_fn! {
    fn grad_part<U: Wavelet>(
        s,
        given: [&[f32]; 2],
        of: Wavelets<'_>,
        first: usize,
        dt: &mut [f32],
        ds: &mut [f32],
        dw: &mut [f32],
    ) {
        let ([x, g], inputs, outputs) = (given, of.inputs, of.outputs());
        let rows = dt.chunks_exact_mut(inputs).zip(ds.chunks_exact_mut(inputs));
        for (i, ((dt, ds), dw)) in rows.zip(dw.chunks_exact_mut(inputs)).enumerate() {
            let output = first + i;
            for at in (0..inputs).step_by(S::LANES) {
                let [t, r, w] = of.load(s, output, at);
                let [mut values, mut slopes, mut scaled] = [s.zero(); 3];
                for (x, g) in x.chunks_exact(inputs).zip(g.chunks_exact(outputs)) {
                    let u = s.mul(s.sub(s.load_at(x, at), t), r);
                    let [value, slope] = U::at(s, u);
                    let g = s.splat(g[output]);
                    let slope = s.mul(g, slope);
                    values = s.mul_add(g, value, values);
                    slopes = s.add(slopes, slope);
                    scaled = s.mul_add(u, slope, scaled);
                }
                let factor = s.mul(w, r);
                s.store_at(s.add(s.load_at(dw, at), values), dw, at);
                s.store_at(s.neg_mul_add(factor, slopes, s.load_at(dt, at)), dt, at);
                s.store_at(s.neg_mul_add(factor, scaled, s.load_at(ds, at)), ds, at);
            }
        }
    }
}

/// The gradients of [`sums`] for translations, scales and weights.
pub fn sums_grad<U: Wavelet>(
    compute: Compute,
    given: [&[f32]; 2],
    of: Wavelets<'_>,
    grads: [&mut [f32]; 3],
) {
    let inputs = of.inputs;
    assert!(grads.iter().all(|grad| grad.len() == of.w.len()), "a gradient for each parameter");
    par_rows(compute, grads, [inputs; 3], SHARED, &|first, [dt, ds, dw]: [&mut [f32]; 3]| {
        grad_part::<U>(given, of, first, dt, ds, dw);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, numbers};

    fn meyer(u: f64) -> f64 {
        let (v, pi) = (u.abs(), std::f64::consts::PI);
        let t = 2.0 * v - 1.0;
        let nu = t.powi(4) * (35.0 - 84.0 * t + 70.0 * t * t - 20.0 * t.powi(3));
        let fall = if v <= 0.5 {
            1.0
        } else if v >= 1.0 {
            0.0
        } else {
            (pi / 2.0 * nu).cos()
        };
        (pi * v).sin() * fall
    }

    fn check<U: Wavelet>(formula: impl Fn(f64) -> f64) {
        let (rows, outputs) = (6, 3);
        // Both points on one side of 0, where Meyer's has a kink.
        let step = |u: f64| (u.abs() / 2.0).clamp(1e-9, 1e-5);
        let slope = |u: f64| (formula(u + step(u)) - formula(u - step(u))) / (2.0 * step(u));
        each_isa_and_length(|inputs| {
            if inputs == 0 {
                return; // a layer has inputs
            }
            // Arguments up to 1.4: the gradients of waves far out are ill-conditioned.
            let scaled = |n: usize, seed: u64, by: f32, plus: f32| -> Vec<f32> {
                numbers(n, seed).iter().map(|x| by * x + plus).collect()
            };
            let x = scaled(rows * inputs, 1, 0.75, 0.0);
            let [t, w] =
                [(2, 0.25), (3, 0.5)].map(|(seed, by)| scaled(outputs * inputs, seed, by, 0.0));
            let s = scaled(outputs * inputs, 4, 0.25, 2.0);
            let g = scaled(rows * outputs, 5, 0.5, 0.0);
            let of = Wavelets { t: &t, s: &s, w: &w, inputs };
            let compute = Compute::default();
            let mut y = vec![9.0; g.len()];
            sums::<U>(compute, &x, of, &mut y);
            let mut dx = vec![0.5; x.len()];
            sums_input_grad::<U>(compute, [&x, &g], of, &mut dx);
            let [mut dt, mut ds, mut dw] = [(); 3].map(|()| vec![0.5; t.len()]);
            sums_grad::<U>(compute, [&x, &g], of, [&mut dt, &mut ds, &mut dw]);
            let mut exact = vec![0.0; y.len()];
            let mut exact_dx = vec![0.5; x.len()];
            let [mut exact_dt, mut exact_ds, mut exact_dw] = [(); 3].map(|()| vec![0.5; t.len()]);
            for (row, output, l) in (0..rows)
                .flat_map(|b| (0..outputs).flat_map(move |o| (0..inputs).map(move |l| (b, o, l))))
            {
                let (of_x, of_w) = (row * inputs + l, output * inputs + l);
                let [x, g] = [x[of_x], g[row * outputs + output]].map(f64::from);
                let [t, s, w] = [t[of_w], s[of_w], w[of_w]].map(f64::from);
                let u = (x - t) / s;
                exact[row * outputs + output] += w * formula(u);
                exact_dx[of_x] += g * w * slope(u) / s;
                exact_dt[of_w] -= g * w * slope(u) / s;
                exact_ds[of_w] -= g * w * slope(u) * u / s;
                exact_dw[of_w] += g * formula(u);
            }
            assert_close(&y, &exact, 1e-5);
            assert_close(&dx, &exact_dx, 2e-5);
            assert_close(&dt, &exact_dt, 2e-5);
            assert_close(&ds, &exact_ds, 2e-5);
            assert_close(&dw, &exact_dw, 2e-5);
        });
    }

    #[test]
    fn sums_and_gradients_equal_their_formulas() {
        let bell = |u: f64| (-0.5 * u * u).exp();
        let hat = 2.0 / (3f64.sqrt() * std::f64::consts::PI.powf(0.25));
        check::<MexicanHat>(|u| hat * (u * u - 1.0) * bell(u));
        check::<Morlet>(|u| bell(u) * (5.0 * u).cos());
        check::<Dog>(|u| -u * bell(u));
        check::<Meyer>(meyer);
        check::<Shannon>(|u| if u == 0.0 { 1.0 } else { u.sin() / u });
    }
}
