//! What every objective says of itself.

use std::fmt::Debug;

use super::batch::{Factors, Tally, Totals};
use super::elementwise::Elementwise;
use super::horizon::Horizon;
use super::point::divide_no_nan;
use super::scaling::Scaling;
use super::{Head, Objective};
use crate::nn::Path;
use crate::rng::Key;

/// How the target is given to a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// As the network sees it.
    Scaled,
    /// Relative to the shift and scale of the window, without what the scaler bends.
    Relative,
    /// As it is.
    Original,
}

/// What a validation loss judges of forecasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judges {
    /// One number, or each that the network gives.
    Points,
    /// Several quantiles at each step.
    Quantiles,
    /// The distribution that the network's numbers stand for.
    Distributions,
}

/// Where a window's forecast belongs, and what it is sampled with.
pub(crate) struct Sampling<'a> {
    pub(crate) scaling: Scaling,
    /// The key of the window's series.
    pub(crate) key: Key,
    /// The row of the series that is forecast first.
    pub(crate) first: i64,
    /// Samples of each step of a model that decodes step by step; it forecasts the exact mean.
    pub(crate) trajectories: Option<usize>,
    /// Scratch space.
    pub(crate) work: &'a mut Vec<f64>,
}

/// An objective without its name and columns. What is left out here is that of a point or quantile forecast.
pub(crate) trait Formula: Debug + Send + Sync + 'static {
    /// The loss of each number, where the whole is the weighted sum of these: then kernels compute it.
    fn elementwise(&self) -> Option<&dyn Elementwise> {
        None
    }

    /// Adds one window to the sums over points and over windows.
    fn add(&self, at: &Horizon<'_>, sums: &mut [f64; 2]) {
        if let Some(each) = self.elementwise() {
            sums[0] += each.sum(at);
        }
    }

    /// Gives `add` the slope of each number of one window, by its place; `factors` are those of the two sums.
    fn slopes(&self, at: &Horizon<'_>, factors: [f64; 2], add: &mut dyn FnMut(usize, f64)) {
        if let Some(each) = self.elementwise() {
            each.slopes(at, factors[0], add);
        }
    }

    /// What the sums of a batch with these totals are multiplied with.
    fn factors(&self, totals: &Totals) -> Factors {
        Factors::Same([divide_no_nan(1.0, totals.weight), 0.0])
    }

    /// The loss of a whole batch from what its parts add up to; `grads` become its gradients.
    fn finish(&self, value: f64, _totals: &Totals, _grads: &mut [f32]) -> f64 {
        value
    }

    /// See [`Objective::tallies`].
    fn tallies(&self) -> bool {
        false
    }

    /// See [`Objective::tally`].
    fn tally(&self, _window: &Tally<'_>, _totals: &mut Totals) {}

    /// Whether it asks for the spread of the series that a window spans.
    fn looks_at_spread(&self) -> bool {
        false
    }

    /// Steps that it looks back in the input, and the argument that says so.
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

    /// Numbers per step of a distribution's parameters; each column has a number otherwise.
    fn parameters(&self) -> Option<usize> {
        None
    }

    /// See [`Objective::target`].
    fn target(&self) -> Target {
        Target::Scaled
    }

    /// See [`Objective::refuses`].
    fn refuses(&self, _y: f64) -> Option<&'static str> {
        None
    }

    /// What stands between the network and the loss.
    fn head(&self, _path: &Path<'_>) -> Head {
        Head::Identity
    }

    /// Cosines of the network that it learns itself, if it does.
    fn cosines(&self) -> Option<usize> {
        None
    }

    /// See [`Objective::fed_back`].
    fn fed_back(&self, numbers: &[f32], _scaling: &Scaling) -> f32 {
        numbers.iter().sum::<f32>() / numbers.len() as f32
    }

    /// See [`Objective::samples`].
    fn samples(&self) -> usize {
        0
    }

    /// The distribution that it is the likelihood of, and the same with so many samples.
    #[cfg(test)]
    fn distribution(&self) -> Option<&'static dyn super::Distribution> {
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

    /// Gives `add` the slope of each number of one window, by its place; `factors` are those of the two sums.
    pub(super) fn slopes(
        &self,
        at: &Horizon<'_>,
        factors: [f64; 2],
        mut add: impl FnMut(usize, f64),
    ) {
        self.formula.slopes(at, factors, &mut add);
    }

    /// Declares what stands between the network and the loss.
    pub(crate) fn head(&self, path: &Path<'_>) -> Head {
        self.formula.head(path)
    }
}
