//! Losses: what training minimises and validation measures. Upstream: `losses/pytorch.py`.
//!
//! A loss is a sum over points, each with its weight, and for a few a sum over windows beside it. What the sums are
//! divided by is known before any forward ([`Totals`]), so parts of a batch need nothing from each other. Each formula
//! stands beside its slope in the file of its family.

mod batch;
mod distribution;
mod every;
mod frequency;
mod kinds;
mod levels;
mod point;
mod quantile;
mod robust;
mod share;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::options::OptionValue;
use frequency::Spectrum;
use point::Point;
use quantile::Pinball;
use robust::Tukey;

pub(crate) use batch::Horizons;
pub use batch::Totals;
#[cfg(test)]
pub(crate) use distribution::Law;
pub(crate) use distribution::{Draws, Likelihood, sampled_quantiles};
pub use every::every_loss;
pub(crate) use kinds::check_written;
pub(crate) use levels::{check_level, check_quantile, hinted, meant_level, meant_quantile};
pub(crate) use point::inverse_naive_error;
pub(crate) use quantile::python_text;

/// A loss as users write it: `{ kind: 'MQLoss', args: { level: [80] } }`.
#[derive(Clone, Debug, PartialEq)]
pub struct LossSpec {
    /// Upstream's class name.
    pub kind: String,
    /// Its arguments in camelCase.
    pub args: Map<String, Value>,
}

impl LossSpec {
    /// A loss without arguments.
    pub fn named(kind: &str) -> Self {
        Self { kind: kind.into(), args: Map::new() }
    }
}

impl OptionValue for LossSpec {
    fn expected() -> String {
        "a loss such as loss.mae() or loss.mq({ level: [80, 90] })".into()
    }
    fn ts() -> String {
        "Loss".into()
    }
    fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let args = match object.get("args") {
            None => Map::new(),
            Some(args) => args.as_object()?.clone(),
        };
        Some(Self { kind: object.get("kind")?.as_str()?.into(), args })
    }
    fn write(&self) -> Value {
        json!({ "kind": self.kind, "args": self.args })
    }
}

/// What a loss computes.
#[derive(Clone, Debug, PartialEq)]
enum Formula {
    /// The weighted mean of a loss of one number.
    Mean(Point),
    /// The root of the weighted mean of squares: RMSE.
    RootMeanSquare,
    /// MASE.
    Scaled {
        seasonality: usize,
    },
    Huber {
        delta: f64,
    },
    Tukey(Tukey),
    /// The sum over the quantiles of weighted means.
    Quantiles(Pinball),
    /// `(1 - α)·MSE + α·mean |frequency of the error|`: FreDF.
    Frequency {
        alpha: f64,
        spectrum: Spectrum,
    },
    /// The share of points whose forecast is the actual value. Upstream: `Accuracy`.
    Accuracy,
    /// `2·Σ w·pinball / Σ |y|`. Upstream: `sCRPS`.
    ScaledCrps,
    /// The weighted mean of `-ln p(y)`. Upstream: `DistributionLoss`.
    Likelihood(Likelihood),
}

/// A loss ready to use. A copy of it allocates nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    formula: Formula,
    /// Upstream's class name.
    pub kind: &'static str,
    /// Quantiles that the outputs estimate; empty for a point forecast.
    pub quantiles: Arc<[f32]>,
    /// What is appended to a model's name for each column: `""`, or `"-median"`, `"-lo-90"`, ….
    pub output_names: Arc<[String]>,
    /// Weight of each step of the horizon.
    pub horizon_weight: Option<Arc<[f32]>>,
    /// Set for a loss that learns to forecast every quantile: its quantile is drawn anew for every point.
    pub implicit: Option<Implicit>,
}

/// What an implicit quantile network is made of. Upstream: `losses/pytorch.py: IQLoss, HuberIQLoss`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Implicit {
    /// Cosines that a quantile is described by.
    pub cosines: usize,
    /// `concentration0` and `concentration1` of the Beta distribution that quantiles are drawn from while training: more of
    /// the first draws them to 0, more of the second to 1. Both 1: all are alike.
    pub concentration: [f64; 2],
}

/// The horizon of one window: `y` and `weights` have one number per step, `y_hat` one or more. For a likelihood `y` is
/// relative to the window's shift and scale.
pub(crate) struct Horizon<'a, T> {
    pub(crate) y: &'a [T],
    pub(crate) y_hat: &'a [T],
    /// Availability, sample weight, horizon weight and count, multiplied.
    pub(crate) weights: &'a [f32],
    /// How often the window was drawn.
    pub(crate) count: f64,
    /// For Tukey's loss of a window that spans several series: how far they are apart at each step. Else empty.
    pub(crate) spread: &'a [f64],
    /// The quantile that each number of the forecast was made at; empty where the loss has quantiles of its own.
    pub(crate) levels: &'a [f32],
}

/// What forecasts are made of: f32 in training, f64 in validation.
pub(crate) trait Number: Copy + Into<f64> {}
impl Number for f32 {}
impl Number for f64 {}

impl<T: Number> Horizon<'_, T> {
    fn len(&self) -> usize {
        self.y.len()
    }

    /// Numbers per step of the forecast.
    fn outputs(&self) -> usize {
        self.y_hat.len() / self.y.len()
    }

    /// Actual value and `o`-th output of step `t`. A point forecast is every output.
    fn point(&self, t: usize, o: usize) -> [f64; 2] {
        let outputs = self.outputs();
        [self.y[t].into(), self.y_hat[t * outputs + o.min(outputs - 1)].into()]
    }

    /// The quantile of a number, where each has its own.
    fn level(&self, t: usize, o: usize) -> Option<f64> {
        self.levels.get(t * self.outputs() + o).map(|q| f64::from(*q))
    }

    fn error(&self, t: usize, o: usize) -> f64 {
        let [y, y_hat] = self.point(t, o);
        y - y_hat
    }

    /// Visits weight, step and the network's numbers of every step that weighs anything.
    fn each_law(&self, mut visit: impl FnMut(f64, usize, &[f64])) {
        let mut raw = [0.0; 4];
        let outputs = self.outputs();
        for (t, w) in self.weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            let numbers = &self.y_hat[t * outputs..][..outputs];
            raw.iter_mut().zip(numbers).for_each(|(to, from)| *to = (*from).into());
            visit(f64::from(*w), t, &raw[..outputs]);
        }
    }

    /// Availability and sample weight, which upstream calls the mask, of a loss without horizon weights.
    fn masks(&self) -> impl Iterator<Item = f64> {
        self.weights.iter().map(|w| f64::from(*w) / self.count)
    }
}

impl Loss {
    /// Numbers per step of the horizon that a model gives for this loss.
    pub fn outputs(&self) -> usize {
        match &self.formula {
            Formula::Likelihood(likelihood) => likelihood.family.parameters().len(),
            _ => self.output_names.len(),
        }
    }

    /// Whether it judges several quantiles at each step.
    pub fn judges_quantiles(&self) -> bool {
        self.is_multi_quantile() || self.formula == Formula::ScaledCrps
    }

    /// Whether a model gives a number for each of several quantiles.
    pub fn is_multi_quantile(&self) -> bool {
        matches!(self.kind, "MQLoss" | "HuberMQLoss")
    }

    /// Whether a model can be trained with it; some only measure.
    pub fn is_trainable(&self) -> bool {
        !matches!(self.formula, Formula::Accuracy | Formula::ScaledCrps)
    }

    /// Steps between a value and its seasonal naive forecast, for a loss that compares with it.
    pub fn seasonality(&self) -> Option<usize> {
        match self.formula {
            Formula::Scaled { seasonality } => Some(seasonality),
            _ => None,
        }
    }

    /// Loss of a number that forecasts the quantile `q`, where the loss is one of quantiles.
    fn value(&self, [y, y_hat]: [f64; 2], q: f64) -> f64 {
        match &self.formula {
            Formula::Mean(point) => point.value(y, y_hat),
            Formula::Scaled { .. } => Point::Absolute.value(y, y_hat),
            Formula::RootMeanSquare => Point::Squared.value(y, y_hat),
            Formula::Frequency { alpha, .. } => (1.0 - alpha) * Point::Squared.value(y, y_hat),
            Formula::Huber { delta } => robust::huber(y - y_hat, *delta),
            Formula::Quantiles(pinball) => pinball.value(q, y - y_hat),
            Formula::ScaledCrps => Pinball::Plain.value(q, y - y_hat),
            Formula::Tukey(_) | Formula::Accuracy | Formula::Likelihood(_) => 0.0,
        }
    }

    /// Derivative of [`Loss::value`] with respect to ŷ.
    fn slope(&self, [y, y_hat]: [f64; 2], q: f64) -> f64 {
        match &self.formula {
            Formula::Mean(point) => point.slope(y, y_hat),
            Formula::Scaled { .. } => Point::Absolute.slope(y, y_hat),
            Formula::RootMeanSquare => Point::Squared.slope(y, y_hat),
            Formula::Frequency { alpha, .. } => (1.0 - alpha) * Point::Squared.slope(y, y_hat),
            Formula::Huber { delta } => -robust::huber_slope(y - y_hat, *delta),
            Formula::Quantiles(pinball) => pinball.slope(q, y - y_hat),
            Formula::ScaledCrps => Pinball::Plain.slope(q, y - y_hat),
            Formula::Tukey(_) | Formula::Accuracy | Formula::Likelihood(_) => 0.0,
        }
    }

    /// The quantile that output `o` of step `t` forecasts; of no meaning for a loss without quantiles.
    fn quantile<T: Number>(&self, at: &Horizon<'_, T>, t: usize, o: usize) -> f64 {
        at.level(t, o).unwrap_or_else(|| self.quantiles.get(o).map_or(0.5, |q| f64::from(*q)))
    }

    /// Visits weight, step and output of every number that weighs anything.
    fn each<T: Number>(&self, at: &Horizon<'_, T>, mut visit: impl FnMut(f64, usize, usize)) {
        let outputs = self.quantiles.len().max(1);
        for (t, w) in at.weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            (0..outputs).for_each(|o| visit(f64::from(*w), t, o));
        }
    }

    /// Adds one window to the sums over points and over windows.
    pub(crate) fn add<T: Number>(&self, at: &Horizon<'_, T>, sums: &mut [f64; 2]) {
        match &self.formula {
            Formula::Tukey(tukey) => sums[1] += at.count * tukey.mean(at),
            Formula::Accuracy => {
                // Upstream compares f32.
                let share = |(t, mask): (usize, f64)| {
                    let [y, y_hat] = at.point(t, 0);
                    if y as f32 == y_hat as f32 { mask } else { 0.0 }
                };
                let sum: f64 = at.masks().enumerate().map(share).sum();
                sums[1] += at.count * sum / at.len() as f64;
            }
            Formula::Likelihood(likelihood) => {
                at.each_law(|w, t, raw| {
                    sums[0] += w * likelihood.family.law(raw).loss(at.y[t].into());
                });
            }
            formula => {
                self.each(at, |w, t, o| {
                    sums[0] += w * self.value(at.point(t, o), self.quantile(at, t, o));
                });
                if let Formula::Frequency { alpha, spectrum } = formula {
                    sums[1] += at.count * alpha * spectrum.mean(at);
                }
            }
        }
    }

    /// Gives `add` the slope of each number of one window, by its place; `factors` are those of the two sums.
    fn slopes<T: Number>(
        &self,
        at: &Horizon<'_, T>,
        factors: [f64; 2],
        mut add: impl FnMut(usize, f64),
    ) {
        let window = at.count * factors[1];
        match &self.formula {
            Formula::Tukey(tukey) => {
                for (t, mask) in at.masks().enumerate() {
                    add(t, window * tukey.slope(at, t, mask));
                }
            }
            Formula::Likelihood(likelihood) => at.each_law(|w, t, raw| {
                likelihood.family.slopes(at.y[t].into(), raw, |(i, slope)| {
                    add(t * raw.len() + i, factors[0] * w * slope);
                });
            }),
            formula => {
                let outputs = at.outputs();
                self.each(at, |w, t, o| {
                    let slope = self.slope(at.point(t, o), self.quantile(at, t, o));
                    add(t * outputs + o, factors[0] * w * slope);
                });
                if let Formula::Frequency { alpha, spectrum } = formula {
                    let slopes = spectrum.slopes(at).into_iter().enumerate();
                    slopes.for_each(|(t, slope)| add(t, window * alpha * slope));
                }
            }
        }
    }
}
