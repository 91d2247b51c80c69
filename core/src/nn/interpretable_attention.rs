//! Attention whose heads share their values, so that the mean over the heads says how much a step counts.
//!
//! Lim et al. 2021, <https://arxiv.org/abs/1912.09363>, equations 13 to 16. Upstream: `models/tft.py:
//! InterpretableMultiHeadAttention`.

use super::{Linear, Path};
use crate::tape::{Mask, Var};

/// The sizes and options of an [`InterpretableAttention`].
#[derive(Clone, Copy, Debug)]
pub struct InterpretableAttentionOptions {
    /// Size of a step.
    pub hidden: usize,
    /// Number of heads.
    pub heads: usize,
    /// Steps.
    pub steps: usize,
    /// The last steps, which are those that attend.
    pub queries: usize,
    /// Dropout of the weights.
    pub weight_dropout: f32,
    /// Dropout of the output.
    pub dropout: f32,
}

/// Causal self-attention of the last steps: only these are asked for, so only these have queries.
#[derive(Clone, Debug)]
pub struct InterpretableAttention {
    /// Queries and keys of all heads, then the values that they share.
    projection: Linear,
    output: Linear,
    mask: Mask,
    width: usize,
    o: InterpretableAttentionOptions,
}

impl InterpretableAttention {
    /// Declares `qkv_linears.weight`, `out_proj.weight` and upstream's constant `_mask`, which is never read. `hidden` must
    /// be a multiple of `heads`.
    pub fn new(p: &Path<'_>, o: InterpretableAttentionOptions) -> Self {
        let (steps, width) = (o.steps, o.hidden / o.heads);
        p.table("_mask", [1, steps, steps], move || causal(steps));
        let outputs = (2 * o.heads + 1) * width;
        Self {
            projection: Linear::without_bias(&p.sub("qkv_linears"), o.hidden, outputs),
            output: Linear::without_bias(&p.sub("out_proj"), width, o.hidden),
            mask: Mask::CausalAfter(steps - o.queries),
            width,
            o,
        }
    }

    /// Maps `[B, steps, hidden]` to the last steps `[B, queries, hidden]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (batch, o, width) = (x.dim(0), self.o, self.width);
        let of_heads = o.heads * width;
        let [queries, rest] = self.parts(x, [of_heads, of_heads + width]);
        let q = x.last(1, o.queries).linear(queries, None);
        let kv = x.linear(rest, None); // [B, T, (H + 1)·d]
        let k = kv.slice(2, 0, of_heads).reshape([batch, o.steps, o.heads, width]);
        let v = kv.last(2, width).reshape([batch, o.steps, 1, width]).repeat(2, o.heads);
        let q = q.reshape([batch, o.queries, o.heads, width]);
        let attended = q.attention(k, v, self.scale(), &self.mask, o.weight_dropout); // [B, h, H, d]
        self.output.forward(attended.mean_axis(2)).dropout(o.dropout)
    }

    /// How much each step attends to each step, in each head: `[B, heads, steps, steps]`, without dropout.
    pub fn weights<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (batch, o, of_heads) = (x.dim(0), self.o, self.o.heads * self.width);
        let heads =
            |weight: Var<'t>| x.linear(weight, None).reshape([batch, o.steps, o.heads, self.width]);
        let [q, k] = self.parts(x, [of_heads; 2]).map(heads);
        let scores = q.permute(&[0, 2, 1, 3]).matmul(k.permute(&[0, 2, 3, 1])).scale(self.scale());
        let mask = x.tape().input([o.steps; 2], |to| to.copy_from_slice(&causal(o.steps)));
        (scores + mask).softmax()
    }

    /// Consecutive rows of the projection's weight, from the first on.
    fn parts<'t>(&self, x: Var<'t>, [first, second]: [usize; 2]) -> [Var<'t>; 2] {
        let (weight, _) = self.projection.on(x.tape());
        [weight.slice(0, 0, first), weight.slice(0, first, second)]
    }

    fn scale(&self) -> f32 {
        1.0 / (self.width as f32).sqrt()
    }
}

/// What is added to the score of each pair of steps: `-∞` for a later one.
fn causal(steps: usize) -> Vec<f32> {
    let sees = |i: usize| i % steps <= i / steps;
    (0..steps * steps).map(|i| if sees(i) { 0.0 } else { f32::NEG_INFINITY }).collect()
}
