//! Softmax of rows, and its logarithm: `y = e^(x - max) / Σ`, `ln y = x - max - ln Σ`.

use super::lanes::{map, update};
use super::math;
use crate::simd::Simd;

/// The largest number of a row, which must not be empty.
#[inline(always)]
fn largest<S: Simd>(s: S, x: &[f32]) -> f32 {
    let mut lanes = s.splat(f32::NEG_INFINITY);
    let whole = x.len() - x.len() % S::LANES;
    for at in (0..whole).step_by(S::LANES) {
        lanes = s.max(s.load(&x[at..]), lanes);
    }
    x[whole..].iter().copied().fold(s.max_of(lanes), |max, x| if x > max { x } else { max })
}

/// The sum of a row.
#[inline(always)]
fn total<S: Simd>(s: S, x: &[f32]) -> f32 {
    let mut lanes = s.zero();
    for at in (0..x.len()).step_by(S::LANES) {
        lanes = s.add(lanes, s.load_at(x, at));
    }
    s.sum(lanes)
}

/// `Σ a b` of two rows.
#[inline(always)]
pub(super) fn product<S: Simd>(s: S, a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = s.zero();
    for at in (0..a.len()).step_by(S::LANES) {
        lanes = s.mul_add(s.load_at(a, at), s.load_at(b, at), lanes);
    }
    s.sum(lanes)
}

simd_fn! {
    /// Softmax of every row of `cols` numbers.
    pub fn softmax(s, x: &[f32], cols: usize, y: &mut [f32]) {
        assert_eq!(x.len(), y.len(), "input and output differ in length");
        for (x, y) in x.chunks_exact(cols.max(1)).zip(y.chunks_exact_mut(cols.max(1))) {
            let max = s.splat(largest(s, x));
            map(s, y, [x], #[inline(always)] |[x]| math::exp(s, s.sub(x, max)));
            let inverse = s.splat(1.0 / total(s, y));
            update(s, y, [], #[inline(always)] |y, []| s.mul(y, inverse));
        }
    }
}

simd_fn! {
    /// The gradient of [`softmax`]: `dx += y ⊙ (g - Σ g y)`.
    pub fn softmax_grad(s, y: &[f32], g: &[f32], cols: usize, dx: &mut [f32]) {
        assert_eq!([y.len(), g.len()], [dx.len(); 2], "values and gradients differ in length");
        let rows = y.chunks_exact(cols.max(1)).zip(g.chunks_exact(cols.max(1)));
        for ((y, g), dx) in rows.zip(dx.chunks_exact_mut(cols.max(1))) {
            let mean = s.splat(product(s, y, g));
            update(s, dx, [y, g], #[inline(always)] |dx, [y, g]| s.mul_add(y, s.sub(g, mean), dx));
        }
    }
}

simd_fn! {
    /// Logarithm of the softmax of every row of `cols` numbers.
    pub fn log_softmax(s, x: &[f32], cols: usize, y: &mut [f32]) {
        assert_eq!(x.len(), y.len(), "input and output differ in length");
        for (x, y) in x.chunks_exact(cols.max(1)).zip(y.chunks_exact_mut(cols.max(1))) {
            let max = largest(s, x);
            let shift = s.splat(max);
            map(s, y, [x], #[inline(always)] |[x]| math::exp(s, s.sub(x, shift)));
            let log = s.splat(total(s, y).ln());
            // Not `x - (max + ln Σ)`: for a large `max` that would round the logarithm away.
            map(s, y, [x], #[inline(always)] |[x]| s.sub(s.sub(x, shift), log));
        }
    }
}

simd_fn! {
    /// The gradient of [`log_softmax`]: `dx += g - e^y Σ g`.
    pub fn log_softmax_grad(s, y: &[f32], g: &[f32], cols: usize, dx: &mut [f32]) {
        assert_eq!([y.len(), g.len()], [dx.len(); 2], "values and gradients differ in length");
        let rows = y.chunks_exact(cols.max(1)).zip(g.chunks_exact(cols.max(1)));
        for ((y, g), dx) in rows.zip(dx.chunks_exact_mut(cols.max(1))) {
            let sum = s.splat(total(s, g));
            update(s, dx, [y, g], #[inline(always)] |dx, [y, g]| {
                s.neg_mul_add(math::exp(s, y), sum, s.add(dx, g))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa, each_isa_and_length, numbers};

    #[test]
    fn rows_equal_their_formulas() {
        each_isa_and_length(|cols| {
            let (x, g) = (numbers(3 * cols, 1), numbers(3 * cols, 2));
            let wide = |x: &[f32]| -> Vec<f64> { x.iter().map(|v| f64::from(*v)).collect() };
            let (mut y, mut log) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            softmax(&x, cols, &mut y);
            log_softmax(&x, cols, &mut log);
            let (mut dx, mut dlog) = (vec![1.0; x.len()], vec![1.0; x.len()]);
            softmax_grad(&y, &g, cols, &mut dx);
            log_softmax_grad(&log, &g, cols, &mut dlog);
            for row in 0..if cols > 0 { 3 } else { 0 } {
                let of = |v: &[f32]| wide(&v[row * cols..][..cols]);
                let e: Vec<f64> = of(&x).iter().map(|x| x.exp()).collect();
                let sum: f64 = e.iter().sum();
                let p: Vec<f64> = e.iter().map(|e| e / sum).collect();
                let range = row * cols..(row + 1) * cols;
                assert_close(&y[range.clone()], &p, 1e-6);
                assert_close(
                    &log[range.clone()],
                    &p.iter().map(|p| p.ln()).collect::<Vec<_>>(),
                    1e-6,
                );
                let g = of(&g);
                let (mean, total) =
                    (p.iter().zip(&g).map(|(p, g)| p * g).sum::<f64>(), g.iter().sum::<f64>());
                let of_softmax = |(p, g): (&f64, &f64)| 1.0 + p * (g - mean);
                let expected: Vec<f64> = p.iter().zip(&g).map(of_softmax).collect();
                assert_close(&dx[range.clone()], &expected, 2e-6);
                let of_log = |(p, g): (&f64, &f64)| 1.0 + g - p * total;
                let expected: Vec<f64> = p.iter().zip(&g).map(of_log).collect();
                assert_close(&dlog[range], &expected, 5e-6);
            }
        });
    }

    #[test]
    fn masked_and_large_numbers_are_safe() {
        each_isa(|_| {
            let mut y = [0.0; 4];
            softmax(&[1e30, f32::NEG_INFINITY, 1e30, -1e30], 4, &mut y);
            assert_eq!(y, [0.5, 0.0, 0.5, 0.0]);
            log_softmax(&[1000.0, 0.0, 1000.0, 0.0], 4, &mut y);
            assert!((y[0] + std::f32::consts::LN_2).abs() < 1e-6 && (y[1] + 1000.7).abs() < 0.1);
            softmax(&[0.0, f32::NAN, 1.0, 2.0], 4, &mut y);
            assert!(y.iter().all(|v| v.is_nan()));
        });
    }
}
