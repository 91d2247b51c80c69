//! An encoder of patches: transformer layers with batch normalization. Upstream: `models/patchtst.py: TSTEncoder,
//! TSTEncoderLayer`.
//!
//! Zerveas et al. 2021, <https://arxiv.org/abs/2010.02803>, found batch normalization better than layer normalization for time
//! series.

use super::batch_norm::BatchNorm1d;
use super::params::{Path, layers};
use super::residual_attention::{Compared, ResidualAttention, ResidualAttentionOptions};
use super::transformer::{FeedForward, TransformerSizes};
use crate::tape::Var;

/// Sizes and settings that all layers share.
#[derive(Clone, Copy, Debug)]
pub struct PatchEncoderOptions {
    /// Sizes and dropout of a layer.
    pub sizes: TransformerSizes,
    /// Heads of each attention; they divide the hidden size.
    pub heads: usize,
    /// Layers.
    pub layers: usize,
    /// Dropout of the attention's weights.
    pub attention_dropout: f32,
    /// Whether the scores of a layer are added to those of the layer before.
    pub residual_attention: bool,
    /// Whether inputs of a block are normalized, rather than its sum with them.
    pub pre_norm: bool,
}

/// Self-attention, then a feed-forward block, each with a residual connection and batch normalization.
struct Layer {
    attention: ResidualAttention,
    feed_forward: FeedForward,
    norms: [BatchNorm1d; 2],
    options: PatchEncoderOptions,
}

impl Layer {
    fn new(path: &Path<'_>, options: PatchEncoderOptions) -> Self {
        let TransformerSizes { hidden, dropout, .. } = options.sizes;
        let attention = ResidualAttentionOptions {
            hidden,
            heads: options.heads,
            weight_dropout: options.attention_dropout,
            dropout,
        };
        // Upstream wraps them between two transpositions, numbers 0 and 2.
        let norm = |name| BatchNorm1d::new(&path.sub(name).sub(1), hidden);
        Self {
            attention: ResidualAttention::new(&path.sub("self_attn"), attention),
            feed_forward: FeedForward::sequential(&path.sub("ff"), options.sizes),
            norms: ["norm_attn", "norm_ffn"].map(norm),
            options,
        }
    }

    fn forward<'t>(
        &self,
        x: Var<'t>,
        before: Option<Compared<'t>>,
    ) -> (Var<'t>, Option<Compared<'t>>) {
        let PatchEncoderOptions { sizes, residual_attention, pre_norm, .. } = self.options;
        let [first, second] = self.norms.map(|norm| move |x| norm.forward(x, 2));
        let before = before.filter(|_| residual_attention);
        let x = if pre_norm { first(x) } else { x };
        let (attended, compared) = self.attention.forward(x, before);
        let x = x + attended.dropout(sizes.dropout);
        let x = if pre_norm { second(x) } else { first(x) };
        let x = x + self.feed_forward.forward(x);
        (if pre_norm { x } else { second(x) }, Some(compared))
    }
}

/// Layers, one after the other.
pub struct PatchEncoder(Vec<Layer>);

impl PatchEncoder {
    /// Declares the layers at `path.sub("layers").sub(i)`.
    pub fn new(path: &Path<'_>, options: PatchEncoderOptions) -> Self {
        let path = path.sub("layers");
        Self(layers(options.layers, |i| Layer::new(&path.sub(i), options)))
    }

    /// Whether there are layers, and so batch normalization.
    pub fn is_batch_normalized(&self) -> bool {
        !self.0.is_empty()
    }

    /// Maps tokens `[R, P, D]` to `[R, P, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let layer = |(x, before), layer: &Layer| layer.forward(x, before);
        self.0.iter().fold((x, None), layer).0
    }
}
