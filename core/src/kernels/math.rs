//! exp, log, tanh, sigmoid and erf as polynomials, generic over the instruction set.
//!
//! Error bounds are in units in the last place (ULP) against f64, and tested below on dense ranges for every instruction
//! set. The scalar one rounds products and sums separately, which costs about one ULP. NaN gives NaN and infinities give
//! their limits. Coefficients: weighted least squares on 4001 Chebyshev nodes, reweighted until the relative error
//! of the whole function is level (Lawson), then rounded to f32.

use crate::simd::Simd;
use std::f32::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E, SQRT_2};

/// `ln 2` in two parts; the first has 9 bits, so its products with whole numbers are exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// `Σ c[i] x^i`
#[inline(always)]
pub(super) fn polynomial<S: Simd, const N: usize>(s: S, x: S::V, c: [f32; N]) -> S::V {
    let mut y = s.splat(c[N - 1]);
    for i in (0..N - 1).rev() {
        y = s.mul_add(y, x, s.splat(c[i]));
    }
    y
}

/// `(q, n)` with `exp(x) = (1 + q) 2^n` and `|ln(1 + q)| <= ln 2 / 2`, for `|x| < 128`.
#[inline(always)]
fn exp_parts<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let n = s.round(s.mul(x, s.splat(LOG2_E)));
    let r = s.neg_mul_add(n, s.splat(LN_2_LOW), s.neg_mul_add(n, s.splat(LN_2_HIGH), x));
    let p = polynomial(
        s,
        r,
        [0.5, 0.166_666_66, 0.041_666_295, 0.008_333_497, 0.001_394_466, 0.000_197_903_46],
    );
    (s.mul_add(s.mul(r, r), p, r), n)
}

/// `e^x`, within 2 ULP; subnormal results too.
#[inline(always)]
pub fn exp<S: Simd>(s: S, x: S::V) -> S::V {
    // Beyond these limits the result is 0 or infinite anyway. NaN passes: it is the second operand.
    let x = s.max(s.splat(-104.0), s.min(s.splat(89.0), x));
    exp_within(s, x)
}

/// `e^x` for `x` from -104 to 89.
#[inline(always)]
fn exp_within<S: Simd>(s: S, x: S::V) -> S::V {
    let (q, n) = exp_parts(s, x);
    s.scaled(s.add(q, s.splat(1.0)), n)
}

/// `2^x` for `x <= 0`, within 2 ULP, and 0 below -126: what softmax needs, at half the cost of [`exp`].
#[inline(always)]
pub fn exp2_below_zero<S: Simd>(s: S, x: S::V) -> S::V {
    let n = s.round(x);
    let r = s.sub(x, n);
    let p = polynomial(
        s,
        r,
        [1.0, LN_2, 0.240_226_48, 0.055_503_324, 0.009_618_437, 0.001_339_887_4, 0.000_153_533_62],
    );
    s.select(s.lt(x, s.splat(-126.0)), s.zero(), s.times_pow2(p, n))
}

/// `e^x - 1`, within 3 ULP also near 0.
#[inline(always)]
pub fn expm1<S: Simd>(s: S, x: S::V) -> S::V {
    let clamped = s.max(s.splat(-20.0), s.min(s.splat(89.0), x));
    let (q, n) = exp_parts(s, clamped);
    // (1 + q) 2^n - 1 = 2 (q 2^(n-1) + (2^(n-1) - 1/2)); n - 1, because 2^128 overflows.
    let power = s.pow2(s.sub(n, s.splat(1.0)));
    let y = s.mul_add(q, power, s.sub(power, s.splat(0.5)));
    s.add(y, y)
}

/// `ln x`, within 2 ULP; NaN for `x < 0`, `-∞` at 0.
#[inline(always)]
pub fn log<S: Simd>(s: S, x: S::V) -> S::V {
    let one = s.splat(1.0);
    let subnormal = s.lt(x, s.splat(f32::MIN_POSITIVE));
    let scaled = s.select(subnormal, s.mul(x, s.splat(8_388_608.0)), x); // 2^23
    let (m, e) = s.split(scaled);
    let e = s.select(subnormal, s.sub(e, s.splat(23.0)), e);
    // Bring the mantissa from [1, 2) to [√½, √2).
    let high = s.lt(s.splat(SQRT_2), m);
    let f = s.sub(s.select(high, s.mul(m, s.splat(0.5)), m), one);
    let e = s.select(high, s.add(e, one), e);
    let p = polynomial(
        s,
        f,
        [
            0.333_333_13,
            -0.250_000_1,
            0.200_021_19,
            -0.166_679_96,
            0.142_195_51,
            -0.124_055_915,
            0.118_881_75,
            -0.116_756_41,
            0.067_466_01,
        ],
    );
    // f - f²/2 + f³ p + e ln 2, small terms first.
    let f2 = s.mul(f, f);
    let small = s.mul_add(s.mul(f2, f), p, s.mul(e, s.splat(LN_2_LOW)));
    let y = s.add(s.neg_mul_add(s.splat(0.5), f2, small), f);
    let y = s.mul_add(e, s.splat(LN_2_HIGH), y);
    let y = s.select(s.eq(x, s.zero()), s.splat(f32::NEG_INFINITY), y);
    let y = s.select(s.eq(x, s.splat(f32::INFINITY)), x, y);
    s.select(s.le(s.zero(), x), y, s.splat(f32::NAN))
}

/// `ln(1 + x)`, within 3 ULP also near 0.
#[inline(always)]
pub fn log1p<S: Simd>(s: S, x: S::V) -> S::V {
    let u = s.add(s.splat(1.0), x);
    let y = log(s, u);
    // First-order correction for the rounding of `1 + x`; NaN where `u` is 0 or infinite.
    let lost = s.div(s.sub(x, s.sub(u, s.splat(1.0))), u);
    s.select(s.le(s.abs(lost), s.splat(1.0)), s.add(y, lost), y)
}

/// `1 / (1 + e^-x)`, within 3 ULP; subnormal results too.
#[inline(always)]
pub fn sigmoid<S: Simd>(s: S, x: S::V) -> S::V {
    let e = exp_within(s, s.max(s.splat(-104.0), s.neg(s.abs(x)))); // in [0, 1]: nothing overflows
    let numerator = s.select(s.lt(x, s.zero()), e, s.splat(1.0));
    s.mul(numerator, s.reciprocal(s.add(s.splat(1.0), e)))
}

/// `tanh x`, within 3 ULP.
#[inline(always)]
pub fn tanh<S: Simd>(s: S, x: S::V) -> S::V {
    // y / (y + 1) for y = (e^2|x| - 1) / 2, as in `expm1`, with the sign of x; from 10 on it is 1.
    let a = s.abs(x);
    let (q, n) = exp_parts(s, s.min(s.splat(20.0), s.add(a, a)));
    let power = s.pow2(s.sub(n, s.splat(1.0)));
    let y = s.mul_add(q, power, s.sub(power, s.splat(0.5)));
    let y = s.mul(y, s.reciprocal(s.add(y, s.splat(1.0))));
    s.select(s.lt(x, s.zero()), s.neg(y), y)
}

/// The error function, within 3 ULP.
#[inline(always)]
pub fn erf<S: Simd>(s: S, x: S::V) -> S::V {
    let a = s.abs(x);
    let z = s.mul(x, x);
    let p = polynomial(
        s,
        z,
        [
            0.128_379_17,
            -0.376_126_32,
            0.112_836_875,
            -0.026_858_94,
            0.005_199_906_4,
            -0.000_813_001_2,
            8.316_772e-5,
        ],
    );
    let small = s.mul_add(x, p, x);
    // 1 - e^-(a + a q(a)), with the sign of x; from 4 on it is 1.
    let a4 = s.min(s.splat(4.0), a);
    let q = polynomial(
        s,
        a4,
        [
            0.128_648_49,
            0.635_151_3,
            0.106_236_89,
            -0.023_762_075,
            0.003_642_465,
            -0.000_322_805_4,
            1.123_146_6e-5,
        ],
    );
    let large = s.sub(s.splat(1.0), exp(s, s.neg(s.mul_add(a4, q, a4))));
    let large = s.select(s.lt(x, s.zero()), s.neg(large), large);
    s.select(s.lt(a, s.splat(0.925)), small, large)
}

/// The distribution function of the standard normal: `(1 + erf(x / √2)) / 2`.
#[inline(always)]
pub fn normal_cdf<S: Simd>(s: S, x: S::V) -> S::V {
    let half = s.splat(0.5);
    s.mul_add(half, erf(s, s.mul(x, s.splat(FRAC_1_SQRT_2))), half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::lanes::map;
    use crate::kernels::testing::each_isa;

    simd_fn! { fn exps(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| exp(s, x)) } }
    simd_fn! { fn exp2s_below_zero(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| exp2_below_zero(s, x)) } }
    simd_fn! { fn expm1s(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| expm1(s, x)) } }
    simd_fn! { fn logs(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| log(s, x)) } }
    simd_fn! { fn log1ps(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| log1p(s, x)) } }
    simd_fn! { fn sigmoids(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| sigmoid(s, x)) } }
    simd_fn! { fn tanhs(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| tanh(s, x)) } }
    simd_fn! { fn erfs(s, x: &[f32], y: &mut [f32]) { map(s, y, [x], #[inline(always)] |[x]| erf(s, x)) } }

    /// `2/√π e^(-x²) Σ 2^n x^(2n+1) / (2n+1)!!`: all terms have one sign, so nothing cancels.
    fn exact_erf(x: f64) -> f64 {
        if x.abs() > 6.0 {
            return x.signum();
        }
        let (mut term, mut sum, mut n) = (x, 0.0, 0.0);
        while f64::abs(term) > 1e-18 * f64::abs(sum) {
            sum += term;
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp()
    }

    /// Distance in units of the last place of the exact result.
    fn ulps(actual: f32, exact: f64) -> f64 {
        if f64::from(actual) == exact || f64::from(actual) == f64::from(exact as f32) {
            return 0.0;
        }
        let magnitude = (exact as f32).abs();
        let unit = f64::from(f32::from_bits(magnitude.to_bits() + 1)) - f64::from(magnitude);
        (f64::from(actual) - exact).abs() / unit
    }

    type Map = fn(&[f32], &mut [f32]);

    #[derive(Clone, Copy)]
    struct Function {
        name: &'static str,
        kernel: Map,
        exact: fn(f64) -> f64,
        range: (f32, f32),
        bound: f64,
    }

    const FUNCTIONS: [Function; 8] = [
        Function { name: "exp", kernel: exps, exact: f64::exp, range: (-105.0, 89.5), bound: 2.0 },
        Function {
            name: "exp2 below zero",
            kernel: exp2s_below_zero,
            exact: f64::exp2,
            range: (-126.0, 0.0),
            bound: 2.0,
        },
        Function {
            name: "expm1",
            kernel: expm1s,
            exact: f64::exp_m1,
            range: (-30.0, 88.0),
            bound: 3.0,
        },
        Function { name: "log", kernel: logs, exact: f64::ln, range: (0.0, 100.0), bound: 2.0 },
        Function {
            name: "log1p",
            kernel: log1ps,
            exact: f64::ln_1p,
            range: (-1.0, 100.0),
            bound: 3.0,
        },
        Function {
            name: "sigmoid",
            kernel: sigmoids,
            exact: |x| 1.0 / (1.0 + (-x).exp()),
            range: (-104.0, 104.0),
            bound: 3.0,
        },
        Function {
            name: "tanh",
            kernel: tanhs,
            exact: f64::tanh,
            range: (-11.0, 11.0),
            bound: 3.0,
        },
        Function { name: "erf", kernel: erfs, exact: exact_erf, range: (-4.5, 4.5), bound: 3.0 },
    ];

    fn largest_error(f: Function, x: &[f32]) -> (f64, f32) {
        let mut y = vec![0.0; x.len()];
        (f.kernel)(x, &mut y);
        let errors = x.iter().zip(&y).map(|(&x, &y)| (ulps(y, (f.exact)(f64::from(x))), x));
        errors.fold((0.0, 0.0), |a, b| if b.0 > a.0 || b.0.is_nan() { b } else { a })
    }

    #[track_caller]
    fn check(f: Function, isa: &str, x: &[f32]) {
        let (error, at) = largest_error(f, x);
        assert!(error <= f.bound, "{} on {isa} is {error} ULP off at {at:e}", f.name);
    }

    #[test]
    fn ulp_bounds_hold_on_a_dense_range() {
        const POINTS: usize = 200_000;
        each_isa(|isa| {
            for f in FUNCTIONS {
                let (low, high) = f.range;
                let x: Vec<f32> =
                    (0..=POINTS).map(|i| low + (high - low) * (i as f32 / POINTS as f32)).collect();
                check(f, isa.name(), &x);
            }
        });
    }

    #[test]
    fn ulp_bounds_hold_at_every_magnitude() {
        each_isa(|isa| {
            for f in FUNCTIONS {
                // Every 65537th f32 inside the range, subnormal ones included.
                let bits = (0..u32::MAX).step_by(65_537).map(f32::from_bits);
                let x: Vec<f32> = bits.filter(|x| (f.range.0..=f.range.1).contains(x)).collect();
                assert!(x.len() > 10_000);
                check(f, isa.name(), &x);
            }
        });
    }

    #[test]
    #[ignore = "all 4 billion f32 take minutes, run by hand"]
    fn ulp_bounds_hold_everywhere() {
        each_isa(|isa| {
            for f in FUNCTIONS {
                let mut worst = (0.0, 0.0);
                for high in 0..=u16::MAX {
                    let bits = (0..=u16::MAX)
                        .map(|low| f32::from_bits(u32::from(high) << 16 | u32::from(low)));
                    let x: Vec<f32> =
                        bits.filter(|x| (f.range.0..=f.range.1).contains(x)).collect();
                    let error = largest_error(f, &x);
                    worst = if error.0 > worst.0 { error } else { worst };
                }
                assert!(
                    worst.0 <= f.bound,
                    "{} on {}: {} ULP at {:e}",
                    f.name,
                    isa.name(),
                    worst.0,
                    worst.1
                );
            }
        });
    }

    #[test]
    fn limits_and_nan() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let x = [-inf, inf, nan, 0.0, -1.0, -0.0, f32::MAX, f32::MIN];
        let cases: [(Map, [f32; 8]); 7] = [
            (exps, [0.0, inf, nan, 1.0, 0.367_879_45, 1.0, inf, 0.0]),
            (expm1s, [-1.0, inf, nan, 0.0, -0.632_120_55, 0.0, inf, -1.0]),
            (logs, [nan, inf, nan, -inf, nan, -inf, 88.722_84, nan]),
            (log1ps, [nan, inf, nan, 0.0, -inf, 0.0, 88.722_84, nan]),
            (sigmoids, [0.0, 1.0, nan, 0.5, 0.268_941_43, 0.5, 1.0, 0.0]),
            (tanhs, [-1.0, 1.0, nan, 0.0, -0.761_594_2, 0.0, 1.0, -1.0]),
            (erfs, [-1.0, 1.0, nan, 0.0, -0.842_700_8, 0.0, 1.0, -1.0]),
        ];
        each_isa(|isa| {
            for (row, (kernel, expected)) in cases.iter().enumerate() {
                let mut y = [0.0; 8];
                kernel(&x, &mut y);
                for i in 0..8 {
                    let same = y[i] == expected[i]
                        || (y[i].is_nan() && expected[i].is_nan())
                        || (y[i] - expected[i]).abs() < 1e-6 * expected[i].abs();
                    assert!(
                        same,
                        "{} row {row} at {}: {} not {}",
                        isa.name(),
                        x[i],
                        y[i],
                        expected[i]
                    );
                }
            }
        });
    }
}
