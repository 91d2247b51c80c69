//! Metrics: those of upstream's `losses/numpy.py` and of its losses that are only used as metrics.

use serde_json::Value;

use super::checks::Checks;
use super::{floats, json};
use crate::data::{ColumnNames, Ids, MissingRows, Panel, TimeKind};
use crate::forecast::{Column, Forecast, Metric, evaluate_against};

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
        let (train, season) = (Some(&self.train), self.season_length);
        let scores =
            evaluate_against(benchmark, &self.forecast, &self.actual, train, season, &metrics);
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

#[test]
fn a_benchmark_that_is_not_there_is_named() {
    let case = Case::read();
    let score = |benchmark, train| {
        let metrics = [Metric::RelMse];
        evaluate_against(benchmark, &case.forecast, &case.actual, train, 4, &metrics).unwrap_err()
    };
    let e = score(Some("C"), Some(&case.train));
    assert!(e.message.contains("has no column \"C\""), "{e}");
    let e = score(None, None);
    assert_eq!(e.details.option.as_deref(), Some("benchmark"));
}
