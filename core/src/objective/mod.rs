//! Objectives: what a model learns, what its forecasts are made of, and what validation measures. Upstream:
//! `losses/pytorch.py`.
//!
//! An [`Objective`] is made from what users write ([`LossSpec`]) by its line in [`registry`]. Its [`Formula`] says how many
//! numbers per step the network gives, how the target is prepared, the loss and its slopes, what a forecast is made of, and
//! what is fed back while decoding. Nothing outside of this folder asks which one it is.
//!
//! A loss is a sum over points, each with its weight, and for a few a sum over windows beside it. What the sums are
//! divided by is known before any forward ([`Totals`]), so parts of a batch need nothing from each other.

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

use formula::Formula;
use outputs::Estimated;

pub use batch::Totals;
pub(crate) use batch::{Horizons, Tally, Windows};
#[cfg(test)]
pub(crate) use distribution::Distribution;
pub use distribution::{DistributionLoss, DistributionName};
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

/// A loss ready to use, and the forecasts that it makes of a network's numbers. A copy of it allocates nothing.
#[derive(Clone, Debug)]
pub struct Objective {
    formula: Arc<dyn Formula>,
    /// Upstream's class name.
    pub kind: &'static str,
    /// Its arguments, as they were given.
    arguments: Arc<Map<String, Value>>,
    /// What the columns of a forecast are.
    pub outputs: Arc<[Output]>,
    /// Quantiles between 0 and 1 that a forecast estimates, in the order of their columns; empty for a point forecast.
    pub taus: Arc<[f32]>,
    /// Weight of each step of the horizon.
    pub horizon_weight: Option<Arc<[f32]>>,
    /// The columns of quantiles, from the lowest quantile to the highest.
    ascending: Arc<[usize]>,
}

/// What a registered loss is made into.
struct Made {
    formula: Arc<dyn Formula>,
    taus: Vec<f32>,
    outputs: Vec<Output>,
}

impl Made {
    /// Of a point forecast.
    fn point(formula: impl Formula) -> Self {
        Self { formula: Arc::new(formula), taus: Vec::new(), outputs: vec![Output::Point] }
    }

    /// Of quantiles, each with its column.
    fn quantiles(formula: impl Formula, estimated: Estimated) -> Self {
        let (taus, outputs) = estimated.into_iter().unzip();
        Self { formula: Arc::new(formula), taus, outputs }
    }
}

impl Objective {
    fn of(kind: &'static str, spec: &LossSpec, made: Made, weights: Option<Vec<f32>>) -> Self {
        let Made { formula, taus, outputs } = made;
        let mut ascending: Vec<(f64, usize)> =
            outputs.iter().enumerate().filter_map(|(i, o)| Some((o.tau()?, i))).collect();
        ascending.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self {
            formula,
            kind,
            arguments: Arc::new(spec.args.clone()),
            outputs: outputs.into(),
            taus: taus.into(),
            horizon_weight: weights.map(Into::into),
            ascending: ascending.into_iter().map(|(_, i)| i).collect(),
        }
    }

    /// Numbers per step of the horizon that a network gives.
    pub fn numbers(&self) -> usize {
        self.formula.parameters().unwrap_or(self.outputs.len())
    }

    /// Whether a model can be trained with it; some only measure.
    pub fn is_trainable(&self) -> bool {
        self.formula.is_trainable()
    }

    /// How the target is given to the loss.
    pub(crate) fn target(&self) -> Target {
        self.formula.target()
    }

    /// What is wrong with a value of the target, where not every number is one: what it must be.
    pub(crate) fn refuses(&self, y: f64) -> Option<&'static str> {
        self.formula.refuses(y)
    }

    /// Whether [`Totals`] need more of a window than its weights.
    pub(crate) fn tallies(&self) -> bool {
        self.formula.tallies()
    }

    /// Adds to the totals what is known of a window before any forward.
    pub(crate) fn tally(&self, window: &Tally<'_>, totals: &mut Totals) {
        self.formula.tally(window, totals);
    }

    /// What it judges of a model's forecasts, as validation loss.
    pub(crate) fn judges(&self) -> Judges {
        self.formula.judges()
    }

    /// What a model that decodes step by step is given of its own numbers of a step, scaled.
    pub(crate) fn fed_back(&self, numbers: &[f32], scaling: &Scaling) -> f32 {
        self.formula.fed_back(numbers, scaling)
    }

    /// Whether a forecast is made of all numbers of a decoded step; else of what is fed back, as upstream.
    pub(crate) fn keeps_decoded(&self) -> bool {
        self.formula.parameters().is_some()
    }

    /// Samples of each step of a forecast; 0 if it is not sampled.
    pub(crate) fn samples(&self) -> usize {
        self.formula.samples()
    }

    /// Appends the columns of a window's forecast, on the scale of the target, step by step. `numbers` are the network's.
    pub(crate) fn forecast(&self, numbers: &[f32], at: &mut Sampling<'_>, to: &mut Vec<f64>) {
        self.formula.forecast(numbers, &self.taus, at, to);
    }

    /// Appends what a validation loss that judges so wants to see of a window's forecast.
    pub(crate) fn judged(
        &self,
        judges: Judges,
        numbers: &[f32],
        at: &mut Sampling<'_>,
        to: &mut Vec<f64>,
    ) {
        self.formula.judged(judges, numbers, &self.taus, at, to);
    }

    /// The distribution that it is the likelihood of.
    #[cfg(test)]
    pub(crate) fn distribution(&self) -> Option<&'static dyn Distribution> {
        self.formula.distribution()
    }

    /// Sets how many samples a forecast is made of.
    #[cfg(test)]
    pub(crate) fn set_samples(&mut self, samples: usize) {
        self.formula = self.formula.with_samples(samples).expect("it is sampled");
    }

    /// Puts the quantiles of each step of a forecast in order, so that none crosses another.
    pub(crate) fn sort_quantiles(&self, forecast: &mut [f64]) {
        let places = &self.ascending;
        for step in forecast.chunks_exact_mut(self.outputs.len()) {
            // By insertion: they are few, and nearly in order.
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

#[cfg(test)]
mod tests;
