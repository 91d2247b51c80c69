//! TSMixerx: TSMixer with exogenous columns. Perceptrons alternately mix the steps of the horizon and the features.
//!
//! Chen et al. 2023, "TSMixer: An All-MLP Architecture for Time Series Forecasting",
//! <https://arxiv.org/abs/2303.06053>. Upstream: `models/tsmixerx.py`.

use super::prelude::*;

options! {
    /// Options of [`TSMixerx`] in addition to the shared ones.
    pub struct Options {
        /// Mixing layers after the first.
        pub n_block: usize = 2,
        /// Features per step between mixing layers, and hidden units of the feature mixing perceptrons.
        pub ff_dim: usize = 64; at least 1,
        /// Dropout in the mixing layers, from 0 to 1.
        pub dropout: f64 = 0.0; probability,
        /// Whether windows are normalised and forecasts denormalised (RevIN).
        pub revin: bool = true,
    }
}

/// Sizes shared by all mixing layers of a model.
#[derive(Clone, Copy)]
struct Size {
    h: usize,
    units: usize,
    dropout: f32,
}

/// Mixes the steps of each feature.
struct TemporalMixing {
    linear: Linear,
    norm: LayerNorm,
    dropout: f32,
}

impl TemporalMixing {
    fn new(p: &Path<'_>, features: usize, size: Size) -> Self {
        Self {
            norm: LayerNorm::of_shape(&p.sub("temporal_norm"), [size.h, features]),
            linear: Linear::new(&p.sub("temporal_lin"), size.h, size.h),
            dropout: size.dropout,
        }
    }

    /// `[B, h, C]`
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let mixed = self.linear.forward_relu(x.transpose()).transpose().dropout(self.dropout);
        self.norm.forward(mixed + x)
    }
}

/// Mixes the features of each step, and changes their number.
struct FeatureMixing {
    first: Linear,
    second: Linear,
    /// Maps the residual connection where the number of features changes.
    residual: Option<Linear>,
    norm: LayerNorm,
    dropout: f32,
}

impl FeatureMixing {
    /// Maps `features` features to `size.units`.
    fn new(p: &Path<'_>, features: usize, size: Size) -> Self {
        let Size { h, units, dropout } = size;
        let changes = features != units;
        Self {
            first: Linear::new(&p.sub("feature_lin_1"), features, units),
            second: Linear::new(&p.sub("feature_lin_2"), units, units),
            residual: changes.then(|| Linear::new(&p.sub("project_residual"), features, units)),
            norm: LayerNorm::of_shape(&p.sub("feature_norm"), [h, units]),
            dropout,
        }
    }

    /// `[B, h, C]` to `[B, h, units]`.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let hidden = self.first.forward_relu(x).dropout(self.dropout);
        let mixed = self.second.forward(hidden).dropout(self.dropout);
        let residual = self.residual.as_ref().map_or(x, |project| project.forward(x));
        self.norm.forward(mixed + residual)
    }
}

/// Mixes steps, then features; static columns are mixed in first.
struct MixingLayer {
    stat: Option<FeatureMixing>,
    temporal: TemporalMixing,
    feature: FeatureMixing,
}

impl MixingLayer {
    fn new(p: &Path<'_>, features: usize, stat: usize, size: Size) -> Self {
        let stat = (stat > 0).then(|| FeatureMixing::new(&p.sub("feature_mixer_stat"), stat, size));
        let features = if stat.is_some() { features + size.units } else { features };
        Self {
            stat,
            temporal: TemporalMixing::new(&p.sub("temporal_mixer"), features, size),
            feature: FeatureMixing::new(&p.sub("feature_mixer"), features, size),
        }
    }

    /// `[B, h, C]` to `[B, h, units]`; `stat` is `[B, h, N·S]`.
    fn forward<'t>(&self, x: Var<'t>, stat: Option<Var<'t>>) -> Var<'t> {
        let mixed = self.stat.as_ref().zip(stat).map(|(mixer, stat)| mixer.forward(stat));
        let x = concat_present([Some(x), mixed], 2);
        self.feature.forward(self.temporal.forward(x))
    }
}

/// The model.
pub struct TSMixerx {
    norm: Option<RevIn>,
    projection: Linear,
    hist: FeatureMixing,
    futr: Option<FeatureMixing>,
    stat: Option<FeatureMixing>,
    first: MixingLayer,
    layers: Vec<MixingLayer>,
    output: Linear,
    dims: Dims,
}

impl Model for TSMixerx {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "TSMixerx",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2303.06053",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: true,
        sharding: Sharding::Cached,
    };

    fn defaults() -> CommonOptions {
        CommonOptions::multivariate()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, outputs, futr, hist, stat, series, .. } = dims;
        let size = Size { h, units: o.ff_dim, dropout: o.dropout as f32 };
        let mixer = |name: &str, columns: usize| {
            (columns > 0).then(|| FeatureMixing::new(&p.sub(name), series * columns, size))
        };
        let norm = o.revin.then(|| RevIn::of_series(&p.sub("norm"), series));
        let projection = Linear::new(&p.sub("temporal_projection"), input, h);
        let features = series * (1 + hist + futr);
        let hist = FeatureMixing::new(&p.sub("feature_mixer_hist"), features, size);
        let (futr, stat_mixer) =
            (mixer("feature_mixer_futr", futr), mixer("feature_mixer_stat", stat));
        let parts = 1 + usize::from(futr.is_some()) + usize::from(stat_mixer.is_some());
        let layer =
            |i| MixingLayer::new(&p.sub("mixing_block").sub(i), o.ff_dim, series * stat, size);
        Ok(Self {
            norm,
            projection,
            hist,
            futr,
            stat: stat_mixer,
            first: MixingLayer::new(&p.sub("first_mixing"), parts * o.ff_dim, 0, size),
            layers: layers(o.n_block, layer),
            output: Linear::new(&p.sub("out"), o.ff_dim, outputs * series),
            dims,
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { input, h, outputs, series, .. } = self.dims;
        let rows = batch.size();
        let (y, scale) = match &self.norm {
            Some(norm) => {
                let (y, scale) = norm.normalize(batch.insample_y);
                (y, Some((norm, scale)))
            }
            None => (batch.insample_y, None),
        };

        let past = batch.futr_exog.map(|f| f.slice(2, 0, input));
        let x = concat_present([Some(y.unsqueeze(1)), batch.hist_exog, past], 1); // [B, C, L, N]
        let x = self.projection.forward(x.transpose()); // [B, C, N, h]
        let x = x.permute(&[0, 3, 1, 2]).reshape([rows, h, x.dim(1) * series]);
        let x = self.hist.forward(x); // [B, h, units]

        let ahead = batch.futr_exog.zip(self.futr.as_ref()).map(|(f, mixer)| {
            let f = f.last(2, h).permute(&[0, 2, 1, 3]); // [B, h, F, N]
            mixer.forward(f.reshape([rows, h, f.dim(2) * series]))
        });
        let stat = batch.stat_exog.map(|s| {
            let all = s.reshape([1, 1, s.shape().size()]);
            all.repeat(1, h).repeat(0, rows) // [B, h, N·S]
        });
        let constant = stat.zip(self.stat.as_ref()).map(|(s, mixer)| mixer.forward(s));

        let x = self.first.forward(concat_present([Some(x), ahead, constant], 2), None);
        let x = self.layers.iter().fold(x, |x, layer| layer.forward(x, stat));
        let forecast = self.output.forward(x); // [B, h, N·O]
        match scale {
            // As upstream: the last axis is treated as the series, though the losses treat it as the outputs.
            Some((norm, scale)) => norm
                .denormalize(forecast.reshape([rows, h * outputs, series]), scale)
                .reshape([rows, h, outputs * series]),
            None => forecast,
        }
    }
}
