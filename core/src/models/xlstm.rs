//! xLSTM: a stack of residual blocks of extended long short-term memory, mLSTM or sLSTM, and a decoder.
//!
//! Beck et al. 2024, "xLSTM: Extended Long Short-Term Memory", <https://arxiv.org/abs/2405.04517>. Upstream: `models/xlstm.py`, with the
//! package `xlstm` 2.0.6.
//!
//! *Differs from upstream:* sLSTM computes in f32, as the package's code without CUDA does. With CUDA, the only way that upstream's
//! model has, the package rounds inputs, states and weights of the recurrence to bfloat16.

use super::encoder_decoder::{EncoderDecoder, encoder_input};
use super::prelude::*;
use crate::nn::{GatedFeedForward, MLstm, MLstmOptions, ResidualNorm, SLstm, SLstmOptions};

choices! {
    /// The memory of the blocks.
    pub enum Backbone {
        /// A matrix, for all steps at once.
        Mlstm = "mLSTM",
        /// Scalars, step by step.
        Slstm = "sLSTM",
    }
}

options! {
    /// Options of [`XLSTM`] in addition to the shared ones.
    pub struct Options {
        /// Blocks of the encoder.
        pub encoder_n_blocks: usize = 2; at least 1,
        /// Units of the encoder. With `sLSTM` a multiple of 4, and at least 8.
        pub encoder_hidden_size: usize = 128; at least 1,
        /// Whether the projections of `mLSTM` have bias terms. Has no effect with `sLSTM`, as in upstream.
        pub encoder_bias: bool = true,
        /// Dropout within the blocks, from 0 to 1.
        pub encoder_dropout: f64 = 0.1; probability,
        /// Units of the decoder's hidden layers.
        pub decoder_hidden_size: usize = 128; at least 1,
        /// Layers of the decoder, including the output layer.
        pub decoder_layers: usize = 2; at least 1,
        /// Dropout of the decoder's hidden layers, from 0 to 1.
        pub decoder_dropout: f64 = 0.0; probability,
        /// Activation of the decoder's hidden layers; GELU when left out.
        pub decoder_activation: Option<Activation> = None,
        /// The memory of the blocks: `mLSTM`, a matrix, or `sLSTM`, scalars that recur step by step.
        pub backbone: Backbone = Backbone::Mlstm,
    }
}

enum Memory {
    Matrix(Box<MLstm>),
    Scalar(Box<SLstm>),
}

/// A residual block: a memory, and with `sLSTM` a feed-forward layer after it.
struct Block {
    norm: ResidualNorm,
    memory: Memory,
    feed_forward: Option<(ResidualNorm, GatedFeedForward)>,
}

impl Block {
    fn new(p: &Path<'_>, block: usize, o: &Options) -> Self {
        let (hidden, blocks) = (o.encoder_hidden_size, o.encoder_n_blocks);
        let dropout = o.encoder_dropout as f32;
        let norm = ResidualNorm::new(&p.sub("xlstm_norm"), hidden, 1);
        let place = p.sub("xlstm");
        match o.backbone {
            Backbone::Mlstm => {
                let options = MLstmOptions { hidden, blocks, bias: o.encoder_bias, dropout };
                let memory = Memory::Matrix(Box::new(MLstm::new(&place, options)));
                Self { norm, memory, feed_forward: None }
            }
            Backbone::Slstm => {
                let options = SLstmOptions { hidden, blocks, block, dropout };
                let memory = Memory::Scalar(Box::new(SLstm::new(&place, options)));
                let between = ResidualNorm::new(&p.sub("ffn_norm"), hidden, 1);
                let feed_forward = GatedFeedForward::new(&p.sub("ffn"), hidden, blocks);
                Self { norm, memory, feed_forward: Some((between, feed_forward)) }
            }
        }
    }

    /// Maps `[B, L, D]` to `[B, L, D]`.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let normed = self.norm.forward(x);
        let x = x + match &self.memory {
            Memory::Matrix(memory) => memory.forward(normed),
            Memory::Scalar(memory) => memory.forward(normed),
        };
        match &self.feed_forward {
            Some((norm, layer)) => x + layer.forward(norm.forward(x)),
            None => x,
        }
    }
}

/// The model.
pub struct XLSTM {
    features: Linear,
    blocks: Vec<Block>,
    norm: ResidualNorm,
    ahead: Linear,
    decoder: Mlp,
    dims: Dims,
}

impl Model for XLSTM {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "xLSTM",
        family: "recurrent",
        paper: "https://arxiv.org/abs/2405.04517",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Sequence,
    };

    /// Upstream's class sets it to false.
    const IGNORED: &'static [&'static str] = &["recurrent"];

    fn defaults() -> CommonOptions {
        EncoderDecoder::defaults()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let hidden = o.encoder_hidden_size;
        if o.backbone == Backbone::Slstm && !SLstmOptions::fits(hidden) {
            let expected = "a multiple of 4 that is at least 8 with backbone \"sLSTM\"";
            return Err(Error::option("encoderHiddenSize", expected, hidden));
        }
        let inputs = 1 + dims.hist + dims.stat + dims.futr;
        let encoder = p.sub("hist_encoder");
        let blocks = encoder.sub("blocks");
        let sizes = [hidden + dims.futr, o.decoder_hidden_size, dims.outputs];
        let activation = o.decoder_activation.unwrap_or(Activation::Gelu);
        Ok(Self {
            features: Linear::new(&p.sub("feature_projection"), inputs, hidden),
            blocks: layers(o.encoder_n_blocks, |i| Block::new(&blocks.sub(i), i, o)),
            norm: ResidualNorm::new(&encoder.sub("post_blocks_norm"), hidden, 1),
            decoder: Mlp::new(&p.sub("mlp_decoder"), sizes, o.decoder_layers, activation)
                .dropout(o.decoder_dropout as f32),
            ahead: Linear::new(&p.sub("temporal_projection"), dims.input, dims.h),
            dims,
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let x = self.features.forward(encoder_input(batch)); // [B, L, D]
        let x = self.norm.forward(self.blocks.iter().fold(x, |x, block| block.forward(x)));
        let ahead = self.ahead.forward(x.transpose()).transpose(); // [B, h, D]
        let futr = batch.futr_exog.map(|f| f.last(1, self.dims.h));
        self.decoder.forward(concat_present([Some(ahead), futr], 2)) // [B, h, O]
    }
}
