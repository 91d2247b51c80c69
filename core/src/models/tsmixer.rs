//! TSMixer: perceptrons that alternately mix the time steps and the series of a window.
//!
//! Chen et al. 2023, "TSMixer: An All-MLP Architecture for Time Series Forecasting",
//! <https://arxiv.org/abs/2303.06053>. Upstream: `models/tsmixer.py`.

use super::prelude::*;

options! {
    /// Options of [`TSMixer`] in addition to the shared ones.
    pub struct Options {
        /// Mixing layers.
        pub n_block: usize = 2,
        /// Hidden units of the feature mixing perceptrons.
        pub ff_dim: usize = 64; at least 1,
        /// Dropout in the mixing layers, from 0 to 1.
        pub dropout: f64 = 0.9; probability,
        /// Whether windows are normalised and forecasts denormalised (RevIN).
        pub revin: bool = true,
    }
}

/// Mixes the steps of each series.
struct TemporalMixing {
    norm: BatchNorm1d,
    linear: Linear,
    dropout: f32,
}

impl TemporalMixing {
    /// `[B, L, N]`
    fn forward<'t>(&self, input: Var<'t>) -> Var<'t> {
        let x = flat(self.norm, input.transpose()); // [B, N, L]
        let mixed = self.linear.forward_relu(x).transpose().dropout(self.dropout);
        mixed + input
    }
}

/// Mixes the series at each step.
struct FeatureMixing {
    norm: BatchNorm1d,
    first: Linear,
    second: Linear,
    dropout: f32,
}

impl FeatureMixing {
    /// `[B, L, N]`
    fn forward<'t>(&self, input: Var<'t>) -> Var<'t> {
        let x = flat(self.norm, input);
        let hidden = self.first.forward_relu(x).dropout(self.dropout); // [B, L, units]
        self.second.forward(hidden).dropout(self.dropout) + input
    }
}

/// Batch-normalises each step of each series.
fn flat<'t>(norm: BatchNorm1d, x: Var<'t>) -> Var<'t> {
    let [rows, features] = [x.dim(0), x.dim(1) * x.dim(2)];
    norm.forward(x.reshape([rows, features]), 1).reshape(x.shape())
}

/// The model.
pub struct TSMixer {
    norm: Option<RevIn>,
    layers: Vec<(TemporalMixing, FeatureMixing)>,
    output: Linear,
    dims: Dims,
}

impl Model for TSMixer {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "TSMixer",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2303.06053",
        exogenous: Exogenous::NONE,
        multivariate: true,
        sharding: Sharding::Cached,
    };

    fn defaults() -> CommonOptions {
        CommonOptions::multivariate()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let dropout = o.dropout as f32;
        let Dims { input, h, outputs, series, .. } = dims;
        let norm = |p: &Path<'_>| BatchNorm1d::new(p, input * series).eps(1e-3).momentum(1e-2);
        let layer = |i| {
            let p = p.sub("mixing_layers").sub(i);
            let (time, features) = (p.sub("temporal_mixer"), p.sub("feature_mixer"));
            let temporal = TemporalMixing {
                norm: norm(&time.sub("temporal_norm")),
                linear: Linear::new(&time.sub("temporal_lin"), input, input),
                dropout,
            };
            let feature = FeatureMixing {
                norm: norm(&features.sub("feature_norm")),
                first: Linear::new(&features.sub("feature_lin_1"), series, o.ff_dim),
                second: Linear::new(&features.sub("feature_lin_2"), o.ff_dim, series),
                dropout,
            };
            (temporal, feature)
        };
        Ok(Self {
            norm: o.revin.then(|| RevIn::of_series(&p.sub("norm"), series)),
            layers: layers(o.n_block, layer),
            output: Linear::new(&p.sub("out"), input, h * outputs),
            dims,
        })
    }

    fn sharding(&self) -> Sharding {
        if self.layers.is_empty() { Self::SPEC.sharding } else { Sharding::Whole } // batch normalisation
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { h, outputs, series, .. } = self.dims;
        let forecast = |y: Var<'t>| {
            let mixed = self
                .layers
                .iter()
                .fold(y, |x, (temporal, feature)| feature.forward(temporal.forward(x))); // [B, L, N]
            self.output.forward(mixed.transpose()).transpose() // [B, h·O, N]
        };
        let forecast = match &self.norm {
            Some(norm) => norm.around(batch.insample_y, forecast),
            None => forecast(batch.insample_y),
        };
        forecast.reshape([batch.size(), h, outputs * series])
    }
}
