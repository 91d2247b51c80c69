//! A loss on the tape: the contribution of a part of a batch, value and slopes in one pass.

use super::batch::{Factors, Horizons, Windows};
use super::elementwise::{AT_ONCE, Elementwise, Part};
use super::{Objective, Totals};
use crate::kernels::elementwise::scale;
use crate::tape::{Backward, Description, Inputs, Op, Output, Shape, Var};

/// A part's contribution to a loss. Inputs: `ŷ [B, N, h, numbers]`, `y [B, N, h]`, weights `[B, N, h]`, counts `[B, N]`;
/// then, if `has` says so, shift and scale of each window `[B, N, 2]` and the quantile of each number of `ŷ`.
struct LossOp {
    loss: Objective,
    factors: Factors,
    /// `N`
    series: usize,
    /// Whether the inputs include shifts and scales, and quantiles.
    has: [bool; 2],
}

impl Op for LossOp {
    fn describe(&self) -> Description {
        Description::new("loss")
            .with("kind", self.loss.kind)
            .with(
                "arguments",
                &*serde_json::Value::from((*self.loss.arguments).clone()).to_string(),
            )
            .with("quantiles", &*self.loss.taus)
            .with("factors", &*self.factors.all().concat())
            .with("series", self.series)
            .with("has_scale", self.has[0])
            .with("has_quantiles", self.has[1])
    }

    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        x.shape(0).size()
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let [y_hat, y, weights, counts] = [0, 1, 2, 3].map(|i| x.data(i));
        let [has_affine, has_drawn] = self.has;
        let affine = if has_affine { x.data(4) } else { &[] };
        let drawn = if has_drawn { x.data(4 + usize::from(has_affine)) } else { &[] };
        out.keep(self.kept(x, out.shape));
        let slopes = &mut *out.kept;
        let taus = &self.loss.taus;
        let part = Part { y_hat, y, weights, taus, drawn };
        out.data[0] = match (self.loss.kernel(), &self.factors) {
            (Some(loss), Factors::Same([factor, _])) => {
                (loss.kernel(part, *factor, slopes) * factor) as f32
            }
            (Some(loss), Factors::Each(factors)) => {
                let size = y_hat.len() / counts.len();
                let mut sum = 0.0;
                for (i, slopes) in slopes.chunks_exact_mut(size).enumerate() {
                    let [factor, _] = factors[i % factors.len()];
                    sum += factor * loss.kernel(part.at(i, counts.len()), factor, slopes);
                }
                sum as f32
            }
            (None, factors) => {
                let windows = Windows {
                    y_hat: y_hat.into(),
                    y: y.into(),
                    weights,
                    counts,
                    drawn,
                    affine: affine.into(),
                    series: self.series,
                };
                let all = Horizons::new(&self.loss, windows);
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

impl LossOp {
    /// The contribution to a loss without a kernel, window by window in f64.
    fn general(
        &self,
        all: &Horizons<'_>,
        factors: &[[f64; 2]],
        windows: usize,
        slopes: &mut [f32],
    ) -> f32 {
        let mut sum = 0.0;
        slopes.fill(0.0);
        let size = slopes.len() / windows.max(1);
        if self.loss.couples_windows() {
            for first in 0..self.series {
                let group: Vec<_> = (first..windows).step_by(self.series).collect();
                let horizons: Vec<_> = group.iter().map(|i| all.at(*i)).collect();
                let mut add = |i: usize, place: usize, slope: f64| {
                    slopes[group[i] * size + place] += slope as f32;
                };
                sum += self.loss.formula.together(&horizons, factors[0][0], &mut add);
            }
            return sum as f32;
        }
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

impl Objective {
    /// The kernel of a loss that is a sum over single numbers.
    fn kernel(&self) -> Option<&dyn Elementwise> {
        self.formula.elementwise().filter(|_| self.taus.len() <= AT_ONCE)
    }
}

/// The inputs of a loss on the tape, apart from the forecast.
#[derive(Clone, Copy)]
pub struct Compared<'t> {
    /// The target, `[B, N, h]`; the axis `N` may be omitted if it is 1.
    pub y: Var<'t>,
    /// Weights of the points, `[B, N, h]`.
    pub weights: Var<'t>,
    /// How often each window was drawn, `[B, N]`.
    pub counts: Var<'t>,
    /// Shift and scale of each window, `[B, N, 2]`, for a loss whose target is not scaled.
    pub affine: Option<Var<'t>>,
    /// The quantile of each number of the forecast, if quantiles were drawn for each number.
    pub drawn: Option<Var<'t>>,
}

impl<'t> Var<'t> {
    /// The contribution of this forecast `[B, N, h, numbers]`, with `N` series per window, to the loss of a batch with these
    /// totals. The sum of all contributions goes to [`Objective::finish`].
    ///
    /// Panics if the sizes of forecast and target do not match.
    #[track_caller]
    pub fn loss(self, loss: &Objective, with: Compared<'t>, totals: &Totals) -> Self {
        let Compared { y, weights, counts, affine, drawn } = with;
        let size = y.shape().size() * loss.numbers();
        assert_eq!(self.shape().size(), size, "{self:?} against {y:?}");
        let series = if y.shape().rank() == 3 { y.dim(1) } else { 1 };
        let has = [affine.is_some(), drawn.is_some()];
        let op = LossOp { loss: loss.clone(), factors: loss.factors(totals), series, has };
        let mut inputs = [self, y, weights, counts, counts, counts];
        let mut used = 4;
        for more in [affine, drawn].into_iter().flatten() {
            inputs[used] = more;
            used += 1;
        }
        self.tape().record(op, &inputs[..used], [])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::objective::LossSpec;
    use crate::simd::{Isa, with_isa};

    /// Multiples of 1/8 from -2 to 2, so that some are equal and some are 0.
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
            let loss = Objective::new(&spec, h, "loss").unwrap();
            let kernel = loss.kernel().unwrap_or_else(|| panic!("{kind} has no kernel"));
            let n = windows * h * loss.numbers();
            let (y_hat, y, counts) = (numbers(n, 1), numbers(windows * h, 2), vec![1.0; windows]);
            let weights: Vec<f32> = (0..windows * h).map(|i| (i % 4) as f32).collect();
            let drawn: Vec<f32> = (0..n).map(|i| (i % 9) as f32 / 9.0).collect();
            let drawn = if kind == "IQLoss" { &drawn[..] } else { &[] };
            let all = Windows {
                y_hat: y_hat[..].into(),
                y: y[..].into(),
                weights: &weights,
                counts: &counts,
                drawn,
                affine: (&[] as &[f32]).into(),
                series: 1,
            };
            let all = Horizons::new(&loss, all);
            let taus = &loss.taus[..];
            let (mut sums, mut expected) = ([0.0; 2], vec![0.0; n]);
            for (i, expected) in expected.chunks_exact_mut(n / windows).enumerate() {
                loss.add(&all.at(i), &mut sums);
                loss.slopes(&all.at(i), [0.25, 0.0], |place, slope| expected[place] += slope);
            }
            for isa in Isa::available() {
                let part = Part { y_hat: &y_hat, y: &y, weights: &weights, taus, drawn };
                let mut slopes = vec![f32::NAN; n];
                let sum = with_isa(isa, || kernel.kernel(part, 0.25, &mut slopes));
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
        let loss = Objective::new(&LossSpec::named("MSE"), 3, "loss").unwrap();
        let part = Part {
            y_hat: &[f32::NAN, f32::INFINITY, 1.0],
            y: &[0.0, 0.0, 3.0],
            weights: &[0.0, 0.0, 2.0],
            taus: &[],
            drawn: &[],
        };
        let mut slopes = [f32::NAN; 3];
        assert_eq!(loss.kernel().unwrap().kernel(part, 0.5, &mut slopes), 8.0);
        assert_eq!(slopes, [0.0, 0.0, -4.0]);
    }
}
