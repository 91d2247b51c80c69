//! Ensembles: one more forecast from those of several models.
//!
//! Quantiles are combined with quantiles of the same level (Vincent 1912; Lichtendahl et al. 2013,
//! <https://doi.org/10.1287/mnsc.1120.1667>), so that intervals of an ensemble are as wide as its models' are on average, and
//! quantiles do not cross.

use super::calls::MetricsOptions;
use super::column::Column;
use super::continued::Continued;
use super::metrics::Metric;
use super::result::{Forecast, list};
use crate::objective::Output;
use crate::options::{Options, choices, options};
use crate::{Error, ErrorCode, Result};

choices! {
    /// How the forecasts of an ensemble are combined.
    pub enum EnsembleMethod: default Mean {
        /// Their mean.
        Mean = "mean",
        /// Their median.
        Median = "median",
        /// Their mean, weighted by the inverse of each model's loss on validation forecasts.
        InverseLoss = "inverseLoss",
        /// Their mean, weighted by how often a greedy search takes each model: the one that lowers the ensemble's loss on
        /// validation forecasts most, again and again (Caruana et al. 2004, <https://doi.org/10.1145/1015330.1015432>).
        Greedy = "greedy",
    }
}

options! {
    /// Options of [`Continued::ensemble`].
    pub struct EnsembleOptions {
        /// How forecasts are combined.
        pub method: EnsembleMethod = EnsembleMethod::Mean,
        /// The models to combine, at least two. Left out: all.
        pub models: Option<Vec<String>> = None,
        /// The loss by which weights are found.
        pub metric: Metric = Metric::Mae; fits is_loss "a metric that is lower for better forecasts",
        /// Steps of a season, for metrics that need it. Left out: by `freq`, as for `metrics`.
        pub season_length: Option<usize> = None; at least 1,
        /// Name of the ensemble.
        pub name: String = "Ensemble".into(); fits is_name "a name",
    }
    elsewhere {
        "alias" => "name",
        "loss" => "metric",
    }
}

fn is_loss(metric: &Metric) -> bool {
    !matches!(metric, Metric::Accuracy | Metric::Coverage(_))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
}

/// Rounds of the greedy search.
const ROUNDS: usize = 50;

impl Continued {
    /// The forecast with one more model, which combines others, and the weight of each of these. Methods with weights find them on
    /// `validation`, forecasts of the same models with cutoffs; a forecast with cutoffs is its own validation if there is no
    /// other.
    pub fn ensemble(
        &self,
        options: &EnsembleOptions,
        validation: Option<&Self>,
    ) -> Result<(Self, Vec<(String, f64)>)> {
        options.check()?;
        self.forecast.refuse_paths("ensemble")?;
        let models = chosen(&self.forecast, options)?;
        let weights = match options.method {
            EnsembleMethod::Mean | EnsembleMethod::Median => {
                vec![1.0 / models.len() as f64; models.len()]
            }
            method => {
                let own = self.forecast.cutoff.is_some().then_some(self);
                let Some(validation) = validation.or(own) else {
                    let message = format!(
                        "ensemble: {} needs forecasts whose actual values are known, to find the weights on; \
                         pass those of crossValidation as validation",
                        method.name()
                    );
                    return Err(Error::new(ErrorCode::InvalidOption, message)
                        .with(|d| d.option = Some("validation".into())));
                };
                validation.weights(&models, options)?
            }
        };
        let forecast = with(&self.forecast, &models, &weights, options)?;
        Ok((self.like(forecast), models.into_iter().zip(weights).collect()))
    }

    /// Weights of these models whose sum is 1, found on this forecast.
    fn weights(&self, models: &[String], options: &EnsembleOptions) -> Result<Vec<f64>> {
        let equal = |n: usize| 1.0 / n as f64;
        match options.method {
            EnsembleMethod::InverseLoss => {
                let single = |model: &String| self.loss(&self.forecast, model, options);
                let losses: Vec<f64> = models.iter().map(single).collect::<Result<_>>()?;
                let exact = losses.iter().filter(|loss| **loss == 0.0).count();
                let weight = |loss: f64| match exact {
                    0 => loss.recip(),
                    n => {
                        if loss == 0.0 {
                            equal(n)
                        } else {
                            0.0
                        }
                    }
                };
                let sum: f64 = losses.iter().map(|loss| weight(*loss)).sum();
                Ok(losses.iter().map(|loss| weight(*loss) / sum).collect())
            }
            _ => self.greedy(models, options),
        }
    }

    /// The shares of rounds that take each model, up to the round with the least loss.
    fn greedy(&self, models: &[String], options: &EnsembleOptions) -> Result<Vec<f64>> {
        let base = only(&self.forecast, models)?;
        let mut taken = vec![0.0; models.len()];
        let mut best = (f64::INFINITY, taken.clone());
        for round in 0..ROUNDS {
            let size = (round + 1) as f64;
            let mut losses = Vec::with_capacity(models.len());
            for i in 0..models.len() {
                taken[i] += 1.0;
                let weights: Vec<f64> = taken.iter().map(|n| n / size).collect();
                taken[i] -= 1.0;
                let trial = with(&base, models, &weights, options)?;
                losses.push(self.loss(&trial, &options.name, options)?);
            }
            let least = (0..models.len()).min_by(|a, b| losses[*a].total_cmp(&losses[*b]));
            let Some(least) = least else { break };
            taken[least] += 1.0;
            if losses[least] < best.0 {
                best = (losses[least], taken.iter().map(|n| n / size).collect());
            }
        }
        Ok(best.1)
    }

    /// The loss of one model of a forecast of the same rows as this.
    fn loss(&self, forecast: &Forecast, model: &str, options: &EnsembleOptions) -> Result<f64> {
        let scores = MetricsOptions { season_length: options.season_length, ..Default::default() };
        let one = only(forecast, &[model.into()])?;
        let scores = self.like(one).metrics(None, &[options.metric], &scores)?;
        let loss = scores.models[0].1[0].1;
        if loss.is_finite() {
            return Ok(loss);
        }
        let message = format!(
            "ensemble: \"{model}\" has no {} on the validation forecasts{}",
            options.metric,
            scores.warnings.first().map(|why| format!(": {why}")).unwrap_or_default()
        );
        Err(Error::new(ErrorCode::Unsupported, message).with(|d| {
            d.model = Some(model.into());
            d.option = Some("metric".into());
        }))
    }
}

/// The forecast with the columns of these models only.
fn only(forecast: &Forecast, models: &[String]) -> Result<Forecast> {
    models.iter().try_for_each(|model| forecast.check_model(model))?;
    let column = |column: &Column| {
        let (of, output) = column.of.as_ref()?;
        let index = models.iter().position(|model| *model == forecast.models[*of])?;
        Some(Column { of: Some((index, output.clone())), ..column.clone() })
    };
    Ok(Forecast {
        columns: forecast.columns.iter().filter_map(column).collect(),
        names: forecast.names.clone(),
        ids: forecast.ids.clone(),
        indptr: forecast.indptr.clone(),
        cutoff: forecast.cutoff.clone(),
        times: forecast.times.clone(),
        time_kind: forecast.time_kind.clone(),
        models: models.to_vec(),
        h: forecast.h,
        warnings: Vec::new(),
        interpretations: Vec::new(),
        paths: None,
    })
}

/// The models to combine.
fn chosen(forecast: &Forecast, options: &EnsembleOptions) -> Result<Vec<String>> {
    let models = options.models.clone().unwrap_or_else(|| forecast.models.clone());
    models.iter().try_for_each(|model| forecast.check_model(model))?;
    let repeated = models.iter().enumerate().find(|(i, model)| models[..*i].contains(model));
    if models.len() < 2 || repeated.is_some() {
        let expected = format!("at least two different ones of {}", list(forecast.models.clone()));
        return Err(Error::option("models", &expected, models));
    }
    let columns = forecast.columns.iter().map(|column| &column.name);
    if forecast.models.iter().chain(columns).any(|name| *name == options.name) {
        return Err(Error::option("name", "not the name of a model or column", &*options.name));
    }
    Ok(models)
}

/// The forecast with one more model: the point forecasts of these models, combined, and the quantiles that all of them have.
fn with(
    forecast: &Forecast,
    models: &[String],
    weights: &[f64],
    options: &EnsembleOptions,
) -> Result<Forecast> {
    let point = models.iter().map(|model| forecast.point(model)).collect::<Result<Vec<_>>>()?;
    let mut parts = vec![(Output::Point, point)];
    for (q, output) in forecast.quantile_outputs(&models[0]) {
        let all = models.iter().map(|model| forecast.quantile(model, q));
        if let Ok(all) = all.collect::<Result<Vec<_>>>() {
            parts.push((output, all));
        }
    }
    let index = forecast.models.len();
    let mut row = Vec::with_capacity(models.len());
    let columns = parts.into_iter().map(|(output, parts)| {
        let combined = |i: usize| match options.method {
            EnsembleMethod::Median => {
                row.clear();
                row.extend(parts.iter().map(|values| values[i]));
                row.sort_by(f32::total_cmp);
                let middle = row.len() / 2;
                if row.len() % 2 == 1 { row[middle] } else { 0.5 * (row[middle - 1] + row[middle]) }
            }
            _ => {
                let weighted = parts.iter().zip(weights).map(|(v, w)| f64::from(v[i]) * w);
                weighted.sum::<f64>() as f32
            }
        };
        let values = (0..forecast.times.len()).map(combined).collect();
        Column::new(index, &options.name, output, values)
    });
    let columns: Vec<Column> = columns.collect();
    let mut all = forecast.clone();
    // The target stays last.
    let at = all.columns.iter().rposition(|column| column.of.is_some()).map_or(0, |i| i + 1);
    all.columns.splice(at..at, columns);
    all.models.push(options.name.clone());
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ColumnNames, Ids, MissingRows, Panel, TimeKind};

    /// Two series, two cutoffs each, two steps: the models are off by 1, -1 and 5.
    fn forecast() -> (Continued, Vec<f32>) {
        let y: Vec<f32> = (0..8).map(|i| 10.0 + i as f32).collect();
        let models = ["A", "B", "C"].map(String::from).to_vec();
        let column = |name: &str, off: f32| {
            Column::named(name, &models, y.iter().map(|v| v + off).collect())
        };
        let columns = vec![
            column("A", 1.0),
            column("A-lo-80", -1.0),
            column("A-hi-80", 3.0),
            column("B", -1.0),
            column("B-lo-80", -4.0),
            column("B-hi-80", 2.0),
            column("C", 5.0),
        ];
        let times = [10, 11, 12, 13];
        let forecast = Forecast {
            names: ColumnNames::default(),
            ids: Ids::Text(vec!["a".into(), "b".into()]),
            h: 2,
            indptr: vec![0, 4, 8],
            cutoff: Some(vec![9, 9, 11, 11, 9, 9, 11, 11]),
            times: [times, times].concat(),
            time_kind: TimeKind::Step,
            columns,
            models,
            warnings: Vec::new(),
            interpretations: Vec::new(),
            paths: None,
        };
        let history = Panel {
            names: ColumnNames::default(),
            ids: forecast.ids.clone(),
            indptr: vec![0, 4, 8],
            times: forecast.times.clone(),
            time_kind: TimeKind::Step,
            temporal: vec![("y".into(), y.iter().map(|v| f64::from(*v)).collect())],
            mask: vec![1.0; 8],
            missing: MissingRows::default(),
            weight: None,
            statics: Vec::new(),
            warnings: Vec::new(),
        };
        (Continued::of(forecast, Some(history)), y)
    }

    fn made(options: EnsembleOptions) -> Result<(Forecast, Vec<f64>)> {
        let (all, weights) = forecast().0.ensemble(&options, None)?;
        Ok((all.forecast, weights.into_iter().map(|(_, weight)| weight).collect()))
    }

    fn method(method: EnsembleMethod) -> EnsembleOptions {
        EnsembleOptions { method, ..EnsembleOptions::default() }
    }

    #[track_caller]
    fn assert_off(forecast: &Forecast, column: &str, off: f32) {
        let y = forecast.column("A").unwrap().iter().map(|v| v - 1.0);
        for (ours, y) in forecast.column(column).unwrap().iter().zip(y) {
            assert!((ours - y - off).abs() < 1e-4, "{column}: {ours} against {y} + {off}");
        }
    }

    #[test]
    fn forecasts_and_quantiles_are_combined() {
        let (mean, weights) = made(method(EnsembleMethod::Mean)).unwrap();
        assert_off(&mean, "Ensemble", 5.0 / 3.0);
        assert_eq!(weights, [1.0 / 3.0; 3]);
        assert!(mean.interval("Ensemble", 80.0).is_err(), "C has no interval");
        let (median, _) = made(method(EnsembleMethod::Median)).unwrap();
        assert_off(&median, "Ensemble", 1.0);
        let two = EnsembleOptions {
            models: Some(vec!["A".into(), "B".into()]),
            name: "both".into(),
            ..EnsembleOptions::default()
        };
        let (both, _) = made(two).unwrap();
        for (column, off) in [("both", 0.0), ("both-lo-80", -2.5), ("both-hi-80", 2.5)] {
            assert_off(&both, column, off);
        }
        assert_eq!(both.models, ["A", "B", "C", "both"]);
    }

    #[test]
    fn weights_are_found_on_validation_forecasts() {
        let (inverse, weights) = made(method(EnsembleMethod::InverseLoss)).unwrap();
        let expected = [1.0 / 2.2, 1.0 / 2.2, 0.2 / 2.2];
        for (ours, expected) in weights.iter().zip(expected) {
            assert!((ours - expected).abs() < 1e-6, "{weights:?}");
        }
        assert_off(&inverse, "Ensemble", (1.0 - 1.0 + 5.0 * 0.2) / 2.2);
        // Half of A and half of B make no error.
        let (greedy, weights) = made(method(EnsembleMethod::Greedy)).unwrap();
        assert_eq!(weights, [0.5, 0.5, 0.0]);
        assert_off(&greedy, "Ensemble", 0.0);
        // 5 of 6 rounds for B and 1 for C too, which is found if there is no A.
        let two = EnsembleOptions {
            models: Some(vec!["B".into(), "C".into()]),
            metric: Metric::Rmse,
            ..method(EnsembleMethod::Greedy)
        };
        let (_, weights) = made(two).unwrap();
        assert!((weights[0] - 5.0 / 6.0).abs() < 1e-9, "{weights:?}");
    }

    #[test]
    fn what_cannot_be_combined_is_refused() {
        let option = |options| made(options).unwrap_err().details.option;
        let one = EnsembleOptions { models: Some(vec!["A".into()]), ..Default::default() };
        let twice =
            EnsembleOptions { models: Some(vec!["A".into(), "A".into()]), ..Default::default() };
        let named = EnsembleOptions { name: "A-lo-80".into(), ..Default::default() };
        let coverage = EnsembleOptions { metric: Metric::Coverage(80.0), ..Default::default() };
        for (options, expected) in
            [(one, "models"), (twice, "models"), (named, "name"), (coverage, "metric")]
        {
            assert_eq!(option(options).as_deref(), Some(expected));
        }
        let unknown = EnsembleOptions {
            models: Some(vec!["A".into(), "D".into()]),
            ..EnsembleOptions::default()
        };
        assert!(made(unknown).unwrap_err().message.contains("has no model \"D\""));
        let (mut future, _) = forecast();
        future.forecast.cutoff = None;
        let greedy = method(EnsembleMethod::Greedy);
        let e = future.ensemble(&greedy, None).map(drop).unwrap_err();
        assert_eq!(e.details.option.as_deref(), Some("validation"));
        let (ensemble, _) = future.ensemble(&greedy, Some(&forecast().0)).unwrap();
        assert_off(&ensemble.forecast, "Ensemble", 0.0);
    }
}
