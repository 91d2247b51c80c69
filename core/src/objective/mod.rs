//! Objectives: training and validation losses, and the forecasts that follow from them. Upstream: `losses/pytorch.py`.
//!
//! An [`Objective`] is made from a [`LossSpec`] by its entry in [`registry`]. Its [`Formula`] defines how many numbers per
//! step the network gives, how the target is scaled, the loss and its slopes, the columns of a forecast, and the value that
//! is fed back while decoding. No code outside this folder depends on which loss it is.
//!
//! A loss is a weighted sum over points and, for a few losses, a sum over windows. The divisors of the sums are known before
//! any forward pass ([`Totals`]), so the parts of a batch are independent of each other.

mod batch;
mod distribution;
mod elementwise;
mod formula;
mod head;
mod horizon;
mod levels;
mod loss_op;
mod loss_spec;
mod outputs;
mod pairing;
mod point;
mod quantile;
mod registry;
mod scaling;
mod stored;

use std::sync::Arc;

use serde_json::{Map, Value};

use distribution::{mean, quantile};
use formula::Formula;
use outputs::Estimated;

pub use batch::Totals;
pub(crate) use batch::{Horizons, Tally, Windows};
#[cfg(test)]
pub(crate) use distribution::Distribution;
pub use distribution::{DistributionLoss, DistributionName, GMM, NBMM, PMM};
pub(crate) use formula::{Judges, Sampling, Target};
pub(crate) use head::{Asked, Head, Place};
#[cfg(test)]
pub(crate) use horizon::Horizon;
pub(crate) use levels::{check_level, check_quantile, hinted, meant_level, meant_quantile};
pub use loss_op::Compared;
pub use loss_spec::LossSpec;
pub use outputs::{Named, Output};
pub(crate) use outputs::{levels, same};
pub(crate) use pairing::Losses;
pub(crate) use point::{Absolute, Percentage, Squared, SymmetricPercentage};
pub use point::{Accuracy, FreDF, HuberLoss, MAE, MAPE, MASE, MSE, RMSE, SMAPE, TukeyLoss};
pub(crate) use quantile::Pinball;
pub use quantile::{
    HuberIQLoss, HuberMQLoss, HuberQLoss, IQLoss, MQLoss, QuantileLoss, ScaledCrps,
};
pub(crate) use registry::check_written;
pub use registry::{describe, every_loss};
pub(crate) use scaling::Scaling;
pub(crate) use stored::{Stored, stored};

/// A loss that is ready to use, with the forecasts that follow from a network's numbers. Cloning it does not allocate.
#[derive(Clone, Debug)]
pub struct Objective {
    formula: Arc<dyn Formula>,
    /// Upstream's class name.
    pub kind: &'static str,
    /// The loss's arguments as given.
    arguments: Arc<Map<String, Value>>,
    /// The columns of a forecast.
    pub outputs: Arc<[Output]>,
    /// The quantiles between 0 and 1 that the loss estimates, in the order of their columns; empty for a point loss.
    pub taus: Arc<[f32]>,
    /// Weight of each step of the horizon.
    pub horizon_weight: Option<Arc<[f32]>>,
    /// The indices of the quantile columns, in ascending order of their quantiles.
    ascending: Arc<[usize]>,
}

/// The parts of an [`Objective`] that depend on a loss's arguments.
struct Made {
    formula: Arc<dyn Formula>,
    taus: Vec<f32>,
    outputs: Vec<Output>,
}

impl Made {
    /// A loss of point forecasts.
    fn point(formula: impl Formula) -> Self {
        Self { formula: Arc::new(formula), taus: Vec::new(), outputs: vec![Output::Point] }
    }

    /// A loss of quantiles, each with its column.
    fn quantiles(formula: impl Formula, estimated: Estimated) -> Self {
        let (taus, outputs) = estimated.into_iter().unzip();
        Self { formula: Arc::new(formula), taus, outputs }
    }
}

impl Objective {
    fn of(kind: &'static str, spec: &LossSpec, made: Made, weights: Option<Vec<f32>>) -> Self {
        let Made { formula, taus, outputs } = made;
        Self {
            formula,
            kind,
            arguments: Arc::new(spec.args.clone()),
            ascending: ascending(&outputs),
            outputs: outputs.into(),
            taus: taus.into(),
            horizon_weight: weights.map(Into::into),
        }
    }

    /// The same loss with other quantiles, for a distribution: the mean, the median if it is a column already, these quantiles,
    /// and its parameters.
    pub(crate) fn at_quantiles(&self, quantiles: &[(f64, Output)]) -> Self {
        let own = |tau: f64| self.outputs.iter().find(|output| output.is_quantile(tau)).cloned();
        let median = own(0.5).map(|output| (0.5, output));
        let has_median = median.is_some();
        let others = quantiles.iter().filter(|(tau, _)| !has_median || !same(*tau, 0.5));
        let others = others.map(|(tau, output)| (*tau, own(*tau).unwrap_or(output.clone())));
        let (taus, columns): (Vec<f64>, Vec<Output>) = median.into_iter().chain(others).unzip();
        let parameters = self.outputs.iter().filter(|o| matches!(o, Output::Parameter(_))).cloned();
        let outputs: Vec<Output> =
            std::iter::once(Output::Point).chain(columns).chain(parameters).collect();
        Self {
            ascending: ascending(&outputs),
            outputs: outputs.into(),
            taus: taus.into_iter().map(|tau| tau as f32).collect(),
            ..self.clone()
        }
    }

    /// How many numbers the network gives for each step of the horizon.
    pub fn numbers(&self) -> usize {
        self.formula.parameters().unwrap_or(self.outputs.len())
    }

    /// Whether the numbers of a step in the output of a multivariate model are one parameter of all series after the other.
    pub(crate) fn parameters_first(&self) -> bool {
        self.formula.parameters_first()
    }

    /// Whether a model can be trained with it; the others can only be a `validLoss`.
    pub fn is_trainable(&self) -> bool {
        self.formula.is_trainable()
    }

    /// Whether the loss of a window depends on the other windows of a training batch.
    pub(crate) fn couples_windows(&self) -> bool {
        self.formula.couples_windows()
    }

    /// The scale on which the loss receives the target.
    pub(crate) fn target(&self) -> Target {
        self.formula.target()
    }

    /// What a value of the target must be, if `y` is not valid.
    pub(crate) fn refuses(&self, y: f64) -> Option<&'static str> {
        self.formula.refuses(y)
    }

    /// Whether nothing can be learned without a scaler that shifts.
    pub(crate) fn needs_shift(&self) -> bool {
        self.formula.needs_shift()
    }

    /// Whether [`Totals`] depend on more than the weights and counts of windows; see [`Objective::tally`].
    pub(crate) fn tallies(&self) -> bool {
        self.formula.tallies()
    }

    /// Adds a window to the totals, before any forward pass.
    pub(crate) fn tally(&self, window: &Tally<'_>, totals: &mut Totals) {
        self.formula.tally(window, totals);
    }

    /// The kind of forecast that it measures as a validation loss.
    pub(crate) fn judges(&self) -> Judges {
        self.formula.judges()
    }

    /// The scaled value that a model which decodes step by step gets as its next input, from its numbers of a step.
    pub(crate) fn fed_back(&self, numbers: &[f32], scaling: &Scaling) -> f32 {
        self.formula.fed_back(numbers, scaling)
    }

    /// Whether a decoded forecast uses all numbers of a step; otherwise every number is the value fed back, as upstream.
    pub(crate) fn keeps_decoded(&self) -> bool {
        self.formula.parameters().is_some()
    }

    /// Samples per step of a forecast; 0 if it is not sampled.
    pub(crate) fn samples(&self) -> usize {
        self.formula.samples()
    }

    /// Draws samples of one step from its numbers, on the scale of the target: those that [`Self::forecast`] summarizes, in the
    /// order in which they are drawn.
    pub(crate) fn draw(&self, numbers: &[f32], at: &Sampling<'_>, to: &mut [f64]) {
        self.formula.draw(numbers, at, to);
    }

    /// Appends the mean and the quantiles of samples, which are sorted for it.
    pub(crate) fn summarize(&self, samples: &mut [f64], to: &mut Vec<f64>) {
        to.push(mean(samples));
        samples.sort_unstable_by(f64::total_cmp);
        to.extend(self.taus.iter().map(|tau| quantile(samples, *tau)));
    }

    /// Appends the columns of a window's forecast, on the scale of the target: `[h, columns]`. `numbers` are the network's.
    pub(crate) fn forecast(&self, numbers: &[f32], at: &mut Sampling<'_>, to: &mut Vec<f64>) {
        self.formula.forecast(numbers, &self.taus, at, to);
    }

    /// Appends the forecast of a window in the form that a validation loss of this kind measures.
    pub(crate) fn judged(
        &self,
        judges: Judges,
        numbers: &[f32],
        at: &mut Sampling<'_>,
        to: &mut Vec<f64>,
    ) {
        self.formula.judged(judges, numbers, &self.taus, at, to);
    }

    /// The distribution of a likelihood.
    #[cfg(test)]
    pub(crate) fn distribution(&self) -> Option<&dyn Distribution> {
        self.formula.distribution().map(|own| &**own)
    }

    /// The distribution of a likelihood, apart from it.
    #[cfg(test)]
    fn shared_distribution(&self) -> Arc<dyn Distribution> {
        self.formula.distribution().expect("it is a likelihood").clone()
    }

    /// Sets the number of samples per step.
    #[cfg(test)]
    pub(crate) fn set_samples(&mut self, samples: usize) {
        self.formula = self.formula.with_samples(samples).expect("it is sampled");
    }

    /// Sorts the quantiles of each step of a forecast, so that quantiles do not cross.
    pub(crate) fn sort_quantiles(&self, forecast: &mut [f64]) {
        let places = &self.ascending;
        for step in forecast.chunks_exact_mut(self.outputs.len()) {
            // Insertion sort: they are few and nearly sorted.
            for end in 1..places.len() {
                let mut at = end;
                while at > 0 && step[places[at - 1]] > step[places[at]] {
                    step.swap(places[at - 1], places[at]);
                    at -= 1;
                }
            }
        }
    }
}

/// The indices of the quantiles among columns, in ascending order of their quantiles.
fn ascending(outputs: &[Output]) -> Arc<[usize]> {
    let mut quantiles: Vec<(f64, usize)> =
        outputs.iter().enumerate().filter_map(|(i, output)| Some((output.tau()?, i))).collect();
    quantiles.sort_by(|a, b| a.0.total_cmp(&b.0));
    quantiles.into_iter().map(|(_, i)| i).collect()
}

#[cfg(test)]
mod tests;
