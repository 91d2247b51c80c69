//! Online softmax of a tile of scores, and its backward pass. A tile has a row for each key and a column for each query, so
//! the statistics of a query are a lane of a vector.

use super::lanes::update;
use super::math::exp2_below_zero;
use super::matmul::Mat;
use super::packing::pack;

simd_fn! {
    /// Replaces scores by `2^(scale·score - max)`. Updates the maximum and the sum of each query, and writes to `factor` what
    /// the results of earlier tiles must be multiplied by.
    pub(super) fn softmax_update(s, scores: &mut [f32], scale: f32, max: &mut [f32], sum: &mut [f32], factor: &mut [f32]) {
        let n = max.len();
        let scale = s.splat(scale);
        for at in (0..n).step_by(S::LANES) {
            let lanes = S::LANES.min(n - at);
            // Lanes beyond the last query hold zeros; their results are not stored.
            let mut tops = [s.splat(f32::NEG_INFINITY); 4];
            for rows in scores.chunks(4 * n) {
                for (row, top) in rows.chunks_exact(n).zip(&mut tops) {
                    *top = s.max(s.load_at(&row[..at + lanes], at), *top);
                }
            }
            let top = s.max(s.max(tops[0], tops[1]), s.max(tops[2], tops[3]));
            let old = s.load_at(&max[..at + lanes], at);
            let top = s.max(old, s.mul(top, scale));
            // Before the first visible key the maximum is -∞, and ∞ - ∞ would be NaN: subtract 0.
            let base = s.select(s.eq(top, s.splat(f32::NEG_INFINITY)), s.zero(), top);
            let change = exp2_below_zero(s, s.sub(old, base));
            s.store_at(top, &mut max[..at + lanes], at);
            s.store_at(change, &mut factor[..at + lanes], at);
            let mut total = s.mul(s.load_at(&sum[..at + lanes], at), change);
            for row in scores.chunks_exact_mut(n) {
                let row = &mut row[..at + lanes];
                // Rounded twice, as the maximum is: that of the largest score is exactly 0, however large it is.
                let exponent = s.sub(s.mul(s.load_at(row, at), scale), base);
                let weight = exp2_below_zero(s, exponent);
                total = s.add(total, weight);
                s.store_at(weight, row, at);
            }
            s.store_at(total, &mut sum[..at + lanes], at);
        }
    }
}

simd_fn! {
    /// Recomputes the weights of the forward pass, `2^(scale·score - max) / sum`, from the maximum and `1 / sum` of each query.
    pub(super) fn recompute_weights(s, scores: &mut [f32], scale: f32, max: &[f32], inverse: &[f32]) {
        let scale = s.splat(scale);
        for row in scores.chunks_exact_mut(max.len()) {
            update(s, row, [max, inverse], #[inline(always)] |score, [max, inverse]| {
                // A product in another order may round a score to more than its maximum.
                let exponent = s.min(s.sub(s.mul(score, scale), max), s.zero());
                s.mul(exp2_below_zero(s, exponent), inverse)
            });
        }
    }
}

simd_fn! {
    /// The gradient of the scores, `scale·P (dP - Σ P dP)`: replaces `dP` in `slopes`.
    pub(super) fn score_gradient(s, weights: &[f32], means: &[f32], scale: f32, slopes: &mut [f32]) {
        let scale = s.splat(scale);
        let n = means.len();
        for (weights, slopes) in weights.chunks_exact(n).zip(slopes.chunks_exact_mut(n)) {
            update(s, slopes, [weights, means], #[inline(always)] |dp, [p, mean]| {
                s.mul(s.mul(p, scale), s.sub(dp, mean))
            });
        }
    }
}

simd_fn! {
    /// Multiplies each row elementwise by `factors`.
    pub(super) fn scale_columns(s, rows: &mut [f32], factors: &[f32]) {
        for row in rows.chunks_exact_mut(factors.len()) {
            update(s, row, [factors], #[inline(always)] |x, [factor]| s.mul(x, factor));
        }
    }
}

simd_fn! {
    /// Writes the `n` columns of a matrix to `rows`, padded to whole vectors, and returns the distance of the rows.
    pub(super) fn transposed_rows(s, columns: &[f32], n: usize, rows: &mut Vec<f32>) -> usize {
        let m = Mat::new(columns, columns.len() / n, n).t();
        let width = m.cols.next_multiple_of(S::LANES);
        if rows.len() < n * width {
            rows.resize(n * width, 0.0);
        }
        pack(s, m, width, rows);
        width
    }
}
