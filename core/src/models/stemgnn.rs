//! StemGNN: a graph of the series, learned from their windows, and blocks that map its spectrum.
//!
//! Cao et al. 2020, "Spectral Temporal Graph Neural Network for Multivariate Time-series Forecasting",
//! <https://arxiv.org/abs/2103.07719>. Upstream: `models/stemgnn.py`.

use super::prelude::*;
use crate::nn::{LatentCorrelation, SpectralBlock, spectral_polynomials};

/// Blocks, as in upstream.
const STACKS: usize = 2;

options! {
    /// Options of [`StemGNN`] in addition to the shared ones.
    pub struct Options {
        /// Blocks; 2, as in upstream.
        pub n_stacks: usize = STACKS,
        /// Hidden units of the blocks, as a multiple of `inputSize`.
        pub multi_layer: usize = 5; at least 1,
        /// Dropout of the graph, from 0 to 1.
        pub dropout_rate: f64 = 0.5; probability,
        /// Factor of the negative scores between series (LeakyReLU).
        pub leaky_rate: f64 = 0.2,
        /// Whether each window has a graph of its own, so that its forecast depends on that window only. This is not in upstream,
        /// where all windows of a batch have one graph: while training, and also in validation and in-sample forecasts, in batches
        /// of `inferenceWindowsBatchSize` windows.
        pub independent_windows: bool = false,
    }
}

/// The model.
pub struct StemGNN {
    graph: LatentCorrelation,
    blocks: Vec<SpectralBlock>,
    output: [Linear; 2],
    independent_windows: bool,
    dims: Dims,
}

impl Model for StemGNN {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "StemGNN",
        family: "graph neural network",
        paper: "https://arxiv.org/abs/2103.07719",
        exogenous: Exogenous::NONE,
        multivariate: true,
        sharding: Sharding::Whole,
    };

    fn defaults() -> CommonOptions {
        CommonOptions {
            num_lr_decays: 3,
            scaler_type: ScalerType::Robust,
            ..CommonOptions::multivariate()
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, outputs, series, .. } = dims;
        if o.n_stacks != STACKS {
            return Err(Error::option("nStacks", &STACKS.to_string(), o.n_stacks));
        }
        let rates = [o.leaky_rate, o.dropout_rate].map(|rate| rate as f32);
        let block = |i| {
            let p = p.sub("stock_block").sub(i);
            SpectralBlock::new(&p, input, o.multi_layer, i + 1 == STACKS)
        };
        let fc = p.sub("fc");
        Ok(Self {
            graph: LatentCorrelation::new(p, [series, input], rates, o.independent_windows),
            blocks: layers(STACKS, block),
            output: [
                Linear::new(&fc.sub(0), input, input),
                Linear::new(&fc.sub(2), input, h * outputs),
            ],
            independent_windows: o.independent_windows,
            dims,
        })
    }

    fn sharding(&self) -> Sharding {
        if self.independent_windows { Sharding::Cached } else { Sharding::Whole }
    }

    /// The windows of a batch share their graph.
    fn couples_windows(&self) -> bool {
        !self.independent_windows
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { h, outputs, series, .. } = self.dims;
        let windows = batch.size();
        let y = batch.insample_y.transpose(); // [B, N, L]
        let polynomials = spectral_polynomials(self.graph.laplacian(y)); // [B or 1, 4·N, N]
        let polynomials = match polynomials.dim(0) == windows {
            true => polynomials,
            false => polynomials.repeat(0, windows),
        };
        let (mut left, mut sum) = (Some(y), None);
        for block in &self.blocks {
            let Some(x) = left else { break };
            let (forecast, rest) = block.forward(x, polynomials);
            sum = Some(sum.map_or(forecast, |sum| sum + forecast));
            left = rest;
        }
        let [first, second] = self.output;
        let sum = sum.expect("a forecast of each block");
        let forecast = second.forward(first.forward(sum).leaky_relu()); // [B, N, h·O]
        forecast.transpose().reshape([windows, h, outputs * series])
    }
}
