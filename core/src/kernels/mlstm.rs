//! The matrix memory of one head of an mLSTM, over all steps at once (Beck et al. 2024, <https://arxiv.org/abs/2405.04517>, appendix
//! A.3): `h_i = Σ_{j ≤ i} C_ij v_j / (n_i + ε)` with `C_ij = q_i·k_j/√d · exp(F_i - F_j + ĩ_j - m_i)`, `F` the running sum of `ln σ(f̃)`,
//! `m_i` the largest exponent of row i, and `n_i = max(|Σ_j C_ij|, e^(-m_i))`.
//!
//! The exponents are `a_j - max_{j ≤ i} a_j` with `a_j = ĩ_j - F_j`, so that maxima are those of a running maximum, and no matrix of
//! exponents is needed. Queries are taken some at a time, with all keys that they see. The backward pass computes `C` again.

use super::Compute;
use super::attention::{Head, HeadGrads, Rows};
use super::math::exp2_below_zero;
use super::matmul::{Mat, Mode, matmul_strided};
use super::pointwise::{Exp, LogSigmoid, map, mul_derivative};
use super::reduce::dot;
use super::scratch::pieces;
use crate::interrupt::look;
use crate::simd::Simd;
use std::f32::consts::LOG2_E;

/// Numbers that [`MatrixMemory::forward`] keeps for each step.
pub const STATISTICS: usize = 5;
/// Queries at a time.
const QUERIES: usize = 64;
/// Upstream's ε.
const EPS: f32 = 1e-6;

/// What is the same for all heads.
#[derive(Clone, Copy, Debug)]
pub struct MatrixMemory {
    /// Steps of a window.
    pub steps: usize,
    /// Numbers of a query, key or value.
    pub width: usize,
    /// What kernels may do.
    pub compute: Compute,
}

/// Pre-activations of the gates of one head, or their gradients: one of each kind per step.
pub struct Gates<T> {
    /// From the input gate of the first step on.
    pub data: T,
    /// Distance of the input gate to the forget gate of its step.
    pub forget: usize,
    /// Distance of a step to the next.
    pub stride: usize,
}

/// What [`MatrixMemory::backward`] adds to, and writes.
pub struct Gradients<'a> {
    /// Of queries, keys and values: it adds to them.
    pub head: HeadGrads<'a>,
    /// Of the gates: it writes them.
    pub gates: Gates<&'a mut [f32]>,
}

impl MatrixMemory {
    /// How many numbers of scratch memory the forward pass needs.
    pub fn scratch(self) -> usize {
        self.tile()
    }

    /// How many numbers of scratch memory the backward pass needs.
    pub fn grad_scratch(self) -> usize {
        self.grad_lengths().iter().sum()
    }

    fn tile(self) -> usize {
        QUERIES.min(self.steps) * self.steps
    }

    fn grad_lengths(self) -> [usize; 6] {
        let queries = QUERIES.min(self.steps);
        [self.tile(), self.tile(), queries * self.width, queries, self.steps, self.steps]
    }

    /// Starts and numbers of the queries that are taken together.
    fn queries(self) -> impl DoubleEndedIterator<Item = (usize, usize)> {
        let (steps, parts) = (self.steps, self.steps.div_ceil(QUERIES));
        let start = move |i: usize| i * steps / parts;
        (0..parts).map(move |i| (start(i), start(i + 1) - start(i)))
    }

    fn scale(self) -> f32 {
        1.0 / (self.width as f32).sqrt()
    }

    /// Writes `h` to `out`, and what the backward pass needs to `statistics`, [`STATISTICS`] numbers per step.
    #[track_caller]
    pub fn forward(
        self,
        head: Head<'_>,
        gates: &Gates<&[f32]>,
        out: Rows<'_>,
        statistics: &mut [f32],
        scores: &mut [f32],
    ) {
        let Self { steps, width, compute } = self;
        let Rows { data: out, stride } = out;
        let [exponents, tops, floors, sums, places] = pieces(statistics, [steps; STATISTICS]);
        for (t, sum) in sums.iter_mut().enumerate() {
            *sum = gates.data[t * gates.stride + gates.forget];
        }
        map::<LogSigmoid>(compute, sums, floors);
        let (mut forgotten, mut top, mut place) = (0.0, f32::NEG_INFINITY, 0);
        for t in 0..steps {
            forgotten += f64::from(floors[t]);
            exponents[t] = gates.data[t * gates.stride] - forgotten as f32;
            if exponents[t] > top {
                (top, place) = (exponents[t], t);
            }
            (tops[t], places[t]) = (top, place as f32);
            sums[t] = -(forgotten as f32 + top);
        }
        map::<Exp>(compute, sums, floors);
        for (at, n) in self.queries() {
            look();
            let keys = at + n;
            let scores = &mut scores[..n * keys];
            let (q, k) = (head.q.part(at, 0, n, width), head.k.part(0, 0, keys, width));
            matmul_strided(compute, q, k.t(), scores, keys, Mode::Write);
            let (tops, sums) = (&tops[at..keys], &mut sums[at..keys]);
            decay(scores, &exponents[..keys], tops, at, self.scale(), sums);
            let rows = &mut out[at * stride..];
            let v = head.v.part(0, 0, keys, width);
            matmul_strided(compute, Mat::new(scores, n, keys), v, rows, stride, Mode::Write);
            for (i, row) in rows.chunks_mut(stride).take(n).enumerate() {
                let factor = 1.0 / (sums[i].abs().max(floors[at + i]) + EPS);
                super::elementwise::scale(&mut row[..width], factor);
            }
        }
    }

    /// The gradients of all inputs, from the output, its gradient, and the `statistics` of [`MatrixMemory::forward`], which are used
    /// up.
    #[track_caller]
    pub fn backward(
        self,
        head: Head<'_>,
        gates: &Gates<&[f32]>,
        [out, g]: [Mat<'_>; 2],
        statistics: &mut [f32],
        gradients: Gradients<'_>,
        scratch: &mut [f32],
    ) {
        let Self { steps, width, compute } = self;
        let [exponents, tops, floors, sums, places] = pieces(statistics, [steps; STATISTICS]);
        let [scores, slopes, scaled, shifts, of_exponents, of_rows] =
            pieces(scratch, self.grad_lengths());
        of_exponents.fill(0.0);
        let Gradients { head: HeadGrads { q: of_q, k: of_k, v: of_v }, gates: of_gates } =
            gradients;
        for (at, n) in self.queries() {
            look();
            let keys = at + n;
            let (scores, slopes) = (&mut scores[..n * keys], &mut slopes[..n * keys]);
            let scaled = &mut scaled[..n * width];
            for i in 0..n {
                let (sum, floor) = (sums[at + i], floors[at + i]);
                let factor = 1.0 / (sum.abs().max(floor) + EPS);
                let g = &g.from(at + i, 0)[..width];
                let row = &mut scaled[i * width..][..width];
                row.copy_from_slice(g);
                super::elementwise::scale(row, factor);
                let along = dot(&out.from(at + i, 0)[..width], g);
                // The share of |Σ C| in the gradient of the maximum: half where both are equal, as in torch.
                let share = match sum.abs().total_cmp(&floor) {
                    std::cmp::Ordering::Less => 0.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Greater => 1.0,
                };
                let sign = if sum == 0.0 { 0.0 } else { sum.signum() };
                shifts[i] = -factor * along * share * sign;
                let of_floor = if floor.is_finite() { floor * factor } else { 1.0 };
                of_rows[at + i] = (1.0 - share) * along * of_floor;
            }
            let [q, k, v] = [(head.q, at, n), (head.k, 0, keys), (head.v, 0, keys)]
                .map(|(m, first, rows)| m.part(first, 0, rows, width));
            matmul_strided(compute, q, k.t(), scores, keys, Mode::Write);
            matmul_strided(compute, Mat::new(scaled, n, width), v.t(), slopes, keys, Mode::Write);
            // From here on `sums` has the sums of the rows of the exponents' gradients.
            let (tops, shifts) = (&tops[at..keys], &shifts[..n]);
            let rows =
                Decayed { exponents: &exponents[..keys], tops, first: at, scale: self.scale() };
            decay_grad(
                scores,
                slopes,
                rows,
                shifts,
                &mut of_exponents[..keys],
                &mut sums[at..keys],
            );
            let (weights, slopes) = (Mat::new(scores, n, keys), Mat::new(slopes, n, keys));
            let scaled = Mat::new(scaled, n, width);
            matmul_strided(compute, weights.t(), scaled, of_v.data, of_v.stride, Mode::Add);
            matmul_strided(compute, slopes.t(), q, of_k.data, of_k.stride, Mode::Add);
            let of_q_rows = &mut of_q.data[at * of_q.stride..];
            matmul_strided(compute, slopes, k, of_q_rows, of_q.stride, Mode::Add);
        }
        // The maximum of a row is subtracted from its exponents, so its gradient belongs to the largest of them.
        for t in 0..steps {
            of_exponents[places[t] as usize] += of_rows[t] - sums[t];
        }
        let (forget, of_forget) = (sums, of_rows);
        let mut after = 0.0;
        for t in (0..steps).rev() {
            after += of_forget[t] - of_exponents[t];
            of_forget[t] = after;
            forget[t] = gates.data[t * gates.stride + gates.forget];
        }
        mul_derivative::<LogSigmoid>(compute, forget, of_forget);
        for t in 0..steps {
            let step = &mut of_gates.data[t * of_gates.stride..];
            (step[0], step[of_gates.forget]) = (of_exponents[t], of_forget[t]);
        }
    }
}

/// Some rows of the decay matrix: the exponents of the keys, and the maxima of the queries, the first of which sees `first + 1` keys.
#[derive(Clone, Copy)]
struct Decayed<'a> {
    exponents: &'a [f32],
    tops: &'a [f32],
    first: usize,
    scale: f32,
}

/// `exp(a - max)`, at most 1.
#[inline(always)]
fn decayed<S: Simd>(s: S, exponents: &[f32], at: usize, top: S::V) -> S::V {
    let below = s.min(s.sub(s.load_at(exponents, at), top), s.zero());
    exp2_below_zero(s, s.mul(below, s.splat(LOG2_E)))
}

simd_fn! {
    /// Multiplies the products of queries and keys by the decay matrix and `scale`. What a query does not see becomes 0. Writes the
    /// sum of each row.
    fn decay(s, scores: &mut [f32], exponents: &[f32], tops: &[f32], first: usize, scale: f32, sums: &mut [f32]) {
        let rows = scores.chunks_exact_mut(exponents.len()).zip(tops).zip(sums);
        for (i, ((row, top), sum)) in rows.enumerate() {
            let (row, hidden) = row.split_at_mut(first + i + 1);
            hidden.fill(0.0);
            let (top, scale) = (s.splat(*top), s.splat(scale));
            let mut lanes = s.zero();
            for at in (0..row.len()).step_by(S::LANES) {
                let weight = s.mul(s.load_at(row, at), s.mul(decayed(s, exponents, at, top), scale));
                lanes = s.add(lanes, weight);
                s.store_at(weight, row, at);
            }
            *sum = s.sum(lanes);
        }
    }
}

simd_fn! {
    /// The gradient of [`decay`]: `scores` are computed from the products again, `slopes`, their gradients, become those of the products
    /// after adding each row's `shifts`. Adds the gradients of the exponents, and writes their sum for each row.
    fn decay_grad(
        s,
        scores: &mut [f32],
        slopes: &mut [f32],
        decayed_rows: Decayed<'_>,
        shifts: &[f32],
        of_exponents: &mut [f32],
        sums: &mut [f32],
    ) {
        let Decayed { exponents, tops, first, scale } = decayed_rows;
        let keys = exponents.len();
        let rows = scores.chunks_exact_mut(keys).zip(slopes.chunks_exact_mut(keys));
        for (i, (row, slopes)) in rows.enumerate() {
            let (row, hidden) = row.split_at_mut(first + i + 1);
            hidden.fill(0.0);
            let (slopes, hidden) = slopes.split_at_mut(first + i + 1);
            hidden.fill(0.0);
            let (top, shift, scale) = (s.splat(tops[i]), s.splat(shifts[i]), s.splat(scale));
            let of_exponents = &mut of_exponents[..row.len()];
            let mut lanes = s.zero();
            for at in (0..row.len()).step_by(S::LANES) {
                let decay = s.mul(decayed(s, exponents, at, top), scale);
                let weight = s.mul(s.load_at(row, at), decay);
                let slope = s.add(s.load_at(slopes, at), shift);
                let of_exponent = s.mul(weight, slope);
                lanes = s.add(lanes, of_exponent);
                s.store_at(s.add(s.load_at(of_exponents, at), of_exponent), of_exponents, at);
                s.store_at(weight, row, at);
                s.store_at(s.mul(slope, decay), slopes, at);
            }
            sums[i] = s.sum(lanes);
        }
    }
}
