//! Reversible instance normalisation: each window is normalised, and the forecast is denormalised with its statistics.
//!
//! Kim et al. 2022, <https://openreview.net/forum?id=cGDAkQo1C0p>. Upstream: `common/_modules.py: RevIN`.

use super::params::{Init, Path};
use crate::tape::{Param, Var};

const EPS: f32 = 1e-5;

/// Normalises each window and channel to mean 0 and variance 1, then applies a learned affine map, if it has one; and the
/// inverse of both.
#[derive(Clone, Copy, Debug)]
pub struct RevIn {
    /// Weight and bias.
    affine: Option<[Param; 2]>,
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
        Self::with_affine_map(path, &[channels])
    }

    /// Without an affine map. Upstream: `affine=False`.
    pub fn without_affine_map() -> Self {
        Self { affine: None }
    }

    /// The same for the series of a multivariate model. Upstream: `common/_modules.py: RevINMultivariate(affine=True)`.
    pub fn of_series(path: &Path<'_>, series: usize) -> Self {
        Self::with_affine_map(path, &[1, 1, series])
    }

    fn with_affine_map(path: &Path<'_>, shape: &[usize]) -> Self {
        let weight = path.param("affine_weight", shape, Init::Constant(1.0));
        let bias = path.param("affine_bias", shape, Init::Constant(0.0));
        Self { affine: Some([weight, bias]) }
    }

    /// Normalises `x` `[B, L, C]`, and returns the statistics used.
    pub fn normalize<'t>(&self, x: Var<'t>) -> (Var<'t>, InstanceStatistics<'t>) {
        let tape = x.tape();
        let mean = x.mean_axis(1).unsqueeze(1); // [B, 1, C]
        let centred = x - mean;
        let variance = centred.square().mean_axis(1).unsqueeze(1);
        let deviation = variance.add_scalar(EPS).sqrt();
        let y = centred / deviation;
        let y = match self.affine {
            Some([weight, bias]) => y * tape.param(weight) + tape.param(bias),
            None => y,
        };
        (y, InstanceStatistics { mean, deviation })
    }

    /// Applies the inverse of [`RevIn::normalize`] to `y` `[B, h, C]`.
    pub fn denormalize<'t>(&self, y: Var<'t>, by: InstanceStatistics<'t>) -> Var<'t> {
        let tape = y.tape();
        let y = match self.affine {
            Some([weight, bias]) => {
                (y - tape.param(bias)) / tape.param(weight).add_scalar(EPS * EPS)
            }
            None => y,
        };
        y * by.deviation + by.mean
    }
}
