//! Attention of many heads, `softmax(scale·Q Kᵀ + mask) V`, without the matrix of all scores.
//!
//! Heads are adjacent, `[B, L, H, d]`, as the projections write them, so nothing is permuted. Only two numbers per query
//! and head are kept; the backward pass recomputes the weights.

use super::{Backward, Description, Inputs, Op, Output, Shape, Var};
use crate::kernels::Compute;
use crate::kernels::attention::{Attention, Drop, Head, HeadGrads, Rows, STATISTICS};
use crate::kernels::attention_in_lanes::HeadsInLanes;
use crate::kernels::attention_mask::Mask;
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::Mat;
use crate::rng::Key;

struct Attend {
    scale: f32,
    mask: Mask,
    /// Probability, key, and index of the first row in the batch.
    dropout: Option<(f32, Key, usize)>,
}

/// Batch, heads, queries, keys, width of queries and keys, width of values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) heads: usize,
    pub(super) queries: usize,
    pub(super) keys: usize,
    pub(super) width: usize,
    pub(super) values: usize,
}

impl Sizes {
    pub(super) fn new(q: &[usize], v: &[usize]) -> Self {
        Self { batch: q[0], heads: q[2], queries: q[1], keys: v[1], width: q[3], values: v[3] }
    }

    /// Head `h` of row `b` of `x`, which has `rows` rows of `width` numbers per head.
    pub(super) fn head(self, x: &[f32], b: usize, h: usize, rows: usize, width: usize) -> Mat<'_> {
        let stride = self.heads * width;
        let data = &x[b * rows * stride + h * width..];
        Mat { data, rows, cols: width, row_stride: stride, col_stride: 1 }
    }

    /// The part of row `b` of a list of all rows.
    fn row(self, x: &[f32], b: usize) -> &[f32] {
        let n = x.len() / self.batch;
        &x[b * n..(b + 1) * n]
    }

    fn row_mut(self, x: &mut [f32], b: usize) -> &mut [f32] {
        let n = x.len() / self.batch;
        &mut x[b * n..(b + 1) * n]
    }

    pub(super) fn inputs<'a>(self, [q, k, v]: [&'a [f32]; 3], b: usize, h: usize) -> Head<'a> {
        Head {
            q: self.head(q, b, h, self.queries, self.width),
            k: self.head(k, b, h, self.keys, self.width),
            v: self.head(v, b, h, self.keys, self.values),
        }
    }

    /// The rows of head `h` of row `b` of `x`, mutable.
    pub(super) fn rows(
        self,
        x: &mut [f32],
        b: usize,
        h: usize,
        rows: usize,
        width: usize,
    ) -> Rows<'_> {
        let stride = self.heads * width;
        Rows { data: &mut x[b * rows * stride + h * width..], stride }
    }

    /// Numbers that the forward pass keeps.
    fn statistics(self) -> usize {
        self.batch * self.heads * self.queries * STATISTICS
    }

    pub(super) fn each_head(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.batch).flat_map(move |b| (0..self.heads).map(move |h| (b, h)))
    }
}

impl Attend {
    /// All heads of a row at once, where that is faster.
    fn in_lanes(&self, s: Sizes) -> Option<HeadsInLanes> {
        let Sizes { heads, queries, keys, width, values, .. } = s;
        let lanes = HeadsInLanes { heads, queries, keys, width, values, scale: self.scale };
        let plain = self.dropout.is_none() && matches!(self.mask, Mask::All);
        Some(lanes).filter(|lanes| plain && lanes.suits())
    }

    /// The attention of head `h` of row `b`.
    fn head(&self, compute: Compute, s: Sizes, b: usize, h: usize) -> Attention<'_> {
        let drop = self.dropout.map(|(p, key, row)| {
            let heads = ((row + b) * s.heads + h) as u64;
            Drop { p, key, first: heads * (s.queries * s.keys) as u64 }
        });
        Attention { scale: self.scale, mask: &self.mask, compute, drop }
    }
}

impl Op for Attend {
    fn describe(&self) -> Description {
        let attend = Description::new("attention").with("scale", self.scale);
        let attend = match &self.mask {
            Mask::All => attend.with("mask", "all"),
            Mask::Causal => attend.with("mask", "causal"),
            Mask::CausalAfter(before) => {
                attend.with("mask", "causal_after").with("before", *before)
            }
            Mask::Pattern(pattern) => {
                let [queries, keys] = pattern.size();
                let pairs = (0..queries * keys).filter(|i| pattern.allows(i / keys, i % keys));
                attend.with("mask", "pattern").with("seen", &pairs.collect::<Vec<_>>()[..])
            }
        };
        match self.dropout {
            Some((p, key, row)) => attend.with("dropout", p).drawn(key, row),
            None => attend,
        }
    }

    /// The statistics of each query; in the backward pass also the gradients of all inputs.
    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        let s = Sizes::new(x.shape(0).dims(), x.shape(2).dims());
        let gradients = [0, 1, 2].map(|i| x.shape(i).size());
        gradients.iter().fold(s.statistics(), |sum, n| sum.saturating_add(*n))
    }

    fn keeps_exact(&self) -> bool {
        true
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let s = Sizes::new(x.shape(0).dims(), x.shape(2).dims());
        let inputs = [x.data(0), x.data(1), x.data(2)];
        out.keep(s.statistics()); // the backward needs more, see `kept`
        if let Some(lanes) = self.in_lanes(s) {
            for b in 0..s.batch {
                let inputs = [0, 1, 2].map(|i| s.row(x.data(i), b));
                lanes.forward(inputs, s.row_mut(out.data, b), s.row_mut(out.kept, b));
            }
            return;
        }
        let of_heads = out.kept.chunks_exact_mut(STATISTICS * s.queries);
        for ((b, h), statistics) in s.each_head().zip(of_heads) {
            let rows = s.rows(out.data, b, h, s.queries, s.values);
            self.head(x.compute(), s, b, h).forward(s.inputs(inputs, b, h), rows, statistics);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let s = Sizes::new(b.input_shape(0).dims(), b.input_shape(2).dims());
        // Inputs may be the same value, so their gradients are computed separately before they are added.
        let lengths = [0, 1, 2].map(|i| b.input_shape(i).size());
        let mut kept = b.take_kept();
        kept.truncate(s.statistics());
        kept.resize(s.statistics() + lengths.iter().sum::<usize>(), 0.0);
        let (statistics, grads) = kept.split_at_mut(s.statistics());
        let (dq, rest) = grads.split_at_mut(lengths[0]);
        let (dk, dv) = rest.split_at_mut(lengths[1]);
        let inputs = [b.input(0), b.input(1), b.input(2)];
        if let Some(lanes) = self.in_lanes(s) {
            for row in 0..s.batch {
                let grads = [&mut *dq, &mut *dk, &mut *dv].map(|d| s.row_mut(d, row));
                let [g, statistics] = [b.grad(), statistics].map(|x| s.row(x, row));
                lanes.backward(inputs.map(|x| s.row(x, row)), g, statistics, grads);
            }
        } else {
            let of_heads = statistics.chunks_exact(STATISTICS * s.queries);
            for ((row, h), statistics) in s.each_head().zip(of_heads) {
                let outputs =
                    [b.output(), b.grad()].map(|x| s.head(x, row, h, s.queries, s.values));
                let grads = HeadGrads {
                    q: s.rows(dq, row, h, s.queries, s.width),
                    k: s.rows(dk, row, h, s.keys, s.width),
                    v: s.rows(dv, row, h, s.keys, s.values),
                };
                let attention = self.head(b.compute(), s, row, h);
                attention.backward(s.inputs(inputs, row, h), outputs, statistics, grads);
            }
        }
        for (i, grad) in [dq, dk, dv].into_iter().enumerate() {
            b.accumulate(i, |_, dx| add_assign(dx, grad));
        }
        b.give_kept(kept);
    }
}

impl<'t> Var<'t> {
    /// `softmax(scale·q kᵀ) v` for queries `[B, L, H, d]`, keys `[B, S, H, d]` and values `[B, S, H, e]`: `[B, L, H, e]`.
    ///
    /// While training, weights are dropped with probability `dropout`.
    #[track_caller]
    pub fn attention(self, k: Self, v: Self, scale: f32, mask: &Mask, dropout: f32) -> Self {
        let s = self.heads_of(k, v);
        if let Mask::Pattern(pattern) = mask {
            assert_eq!(pattern.size(), [s.queries, s.keys], "the size of a pattern");
        }
        let dropout = self
            .tape
            .next_dropout(s.batch)
            .filter(|_| dropout > 0.0)
            .map(|(key, row)| (dropout, key, row));
        let shape = [s.batch, s.queries, s.heads, s.values];
        self.tape.record(Attend { scale, mask: mask.clone(), dropout }, &[self, k, v], shape)
    }

    /// The weights `[B, H, L, S]` of [`Var::attention`] without dropout, for inspection: they have no gradient.
    #[track_caller]
    pub fn attention_weights(self, k: Self, scale: f32, mask: &Mask) -> Self {
        let s = self.heads_of(k, k);
        let attend = Attend { scale, mask: mask.clone(), dropout: None };
        let (q, k) = (self.data(), k.data());
        let mut weights = vec![0.0; s.batch * s.heads * s.queries * s.keys];
        let mut out = vec![0.0; s.queries * s.values];
        let mut statistics = vec![0.0; STATISTICS * s.queries];
        for ((b, h), weights) in s.each_head().zip(weights.chunks_exact_mut(s.queries * s.keys)) {
            let (head, attention) =
                (s.inputs([&q, &k, &k], b, h), attend.head(Compute::default(), s, b, h));
            attention.forward(head, Rows { data: &mut out, stride: s.values }, &mut statistics);
            attention.weights(head, &statistics, weights);
        }
        drop((q, k));
        self.tape.constant([s.batch, s.heads, s.queries, s.keys], &weights)
    }

    /// The sizes of queries, keys and values, which must agree.
    #[track_caller]
    pub(super) fn heads_of(self, k: Self, v: Self) -> Sizes {
        let (q, k, v) = (self.shape(), k.shape(), v.shape());
        let ranks = [q, k, v].map(|s| s.rank());
        assert_eq!(ranks, [4; 3], "attention takes [B, L, H, d]: {q:?}, {k:?}, {v:?}");
        let s = Sizes::new(q.dims(), v.dims());
        assert_eq!(k.dims(), [s.batch, s.keys, s.heads, s.width], "keys of {q:?} and {v:?}");
        assert_eq!([v.dims()[0], v.dims()[2]], [s.batch, s.heads], "values of {q:?}");
        s
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Tape;
    use super::Mask;
    use crate::rng::{Key, Stream};

    #[test]
    fn one_value_may_be_queries_keys_and_values() {
        let tape = Tape::default();
        let data: Vec<f32> = (0..2 * 3 * 4).map(|i| (i as f32 * 0.7).sin()).collect();
        let x = tape.variable([2, 3, 1, 4], &data);
        let copies = [0, 1, 2].map(|_| tape.variable([2, 3, 1, 4], &data));
        let y = x.attention(x, x, 0.5, &Mask::Causal, 0.0);
        let apart = copies[0].attention(copies[1], copies[2], 0.5, &Mask::Causal, 0.0);
        assert_eq!(y.data()[..], apart.data()[..]);
        tape.backward((y * y + apart * apart).sum(), &mut Vec::new());
        let sums: Vec<f32> =
            (0..data.len()).map(|i| copies.map(|c| c.grad()[i]).iter().sum()).collect();
        assert!(x.grad().iter().zip(sums).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn weights_to_look_at_are_those_that_average_the_values() {
        let tape = Tape::default();
        let data: Vec<f32> = (0..2 * 3 * 2 * 4).map(|i| (i as f32 * 1.3).sin()).collect();
        let x = tape.variable([2, 3, 2, 4], &data);
        let w = x.attention_weights(x, 0.5, &Mask::Causal);
        let y = x.attention(x, x, 0.5, &Mask::Causal, 0.0);
        assert_eq!(w.shape().dims(), [2, 2, 3, 3]);
        let (w, y) = (w.data(), y.data());
        for (b, h, i, c) in [(0, 0, 0, 0), (0, 1, 2, 3), (1, 0, 1, 2), (1, 1, 2, 1)] {
            let of =
                |j: usize| w[((b * 2 + h) * 3 + i) * 3 + j] * data[((b * 3 + j) * 2 + h) * 4 + c];
            assert!((of(0) + of(1) + of(2) - y[((b * 3 + i) * 2 + h) * 4 + c]).abs() < 1e-6);
        }
        assert_eq!(w[1..3], [0.0; 2], "the first query sees one key");
    }

    #[test]
    fn dropped_weights_do_not_depend_on_shards() {
        let data: Vec<f32> = (0..4 * 5 * 2).map(|i| (i as f32 * 0.9).cos()).collect();
        let attended = |first: usize, rows: usize| {
            let tape = Tape::default();
            tape.reset(&Arc::default(), Some(Key::new(1, Stream::Dropout, 1)));
            tape.set_rows(first, rows);
            let x = tape.constant([rows, 5, 1, 2], &data[first * 10..(first + rows) * 10]);
            x.attention(x, x, 1.0, &Mask::All, 0.4).data().to_vec()
        };
        let whole = attended(0, 4);
        assert_eq!(attended(3, 1), whole[30..]);
        assert_ne!(whole, [attended(0, 1), attended(0, 3)].concat());
    }
}
