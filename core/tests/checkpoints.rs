//! Checkpoints that Python saved forecast what Python forecasts, or say what they need that does not exist here.

mod bits;
mod checks;
mod scratch;

use std::fs;
use std::path::{Path, PathBuf};

use checks::Checks;
use neuro_divergent::data::{Column, Ids, Table};
use neuro_divergent::{
    Control, ErrorCode, FitOptions, Forecast, Interpretation, NeuralForecast, PredictOptions,
    SaveOptions, VariableWeights, checkpoint,
};
use scratch::{Scratch, predict, same_after_loading};
use serde_json::{Map, Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoints")
}

/// A checkpoint of Python's, and what it forecasts there.
struct Case {
    name: String,
    expected: Map<String, Value>,
    options: PredictOptions,
}

/// A frame as a table: text, whole numbers that identify, numbers; true and false are 1 and 0.
fn table(frame: &Value) -> Option<Table> {
    let number = |v: &Value| v.as_f64().unwrap_or_else(|| f64::from(v.as_bool().unwrap()));
    let column = |(name, values): (&String, &Value)| {
        let list = values.as_array().unwrap();
        let column = if list[0].is_string() {
            Column::Text(list.iter().map(Value::as_str).collect())
        } else if ["unique_id", "ds"].contains(&&**name) {
            Column::Int(list.iter().map(|v| v.as_i64().unwrap()).collect())
        } else {
            Column::Float(list.iter().map(number).collect())
        };
        (name.clone(), column)
    };
    Some(Table::new(frame.as_object()?.iter().map(column).collect()).unwrap())
}

fn cases() -> Vec<Case> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|e| {
            let name = e.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".expected.json").map(String::from)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 23, "{names:?}");
    let case = |name: String| {
        let text = fs::read_to_string(folder().join(format!("{name}.expected.json"))).unwrap();
        let expected: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let options = PredictOptions {
            data: table(&expected["data"]),
            future: table(&expected["future"]),
            sort_quantiles: false, // as Python's
            ..PredictOptions::default()
        };
        Case { name, expected, options }
    };
    names.into_iter().map(case).collect()
}

fn loaded() -> Vec<(Case, NeuralForecast)> {
    let load = |case: Case| {
        let nf = NeuralForecast::load(&folder().join(&case.name));
        let nf = nf.unwrap_or_else(|e| panic!("{}: {e}", case.name));
        (case, nf)
    };
    cases().into_iter().map(load).collect()
}

fn assert_forecast(case: &Case, forecast: &Forecast) {
    let Case { name, expected, .. } = case;
    let names: Vec<&String> = forecast.columns.iter().map(|column| &column.name).collect();
    assert_eq!(json!(names), json!(expected["loadedColumns"].as_array().unwrap()[2..]), "{name}");
    for (row, time) in forecast.times.iter().enumerate() {
        let at = &expected["forecast"]["ds"][row];
        match at.as_str() {
            Some(date) => {
                let ours = forecast.ds_text(row).replace('T', " ");
                assert!(
                    date.starts_with(&ours) && ours.len() >= 10,
                    "{name}: {ours} against {date}"
                );
            }
            None => assert_eq!(at.as_i64(), Some(*time), "{name}"),
        }
        let id = match &forecast.ids {
            Ids::Text(ids) => json!(ids[row / forecast.h]),
            Ids::Int(ids) => json!(ids[row / forecast.h]),
        };
        assert_eq!(expected["forecast"]["unique_id"][row], id, "{name}");
    }
    assert_columns(name, expected, forecast);
}

/// What two quantiles, each of 20000 samples, may be apart: that of 0.1 of a Student's t with three degrees of freedom, the
/// worst here, has a standard error of `2.93·scale/√n`; five times that, and √2 for the two. Those of a Poisson distribution
/// have one parameter, and are counts. Of others, the width of the 80 % interval is known: a density of 0.1 there gives 3
/// widths in place of 2.93 scales. They may be counts.
fn sampling_error(expected: &Map<String, Value>, column: &str, row: usize) -> f64 {
    let model = column.split('-').next().unwrap();
    let parameter = |name: &str| expected["forecast"][&format!("{model}-{name}")][row].as_f64();
    let errors = 5.0 * 2.0_f64.sqrt() / 20_000.0_f64.sqrt();
    match (parameter("scale"), parameter("loc")) {
        (Some(scale), _) => errors * 2.93 * scale,
        (None, Some(rate)) if column == model => errors * rate.sqrt(),
        (None, Some(_)) => 1.0, // the next count
        (None, None) => {
            let width = parameter("hi-80").unwrap() - parameter("lo-80").unwrap();
            errors * 3.0 * width + if column == model { 0.0 } else { 1.0 }
        }
    }
}

fn assert_columns(name: &str, expected: &Map<String, Value>, forecast: &Forecast) {
    for neuro_divergent::Column { name: column, values, .. } in &forecast.columns {
        let of_python: Vec<f64> = expected["forecast"][column]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect();
        assert_eq!(values.len(), of_python.len(), "{name}");
        let largest = of_python.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let sampled = expected
            .get("sampled")
            .and_then(Value::as_array)
            .is_some_and(|s| s.contains(&json!(column)));
        for (row, (ours, theirs)) in values.iter().zip(of_python).enumerate() {
            let off = (f64::from(*ours) - theirs).abs();
            let allowed =
                if sampled { sampling_error(expected, column, row) } else { 1e-5 * largest };
            assert!(off <= allowed, "{name}, {column}: {ours} against {theirs} ± {allowed}");
        }
    }
}

#[test]
fn python_s_checkpoints_forecast_what_python_forecasts() {
    let mut checks = Checks::default();
    for (case, nf) in loaded() {
        checks.row(case.name.clone(), || {
            assert_forecast(&case, &predict(&nf, &case.options));
        });
    }
    checks.finish();
}

#[test]
fn python_s_checkpoints_forecast_the_quantiles_that_are_asked_for() {
    let mut asked = 0;
    let mut checks = Checks::default();
    for (case, nf) in loaded() {
        checks.row(case.name.clone(), || {
            for ask in case.expected.get("asked").and_then(Value::as_array).into_iter().flatten() {
                let given = |name: &str| {
                    let list = ask["options"][name].as_array().into_iter().flatten();
                    list.map(|v| v.as_f64().unwrap()).collect()
                };
                let (level, quantiles) = (given("level"), given("quantiles"));
                let h = ask["options"]["h"].as_u64().map(|h| h as usize);
                let options = PredictOptions { level, quantiles, h, ..case.options.clone() };
                let forecast = predict(&nf, &options);
                let mut names: Vec<&str> =
                    forecast.columns.iter().map(|column| &column.name[..]).collect();
                let of_python = ask["forecast"].as_object().unwrap();
                let mut expected: Vec<&str> = of_python.keys().map(String::as_str).collect();
                names.sort_unstable();
                expected.sort_unstable();
                expected.retain(|name| !["ds", "unique_id"].contains(name));
                assert_eq!(names, expected, "{}: {}", case.name, ask["options"]);
                let expected = Map::from_iter([("forecast".to_string(), ask["forecast"].clone())]);
                assert_columns(&format!("{} {}", case.name, ask["options"]), &expected, &forecast);
                asked += 1;
            }
        });
    }
    checks.finish();
    assert!(asked >= 3);
}

/// All numbers of nested lists, in order.
fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().expect("a number") as f32],
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_all_close(got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= tolerance, "{got} against {expected}");
    }
}

/// Compares weights by name; `renamed` are names that are other ones here.
fn check_weights(got: Option<&VariableWeights>, expected: &Value, renamed: &[[&str; 2]]) {
    let Some(got) = got else { return assert_eq!(*expected, Value::Null) };
    let (names, values) = (texts(&expected["names"]), numbers(&expected["values"]));
    let ours = |name: &String| {
        let other = renamed.iter().find(|[theirs, _]| theirs == name);
        other.map_or(name.clone(), |[_, ours]| (*ours).to_owned())
    };
    let names: Vec<String> = names.iter().map(ours).collect();
    assert_eq!(got.values.len(), values.len());
    for (i, name) in got.names.iter().enumerate() {
        let theirs = names.iter().position(|n| n == name).unwrap_or_else(|| panic!("no {name}"));
        let every = |values: &[f32], first: usize| -> Vec<f32> {
            values.iter().skip(first).step_by(names.len()).copied().collect()
        };
        assert_all_close(&every(&got.values, i), &every(&values, theirs), 1e-6);
    }
}

fn check_interpretation(found: &Interpretation, expected: &Value) {
    // Upstream gives these two each other's name where no column is known in advance.
    let swapped = [["observed_target", "repeated_target"], ["repeated_target", "observed_target"]];
    let renamed = if found.future.is_none() { &swapped[..] } else { &[] };
    check_weights(Some(&found.past), &expected["past"], renamed);
    check_weights(found.future.as_ref(), &expected["future"], &[]);
    check_weights(found.statics.as_ref(), &expected["static"], &[]);
    assert_all_close(&found.attention, &numbers(&expected["attention"]), 1e-6);
    let correlations = found.correlations().unwrap();
    assert_all_close(&correlations, &numbers(&expected["correlations"]), 0.005_001);
}

#[test]
fn weights_of_variables_and_of_steps_are_upstreams() {
    let mut checks = Checks::default();
    for (case, nf) in loaded() {
        let Some(expected) = case.expected.get("interpretations") else { continue };
        let asked = PredictOptions { interpretation: true, ..case.options.clone() };
        let forecast = predict(&nf, &asked);
        for found in &forecast.interpretations {
            checks.row(&found.model, || check_interpretation(found, &expected[&found.model]));
        }
        let mut without = predict(&nf, &case.options);
        assert_eq!(without.interpretations, []);
        without.interpretations.clone_from(&forecast.interpretations);
        assert_eq!(without, forecast, "the forecast itself is the same");
    }
    assert_eq!(checks.finish(), 2);
}

#[test]
fn python_s_checkpoints_forecast_the_same_bytes_once_saved_by_us() {
    let mut checks = Checks::default();
    for (case, nf) in loaded() {
        checks.row(case.name.clone(), || {
            same_after_loading(&case.name, &nf, &case.options);
        });
    }
    checks.finish();
}

#[test]
fn a_scaler_that_does_not_exist_is_refused() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.dir()).unwrap();
    for entry in fs::read_dir(folder().join("exogenous")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), scratch.dir().join(entry.file_name())).unwrap();
    }
    let file = scratch.dir().join("configuration.json");
    let mut document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    document["configuration"]["local_static_scaler_type"] = json!("maxmin");
    fs::write(&file, document.to_string()).unwrap();
    let e = NeuralForecast::load(&scratch.dir()).err().expect("forecasts would be wrong");
    assert_eq!(e.code, ErrorCode::Checkpoint);
    assert_eq!(
        e.message,
        "configuration.json: \"local_static_scaler_type\" must be null or \"standard\", \"robust\", \
         \"robust-iqr\", \"minmax\" or \"boxcox\", found \"maxmin\""
    );
}

#[test]
fn a_checkpoint_without_its_data_asks_for_some() {
    let nf = NeuralForecast::load(&folder().join("without_dataset")).unwrap();
    let e = nf.predict(&PredictOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::NotFitted);
    assert_eq!(e.message, "this checkpoint was saved without its data; give the history as data");
    let scratch = Scratch::new();
    let e = nf.save(&scratch.dir(), &SaveOptions::default()).unwrap_err();
    assert_eq!(
        e.message,
        "this forecaster was loaded without its data; set saveDataset: false to save the models alone"
    );
}

#[test]
fn a_loaded_checkpoint_can_be_fitted_again() {
    let again = |(case, _): &(Case, NeuralForecast)| case.options.data.is_some();
    let (case, mut nf) = loaded().into_iter().find(again).expect("one comes with its data");
    let before = predict(&nf, &case.options);
    let table = case.options.data.as_ref().unwrap();
    nf.fit(table, &FitOptions::default(), &Control::default()).unwrap();
    assert_ne!(predict(&nf, &case.options).columns, before.columns, "our own initial weights");
    same_after_loading(&case.name, &nf, &PredictOptions::default());
}

#[test]
fn a_checkpoint_of_a_training_that_does_not_exist_here_cannot_be_fitted_again() {
    let scratch = Scratch::new();
    let mut stored = checkpoint::read(&folder().join("optimizer")).unwrap();
    stored.models[0]
        .options
        .insert("lrScheduler".into(), json!({ "kind": "CyclicLR", "baseLr": 0.1 }));
    checkpoint::write(&scratch.dir(), &stored, false).unwrap();
    let mut nf = NeuralForecast::load(&scratch.dir()).unwrap();
    let table = Table::one_series(vec![1.0; 40]);
    let e = nf.fit(&table, &FitOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::Unsupported);
    assert_eq!(
        e.message,
        "the loaded model was trained with \"lrScheduler\", which is not supported; \
         it forecasts, but cannot be fitted again"
    );
}

#[test]
fn unusual_checkpoints_of_python_s_forecast() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoints_unusual");
    let mut found = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let nf =
            NeuralForecast::load(&folder.join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let forecast = predict(&nf, &PredictOptions::default());
        let finite = |column: &neuro_divergent::Column| column.values.iter().all(|v| v.is_finite());
        assert!(forecast.columns.iter().all(finite), "{name}");
        found += 1;
    }
    assert!(found >= 12);
}

#[test]
fn what_a_newer_version_added_survives_forecasting_and_saving_but_not_other_data() {
    let scratch = Scratch::new();
    let mut stored = checkpoint::read(&folder().join("monthly")).unwrap();
    for unknown in [&mut stored.unknown, &mut stored.dataset, &mut stored.models[0].unknown] {
        unknown.around.insert("newer".into(), "added".into());
    }
    checkpoint::write(&scratch.dir(), &stored, false).unwrap();
    let mut nf = NeuralForecast::load(&scratch.dir()).unwrap();
    predict(&nf, &PredictOptions::default());
    let saved = |nf: &NeuralForecast| {
        let scratch = Scratch::new();
        nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
        let c = checkpoint::read(&scratch.dir()).unwrap();
        [&c.unknown, &c.dataset, &c.models[0].unknown].map(|u| u.around.contains_key("newer"))
    };
    assert_eq!(saved(&nf), [true, true, true]);
    let months = (0..60).map(|i| Some(format!("{}-{:02}", 2000 + i / 12, i % 12 + 1))).collect();
    let table = Table::new(vec![
        ("ds".into(), Column::Text(months)),
        ("y".into(), Column::Float((0..60).map(|t| f64::from(t).sin()).collect())),
    ]);
    nf.fit(&table.unwrap(), &FitOptions::default(), &Control::default()).unwrap();
    assert_eq!(saved(&nf), [true, false, true]);
}
