//! Losses: weighted means over the available points. Upstream: `losses/pytorch.py`.
//!
//! A loss is a function of each error and its slope, side by side; the mean and its gradient are written once.

use serde_json::{Map, Value, json};

use crate::options::OptionValue;
use crate::tape::{Backward, Inputs, Op, Output, Var};
use crate::{Error, ErrorCode, Result, nearest};

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

/// The losses there are, and the argument each takes beside `horizonWeight`.
const KINDS: [(&str, &[&str]); 4] =
    [("MAE", &[]), ("MSE", &[]), ("HuberLoss", &["delta"]), ("MQLoss", &["level", "quantiles"])];

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Absolute,
    Squared,
    Huber { delta: f64 },
    Quantile,
}

/// A loss ready to use.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    kind: Kind,
    /// Quantiles that the outputs estimate; empty for a point forecast.
    pub quantiles: Vec<f32>,
    /// What is appended to a model's name for each output: `""`, or `"-median"`, `"-lo-90"`, ….
    pub output_names: Vec<String>,
    /// Weight of each step of the horizon.
    pub horizon_weight: Option<Vec<f32>>,
}

impl Loss {
    /// Reads and checks a loss for a horizon of `h` steps; `option` is what the user called it.
    pub fn new(spec: &LossSpec, h: usize, option: &str) -> Result<Self> {
        let Some((_, known)) = KINDS.iter().find(|(name, _)| *name == spec.kind) else {
            let names = KINDS.map(|(name, _)| name);
            let hint = nearest(&spec.kind, names)
                .map_or(String::new(), |n| format!(" (did you mean {n}?)"));
            return Err(Error::new(
                ErrorCode::Unsupported,
                format!(
                    "{option}: loss \"{}\" does not exist here{hint}; there are {}",
                    spec.kind,
                    names.join(", ")
                ),
            )
            .with(|d| {
                d.option = Some(option.into());
                d.expected = Some(json!(names));
                d.actual = Some(json!(spec.kind));
            }));
        };
        for name in spec.args.keys() {
            if name != "horizonWeight" && !known.contains(&name.as_str()) {
                let mut known: Vec<String> = known.iter().map(ToString::to_string).collect();
                known.push("horizonWeight".into());
                return Err(crate::options::unknown_option(&spec.kind, name, &known));
            }
        }
        let arg = |name: &str| spec.args.get(name).filter(|v| !v.is_null());
        let bad = |name: &str, expected: &str| {
            Error::option(
                &format!("{option}.{name}"),
                expected,
                arg(name).cloned().unwrap_or_default(),
            )
        };
        let (mut quantiles, mut output_names) = (Vec::new(), vec![String::new()]);
        let kind = match spec.kind.as_str() {
            "MAE" => Kind::Absolute,
            "MSE" => Kind::Squared,
            "HuberLoss" => {
                let delta = arg("delta").map_or(Some(1.0), Value::as_f64).filter(|d| *d > 0.0);
                Kind::Huber { delta: delta.ok_or_else(|| bad("delta", "a number > 0"))? }
            }
            _ => {
                (quantiles, output_names) = if arg("quantiles").is_some() {
                    let inside = |q: &f64| *q > 0.0 && *q < 1.0;
                    let list = numbers(arg("quantiles"), inside)
                        .ok_or_else(|| bad("quantiles", "a list of numbers between 0 and 1"))?;
                    outputs_of_quantiles(&list)
                } else {
                    let default = json!([80, 90]);
                    let list = numbers(arg("level").or(Some(&default)), |l| *l > 0.0 && *l < 100.0)
                        .ok_or_else(|| bad("level", "a list of numbers between 0 and 100"))?;
                    outputs_of_levels(&list)
                };
                Kind::Quantile
            }
        };
        let horizon_weight = match arg("horizonWeight") {
            None => None,
            weights => Some(
                numbers(weights, |w| *w >= 0.0)
                    .filter(|w| w.len() == h && w.iter().sum::<f64>() > 0.0)
                    .map(|w| w.into_iter().map(|w| w as f32).collect())
                    .ok_or_else(|| {
                        bad("horizonWeight", &format!("{h} numbers ≥ 0, one per step, not all 0"))
                    })?,
            ),
        };
        Ok(Self { kind, quantiles, output_names, horizon_weight })
    }

    /// Numbers per step of the horizon that a model gives for this loss.
    pub fn outputs(&self) -> usize {
        self.output_names.len()
    }

    /// Index of the output that estimates the median, or the only output.
    pub fn is_quantile(&self) -> bool {
        self.kind == Kind::Quantile
    }

    /// Loss of an error `y - ŷ` in output `o`.
    fn value(&self, error: f64, o: usize) -> f64 {
        match self.kind {
            Kind::Absolute => error.abs(),
            Kind::Squared => error * error,
            Kind::Huber { delta } if error.abs() <= delta => 0.5 * error * error,
            Kind::Huber { delta } => delta * (error.abs() - 0.5 * delta),
            Kind::Quantile => {
                let q = f64::from(self.quantiles[o]);
                if error >= 0.0 { q * error } else { (q - 1.0) * error }
            }
        }
    }

    /// Derivative of [`Loss::value`] with respect to ŷ; at kinks as torch.
    fn slope(&self, error: f64, o: usize) -> f64 {
        let sign = if error == 0.0 { 0.0 } else { error.signum() };
        match self.kind {
            Kind::Absolute => -sign,
            Kind::Squared => -2.0 * error,
            Kind::Huber { delta } => -error.clamp(-delta, delta),
            Kind::Quantile => 0.5 - f64::from(self.quantiles[o]) - 0.5 * sign,
        }
    }

    /// Weighted sum of the losses; `y_hat` has [`Loss::outputs`] numbers for each of `y` and `weights`.
    pub fn sum(&self, y: &[f64], y_hat: &[f64], weights: &[f32]) -> f64 {
        let outputs = self.outputs();
        let mut sum = 0.0;
        for (i, (y, w)) in y.iter().zip(weights).enumerate().filter(|(_, (_, w))| **w != 0.0) {
            for o in 0..outputs {
                sum += f64::from(*w) * self.value(y - y_hat[i * outputs + o], o);
            }
        }
        sum
    }
}

fn numbers(value: Option<&Value>, ok: impl Fn(&f64) -> bool) -> Option<Vec<f64>> {
    let list: Vec<f64> = value?.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    (!list.is_empty() && list.iter().all(ok)).then_some(list)
}

fn without_repeats(list: &[f64]) -> Vec<f64> {
    let mut unique: Vec<f64> = Vec::with_capacity(list.len());
    list.iter().for_each(|v| {
        if !unique.contains(v) {
            unique.push(*v);
        }
    });
    unique
}

/// Upstream's `level_to_outputs`: the median first, then the bounds from low to high.
fn outputs_of_levels(levels: &[f64]) -> (Vec<f32>, Vec<String>) {
    let bounds =
        |l: &f64| [(50.0 - l / 2.0, format!("-lo-{l}")), (50.0 + l / 2.0, format!("-hi-{l}"))];
    let mut outputs: Vec<(f64, String)> = without_repeats(levels).iter().flat_map(bounds).collect();
    outputs.sort_by(|a, b| a.0.total_cmp(&b.0));
    outputs.insert(0, (50.0, "-median".into()));
    outputs.into_iter().map(|(q, name)| (q as f32 / 100.0, name)).unzip()
}

/// Upstream's `quantiles_to_outputs`: in the given order.
fn outputs_of_quantiles(quantiles: &[f64]) -> (Vec<f32>, Vec<String>) {
    let level = |l: f64| {
        let rounded = (l * 100.0).round() / 100.0;
        if rounded.fract() == 0.0 { format!("{rounded:.1}") } else { rounded.to_string() }
    };
    let name = |q: f64| match q {
        q if q < 0.5 => format!("-lo-{}", level(100.0 - 200.0 * q)),
        q if q > 0.5 => format!("-hi-{}", level(100.0 - 200.0 * (1.0 - q))),
        _ => "-median".into(),
    };
    without_repeats(quantiles).into_iter().map(|q| (q as f32, name(q))).unzip()
}

/// `Σ w·ℓ(y - ŷ) / total`; `dŷ = w·ℓ' / total`. `total` is the weight of the whole batch, of which this may be a shard.
#[derive(Debug)]
struct WeightedLoss {
    loss: Loss,
    total: f64,
}

impl WeightedLoss {
    /// Visits weight, error and output of every available number.
    fn each(
        &self,
        [y_hat, y, weights]: [&[f32]; 3],
        mut visit: impl FnMut(usize, f64, f64, usize),
    ) {
        let outputs = self.loss.outputs();
        for (i, (y, w)) in y.iter().zip(weights).enumerate().filter(|(_, (_, w))| **w != 0.0) {
            for o in 0..outputs {
                let at = i * outputs + o;
                visit(at, f64::from(*w), f64::from(*y) - f64::from(y_hat[at]), o);
            }
        }
    }
}

impl Op for WeightedLoss {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let mut sum = 0.0;
        self.each([x.data(0), x.data(1), x.data(2)], |_, w, error, o| {
            sum += w * self.loss.value(error, o)
        });
        out.data[0] = (sum / self.total) as f32;
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            let g = f64::from(b.grad()[0]) / self.total;
            self.each([b.input(0), b.input(1), b.input(2)], |at, w, error, o| {
                dx[at] += (g * w * self.loss.slope(error, o)) as f32;
            });
        });
    }
}

impl<'t> Var<'t> {
    /// The weighted mean of `loss` between this forecast `[B, h, outputs]` and `y [B, h]`; `total` is the sum of weights
    /// of the whole batch.
    #[track_caller]
    pub fn weighted_loss(self, loss: &Loss, y: Self, weights: Self, total: f64) -> Self {
        assert_eq!(
            self.shape().size(),
            y.shape().size() * loss.outputs(),
            "{:?} against {:?}",
            self,
            y
        );
        self.tape().record(WeightedLoss { loss: loss.clone(), total }, &[self, y, weights], [])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(kind: &str, args: Value) -> Result<Loss> {
        Loss::new(
            &LossSpec { kind: kind.into(), args: args.as_object().unwrap().clone() },
            2,
            "loss",
        )
    }

    #[test]
    fn levels_and_quantiles_have_upstreams_names() {
        let mq = loss("MQLoss", json!({ "level": [80, 97.5] })).unwrap();
        assert_eq!(mq.output_names, ["-median", "-lo-97.5", "-lo-80", "-hi-80", "-hi-97.5"]);
        assert_eq!(mq.quantiles, [0.5, 0.0125, 0.1, 0.9, 0.9875]);
        let mq = loss("MQLoss", json!({ "quantiles": [0.1, 0.5, 0.975] })).unwrap();
        assert_eq!(mq.output_names, ["-lo-80.0", "-median", "-hi-95.0"]);
    }

    #[test]
    fn wrong_losses_say_what_is_wrong() {
        let message = |kind, args| loss(kind, args).unwrap_err().to_string();
        assert_eq!(
            message("HuberLoss", json!({ "delta": 0 })),
            r#"option "loss.delta" must be a number > 0, got 0"#
        );
        assert_eq!(
            message("MAE", json!({ "horizonWeight": [1, 2, 3] })),
            r#"option "loss.horizonWeight" must be 2 numbers ≥ 0, one per step, not all 0, got [1,2,3]"#
        );
        assert_eq!(
            message("MQLoss", json!({ "levels": [80] })),
            r#"MQLoss has no option "levels"; did you mean "level"?"#
        );
        assert_eq!(loss("IQLoss", json!({})).unwrap_err().code, ErrorCode::Unsupported);
    }
}
