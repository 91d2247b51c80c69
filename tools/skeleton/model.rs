//! Skeleton: what it does, in a sentence; for now, one linear map of the window.
//!
//! Author et al. year, "Title", <https://arxiv.org/abs/0000.00000>. Upstream: `models/skeleton.py`.
//!
//! As `npm run new-model` begins it, this is a model that trains. To be replaced, in this order: these lines, the options
//! (all of upstream's, with its defaults), the blocks, the forward. Parameters have the names and shapes of upstream's
//! `state_dict`.

use super::prelude::*;

options! {
    /// Options of [`Skeleton`], beside the shared ones.
    pub struct Options {
        /// Dropout of the window, from 0 to 1.
        pub dropout: f64 = 0.0; probability,
    }
}

/// The model.
pub struct Skeleton {
    dropout: f32,
    map: Linear,
    dims: Dims,
}

impl Model for Skeleton {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "Skeleton",
        family: "linear",
        paper: "https://arxiv.org/abs/0000.00000",
        exogenous: Exogenous::NONE,
        multivariate: false,
        sharding: Sharding::Linear,
    };

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let map = Linear::new(&p.sub("map"), dims.input, dims.h * dims.outputs);
        Ok(Self { dropout: o.dropout as f32, map, dims })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let y = batch.insample_y.dropout(self.dropout); // [B, L]
        let forecast = self.map.forward(y); // [B, h·O]
        forecast.reshape([batch.size(), self.dims.h, self.dims.outputs])
    }
}
