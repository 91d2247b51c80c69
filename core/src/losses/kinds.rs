//! The losses there are: name and arguments of each in one table, and the reader of what users write.

use serde_json::{Value, json};

use super::quantile::{outputs_of_levels, outputs_of_quantiles, python_text};
use super::{Formula, Implicit, Loss, LossSpec, Pinball, Point, Spectrum, Tukey};
use crate::options::OptionValue;
use crate::{Error, ErrorCode, Result, nearest};

/// Name and arguments of each loss.
const KINDS: [(&str, &[&str]); 17] = [
    ("MAE", &["horizonWeight"]),
    ("MSE", &["horizonWeight"]),
    ("RMSE", &["horizonWeight"]),
    ("MAPE", &["horizonWeight"]),
    ("SMAPE", &["horizonWeight"]),
    ("MASE", &["seasonality", "horizonWeight"]),
    ("FreDF", &["alpha", "horizonWeight"]),
    ("HuberLoss", &["delta", "horizonWeight"]),
    ("TukeyLoss", &["c", "normalize"]),
    ("QuantileLoss", &["q", "horizonWeight"]),
    ("MQLoss", &["level", "quantiles", "horizonWeight"]),
    ("HuberQLoss", &["q", "delta", "horizonWeight"]),
    ("HuberMQLoss", &["level", "quantiles", "delta", "horizonWeight"]),
    ("IQLoss", &["cosEmbeddingDim", "concentration0", "concentration1", "horizonWeight"]),
    (
        "HuberIQLoss",
        &["cosEmbeddingDim", "concentration0", "concentration1", "delta", "horizonWeight"],
    ),
    ("Accuracy", &[]),
    ("sCRPS", &["level", "quantiles"]),
];

/// What arguments are where a loss cannot do without them.
const USUAL: [(&str, Usual); 2] = [("q", || json!(0.5)), ("seasonality", || json!(1))];
type Usual = fn() -> Value;

/// Every loss there is. Arguments that it needs have a usual value; others are left out, and have their defaults.
pub fn every_loss() -> Vec<LossSpec> {
    let spec = |(kind, known): &(&str, &[&str])| {
        let needed = USUAL.iter().filter(|(name, _)| known.contains(name));
        let args = needed.map(|(name, value)| (name.to_string(), value())).collect();
        LossSpec { kind: kind.to_string(), args }
    };
    KINDS.iter().map(spec).collect()
}

/// Reads the arguments of one loss.
struct Args<'a> {
    spec: &'a LossSpec,
    option: &'a str,
}

impl Args<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.spec.args.get(name).filter(|v| !v.is_null())
    }

    fn wrong(&self, name: &str, expected: &str) -> Error {
        let value = self.get(name).cloned().unwrap_or_default();
        Error::option(&format!("{}.{name}", self.option), expected, value)
    }

    /// A number, or `default` where there is none; an argument without a default is required.
    fn number(
        &self,
        name: &str,
        default: Option<f64>,
        expected: &str,
        ok: impl Fn(&f64) -> bool,
    ) -> Result<f64> {
        let value = self.get(name).map_or(default, Value::as_f64);
        value.filter(ok).ok_or_else(|| self.wrong(name, expected))
    }

    fn numbers(
        &self,
        name: &str,
        expected: &str,
        ok: impl Fn(&f64) -> bool,
    ) -> Result<Option<Vec<f64>>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let list: Option<Vec<f64>> =
            value.as_array().and_then(|list| list.iter().map(Value::as_f64).collect());
        let list = list.filter(|list| !list.is_empty() && list.iter().all(ok));
        list.map(Some).ok_or_else(|| self.wrong(name, expected))
    }

    /// An argument as Python writes it into the names of outputs.
    fn text(&self, name: &str, default: f64) -> String {
        python_text(self.get(name).unwrap_or(&json!(default)))
    }

    fn delta(&self) -> Result<f64> {
        self.number("delta", Some(1.0), "a number > 0", |d| *d > 0.0)
    }

    fn q(&self) -> Result<f64> {
        self.number("q", None, "a number between 0 and 1", |q| *q > 0.0 && *q < 1.0)
    }

    /// Quantiles and names of the outputs: of `quantiles`, else of `level`.
    fn outputs(&self) -> Result<(Vec<f32>, Vec<String>)> {
        let inside = |end: f64| move |v: &f64| *v > 0.0 && *v < end;
        let quantiles =
            self.numbers("quantiles", "a list of numbers between 0 and 1", inside(1.0))?;
        if let Some(quantiles) = quantiles {
            return Ok(outputs_of_quantiles(&quantiles));
        }
        let levels = self.numbers("level", "a list of numbers between 0 and 100", inside(100.0))?;
        Ok(outputs_of_levels(&levels.unwrap_or_else(|| vec![80.0, 90.0])))
    }

    fn implicit(&self) -> Result<Implicit> {
        let expected = "a whole number from 1 to 4096";
        let whole = |n: &f64| (1.0..=4096.0).contains(n) && n.fract() == 0.0;
        let concentration = |name| self.number(name, Some(1.0), "a number > 0", |c| *c > 0.0);
        Ok(Implicit {
            cosines: self.number("cosEmbeddingDim", Some(64.0), expected, whole)? as usize,
            concentration: [concentration("concentration0")?, concentration("concentration1")?],
        })
    }

    fn horizon_weight(&self, h: usize) -> Result<Option<Vec<f32>>> {
        let expected = format!("{h} numbers ≥ 0, one per step, not all 0");
        let weights = self.numbers("horizonWeight", &expected, |w| *w >= 0.0)?;
        if weights.as_ref().is_some_and(|w| w.len() != h || w.iter().sum::<f64>() <= 0.0) {
            return Err(self.wrong("horizonWeight", &expected));
        }
        Ok(weights.map(|w| w.into_iter().map(|w| w as f32).collect()))
    }
}

impl Loss {
    /// Reads and checks a loss for a horizon of `h` steps; `option` is what the user called it.
    pub fn new(spec: &LossSpec, h: usize, option: &str) -> Result<Self> {
        if spec.kind == "relMSE" {
            let expected = "a loss that needs no benchmark forecast, such as MSE";
            return Err(Error::option(option, expected, spec.write()));
        }
        let Some((kind, known)) = KINDS.iter().find(|(name, _)| *name == spec.kind) else {
            return Err(unknown(spec, option));
        };
        for name in spec.args.keys() {
            if !known.contains(&name.as_str()) {
                let known: Vec<String> = known.iter().map(ToString::to_string).collect();
                return Err(match known.is_empty() {
                    true => {
                        Error::option(option, &format!("{kind} without arguments"), spec.write())
                    }
                    false => crate::options::unknown_option(kind, name, &known),
                });
            }
        }
        let args = Args { spec, option };
        let mut outputs = (Vec::new(), vec![String::new()]);
        let mut implicit = None;
        let formula = match *kind {
            "MAE" => Formula::Mean(Point::Absolute),
            "MSE" => Formula::Mean(Point::Squared),
            "RMSE" => Formula::RootMeanSquare,
            "MAPE" => Formula::Mean(Point::Percentage),
            "SMAPE" => Formula::Mean(Point::SymmetricPercentage),
            "MASE" => {
                let whole = |s: &f64| *s >= 1.0 && s.fract() == 0.0;
                let steps = args.number("seasonality", None, "a whole number ≥ 1", whole)?;
                Formula::Scaled { seasonality: steps as usize }
            }
            "FreDF" => {
                let share = |a: &f64| (0.0..=1.0).contains(a);
                let alpha = args.number("alpha", Some(0.5), "a number from 0 to 1", share)?;
                Formula::Frequency { alpha, spectrum: Spectrum::new(h) }
            }
            "HuberLoss" => Formula::Huber { delta: args.delta()? },
            "TukeyLoss" => {
                let c = args.number("c", Some(4.685), "a number > 0", |c| *c > 0.0)?;
                let normalize = args.get("normalize").map_or(Some(true), Value::as_bool);
                let wrong = || args.wrong("normalize", "true or false");
                Formula::Tukey(Tukey::new(c, normalize.ok_or_else(wrong)?))
            }
            "QuantileLoss" => {
                let q = args.q()?;
                outputs = (vec![q as f32], vec![format!("_ql{}", args.text("q", q))]);
                Formula::Quantiles(Pinball::Plain)
            }
            "MQLoss" => {
                outputs = args.outputs()?;
                Formula::Quantiles(Pinball::Plain)
            }
            "HuberQLoss" => {
                let (q, delta) = (args.q()?, args.delta()?);
                let name = format!("_q{}_d{}", args.text("q", q), args.text("delta", delta));
                outputs = (vec![q as f32], vec![name]);
                Formula::Quantiles(Pinball::OfHuber { delta })
            }
            "HuberMQLoss" => {
                outputs = args.outputs()?;
                Formula::Quantiles(Pinball::InHuber { delta: args.delta()? })
            }
            "IQLoss" | "HuberIQLoss" => {
                implicit = Some(args.implicit()?);
                // What is forecast when no quantile is asked for, under the name that upstream gives it.
                outputs = (vec![0.5], vec!["_ql0.5".into()]);
                Formula::Quantiles(match *kind {
                    "IQLoss" => Pinball::Plain,
                    _ => Pinball::OfHuber { delta: args.delta()? },
                })
            }
            "Accuracy" => Formula::Accuracy,
            _ => {
                outputs.0 = args.outputs()?.0;
                Formula::ScaledCrps
            }
        };
        let (quantiles, output_names) = outputs;
        let horizon_weight = args.horizon_weight(h)?;
        Ok(Self { formula, kind, quantiles, output_names, horizon_weight, implicit })
    }
}

fn unknown(spec: &LossSpec, option: &str) -> Error {
    let names = KINDS.map(|(name, _)| name);
    let hint =
        nearest(&spec.kind, names).map_or(String::new(), |n| format!(" (did you mean {n}?)"));
    let message = format!(
        "{option}: loss \"{}\" does not exist here{hint}; there are {}",
        spec.kind,
        names.join(", ")
    );
    Error::new(ErrorCode::Unsupported, message).with(|d| {
        d.option = Some(option.into());
        d.expected = Some(json!(names));
        d.actual = Some(json!(spec.kind));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(kind: &str, args: Value) -> Result<Loss> {
        let args = args.as_object().unwrap().clone();
        Loss::new(&LossSpec { kind: kind.into(), args }, 2, "loss")
    }

    #[test]
    fn every_loss_can_be_made() {
        let all = every_loss();
        assert_eq!(all.len(), KINDS.len());
        for spec in all {
            assert_eq!(Loss::new(&spec, 2, "loss").unwrap().kind, spec.kind);
        }
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
    fn single_quantiles_have_upstreams_names() {
        let name = |kind, args| loss(kind, args).unwrap().output_names;
        assert_eq!(name("QuantileLoss", json!({ "q": 0.9 })), ["_ql0.9"]);
        assert_eq!(name("HuberQLoss", json!({ "q": 0.3 })), ["_q0.3_d1.0"]);
        assert_eq!(name("HuberQLoss", json!({ "q": 0.3, "delta": 2 })), ["_q0.3_d2"]);
    }

    #[test]
    fn wrong_losses_say_what_is_wrong() {
        let message = |kind, args| loss(kind, args).unwrap_err().to_string();
        for (kind, args, expected) in [
            (
                "HuberLoss",
                json!({ "delta": 0 }),
                r#"option "loss.delta" must be a number > 0, got 0"#,
            ),
            (
                "MAE",
                json!({ "horizonWeight": [1, 2, 3] }),
                r#"option "loss.horizonWeight" must be 2 numbers ≥ 0, one per step, not all 0, got [1,2,3]"#,
            ),
            (
                "MQLoss",
                json!({ "levels": [80] }),
                r#"MQLoss has no option "levels"; did you mean "level"?"#,
            ),
            (
                "QuantileLoss",
                json!({}),
                r#"option "loss.q" must be a number between 0 and 1, got null"#,
            ),
            (
                "MASE",
                json!({ "seasonality": 1.5 }),
                r#"option "loss.seasonality" must be a whole number ≥ 1, got 1.5"#,
            ),
            (
                "FreDF",
                json!({ "alpha": 2 }),
                r#"option "loss.alpha" must be a number from 0 to 1, got 2"#,
            ),
            (
                "TukeyLoss",
                json!({ "normalize": 1 }),
                r#"option "loss.normalize" must be true or false, got 1"#,
            ),
            (
                "Accuracy",
                json!({ "q": 1 }),
                r#"option "loss" must be Accuracy without arguments, got {"kind":"Accuracy","args":{"q":1}}"#,
            ),
            (
                "IQLoss",
                json!({ "cosEmbeddingDim": 0 }),
                r#"option "loss.cosEmbeddingDim" must be a whole number from 1 to 4096, got 0"#,
            ),
            (
                "HuberIQLoss",
                json!({ "concentration1": -1 }),
                r#"option "loss.concentration1" must be a number > 0, got -1"#,
            ),
            (
                "relMSE",
                json!({}),
                r#"option "loss" must be a loss that needs no benchmark forecast, such as MSE, got {"kind":"relMSE","args":{}}"#,
            ),
        ] {
            assert_eq!(message(kind, args), expected);
        }
        assert_eq!(loss("GMM", json!({})).unwrap_err().code, ErrorCode::Unsupported);
        assert!(message("QuantilLoss", json!({})).contains("did you mean QuantileLoss?"));
    }
}
