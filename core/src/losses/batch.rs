//! A loss over a batch that comes in parts: what its sums are divided by, its place on the tape, its last step.

use std::ops::AddAssign;

use super::point::divide_no_nan;
use super::{Formula, Horizon, Loss};
use crate::tape::{Backward, Inputs, Op, Output, Var};

/// What is known of a batch before any forward; a batch's totals are the sum of those of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Sum of the weights of all points.
    pub weight: f64,
    /// Windows, each as often as it was drawn.
    pub windows: f64,
    /// Sum over the windows of `1 / mean error of the seasonal naive`, for MASE.
    pub inverse_naive_error: f64,
    /// Sum of the sizes of all actual values, for sCRPS.
    pub size: f64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, part: Self) {
        self.weight += part.weight;
        self.windows += part.windows;
        self.inverse_naive_error += part.inverse_naive_error;
        self.size += part.size;
    }
}

impl Loss {
    /// What the sums over points and over windows are multiplied with; 0 for sums that there are not.
    pub fn factors(&self, totals: &Totals) -> [f64; 2] {
        let per_weight = divide_no_nan(1.0, totals.weight);
        let per_window = divide_no_nan(1.0, totals.windows);
        match self.formula {
            Formula::Tukey(_) | Formula::Accuracy => [0.0, per_window],
            Formula::Frequency { .. } => [per_weight, per_window],
            // As upstream, whose shapes make it divide every window's errors by every window's naive error and add.
            Formula::Scaled { .. } => [totals.inverse_naive_error * per_weight, 0.0],
            Formula::ScaledCrps if totals.weight > 0.0 => [2.0 / (totals.size + 1e-5), 0.0],
            Formula::ScaledCrps => [0.0; 2],
            _ => [per_weight, 0.0],
        }
    }

    /// The loss of a whole batch from what its parts add up to; `grads` become its gradients.
    ///
    /// Only RMSE has something to do: the root. Differs from upstream: where all errors are 0 its gradient is 0, not NaN.
    pub fn finish(&self, value: f64, grads: &mut [f32]) -> f64 {
        if self.formula != Formula::RootMeanSquare {
            return value;
        }
        let root = value.sqrt();
        let factor = divide_no_nan(0.5, root) as f32;
        grads.iter_mut().for_each(|g| *g *= factor);
        root
    }

    /// The loss of a batch from its two sums ([`Loss::add`]).
    pub(crate) fn mean(&self, sums: [f64; 2], totals: &Totals) -> f64 {
        let factors = self.factors(totals);
        self.finish(sums[0] * factors[0] + sums[1] * factors[1], &mut [])
    }
}

/// A part's share of a loss. Inputs: `ŷ [B, h, outputs]`, `y [B, h]`, weights `[B, h]`, counts `[B]`, and where the
/// quantile of each number of `ŷ` is its own, these.
#[derive(Debug)]
struct Share {
    loss: Loss,
    factors: [f64; 2],
}

/// The `i`-th of the windows.
fn window<'a>(i: usize, inputs: [&'a [f32]; 4], levels: &'a [f32]) -> Horizon<'a, f32> {
    let [y_hat, y, weights, counts] = inputs;
    let part = |all: &'a [f32]| {
        let size = all.len() / counts.len();
        &all[i * size..(i + 1) * size]
    };
    Horizon {
        y: part(y),
        y_hat: part(y_hat),
        weights: part(weights),
        count: f64::from(counts[i]),
        levels: part(levels),
    }
}

impl Op for Share {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let inputs = [0, 1, 2, 3].map(|i| x.data(i));
        let levels = if x.count() > 4 { x.data(4) } else { &[] };
        let mut sums = [0.0; 2];
        for i in 0..inputs[3].len() {
            self.loss.add(&window(i, inputs, levels), &mut sums);
        }
        out.data[0] = (sums[0] * self.factors[0] + sums[1] * self.factors[1]) as f32;
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            let factors = self.factors.map(|f| f * f64::from(b.grad()[0]));
            let inputs = [0, 1, 2, 3].map(|i| b.input(i));
            let levels = if b.count() > 4 { b.input(4) } else { &[] };
            let size = dx.len() / inputs[3].len();
            for (i, dx) in dx.chunks_exact_mut(size).enumerate() {
                let at = window(i, inputs, levels);
                self.loss.slopes(&at, factors, |place, slope| dx[place] += slope as f32);
            }
        });
    }
}

impl<'t> Var<'t> {
    /// What this forecast `[B, h, outputs]` adds to the loss of a batch with these totals; see [`Loss::finish`].
    ///
    /// `y` and `weights` are `[B, h]`, `counts` says how often each window was drawn. `levels` are the quantiles that the
    /// numbers of the forecast were made at, where each has its own.
    #[track_caller]
    pub fn loss(
        self,
        loss: &Loss,
        y: Self,
        [weights, counts]: [Self; 2],
        levels: Option<Self>,
        totals: &Totals,
    ) -> Self {
        let size = y.shape().size() * loss.outputs();
        assert_eq!(self.shape().size(), size, "{self:?} against {y:?}");
        let share = Share { loss: loss.clone(), factors: loss.factors(totals) };
        let inputs = [self, y, weights, counts, levels.unwrap_or(counts)];
        let used = if levels.is_some() { 5 } else { 4 };
        self.tape().record(share, &inputs[..used], [])
    }
}
