//! Metrics: those of upstream's `losses/numpy.py` and of its losses that are only used as metrics, and those of utilsforecast for
//! each forecast of a cross-validation.

use serde_json::Value;

use super::checks::Checks;
use super::{floats, json};
use crate::data::{ColumnNames, Ids, MissingRows, Panel, TimeKind};
use crate::forecast::{By, Column, Forecast, Metric, Scoring, evaluate_with};

struct Case {
    forecast: Forecast,
    actual: Panel,
    train: Panel,
    season_length: usize,
    scores: Value,
}

/// Series of equal length that start at `first`.
fn panel(series: usize, first: i64, y: &[f32], mask: Vec<f32>) -> Panel {
    let len = y.len() / series;
    Panel {
        names: ColumnNames::default(),
        ids: Ids::Int((0..series as i64).collect()),
        indptr: (0..=series).map(|i| i * len).collect(),
        times: (0..series).flat_map(|_| first..first + len as i64).collect(),
        time_kind: TimeKind::Step,
        mask,
        temporal: vec![("y".into(), y.iter().map(|v| f64::from(*v)).collect())],
        weight: None,
        statics: Vec::new(),
        missing: MissingRows::default(),
        warnings: Vec::new(),
    }
}

impl Case {
    fn read() -> Self {
        let case = json("metrics.json");
        let list = |name: &str| floats(&case[name]);
        let series = case["y"].as_array().unwrap().len();
        let (y, train) = (list("y"), list("train"));
        let (h, steps) = (y.len() / series, train.len() / series);
        let quantiles = list("quantiles");
        let models = vec!["M".to_string()];
        let column = |name: &str, values| Column::named(name, &models, values);
        let mut columns = vec![column("M", list("yHat")), column("B", list("benchmark"))];
        for (i, q) in quantiles.iter().enumerate() {
            let all = list("quantileForecasts");
            let values = all.into_iter().skip(i).step_by(quantiles.len()).collect();
            columns.push(column(&format!("M_ql{q}"), values));
        }
        let forecast = Forecast {
            names: ColumnNames::default(),
            ids: Ids::Int((0..series as i64).collect()),
            h,
            indptr: (0..=series).map(|i| i * h).collect(),
            cutoff: None,
            interpretations: Vec::new(),
            paths: None,
            times: (0..series).flat_map(|_| steps as i64..(steps + h) as i64).collect(),
            time_kind: TimeKind::Step,
            columns,
            models,
            warnings: Vec::new(),
        };
        let whole = vec![1.0; train.len()];
        Self {
            forecast,
            actual: panel(series, steps as i64, &y, list("mask")),
            train: panel(series, 0, &train, whole),
            season_length: case["seasonLength"].as_u64().unwrap() as usize,
            scores: case["scores"].clone(),
        }
    }

    fn score(&self, metric: &str, benchmark: Option<&str>) -> f64 {
        let metrics = [metric.parse::<Metric>().unwrap()];
        let (train, season_length) = (Some(&self.train), self.season_length);
        let scoring = Scoring { train, season_length, benchmark, by: None };
        let scores = evaluate_with(scoring, &self.forecast, &self.actual, &metrics);
        scores.unwrap().models[0].1[0].1
    }

    /// Upstream's score, or the mean of its scores per series.
    fn expected(&self, name: &str) -> f64 {
        match &self.scores[name] {
            Value::Array(list) => {
                list.iter().map(|v| v.as_f64().unwrap()).sum::<f64>() / list.len() as f64
            }
            one => one.as_f64().unwrap(),
        }
    }
}

#[test]
fn scores_are_upstreams() {
    let case = Case::read();
    let against = Some("B");
    let mut checks = Checks::default();
    for (name, metric, benchmark, factor) in [
        ("mae", "mae", None, 1.0),
        ("mse", "mse", None, 1.0),
        ("rmse", "rmse", None, 1.0),
        ("mape", "mape", None, 1.0),
        ("smape", "smape", None, 2.0),
        ("mase", "mase", None, 1.0),
        ("rmae", "rmae", against, 1.0),
        ("rmaeOfNaive", "rmae", None, 1.0),
        ("ql-0.9", "ql-0.9", None, 1.0),
        ("mqloss", "mqloss", None, 1.0),
        ("relmse", "relmse", against, 1.0),
        ("relmseOfNaive", "relmse", None, 1.0),
        ("scrps", "scrps", None, 1.0),
        ("accuracy", "accuracy", None, 1.0),
    ] {
        checks.row(name, || {
            let (got, expected) = (factor * case.score(metric, benchmark), case.expected(name));
            assert!((got - expected).abs() < 1e-7 * expected, "{got} against {expected}");
        });
    }
    assert_eq!(checks.finish(), case.scores.as_object().unwrap().len());
}

/// Two series of different lengths, three forecasts of each.
#[test]
fn scores_of_a_cross_validation_are_those_of_utilsforecast() {
    let case = json("evaluation.json");
    let number = |name: &str| case[name].as_u64().unwrap() as usize;
    let times = |name: &str| -> Vec<i64> {
        case[name].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
    };
    let lengths: Vec<usize> = times("lengths").iter().map(|n| *n as usize).collect();
    let (h, windows) = (number("h"), number("windows"));
    let models = vec!["M".to_string(), "N".into()];
    let columns = case["columns"].as_object().unwrap();
    let column = |(name, values): (&String, &Value)| Column::named(name, &models, floats(values));
    let rows = h * windows;
    let forecast = Forecast {
        names: ColumnNames::default(),
        ids: Ids::Text(vec!["a".into(), "b".into()]),
        h,
        indptr: vec![0, rows, 2 * rows],
        cutoff: Some(times("cutoff")),
        interpretations: Vec::new(),
        paths: None,
        times: times("ds"),
        time_kind: TimeKind::Step,
        columns: columns.iter().map(column).collect(),
        models: models.clone(),
        warnings: Vec::new(),
    };
    let y = floats(&case["y"]);
    let mut whole = panel(1, 0, &y, vec![1.0; y.len()]);
    whole.ids = forecast.ids.clone();
    whole.indptr = vec![0, lengths[0], y.len()];
    whole.times = lengths.iter().flat_map(|n| 0..*n as i64).collect();
    let mut checks = Checks::default();
    for row in case["rows"].as_array().unwrap() {
        let name = row["metric"].as_str().unwrap();
        checks.row(row, || {
            let scoring = Scoring {
                train: Some(&whole),
                season_length: number("seasonLength"),
                benchmark: Some("N"),
                by: Some(By::Forecast),
            };
            let mut forecast = forecast.clone();
            if row["N"].is_null() {
                forecast.models.truncate(1); // its intervals
            }
            let metric = [name.parse::<Metric>().unwrap()];
            let scores = evaluate_with(scoring, &forecast, &whole, &metric).unwrap();
            assert_eq!((scores.parts.len(), scores.warnings.len()), (2 * windows, 0));
            let (series, cutoff) = (row["series"].as_u64(), row["cutoff"].as_i64());
            let part = scores
                .parts
                .iter()
                .find(|part| (part.series.map(|i| i as u64), part.cutoff) == (series, cutoff));
            for (model, scores) in &part.expect("every forecast is scored").models {
                let (got, expected) = (scores[0].1, row[model].as_f64().unwrap());
                assert!((got - expected).abs() <= 1e-12 * expected.abs(), "{got}, {expected}");
            }
        });
    }
    assert_eq!(checks.finish(), 11 * 2 * windows);
}

#[test]
fn a_benchmark_that_is_not_there_is_named() {
    let case = Case::read();
    let score = |benchmark, train| {
        let scoring = Scoring { train, season_length: 4, benchmark, by: None };
        evaluate_with(scoring, &case.forecast, &case.actual, &[Metric::RelMse]).unwrap_err()
    };
    let e = score(Some("C"), Some(&case.train));
    assert!(e.message.contains("has no column \"C\""), "{e}");
    let e = score(None, None);
    assert_eq!(e.details.option.as_deref(), Some("benchmark"));
}
