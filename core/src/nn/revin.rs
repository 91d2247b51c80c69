//! Reversible instance normalisation: each window is normalised, and the forecast is denormalised with its statistics.
//!
//! Kim et al. 2022, <https://openreview.net/forum?id=cGDAkQo1C0p>. Upstream: `common/_modules.py: RevIN`.

use super::params::{Init, Path};
use crate::tape::{Param, Shape, Var};

const EPS: f32 = 1e-5;

/// Centres each window and channel, divides by its standard deviation and applies a learned affine map, if there is one; and
/// the inverse of these.
#[derive(Clone, Copy, Debug)]
pub struct RevIn {
    /// Weight and bias.
    affine: Option<[Param; 2]>,
    centre: Centre,
}

/// What is subtracted from a window.
#[derive(Clone, Copy, Debug)]
enum Centre {
    Mean,
    LastStep,
}

/// What was subtracted from each window and what it was divided by; the time axis is kept with size 1.
#[derive(Clone, Copy, Debug)]
pub struct InstanceStatistics<'t> {
    centre: Var<'t>,
    deviation: Var<'t>,
}

impl RevIn {
    /// Without an affine map, around the mean. Upstream: `RevIN(affine=False)`; the option `use_norm` of transformers.
    pub const fn plain() -> Self {
        Self { affine: None, centre: Centre::Mean }
    }

    /// Declares `affine_weight` and `affine_bias` for `channels` channels.
    pub fn new(path: &Path<'_>, channels: usize) -> Self {
        Self::declared(path, [channels].into())
    }

    /// Declares the affine map of a layer that normalizes nothing. Upstream: `RevIN(affine=True, non_norm=True)`.
    pub fn unused(path: &Path<'_>, channels: usize) {
        for (name, value) in [("affine_weight", 1.0), ("affine_bias", 0.0)] {
            path.untrained(name, [channels], Init::Constant(value));
        }
    }

    /// The same for the series of a multivariate model. Upstream: `common/_modules.py: RevINMultivariate(affine=True)`.
    pub fn of_series(path: &Path<'_>, series: usize) -> Self {
        Self::declared(path, [1, 1, series].into())
    }

    fn declared(path: &Path<'_>, shape: Shape) -> Self {
        let parameter = |name, value| path.param(name, shape, Init::Constant(value));
        let affine = [parameter("affine_weight", 1.0), parameter("affine_bias", 0.0)];
        Self { affine: Some(affine), ..Self::plain() }
    }

    /// Subtracts the last step of a window instead of its mean. Upstream: `RevIN(subtract_last=True)`.
    #[must_use]
    pub const fn around_last_step(self) -> Self {
        Self { centre: Centre::LastStep, ..self }
    }

    /// Normalises `x` `[B, L, C]`, and returns the statistics used.
    pub fn normalize<'t>(&self, x: Var<'t>) -> (Var<'t>, InstanceStatistics<'t>) {
        let tape = x.tape();
        let mean = x.mean_axis(1).unsqueeze(1); // [B, 1, C]
        let centred = x - mean;
        let variance = centred.square().mean_axis(1).unsqueeze(1);
        let deviation = variance.add_scalar(EPS).sqrt();
        let (centre, centred) = match self.centre {
            Centre::Mean => (mean, centred),
            Centre::LastStep => {
                let last = x.last(1, 1);
                (last, x - last)
            }
        };
        let mut y = centred / deviation;
        if let Some([weight, bias]) = self.affine {
            y = y * tape.param(weight) + tape.param(bias);
        }
        (y, InstanceStatistics { centre, deviation })
    }

    /// Applies the inverse of [`RevIn::normalize`] to `y` `[B, h, C]`.
    pub fn denormalize<'t>(&self, mut y: Var<'t>, by: InstanceStatistics<'t>) -> Var<'t> {
        let tape = y.tape();
        if let Some([weight, bias]) = self.affine {
            y = (y - tape.param(bias)) / tape.param(weight).add_scalar(EPS * EPS);
        }
        y * by.deviation + by.centre
    }

    /// The forecast `[B, h, C]` of a network that sees normalised windows, denormalised.
    pub fn around<'t>(&self, x: Var<'t>, network: impl FnOnce(Var<'t>) -> Var<'t>) -> Var<'t> {
        let (normalized, statistics) = self.normalize(x);
        self.denormalize(network(normalized), statistics)
    }
}
