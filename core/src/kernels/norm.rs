//! Layer normalisation of rows: `y = x̂ ⊙ w + b` with `x̂ = (x - mean) / √(variance + ε)`. Group normalisation is that of equal parts
//! of rows, each with its own part of the weight, and without a bias.
//!
//! With `ĝ = g ⊙ w`: `dx = (ĝ - mean ĝ - x̂ mean(ĝ ⊙ x̂)) / √(variance + ε)`, `dw = Σ_rows g ⊙ x̂`, `db = Σ_rows g`.

use super::lanes::{map, update};
use crate::simd::Simd;

/// `Σ f(x0[i], x1[i], ..)` over a row; `f` of zeros is 0.
#[inline(always)]
fn total<S: Simd, const N: usize>(s: S, x: [&[f32]; N], f: impl Fn([S::V; N]) -> S::V) -> f32 {
    let n = x[0].len();
    let x = x.map(|x| &x[..n]);
    let mut lanes = s.zero();
    for at in (0..n).step_by(S::LANES) {
        let mut v = [s.zero(); N];
        unrolled!(j < N {
            v[j] = s.load_at(x[j], at);
        });
        lanes = s.add(lanes, f(v));
    }
    s.sum(lanes)
}

/// `x̂`
#[inline(always)]
fn whitened<S: Simd>(s: S, x: S::V, mean: S::V, scale: S::V) -> S::V {
    s.mul(s.sub(x, mean), scale)
}

/// Writes a row minus its mean to `y`. Returns the mean and `1 / √(variance + ε)`.
#[inline(always)]
fn centered<S: Simd>(s: S, x: &[f32], eps: f32, y: &mut [f32]) -> (f32, f32) {
    let cols = x.len() as f32;
    let mean = total(
        s,
        [x],
        #[inline(always)]
        |[x]| x,
    ) / cols;
    let shift = s.splat(mean);
    map(
        s,
        y,
        [x],
        #[inline(always)]
        |[x]| s.sub(x, shift),
    );
    let variance = total(
        s,
        [y],
        #[inline(always)]
        |[y]| s.mul(y, y),
    ) / cols;
    (mean, 1.0 / (variance + eps).sqrt())
}

/// Adds the gradient of a row.
#[inline(always)]
fn row_grad<S: Simd>(s: S, [x, w, g]: [&[f32]; 3], statistics: &[f32], dx: &mut [f32]) {
    let cols = x.len() as f32;
    let (shift, scale) = (s.splat(statistics[0]), s.splat(statistics[1]));
    let g_mean = total(
        s,
        [g, w],
        #[inline(always)]
        |[g, w]| s.mul(g, w),
    ) / cols;
    let gx = total(
        s,
        [g, w, x],
        #[inline(always)]
        |[g, w, x]| s.mul(s.mul(g, w), whitened(s, x, shift, scale)),
    );
    let (g_mean, gx_mean) = (s.splat(g_mean), s.splat(gx / cols));
    update(
        s,
        dx,
        [x, g, w],
        #[inline(always)]
        |dx, [x, g, w]| {
            let g = s.sub(s.mul(g, w), g_mean);
            s.mul_add(s.neg_mul_add(whitened(s, x, shift, scale), gx_mean, g), scale, dx)
        },
    );
}

/// Adds the gradient of a row's weight.
#[inline(always)]
fn row_weight_grad<S: Simd>(s: S, [x, g]: [&[f32]; 2], statistics: &[f32], dw: &mut [f32]) {
    let (shift, scale) = (s.splat(statistics[0]), s.splat(statistics[1]));
    update(
        s,
        dw,
        [x, g],
        #[inline(always)]
        |dw, [x, g]| s.mul_add(g, whitened(s, x, shift, scale), dw),
    );
}

simd_fn! {
    /// Normalises every row of `w.len()` numbers; writes mean and `1 / √(variance + ε)` of each row to `statistics`.
    pub fn layer_norm(s, x: &[f32], w: &[f32], b: &[f32], eps: f32, y: &mut [f32], statistics: &mut [f32]) {
        let cols = w.len().max(1);
        assert_eq!(x.len(), y.len(), "input and output differ in length");
        assert_eq!(statistics.len() * cols, 2 * x.len(), "two statistics for every row");
        let rows = x.chunks_exact(cols).zip(y.chunks_exact_mut(cols));
        for ((x, y), statistics) in rows.zip(statistics.chunks_exact_mut(2)) {
            let (mean, inverse) = centered(s, x, eps, y);
            let scale = s.splat(inverse);
            update(s, y, [w, b], #[inline(always)] |y, [w, b]| s.mul_add(s.mul(y, scale), w, b));
            (statistics[0], statistics[1]) = (mean, inverse);
        }
    }
}

simd_fn! {
    /// The gradient of [`layer_norm`] for `x`.
    pub fn layer_norm_grad(s, x: &[f32], w: &[f32], statistics: &[f32], g: &[f32], dx: &mut [f32]) {
        let cols = w.len().max(1);
        assert_eq!([x.len(), g.len()], [dx.len(); 2], "values and gradients differ in length");
        let rows = x.chunks_exact(cols).zip(g.chunks_exact(cols)).zip(statistics.chunks_exact(2));
        for (((x, g), statistics), dx) in rows.zip(dx.chunks_exact_mut(cols)) {
            row_grad(s, [x, w, g], statistics, dx);
        }
    }
}

simd_fn! {
    /// The gradient of [`layer_norm`] for the weight.
    pub fn layer_norm_weight_grad(s, x: &[f32], statistics: &[f32], g: &[f32], dw: &mut [f32]) {
        let cols = dw.len().max(1);
        assert_eq!(x.len(), g.len(), "values and gradients differ in length");
        let rows = x.chunks_exact(cols).zip(g.chunks_exact(cols));
        for ((x, g), statistics) in rows.zip(statistics.chunks_exact(2)) {
            row_weight_grad(s, [x, g], statistics, dw);
        }
    }
}

/// The number of groups of `cols` columns.
#[inline(always)]
fn groups(w: usize, cols: usize) -> usize {
    assert!(
        cols > 0 && w > 0 && w.is_multiple_of(cols),
        "a weight of {w} columns in groups of {cols}"
    );
    w / cols
}

simd_fn! {
    /// Normalises every group of `cols` numbers, multiplies by its part of the weight, and writes statistics as [`layer_norm`].
    pub fn group_norm(s, x: &[f32], w: &[f32], cols: usize, eps: f32, y: &mut [f32], statistics: &mut [f32]) {
        let groups = groups(w.len(), cols);
        assert_eq!(x.len(), y.len(), "input and output differ in length");
        assert_eq!(statistics.len() * cols, 2 * x.len(), "two statistics for every group");
        let rows = x.chunks_exact(cols).zip(y.chunks_exact_mut(cols));
        for (i, ((x, y), statistics)) in rows.zip(statistics.chunks_exact_mut(2)).enumerate() {
            let (mean, inverse) = centered(s, x, eps, y);
            let scale = s.splat(inverse);
            let w = &w[i % groups * cols..][..cols];
            update(s, y, [w], #[inline(always)] |y, [w]| s.mul(s.mul(y, scale), w));
            (statistics[0], statistics[1]) = (mean, inverse);
        }
    }
}

simd_fn! {
    /// The gradient of [`group_norm`] for `x`.
    pub fn group_norm_grad(s, x: &[f32], w: &[f32], cols: usize, statistics: &[f32], g: &[f32], dx: &mut [f32]) {
        let groups = groups(w.len(), cols);
        assert_eq!([x.len(), g.len()], [dx.len(); 2], "values and gradients differ in length");
        let rows = x.chunks_exact(cols).zip(g.chunks_exact(cols)).zip(statistics.chunks_exact(2));
        for (i, (((x, g), statistics), dx)) in rows.zip(dx.chunks_exact_mut(cols)).enumerate() {
            row_grad(s, [x, &w[i % groups * cols..][..cols], g], statistics, dx);
        }
    }
}

simd_fn! {
    /// The gradient of [`group_norm`] for the weight.
    pub fn group_norm_weight_grad(s, x: &[f32], cols: usize, statistics: &[f32], g: &[f32], dw: &mut [f32]) {
        let groups = groups(dw.len(), cols);
        assert_eq!(x.len(), g.len(), "values and gradients differ in length");
        let rows = x.chunks_exact(cols).zip(g.chunks_exact(cols));
        for (i, ((x, g), statistics)) in rows.zip(statistics.chunks_exact(2)).enumerate() {
            row_weight_grad(s, [x, g], statistics, &mut dw[i % groups * cols..][..cols]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, numbers};

    #[test]
    fn rows_equal_their_formulas() {
        each_isa_and_length(|cols| {
            let rows = 3;
            let (x, g) = (numbers(rows * cols, 1), numbers(rows * cols, 2));
            let (w, b) = (numbers(cols, 3), numbers(cols, 4));
            let mut y = vec![0.0; x.len()];
            let mut statistics = vec![0.0; if cols > 0 { 2 * rows } else { 0 }];
            layer_norm(&x, &w, &b, 1e-5, &mut y, &mut statistics);
            let (mut dx, mut dw) = (vec![1.0; x.len()], vec![2.0; cols]);
            layer_norm_grad(&x, &w, &statistics, &g, &mut dx);
            layer_norm_weight_grad(&x, &statistics, &g, &mut dw);
            let mut expected_dw = vec![2.0; cols];
            for row in 0..if cols > 0 { rows } else { 0 } {
                let range = row * cols..(row + 1) * cols;
                let of = |v: &[f32]| -> Vec<f64> { v.iter().map(|v| f64::from(*v)).collect() };
                let (x, g, w, b) = (of(&x[range.clone()]), of(&g[range.clone()]), of(&w), of(&b));
                let mean_of =
                    |f: &dyn Fn(usize) -> f64| (0..cols).map(f).sum::<f64>() / cols as f64;
                let mean = mean_of(&|i| x[i]);
                let scale = 1.0 / (mean_of(&|i| (x[i] - mean).powi(2)) + 1e-5).sqrt();
                let whitened = |i: usize| (x[i] - mean) * scale;
                let each = |f: &dyn Fn(usize) -> f64| -> Vec<f64> { (0..cols).map(f).collect() };
                assert_close(&y[range.clone()], &each(&|i| whitened(i) * w[i] + b[i]), 5e-6);
                let g_mean = mean_of(&|i| g[i] * w[i]);
                let gx_mean = mean_of(&|i| g[i] * w[i] * whitened(i));
                // A single number has variance 0 and derivative 0, which drowns in the rounding of 1 / √ε.
                if cols > 1 {
                    let slope =
                        |i: usize| 1.0 + (g[i] * w[i] - g_mean - whitened(i) * gx_mean) * scale;
                    assert_close(&dx[range.clone()], &each(&slope), 1e-5);
                }
                expected_dw.iter_mut().enumerate().for_each(|(i, dw)| *dw += g[i] * whitened(i));
            }
            assert_close(&dw, &expected_dw, 1e-5);
        });
    }

    #[test]
    fn groups_are_rows_with_their_own_weights() {
        each_isa_and_length(|cols| {
            if cols == 0 {
                return;
            }
            let (rows, groups) = (2, 3);
            let [x, g] = [1, 2].map(|seed| numbers(rows * groups * cols, seed));
            let w = numbers(groups * cols, 3);
            let (mut y, mut dx, mut dw) =
                (vec![0.0; x.len()], vec![1.0; x.len()], vec![2.0; w.len()]);
            let mut statistics = vec![0.0; 2 * rows * groups];
            group_norm(&x, &w, cols, 1e-5, &mut y, &mut statistics);
            group_norm_grad(&x, &w, cols, &statistics, &g, &mut dx);
            group_norm_weight_grad(&x, cols, &statistics, &g, &mut dw);
            let zeros = vec![0.0; cols];
            let (mut of_y, mut of_dx, mut of_dw) =
                (vec![0.0; x.len()], vec![1.0; x.len()], vec![2.0; w.len()]);
            for i in 0..rows * groups {
                let (part, group) =
                    (i * cols..(i + 1) * cols, i % groups * cols..(i % groups + 1) * cols);
                let (x, w, g) = (&x[part.clone()], &w[group.clone()], &g[part.clone()]);
                let mut own = [0.0; 2];
                layer_norm(x, w, &zeros, 1e-5, &mut of_y[part.clone()], &mut own);
                assert_eq!(own, statistics[2 * i..][..2]);
                layer_norm_grad(x, w, &own, g, &mut of_dx[part]);
                layer_norm_weight_grad(x, &own, g, &mut of_dw[group]);
            }
            assert_eq!((y, dx, dw), (of_y, of_dx, of_dw));
        });
    }
}
