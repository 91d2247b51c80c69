//! The encoder and the decoder of a transformer that splits its values into a trend and what is above it. Upstream:
//! `models/autoformer.py` and `models/fedformer.py`: `Encoder`, `EncoderLayer`, `Decoder`, `DecoderLayer`, `LayerNorm`.
//!
//! The trend is a [moving average](Var::moving_average_steps). Layers pass on what is above it; the decoder adds up the trends
//! of its layers. Values are `[B, L, D]`.

use super::attention::AttentionLayer;
use super::conv::Conv1d;
use super::layer_norm::LayerNorm;
use super::linear::Linear;
use super::params::Path;
use super::transformer::{FeedForward, TransformerSizes};
use crate::tape::Var;

/// A layer norm, minus its mean over time.
#[derive(Clone, Copy, Debug)]
struct SeasonalNorm(LayerNorm);

impl SeasonalNorm {
    /// Declares `layernorm`.
    fn new(path: &Path<'_>, hidden: usize) -> Self {
        Self(LayerNorm::new(&path.sub("layernorm"), hidden))
    }

    /// The last `steps` steps of `[B, L, D]`.
    fn forward<'t>(&self, x: Var<'t>, steps: usize) -> Var<'t> {
        let x = self.0.forward(x);
        x.last(1, steps) - x.mean_axis(1).unsqueeze(1)
    }
}

/// Self-attention, then a feed-forward block, each with a residual connection; only what is above the trend goes on.
pub struct SeasonalEncoderLayer {
    attention: AttentionLayer,
    feed_forward: FeedForward,
    window: usize,
    dropout: f32,
}

impl SeasonalEncoderLayer {
    /// Declares `conv1` and `conv2`; `attention` lies at `path.sub("attention")`. `window` is the odd number of steps that a
    /// moving average is over.
    pub fn new(
        path: &Path<'_>,
        attention: AttentionLayer,
        sizes: TransformerSizes,
        window: usize,
    ) -> Self {
        let feed_forward = FeedForward::new(path, sizes, false);
        Self { attention, feed_forward, window, dropout: sizes.dropout }
    }

    /// `[B, L, D]` to `[B, L, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = x + self.attention.forward(x, x).dropout(self.dropout);
        let x = x.above_moving_average(self.window);
        (x + self.feed_forward.forward(x)).above_moving_average(self.window)
    }
}

/// Layers, then a norm.
pub struct SeasonalEncoder {
    layers: Vec<SeasonalEncoderLayer>,
    norm: SeasonalNorm,
}

impl SeasonalEncoder {
    /// Declares `norm`; the layers lie at `path.sub("attn_layers").sub(i)`.
    pub fn new(path: &Path<'_>, layers: Vec<SeasonalEncoderLayer>, hidden: usize) -> Self {
        Self { layers, norm: SeasonalNorm::new(&path.sub("norm"), hidden) }
    }

    /// `[B, L, D]` to `[B, L, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.layers.iter().fold(x, |x, layer| layer.forward(x));
        self.norm.forward(x, x.dim(1))
    }
}

/// Self-attention, attention to the encoder's output, and a feed-forward block, each with a residual connection, after which
/// the trend is taken off.
pub struct SeasonalDecoderLayer {
    attention: AttentionLayer,
    cross: AttentionLayer,
    feed_forward: FeedForward,
    projection: Conv1d,
    window: usize,
    dropout: f32,
}

impl SeasonalDecoderLayer {
    /// Declares `conv1`, `conv2` and `projection`, which maps the trends to `outputs`; the self-attention lies at
    /// `path.sub("self_attention")`, the other one at `path.sub("cross_attention")`.
    pub fn new(
        path: &Path<'_>,
        [attention, cross]: [AttentionLayer; 2],
        sizes: TransformerSizes,
        outputs: usize,
        window: usize,
    ) -> Self {
        Self {
            attention,
            cross,
            feed_forward: FeedForward::new(path, sizes, false),
            projection: Conv1d::new(&path.sub("projection"), [sizes.hidden, outputs], 3, false),
            window,
            dropout: sizes.dropout,
        }
    }

    /// What is above the trends, `[B, M, D]`, and the trends `[B, M, O]`, of `x` `[B, M, D]` with `encoded` `[B, L, D]`.
    pub fn forward<'t>(&self, x: Var<'t>, encoded: Var<'t>) -> (Var<'t>, Var<'t>) {
        let split = |x: Var<'t>| {
            let trend = x.moving_average_steps(self.window);
            (x - trend, trend)
        };
        let (x, first) = split(x + self.attention.forward(x, x).dropout(self.dropout));
        let (x, second) = split(x + self.cross.forward(x, encoded).dropout(self.dropout));
        let (x, third) = split(x + self.feed_forward.forward(x));
        (x, self.projection.forward_circular(first + second + third, 1))
    }
}

/// Layers, a norm, and a map to the outputs, to which the trends are added.
pub struct SeasonalDecoder {
    layers: Vec<SeasonalDecoderLayer>,
    norm: SeasonalNorm,
    projection: Linear,
}

impl SeasonalDecoder {
    /// Declares `norm` and `projection`; the layers lie at `path.sub("layers").sub(i)`.
    pub fn new(
        path: &Path<'_>,
        layers: Vec<SeasonalDecoderLayer>,
        [hidden, outputs]: [usize; 2],
    ) -> Self {
        Self {
            layers,
            norm: SeasonalNorm::new(&path.sub("norm"), hidden),
            projection: Linear::new(&path.sub("projection"), hidden, outputs),
        }
    }

    /// The last `h` steps of the outputs, `[B, h, O]`, for `x` `[B, M, D]`, the encoder's output `[B, L, D]`, and a trend
    /// `[B, M, 1]` to begin with.
    pub fn forward<'t>(&self, x: Var<'t>, encoded: Var<'t>, trend: Var<'t>, h: usize) -> Var<'t> {
        let (x, trend) = self.layers.iter().fold((x, trend.last(1, h)), |(x, trend), layer| {
            let (x, more) = layer.forward(x, encoded);
            (x, trend + more.last(1, h))
        });
        trend + self.projection.forward(self.norm.forward(x, h))
    }
}
