//! RMoK: a gated mixture of four maps of a normalized window, three of them layers of Kolmogorov–Arnold networks.
//!
//! Han et al. 2024, "KAN4TSF: Are KAN and KAN-based models Effective for Time Series Forecasting?",
//! <https://arxiv.org/abs/2408.11306>. Upstream: `models/rmok.py`.

use super::prelude::*;
use crate::nn::{JacobiKan, TaylorKan, WaveletKan};
use crate::tape::Wavelet;

choices! {
    /// The wavelet of the expert that sums wavelets.
    pub enum WaveletFunction {
        /// The negative second derivative of a Gaussian.
        MexicanHat = "mexican_hat",
        /// A cosine under a Gaussian.
        Morlet = "morlet",
        /// The derivative of a Gaussian.
        Dog = "dog",
        /// Meyer's wavelet, which is 0 beyond ±1.
        Meyer = "meyer",
        /// A sinc, under a Hamming window over the steps of the input.
        Shannon = "shannon",
    }
}

impl WaveletFunction {
    fn wavelet(self) -> Wavelet {
        match self {
            Self::MexicanHat => Wavelet::MexicanHat,
            Self::Morlet => Wavelet::Morlet,
            Self::Dog => Wavelet::Dog,
            Self::Meyer => Wavelet::Meyer,
            Self::Shannon => Wavelet::Shannon,
        }
    }
}

options! {
    /// Options of [`RMoK`] in addition to the shared ones.
    pub struct Options {
        /// Coefficients of each Taylor polynomial: with 3, it is quadratic. At most 65.
        pub taylor_order: usize = 3; from 1 to 65,
        /// Degree of the Jacobi polynomials, at most 64.
        pub jacobi_degree: usize = 6; at most 64,
        /// Wavelet of the expert that sums wavelets.
        pub wavelet_function: WaveletFunction = WaveletFunction::MexicanHat,
        /// Dropout of the normalized window, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Whether the normalization of windows (RevIN) has a learned weight and bias for each series.
        pub revin_affine: bool = true,
    }
}

/// The model.
pub struct RMoK {
    norm: RevIn,
    dropout: f32,
    taylor: TaylorKan,
    jacobi: JacobiKan,
    wavelets: WaveletKan,
    linear: Linear,
    gate: Linear,
    dims: Dims,
}

impl Model for RMoK {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "RMoK",
        family: "Kolmogorov–Arnold network",
        paper: "https://arxiv.org/abs/2408.11306",
        exogenous: Exogenous::NONE,
        multivariate: true,
        sharding: Sharding::Whole,
    };

    fn defaults() -> CommonOptions {
        CommonOptions::multivariate()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let sizes = [dims.input, dims.h * dims.outputs];
        let experts = p.sub("experts");
        let p_norm = p.sub("rev");
        let norm =
            if o.revin_affine { RevIn::of_series(&p_norm, dims.series) } else { RevIn::plain() };
        Ok(Self {
            norm,
            dropout: o.dropout as f32,
            taylor: TaylorKan::new(&experts.sub(0), sizes, o.taylor_order),
            jacobi: JacobiKan::new(&experts.sub(1), sizes, o.jacobi_degree),
            wavelets: WaveletKan::new(&experts.sub(2), sizes, o.wavelet_function.wavelet()),
            linear: Linear::new(&experts.sub(3), sizes[0], sizes[1]),
            gate: Linear::new(&p.sub("gate"), sizes[0], 4),
            dims,
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { input, h, outputs, series, .. } = self.dims;
        let forecast = |y: Var<'t>| {
            let x = y.dropout(self.dropout).transpose().reshape([batch.size() * series, input]);
            let gates = self.gate.forward(x).softmax(); // [B·N, 4]
            let y = self.taylor.forward(x).weighted(gates, 0, None); // [B·N, h·O]
            let y = self.jacobi.forward(x).weighted(gates, 1, Some(y));
            let y = self.wavelets.forward(x, batch.size()).weighted(gates, 2, Some(y));
            let y = self.linear.forward(x).weighted(gates, 3, Some(y));
            y.reshape([batch.size(), series, h * outputs]).transpose() // [B, h·O, N]
        };
        let forecast = self.norm.around(batch.insample_y, forecast);
        forecast.reshape([batch.size(), h, outputs * series])
    }
}
