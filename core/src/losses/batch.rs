//! A loss over a batch that comes in parts: what its sums are divided by, and its last step.

use std::ops::AddAssign;

use super::point::divide_no_nan;
use super::robust::spread;
use super::{Formula, Horizon, Loss, Number};

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
    pub(crate) fn add_inverse_naive_error(&mut self, series: usize, inverse: f64) {
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

/// The horizons of some windows, each in one series after the other.
pub(crate) struct Horizons<'a, T> {
    y: &'a [T],
    y_hat: &'a [T],
    weights: &'a [f32],
    counts: &'a [f32],
    levels: &'a [f32],
    /// Series that a window spans.
    series: usize,
    /// See [`Horizon::spread`]: of all steps of all windows, or nothing.
    spread: Vec<f64>,
}

impl<'a, T: Number> Horizons<'a, T> {
    /// `y`, `weights` are `[windows, series, h]`, `y_hat` and `levels` have the outputs beside, `counts` are
    /// `[windows, series]`.
    pub(crate) fn new(
        loss: &Loss,
        [y_hat, y]: [&'a [T]; 2],
        [weights, counts]: [&'a [f32]; 2],
        levels: &'a [f32],
        series: usize,
    ) -> Self {
        let spread = match &loss.formula {
            Formula::Tukey(tukey) if tukey.looks_at_others() && series > 1 => {
                spread(y, [weights, counts], series)
            }
            _ => Vec::new(),
        };
        Self { y, y_hat, weights, counts, levels, series, spread }
    }

    /// The `i`-th of them.
    pub(crate) fn at(&self, i: usize) -> Horizon<'_, T> {
        let part = |all: usize| i * all / self.counts.len()..(i + 1) * all / self.counts.len();
        let window = part(self.y.len());
        let first = i / self.series * window.len();
        Horizon {
            y: &self.y[window.clone()],
            y_hat: &self.y_hat[part(self.y_hat.len())],
            weights: &self.weights[part(self.weights.len())],
            count: f64::from(self.counts[i]),
            levels: &self.levels[part(self.levels.len())],
            spread: self.spread.get(first..first + window.len()).unwrap_or_default(),
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

impl Loss {
    /// What the sums of a batch with these totals are multiplied with.
    pub(crate) fn factors(&self, totals: &Totals) -> Factors {
        let per_weight = divide_no_nan(1.0, totals.weight);
        let per_window = divide_no_nan(1.0, totals.windows);
        let factors = match self.formula {
            Formula::Tukey(_) | Formula::Accuracy => [0.0, per_window],
            Formula::Frequency { .. } => [per_weight, per_window],
            // As upstream, whose shapes make it divide every window's errors by every window's naive error and add.
            Formula::Scaled { .. } => {
                let of = |inverse: &f64| [inverse * per_weight, 0.0];
                match &totals.inverse_naive_errors[..] {
                    [] => [0.0; 2],
                    [inverse] => of(inverse),
                    all => return Factors::Each(all.iter().map(of).collect()),
                }
            }
            Formula::ScaledCrps if totals.weight > 0.0 => [2.0 / (totals.size + 1e-5), 0.0],
            Formula::ScaledCrps => [0.0; 2],
            _ => [per_weight, 0.0],
        };
        Factors::Same(factors)
    }

    /// The loss of a whole batch from what its parts add up to; `grads` become its gradients.
    ///
    /// A likelihood is put on the scale of the target. RMSE takes the root; differs from upstream: where all errors are 0
    /// its gradient is 0, not NaN.
    pub fn finish(&self, value: f64, totals: &Totals, grads: &mut [f32]) -> f64 {
        match self.formula {
            Formula::RootMeanSquare => {}
            Formula::Likelihood(_) => {
                return value + totals.ln_scale * divide_no_nan(1.0, totals.weight);
            }
            _ => return value,
        }
        let root = value.sqrt();
        let factor = divide_no_nan(0.5, root) as f32;
        grads.iter_mut().for_each(|g| *g *= factor);
        root
    }

    /// The loss of a batch from its two sums ([`Loss::add`]) of each series that windows span.
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
