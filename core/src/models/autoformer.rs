//! Autoformer: a transformer that forecasts trend and season, with autocorrelation instead of attention.
//!
//! Wu et al. 2021, "Autoformer: Decomposition Transformers with Auto-Correlation for Long-Term Series Forecasting",
//! <https://arxiv.org/abs/2106.13008>. Upstream: `models/autoformer.py`.

use super::dlinear::is_odd;
use super::prelude::*;
use super::seasonal_one_pass::{SeasonalOnePass, seasonal_settings};
use super::start_tokens::StartTokens;
use crate::nn::AutoCorrelation;

options! {
    /// Options of [`Autoformer`] in addition to the shared ones.
    pub struct Options {
        /// Known steps that the decoder sees, as a share of `inputSize`; rounded up.
        pub decoder_input_size_multiplier: f64 = 0.5; positive,
        /// Numbers per step in the encoder and the decoder.
        pub hidden_size: usize = 128; at least 1,
        /// Dropout of embeddings and layers, from 0 to 1.
        pub dropout: f64 = 0.05; probability,
        /// `⌊factor·ln n⌋` delays of `n` steps are averaged over.
        pub factor: usize = 3; at least 1,
        /// Heads. The mean over all of them is taken, so their number only changes sizes that it does not divide.
        pub n_head: usize = 4; at least 1,
        /// Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`.
        pub conv_hidden_size: usize = 32,
        /// Activation of the feed-forward blocks.
        pub activation: TransformerActivation = TransformerActivation::Gelu,
        /// Layers of the encoder.
        pub encoder_layers: usize = 2,
        /// Layers of the decoder.
        pub decoder_layers: usize = 1; at least 1,
        /// Length of the moving average that extracts the trend; must be odd.
        pub moving_avg_window: usize = 25; at least 1; fits is_odd "an odd number",
    }
}

/// The model.
pub struct Autoformer(SeasonalOnePass);

impl Model for Autoformer {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "Autoformer",
        family: "transformer",
        paper: "https://arxiv.org/abs/2106.13008",
        exogenous: Exogenous { futr: true, hist: false, stat: false, cat: true },
        multivariate: false,
        // While training, all windows of a batch have the same delays.
        sharding: Sharding::Whole,
    };

    fn defaults() -> CommonOptions {
        CommonOptions { max_steps: 5000, learning_rate: 1e-4, ..CommonOptions::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let mechanism = AutoCorrelation { factor: o.factor };
        let decoded = StartTokens::new(dims, o.decoder_input_size_multiplier)?.steps();
        for steps in [dims.input, decoded] {
            let [top, delays] = mechanism.delays(steps);
            if top == 0 || top > delays {
                let expected = format!("such that ⌊factor·ln {steps}⌋ is from 1 to {delays}");
                return Err(Error::option("factor", &expected, o.factor));
            }
        }
        let attention = |p: &Path<'_>, heads, _| AttentionLayer::new(p, heads, mechanism);
        Ok(Self(SeasonalOnePass::new(p, dims, &seasonal_settings!(o), attention)?))
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}
