//! Whatever the options and the series are, fitting and forecasting end in finite numbers or a typed error, never a panic.

mod series;

use std::panic::{AssertUnwindSafe, catch_unwind};

use neuro_divergent::data::{Column, Table};
use neuro_divergent::{Control, Error, ErrorCode, FitOptions, NeuralForecast, PredictOptions};
use serde_json::{Value, json};
use series::{forecaster, models, panel, spec};

fn values() -> Vec<Value> {
    let list = json!([
        null, true, false, "x", "", {}, [], [[]], [[1]], [[2, 2]], [[2, 3], [4, 2]], ["price"], ["y"], ["unique_id"],
        ["price", "price"], [0], [1], [3], [1, 2, 3], [1, 0, 1], [1, 1, 1], [9, 9, 9], [30, 30, 30], -1, -2, 0, 1, 2, 3,
        7, 50, 0.5, 0.99, 1.0, 1e-30, 1e30, 1e300, -0.5, { "kind": "x" }, { "kind": "MAE", "args": [] },
        { "kind": "MQLoss", "args": { "quantiles": [] } }, { "kind": "MQLoss", "args": { "quantiles": [0.5] } },
        { "kind": "MQLoss", "args": { "level": [80, 80] } }, { "kind": "HuberLoss", "args": { "delta": 1e-30 } },
        { "kind": "MAE", "args": { "horizonWeight": [0, 0, 0, 1] } }, { "kind": "SGD", "momentum": 0.9, "nesterov": true },
        { "kind": "RMSprop", "alpha": 0.0, "eps": 0.0 }, { "kind": "Adam", "betas": [0.0, 0.0], "eps": 0.0 },
    ]);
    list.as_array().unwrap().clone()
}

/// Makes, fits and forecasts; the forecast's numbers.
fn run(model: &str, option: &str, value: &Value, val_size: usize) -> Result<usize, Error> {
    let mut options = json!({ "h": 4, "inputSize": 8, "maxSteps": 3, "windowsBatchSize": 16 });
    options[option] = value.clone();
    let mut nf = NeuralForecast::new(vec![spec(model, &options)], None)?;
    let fit = FitOptions { val_size, ..FitOptions::default() };
    nf.fit(&panel(2, 30), &fit, &Control::default())?;
    // The future of whatever it asks for, as far as any series may go.
    let future = panel(2, 100);
    let predict = PredictOptions { future: Some(future), ..PredictOptions::default() };
    let forecast = nf.predict(&predict, &Control::default())?;
    assert!(forecast.columns.iter().all(|c| c.values.len() == 2 * forecast.h));
    assert!(forecast.columns.iter().all(|c| c.values.iter().all(|v| v.is_finite())), "{model}");
    Ok(forecast.columns.len())
}

#[test]
fn no_value_of_any_option_panics() {
    let mut wrong = Vec::new();
    let (mut fine, mut refused) = (0, 0);
    for (model, described) in models() {
        for option in described["options"].as_array().unwrap() {
            let name = option["name"].as_str().unwrap();
            for value in values() {
                for val_size in [0, 6] {
                    let result =
                        catch_unwind(AssertUnwindSafe(|| run(&model, name, &value, val_size)));
                    match result {
                        Err(_) => wrong.push(format!("{model}: {name} = {value} panics")),
                        Ok(Ok(_)) => fine += 1,
                        Ok(Err(e)) if e.code == ErrorCode::Internal || e.message.is_empty() => {
                            wrong.push(format!("{model}: {name} = {value}: {e}"));
                        }
                        Ok(Err(_)) => refused += 1,
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(fine > 100 && refused > 1000, "{fine} fine, {refused} refused");
}

/// Series that are unlike others, all in one table: name and values. NaN is missing.
fn odd_series() -> Vec<(&'static str, Vec<f64>)> {
    let series = |f: &dyn Fn(usize) -> f64| (0..40).map(f).collect::<Vec<f64>>();
    let wave = |t: usize| (t as f64 * 0.9).sin();
    vec![
        ("constant", series(&|_| 5.0)),
        ("zero", series(&|_| 0.0)),
        ("negative zero", series(&|_| -0.0)),
        ("one step", series(&|t| f64::from(u8::from(t > 30)))),
        ("one spike", series(&|t| if t == 20 { 1e6 } else { 0.0 })),
        ("large with small moves", series(&|t| 1e9 + 1e-3 * wave(t))),
        ("huge", series(&|t| 1e15 * wave(t))),
        ("tiny", series(&|t| 1e-30 * wave(t))),
        ("denormal", series(&|t| 1e-310 * wave(t))),
        ("exponential", series(&|t| (t as f64).exp2())),
        ("long", (0..300).map(wave).collect()),
        ("short", (0..14).map(wave).collect()), // a recurrent model wants one row more than others
    ]
}

fn table_of(name: &str, values: &[f64]) -> Table {
    let n = values.len();
    Table::new(vec![
        ("unique_id".into(), Column::Text(vec![Some(name.into()); n].into())),
        ("ds".into(), Column::Int((0..n as i64).collect())),
        ("y".into(), Column::Float(values.to_vec())),
        ("available_mask".into(), Column::Float(vec![1.0; n])),
    ])
    .unwrap()
}

/// Whether a row is available.
type Available = fn(usize) -> bool;

/// Of a series, which rows are available.
fn masks() -> [(&'static str, Available); 3] {
    [
        ("beginning missing", |t| t >= 30),
        ("end missing", |t| t < 20),
        ("every other missing", |t| t.is_multiple_of(2)),
    ]
}

#[test]
fn odd_series_have_finite_forecasts() {
    let mut tables: Vec<Table> = odd_series().iter().map(|(n, v)| table_of(n, v)).collect();
    for (name, available) in masks() {
        let values: Vec<f64> = (0..40).map(|t| (t as f64 * 0.9).sin()).collect();
        let mut table = table_of(name, &values);
        let mask = (0..40).map(|t| f64::from(u8::from(available(t)))).collect();
        table.columns[3].1 = Column::Float(mask);
        tables.push(table);
    }
    let mut wrong = Vec::new();
    for (model, described) in models() {
        let options = described["options"].as_array().unwrap();
        let scaler = options.iter().find(|o| o["name"] == "scalerType").unwrap();
        for scaler in scaler["ts"].as_str().unwrap().split(" | ").map(|s| s.trim_matches('\'')) {
            for table in &tables {
                let Some(Column::Text(ids)) = table.column("unique_id") else { unreachable!() };
                let what = format!("{model}, {scaler}, {:?}", ids.get(0));
                let mut options = json!({
                    "h": 4, "inputSize": 8, "maxSteps": 3, "windowsBatchSize": null, "scalerType": scaler, "valCheckSteps": 1,
                });
                if scaler == "revin" {
                    options["loss"] = json!({ "kind": "MAE" }); // a distribution has no scale to learn
                }
                let mut nf = forecaster(&model, &options);
                let fit = FitOptions { val_size: 4, ..FitOptions::default() };
                let result = catch_unwind(AssertUnwindSafe(|| {
                    let report = nf.fit(table, &fit, &Control::default())?.models.remove(0);
                    let f = nf.predict(&PredictOptions::default(), &Control::default())?;
                    Ok::<_, Error>([
                        report.train_loss,
                        report.val_loss,
                        f.columns[0].values.clone(),
                    ])
                }));
                match result {
                    Ok(Ok(numbers)) if numbers.iter().flatten().all(|v| v.is_finite()) => {}
                    Ok(Ok(numbers)) => wrong.push(format!("{what}: {numbers:?}")),
                    Ok(Err(e)) => wrong.push(format!("{what}: {:?} {e}", e.code)),
                    Err(_) => wrong.push(format!("{what} panics")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
