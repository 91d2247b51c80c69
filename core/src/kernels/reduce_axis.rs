//! Reductions along one axis of `[outer, n, inner]`: sums and maxima, with their gradients.

use super::Compute;
use super::elementwise::{add_scalar, column_sums_add};
use super::lanes::update;
use super::reduce;

/// Visits the `[n, inner]` matrices of `x` with the `inner` results of each.
fn matrices<'a>(
    x: &'a [f32],
    y: &'a mut [f32],
    [n, inner]: [usize; 2],
) -> impl Iterator<Item = (&'a [f32], &'a mut [f32])> {
    assert_eq!(x.len(), y.len() * n, "one result for every {n} numbers");
    let inner = inner.max(1);
    // If `n` is 0, every result is the reduction of an empty slice.
    let mut rest = x;
    y.chunks_exact_mut(inner).map(move |y| {
        let (now, after) = rest.split_at(n * inner);
        rest = after;
        (now, y)
    })
}

/// `y[o, i] = Σ_k x[o, k, i]`
pub fn sum_axis(compute: Compute, x: &[f32], sizes: [usize; 2], y: &mut [f32]) {
    for (x, y) in matrices(x, y, sizes) {
        if let [y] = y {
            *y = reduce::sum(x);
        } else {
            y.fill(0.0);
            column_sums_add(compute, x, y.len(), y);
        }
    }
}

/// The gradient of [`sum_axis`] times `factor`: `dx[o, k, i] += factor·g[o, i]`.
pub fn sum_axis_grad(g: &[f32], factor: f32, [n, inner]: [usize; 2], dx: &mut [f32]) {
    assert_eq!(dx.len(), g.len() * n, "one gradient for every {n} numbers");
    let inner = inner.max(1);
    for (g, dx) in g.chunks_exact(inner).zip(dx.chunks_exact_mut((n * inner).max(1))) {
        if let [g] = g {
            add_scalar(dx, factor * g);
        } else {
            add_to_rows(dx, factor, g);
        }
    }
}

simd_fn! {
    /// Adds `factor·g` to every row of `dx` `[rows, g.len()]`.
    fn add_to_rows(s, dx: &mut [f32], factor: f32, g: &[f32]) {
        let factor = s.splat(factor);
        for dx in dx.chunks_exact_mut(g.len()) {
            update(s, dx, [g], #[inline(always)] |dx, [g]| s.mul_add(factor, g, dx));
        }
    }
}

/// `y[o, i] = max_k x[o, k, i]`; NaN if there is a NaN.
pub fn max_axis(x: &[f32], sizes: [usize; 2], y: &mut [f32]) {
    for (x, y) in matrices(x, y, sizes) {
        if let [y] = y {
            *y = reduce::max(x);
        } else {
            max_of_rows(x, y);
        }
    }
}

simd_fn! {
    /// The maximum of each column of `x` `[rows, y.len()]`.
    fn max_of_rows(s, x: &[f32], y: &mut [f32]) {
        y.fill(f32::NEG_INFINITY);
        for x in x.chunks_exact(y.len()) {
            // `max` takes a NaN from `x`, and keeps it.
            update(s, y, [x], #[inline(always)] |y, [x]| s.select(s.eq(y, y), s.max(y, x), y));
        }
    }
}

/// The gradient of [`max_axis`] from its output `y`. It goes to the first of equal values, as in torch's `max(dim)`.
pub fn max_axis_grad(x: &[f32], y: &[f32], g: &[f32], [n, inner]: [usize; 2], dx: &mut [f32]) {
    assert_eq!([x.len(), dx.len()], [y.len() * n; 2], "one result for every {n} numbers");
    let inner = inner.max(1);
    for (k, (y, g)) in y.iter().zip(g).enumerate() {
        let first = k / inner * n * inner + k % inner;
        let of = |i: usize| first + i * inner;
        if let Some(i) = (0..n).find(|i| x[of(*i)] == *y) {
            dx[of(i)] += g;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, numbers};

    #[test]
    fn reductions_equal_their_formulas() {
        each_isa_and_length(|n| {
            for (outer, n, inner) in [(3, n, 1), (2, n, 5), (2, 3, n), (1, 1, n)] {
                let x = numbers(outer * n * inner, 1);
                let g = numbers(outer * inner, 2);
                let of = |o: usize, k: usize, i: usize| f64::from(x[(o * n + k) * inner + i]);
                let each = |f: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
                    (0..outer * inner).map(|at| f(at / inner, at % inner)).collect()
                };
                let mut y = vec![f32::NAN; outer * inner];
                sum_axis(Compute::default(), &x, [n, inner], &mut y);
                assert_close(&y, &each(&|o, i| (0..n).map(|k| of(o, k, i)).sum()), 5e-6);
                let mut dx = vec![1.0; x.len()];
                sum_axis_grad(&g, 0.5, [n, inner], &mut dx);
                let column = |at: usize| at / (n * inner) * inner + at % inner;
                let expected: Vec<f64> =
                    (0..x.len()).map(|at| 1.0 + 0.5 * f64::from(g[column(at)])).collect();
                assert_close(&dx, &expected, 1e-6);

                max_axis(&x, [n, inner], &mut y);
                let largest =
                    each(&|o, i| (0..n).map(|k| of(o, k, i)).fold(f64::NEG_INFINITY, f64::max));
                assert!(y.iter().zip(&largest).all(|(y, e)| f64::from(*y) == *e));
                let mut dx = vec![0.0; x.len()];
                max_axis_grad(&x, &y, &g, [n, inner], &mut dx);
                let expected: Vec<f64> = (0..x.len())
                    .map(|at| if x[at] == y[column(at)] { f64::from(g[column(at)]) } else { 0.0 })
                    .collect();
                assert_close(&dx, &expected, 1e-6);
            }
        });
    }

    #[test]
    fn of_equals_the_first_has_the_gradient_and_nan_is_greatest() {
        let x = [1.0, 2.0, 2.0, f32::NAN, 0.0, 3.0];
        let (mut y, mut dx) = ([0.0; 2], [0.0; 6]);
        max_axis(&x, [3, 1], &mut y);
        assert!(y[0] == 2.0 && y[1].is_nan());
        max_axis_grad(&x, &y, &[5.0, 7.0], [3, 1], &mut dx);
        assert_eq!(dx, [0.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
        let mut y = [0.0; 2];
        max_axis(&x, [3, 2], &mut y);
        assert!(y[0] == 2.0 && y[1].is_nan());
    }
}
