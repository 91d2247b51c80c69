//! What a model's forecasts were made of: the weights of its variables and of its steps, averaged over the series.
//!
//! Upstream: `models/tft.py: feature_importances`, `attention_weights`, `feature_importance_correlations`.

use std::cmp::Ordering;
use std::sync::Mutex;

use super::calls::PredictOptions;
use super::neural_forecast::NeuralForecast;
use super::result::Forecast;
use crate::infer::Observations;
use crate::models::{Instance, shown};
use crate::{Error, ErrorCode, Result};

/// Weights of variables. Those of a step sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableWeights {
    /// Names of the variables: columns, `observed_target`, `repeated_target`.
    pub names: Vec<String>,
    /// `[steps, variables]`, row-major; a single step for static columns.
    pub values: Vec<f32>,
}

/// What the forecasts of a model were made of: means over all series.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpretation {
    /// Name of the model, as in the columns of the forecast.
    pub model: String,
    /// Weights of the variables at the `L` steps of the input.
    ///
    /// Variables are the historic columns, the columns known in advance, and the target, `observed_target`: several,
    /// numbered from 1, with `tgtSize`. Where no column is known in advance, `repeated_target` is in their place: the last
    /// value of the input, repeated. *Differs from upstream,* which then gives these two each other's name.
    pub past: VariableWeights,
    /// Weights of the columns known in advance at the `h` steps of the horizon, if there are any.
    pub future: Option<VariableWeights>,
    /// Weights of the static columns, if there are any, in the order of `statExogList`. Upstream sorts them by weight.
    pub statics: Option<VariableWeights>,
    /// How much each of the `L + h` steps attends to each, averaged over the heads: `[L + h, L + h]`, row-major. A row sums
    /// to 1 and is 0 from its own step on.
    pub attention: Vec<f32>,
}

impl Interpretation {
    /// Steps of input and horizon together.
    pub fn steps(&self) -> usize {
        self.attention.len().isqrt()
    }

    /// Spearman's rank correlations over the steps of the input between the weights of the past variables and the attention
    /// that the horizon pays to these steps, `[V + 1, V + 1]`, row-major; the attention is last. Upstream rounds them to two
    /// decimals. `None` where one of them is the same at all steps, and so has no correlations.
    pub fn correlations(&self) -> Option<Vec<f32>> {
        let (variables, steps) = (self.past.names.len(), self.steps());
        let input = self.past.values.len() / variables;
        let mean = |step: usize| {
            let to = |row: usize| f64::from(self.attention[row * steps + step]);
            (input..steps).map(to).sum::<f64>() / (steps - input) as f64
        };
        let weight =
            |variable: usize, step: usize| f64::from(self.past.values[step * variables + variable]);
        let weights = (0..variables).map(|v| (0..input).map(|t| weight(v, t)).collect());
        let all: Vec<Vec<f64>> = weights.chain([(0..input).map(mean).collect()]).collect();
        let ranks: Vec<Vec<f64>> = all.iter().map(|values| ranks(values)).collect();
        let pairs = ranks.iter().flat_map(|a| ranks.iter().map(move |b| correlation(a, b)));
        pairs.collect()
    }
}

impl Forecast {
    /// What a model's forecasts were made of. It must have been asked for: `PredictOptions { interpretation: true, .. }`.
    pub fn interpretation(&self, model: &str) -> Result<&Interpretation> {
        self.check_model(model)?;
        self.interpretations.iter().find(|found| found.model == model).ok_or_else(|| {
            let message = format!(
                "this forecast has no interpretation of {model}; predict with interpretation: true"
            );
            Error::new(ErrorCode::Unsupported, message).with(|d| {
                d.option = Some("interpretation".into());
                d.model = Some(model.into());
            })
        })
    }
}

/// The ranks of numbers, centred; equal numbers share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let count = |is: Ordering| values.iter().filter(|v| v.total_cmp(value) == is).count();
        count(Ordering::Less) as f64 + count(Ordering::Equal) as f64 / 2.0
    };
    values.iter().map(|value| rank(value) - values.len() as f64 / 2.0).collect()
}

/// The correlation of centred numbers; `None` where some are all 0.
fn correlation(a: &[f64], b: &[f64]) -> Option<f32> {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scale = (product(a, a) * product(b, b)).sqrt();
    (scale > 0.0).then(|| (product(a, b) / scale) as f32)
}

/// Collects what the models show while they forecast.
pub(super) struct Observers(Vec<(String, Mutex<Observations>)>);

impl Observers {
    /// For all models, if the options ask for it: then each model must be one that can be interpreted, and forecast its own
    /// horizon.
    pub(super) fn new(forecaster: &NeuralForecast, asked: &PredictOptions) -> Result<Self> {
        if !asked.interpretation {
            return Ok(Self(Vec::new()));
        }
        let refused = |model: &Instance, message: String| {
            Error::new(ErrorCode::Unsupported, message).with(|d| {
                d.option = Some("interpretation".into());
                d.model = Some(model.name().into());
            })
        };
        for model in forecaster.models.iter() {
            if !model.network.interpretable() {
                let message = format!(
                    "{} shows no weights of variables and steps; leave out interpretation",
                    model.name()
                );
                return Err(refused(model, message));
            }
            let h = model.common.h;
            if let Some(asked) = asked.h.filter(|asked| *asked != h) {
                let message = format!(
                    "{} forecasts {asked} steps in several passes, and each has its own weights; \
                     leave out interpretation, or h",
                    model.name()
                );
                return Err(refused(model, message));
            }
        }
        let observer = |name| (name, Mutex::default());
        Ok(Self(forecaster.names().into_iter().map(observer).collect()))
    }

    /// Whether there is something to collect.
    pub(super) fn observe(&self) -> bool {
        !self.0.is_empty()
    }

    /// The observer of a model.
    pub(super) fn of(&self, name: &str) -> Option<&Mutex<Observations>> {
        self.0.iter().find(|(model, _)| model == name).map(|(_, observer)| observer)
    }

    /// What was collected, of each model.
    pub(super) fn interpretations(self, models: &[Instance]) -> Vec<Interpretation> {
        let of = |((name, seen), model): ((String, Mutex<Observations>), &Instance)| {
            interpretation(name, model, &seen.into_inner().expect("no panic while it was held"))
        };
        self.0.into_iter().zip(models).map(of).collect()
    }
}

fn interpretation(name: String, model: &Instance, seen: &Observations) -> Interpretation {
    let mean = |of: &str| seen.mean(of).expect("an interpretable model shows all its weights");
    let streams = &model.streams;
    let weights = |names: &[String], of: &str| {
        let there = !names.is_empty();
        there.then(|| VariableWeights { names: names.to_vec(), values: mean(of) })
    };
    let values = mean(shown::PAST);
    let known = match &streams.futr.columns[..] {
        [] => vec!["repeated_target".to_owned()],
        columns => columns.to_vec(),
    };
    let mut names = [&streams.hist.columns[..], &known].concat();
    let targets = values.len() / model.common.input_size - names.len();
    names.extend((1..=targets).map(|i| match targets {
        1 => "observed_target".to_owned(),
        _ => format!("observed_target_{i}"),
    }));
    Interpretation {
        model: name,
        past: VariableWeights { names, values },
        future: weights(&streams.futr.columns, shown::FUTURE),
        statics: weights(&streams.stat.columns, shown::STATICS),
        attention: mean(shown::ATTENTION),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_equal_numbers_are_shared() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 9.0]), [0.0, -1.5, 0.0, 1.5]);
    }

    #[test]
    fn correlations_are_of_ranks_and_none_of_what_is_constant() {
        // Three steps of input, one of horizon: `a` rises with the attention, `b` falls.
        let mut found = Interpretation {
            model: "TFT".into(),
            past: VariableWeights {
                names: vec!["a".into(), "b".into()],
                values: vec![0.1, 0.9, 0.2, 0.8, 0.7, 0.3],
            },
            future: None,
            statics: None,
            attention: [[0.0; 4], [0.0; 4], [0.0; 4], [0.1, 0.2, 0.6, 0.1]].concat(),
        };
        assert_eq!(found.steps(), 4);
        let expected = [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0];
        assert_eq!(found.correlations().unwrap(), expected);
        found.past.values = vec![0.5; 6];
        assert_eq!(found.correlations(), None);
    }
}
