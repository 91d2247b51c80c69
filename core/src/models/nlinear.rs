//! NLinear: one linear map of the window minus its last value.
//!
//! Zeng et al. 2023, "Are Transformers Effective for Time Series Forecasting?", <https://arxiv.org/abs/2205.13504>.
//! Upstream: `models/nlinear.py`.

use super::prelude::*;

/// It has only the shared options.
pub use crate::options::NoOptions as Options;

/// The model.
pub struct NLinear {
    linear: Linear,
    dims: Dims,
}

impl Model for NLinear {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "NLinear",
        family: "linear",
        paper: "https://arxiv.org/abs/2205.13504",
        exogenous: Exogenous::NONE,
        multivariate: false,
        sharding: Sharding::Linear,
    };

    fn defaults() -> CommonOptions {
        CommonOptions { max_steps: 5000, learning_rate: 1e-4, ..CommonOptions::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, _: &Options) -> Result<Self> {
        let linear = Linear::new(&p.sub("linear"), dims.input, dims.h * dims.outputs);
        Ok(Self { linear, dims })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let y = batch.insample_y; // [B, L]
        let last = y.last(1, 1); // [B, 1]
        let forecast = self.linear.forward(y - last) + last; // [B, h·O]
        forecast.reshape([batch.size(), self.dims.h, self.dims.outputs])
    }
}
