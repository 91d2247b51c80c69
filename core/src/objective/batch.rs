//! The loss of a batch that is computed in parts: the divisors of its sums, and the final step over all parts.

use std::ops::AddAssign;

use super::Objective;
use super::horizon::{Horizon, Values};
use super::point::spread;

/// Sums over a batch that need no forward pass. The totals of a batch are the sum of the totals of its parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Sum of the weights of all points.
    pub weight: f64,
    /// Number of windows: the sum of their counts over the series of each window.
    pub windows: f64,
    /// For MASE: the sum over the windows of `1 / MAE of the seasonal naive forecast`, one for each series of a window.
    pub inverse_naive_errors: Vec<f64>,
    /// For sCRPS: the sum of the absolute actual values.
    pub size: f64,
    /// For likelihoods: the sum over the windows of the weight of their points times `ln scale`.
    pub ln_scale: f64,
}

impl Totals {
    /// Adds to the entry of a series in [`Totals::inverse_naive_errors`].
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

/// The data of a window that [`Objective::tally`] uses, available before the forward pass.
pub(crate) struct Tally<'a> {
    /// The index of the series in its window.
    pub(crate) series: usize,
    /// How often the window was drawn.
    pub(crate) count: f64,
    /// The target over the input: scaled in training, on its own scale in validation.
    pub(crate) insample_y: &'a [f64],
    /// The target over the horizon, on its own scale; empty in training.
    pub(crate) actual: &'a [f64],
    /// Weights of the horizon's points.
    pub(crate) weights: &'a [f32],
    /// The scale of the window.
    pub(crate) scale: f64,
}

/// Some windows and their forecasts. The series of a window are adjacent.
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
    /// The quantile of each number of `y_hat`, if quantiles were drawn for each number; otherwise empty.
    pub(crate) drawn: &'a [f32],
    /// Shift and scale, `[windows, series, 2]`, for a loss with [`Target::Original`](super::Target::Original); otherwise empty.
    pub(crate) affine: Values<'a>,
    /// Series per window.
    pub(crate) series: usize,
}

/// The horizons of some windows, one for each series of each window.
pub(crate) struct Horizons<'a> {
    windows: Windows<'a>,
    taus: &'a [f32],
    /// [`Horizon::spread`] of all steps of all windows, or empty.
    spread: Vec<f64>,
}

impl<'a> Horizons<'a> {
    pub(crate) fn new(loss: &'a Objective, windows: Windows<'a>) -> Self {
        let looks = loss.formula.looks_at_spread() && windows.series > 1;
        let spread = if looks { spread(&windows) } else { Vec::new() };
        Self { windows, taus: &loss.taus, spread }
    }

    /// The `i`-th horizon.
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

/// The factors of the sum over points and the sum over windows; 0 for a sum that the loss does not have.
#[derive(Clone, Debug)]
pub(crate) enum Factors {
    /// The same for all series of a window.
    Same([f64; 2]),
    /// One pair for each series.
    Each(Vec<[f64; 2]>),
}

impl Factors {
    /// One pair, or one pair for each series of a window.
    pub(crate) fn all(&self) -> &[[f64; 2]] {
        match self {
            Self::Same(factors) => std::slice::from_ref(factors),
            Self::Each(factors) => factors,
        }
    }
}

impl Objective {
    /// The factors of the two sums of a batch with these totals.
    pub(crate) fn factors(&self, totals: &Totals) -> Factors {
        self.formula.factors(totals)
    }

    /// The loss of a whole batch from `value`, the sum of its parts. Turns `grads`, the gradients of that sum, into those of
    /// the loss.
    pub fn finish(&self, value: f64, totals: &Totals, grads: &mut [f32]) -> f64 {
        self.formula.finish(value, totals, grads)
    }

    /// The loss of a batch from its two sums ([`Objective::add`]), given for each series of a window.
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
