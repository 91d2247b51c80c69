//! A loss on the tape: what a part of a batch adds to it, value and slopes in one pass.

use super::batch::{Factors, Horizons};
use super::{Formula, Loss, Pinball, Point, Totals};
use crate::kernels::elementwise::scale;
use crate::kernels::point_loss as lanes;
use crate::kernels::point_loss::{
    Absolute, Huber, Percentage, PinballInHuber, PinballOfHuber, PointLoss, Squared,
    SymmetricPercentage, point_loss,
};
use crate::tape::{Backward, Description, Inputs, Op, Output, Shape, Var};

/// Numbers whose weights, targets and quantiles are laid out at once, where a step has several numbers.
const POINTS: usize = 512;

/// Some windows as an operation sees them; see [`Share`].
#[derive(Clone, Copy)]
struct Part<'a> {
    y_hat: &'a [f32],
    y: &'a [f32],
    weights: &'a [f32],
    /// The quantile of each number, where it is its own.
    levels: &'a [f32],
}

impl<'a> Part<'a> {
    /// The `i`-th of `n` equal parts.
    fn at(self, i: usize, n: usize) -> Self {
        let part = |all: &'a [f32]| &all[i * all.len() / n..(i + 1) * all.len() / n];
        Self {
            y_hat: part(self.y_hat),
            y: part(self.y),
            weights: part(self.weights),
            levels: part(self.levels),
        }
    }
}

/// A part's share of a loss. Inputs: `ŷ [B, N, h, outputs]`, `y [B, N, h]`, weights `[B, N, h]`, counts `[B, N]`, and
/// where the quantile of each number of `ŷ` is its own, these.
struct Share {
    loss: Loss,
    factors: Factors,
    /// `N`
    series: usize,
}

impl Op for Share {
    fn describe(&self) -> Description {
        Description::new("loss")
            .with("kind", self.loss.kind)
            .with("formula", &*format!("{:?}", self.loss.formula))
            .with("quantiles", &*self.loss.quantiles)
            .with("factors", &*self.factors.all().concat())
            .with("series", self.series)
    }

    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        x.shape(0).size()
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let [y_hat, y, weights, counts] = [0, 1, 2, 3].map(|i| x.data(i));
        let levels = if x.count() > 4 { x.data(4) } else { &[] };
        out.keep(self.kept(x, out.shape));
        let slopes = &mut *out.kept;
        let part = Part { y_hat, y, weights, levels };
        out.data[0] = match &self.factors {
            Factors::Same([factor, _]) if self.loss.is_of_points() => {
                (self.loss.points(part, *factor, slopes) * factor) as f32
            }
            Factors::Each(factors) if self.loss.is_of_points() => {
                let size = y_hat.len() / counts.len();
                let mut sum = 0.0;
                for (i, slopes) in slopes.chunks_exact_mut(size).enumerate() {
                    let [factor, _] = factors[i % factors.len()];
                    sum += factor * self.loss.points(part.at(i, counts.len()), factor, slopes);
                }
                sum as f32
            }
            factors => {
                let all =
                    Horizons::new(&self.loss, [y_hat, y], [weights, counts], levels, self.series);
                self.general(&all, factors.all(), counts.len(), slopes)
            }
        };
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let mut slopes = b.take_kept();
        let g = b.grad()[0];
        if g != 1.0 {
            scale(&mut slopes, g);
        }
        let spare = b.hand_over(0, slopes);
        b.give_kept(spare);
    }
}

impl Share {
    /// The share of a loss that is more than a sum over numbers, window by window in f64.
    fn general(
        &self,
        all: &Horizons<'_, f32>,
        factors: &[[f64; 2]],
        windows: usize,
        slopes: &mut [f32],
    ) -> f32 {
        let mut sum = 0.0;
        slopes.fill(0.0);
        let size = slopes.len() / windows.max(1);
        for (first, factors) in factors.iter().enumerate() {
            let mut sums = [0.0; 2];
            for i in (first..windows).step_by(self.factors.all().len()) {
                let (horizon, slopes) = (all.at(i), &mut slopes[i * size..(i + 1) * size]);
                self.loss.add(&horizon, &mut sums);
                self.loss.slopes(&horizon, *factors, |place, slope| slopes[place] += slope as f32);
            }
            sum += sums[0] * factors[0] + sums[1] * factors[1];
        }
        sum as f32
    }
}

impl Loss {
    /// Whether it is a sum over numbers, each judged by itself, that a kernel computes.
    fn is_of_points(&self) -> bool {
        let general = matches!(
            self.formula,
            Formula::Tukey(_)
                | Formula::Frequency { .. }
                | Formula::Accuracy
                | Formula::ScaledCrps
                | Formula::Likelihood(_)
        );
        !general && self.quantiles.len() <= POINTS
    }

    /// The sum over the numbers of some windows; their slopes times `factor` are written.
    fn points(&self, part: Part<'_>, factor: f64, slopes: &mut [f32]) -> f64 {
        match self.formula {
            Formula::Mean(Point::Absolute) | Formula::Scaled { .. } => {
                self.each_point(Absolute, part, factor, slopes)
            }
            Formula::Mean(Point::Squared) | Formula::RootMeanSquare => {
                self.each_point(Squared, part, factor, slopes)
            }
            Formula::Mean(Point::Percentage) => self.each_point(Percentage, part, factor, slopes),
            Formula::Mean(Point::SymmetricPercentage) => {
                self.each_point(SymmetricPercentage, part, factor, slopes)
            }
            Formula::Huber { delta } => self.each_point(Huber(delta as f32), part, factor, slopes),
            Formula::Quantiles(Pinball::Plain) => {
                self.each_point(lanes::Pinball, part, factor, slopes)
            }
            Formula::Quantiles(Pinball::OfHuber { delta }) => {
                self.each_point(PinballOfHuber(delta as f32), part, factor, slopes)
            }
            Formula::Quantiles(Pinball::InHuber { delta }) => {
                self.each_point(PinballInHuber(delta as f32), part, factor, slopes)
            }
            Formula::Tukey(_)
            | Formula::Frequency { .. }
            | Formula::Accuracy
            | Formula::ScaledCrps
            | Formula::Likelihood(_) => unreachable!("not a loss of single numbers"),
        }
    }

    fn each_point<L: PointLoss>(
        &self,
        loss: L,
        part: Part<'_>,
        factor: f64,
        slopes: &mut [f32],
    ) -> f64 {
        let Part { y_hat, y, weights, levels } = part;
        let (n, factor) = (self.quantiles.len(), factor as f32);
        if n <= 1 {
            let of_all = [self.quantiles.first().copied().unwrap_or(0.5)];
            let q = if levels.is_empty() { &of_all[..] } else { levels };
            return point_loss(loss, y_hat, y, weights, q, factor, slopes);
        }
        // Steps at a time, each target and weight once for every number of its step.
        let [mut q, mut ys, mut ws] = [[0.0; POINTS]; 3];
        for (q, of_step) in q.chunks_exact_mut(n).zip(std::iter::repeat(&self.quantiles)) {
            q.copy_from_slice(of_step);
        }
        let steps = POINTS / n;
        let (mut sum, mut at) = (0.0, 0);
        for (y, weights) in y.chunks(steps).zip(weights.chunks(steps)) {
            let size = y.len() * n;
            for (to, y) in ys.chunks_exact_mut(n).zip(y) {
                to.fill(*y);
            }
            for (to, w) in ws.chunks_exact_mut(n).zip(weights) {
                to.fill(*w);
            }
            let q = if levels.is_empty() { &q[..size] } else { &levels[at..at + size] };
            let (y_hat, slopes) = (&y_hat[at..at + size], &mut slopes[at..at + size]);
            sum += point_loss(loss, y_hat, &ys[..size], &ws[..size], q, factor, slopes);
            at += size;
        }
        sum
    }
}

impl<'t> Var<'t> {
    /// What this forecast `[B, N, h, outputs]` of windows that span `N` series adds to the loss of a batch with these
    /// totals; see [`Loss::finish`].
    ///
    /// `y` and `weights` are `[B, N, h]`, `counts` says how often each window was drawn; `N` of 1 may be left out. `levels`
    /// are the quantiles that the numbers of the forecast were made at, where each has its own.
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
        let series = if y.shape().rank() == 3 { y.dim(1) } else { 1 };
        let share = Share { loss: loss.clone(), factors: loss.factors(totals), series };
        let inputs = [self, y, weights, counts, levels.unwrap_or(counts)];
        let used = if levels.is_some() { 5 } else { 4 };
        self.tape().record(share, &inputs[..used], [])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::losses::LossSpec;
    use crate::simd::{Isa, with_isa};

    /// Numbers in -2..2 with a step of 1/8, so that some are equal and some are 0.
    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 33) as f32 / 8.0 - 2.0).collect()
    }

    #[test]
    fn kernels_equal_the_formulas() {
        let losses = [
            ("MAE", json!({})),
            ("MSE", json!({})),
            ("RMSE", json!({})),
            ("MAPE", json!({})),
            ("SMAPE", json!({})),
            ("MASE", json!({ "seasonality": 1 })),
            ("HuberLoss", json!({ "delta": 0.7 })),
            ("QuantileLoss", json!({ "q": 0.3 })),
            ("MQLoss", json!({ "quantiles": [0.1, 0.5, 0.8] })),
            ("HuberQLoss", json!({ "q": 0.8, "delta": 0.7 })),
            ("HuberMQLoss", json!({ "level": [80], "delta": 0.7 })),
            ("IQLoss", json!({})),
        ];
        let (windows, h) = (70, 5);
        for (kind, args) in losses {
            let spec = LossSpec { kind: kind.into(), args: args.as_object().unwrap().clone() };
            let loss = Loss::new(&spec, h, "loss").unwrap();
            assert!(loss.is_of_points(), "{kind}");
            let n = windows * h * loss.outputs();
            let (y_hat, y, counts) = (numbers(n, 1), numbers(windows * h, 2), vec![1.0; windows]);
            let weights: Vec<f32> = (0..windows * h).map(|i| (i % 4) as f32).collect();
            let levels: Vec<f32> = (0..n).map(|i| (i % 9) as f32 / 9.0).collect();
            let levels = if kind == "IQLoss" { &levels[..] } else { &[] };
            let all = Horizons::new(&loss, [&y_hat[..], &y], [&weights, &counts], levels, 1);
            let (mut sums, mut expected) = ([0.0; 2], vec![0.0; n]);
            for (i, expected) in expected.chunks_exact_mut(n / windows).enumerate() {
                loss.add(&all.at(i), &mut sums);
                loss.slopes(&all.at(i), [0.25, 0.0], |place, slope| expected[place] += slope);
            }
            for isa in Isa::available() {
                let part = Part { y_hat: &y_hat, y: &y, weights: &weights, levels };
                let mut slopes = vec![f32::NAN; n];
                let sum = with_isa(isa, || loss.points(part, 0.25, &mut slopes));
                assert!((sum - sums[0]).abs() < 1e-6 * sums[0], "{kind} {sum} {}", sums[0]);
                for (slope, expected) in slopes.iter().zip(&expected) {
                    let error = (f64::from(*slope) - expected).abs();
                    assert!(error <= 1e-6 * expected.abs(), "{kind} {slope} {expected}");
                }
            }
        }
    }

    #[test]
    fn what_weighs_nothing_counts_nothing_whatever_it_is() {
        let loss = Loss::new(&LossSpec::named("MSE"), 3, "loss").unwrap();
        let part = Part {
            y_hat: &[f32::NAN, f32::INFINITY, 1.0],
            y: &[0.0, 0.0, 3.0],
            weights: &[0.0, 0.0, 2.0],
            levels: &[],
        };
        let mut slopes = [f32::NAN; 3];
        assert_eq!(loss.points(part, 0.5, &mut slopes), 8.0);
        assert_eq!(slopes, [0.0, 0.0, -4.0]);
    }
}
