//! Attention of one head, tile by tile: `softmax(scale·Q Kᵀ + mask) V` without the matrix of all scores.
//!
//! The softmax is computed online (Milakov & Gimelshein 2018, <https://arxiv.org/abs/1805.02867>). Scores are computed
//! transposed, with a row for each key, so that the running maximum and sum of each query are lanes of vectors and no tile
//! has to be transposed for a product. What is multiplied several times is packed once: queries for all keys, keys and
//! values for all queries of a tile. Only the maximum and the sum of each query are saved; the backward pass recomputes the
//! tiles from them (Dao et al. 2022, <https://arxiv.org/abs/2205.14135>, who save the logarithm of the sum: it loses the
//! sum's digits where scores are large). A query that may see no key gets zeros.

use super::Compute;
use super::attention_blocking::{Blocking, pieces};
use super::attention_mask::{Coverage, Mask};
use super::elementwise::add_assign;
use super::matmul::{Mat, Mode, matmul_strided};
use super::online_softmax::{
    recompute_weights, scale_columns, score_gradient, softmax_update, transposed_rows,
};
use super::random::drop_in_place;
use super::reduce::dot;
use super::scratch::grow;
use super::small_gemm::{Arena, SmallGemm};
use crate::interrupt::look;
use crate::rng::Key;
use crate::simd::bf16::Tile;
use std::cell::RefCell;
use std::f32::consts::LOG2_E;

/// Numbers that [`Attention::forward`] keeps for each query: first the maximum of all queries, in units of ln 2, then the
/// inverse of the sum of all queries.
pub const STATISTICS: usize = 2;

/// Dropout of the weights, as a function of position: a weight becomes 0 or is multiplied by `1 / (1 - p)`.
#[derive(Clone, Copy, Debug)]
pub struct Drop {
    /// Probability of a zero.
    pub p: f32,
    /// Where the numbers come from.
    pub key: Key,
    /// Index of the random number for query 0 and key 0. From one key to the next it grows by the number of queries.
    pub first: u64,
}

/// What is the same for all heads.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// The factor of the scores.
    pub scale: f32,
    /// Which query may see which key.
    pub mask: &'a Mask,
    /// What kernels may do.
    pub compute: Compute,
    /// Dropout of the weights.
    pub drop: Option<Drop>,
}

/// The inputs of one head: `q` `[L, d]`, `k` `[S, d]`, `v` `[S, e]`, with contiguous rows.
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
    /// The first `width` numbers of row `i`.
    pub(super) fn row(&mut self, i: usize, width: usize) -> &mut [f32] {
        &mut self.data[i * self.stride..][..width]
    }

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

/// A thread's scratch memory: packed factors, a tile or two, and numbers per query.
#[derive(Default)]
struct Workspace {
    packed: Vec<Tile>,
    panels: [Vec<f32>; 2],
    weights: Vec<f32>,
    slopes: Vec<f32>,
    results: Vec<f32>,
    rows: Vec<f32>,
    queries: [Vec<f32>; 3],
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

/// Bytes of scratch memory that this thread keeps for attention, not counting that of its matrix products.
pub fn workspace_bytes() -> usize {
    WORKSPACE.with_borrow(|w| {
        let tiles = [&w.weights, &w.slopes, &w.results, &w.rows];
        let values = tiles.into_iter().chain(&w.panels).chain(&w.queries).map(Vec::capacity);
        values.sum::<usize>() * size_of::<f32>() + w.packed.capacity() * size_of::<Tile>()
    })
}

impl Attention<'_> {
    /// `out = softmax(scale·q kᵀ) v`. Writes what the backward pass needs to `statistics`, [`STATISTICS`] numbers per query.
    #[track_caller]
    pub fn forward(&self, head: Head<'_>, mut out: Rows<'_>, statistics: &mut [f32]) {
        let Head { q, k, v } = head;
        assert_eq!((q.cols, k.rows), (k.cols, v.rows), "sizes of a head");
        assert_eq!(statistics.len(), STATISTICS * q.rows, "statistics of the queries");
        let (tops, inverses) = statistics.split_at_mut(q.rows);
        assert!(self.scale > 0.0, "the scale of attention must be positive");
        let (d, e) = (q.cols, v.cols);
        let products = SmallGemm::of(self.compute, &[[k.rows, d, q.rows], [e, k.rows, q.rows]]);
        let blocking = Blocking::forward(&products, [d, e]);
        WORKSPACE.with_borrow_mut(|w| {
            let packed = [
                [blocking.queries, d],
                [blocking.keys, d],
                [e, blocking.keys],
                [blocking.strip, blocking.keys],
            ];
            let mut arena = Arena::new(&mut w.packed, products.tiles(&packed), &mut w.panels);
            let [max, sum, factor] = &mut w.queries;
            for (at, n) in pieces(q.rows, blocking.queries) {
                let mut arena = arena.nested();
                let queries = products.right(q.part(at, 0, n, d).t(), &mut arena);
                let (max, sum) = (grow(max, n), grow(sum, n));
                max.fill(f32::NEG_INFINITY);
                sum.fill(0.0);
                // For each strip of queries, a row for each column of the values.
                let results = grow(&mut w.results, n * e);
                results.fill(0.0);
                for (key, keys) in pieces(k.rows, blocking.keys) {
                    look();
                    if self.mask.coverage(at..at + n, key..key + keys) == Coverage::None {
                        continue;
                    }
                    let mut arena = arena.nested();
                    let k_block = products.left(k.part(key, 0, keys, d), &mut arena);
                    let v_block = products.left(v.part(key, 0, keys, e).t(), &mut arena);
                    for (first, lanes) in pieces(n, blocking.strip) {
                        let tile = (at + first, lanes);
                        let coverage = self.mask.coverage(tile.0..tile.0 + lanes, key..key + keys);
                        if coverage == Coverage::None {
                            continue;
                        }
                        let keys = self.mask.visible_keys(tile.0..tile.0 + lanes, key..key + keys);
                        let weights = grow(&mut w.weights, keys * lanes);
                        let (left, strip) = (k_block.lanes(0, keys), queries.lanes(first, lanes));
                        products.multiply(left, strip, weights, lanes, Mode::Write);
                        self.hide(weights, tile, (key, keys), coverage);
                        let (max, sum) = (&mut max[first..][..lanes], &mut sum[first..][..lanes]);
                        let factor = grow(factor, lanes);
                        softmax_update(weights, self.scale * LOG2_E, max, sum, factor);
                        if let Some(drop) = &self.drop {
                            drop.apply(weights, tile, key, q.rows);
                        }
                        let results = &mut results[first * e..][..lanes * e];
                        if factor.iter().any(|x| *x != 1.0) {
                            scale_columns(results, factor);
                        }
                        let mut arena = arena.nested();
                        let weights = products.right(Mat::new(weights, keys, lanes), &mut arena);
                        let left = v_block.steps(keys);
                        products.multiply(left, weights, results, lanes, Mode::Add);
                    }
                }
                for (first, lanes) in pieces(n, blocking.strip) {
                    let factor = grow(factor, lanes);
                    for i in 0..lanes {
                        let (max, sum) = (max[first + i], sum[first + i]);
                        // All weights of a query that sees nothing are 0.
                        let (top, inverse) = if sum > 0.0 { (max, 1.0 / sum) } else { (0.0, 0.0) };
                        tops[at + first + i] = top;
                        inverses[at + first + i] = inverse;
                        factor[i] = inverse;
                    }
                    let results = &mut results[first * e..][..lanes * e];
                    scale_columns(results, factor);
                    let width = transposed_rows(results, lanes, &mut w.rows);
                    let stride = out.stride;
                    let rows = out.from(at + first).chunks_mut(stride);
                    for (to, from) in rows.zip(w.rows.chunks_exact(width)).take(lanes) {
                        to[..e].copy_from_slice(&from[..e]);
                    }
                }
            }
        });
    }

    /// Adds to the gradients of the inputs, from the output, its gradient `g`, and the `statistics` of [`Attention::forward`].
    #[track_caller]
    pub fn backward(
        &self,
        head: Head<'_>,
        [out, g]: [Mat<'_>; 2],
        statistics: &[f32],
        mut grads: HeadGrads<'_>,
    ) {
        let Head { q, k, v } = head;
        let (d, e) = (q.cols, v.cols);
        let (tops, inverses) = statistics.split_at(q.rows);
        let products = SmallGemm::of(self.compute, &[[k.rows, d, q.rows], [k.rows, e, q.rows]]);
        let blocking = Blocking::backward(&products, [d, e]);
        let (k_stride, v_stride) = (grads.k.stride, grads.v.stride);
        WORKSPACE.with_borrow_mut(|w| {
            let of_queries = [
                [blocking.queries, d],
                [blocking.queries, e],
                [d, blocking.queries],
                [e, blocking.queries],
            ];
            let of_keys = [[blocking.keys, d], [blocking.keys, e], [d, blocking.keys]];
            let largest = [[blocking.queries, blocking.keys]];
            let tiles = [&of_queries[..], &of_keys, &largest].map(|f| products.tiles(f));
            let mut arena = Arena::new(&mut w.packed, tiles.iter().sum(), &mut w.panels);
            let [means, ..] = &mut w.queries;
            for (at, n) in pieces(q.rows, blocking.queries) {
                let mut arena = arena.nested();
                let (q_tile, g_tile) = (q.part(at, 0, n, d), g.part(at, 0, n, e));
                let queries = products.right(q_tile.t(), &mut arena);
                let gradients = products.right(g_tile.t(), &mut arena);
                // The same for products whose inner dimension is the queries.
                let queries_down = products.right(q_tile, &mut arena);
                let gradients_down = products.right(g_tile, &mut arena);
                // Σ_j P dP of a query is the dot product of its output and the gradient of its output.
                let means = grow(means, n);
                for (i, mean) in means.iter_mut().enumerate() {
                    *mean = dot(&out.from(at + i, 0)[..e], &g.from(at + i, 0)[..e]);
                }
                let [tops, inverses] = [tops, inverses].map(|s| &s[at..at + n]);
                let results = grow(&mut w.results, n * d);
                results.fill(0.0);
                for (key, keys) in pieces(k.rows, blocking.keys) {
                    look();
                    let coverage = self.mask.coverage(at..at + n, key..key + keys);
                    if coverage == Coverage::None {
                        continue;
                    }
                    let keys = self.mask.visible_keys(at..at + n, key..key + keys);
                    let mut arena = arena.nested();
                    let k_tile = k.part(key, 0, keys, d);
                    let k_block = products.left(k_tile, &mut arena);
                    let v_block = products.left(v.part(key, 0, keys, e), &mut arena);
                    let k_transposed = products.left(k_tile.t(), &mut arena);
                    let weights = grow(&mut w.weights, keys * n);
                    products.multiply(k_block, queries, weights, n, Mode::Write);
                    self.hide(weights, (at, n), (key, keys), coverage);
                    recompute_weights(weights, self.scale * LOG2_E, tops, inverses);
                    let slopes = grow(&mut w.slopes, keys * n);
                    products.multiply(v_block, gradients, slopes, n, Mode::Write);
                    if let Some(drop) = &self.drop {
                        drop.apply(slopes, (at, n), key, q.rows);
                    }
                    score_gradient(weights, means, self.scale, slopes);
                    if let Some(drop) = &self.drop {
                        drop.apply(weights, (at, n), key, q.rows);
                    }
                    let (weights, slopes) = (Mat::new(weights, keys, n), Mat::new(slopes, keys, n));
                    let left = products.left(weights, &mut arena.nested());
                    products.multiply(left, gradients_down, grads.v.from(key), v_stride, Mode::Add);
                    let left = products.left(slopes, &mut arena.nested());
                    products.multiply(left, queries_down, grads.k.from(key), k_stride, Mode::Add);
                    let right = products.right(slopes, &mut arena.nested());
                    products.multiply(k_transposed, right, results, n, Mode::Add);
                }
                let width = transposed_rows(results, n, &mut w.rows);
                let stride = grads.q.stride;
                let rows = grads.q.from(at).chunks_mut(stride);
                for (to, from) in rows.zip(w.rows.chunks_exact(width)).take(n) {
                    add_assign(&mut to[..d], &from[..d]);
                }
            }
        });
    }

    /// Writes the attention weights `[L, S]`, without dropout, for inspection.
    pub fn weights(&self, head: Head<'_>, statistics: &[f32], out: &mut [f32]) {
        let Head { q, k, .. } = head;
        let (tops, inverses) = statistics.split_at(q.rows);
        matmul_strided(self.compute, q, k.t(), out, k.rows, Mode::Write);
        let scale = self.scale * LOG2_E;
        for (i, row) in out.chunks_exact_mut(k.rows).enumerate() {
            for (j, score) in row.iter_mut().enumerate() {
                let seen = self.mask.allows(i, j);
                let exponent = (*score * scale - tops[i]).min(0.0);
                *score = if seen { exponent.exp2() * inverses[i] } else { 0.0 };
            }
        }
    }

    /// Writes `-∞` where a query may not see a key.
    fn hide(
        &self,
        scores: &mut [f32],
        (at, n): (usize, usize),
        (key, keys): (usize, usize),
        coverage: Coverage,
    ) {
        if coverage != Coverage::Partial {
            return;
        }
        for j in 0..keys {
            let row = &mut scores[j * n..][..n];
            // The first queries do not see a later key.
            let mut hide_first = |count: usize| row[..count.min(n)].fill(f32::NEG_INFINITY);
            match self.mask {
                Mask::All => {}
                Mask::Causal => hide_first((key + j).saturating_sub(at)),
                Mask::CausalAfter(before) => hide_first((key + j).saturating_sub(before + at)),
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
    /// Applies dropout to a tile `[keys, queries]`.
    fn apply(&self, tile: &mut [f32], (at, n): (usize, usize), key: usize, queries: usize) {
        // The rows of all queries follow each other.
        let run = if n == queries { tile.len() } else { n };
        for (j, rows) in tile.chunks_exact_mut(run.max(1)).enumerate() {
            let first = self.first + ((key + j) * queries + at) as u64;
            drop_in_place(self.key, first, self.p, rows);
        }
    }
}

#[cfg(test)]
#[path = "attention_tests.rs"]
mod tests;
