//! RLinear: reversible instance normalisation around one linear map.
//!
//! Li et al. 2023, "Revisiting Long-term Time Series Forecasting: An Investigation on Linear Mapping",
//! <https://arxiv.org/abs/2305.10721>. Upstream: none; names are those of the authors' code.

use super::prelude::*;
use crate::options::Never;

options! {
    /// Options of [`RLinear`] in addition to the shared ones.
    pub struct Options {
        /// Whether windows are normalised and forecasts denormalised (RevIN).
        pub revin: bool = true,
        /// Dropout of the normalised window, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Whether each channel has a linear map of its own. Only false is allowed: a window has one channel, and a map per
        /// series could not forecast new series.
        pub individual: Never = Never,
    }
}

/// The model.
pub struct RLinear {
    rev: Option<RevIn>,
    linear: Linear,
    dropout: f32,
    dims: Dims,
}

impl Model for RLinear {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "RLinear",
        family: "linear",
        paper: "https://arxiv.org/abs/2305.10721",
        exogenous: Exogenous::NONE,
        multivariate: false,
        sharding: Sharding::Linear,
    };

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let linear = Linear::new(&p.sub("Linear"), dims.input, dims.h * dims.outputs);
        let rev = o.revin.then(|| RevIn::new(&p.sub("rev"), 1));
        Ok(Self { rev, linear, dropout: o.dropout as f32, dims })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let shape = [batch.size(), self.dims.h, self.dims.outputs];
        let map = |x: Var<'t>| self.linear.forward(x.dropout(self.dropout)).reshape(shape);
        let Some(rev) = self.rev else { return map(batch.insample_y) };
        let (x, by) = rev.normalize(batch.insample_y.unsqueeze(2)); // [B, L, 1]
        rev.denormalize(map(x.squeeze(2)), by) // [B, h, O]
    }
}
