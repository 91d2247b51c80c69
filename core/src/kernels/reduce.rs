//! Sums and the maximum of a slice, in a fixed order.
//!
//! Within a block of 1024 values, lanes are summed in f32; the blocks are added in f64. So the error does not grow with the
//! length of the slice.

use crate::simd::Simd;

const BLOCK: usize = 1024;
/// Independent sums, to hide the latency of addition.
const CHAINS: usize = 4;

/// `Σ f(x0[i], x1[i], ..)`.
#[inline(always)]
fn sum_of<S: Simd, const N: usize>(
    s: S,
    x: [&[f32]; N],
    f: impl Fn([S::V; N], S::V) -> S::V,
) -> f64 {
    let n = x[0].len();
    for j in 0..N {
        assert_eq!(x[j].len(), n, "inputs differ in length");
    }
    let mut total = 0.0;
    for start in (0..n).step_by(BLOCK) {
        let len = BLOCK.min(n - start);
        let x = x.map(|x| &x[start..start + len]);
        let mut sums = [s.zero(); CHAINS];
        let mut at = 0;
        while at + CHAINS * S::LANES <= len {
            unrolled!(c in [0 1 2 3] {
                let mut v = [s.zero(); N];
                unrolled!(j < N {
                    v[j] = s.load(&x[j][at + c * S::LANES..]);
                });
                sums[c] = f(v, sums[c]);
            });
            at += CHAINS * S::LANES;
        }
        while at < len {
            let mut v = [s.zero(); N];
            unrolled!(j < N {
                v[j] = s.load_at(x[j], at);
            });
            sums[0] = f(v, sums[0]);
            at += S::LANES;
        }
        total += f64::from(s.sum(s.add(s.add(sums[0], sums[1]), s.add(sums[2], sums[3]))));
    }
    total
}

simd_fn! {
    /// `Σ x`
    pub fn sum(s, x: &[f32]) -> f32 {
        sum_of(s, [x], #[inline(always)] |[x], sum| s.add(sum, x)) as f32
    }
}

simd_fn! {
    /// `Σ a b`
    pub fn dot(s, a: &[f32], b: &[f32]) -> f32 {
        sum_of(s, [a, b], #[inline(always)] |[a, b], sum| s.mul_add(a, b, sum)) as f32
    }
}

/// `Σ x²`, finite if all of `x` is.
pub fn sum_of_squares(x: &[f32]) -> f64 {
    let sum = sum_of_f32_squares(x);
    if sum.is_finite() {
        return sum;
    }
    // The square of a number beyond 1e19 is not an f32.
    x.iter().map(|x| f64::from(*x).powi(2)).sum()
}

simd_fn! {
    fn sum_of_f32_squares(s, x: &[f32]) -> f64 {
        sum_of(s, [x], #[inline(always)] |[x], sum| s.mul_add(x, x, sum))
    }
}

simd_fn! {
    /// The largest value; NaN if there is a NaN, `-∞` if the slice is empty.
    pub fn max(s, x: &[f32]) -> f32 {
        let mut largest = s.splat(f32::NEG_INFINITY);
        let whole = x.len() - x.len() % S::LANES;
        for at in (0..whole).step_by(S::LANES) {
            // `max` takes a NaN from `x`, and keeps it once it is in `largest`.
            let v = s.load(&x[at..]);
            largest = s.select(s.eq(largest, largest), s.max(largest, v), largest);
        }
        let mut rest = f32::NEG_INFINITY;
        for &v in &x[whole..] {
            if v > rest || v.is_nan() {
                rest = v;
            }
        }
        let mut lanes = s.max_of(largest);
        if s.sum(s.select(s.eq(largest, largest), s.zero(), s.splat(1.0))) > 0.0 || rest.is_nan() {
            lanes = f32::NAN;
        }
        if rest > lanes { rest } else { lanes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa, each_isa_and_length, inner, numbers};

    #[test]
    fn sums_equal_f64_sums() {
        each_isa_and_length(|n| {
            let (a, b) = (numbers(n, 1), numbers(n, 2));
            assert_close(&[sum(&a)], &[inner(&a, &vec![1.0; n])], 3e-6);
            assert_close(&[dot(&a, &b)], &[inner(&a, &b)], 3e-6);
            assert!((sum_of_squares(&a) - inner(&a, &a)).abs() <= 1e-6 * inner(&a, &a));
        });
    }

    #[test]
    fn squares_beyond_f32_have_a_sum() {
        assert_eq!(sum_of_squares(&[3.0 * 2f32.powi(80); 5]), 45.0 * 2f64.powi(160));
        assert!(sum_of_squares(&[1.0, f32::NAN]).is_nan());
        assert_eq!(sum_of_squares(&[1.0, f32::INFINITY]), f64::INFINITY);
    }

    #[test]
    fn a_long_sum_stays_accurate() {
        each_isa(|isa| {
            let x = vec![0.1f32; 4_000_001];
            let exact = 4_000_001.0 * f64::from(0.1f32);
            let error = (f64::from(sum(&x)) - exact).abs() / exact;
            assert!(error < 1e-5, "{}: {error}", isa.name());
            let error = (f64::from(dot(&x, &x)) / (exact * f64::from(0.1f32)) - 1.0).abs();
            assert!(error < 1e-5, "{}: {error}", isa.name());
        });
    }

    #[test]
    fn max_finds_the_largest_and_keeps_nan() {
        each_isa_and_length(|n| {
            let mut x = numbers(n, 3);
            assert_eq!(max(&x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            for i in 0..n {
                let kept = std::mem::replace(&mut x[i], f32::NAN);
                assert!(max(&x).is_nan());
                x[i] = 9.0;
                assert_eq!(max(&x), 9.0);
                x[i] = kept;
            }
        });
    }
}
