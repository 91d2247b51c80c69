//! SOFTSSharp: SOFTS whose series have positions, which some of the training steps leave out.
//!
//! Ljubić, "SOFTSSharp: SOFTS extension with stochastic variable-position encoding",
//! <https://github.com/hljubic/SOFTSsharp>; Han et al. 2024, <https://arxiv.org/abs/2404.14197>.
//! Upstream: `models/softssharp.py`.

use super::prelude::*;
use super::series_core::{SeriesCore, Settings};
use super::start_tokens::is_even;
use crate::nn::{MOST_STEPS, VariablePositions};

options! {
    /// Options of [`SOFTSSharp`] in addition to the shared ones.
    pub struct Options {
        /// Numbers per series.
        pub hidden_size: usize = 512; at least 2; fits is_even "an even number",
        /// Numbers of the core.
        pub d_core: usize = 512; at least 1,
        /// Layers of the encoder.
        pub e_layers: usize = 2,
        /// Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`.
        pub d_ff: usize = 2048,
        /// Dropout of the embedding, the layers and their exchange, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Probability that a training step adds the positions of the series in a layer, from 0 to 1. Forecasts add that
        /// share of them.
        pub pe_keep_prob: f64 = 0.5; from 0 to 1,
        /// Whether windows are normalized and forecasts denormalized.
        pub use_norm: bool = true,
    }
}

/// The model.
///
/// *Differs from upstream:* where no step of a batch adds the positions, the gradient of their scale is 0; upstream has none,
/// so that Adam leaves the scale alone at these steps.
pub struct SOFTSSharp(SeriesCore);

impl Model for SOFTSSharp {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "SOFTSSharp",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2404.14197",
        exogenous: Exogenous::NONE,
        multivariate: true,
        sharding: Sharding::Cached,
    };

    fn defaults() -> CommonOptions {
        CommonOptions::multivariate()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let &Options { hidden_size, d_core, e_layers, d_ff, dropout, pe_keep_prob, use_norm } = o;
        if dims.series > MOST_STEPS {
            let expected = format!("at most {MOST_STEPS}, the number of positions");
            return Err(Error::option("nSeries", &expected, dims.series));
        }
        let settings = Settings { hidden_size, d_core, e_layers, d_ff, dropout, use_norm };
        Ok(Self(SeriesCore::new(p, dims, settings, |p, star| {
            let positions = VariablePositions::new(p, hidden_size, pe_keep_prob as f32);
            star.sharp(positions, dropout as f32)
        })))
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}
