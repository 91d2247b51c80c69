//! DeepNPTS: the forecast is a weighted mean of the values in the input window; a network computes the weights.
//!
//! Rangapuram et al. 2023, "Deep Non-Parametric Time Series Forecaster", <https://arxiv.org/abs/2312.14657>.
//! Upstream: `models/deepnpts.py`.

use super::prelude::*;

options! {
    /// Options of [`DeepNPTS`] in addition to the shared ones.
    pub struct Options {
        /// Units of each hidden layer.
        pub hidden_size: usize = 32; at least 1,
        /// Whether each hidden layer is followed by batch normalisation.
        pub batch_norm: bool = true,
        /// Dropout after every hidden layer, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Hidden layers.
        pub n_layers: usize = 2; at least 1,
    }
}

/// A linear layer and ReLU, with optional batch normalisation and dropout.
struct Layer {
    linear: Linear,
    norm: Option<BatchNorm1d>,
    dropout: f32,
}

impl Layer {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.linear.forward_relu(x);
        self.norm.map_or(x, |norm| norm.forward(x, 1)).dropout(self.dropout)
    }
}

/// The model.
pub struct DeepNPTS {
    layers: Vec<Layer>,
    weights: Linear,
    dims: Dims,
}

impl Model for DeepNPTS {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "DeepNPTS",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2312.14657",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Cached,
    };

    fn defaults() -> CommonOptions {
        CommonOptions {
            scaler_type: ScalerType::Standard,
            num_lr_decays: 3,
            valid_loss: Some(LossSpec::named("MAE")),
            ..CommonOptions::default()
        }
    }

    fn check(shared: &CommonOptions) -> Result<()> {
        match shared.exclude_insample_y {
            false => Ok(()),
            true => {
                let expected =
                    "false with DeepNPTS: its forecast is a mean of the target's own history";
                Err(Error::option("excludeInsampleY", expected, true))
            }
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        if dims.outputs > 1 {
            let expected = "a loss of one output, as MAE or MSE: a forecast is a mean of the input";
            return Err(Error::option("loss", expected, format!("{} outputs", dims.outputs)));
        }
        let Dims { input, h, futr, hist, stat, .. } = dims;
        let inputs = input * (1 + futr + hist) + stat + h * futr;
        // Positions in upstream's nn.Sequential: linear, ReLU[, norm][, dropout] per hidden layer, then a linear one.
        let p = p.sub("deepnptsnetwork");
        let step = 2 + usize::from(o.batch_norm) + usize::from(o.dropout > 0.0);
        let layers = layers(o.n_layers, |i| {
            let at = i * step;
            let inputs = if i == 0 { inputs } else { o.hidden_size };
            Layer {
                linear: Linear::new(&p.sub(at), inputs, o.hidden_size),
                norm: o.batch_norm.then(|| BatchNorm1d::new(&p.sub(at + 2), o.hidden_size)),
                dropout: o.dropout as f32,
            }
        });
        // Upstream's last layer has hidden_size inputs even if there is no hidden layer.
        let weights = Linear::new(&p.sub(o.n_layers * step), o.hidden_size, input * h);
        Ok(Self { layers, weights, dims })
    }

    fn sharding(&self) -> Sharding {
        let normalised = self.layers.iter().any(|layer| layer.norm.is_some());
        if normalised { Sharding::Whole } else { Self::SPEC.sharding }
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { input, h, futr, .. } = self.dims;
        let rows = batch.size();
        let y = batch.insample_y;
        let past = batch.futr_exog.map(|f| f.slice(1, 0, input));
        let x = concat_present([Some(y.reshape([rows, input, 1])), past, batch.hist_exog], 2); // [B, L, 1 + F + X]
        let x = x.reshape([rows, input * x.dim(2)]);
        let ahead = batch.futr_exog.map(|f| f.last(1, h).reshape([rows, h * futr]));
        let x = concat_present([Some(x), batch.stat_exog, ahead], 1); // [B, L·(1 + F + X) + S + h·F]

        let x = self.layers.iter().fold(x, |x, layer| layer.forward(x)); // [B, hidden]
        let weights = self.weights.forward(x).reshape([rows, input, h]); // [B, L, h]
        weights.softmax_mean(y).reshape([rows, h, 1]) // [B, h, 1]
    }
}
