//! DLinear: one linear map for the trend, one for the remainder.
//!
//! Zeng et al. 2023, "Are Transformers Effective for Time Series Forecasting?", <https://arxiv.org/abs/2205.13504>.
//! Upstream: `models/dlinear.py`.

use super::prelude::*;

options! {
    /// Options of [`DLinear`] in addition to the shared ones.
    pub struct Options {
        /// Length of the moving average that extracts the trend; must be odd.
        pub moving_avg_window: usize = 25; at least 1; fits is_odd "an odd number",
    }
}

/// Whether a moving average over so many steps has a middle.
pub(super) fn is_odd(number: &usize) -> bool {
    !number.is_multiple_of(2)
}

/// The model.
pub struct DLinear {
    window: usize,
    trend: Linear,
    season: Linear,
    dims: Dims,
}

impl Model for DLinear {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "DLinear",
        family: "linear",
        paper: "https://arxiv.org/abs/2205.13504",
        exogenous: Exogenous::NONE,
        multivariate: false,
        sharding: Sharding::Linear,
    };

    fn defaults() -> CommonOptions {
        CommonOptions { max_steps: 5000, learning_rate: 1e-4, ..CommonOptions::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let linear = |name| Linear::new(&p.sub(name), dims.input, dims.h * dims.outputs);
        let (trend, season) = (linear("linear_trend"), linear("linear_season"));
        Ok(Self { window: o.moving_avg_window, trend, season, dims })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let y = batch.insample_y; // [B, L]
        let ((trend, b_trend), (season, b_season)) =
            (self.trend.on(y.tape()), self.season.on(y.tape()));
        // The average A is linear, so T·(A·y) + S·(y - A·y) = (S + (T - S)·A)·y: one product instead of two.
        let weight = season + (trend - season).moving_average_transposed(self.window); // [h·O, L]
        let bias = b_trend.zip(b_season).map(|(t, s)| t + s); // [h·O]
        let forecast = y.linear(weight, bias); // [B, h·O]
        forecast.reshape([batch.size(), self.dims.h, self.dims.outputs])
    }
}
