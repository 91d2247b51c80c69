//! MLPMultivariate: a multilayer perceptron that maps the inputs of all series to the forecasts of all series.
//!
//! Rosenblatt 1958, "The Perceptron", <https://doi.org/10.1037/h0042519>, with hidden layers; upstream names no paper.
//! Upstream: `models/mlpmultivariate.py`.

use super::prelude::*;

options! {
    /// Options of [`MLPMultivariate`] in addition to the shared ones.
    pub struct Options {
        /// Hidden layers.
        pub num_layers: usize = 2; at least 1,
        /// Units of every hidden layer.
        pub hidden_size: usize = 1024; at least 1,
    }
}

/// The model.
pub struct MLPMultivariate {
    hidden: Vec<Linear>,
    output: Linear,
    h: usize,
}

impl Model for MLPMultivariate {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "MLPMultivariate",
        family: "multilayer perceptron",
        paper: "https://doi.org/10.1037/h0042519",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: true,
        sharding: Sharding::Cached,
    };

    fn defaults() -> CommonOptions {
        CommonOptions::multivariate()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, outputs, futr, hist, stat, series, .. } = dims;
        let inputs = series * (input * (1 + hist) + (input + h) * futr + stat);
        let layer = |i| {
            let inputs = if i == 0 { inputs } else { o.hidden_size };
            Linear::new(&p.sub("mlp").sub(i), inputs, o.hidden_size)
        };
        Ok(Self {
            hidden: layers(o.num_layers, layer),
            output: Linear::new(&p.sub("out"), o.hidden_size, h * outputs * series),
            h,
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let rows = batch.size();
        let flat = |x: Var<'t>| x.reshape([rows, x.shape().size() / rows]);
        let stat = batch.stat_exog.map(|s| s.reshape([1, s.shape().size()]).repeat(0, rows));
        let parts = [
            Some(flat(batch.insample_y)),
            batch.hist_exog.map(flat),
            batch.futr_exog.map(flat),
            stat,
        ];
        let x = concat_present(parts, 1); // [B, N·(L + X·L + F·(L + h) + S)]
        let hidden = self.hidden.iter().fold(x, |x, layer| layer.forward_relu(x));
        let forecast = self.output.forward(hidden);
        forecast.reshape([rows, self.h, forecast.dim(1) / self.h]) // [B, h, N·O]
    }
}
