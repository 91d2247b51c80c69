//! MLP: a multilayer perceptron over all inputs of a window.
//!
//! Rosenblatt 1958, "The Perceptron", <https://doi.org/10.1037/h0042519>. Upstream: `models/mlp.py`.

use super::prelude::*;

options! {
    /// Options of [`MLP`] in addition to the shared ones.
    pub struct Options {
        /// Hidden layers.
        pub num_layers: usize = 2; at least 1,
        /// Units of each hidden layer.
        pub hidden_size: usize = 1024; at least 1,
    }
}

/// The model.
pub struct MLP {
    layers: Vec<Linear>,
    out: Linear,
    dims: Dims,
}

impl Model for MLP {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "MLP",
        family: "multilayer perceptron",
        paper: "https://doi.org/10.1037/h0042519",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Cached,
    };

    fn defaults() -> CommonOptions {
        CommonOptions { inference_windows_batch_size: -1, ..CommonOptions::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let inputs = |i| if i == 0 { dims.flattened() } else { o.hidden_size };
        let mlp = p.sub("mlp");
        let layers = layers(o.num_layers, |i| Linear::new(&mlp.sub(i), inputs(i), o.hidden_size));
        let out = Linear::new(&p.sub("out"), o.hidden_size, dims.h * dims.outputs);
        Ok(Self { layers, out, dims })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let x = batch.flattened(batch.insample_y); // [B, inputs]
        let x = self.layers.iter().fold(x, |x, layer| layer.forward_relu(x));
        self.out.forward(x).reshape([batch.size(), self.dims.h, self.dims.outputs])
    }
}
