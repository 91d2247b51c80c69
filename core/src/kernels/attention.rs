//! Attention of one head, tile by tile: `softmax(scale·Q Kᵀ + mask) V` without the matrix of all scores.
//!
//! Scores are computed transposed, keys down and queries across: the running maximum and sum of every query (Milakov &
//! Gimelshein 2018, <https://arxiv.org/abs/1805.02867>) are lanes of vectors, and every product reads `K`, `V` and the
//! tile itself as they lie in memory. The backward computes the tiles again from the logarithm of each query's sum
//! (Dao et al. 2022, <https://arxiv.org/abs/2205.14135>), which is all that is kept. A query that may see no key gets
//! zeros.

use super::lanes::update;
use super::math::exp_below_zero;
use super::matmul::{Mat, Mode, matmul_strided};
use super::panels::Panels;
use super::pattern::{Mask, See};
use super::random::drop_in_place;
use super::reduce::dot;
use crate::rng::Key;
use std::cell::RefCell;

/// Queries of a tile: two panels of the widest matrix tile.
pub(super) const QUERIES: usize = 96;
/// Keys of a tile.
pub(super) const KEYS: usize = 128;

/// Random zeros in the weights, as a function of position: `1 / (1 - p)` times what is kept.
#[derive(Clone, Copy, Debug)]
pub struct Drop {
    /// Probability of a zero.
    pub p: f32,
    /// Where the numbers come from.
    pub key: Key,
    /// Index of the weight of query 0 and key 0; keys are `queries` apart.
    pub first: u64,
}

/// What all heads share.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// What scores are multiplied by.
    pub scale: f32,
    /// Which query may see which key.
    pub mask: &'a Mask,
    /// Dropout of the weights.
    pub drop: Option<Drop>,
}

/// The inputs of one head: `q` `[L, d]`, `k` `[S, d]`, `v` `[S, e]`, rows in order.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Queries.
    pub q: Mat<'a>,
    /// Keys.
    pub k: Mat<'a>,
    /// Values.
    pub v: Mat<'a>,
}

/// Rows of a larger matrix, `stride` apart.
pub struct Rows<'a> {
    /// The numbers.
    pub data: &'a mut [f32],
    /// Distance of a row to the next.
    pub stride: usize,
}

impl Rows<'_> {
    /// Everything from row `row` on.
    fn from(&mut self, row: usize) -> &mut [f32] {
        &mut self.data[row * self.stride..]
    }
}

/// The gradients that [`Attention::backward`] adds to.
pub struct HeadGrads<'a> {
    /// Of the queries.
    pub q: Rows<'a>,
    /// Of the keys.
    pub k: Rows<'a>,
    /// Of the values.
    pub v: Rows<'a>,
}

/// What a thread works with: a tile or two, and numbers per query of a tile.
struct Workspace {
    scores: Vec<f32>,
    slopes: Vec<f32>,
    max: [f32; QUERIES],
    sum: [f32; QUERIES],
    factor: [f32; QUERIES],
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = const {
        RefCell::new(Workspace {
            scores: Vec::new(),
            slopes: Vec::new(),
            max: [0.0; QUERIES],
            sum: [0.0; QUERIES],
            factor: [0.0; QUERIES],
        })
    };
}

/// Bytes that this thread keeps for tiles, beside the packed panels of its matrix products.
pub fn workspace_bytes() -> usize {
    let floats = |w: &Workspace| w.scores.capacity() + w.slopes.capacity() + 3 * QUERIES;
    WORKSPACE.with_borrow(floats) * size_of::<f32>()
}

/// Starts and lengths of consecutive tiles of at most `size` in `0..len`, of nearly the same length.
pub(super) fn tiles(len: usize, size: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = len.div_ceil(size);
    (0..count).map(move |i| (len * i / count, len * (i + 1) / count - len * i / count))
}

impl Attention<'_> {
    /// `out = softmax(scale·q kᵀ) v`; `lse` gets the logarithm of each query's sum.
    #[track_caller]
    pub fn forward(&self, head: Head<'_>, mut out: Rows<'_>, lse: &mut [f32]) {
        let Head { q, k, v } = head;
        assert_eq!((q.cols, k.rows, q.rows), (k.cols, v.rows, lse.len()), "sizes of a head");
        assert!(self.scale > 0.0, "a scale keeps the order of scores");
        WORKSPACE.with_borrow_mut(|w| {
            w.scores.resize(QUERIES * KEYS, 0.0);
            for (at, n) in tiles(q.rows, QUERIES) {
                let queries = Panels::new(q.part(at, 0, n, q.cols).t(), KEYS);
                w.max[..n].fill(f32::NEG_INFINITY);
                w.sum[..n].fill(0.0);
                let mut seen = false;
                for (key, keys) in tiles(k.rows, KEYS) {
                    let see = self.mask.see(at..at + n, key..key + keys);
                    if see == See::None {
                        continue;
                    }
                    let scores = &mut w.scores[..keys * n];
                    queries.multiply(k.part(key, 0, keys, k.cols), scores, Mode::Write);
                    self.hide(scores, (at, n), (key, keys), see);
                    let (max, sum, factor) = (&mut w.max[..n], &mut w.sum[..n], &mut w.factor[..n]);
                    raise(scores, self.scale, max, sum, factor);
                    if let Some(drop) = &self.drop {
                        drop.apply(scores, (at, n), key, q.rows);
                    }
                    let mode = if seen { Mode::Add } else { Mode::Write };
                    if seen {
                        let stride = out.stride;
                        scale_rows(out.from(at), stride, v.cols, factor);
                    }
                    let weights = Mat::new(scores, keys, n).t();
                    let values = v.part(key, 0, keys, v.cols);
                    let stride = out.stride;
                    matmul_strided(weights, values, out.from(at), stride, mode);
                    seen = true;
                }
                for i in 0..n {
                    // Of a query that sees nothing, every weight is to be `exp(.. - ∞) = 0`.
                    let some = w.sum[i] > 0.0;
                    lse[at + i] = if some { w.max[i] + w.sum[i].ln() } else { f32::INFINITY };
                    w.factor[i] = if some { 1.0 / w.sum[i] } else { 0.0 };
                }
                if !seen {
                    let stride = out.stride;
                    out.from(at).chunks_mut(stride).take(n).for_each(|row| row[..v.cols].fill(0.0));
                }
                let stride = out.stride;
                scale_rows(out.from(at), stride, v.cols, &w.factor[..n]);
            }
        });
    }

    /// Adds to the gradients of the inputs, from the output, its gradient `g` and what [`Attention::forward`] left in
    /// `lse`.
    #[track_caller]
    pub fn backward(
        &self,
        head: Head<'_>,
        [out, g]: [Mat<'_>; 2],
        lse: &[f32],
        mut grads: HeadGrads<'_>,
    ) {
        let Head { q, k, v } = head;
        WORKSPACE.with_borrow_mut(|w| {
            w.scores.resize(QUERIES * KEYS, 0.0);
            w.slopes.resize(QUERIES * KEYS, 0.0);
            for (at, n) in tiles(q.rows, QUERIES) {
                let (q_tile, g_tile) = (q.part(at, 0, n, q.cols), g.part(at, 0, n, g.cols));
                let queries = Panels::new(q_tile.t(), KEYS);
                let gradients = Panels::new(g_tile.t(), KEYS);
                // Σ_j P dP of a query is its output times its output's gradient.
                let means = &mut w.factor[..n];
                for i in 0..n {
                    let (out, g) = (out.from(at + i, 0), g.from(at + i, 0));
                    means[i] = dot(&out[..v.cols], &g[..v.cols]);
                }
                for (key, keys) in tiles(k.rows, KEYS) {
                    let see = self.mask.see(at..at + n, key..key + keys);
                    if see == See::None {
                        continue;
                    }
                    let k_tile = k.part(key, 0, keys, k.cols);
                    let (weights, slopes) = (&mut w.scores[..keys * n], &mut w.slopes[..keys * n]);
                    queries.multiply(k_tile, weights, Mode::Write);
                    self.hide(weights, (at, n), (key, keys), see);
                    again(weights, self.scale, &lse[at..at + n]);
                    gradients.multiply(v.part(key, 0, keys, v.cols), slopes, Mode::Write);
                    let stride = grads.v.stride;
                    if let Some(drop) = &self.drop {
                        drop.apply(slopes, (at, n), key, q.rows);
                        slope(weights, means, self.scale, slopes);
                        drop.apply(weights, (at, n), key, q.rows);
                    } else {
                        slope(weights, means, self.scale, slopes);
                    }
                    let weights = Mat::new(weights, keys, n);
                    matmul_strided(weights, g_tile, grads.v.from(key), stride, Mode::Add);
                    let slopes = Mat::new(slopes, keys, n);
                    let stride = grads.k.stride;
                    matmul_strided(slopes, q_tile, grads.k.from(key), stride, Mode::Add);
                    let stride = grads.q.stride;
                    matmul_strided(slopes.t(), k_tile, grads.q.from(at), stride, Mode::Add);
                }
            }
        });
    }

    /// Writes the weights `[L, S]` that the values are averaged with, without dropout: for those who look at them.
    pub fn weights(&self, head: Head<'_>, lse: &[f32], out: &mut [f32]) {
        let Head { q, k, .. } = head;
        matmul_strided(q, k.t(), out, k.rows, Mode::Write);
        for (i, row) in out.chunks_exact_mut(k.rows).enumerate() {
            for (j, score) in row.iter_mut().enumerate() {
                let seen = self.mask.allows(i, j);
                *score = if seen { (*score * self.scale - lse[i]).exp() } else { 0.0 };
            }
        }
    }

    /// Puts `-∞` where a query may not see a key.
    fn hide(
        &self,
        scores: &mut [f32],
        (at, n): (usize, usize),
        (key, keys): (usize, usize),
        see: See,
    ) {
        if see != See::Some {
            return;
        }
        for j in 0..keys {
            let row = &mut scores[j * n..][..n];
            match self.mask {
                Mask::All => {}
                // Queries before the key do not see it.
                Mask::Causal => row[..(key + j).saturating_sub(at).min(n)].fill(f32::NEG_INFINITY),
                Mask::Pattern(p) => {
                    for (i, score) in row.iter_mut().enumerate() {
                        if !p.allows(at + i, key + j) {
                            *score = f32::NEG_INFINITY;
                        }
                    }
                }
            }
        }
    }
}

impl Drop {
    /// Drops from a tile of keys and queries.
    fn apply(&self, tile: &mut [f32], (at, n): (usize, usize), key: usize, queries: usize) {
        for (j, row) in tile.chunks_exact_mut(n).enumerate() {
            let first = self.first + ((key + j) * queries + at) as u64;
            drop_in_place(self.key, first, self.p, row);
        }
    }
}

simd_fn! {
    /// Takes the scores of a tile, keys down and queries across, to `exp(scale·score - max)`: raises the queries'
    /// maxima, adds to their sums, and says in `factor` by what everything before has to be multiplied.
    fn raise(s, scores: &mut [f32], scale: f32, max: &mut [f32], sum: &mut [f32], factor: &mut [f32]) {
        let n = max.len();
        let scale = s.splat(scale);
        for at in (0..n).step_by(S::LANES) {
            let lanes = S::LANES.min(n - at);
            // Past the last query are zeros, whose results are not stored.
            let mut top = s.splat(f32::NEG_INFINITY);
            for row in scores.chunks_exact(n) {
                top = s.max(s.load_at(&row[..at + lanes], at), top);
            }
            let old = s.load_at(&max[..at + lanes], at);
            let top = s.max(old, s.mul(top, scale));
            // Without a key so far there is nothing to subtract, and ∞ - ∞ is no number.
            let base = s.select(s.eq(top, s.splat(f32::NEG_INFINITY)), s.zero(), top);
            let change = exp_below_zero(s, s.sub(old, base));
            s.store_at(top, &mut max[..at + lanes], at);
            s.store_at(change, &mut factor[..at + lanes], at);
            let mut total = s.mul(s.load_at(&sum[..at + lanes], at), change);
            for row in scores.chunks_exact_mut(n) {
                let row = &mut row[..at + lanes];
                let score = s.load_at(row, at);
                let weight = exp_below_zero(s, s.sub(s.mul(score, scale), base));
                total = s.add(total, weight);
                s.store_at(weight, row, at);
            }
            s.store_at(total, &mut sum[..at + lanes], at);
        }
    }
}

simd_fn! {
    /// `softmax(scale·x)` of one row, in place: what the benches compare tiles with.
    pub fn softmax_row(s, x: &mut [f32], scale: f32) {
        let max = s.splat(super::reduce::max(x));
        let scale = s.splat(scale);
        let mut sum = s.zero();
        let n = x.len();
        for at in (0..n - n % S::LANES).step_by(S::LANES) {
            let y = exp_below_zero(s, s.mul(scale, s.sub(s.load(&x[at..]), max)));
            sum = s.add(sum, y);
            s.store(y, &mut x[at..]);
        }
        let mut total = s.sum(sum);
        for x in &mut x[n - n % S::LANES..] {
            let mut lane = [0.0];
            s.store_partial(exp_below_zero(s, s.mul(scale, s.sub(s.splat(*x), max))), &mut lane);
            *x = lane[0];
            total += lane[0];
        }
        let inverse = s.splat(1.0 / total);
        update(s, x, [], #[inline(always)] |x, []| s.mul(x, inverse));
    }
}

simd_fn! {
    /// `exp(scale·score - lse)`: the weights, once more.
    fn again(s, scores: &mut [f32], scale: f32, lse: &[f32]) {
        let scale = s.splat(scale);
        for row in scores.chunks_exact_mut(lse.len()) {
            update(s, row, [lse], #[inline(always)] |score, [lse]| {
                exp_below_zero(s, s.sub(s.mul(score, scale), lse))
            });
        }
    }
}

simd_fn! {
    /// `scale·P (dP - Σ P dP)`, from `dP` in place.
    fn slope(s, weights: &[f32], means: &[f32], scale: f32, slopes: &mut [f32]) {
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
    /// Multiplies the first `cols` numbers of each row by the row's factor.
    fn scale_rows(s, rows: &mut [f32], stride: usize, cols: usize, factors: &[f32]) {
        for (row, factor) in rows.chunks_mut(stride).zip(factors) {
            let factor = s.splat(*factor);
            update(s, &mut row[..cols], [], #[inline(always)] |x, []| s.mul(x, factor));
        }
    }
}

#[cfg(test)]
#[path = "attention_tests.rs"]
mod tests;
