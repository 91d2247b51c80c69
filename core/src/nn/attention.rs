//! Multi-head attention: projections of the inputs, a mechanism that mixes them over time, a projection of the result.
//! Upstream: `common/_modules.py: AttentionLayer, FullAttention`.

use super::linear::Linear;
use super::params::Path;
use crate::tape::{Mask, Var};

/// How the heads of an attention layer mix their values over time.
pub trait Mechanism: Send + Sync {
    /// The outputs of all heads for queries `[B, L, H, d]`, keys `[B, S, H, d]` and values `[B, S, H, e]`: `B·L·H·e` numbers,
    /// which the layer reads as `[B, L, H·e]`. For what it does not [read](Self::reads) it gets the queries.
    fn mix<'t>(&self, q: Var<'t>, k: Var<'t>, v: Var<'t>) -> Var<'t>;

    /// Whether it reads queries, keys and values. What upstream projects in vain is not projected, and not trained.
    fn reads(&self) -> [bool; 3] {
        [true; 3]
    }

    /// Whether the outputs of a query depend neither on the other queries nor on its position: those of a few queries can
    /// then be computed alone.
    fn queries_are_independent(&self) -> bool {
        false
    }
}

/// `softmax(q kᵀ/√d) v`.
#[derive(Clone, Copy, Debug)]
pub struct FullAttention {
    /// Whether query `i` sees keys up to `i` only.
    pub causal: bool,
    /// Probability that a weight is dropped while training.
    pub dropout: f32,
}

impl Mechanism for FullAttention {
    fn mix<'t>(&self, q: Var<'t>, k: Var<'t>, v: Var<'t>) -> Var<'t> {
        let scale = 1.0 / (q.dim(3) as f32).sqrt();
        let mask = if self.causal { Mask::Causal } else { Mask::All };
        q.attention(k, v, scale, &mask, self.dropout)
    }

    fn queries_are_independent(&self) -> bool {
        !self.causal
    }
}

/// Attention of the queries whose weights are farthest from uniform. Upstream: `models/informer.py: ProbAttention`.
///
/// `factor·⌈ln L⌉` of `L` queries attend, each judged by `factor·⌈ln S⌉` of `S` keys. Where all queries attend, this is full
/// attention. There must be two queries and keys at least.
///
/// As upstream's, it has no dropout, and its outputs `[B, H, L, e]` are read as if they were `[B, L, H·e]`.
#[derive(Clone, Copy, Debug)]
pub struct ProbAttention {
    /// Whether query `i` sees keys up to `i` only.
    pub causal: bool,
    /// How many queries attend and how many keys are sampled, as a multiple of a logarithm.
    pub factor: usize,
    /// A number of its own for each layer of a model: layers sample different keys.
    pub layer: u32,
}

impl Mechanism for ProbAttention {
    fn mix<'t>(&self, q: Var<'t>, k: Var<'t>, v: Var<'t>) -> Var<'t> {
        let scale = 1.0 / (q.dim(3) as f32).sqrt();
        let some = |n: usize| self.factor.saturating_mul((n as f64).ln().ceil() as usize).min(n);
        let (sampled, top) = (some(k.dim(1)), some(q.dim(1)));
        if top == q.dim(1) {
            let mask = if self.causal { Mask::Causal } else { Mask::All };
            return q.attention(k, v, scale, &mask, 0.0).permute(&[0, 2, 1, 3]);
        }
        q.prob_attention(k, v, scale, self.causal, [sampled, top], self.layer)
    }
}

/// Values averaged over the delays at which queries and keys are most similar. Upstream: `models/autoformer.py:
/// AutoCorrelation`.
///
/// There are `⌊factor·ln L⌋` delays for `L` queries. While training, all windows of a batch have the same ones, so a model with
/// this mechanism is [not split into shards](crate::models::Sharding::Whole).
#[derive(Clone, Copy, Debug)]
pub struct AutoCorrelation {
    /// The number of delays as a multiple of a logarithm.
    pub factor: usize,
}

impl AutoCorrelation {
    /// The number of delays for this many queries, and how many there are to choose from. As upstream, one less than steps if
    /// these are odd: its inverse transform is then one step shorter.
    pub fn delays(self, steps: usize) -> [usize; 2] {
        [(self.factor as f64 * (steps as f64).ln()) as usize, steps - steps % 2]
    }
}

impl Mechanism for AutoCorrelation {
    fn mix<'t>(&self, q: Var<'t>, k: Var<'t>, v: Var<'t>) -> Var<'t> {
        let all_heads = |x: Var<'t>| x.reshape([x.dim(0), x.dim(1), x.dim(2) * x.dim(3)]);
        let [q, k, v] = [q, k, v].map(all_heads); // the mean over all channels makes no difference between heads
        let steps = q.dim(1);
        let [top, delays] = self.delays(steps);
        let r = q.correlation(k); // [B, L]
        let r = if delays == steps { r } else { r.rfft().irfft(delays) };
        r.delay_aggregation(v, steps, top)
    }
}

/// Attention of several heads: `out([M(Qx, Ky, Vz) of each head])` for a [mechanism](Mechanism) `M`.
pub struct AttentionLayer {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    /// Numbers of all heads' outputs.
    width: usize,
    heads: usize,
    mechanism: Box<dyn Mechanism>,
}

impl AttentionLayer {
    /// Declares `query_projection`, `key_projection`, `value_projection` and `out_projection` for inputs of `hidden` numbers.
    /// A head has `hidden / heads` of them, rounded down.
    pub fn new(
        path: &Path<'_>,
        [hidden, heads]: [usize; 2],
        mechanism: impl Mechanism + 'static,
    ) -> Self {
        let width = hidden / heads;
        Self::with_widths(path, [hidden, heads], [width, width], mechanism)
    }

    /// As [`Self::new`], for heads of `keys` numbers per query and key and `values` per value. Upstream: `d_keys`, `d_values`.
    pub fn with_widths(
        path: &Path<'_>,
        [hidden, heads]: [usize; 2],
        [keys, values]: [usize; 2],
        mechanism: impl Mechanism + 'static,
    ) -> Self {
        let [query, key, value] = mechanism.reads();
        let linear = |name, [from, to]: [usize; 2], is_read| {
            let made = if is_read { Linear::new } else { Linear::unused };
            made(&path.sub(name), from, to)
        };
        Self {
            query: linear("query_projection", [hidden, heads * keys], query),
            key: linear("key_projection", [hidden, heads * keys], key),
            value: linear("value_projection", [hidden, heads * values], value),
            out: linear("out_projection", [heads * values, hidden], true),
            width: heads * values,
            heads,
            mechanism: Box::new(mechanism),
        }
    }

    /// Attends from `x` `[B, L, D]` to `y` `[B, S, D]`: `[B, L, D]`. Self-attention if both are the same value.
    pub fn forward<'t>(&self, x: Var<'t>, y: Var<'t>) -> Var<'t> {
        let heads = |projection: &Linear, x: Var<'t>| {
            let all = projection.forward(x);
            all.reshape([x.dim(0), x.dim(1), self.heads, all.dim(2) / self.heads])
        };
        let [_, reads_keys, reads_values] = self.mechanism.reads();
        let q = heads(&self.query, x);
        let k = if reads_keys { heads(&self.key, y) } else { q };
        let v = if reads_values { heads(&self.value, y) } else { q };
        let mixed = self.mechanism.mix(q, k, v);
        self.out.forward(mixed.reshape([x.dim(0), x.dim(1), self.width]))
    }

    /// How many of `x`'s steps must be queries for the outputs of the last `steps`: these, or all.
    pub fn queries_for(&self, x: Var<'_>, steps: usize) -> usize {
        if self.mechanism.queries_are_independent() { steps } else { x.dim(1) }
    }
}
