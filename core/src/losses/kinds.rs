//! The losses there are: name and arguments of each in one table, and the reader of what users write.

use serde_json::{Value, json};

use std::collections::HashSet;

use super::distribution::Family;
use super::levels::{QUANTILE, check_level, hinted, meant_quantile};
use super::quantile::{outputs_of_levels, outputs_of_quantiles, python_text};
use super::{Formula, Implicit, Likelihood, Loss, LossSpec, Pinball, Point, Spectrum, Tukey};
use crate::options::OptionValue;
use crate::{Error, ErrorCode, Result, nearest};

/// Name and arguments of each loss.
pub(super) const KINDS: [(&str, &[&str]); 18] = [
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
    (
        "DistributionLoss",
        &["distribution", "level", "quantiles", "numSamples", "returnParams", "horizonWeight"],
    ),
    ("Accuracy", &[]),
    ("sCRPS", &["level", "quantiles"]),
];

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

    /// What is wrong with quantiles: in percent, they are none.
    fn wrong_quantile(&self, name: &str, expected: &str) -> Error {
        let given = self.get(name).unwrap_or(&Value::Null);
        let mut all = given.as_array().map_or(std::slice::from_ref(given), Vec::as_slice).iter();
        hinted(self.wrong(name, expected), all.find_map(|q| meant_quantile(q.as_f64()?)))
    }

    /// An argument as Python writes it into the names of outputs.
    fn text(&self, name: &str, default: f64) -> String {
        python_text(self.get(name).unwrap_or(&json!(default)))
    }

    fn delta(&self) -> Result<f64> {
        self.number("delta", Some(1.0), "a number > 0", |d| *d > 0.0)
    }

    fn q(&self) -> Result<f64> {
        self.number("q", None, QUANTILE, |q| *q > 0.0 && *q < 1.0)
            .map_err(|_| self.wrong_quantile("q", QUANTILE))
    }

    /// Quantiles and names of the outputs: of `quantiles`, else of `level`.
    fn outputs(&self) -> Result<(Vec<f32>, Vec<String>)> {
        let inside = |end: f64| move |v: &f64| *v > 0.0 && *v < end;
        let expected = "a list of numbers between 0 and 1";
        let quantiles = self
            .numbers("quantiles", expected, inside(1.0))
            .map_err(|_| self.wrong_quantile("quantiles", expected))?;
        if quantiles.is_some() && self.get("level").is_some() {
            let message = format!(
                "{}: {} takes level or quantiles, not both: a level is its two quantiles; leave one out",
                self.option, self.spec.kind
            );
            return Err(Error::new(ErrorCode::InvalidOption, message)
                .with(|d| d.option = Some(format!("{}.quantiles", self.option))));
        }
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

    fn likelihood(&self) -> Result<Likelihood> {
        let given = self.get("distribution").cloned().unwrap_or_default();
        let names = Family::NAMES.join(", ");
        let Some(name) = given.as_str() else {
            return Err(self.wrong("distribution", &format!("one of {names}")));
        };
        let family = Family::named(name).ok_or_else(|| {
            let message = format!(
                "{}: distribution \"{name}\" does not exist here; there are {names}",
                self.option
            );
            Error::new(ErrorCode::Unsupported, message).with(|d| {
                d.option = Some(format!("{}.distribution", self.option));
                d.expected = Some(json!(Family::NAMES));
                d.actual = Some(given.clone());
            })
        })?;
        let whole = |n: &f64| n.fract() == 0.0 && (1.0..=1e6).contains(n);
        let samples =
            self.number("numSamples", Some(1000.0), "a whole number from 1 to 1000000", whole)?;
        let return_params = self.get("returnParams").map_or(Some(false), Value::as_bool);
        let wrong = || self.wrong("returnParams", "true or false");
        Ok(Likelihood {
            family,
            samples: samples as usize,
            return_params: return_params.ok_or_else(wrong)?,
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
            "DistributionLoss" => {
                let likelihood = args.likelihood()?;
                outputs = args.outputs()?;
                if args.get("quantiles").is_some() {
                    let pairs = outputs.0.into_iter().zip(outputs.1);
                    let mut pairs: Vec<(f32, String)> = pairs.collect();
                    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
                    outputs = pairs.into_iter().unzip();
                }
                outputs.1.insert(0, String::new());
                if likelihood.return_params {
                    let parameters = likelihood.family.parameters();
                    outputs.1.extend(parameters.iter().map(ToString::to_string));
                }
                Formula::Likelihood(likelihood)
            }
            "Accuracy" => Formula::Accuracy,
            _ => {
                outputs.0 = args.outputs()?.0;
                Formula::ScaledCrps
            }
        };
        let (quantiles, output_names) = outputs;
        check_names(&output_names, option)?;
        let horizon_weight = args.horizon_weight(h)?;
        Ok(Self {
            formula,
            kind,
            quantiles: quantiles.into(),
            output_names: output_names.into(),
            horizon_weight: horizon_weight.map(Into::into),
            implicit,
        })
    }
}

/// Refuses quantiles so near each other that their columns would have one name.
fn check_names(names: &[String], option: &str) -> Result<()> {
    let mut seen = HashSet::new();
    let Some(twice) = names.iter().find(|name| !seen.insert(*name)) else { return Ok(()) };
    let option = format!("{option}.quantiles");
    let message = format!(
        "option \"{option}\": two of them would make the column \"{twice}\", as names have two decimals of a level; leave one out"
    );
    Err(Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some(option)))
}

/// Refuses what users write by mistake and checkpoints may hold all the same: levels that are shares.
pub(crate) fn check_written(spec: &LossSpec, option: &str) -> Result<()> {
    let levels = spec.args.get("level").and_then(Value::as_array).into_iter().flatten();
    let option = format!("{option}.level");
    levels.filter_map(Value::as_f64).try_for_each(|level| check_level(&option, level))
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
mod tests;
