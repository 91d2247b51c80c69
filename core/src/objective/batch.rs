//! A loss over a batch that comes in parts: what its sums are divided by, and its last step.

use std::ops::AddAssign;

use super::Objective;
use super::horizon::{Horizon, Values};
use super::point::spread;

/// What is known of a batch before any forward; a batch's totals are the sum of those of its parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Sum of the weights of all points.
    pub weight: f64,
    /// Windows, each as often as it was drawn, and in each series that it spans.
    pub windows: f64,
    /// Sum over the windows of `1 / mean error of the seasonal naive`, for MASE: of each series that a window spans.
    pub inverse_naive_errors: Vec<f64>,
    /// Sum of the sizes of all actual values, for sCRPS.
    pub size: f64,
    /// Sum over the windows of the weight of their points times `ln scale`, for likelihoods.
    pub ln_scale: f64,
}

impl Totals {
    /// Adds to the naive error of one of the series that windows span.
    pub(super) fn add_inverse_naive_error(&mut self, series: usize, inverse: f64) {
        let all = &mut self.inverse_naive_errors;
        all.resize(all.len().max(series + 1), 0.0);
        all[series] += inverse;
    }
}

impl AddAssign<&Self> for Totals {
    fn add_assign(&mut self, part: &Self) {
        self.weight += part.weight;
        self.windows += part.windows;
        self.size += part.size;
        self.ln_scale += part.ln_scale;
        for (series, inverse) in part.inverse_naive_errors.iter().enumerate() {
            self.add_inverse_naive_error(series, *inverse);
        }
    }
}

/// What is known of a window before any forward, for [`Objective::tally`].
pub(crate) struct Tally<'a> {
    /// Which of the series that windows span it is.
    pub(crate) series: usize,
    /// How often it was drawn.
    pub(crate) count: f64,
    /// The input of the network: scaled in training, on the scale of the target in validation.
    pub(crate) insample_y: &'a [f64],
    /// The target over the horizon, on its own scale; empty in training.
    pub(crate) actual: &'a [f64],
    /// Weights of the horizon.
    pub(crate) weights: &'a [f32],
    /// The scale of the window.
    pub(crate) scale: f64,
}

/// Some windows and their forecasts, each in one series after the other.
#[derive(Clone, Copy)]
pub(crate) struct Windows<'a> {
    /// `[windows, series, h, numbers]`
    pub(crate) y_hat: Values<'a>,
    /// `[windows, series, h]`
    pub(crate) y: Values<'a>,
    /// `[windows, series, h]`
    pub(crate) weights: &'a [f32],
    /// `[windows, series]`
    pub(crate) counts: &'a [f32],
    /// The quantile that each number was made at, where it is its own; else empty.
    pub(crate) drawn: &'a [f32],
    /// Shift and scale, `[windows, series, 2]`, for a loss whose target is [`Target::Original`](super::Target::Original).
    pub(crate) affine: Values<'a>,
    /// Series that a window spans.
    pub(crate) series: usize,
}

/// The horizons of some windows.
pub(crate) struct Horizons<'a> {
    windows: Windows<'a>,
    taus: &'a [f32],
    /// See [`Horizon::spread`]: of all steps of all windows, or nothing.
    spread: Vec<f64>,
}

impl<'a> Horizons<'a> {
    pub(crate) fn new(loss: &'a Objective, windows: Windows<'a>) -> Self {
        let looks = loss.formula.looks_at_spread() && windows.series > 1;
        let spread = if looks { spread(&windows) } else { Vec::new() };
        Self { windows, taus: &loss.taus, spread }
    }

    /// The `i`-th of them.
    pub(crate) fn at(&self, i: usize) -> Horizon<'_> {
        let Windows { y_hat, y, weights, counts, drawn, affine, series } = self.windows;
        let n = counts.len();
        let part = |all: &'a [f32]| &all[i * all.len() / n..(i + 1) * all.len() / n];
        let h = y.len() / n;
        let first = i / series * h;
        Horizon {
            y: y.part(i, n),
            y_hat: y_hat.part(i, n),
            weights: part(weights),
            count: f64::from(counts[i]),
            taus: self.taus,
            drawn: part(drawn),
            spread: self.spread.get(first..first + h).unwrap_or_default(),
            affine: if affine.len() == 0 {
                [0.0, 1.0]
            } else {
                [affine.get(2 * i), affine.get(2 * i + 1)]
            },
        }
    }
}

/// What the sums over points and over windows are multiplied with; 0 for sums that there are not.
#[derive(Clone, Debug)]
pub(crate) enum Factors {
    /// The same for all series that windows span.
    Same([f64; 2]),
    /// One for each series.
    Each(Vec<[f64; 2]>),
}

impl Factors {
    /// One, or one for each series that windows span.
    pub(crate) fn all(&self) -> &[[f64; 2]] {
        match self {
            Self::Same(factors) => std::slice::from_ref(factors),
            Self::Each(factors) => factors,
        }
    }
}

impl Objective {
    /// What the sums of a batch with these totals are multiplied with.
    pub(crate) fn factors(&self, totals: &Totals) -> Factors {
        self.formula.factors(totals)
    }

    /// The loss of a whole batch from what its parts add up to; `grads` become its gradients.
    pub fn finish(&self, value: f64, totals: &Totals, grads: &mut [f32]) -> f64 {
        self.formula.finish(value, totals, grads)
    }

    /// The loss of a batch from its two sums ([`Objective::add`]) of each series that windows span.
    pub(crate) fn mean(&self, sums: &[[f64; 2]], totals: &Totals) -> f64 {
        let factors = self.factors(totals);
        let factors = factors.all();
        let of_series = |(i, sums): (usize, &[f64; 2])| {
            let factors = factors[i % factors.len()];
            sums[0] * factors[0] + sums[1] * factors[1]
        };
        self.finish(sums.iter().enumerate().map(of_series).sum(), totals, &mut [])
    }
}
