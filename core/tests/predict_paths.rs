//! Longer horizons, insample predictions and cross-validation are upstream's, of checkpoints that Python saved.

mod checks;

use std::fs;
use std::path::{Path, PathBuf};

use checks::Checks;
use neuro_divergent::data::{Column, Ids, Table};
use neuro_divergent::{
    Control, CrossValidationOptions, Error, ErrorCode, FitOptions, Forecast, InsampleOptions,
    ModelSpec, NeuralForecast, PredictOptions,
};
use serde_json::{Value, json};

const CASES: [&str; 4] = ["direct", "recurrent", "exogenous", "historic"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/predict_paths")
}

fn load(name: &str) -> NeuralForecast {
    NeuralForecast::load(&folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn expected(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(format!("{name}.expected.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A frame of future values as a table.
fn table(frame: &Value) -> Option<Table> {
    let column = |(name, values): (&String, &Value)| {
        let list = values.as_array().unwrap();
        let column = match list[0].is_string() {
            true => Column::Text(list.iter().map(Value::as_str).collect()),
            false => Column::Float(list.iter().map(|v| v.as_f64().unwrap()).collect()),
        };
        (name.clone(), column)
    };
    Some(Table::new(frame.as_object()?.iter().map(column).collect()).unwrap())
}

/// Whether a time, given as text, is what Python has.
fn same_time(ours: &str, theirs: &Value) -> bool {
    match theirs.as_str() {
        Some(date) => date.starts_with(&ours.replace('T', " ")) && ours.len() >= 10,
        None => ours.parse().ok() == theirs.as_i64(),
    }
}

fn assert_same(what: &str, forecast: &Forecast, frame: &Value) {
    let rows = frame["ds"].as_array().unwrap().len();
    assert_eq!(forecast.times.len(), rows, "{what}");
    let id = |i: usize| match &forecast.ids {
        Ids::Text(ids) => json!(ids[i]),
        Ids::Int(ids) => json!(ids[i]),
    };
    for (i, row) in forecast
        .indptr
        .windows(2)
        .enumerate()
        .flat_map(|(i, r)| (r[0]..r[1]).map(move |row| (i, row)))
    {
        assert_eq!(frame["unique_id"][row], id(i), "{what}");
        assert!(same_time(&forecast.ds_text(row), &frame["ds"][row]), "{what}, row {row}");
    }
    if let Some(cutoff) = &forecast.cutoff {
        let times = Forecast { times: cutoff.clone(), ..forecast.clone() };
        for row in 0..rows {
            let (ours, theirs) = (times.ds_text(row), &frame["cutoff"][row]);
            assert!(same_time(&ours, theirs), "{what}, row {row}: {ours} against {theirs}");
        }
    }
    let special = ["unique_id", "ds", "cutoff"];
    let names: Vec<&String> =
        frame.as_object().unwrap().keys().filter(|k| !special.contains(&k.as_str())).collect();
    assert_eq!(names.len(), forecast.columns.len(), "{what}: {names:?}");
    for name in names {
        let values = forecast.column(name).unwrap();
        let list = frame[name].as_array().unwrap();
        // null: Python found no scale in an empty input, and its forecast is infinite.
        let theirs: Vec<f64> = list.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect();
        let largest = theirs.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        // Only the first forecast of a series within the data has such an input.
        let first = |row: usize| {
            let begins = forecast.indptr.iter().rev().find(|begin| **begin <= row);
            forecast.cutoff.is_some() && begins.is_some_and(|begin| row < begin + forecast.h)
        };
        for (row, (ours, theirs)) in values.iter().zip(&theirs).enumerate() {
            let off = (f64::from(*ours) - theirs).abs();
            let unknown = theirs.is_nan() && ours.is_finite() && first(row);
            let same = off <= 1e-5 * largest || unknown;
            assert!(same, "{what}, {name}, row {row}: {ours} against {theirs}");
        }
    }
}

fn further(nf: &NeuralForecast, h: usize, future: Option<Table>) -> Result<Forecast, Error> {
    let options =
        PredictOptions { h: Some(h), future, sort_quantiles: false, ..Default::default() };
    nf.predict(&options, &Control::default())
}

fn insample(nf: &NeuralForecast, step_size: usize) -> Result<Forecast, Error> {
    let options =
        InsampleOptions { step_size, sort_quantiles: false, ..InsampleOptions::default() };
    nf.predict_insample(&options, &Control::default())
}

#[test]
fn forecasts_go_further_than_the_training_as_upstreams() {
    let mut checks = Checks::default();
    for name in &CASES[..3] {
        checks.row(name, || {
            let (nf, expected) = (load(name), expected(name));
            let cases = expected["far"].as_array().unwrap();
            assert_eq!(cases.len(), 2, "{name}: two horizons, and two and a half");
            for case in cases {
                let h = case["h"].as_u64().unwrap() as usize;
                let forecast = further(&nf, h, table(&case["future"])).unwrap();
                assert_eq!(forecast.h, h);
                assert_same(&format!("{name}, h {h}"), &forecast, &case["frame"]);
            }
        });
    }
    checks.finish();
}

#[test]
fn insample_predictions_are_upstreams() {
    let mut checks = Checks::default();
    for name in CASES {
        checks.row(name, || {
            let (nf, expected) = (load(name), expected(name));
            for case in expected["insample"].as_array().unwrap() {
                let step = case["stepSize"].as_u64().unwrap() as usize;
                let forecast = insample(&nf, step).unwrap();
                assert_eq!(forecast.h, nf.h());
                assert_same(&format!("{name}, step size {step}"), &forecast, &case["frame"]);
            }
        });
    }
    checks.finish();
}

#[test]
fn cross_validation_of_fitted_models_is_upstreams() {
    let mut checks = Checks::default();
    for name in CASES {
        checks.row(name, || {
            let (nf, expected) = (load(name), expected(name));
            let data = table(&expected["data"]).unwrap();
            for case in expected["crossValidation"].as_array().unwrap() {
                let number = |name: &str| case[name].as_u64().unwrap() as usize;
                let options = CrossValidationOptions {
                    n_windows: Some(number("nWindows")),
                    step_size: number("stepSize"),
                    static_table: table(&expected["static"]),
                    use_fitted: true,
                    sort_quantiles: false,
                    ..CrossValidationOptions::default()
                };
                let forecast = nf.cross_validation(&data, &options, &Control::default()).unwrap();
                let (windows, step) = (number("nWindows"), number("stepSize"));
                assert_same(&format!("{name}, {windows} × {step}"), &forecast, &case["frame"]);
            }
        });
    }
    checks.finish();
}

#[test]
fn the_trained_horizon_may_be_asked_for_by_name() {
    let nf = load("direct");
    let plain = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
    assert_eq!(further(&nf, nf.h(), None).unwrap(), plain);
    let far = further(&nf, 2 * nf.h(), None).unwrap();
    for (longer, near) in far.columns.iter().zip(&plain.columns) {
        let [first, second] = [longer, near].map(|c| &c.values[..nf.h()]);
        assert_eq!(first, second, "{}: the first horizon stays", longer.name);
    }
}

#[test]
fn horizons_that_cannot_be_are_refused_by_name() {
    let refused = |name: &str, h: usize, future| further(&load(name), h, future).unwrap_err();
    let short = refused("direct", 3, None);
    assert_eq!(
        (short.code, short.details.option.as_deref()),
        (ErrorCode::InvalidOption, Some("h"))
    );
    assert_eq!(refused("direct", 2_000_000, None).code, ErrorCode::InvalidOption);
    let historic = refused("historic", 5, None);
    assert_eq!(historic.code, ErrorCode::Unsupported);
    assert_eq!(historic.details.column.as_deref(), Some("visits"));
    assert_eq!(refused("exogenous", 8, None).code, ErrorCode::FutureExog);
    let first = table(&expected("exogenous")["far"][0]["future"]).unwrap();
    let more = refused("exogenous", 10, Some(first));
    assert_eq!((more.code, more.details.actual), (ErrorCode::FutureExog, Some(json!(4))));
}

/// A forecaster of one model on a rising series of so many rows.
fn fitted(options: Value, rows: usize) -> NeuralForecast {
    fitted_on(&Table::one_series((0..rows).map(|t| t as f64).collect()), options)
}

fn fitted_on(table: &Table, options: Value) -> NeuralForecast {
    let mut all = json!({ "h": 2, "inputSize": 3, "maxSteps": 1, "startPaddingEnabled": true });
    all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    let spec = ModelSpec { model: "DLinear".into(), options: all.as_object().unwrap().clone() };
    let mut nf = NeuralForecast::new(vec![spec], None).unwrap();
    nf.fit(table, &FitOptions::default(), &Control::default()).unwrap();
    nf
}

#[test]
fn quantiles_without_the_median_cannot_be_continued_from() {
    let quantiles =
        |list: Value| json!({ "loss": { "kind": "MQLoss", "args": { "quantiles": list } } });
    for list in [json!([0.1, 0.9]), json!([0.9])] {
        let nf = fitted(quantiles(list), 12);
        let e = further(&nf, 4, None).unwrap_err();
        assert_eq!((e.code, e.details.option.as_deref()), (ErrorCode::Unsupported, Some("h")));
        assert!(e.message.contains("add the quantile 0.5"), "{e}");
        assert!(further(&nf, 2, None).is_ok());
    }
    assert!(further(&fitted(quantiles(json!([0.1, 0.5])), 12), 5, None).is_ok());
}

#[test]
fn a_weighted_horizon_does_not_end_a_longer_one() {
    let weights = json!({ "loss": { "kind": "MAE", "args": { "horizonWeight": [1, 2] } } });
    assert_eq!(further(&fitted(weights, 12), 7, None).unwrap().times.len(), 7);
}

#[test]
fn insample_windows_that_do_not_fit_are_left_out_or_refused() {
    let nf = fitted(json!({}), 9);
    let forecast = insample(&nf, 3).unwrap();
    assert_eq!(forecast.times, [1, 2, 4, 5, 7, 8].map(|t| t + forecast.times[0] - 1));
    assert_eq!(forecast.column("y").unwrap(), [1.0, 2.0, 4.0, 5.0, 7.0, 8.0]);
    assert_eq!(insample(&nf, 100).unwrap().column("y").unwrap(), [7.0, 8.0]);
    let e = insample(&nf, 0).unwrap_err();
    assert_eq!((e.code, e.details.option.as_deref()), (ErrorCode::InvalidOption, Some("stepSize")));
    let two = Table::new(vec![
        ("unique_id".into(), Column::Int([vec![1; 9], vec![2]].concat())),
        ("ds".into(), Column::Int((1..10).chain([9]).collect())),
        ("y".into(), Column::Float(vec![1.0; 10])),
    ]);
    let e = insample(&fitted_on(&two.unwrap(), json!({})), 1).unwrap_err();
    assert_eq!((e.code, e.details.unique_id.as_deref()), (ErrorCode::ShortSeries, Some("2")));
    let level = InsampleOptions { level: vec![80.0], ..InsampleOptions::default() };
    let e = nf.predict_insample(&level, &Control::default()).unwrap_err();
    assert_eq!(e.details.option.as_deref(), Some("level"));
    let control = Control::default();
    control.cancel.store(true, std::sync::atomic::Ordering::Relaxed);
    let e = nf.predict_insample(&InsampleOptions::default(), &control).unwrap_err();
    assert_eq!(e.code, ErrorCode::Aborted);
}

#[test]
fn the_future_frame_is_what_a_forecast_needs() {
    let nf = load("exogenous");
    let frame = nf.make_future_frame(None, Some(10)).unwrap();
    let case = &expected("exogenous")["far"][1];
    assert_eq!(
        frame.ids,
        Ids::Text(["north", "south"].map(|id| vec![id.to_string(); 10]).concat())
    );
    let forecast = further(&nf, 10, table(&case["future"])).unwrap();
    assert_eq!(frame.times, forecast.times);
    assert_eq!(nf.make_future_frame(None, None).unwrap().times.len(), 8);

    let eight = table(&expected("exogenous")["far"][0]["future"]).unwrap();
    let missing = nf.missing_future(&eight, None, Some(10)).unwrap();
    assert_eq!(
        missing.ids,
        Ids::Text(["north", "north", "south", "south"].map(String::from).to_vec())
    );
    assert_eq!(missing.times, [8, 9, 18, 19].map(|row| forecast.times[row]));
    assert!(nf.missing_future(&eight, None, None).unwrap().times.is_empty());
    assert_eq!(nf.make_future_frame(None, Some(0)).unwrap_err().code, ErrorCode::InvalidOption);

    let data = Table::new(vec![
        ("unique_id".into(), Column::Text(vec![Some("new".into()); 2].into())),
        ("ds".into(), Column::Text(["2024-05-02", "2024-05-03"].map(Some).into_iter().collect())),
        ("y".into(), Column::Float(vec![1.0, 2.0])),
    ]);
    let other = nf.make_future_frame(Some(&data.unwrap()), Some(1)).unwrap();
    assert_eq!((other.ids, other.times), (Ids::Text(vec!["new".into()]), vec![1_714_953_600_000]));
    let unfitted = NeuralForecast::new(nf.specs(), None).unwrap();
    assert_eq!(unfitted.make_future_frame(None, None).unwrap_err().code, ErrorCode::NotFitted);
    assert_eq!(insample(&unfitted, 1).unwrap_err().code, ErrorCode::NotFitted);
}
