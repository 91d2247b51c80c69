//! The encoder and the decoder of a transformer. Upstream: `common/_modules.py: TransEncoder, TransEncoderLayer,
//! TransDecoder, TransDecoderLayer`.
//!
//! Every layer normalizes after its residual connections. Values are `[B, L, D]`.

use super::attention::AttentionLayer;
use super::batch_norm::BatchNorm1d;
use super::conv::Conv1d;
use super::layer_norm::LayerNorm;
use super::linear::Linear;
use super::params::{Path, layers};
use crate::options::choices;
use crate::tape::{StepWindows, Var};

choices! {
    /// Activation between the two products of a transformer's feed-forward blocks.
    pub enum TransformerActivation {
        /// `max(x, 0)`
        Relu = "relu",
        /// `x·Φ(x)`
        Gelu = "gelu",
    }
}

/// Sizes and settings that all layers of a transformer share.
#[derive(Clone, Copy, Debug)]
pub struct TransformerSizes {
    /// `D`: numbers per step.
    pub hidden: usize,
    /// Hidden units of the feed-forward blocks.
    pub conv_hidden: usize,
    /// Probability that a number of a block's output is dropped while training.
    pub dropout: f32,
    /// Activation of the feed-forward blocks.
    pub activation: TransformerActivation,
}

impl TransformerSizes {
    /// As upstream's options give them: 0 hidden units stand for four times `hidden`.
    pub fn new(
        hidden: usize,
        conv_hidden: usize,
        dropout: f64,
        activation: TransformerActivation,
    ) -> Self {
        let conv_hidden = if conv_hidden == 0 { hidden.saturating_mul(4) } else { conv_hidden };
        Self { hidden, conv_hidden, dropout: dropout as f32, activation }
    }
}

/// Two affine maps of each step, with an activation between them.
#[derive(Clone, Copy, Debug)]
pub struct FeedForward {
    first: Linear,
    second: Linear,
    activation: TransformerActivation,
    dropout: f32,
}

impl FeedForward {
    /// Declares `conv1` and `conv2`, with or without biases: upstream writes the maps as convolutions of width 1.
    pub fn new(path: &Path<'_>, sizes: TransformerSizes, bias: bool) -> Self {
        let TransformerSizes { hidden, conv_hidden, dropout, activation } = sizes;
        Self {
            first: Linear::pointwise(&path.sub("conv1"), hidden, conv_hidden, bias),
            second: Linear::pointwise(&path.sub("conv2"), conv_hidden, hidden, bias),
            activation,
            dropout,
        }
    }

    /// Declares `0` and `3`, the places of the maps among activation and dropout. Upstream: `models/patchtst.py`.
    pub fn sequential(path: &Path<'_>, sizes: TransformerSizes) -> Self {
        let TransformerSizes { hidden, conv_hidden, dropout, activation } = sizes;
        Self {
            first: Linear::new(&path.sub(0), hidden, conv_hidden),
            second: Linear::new(&path.sub(3), conv_hidden, hidden),
            activation,
            dropout,
        }
    }

    /// `[B, L, D]` to `[B, L, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let hidden = match self.activation {
            TransformerActivation::Relu => self.first.forward_relu(x),
            TransformerActivation::Gelu => self.first.forward(x).gelu(),
        };
        self.second.forward(hidden.dropout(self.dropout)).dropout(self.dropout)
    }
}

/// Self-attention, then a feed-forward block, each with a residual connection and a layer norm.
pub struct EncoderLayer {
    attention: AttentionLayer,
    feed_forward: FeedForward,
    norms: [LayerNorm; 2],
    dropout: f32,
}

impl EncoderLayer {
    /// Declares `conv1`, `conv2`, `norm1` and `norm2`; `attention` lies at `path.sub("attention")`.
    pub fn new(path: &Path<'_>, attention: AttentionLayer, sizes: TransformerSizes) -> Self {
        Self {
            attention,
            feed_forward: FeedForward::new(path, sizes, true),
            norms: ["norm1", "norm2"].map(|name| LayerNorm::new(&path.sub(name), sizes.hidden)),
            dropout: sizes.dropout,
        }
    }

    /// `[B, L, D]` to `[B, L, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_first(x, x.dim(1))
    }

    /// The outputs of the first `steps`, `[B, steps, D]`, which attend to all of `x` `[B, L, D]`.
    fn forward_first<'t>(&self, x: Var<'t>, steps: usize) -> Var<'t> {
        let [first, second] = &self.norms;
        let asking = x.slice(1, 0, self.attention.queries_for(x, steps));
        let x = first.forward(asking + self.attention.forward(asking, x).dropout(self.dropout));
        let x = x.slice(1, 0, steps);
        second.forward(x + self.feed_forward.forward(x))
    }
}

/// Halves the steps of a sequence: a convolution, batch normalization, ELU and a maximum over windows of three steps, two
/// apart. Upstream: `models/informer.py: ConvLayer`.
///
/// `L` steps become `⌊(L + 1)/2⌋ + 1`: upstream pads by two steps instead of one.
#[derive(Clone, Copy, Debug)]
pub struct Distilling {
    conv: Conv1d,
    norm: BatchNorm1d,
}

impl Distilling {
    const PADDING: usize = 2;
    const POOL: StepWindows = StepWindows { size: 3, stride: 2, padding: 1 };

    /// Declares `downConv` and `norm`.
    pub fn new(path: &Path<'_>, hidden: usize) -> Self {
        Self {
            conv: Conv1d::new(&path.sub("downConv"), [hidden, hidden], 3, true),
            norm: BatchNorm1d::new(&path.sub("norm"), hidden),
        }
    }

    /// `[B, L, D]` to `[B, ⌊(L + 1)/2⌋ + 1, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.norm.forward(self.conv.forward_circular(x, Self::PADDING), 2);
        x.elu().max_pool_steps(Self::POOL)
    }
}

/// Layers, each of the first ones perhaps followed by a [distilling](Distilling) layer, then a layer norm.
pub struct Encoder {
    layers: Vec<EncoderLayer>,
    distilling: Vec<Distilling>,
    norm: LayerNorm,
}

impl Encoder {
    /// Declares `norm`; the layers lie at `path.sub("attn_layers").sub(i)`.
    pub fn new(path: &Path<'_>, layers: Vec<EncoderLayer>, hidden: usize) -> Self {
        Self { layers, distilling: Vec::new(), norm: LayerNorm::new(&path.sub("norm"), hidden) }
    }

    /// Declares a distilling layer after each layer but the last, at `conv_layers`.
    #[must_use]
    pub fn distilled(mut self, path: &Path<'_>, hidden: usize) -> Self {
        let path = path.sub("conv_layers");
        let between = self.layers.len().saturating_sub(1);
        self.distilling = layers(between, |i| Distilling::new(&path.sub(i), hidden));
        self
    }

    /// Whether there are distilling layers, and so batch normalization.
    pub fn is_distilled(&self) -> bool {
        !self.distilling.is_empty()
    }

    /// `[B, L, D]` to `[B, L, D]`, or to fewer steps if there are distilling layers.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.layers.iter().enumerate().fold(x, |x, (i, layer)| {
            let x = layer.forward(x);
            self.distilling.get(i).map_or(x, |half| half.forward(x))
        });
        self.norm.forward(x)
    }

    /// The outputs of the first `steps` of `x` `[B, L, D]`: `[B, steps, D]`. Without distilling layers.
    pub fn forward_first<'t>(&self, x: Var<'t>, steps: usize) -> Var<'t> {
        let Some((last, before)) = self.layers.split_last() else {
            return self.norm.forward(x.slice(1, 0, steps));
        };
        let x = before.iter().fold(x, |x, layer| layer.forward(x));
        self.norm.forward(last.forward_first(x, steps))
    }
}

/// Self-attention, attention to the encoder's output, and a feed-forward block, each with a residual connection and a layer
/// norm.
pub struct DecoderLayer {
    pub(super) attention: AttentionLayer,
    pub(super) cross: AttentionLayer,
    pub(super) feed_forward: FeedForward,
    pub(super) norms: [LayerNorm; 3],
    pub(super) dropout: f32,
}

impl DecoderLayer {
    /// Declares `conv1`, `conv2`, `norm1`, `norm2` and `norm3`; the self-attention lies at `path.sub("self_attention")`, the
    /// other one at `path.sub("cross_attention")`.
    pub fn new(
        path: &Path<'_>,
        [attention, cross]: [AttentionLayer; 2],
        sizes: TransformerSizes,
    ) -> Self {
        let norm = |name| LayerNorm::new(&path.sub(name), sizes.hidden);
        Self {
            attention,
            cross,
            feed_forward: FeedForward::new(path, sizes, true),
            norms: ["norm1", "norm2", "norm3"].map(norm),
            dropout: sizes.dropout,
        }
    }

    /// `x` `[B, M, D]` attends to itself and to `encoded` `[B, L, D]`. The output is that of
    /// the last steps: `[B, steps, D]`.
    pub fn forward<'t>(&self, x: Var<'t>, encoded: Var<'t>, steps: usize) -> Var<'t> {
        let [first, second, third] = &self.norms;
        let crossing = self.cross.queries_for(x, steps);
        let asking = x.last(1, self.attention.queries_for(x, crossing));
        let x = first.forward(asking + self.attention.forward(asking, x).dropout(self.dropout));
        let x = x.last(1, crossing);
        let x = second.forward(x + self.cross.forward(x, encoded).dropout(self.dropout));
        let x = x.last(1, steps);
        third.forward(x + self.feed_forward.forward(x))
    }
}

/// Layers, a layer norm, and a map to the outputs.
pub struct Decoder {
    layers: Vec<DecoderLayer>,
    norm: LayerNorm,
    projection: Linear,
}

impl Decoder {
    /// Declares `norm` and `projection`; the layers lie at `path.sub("layers").sub(i)`.
    pub fn new(path: &Path<'_>, layers: Vec<DecoderLayer>, [hidden, outputs]: [usize; 2]) -> Self {
        Self {
            layers,
            norm: LayerNorm::new(&path.sub("norm"), hidden),
            projection: Linear::new(&path.sub("projection"), hidden, outputs),
        }
    }

    /// The last `h` steps of the outputs, `[B, h, O]`, for `x` `[B, M, D]` and the encoder's output `[B, L, D]`.
    pub fn forward<'t>(&self, x: Var<'t>, encoded: Var<'t>, h: usize) -> Var<'t> {
        let last = self.layers.len().saturating_sub(1);
        let x = self.layers.iter().enumerate().fold(x, |x, (i, layer)| {
            layer.forward(x, encoded, if i == last { h } else { x.dim(1) })
        });
        self.projection.forward(self.norm.forward(x))
    }
}
