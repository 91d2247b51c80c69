//! Reversible instance normalisation: each window is normalised, and the forecast is denormalised with its statistics.
//!
//! Kim et al. 2022, <https://openreview.net/forum?id=cGDAkQo1C0p>. Upstream: `common/_modules.py: RevIN(affine=True)`.

use super::params::{Init, Path};
use crate::tape::{Param, Var};

const EPS: f32 = 1e-5;

/// Normalises each window and channel to mean 0 and variance 1, then applies a learned affine map; and the inverse of both.
#[derive(Clone, Copy, Debug)]
pub struct RevIn {
    weight: Param,
    bias: Param,
}

/// Mean and standard deviation along the time axis, which is kept with size 1.
#[derive(Clone, Copy, Debug)]
pub struct InstanceStatistics<'t> {
    mean: Var<'t>,
    deviation: Var<'t>,
}

impl RevIn {
    /// Declares `affine_weight` and `affine_bias` for `channels` channels.
    pub fn new(path: &Path<'_>, channels: usize) -> Self {
        Self {
            weight: path.param("affine_weight", [channels], Init::Constant(1.0)),
            bias: path.param("affine_bias", [channels], Init::Constant(0.0)),
        }
    }

    /// The same for the series of a multivariate model. Upstream: `common/_modules.py: RevINMultivariate(affine=True)`.
    pub fn of_series(path: &Path<'_>, series: usize) -> Self {
        let shape = [1, 1, series];
        Self {
            weight: path.param("affine_weight", shape, Init::Constant(1.0)),
            bias: path.param("affine_bias", shape, Init::Constant(0.0)),
        }
    }

    /// Normalises `x` `[B, L, C]`, and returns the statistics used.
    pub fn normalize<'t>(&self, x: Var<'t>) -> (Var<'t>, InstanceStatistics<'t>) {
        let tape = x.tape();
        let mean = x.mean_axis(1).unsqueeze(1); // [B, 1, C]
        let centred = x - mean;
        let variance = centred.square().mean_axis(1).unsqueeze(1);
        let deviation = variance.add_scalar(EPS).sqrt();
        let y = centred / deviation * tape.param(self.weight) + tape.param(self.bias);
        (y, InstanceStatistics { mean, deviation })
    }

    /// Applies the inverse of [`RevIn::normalize`] to `y` `[B, h, C]`.
    pub fn denormalize<'t>(&self, y: Var<'t>, by: InstanceStatistics<'t>) -> Var<'t> {
        let tape = y.tape();
        let weight = tape.param(self.weight).add_scalar(EPS * EPS);
        (y - tape.param(self.bias)) / weight * by.deviation + by.mean
    }
}
