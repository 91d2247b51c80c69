//! Attention over few keys: `softmax(scale·q kᵀ) v` of many heads at once, one head in each lane.
//!
//! A head of a few keys is too small for matrix products. With a head in each lane, no sum goes across a vector, and softmax
//! is computed for a vector of heads. Inputs are transposed first, a number of all these heads beside each other; results are
//! transposed back.

use std::cell::RefCell;
use std::f32::consts::LOG2_E;

use super::attention::STATISTICS;
use super::math::exp2_below_zero;
use super::scratch::{grow, pieces};
use crate::simd::Simd;

/// Up to so many queries and keys this is faster than tiles, where each lane has a head (`benches/suites/many_heads.rs`): the
/// work grows with their product as that of tiles does, which are soon full. With fewer lanes in use it is as many fewer.
const MOST_ROWS: usize = 12;
/// And up to so many numbers of the queries or keys of a head.
const MOST_NUMBERS: usize = 512;
/// The fewest heads.
const LEAST_HEADS: usize = 8;
/// Sums that are computed at a time, so that none waits for its last multiply-add.
const AT_ONCE: usize = 4;

/// Attention of all heads of one row of a batch. Queries are `[L, H, d]`, keys `[S, H, d]`, values `[S, H, e]`.
#[derive(Clone, Copy, Debug)]
pub struct HeadsInLanes {
    /// `H`
    pub heads: usize,
    /// `L`
    pub queries: usize,
    /// `S`
    pub keys: usize,
    /// `d`
    pub width: usize,
    /// `e`
    pub values: usize,
    /// The factor of the scores.
    pub scale: f32,
}

thread_local! {
    /// Transposed numbers, and one per key.
    static WORKSPACE: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

impl HeadsInLanes {
    /// Whether this is faster than [tiles](super::attention::Attention).
    pub fn suits(&self) -> bool {
        let rows = self.queries.max(self.keys);
        let most = MOST_ROWS * self.heads / self.heads.next_multiple_of(lanes());
        let few = rows <= most && rows * self.width.max(self.values) <= MOST_NUMBERS;
        self.heads >= LEAST_HEADS && few
    }

    /// Writes `[L, H, e]` to `out`, and to `statistics` for each head what
    /// [`Attention::forward`](super::attention::Attention::forward) does.
    #[track_caller]
    pub fn forward(&self, [q, k, v]: [&[f32]; 3], out: &mut [f32], statistics: &mut [f32]) {
        self.check([q, k, v]);
        assert_eq!(out.len(), self.queries * self.heads * self.values, "size of the output");
        assert_eq!(statistics.len(), STATISTICS * self.heads * self.queries, "statistics");
        WORKSPACE.with_borrow_mut(|w| forward(*self, [q, k, v], out, statistics, w));
    }

    /// Adds to the gradients of queries, keys and values, from the gradient `g` of the output and what the forward pass wrote
    /// to `statistics`.
    #[track_caller]
    pub fn backward(
        &self,
        [q, k, v]: [&[f32]; 3],
        g: &[f32],
        statistics: &[f32],
        grads: [&mut [f32]; 3],
    ) {
        self.check([q, k, v]);
        self.check(grads.each_ref().map(|d| &**d));
        assert_eq!(g.len(), self.queries * self.heads * self.values, "size of the output");
        assert_eq!(statistics.len(), STATISTICS * self.heads * self.queries, "statistics");
        WORKSPACE.with_borrow_mut(|w| backward(*self, [q, k, v, g], statistics, grads, w));
    }

    #[track_caller]
    fn check(&self, [q, k, v]: [&[f32]; 3]) {
        let sizes = [(self.queries, self.width), (self.keys, self.width), (self.keys, self.values)];
        let sizes = sizes.map(|(rows, width)| rows * self.heads * width);
        assert_eq!([q, k, v].map(<[f32]>::len), sizes, "sizes of queries, keys and values");
    }
}

/// Transposes `rows` rows of the heads `first..` from `[rows, H, n]` to `[rows, n, lanes]`, with zeros for missing heads.
#[inline(always)]
fn to_lanes(x: &[f32], heads: usize, n: usize, first: usize, lanes: usize, to: &mut [f32]) {
    let count = lanes.min(heads - first);
    if count < lanes {
        to.fill(0.0);
    }
    for (row, to) in x.chunks_exact(heads * n).zip(to.chunks_exact_mut(n * lanes)) {
        for (lane, head) in row[first * n..(first + count) * n].chunks_exact(n).enumerate() {
            for (x, to) in head.iter().zip(to.chunks_exact_mut(lanes)) {
                to[lane] = *x;
            }
        }
    }
}

/// The way back: calls `put` with each number of `to` and the one that belongs there.
#[inline(always)]
fn from_lanes(
    x: &[f32],
    [heads, n, first, lanes]: [usize; 4],
    to: &mut [f32],
    put: impl Fn(&mut f32, f32),
) {
    let count = lanes.min(heads - first);
    for (to, x) in to.chunks_exact_mut(heads * n).zip(x.chunks_exact(n * lanes)) {
        for (lane, head) in to[first * n..(first + count) * n].chunks_exact_mut(n).enumerate() {
            for (to, x) in head.iter_mut().zip(x.chunks_exact(lanes)) {
                put(to, x[lane]);
            }
        }
    }
}

/// `Σ x·y` over vectors, for each of `N` rows of `y` that begin `stride` apart.
#[inline(always)]
fn dots<S: Simd, const N: usize>(s: S, x: &[f32], y: &[f32], stride: usize) -> [S::V; N] {
    let mut sums = [s.zero(); N];
    for (i, x) in x.chunks_exact(S::LANES).enumerate() {
        let x = s.load(x);
        unrolled!(j < N {
            sums[j] = s.mul_add(x, s.load(&y[j * stride + i * S::LANES..]), sums[j]);
        });
    }
    sums
}

/// Calls `put` with the index and `Σ x·y` of each of `rows` rows of `y`, which are as long as `x`.
#[inline(always)]
fn each_dot<S: Simd>(s: S, x: &[f32], y: &[f32], rows: usize, mut put: impl FnMut(usize, S::V)) {
    let n = x.len();
    let whole = rows - rows % AT_ONCE;
    for row in (0..whole).step_by(AT_ONCE) {
        let sums: [S::V; AT_ONCE] = dots(s, x, &y[row * n..], n);
        sums.into_iter().enumerate().for_each(|(j, sum)| put(row + j, sum));
    }
    for row in whole..rows {
        let [sum]: [S::V; 1] = dots(s, x, &y[row * n..], n);
        put(row, sum);
    }
}

/// `Σ w·x` over the rows of `x`, which have `n` numbers, of `N` vectors from `at` on; `w` has a vector for each row.
#[inline(always)]
fn weighted<S: Simd, const N: usize>(s: S, w: &[f32], x: &[f32], n: usize, at: usize) -> [S::V; N] {
    let mut sums = [s.zero(); N];
    for (w, x) in w.chunks_exact(S::LANES).zip(x.chunks_exact(n)) {
        let (w, x) = (s.load(w), &x[at..]);
        unrolled!(c < N {
            sums[c] = s.mul_add(w, s.load(&x[c * S::LANES..]), sums[c]);
        });
    }
    sums
}

/// `to = factor Σ w·x` over the rows of `x`, which are as long as `to`; `w` has a vector for each.
#[inline(always)]
fn weighted_sum<S: Simd>(s: S, w: &[f32], x: &[f32], factor: S::V, to: &mut [f32]) {
    let n = to.len();
    let whole = n - n % (AT_ONCE * S::LANES);
    for at in (0..whole).step_by(AT_ONCE * S::LANES) {
        let sums: [S::V; AT_ONCE] = weighted(s, w, x, n, at);
        let places = to[at..].chunks_exact_mut(S::LANES);
        sums.into_iter().zip(places).for_each(|(sum, to)| s.store(s.mul(factor, sum), to));
    }
    for at in (whole..n).step_by(S::LANES) {
        let [sum]: [S::V; 1] = weighted(s, w, x, n, at);
        s.store(s.mul(factor, sum), &mut to[at..]);
    }
}

/// `to += w x` for each row of `to`, which is as long as `x`; `w` has a vector for each.
#[inline(always)]
fn add_outer<S: Simd>(s: S, w: &[f32], x: &[f32], to: &mut [f32]) {
    for (w, to) in w.chunks_exact(S::LANES).zip(to.chunks_exact_mut(x.len())) {
        let w = s.load(w);
        for (x, to) in x.chunks_exact(S::LANES).zip(to.chunks_exact_mut(S::LANES)) {
            s.store(s.mul_add(w, s.load(x), s.load(to)), to);
        }
    }
}

/// Statistics of query `i` of the heads in lanes: their places in `statistics`.
fn places(
    a: HeadsInLanes,
    first: usize,
    lanes: usize,
    i: usize,
) -> impl Iterator<Item = [usize; 2]> {
    let of = move |h: usize| STATISTICS * h * a.queries + i;
    (first..a.heads.min(first + lanes)).map(move |h| [of(h), of(h) + a.queries])
}

simd_fn! {
    /// Lanes of a vector.
    fn lanes(s) -> usize {
        let _ = s;
        S::LANES
    }
}

simd_fn! {
    fn forward(s, a: HeadsInLanes, x: [&[f32]; 3], out: &mut [f32], statistics: &mut [f32], buffer: &mut Vec<f32>) {
        let lanes = S::LANES;
        let HeadsInLanes { heads, queries, keys, width, values, scale } = a;
        let (d, e) = (width * lanes, values * lanes);
        let sizes = [queries * d, keys * d, keys * e, queries * e, keys * lanes, 2 * lanes];
        let [q, k, v, y, weights, kept] = pieces(grow(buffer, sizes.iter().sum()), sizes);
        let scale = s.splat(scale * LOG2_E);
        for first in (0..heads).step_by(lanes) {
            to_lanes(x[0], heads, width, first, lanes, q);
            to_lanes(x[1], heads, width, first, lanes, k);
            to_lanes(x[2], heads, values, first, lanes, v);
            for i in 0..queries {
                let mut top = s.splat(f32::NEG_INFINITY);
                each_dot(s, &q[i * d..(i + 1) * d], k, keys, #[inline(always)] |j, dot| {
                    let score = s.mul(scale, dot);
                    top = s.max(score, top);
                    s.store(score, &mut weights[j * lanes..]);
                });
                let mut sum = s.zero();
                for w in weights.chunks_exact_mut(lanes) {
                    let weight = exp2_below_zero(s, s.sub(s.load(w), top));
                    sum = s.add(sum, weight);
                    s.store(weight, w);
                }
                let inverse = s.div(s.splat(1.0), sum);
                weighted_sum(s, weights, v, inverse, &mut y[i * e..(i + 1) * e]);
                s.store(top, kept);
                s.store(inverse, &mut kept[lanes..]);
                for (lane, [top, inverse]) in places(a, first, lanes, i).enumerate() {
                    statistics[top] = kept[lane];
                    statistics[inverse] = kept[lanes + lane];
                }
            }
            from_lanes(y, [heads, values, first, lanes], out, |to, x| *to = x);
        }
    }
}

simd_fn! {
    fn backward(s, a: HeadsInLanes, x: [&[f32]; 4], statistics: &[f32], grads: [&mut [f32]; 3], buffer: &mut Vec<f32>) {
        let lanes = S::LANES;
        let HeadsInLanes { heads, queries, keys, width, values, scale } = a;
        let (d, e) = (width * lanes, values * lanes);
        let sizes = [queries * d, keys * d, keys * e, queries * e, queries * d, keys * d, keys * e, keys * lanes, keys * lanes, 2 * lanes];
        let [q, k, v, g, dq, dk, dv, weights, slopes, kept] = pieces(grow(buffer, sizes.iter().sum()), sizes);
        let [to_q, to_k, to_v] = grads;
        let (scale, exponent) = (s.splat(scale), s.splat(scale * LOG2_E));
        for first in (0..heads).step_by(lanes) {
            to_lanes(x[0], heads, width, first, lanes, q);
            to_lanes(x[1], heads, width, first, lanes, k);
            to_lanes(x[2], heads, values, first, lanes, v);
            to_lanes(x[3], heads, values, first, lanes, g);
            dk.fill(0.0);
            dv.fill(0.0);
            kept.fill(0.0);
            for i in 0..queries {
                for (lane, [top, inverse]) in places(a, first, lanes, i).enumerate() {
                    kept[lane] = statistics[top];
                    kept[lanes + lane] = statistics[inverse];
                }
                let (top, inverse) = (s.load(kept), s.load(&kept[lanes..]));
                let (q, g) = (&q[i * d..(i + 1) * d], &g[i * e..(i + 1) * e]);
                each_dot(s, q, k, keys, #[inline(always)] |j, dot| {
                    let below = s.min(s.sub(s.mul(exponent, dot), top), s.zero());
                    s.store(s.mul(exp2_below_zero(s, below), inverse), &mut weights[j * lanes..]);
                });
                let mut mean = s.zero();
                each_dot(s, g, v, keys, #[inline(always)] |j, slope| {
                    mean = s.mul_add(slope, s.load(&weights[j * lanes..]), mean);
                    s.store(slope, &mut slopes[j * lanes..]);
                });
                for (slope, weight) in slopes.chunks_exact_mut(lanes).zip(weights.chunks_exact(lanes)) {
                    let centered = s.mul(scale, s.sub(s.load(slope), mean));
                    s.store(s.mul(centered, s.load(weight)), slope);
                }
                weighted_sum(s, slopes, k, s.splat(1.0), &mut dq[i * d..(i + 1) * d]);
                add_outer(s, slopes, q, dk);
                add_outer(s, weights, g, dv);
            }
            for (from, n, to) in [(&*dq, width, &mut *to_q), (dk, width, to_k), (dv, values, to_v)] {
                from_lanes(from, [heads, n, first, lanes], to, |to, x| *to += x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::attention::{Attention, Head, HeadGrads, Rows};
    use super::super::attention_mask::Mask;
    use super::*;
    use crate::kernels::Compute;
    use crate::kernels::matmul::Mat;
    use crate::kernels::testing::{assert_close, each_isa, numbers};

    /// Head `h` of rows `[rows, H, n]`.
    fn part(x: &[f32], heads: usize, h: usize, rows: usize, n: usize) -> Mat<'_> {
        Mat { data: &x[h * n..], rows, cols: n, row_stride: heads * n, col_stride: 1 }
    }

    fn wide(x: &[f32]) -> Vec<f64> {
        x.iter().map(|x| f64::from(*x)).collect()
    }

    /// One head after the other by tiles, within what `attention_tests.rs` allows these to be off.
    #[test]
    fn equals_attention_by_tiles() {
        let sizes = [
            [1, 1, 1, 1, 1],
            [8, 6, 6, 8, 8],
            [16, 7, 9, 24, 8],
            [5, 3, 4, 2, 3],
            [19, 64, 33, 5, 6],
        ];
        each_isa(|_| {
            for [heads, queries, keys, width, values] in sizes {
                let a = HeadsInLanes { heads, queries, keys, width, values, scale: 0.7 };
                let (q, k) =
                    (numbers(queries * heads * width, 1), numbers(keys * heads * width, 2));
                let (v, g) =
                    (numbers(keys * heads * values, 3), numbers(queries * heads * values, 4));
                let mut out = vec![0.0; g.len()];
                let mut statistics = vec![0.0; STATISTICS * heads * queries];
                a.forward([&q, &k, &v], &mut out, &mut statistics);
                let mut grads = [&q, &k, &v].map(|x| vec![1.0; x.len()]);
                let [dq, dk, dv] = &mut grads;
                a.backward([&q, &k, &v], &g, &statistics, [dq, dk, dv]);

                let tiles = Attention {
                    scale: 0.7,
                    mask: &Mask::All,
                    compute: Compute::default(),
                    drop: None,
                };
                let mut wanted = vec![0.0; out.len()];
                let mut wanted_statistics = vec![0.0; statistics.len()];
                let mut wanted_grads = [&q, &k, &v].map(|x| vec![1.0; x.len()]);
                for h in 0..heads {
                    let head = Head {
                        q: part(&q, heads, h, queries, width),
                        k: part(&k, heads, h, keys, width),
                        v: part(&v, heads, h, keys, values),
                    };
                    let kept =
                        &mut wanted_statistics[STATISTICS * h * queries..][..STATISTICS * queries];
                    tiles.forward(
                        head,
                        Rows { data: &mut wanted[h * values..], stride: heads * values },
                        kept,
                    );
                    let [dq, dk, dv] = &mut wanted_grads;
                    let to = HeadGrads {
                        q: Rows { data: &mut dq[h * width..], stride: heads * width },
                        k: Rows { data: &mut dk[h * width..], stride: heads * width },
                        v: Rows { data: &mut dv[h * values..], stride: heads * values },
                    };
                    let outputs = [&wanted, &g].map(|x| part(x, heads, h, queries, values));
                    tiles.backward(head, outputs, kept, to);
                }
                assert_close(&out, &wide(&wanted), 1e-5);
                assert_close(&statistics, &wide(&wanted_statistics), 1e-5);
                for (got, wanted) in grads.iter().zip(&wanted_grads) {
                    assert_close(got, &wide(wanted), 2e-5);
                }
            }
        });
    }

    #[test]
    fn few_keys_of_many_heads_suit() {
        let of = |[heads, queries, keys, width]: [usize; 4]| {
            HeadsInLanes { heads, queries, keys, width, values: 8, scale: 1.0 }.suits()
        };
        each_isa(|isa| {
            let most = if lanes() == 16 { 6 } else { 12 };
            for sizes in [[16, 12, 12, 8], [16, 1, 6, 8], [8, most, most, 8], [8, 6, 6, 64]] {
                assert!(of(sizes), "{} {sizes:?}", isa.name());
            }
            for sizes in
                [[4, 6, 6, 8], [16, 13, 6, 8], [16, 6, 13, 8], [8, most + 1, 1, 8], [16, 9, 9, 64]]
            {
                assert!(!of(sizes), "{} {sizes:?}", isa.name());
            }
        });
    }
}
