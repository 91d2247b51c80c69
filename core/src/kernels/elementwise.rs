//! Elementwise arithmetic on slices of equal length, and on the rows of a matrix.

use super::Compute;
use super::lanes::{map, update};
use super::parallel::par_rows;

simd_fn! {
    /// `y = a + b`
    pub fn add(s, a: &[f32], b: &[f32], y: &mut [f32]) {
        map(s, y, [a, b], #[inline(always)] |[a, b]| s.add(a, b))
    }
}

simd_fn! {
    /// `y = a - b`
    pub fn sub(s, a: &[f32], b: &[f32], y: &mut [f32]) {
        map(s, y, [a, b], #[inline(always)] |[a, b]| s.sub(a, b))
    }
}

simd_fn! {
    /// `y = a ⊙ b`
    pub fn mul(s, a: &[f32], b: &[f32], y: &mut [f32]) {
        map(s, y, [a, b], #[inline(always)] |[a, b]| s.mul(a, b))
    }
}

simd_fn! {
    /// `y = a / b`
    pub fn div(s, a: &[f32], b: &[f32], y: &mut [f32]) {
        map(s, y, [a, b], #[inline(always)] |[a, b]| s.div(a, b))
    }
}

simd_fn! {
    /// `y += x`
    pub fn add_assign(s, y: &mut [f32], x: &[f32]) {
        update(s, y, [x], #[inline(always)] |y, [x]| s.add(y, x))
    }
}

simd_fn! {
    /// `y -= x`
    pub fn sub_assign(s, y: &mut [f32], x: &[f32]) {
        update(s, y, [x], #[inline(always)] |y, [x]| s.sub(y, x))
    }
}

simd_fn! {
    /// `y ⊙= x`
    pub fn mul_assign(s, y: &mut [f32], x: &[f32]) {
        update(s, y, [x], #[inline(always)] |y, [x]| s.mul(y, x))
    }
}

simd_fn! {
    /// `y += a x`
    pub fn axpy(s, y: &mut [f32], a: f32, x: &[f32]) {
        let a = s.splat(a);
        update(s, y, [x], #[inline(always)] |y, [x]| s.mul_add(a, x, y))
    }
}

simd_fn! {
    /// `y *= a`
    pub fn scale(s, y: &mut [f32], a: f32) {
        let a = s.splat(a);
        update(s, y, [], #[inline(always)] |y, []| s.mul(a, y))
    }
}

simd_fn! {
    /// `y += a`
    pub fn add_scalar(s, y: &mut [f32], a: f32) {
        let a = s.splat(a);
        update(s, y, [], #[inline(always)] |y, []| s.add(a, y))
    }
}

simd_fn! {
    /// `y = min(max(x, low), high)`; NaN stays NaN.
    pub fn clamp(s, x: &[f32], limits: [f32; 2], y: &mut [f32]) {
        let [low, high] = limits.map(|limit| s.splat(limit));
        map(s, y, [x], #[inline(always)] |[x]| s.min(high, s.max(low, x)))
    }
}

simd_fn! {
    /// The gradient of [`clamp`]: `dx += g` between the limits, not at them.
    pub fn clamp_grad(s, x: &[f32], limits: [f32; 2], g: &[f32], dx: &mut [f32]) {
        let [low, high] = limits.map(|limit| s.splat(limit));
        update(s, dx, [x, g], #[inline(always)] |dx, [x, g]| {
            let within = s.select(s.lt(low, x), s.select(s.lt(x, high), g, s.zero()), s.zero());
            s.add(dx, within)
        })
    }
}

simd_fn! {
    /// `dx += g ⊙ x`
    pub fn mul_add_assign(s, dx: &mut [f32], g: &[f32], x: &[f32]) {
        update(s, dx, [g, x], #[inline(always)] |dx, [g, x]| s.mul_add(g, x, dx))
    }
}

simd_fn! {
    /// The gradient of `a / b` for both: `da += g / b`, `db -= g y / b` where `y = a / b`.
    pub fn div_grad(s, b: &[f32], y: &[f32], g: &[f32], da: &mut [f32], db: &mut [f32]) {
        update(s, da, [g, b], #[inline(always)] |da, [g, b]| s.add(da, s.div(g, b)));
        update(s, db, [g, b, y], #[inline(always)] |db, [g, b, y]| s.neg_mul_add(s.div(g, b), y, db))
    }
}

simd_fn! {
    /// Multiplies every row of `y` `[rows, weight.len()]` by `weight`.
    pub fn mul_row(s, y: &mut [f32], weight: &[f32]) {
        assert_eq!(y.len() % weight.len().max(1), 0, "y is not made of whole rows");
        for y in y.chunks_exact_mut(weight.len().max(1)) {
            update(s, y, [weight], #[inline(always)] |y, [w]| s.mul(y, w));
        }
    }
}

/// `out[c] += Σ_r x[r, c]` for `x` `[rows, cols]`, rows contiguous.
pub fn column_sums_add(compute: Compute, x: &[f32], cols: usize, out: &mut [f32]) {
    assert_eq!(out.len(), cols, "one sum per column");
    assert_eq!(x.len() % cols.max(1), 0, "x is not made of whole rows");
    par_rows(compute, [out], [1], SHARED_COLUMNS, &|at, [out]: [&mut [f32]; 1]| {
        column_sums_of(&x[at.min(x.len())..], cols, out);
    });
}

/// Threads share the sums in pieces of at least so many columns.
const SHARED_COLUMNS: usize = 64;

simd_fn! {
    /// The sums of the first columns of `x`, whose rows are `stride` apart.
    fn column_sums_of(s, x: &[f32], stride: usize, out: &mut [f32]) {
        let cols = out.len();
        let rows = x.len().div_ceil(stride.max(1));
        if stride == 1 {
            out[0] += super::reduce::sum(x);
            return;
        }
        // Four vectors of columns at a time: enough loads in flight to use the bandwidth, and the sums stay in registers.
        const WIDE: usize = 4;
        let mut at = 0;
        while at + WIDE * S::LANES <= cols {
            let mut sums = [s.zero(); WIDE];
            for r in 0..rows {
                let row = &x[r * stride + at..][..WIDE * S::LANES];
                unrolled!(j in [0 1 2 3] {
                    sums[j] = s.add(sums[j], s.load(&row[j * S::LANES..]));
                });
            }
            unrolled!(j in [0 1 2 3] {
                let out = &mut out[at + j * S::LANES..];
                s.store(s.add(s.load(out), sums[j]), out);
            });
            at += WIDE * S::LANES;
        }
        while at < cols {
            let width = S::LANES.min(cols - at);
            let mut sums = s.zero();
            for r in 0..rows {
                sums = s.add(sums, s.load_at(&x[r * stride + at..][..width], 0));
            }
            let out = &mut out[at..at + width];
            s.store_at(s.add(s.load_at(out, 0), sums), out, 0);
            at += width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, numbers};

    #[test]
    fn every_operation_equals_its_formula() {
        each_isa_and_length(|n| {
            let (a, b, y0) = (numbers(n, 1), numbers(n, 2), numbers(n, 3));
            let check = |kernel: &dyn Fn(&mut [f32]), formula: &dyn Fn(f64, f64, f64) -> f64| {
                let mut y = y0.clone();
                kernel(&mut y);
                let expected: Vec<f64> =
                    (0..n).map(|i| formula(y0[i].into(), a[i].into(), b[i].into())).collect();
                assert_close(&y, &expected, 1e-6);
            };
            check(&|y| add(&a, &b, y), &|_, a, b| a + b);
            check(&|y| sub(&a, &b, y), &|_, a, b| a - b);
            check(&|y| mul(&a, &b, y), &|_, a, b| a * b);
            check(&|y| div(&a, &b, y), &|_, a, b| a / b);
            check(&|y| add_assign(y, &a), &|y, a, _| y + a);
            check(&|y| sub_assign(y, &a), &|y, a, _| y - a);
            check(&|y| mul_assign(y, &a), &|y, a, _| y * a);
            check(&|y| axpy(y, -1.5, &a), &|y, a, _| y - 1.5 * a);
            check(&|y| scale(y, 0.75), &|y, _, _| y * 0.75);
            check(&|y| add_scalar(y, 0.75), &|y, _, _| y + 0.75);
            check(&|y| clamp(&a, [-0.5, 0.25], y), &|_, a, _| a.clamp(-0.5, 0.25));
            check(&|y| clamp_grad(&a, [-0.5, 0.25], &b, y), &|y, a, b| {
                if -0.5 < a && a < 0.25 { y + b } else { y }
            });
            check(&|y| mul_add_assign(y, &a, &b), &|y, a, b| y + a * b);
            check(&|y| mul_row(y, &a), &|y, a, _| y * a);
        });
    }

    #[test]
    fn division_has_both_gradients() {
        each_isa_and_length(|n| {
            let (a, b, g) = (numbers(n, 1), numbers(n, 2), numbers(n, 3));
            let (mut y, mut da, mut db) = (vec![0.0; n], vec![1.0; n], vec![2.0; n]);
            div(&a, &b, &mut y);
            div_grad(&b, &y, &g, &mut da, &mut db);
            let exact = |f: &dyn Fn(f64, f64, f64) -> f64| -> Vec<f64> {
                (0..n).map(|i| f(a[i].into(), b[i].into(), g[i].into())).collect()
            };
            assert_close(&da, &exact(&|_, b, g| 1.0 + g / b), 2e-6);
            assert_close(&db, &exact(&|a, b, g| 2.0 - g * a / (b * b)), 2e-6);
        });
    }

    #[test]
    fn columns_are_summed() {
        each_isa_and_length(|cols| {
            for rows in [0, 1, 3, 5] {
                let (x, before) = (numbers(rows * cols, 4), numbers(cols, 5));
                let mut out = before.clone();
                column_sums_add(Compute::default(), &x, cols, &mut out);
                let sums: Vec<f64> = (0..cols)
                    .map(|c| {
                        before[c] as f64 + (0..rows).map(|r| x[r * cols + c] as f64).sum::<f64>()
                    })
                    .collect();
                assert_close(&out, &sums, 1e-6);
            }
        });
    }

    #[test]
    #[should_panic(expected = "differ in length")]
    fn lengths_must_agree() {
        add(&[1.0], &[1.0, 2.0], &mut [0.0]);
    }
}
