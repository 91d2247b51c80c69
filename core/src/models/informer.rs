//! Informer: an encoder and a decoder of ProbSparse attention; distilling layers halve the steps between encoder layers.
//!
//! Zhou et al. 2021, "Informer: Beyond Efficient Transformer for Long Sequence Time-Series Forecasting",
//! <https://arxiv.org/abs/2012.07436>. Upstream: `models/informer.py`.
//!
//! *Differs from upstream* with one head: there, each window also attends from the queries chosen for other windows of its
//! batch, because an axis of size one is dropped.

use super::one_pass::{OnePass, settings};
use super::prelude::*;
use super::start_tokens::is_even;

options! {
    /// Options of [`Informer`] in addition to the shared ones.
    pub struct Options {
        /// Known steps that the decoder sees, as a share of `inputSize`; rounded up.
        pub decoder_input_size_multiplier: f64 = 0.5; positive,
        /// Numbers per step in the encoder and the decoder.
        pub hidden_size: usize = 128; at least 2; fits is_even "an even number",
        /// Dropout of embeddings and layers, from 0 to 1.
        pub dropout: f64 = 0.05; probability,
        /// `factor·⌈ln n⌉` of `n` queries attend, and as many keys of `n` are sampled to choose them.
        pub factor: usize = 3; at least 1,
        /// Heads of each attention.
        pub n_head: usize = 4; at least 1,
        /// Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`.
        pub conv_hidden_size: usize = 32,
        /// Activation of the feed-forward blocks.
        pub activation: TransformerActivation = TransformerActivation::Gelu,
        /// Layers of the encoder.
        pub encoder_layers: usize = 2; at least 1,
        /// Layers of the decoder.
        pub decoder_layers: usize = 1; at least 1,
        /// Whether a distilling layer between two layers of the encoder halves the number of steps.
        pub distil: bool = true,
    }
}

/// The model.
pub struct Informer(OnePass);

impl Model for Informer {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "Informer",
        family: "transformer",
        paper: "https://arxiv.org/abs/2012.07436",
        exogenous: Exogenous { futr: true, hist: false, stat: false, cat: true },
        multivariate: false,
        sharding: Sharding::Recurrent,
    };

    fn defaults() -> CommonOptions {
        CommonOptions { max_steps: 5000, learning_rate: 1e-4, ..CommonOptions::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let (settings, factor) = (settings!(o, distil: o.distil), o.factor);
        let attention = |causal, layer| ProbAttention { causal, factor, layer };
        Ok(Self(OnePass::new(p, dims, &settings, attention)?))
    }

    fn sharding(&self) -> Sharding {
        self.0.sharding()
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}
