//! ProbSparse attention of one head: only the queries whose weights are farthest from uniform attend; the others get the
//! mean of the values. Zhou et al. 2021, <https://arxiv.org/abs/2012.07436>, equations 3 to 6.
//!
//! How far a query's weights are from uniform is estimated from a sample of the keys. The choice of queries has no
//! derivative.

use super::Compute;
use super::attention::{Head, HeadGrads, Rows};
use super::elementwise::{add_assign, axpy, scale};
use super::matmul::{Mat, Mode, matmul, matmul_strided};
use super::softmax::{product, softmax, softmax_grad};
use super::top::largest;
use crate::rng::Key;

/// What is the same for all heads.
#[derive(Clone, Copy, Debug)]
pub struct ProbSparse {
    /// The factor of the scores.
    pub scale: f32,
    /// Whether query `i` sees keys up to `i` only; it then gets the sum of their values if it does not attend, as in upstream.
    pub causal: bool,
    /// Keys in the sample of each query.
    pub sampled: usize,
    /// Queries that attend.
    pub top: usize,
    /// Where the sample comes from.
    pub key: Key,
}

/// Sizes of a head: queries, keys, width of queries and keys, width of values.
#[derive(Clone, Copy, Debug)]
pub struct HeadSizes {
    /// `L`
    pub queries: usize,
    /// `S`
    pub keys: usize,
    /// `d`
    pub width: usize,
    /// `e`
    pub values: usize,
}

/// What a head keeps for its backward pass: the queries that attend, their numbers, and their weights.
struct Kept<'a> {
    chosen: &'a mut [f32],
    queries: &'a mut [f32],
    weights: &'a mut [f32],
}

simd_fn! {
    /// Estimates of how far the weights of each query are from uniform: the largest score of the sampled keys, minus the sum
    /// of these scores over the number of all keys. `sample` has as many keys for each query.
    pub fn sparsity(s, head: Head<'_>, sample: &[f32], estimates: &mut [f32]) {
        let Head { q, k, .. } = head;
        let sampled = sample.len() / estimates.len().max(1);
        for ((i, estimate), sample) in (0..).zip(estimates).zip(sample.chunks_exact(sampled.max(1))) {
            let query = &q.data[i * q.row_stride..][..q.cols];
            let (mut most, mut sum) = (f32::NEG_INFINITY, 0.0);
            for j in sample {
                let score = product(s, query, &k.data[*j as usize * k.row_stride..][..k.cols]);
                sum += score;
                if score > most || score.is_nan() {
                    most = score;
                }
            }
            *estimate = most - sum / k.rows as f32;
        }
    }
}

/// Row `i` of a matrix with contiguous rows.
fn row<'a>(x: Mat<'a>, i: usize) -> &'a [f32] {
    &x.data[i * x.row_stride..][..x.cols]
}

/// Copies the chosen rows of `x` to the rows of `to`.
fn gather(x: Mat<'_>, chosen: &[f32], to: &mut [f32]) {
    for (i, to) in chosen.iter().zip(to.chunks_exact_mut(x.cols)) {
        to.copy_from_slice(row(x, *i as usize));
    }
}

impl ProbSparse {
    /// How many numbers a head keeps.
    pub fn kept(&self, n: HeadSizes) -> usize {
        self.top.saturating_mul(1 + n.width + n.keys)
    }

    /// How many numbers a forward or backward pass needs for a while.
    pub fn scratch(&self, n: HeadSizes) -> usize {
        let forward = self.top.saturating_mul(n.keys.max(n.values)).max(2 * n.queries);
        let backward = self.top.saturating_mul(2 * n.keys + n.values + n.width) + n.values;
        forward.max(backward)
    }

    /// Writes the sample of keys of each query, `[L, sampled]`. All heads of all windows have the same, as in upstream.
    pub fn sample(&self, n: HeadSizes, sample: &mut [f32]) {
        for (i, to) in (0..).zip(sample) {
            *to = (f64::from(self.key.uniform(i)) * n.keys as f64).floor() as f32;
        }
    }

    fn split<'a>(&self, n: HeadSizes, kept: &'a mut [f32]) -> Kept<'a> {
        let (chosen, rest) = kept.split_at_mut(self.top);
        let (queries, weights) = rest.split_at_mut(self.top * n.width);
        Kept { chosen, queries, weights }
    }

    /// Writes the outputs of a head.
    pub fn forward(
        &self,
        compute: Compute,
        (head, n): (Head<'_>, HeadSizes),
        sample: &[f32],
        mut out: Rows<'_>,
        [kept, scratch]: [&mut [f32]; 2],
    ) {
        let Kept { chosen, queries, weights } = self.split(n, kept);
        let (estimates, spare) = scratch[..2 * n.queries].split_at_mut(n.queries);
        sparsity(head, sample, estimates);
        largest(estimates, spare, chosen);
        gather(head.q, chosen, queries);

        let scores = &mut scratch[..self.top * n.keys];
        matmul(compute, Mat::new(queries, self.top, n.width), head.k.t(), scores, Mode::Write);
        scale(scores, self.scale);
        if self.causal {
            let rows = scores.chunks_exact(n.keys).zip(weights.chunks_exact_mut(n.keys));
            for (i, (scores, weights)) in chosen.iter().zip(rows) {
                let seen = *i as usize + 1;
                softmax(&scores[..seen], seen, &mut weights[..seen]);
                weights[seen..].fill(0.0);
            }
        } else {
            softmax(scores, n.keys, weights);
        }

        self.without_attention(head.v, n.queries, &mut out);
        let attended = &mut scratch[..self.top * n.values];
        matmul(compute, Mat::new(weights, self.top, n.keys), head.v, attended, Mode::Write);
        for (i, attended) in chosen.iter().zip(attended.chunks_exact(n.values)) {
            out.row(*i as usize, n.values).copy_from_slice(attended);
        }
    }

    /// The outputs of queries that do not attend: the mean of the values, or their cumulative sum.
    fn without_attention(&self, v: Mat<'_>, rows: usize, out: &mut Rows<'_>) {
        let width = v.cols;
        if self.causal {
            out.row(0, width).copy_from_slice(row(v, 0));
            for i in 1..rows {
                let before = (i - 1) * out.stride;
                out.data.copy_within(before..before + width, i * out.stride);
                add_assign(out.row(i, width), row(v, i));
            }
            return;
        }
        out.row(0, width).fill(0.0);
        (0..v.rows).for_each(|j| add_assign(out.row(0, width), row(v, j)));
        scale(out.row(0, width), 1.0 / v.rows as f32);
        (1..rows).for_each(|i| out.data.copy_within(..width, i * out.stride));
    }

    /// Adds the gradients of a head's inputs; `g` `[L, e]` is that of its outputs.
    pub fn backward(
        &self,
        compute: Compute,
        (head, n): (Head<'_>, HeadSizes),
        g: Mat<'_>,
        mut grads: HeadGrads<'_>,
        [kept, scratch]: [&mut [f32]; 2],
    ) {
        let Kept { chosen, queries, weights } = self.split(n, kept);
        let (of_weights, rest) = scratch.split_at_mut(self.top * n.keys);
        let (of_scores, rest) = rest.split_at_mut(self.top * n.keys);
        let (of_outputs, rest) = rest.split_at_mut(self.top * n.values);
        let (of_queries, rest) = rest.split_at_mut(self.top * n.width);
        self.backward_without_attention((chosen, n.keys), g, &mut grads.v, &mut rest[..n.values]);

        gather(g, chosen, of_outputs);
        let g = Mat::new(of_outputs, self.top, n.values);
        let weights = Mat::new(weights, self.top, n.keys);
        matmul_strided(compute, weights.t(), g, grads.v.data, grads.v.stride, Mode::Add);
        matmul(compute, g, head.v.t(), of_weights, Mode::Write);
        of_scores.fill(0.0);
        softmax_grad(weights.data, of_weights, n.keys, of_scores);
        scale(of_scores, self.scale);
        let of_scores = Mat::new(of_scores, self.top, n.keys);
        matmul(compute, of_scores, head.k, of_queries, Mode::Write);
        for (i, of_query) in chosen.iter().zip(of_queries.chunks_exact(n.width)) {
            add_assign(grads.q.row(*i as usize, n.width), of_query);
        }
        let queries = Mat::new(queries, self.top, n.width);
        matmul_strided(compute, of_scores.t(), queries, grads.k.data, grads.k.stride, Mode::Add);
    }

    /// Adds the gradients of the values through the queries that do not attend.
    fn backward_without_attention(
        &self,
        (chosen, keys): (&[f32], usize),
        g: Mat<'_>,
        to: &mut Rows<'_>,
        sum: &mut [f32],
    ) {
        let mut chosen = chosen.iter().rev().map(|i| *i as usize).peekable();
        sum.fill(0.0);
        for i in (0..g.rows).rev() {
            if chosen.next_if_eq(&i).is_none() {
                add_assign(sum, row(g, i));
            }
            if self.causal {
                add_assign(to.row(i, g.cols), sum);
            }
        }
        if !self.causal {
            (0..keys).for_each(|j| axpy(to.row(j, g.cols), 1.0 / keys as f32, sum));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa, inner, numbers};
    use crate::rng::Stream;

    const SIZES: HeadSizes = HeadSizes { queries: 400, keys: 50, width: 3, values: 1 };

    fn attention(step: u32) -> ProbSparse {
        let key = Key::new(1, Stream::Keys, step);
        ProbSparse { scale: 1.0, causal: false, sampled: 10, top: 1, key }
    }

    #[test]
    fn keys_are_sampled_uniformly_and_differ_from_step_to_step() {
        let [mut sample, mut other] = [(); 2].map(|()| vec![0.0; 4000]);
        attention(1).sample(SIZES, &mut sample);
        attention(2).sample(SIZES, &mut other);
        assert_ne!(sample, other);
        let mut counts = [0.0; 50];
        sample.iter().for_each(|key| counts[*key as usize] += 1.0);
        // χ² of 49 degrees of freedom: 49 on average, below 90 with probability 0.9997.
        let square = |n: &f64| (n - 80.0).powi(2) / 80.0;
        let distance: f64 = counts.iter().map(square).sum();
        assert!(distance < 90.0, "{distance}");
    }

    #[test]
    fn a_query_with_one_key_that_stands_out_is_chosen_if_that_is_sampled() {
        // All scores of other queries are 0; query 7 has one of 5.
        let (mut q, mut k, v) = (vec![0.0; 400 * 3], vec![0.0; 50 * 3], numbers(50, 1));
        (q[7 * 3], k[20 * 3]) = (1.0, 5.0);
        let [q, k, v] =
            [(&q, 400, 3), (&k, 50, 3), (&v, 50, 1)].map(|(x, rows, cols)| Mat::new(x, rows, cols));
        let found = |step: u32| {
            let attention = attention(step);
            let (mut sample, mut estimates) = (vec![0.0; 4000], vec![0.0; 400]);
            attention.sample(SIZES, &mut sample);
            sparsity(Head { q, k, v }, &sample, &mut estimates);
            let mut chosen = [0.0];
            largest(&estimates.clone(), &mut estimates, &mut chosen);
            chosen[0] == 7.0
        };
        let times = (0..500).filter(|step| found(*step)).count() as f64;
        // 1 - (1 - 1/50)¹⁰ = 0.183, give or take three standard errors of 0.0173.
        assert!((times / 500.0 - 0.183).abs() < 0.052, "{times}");
    }

    #[test]
    fn every_width_equals_the_definition() {
        each_isa(|_| {
            for width in 1..=67 {
                let (q, k) = (numbers(4 * width, 1), numbers(3 * width, 2));
                let [q, k] = [(&q, 4), (&k, 3)].map(|(x, rows)| Mat::new(x, rows, width));
                let sample = [0.0, 2.0, 1.0, 1.0, 2.0, 0.0, 0.0, 1.0];
                let mut estimates = [0.0; 4];
                sparsity(Head { q, k, v: k }, &sample, &mut estimates);
                let of = |i: usize| {
                    let score = |j: &f32| inner(row(q, i), row(k, *j as usize));
                    let [a, b] = [0, 1].map(|n| score(&sample[2 * i + n]));
                    a.max(b) - (a + b) / 3.0
                };
                assert_close(&estimates, &[0, 1, 2, 3].map(of), 1e-5);
            }
        });
    }
}
