//! SOFTS: series exchange what they have in common through a core, at a cost that grows linearly with their number.
//!
//! Han et al. 2024, "SOFTS: Efficient Multivariate Time Series Forecasting with Series-Core Fusion",
//! <https://arxiv.org/abs/2404.14197>. Upstream: `models/softs.py`.

use super::prelude::*;
use super::series_core::{SeriesCore, Settings};

options! {
    /// Options of [`SOFTS`] in addition to the shared ones.
    pub struct Options {
        /// Numbers per series.
        pub hidden_size: usize = 512; at least 1,
        /// Numbers of the core.
        pub d_core: usize = 512; at least 1,
        /// Layers of the encoder.
        pub e_layers: usize = 2,
        /// Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`.
        pub d_ff: usize = 2048,
        /// Dropout of the embedding and the layers, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Whether windows are normalized and forecasts denormalized.
        pub use_norm: bool = true,
    }
}

/// The model. While training, a number of the core is that of one series, drawn at random; in forecasts it is a mean.
pub struct SOFTS(SeriesCore);

impl Model for SOFTS {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "SOFTS",
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
        let &Options { hidden_size, d_core, e_layers, d_ff, dropout, use_norm } = o;
        let settings = Settings { hidden_size, d_core, e_layers, d_ff, dropout, use_norm };
        Ok(Self(SeriesCore::new(p, dims, settings, |_, star| star)))
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}
