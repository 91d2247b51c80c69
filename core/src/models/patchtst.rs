//! PatchTST: a transformer whose tokens are patches of the series.
//!
//! Nie et al. 2023, "A Time Series is Worth 64 Words: Long-term Forecasting with Transformers",
//! <https://arxiv.org/abs/2211.14730>. Upstream: `models/patchtst.py`.
//!
//! *Differs from upstream* without residual attention: there, weights of the attention are dropped in forecasts too.

use super::heads::dividing;
use super::prelude::*;
use crate::nn::{
    FlattenHead, PatchEmbedding, PatchEncoder, PatchEncoderOptions, PatchPositions, Patches,
};

options! {
    /// Options of [`PatchTST`] in addition to the shared ones.
    pub struct Options {
        /// Layers of the encoder.
        pub encoder_layers: usize = 3,
        /// Heads of each attention. It must divide `hiddenSize`.
        pub n_heads: usize = 16; at least 1,
        /// Numbers per patch in the encoder.
        pub hidden_size: usize = 128; at least 1,
        /// Hidden units of the feed-forward blocks.
        pub linear_hidden_size: usize = 256; at least 1,
        /// Dropout of embeddings and layers, from 0 to 1.
        pub dropout: f64 = 0.2; probability,
        /// Dropout of the forecast, from 0 to 1.
        pub head_dropout: f64 = 0.0; probability,
        /// Dropout of the attention's weights, from 0 to 1.
        pub attn_dropout: f64 = 0.0; probability,
        /// Steps of a patch. A patch is at most `inputSize + stride` long: a larger number means that.
        pub patch_len: usize = 16; at least 1,
        /// Steps from the beginning of one patch to that of the next. The last step is repeated as often, for the last patch.
        pub stride: usize = 8; at least 1,
        /// Whether windows are normalized and forecasts denormalized (RevIN).
        pub revin: bool = true,
        /// Whether RevIN has a learned weight and bias.
        pub revin_affine: bool = false,
        /// Whether RevIN subtracts the last step of a window instead of its mean.
        pub revin_subtract_last: bool = true,
        /// Activation of the feed-forward blocks.
        pub activation: TransformerActivation = TransformerActivation::Gelu,
        /// Whether each attention adds the scores of the layer before to its own.
        pub res_attention: bool = true,
        /// Whether batch normalization comes before the attention and the feed-forward block of each layer, as upstream has it
        /// despite the name; otherwise it follows them. There is batch normalization in any case.
        pub batch_normalization: bool = false,
        /// Whether the vectors that are added for the positions of the patches are learned. Otherwise they stay random.
        pub learn_pos_embed: bool = true,
    }
}

impl Options {
    fn norm(&self, p: &Path<'_>) -> Option<RevIn> {
        let norm = if self.revin_affine { RevIn::new(p, 1) } else { RevIn::plain() };
        let norm = if self.revin_subtract_last { norm.around_last_step() } else { norm };
        self.revin.then_some(norm)
    }

    fn encoder(&self) -> PatchEncoderOptions {
        let Self { hidden_size, linear_hidden_size, dropout, activation, .. } = *self;
        PatchEncoderOptions {
            sizes: TransformerSizes::new(hidden_size, linear_hidden_size, dropout, activation),
            heads: self.n_heads,
            layers: self.encoder_layers,
            attention_dropout: self.attn_dropout as f32,
            residual_attention: self.res_attention,
            pre_norm: self.batch_normalization,
        }
    }
}

/// The model.
pub struct PatchTST {
    norm: Option<RevIn>,
    patches: PatchEmbedding,
    positions: PatchPositions,
    dropout: f32,
    encoder: PatchEncoder,
    head: FlattenHead,
    dims: Dims,
}

impl Model for PatchTST {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "PatchTST",
        family: "transformer",
        paper: "https://arxiv.org/abs/2211.14730",
        exogenous: Exogenous::NONE,
        multivariate: false,
        sharding: Sharding::Cached,
    };

    /// It belongs to a head that upstream's class never makes.
    const IGNORED: &'static [&'static str] = &["fc_dropout"];

    fn defaults() -> CommonOptions {
        CommonOptions { max_steps: 5000, learning_rate: 1e-4, ..CommonOptions::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        dividing("nHeads", [o.hidden_size, o.n_heads])?;
        let hidden = o.hidden_size;
        let patches = Patches::padded(dims.input, o.patch_len, o.stride);
        let p = p.sub("model");
        let backbone = p.sub("backbone");
        let tokens = [patches.count, hidden];
        let outputs = dims.h * dims.outputs;
        Ok(Self {
            norm: o.norm(&p.sub("revin_layer")),
            patches: PatchEmbedding::new(&backbone.sub("W_P"), patches, hidden, true),
            positions: PatchPositions::new(&backbone, tokens, o.learn_pos_embed),
            dropout: o.dropout as f32,
            encoder: PatchEncoder::new(&backbone.sub("encoder"), o.encoder()),
            head: FlattenHead::new(&p.sub("head"), tokens, outputs, o.head_dropout as f32),
            dims,
        })
    }

    fn sharding(&self) -> Sharding {
        if self.encoder.is_batch_normalized() { Sharding::Whole } else { Self::SPEC.sharding }
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let forecast = |y: Var<'t>| {
            let tokens = self.positions.forward(self.patches.forward(y.squeeze(2)));
            let encoded = self.encoder.forward(tokens.dropout(self.dropout)); // [B, P, D]
            self.head.forward(encoded).reshape([batch.size(), self.dims.h, self.dims.outputs])
        };
        let y = batch.insample_y.unsqueeze(2); // [B, L, 1]
        match &self.norm {
            Some(norm) => norm.around(y, forecast),
            None => forecast(y),
        }
    }
}
