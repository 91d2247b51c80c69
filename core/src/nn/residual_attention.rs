//! Attention whose scores are added to those of the layer before.
//!
//! He et al. 2021, "RealFormer", <https://arxiv.org/abs/2012.11747>. Upstream: `models/patchtst.py: _MultiheadAttention,
//! _ScaledDotProductAttention`.
//!
//! The scores of layer `n` are the sum over all layers up to it, `Σ qᵢ·kᵢ/√d`. That is the product of the layers' queries one
//! behind the other with their keys one behind the other. So a layer hands on its queries and keys instead of its scores, and
//! no matrix of scores is ever made: the attention kernel does without. The price is that scores are computed again in each
//! layer, which costs little beside the products of a layer with its weights.

use super::linear::Linear;
use super::params::Path;
use crate::tape::{Mask, Var};

/// The queries and keys of all layers so far, `[B, L, H, n·d]` each.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'t> {
    queries: Var<'t>,
    keys: Var<'t>,
}

/// Sizes and settings of a [`ResidualAttention`].
#[derive(Clone, Copy, Debug)]
pub struct ResidualAttentionOptions {
    /// Numbers per token; a multiple of the heads.
    pub hidden: usize,
    /// Heads.
    pub heads: usize,
    /// Probability that a weight is dropped while training.
    pub weight_dropout: f32,
    /// Probability that a number of the output is dropped while training.
    pub dropout: f32,
}

/// Self-attention of several heads that takes the scores of the layers before into account, if it is given them.
#[derive(Clone, Copy, Debug)]
pub struct ResidualAttention {
    /// Of queries, keys and values.
    projections: [Linear; 3],
    output: Linear,
    options: ResidualAttentionOptions,
}

impl ResidualAttention {
    /// Declares `W_Q`, `W_K`, `W_V`, `to_out.0` and upstream's constant `sdp_attn.scale`.
    pub fn new(path: &Path<'_>, options: ResidualAttentionOptions) -> Self {
        let hidden = options.hidden;
        let scale = options.scale();
        path.sub("sdp_attn").table("scale", [], move || vec![scale]);
        let linear = |name| Linear::new(&path.sub(name), hidden, hidden);
        let projections = ["W_Q", "W_K", "W_V"].map(linear);
        Self {
            projections,
            output: Linear::new(&path.sub("to_out").sub(0), hidden, hidden),
            options,
        }
    }

    /// Maps tokens `[B, L, D]` to `[B, L, D]`, and returns what the next layer is to be given.
    pub fn forward<'t>(&self, x: Var<'t>, before: Option<Compared<'t>>) -> (Var<'t>, Compared<'t>) {
        let o = self.options;
        let heads = [x.dim(0), x.dim(1), o.heads, o.hidden / o.heads];
        let [q, k, v] = self.projections.map(|projection| projection.forward(x).reshape(heads));
        let compared = match before {
            Some(Compared { queries, keys }) => Compared {
                queries: Var::concat(&[queries, q], 3),
                keys: Var::concat(&[keys, k], 3),
            },
            None => Compared { queries: q, keys: k },
        };
        let Compared { queries, keys } = compared;
        let mixed = queries.attention(keys, v, o.scale(), &Mask::All, o.weight_dropout);
        (self.output.forward(mixed.reshape(x.shape())).dropout(o.dropout), compared)
    }
}

impl ResidualAttentionOptions {
    /// `1/√d` for the `d` numbers of a head.
    fn scale(&self) -> f32 {
        1.0 / ((self.hidden / self.heads) as f32).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::nn::Params;
    use crate::tape::Tape;

    #[test]
    fn scores_are_added_to_those_of_the_layer_before() {
        let options =
            ResidualAttentionOptions { hidden: 4, heads: 2, weight_dropout: 0.0, dropout: 0.0 };
        let build = |params: &Params| {
            Ok([0, 1].map(|i| ResidualAttention::new(&params.root().sub(i), options)))
        };
        let (params, layers) = Params::declared(build).unwrap();
        let mut values = vec![0.0; params.size()];
        let entries = params.into_entries();
        entries.iter().enumerate().for_each(|(i, entry)| entry.initialize(i, 7, &mut values));
        let tape = Tape::default();
        tape.reset(&Arc::new(values), None);
        let x = tape.input([2, 3, 4], |to| {
            to.iter_mut().enumerate().for_each(|(i, v)| *v = (i as f32 * 1.7).sin() * 3.0);
        });
        let (first, compared) = layers[0].forward(x, None);
        let (second, _) = layers[1].forward(first, Some(compared));

        // The same with the matrices of scores.
        let mut scores = None;
        let mut y = x;
        for layer in &layers {
            let heads = |p: Linear| p.forward(y).reshape([2, 3, 2, 2]).permute(&[0, 2, 1, 3]);
            let [q, k, v] = layer.projections.map(heads);
            let own = q.matmul(k.transpose()).scale(options.scale());
            let all = scores.map_or(own, |before| own + before);
            let mixed = all.softmax().matmul(v).permute(&[0, 2, 1, 3]).reshape([2, 3, 4]);
            (y, scores) = (layer.output.forward(mixed), Some(all));
        }
        for (ours, theirs) in second.data().iter().zip(y.data().iter()) {
            assert!((ours - theirs).abs() < 1e-6, "{ours} and {theirs}");
        }
        assert_eq!(entries[0].name, "0.sdp_attn.scale");
        assert!(entries[0].is_table() && entries[0].param.shape.rank() == 0);
    }
}
