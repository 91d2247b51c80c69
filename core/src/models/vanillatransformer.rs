//! VanillaTransformer: an encoder and a decoder of full attention; the decoder forecasts all steps at once.
//!
//! Vaswani et al. 2017, "Attention Is All You Need", with the embedding and the decoder of Zhou et al. 2021, "Informer: Beyond
//! Efficient Transformer for Long Sequence Time-Series Forecasting", <https://arxiv.org/abs/2012.07436>.
//! Upstream: `models/vanillatransformer.py`.

use super::one_pass::{OnePass, settings};
use super::prelude::*;
use super::start_tokens::is_even;

options! {
    /// Options of [`VanillaTransformer`] in addition to the shared ones.
    pub struct Options {
        /// Known steps that the decoder sees, as a share of `inputSize`; rounded up.
        pub decoder_input_size_multiplier: f64 = 0.5; positive,
        /// Numbers per step in the encoder and the decoder.
        pub hidden_size: usize = 128; at least 2; fits is_even "an even number",
        /// Dropout of embeddings, attention weights and layers, from 0 to 1.
        pub dropout: f64 = 0.05; probability,
        /// Heads of each attention.
        pub n_head: usize = 4; at least 1,
        /// Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`.
        pub conv_hidden_size: usize = 32,
        /// Activation of the feed-forward blocks.
        pub activation: TransformerActivation = TransformerActivation::Gelu,
        /// Layers of the encoder.
        pub encoder_layers: usize = 2,
        /// Layers of the decoder.
        pub decoder_layers: usize = 1; at least 1,
    }
}

/// The model.
pub struct VanillaTransformer(OnePass);

impl Model for VanillaTransformer {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "VanillaTransformer",
        family: "transformer",
        paper: "https://arxiv.org/abs/1706.03762",
        exogenous: Exogenous { futr: true, hist: false, stat: false, cat: true },
        multivariate: false,
        sharding: Sharding::Recurrent,
    };

    fn defaults() -> CommonOptions {
        CommonOptions { max_steps: 5000, learning_rate: 1e-4, ..CommonOptions::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let dropout = o.dropout as f32;
        // Upstream's decoder asks for a causal mask too, but its attention applies none.
        let attention = |_, _| FullAttention { causal: false, dropout };
        Ok(Self(OnePass::new(p, dims, &settings!(o, distil: false), attention)?))
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}
