//! The trait that every objective implements.

use std::fmt::Debug;

use super::batch::{Factors, Tally, Totals};
use super::elementwise::Elementwise;
use super::horizon::Horizon;
use super::point::divide_no_nan;
use super::scaling::Scaling;
use super::{Head, Objective};
use crate::nn::Path;
use crate::rng::Key;

/// The scale on which a loss receives the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Scaled by the window's scaler, as the network's input.
    Scaled,
    /// Shifted and scaled by the window's statistics, without the scaler's nonlinear part.
    Relative,
    /// Not scaled.
    Original,
}

/// The kind of forecast that a validation loss measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judges {
    /// One number per step, or each of the network's numbers.
    Points,
    /// Several quantiles at each step.
    Quantiles,
    /// The distribution whose parameters the network's numbers give.
    Distributions,
}

/// How the forecast of a window is scaled back and sampled.
pub(crate) struct Sampling<'a> {
    pub(crate) scaling: Scaling,
    /// The key of the window's series.
    pub(crate) key: Key,
    /// The row of the series at the first step of the horizon.
    pub(crate) first: i64,
    /// For a model that decodes step by step, the samples per step of a forecast, in place of the loss's own number. The
    /// point forecast is then the exact mean.
    pub(crate) trajectories: Option<usize>,
    /// Scratch space.
    pub(crate) work: &'a mut Vec<f64>,
}

/// The formula of an objective, without its name and columns. The default methods are those of a point or quantile
/// forecast.
pub(crate) trait Formula: Debug + Send + Sync + 'static {
    /// The loss of a single number, if the sum over points is the weighted sum of such losses. Kernels then compute it.
    fn elementwise(&self) -> Option<&dyn Elementwise> {
        None
    }

    /// Adds one window to the sums over points and over windows.
    fn add(&self, at: &Horizon<'_>, sums: &mut [f64; 2]) {
        if let Some(each) = self.elementwise() {
            sums[0] += each.sum(at);
        }
    }

    /// Calls `add` with the index of each number of one window and its slope. `factors` are those of the two sums.
    fn slopes(&self, at: &Horizon<'_>, factors: [f64; 2], add: &mut dyn FnMut(usize, f64)) {
        if let Some(each) = self.elementwise() {
            each.slopes(at, factors[0], add);
        }
    }

    /// The factors of the two sums of a batch with these totals.
    fn factors(&self, totals: &Totals) -> Factors {
        Factors::Same([divide_no_nan(1.0, totals.weight), 0.0])
    }

    /// Whether the loss of a window depends on the other windows of its batch; see [`Formula::together`].
    fn couples_windows(&self) -> bool {
        false
    }

    /// The contribution of all windows of one series to the loss of a batch, for a loss that couples windows. Calls `add` with
    /// the index of a window, that of a number, and its slope. `factor` is that of the sum over points.
    fn together(
        &self,
        _windows: &[Horizon<'_>],
        _factor: f64,
        _add: &mut dyn FnMut(usize, usize, f64),
    ) -> f64 {
        0.0
    }

    /// See [`Objective::finish`].
    fn finish(&self, value: f64, _totals: &Totals, _grads: &mut [f32]) -> f64 {
        value
    }

    /// See [`Objective::tallies`].
    fn tallies(&self) -> bool {
        false
    }

    /// See [`Objective::tally`].
    fn tally(&self, _window: &Tally<'_>, _totals: &mut Totals) {}

    /// Whether the loss uses [`Horizon::spread`].
    fn looks_at_spread(&self) -> bool {
        false
    }

    /// How many steps the loss looks back in the input, and the name of the argument that sets it.
    fn looks_back(&self) -> Option<(usize, &'static str)> {
        None
    }

    /// See [`Objective::is_trainable`].
    fn is_trainable(&self) -> bool {
        true
    }

    /// See [`Objective::judges`].
    fn judges(&self) -> Judges {
        Judges::Points
    }

    /// The number of a distribution's parameters, which the network gives for each step; `None` if it gives one number for
    /// each column.
    fn parameters(&self) -> Option<usize> {
        None
    }

    /// See [`Objective::parameters_first`].
    fn parameters_first(&self) -> bool {
        false
    }

    /// See [`Objective::target`].
    fn target(&self) -> Target {
        Target::Scaled
    }

    /// See [`Objective::refuses`].
    fn refuses(&self, _y: f64) -> Option<&'static str> {
        None
    }

    /// See [`Objective::needs_shift`].
    fn needs_shift(&self) -> bool {
        false
    }

    /// The head between the network and the loss, with its parameters under `path`.
    fn head(&self, _path: &Path<'_>) -> Head {
        Head::Identity
    }

    /// The number of cosines of the loss's own implicit quantile network, if it has one.
    fn cosines(&self) -> Option<usize> {
        None
    }

    /// See [`Objective::fed_back`].
    fn fed_back(&self, numbers: &[f32], _scaling: &Scaling) -> f32 {
        numbers.iter().sum::<f32>() / numbers.len() as f32
    }

    /// See [`Objective::samples`]. A formula with samples has [`Formula::draw`] too.
    fn samples(&self) -> usize {
        0
    }

    /// See [`Objective::draw`].
    fn draw(&self, _numbers: &[f32], _at: &Sampling<'_>, _to: &mut [f64]) {
        unreachable!("only a loss with samples draws any");
    }

    /// The distribution of a likelihood, and the same formula with another number of samples.
    #[cfg(test)]
    fn distribution(&self) -> Option<&std::sync::Arc<dyn super::Distribution>> {
        None
    }
    #[cfg(test)]
    fn with_samples(&self, _samples: usize) -> Option<std::sync::Arc<dyn Formula>> {
        None
    }

    /// See [`Objective::forecast`].
    fn forecast(&self, numbers: &[f32], _taus: &[f32], at: &mut Sampling<'_>, to: &mut Vec<f64>) {
        to.extend(numbers.iter().map(|z| at.scaling.unscale(*z)));
    }

    /// See [`Objective::judged`].
    fn judged(
        &self,
        _judges: Judges,
        numbers: &[f32],
        taus: &[f32],
        at: &mut Sampling<'_>,
        to: &mut Vec<f64>,
    ) {
        self.forecast(numbers, taus, at, to);
    }
}

impl Objective {
    /// Adds one window to the sums over points and over windows.
    pub(crate) fn add(&self, at: &Horizon<'_>, sums: &mut [f64; 2]) {
        self.formula.add(at, sums);
    }

    /// Calls `add` with the index of each number of one window and its slope. `factors` are those of the two sums.
    pub(super) fn slopes(
        &self,
        at: &Horizon<'_>,
        factors: [f64; 2],
        mut add: impl FnMut(usize, f64),
    ) {
        self.formula.slopes(at, factors, &mut add);
    }

    /// Declares the head between the network and the loss.
    pub(crate) fn head(&self, path: &Path<'_>) -> Head {
        self.formula.head(path)
    }
}
