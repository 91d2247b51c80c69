//! Data and calls that a model cannot work with are refused with a code, and a message that names the option, column, series or
//! time, and the fix.

mod checks;
mod refused;
mod rows;
mod series;

use checks::Checks;
use neuro_divergent::data::{Column, Frequency, Table};
use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, InsampleOptions, ModelSpec, NeuralForecast,
    PredictOptions,
};
use refused::{refused, with};
use serde_json::{Value, json};
use series::{forecaster, models, panel};

fn fit(
    model: &str,
    options: Value,
    table: &Table,
    fit: &FitOptions,
) -> Result<NeuralForecast, Error> {
    let mut nf = forecaster(model, &with(options));
    nf.fit(table, fit, &Control::default()).map(|_| nf)
}

/// Some columns of a panel, and of these the rows that `keep` wants.
fn part(table: &Table, columns: &[&str], keep: impl Fn(usize) -> bool) -> Table {
    let mut part = rows::pick(table, (0..table.rows()).filter(|row| keep(*row)));
    part.columns.retain(|(name, _)| columns.contains(&&**name));
    part
}

#[test]
fn a_validation_split_shorter_than_the_horizon_is_refused() {
    let options = FitOptions { val_size: 3, ..FitOptions::default() };
    let message = "option \"valSize\" must be 0, or at least h (4), got 3";
    refused(fit("DLinear", json!({}), &panel(1, 40), &options), ErrorCode::InvalidOption, message);
}

#[test]
fn early_stopping_without_validation_is_refused() {
    let message = "NHITS stops early, so valSize must be at least h (4), or valData given";
    let options = json!({ "earlyStopPatienceSteps": 2 });
    let e = refused(
        fit("NHITS", options, &panel(1, 40), &FitOptions::default()),
        ErrorCode::InvalidOption,
        message,
    );
    assert_eq!(e.details.option.as_deref(), Some("valSize"));
}

#[test]
fn series_that_are_too_short_are_refused() {
    let table = panel(2, 40);
    let short = part(&table, &["unique_id", "ds", "y"], |row| !(47..80).contains(&row)); // s1 keeps 7 rows
    let message = "series \"s1\" has 7 rows; DLinear needs 8 (inputSize 8); \
                   shorten inputSize, set startPaddingEnabled: true, or leave the series out";
    let e = refused(
        fit("DLinear", json!({}), &short, &FitOptions::default()),
        ErrorCode::ShortSeries,
        message,
    );
    assert_eq!(e.details.unique_id.as_deref(), Some("s1"));
    assert_eq!((e.details.expected, e.details.actual), (Some(json!(8)), Some(json!(7))));

    let options = FitOptions { val_size: 4, ..FitOptions::default() };
    let message = "series \"s1\" has 7 rows; DLinear needs 12 (inputSize 8 and valSize 4); \
                   shorten inputSize, set startPaddingEnabled: true, or leave the series out";
    refused(fit("DLinear", json!({}), &short, &options), ErrorCode::ShortSeries, message);
}

#[test]
fn data_without_a_window_to_train_on_is_refused() {
    let options = FitOptions { val_size: 4, ..FitOptions::default() };
    let message = "DLinear finds no window to train on: the longest series, \"s0\", has 12 rows of which valSize \
                   keeps 4 out, and a window is 8 rows (inputSize) with an available one after them; \
                   shorten inputSize or set startPaddingEnabled: true";
    let e = refused(
        fit("DLinear", json!({}), &panel(1, 12), &options),
        ErrorCode::ShortSeries,
        message,
    );
    assert_eq!(e.details.unique_id.as_deref(), Some("s0"));
    assert!(fit("DLinear", json!({}), &panel(1, 13), &options).is_ok());
}

#[test]
fn padding_makes_short_series_long_enough() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let table = panel(2, 6);
            let options = json!({ "startPaddingEnabled": true });
            let nf = fit(&model, options, &table, &FitOptions::default()).unwrap();
            let forecast = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
            // The same as of rows before it that are not available.
            let mut longer = panel(2, 8);
            let earlier = |row: usize| row % 8 < 2;
            for (name, column) in &mut longer.columns {
                let Column::Float(values) = column else { continue };
                let Some(Column::Float(given)) = table.column(name) else { unreachable!() };
                for row in (0..16).filter(|row| !earlier(*row)) {
                    values[row] = given[row / 8 * 6 + row % 8 - 2];
                }
            }
            let mask = (0..16).map(|row| f64::from(u8::from(!earlier(row)))).collect();
            longer.columns.push(("available_mask".into(), Column::Float(mask)));
            let options = PredictOptions { data: Some(longer), ..PredictOptions::default() };
            let same = nf.predict(&options, &Control::default()).unwrap();
            // What is sampled depends on the number of rows before it.
            assert_eq!(same.columns[0], forecast.columns[0], "{model}");
        });
    }
    checks.finish();
}

#[test]
fn a_forecast_before_fitting_is_refused() {
    let nf = forecaster("DLinear", &with(json!({})));
    let given = PredictOptions { data: Some(panel(1, 40)), ..PredictOptions::default() };
    for options in [PredictOptions::default(), given] {
        let message = "nothing is fitted yet; call fit, or load a checkpoint";
        refused(nf.predict(&options, &Control::default()), ErrorCode::NotFitted, message);
    }
}

#[test]
fn columns_that_the_data_lacks_are_refused() {
    let lists = json!({ "futrExogList": ["prize"], "histExogList": ["visits"] });
    let message = "there is no exogenous column \"prize\"; did you mean \"price\"? \
                   The table has: unique_id, ds, y, price, visits";
    let e = refused(
        fit("NHITS", lists, &panel(1, 40), &FitOptions::default()),
        ErrorCode::Schema,
        message,
    );
    assert_eq!(e.details.column.as_deref(), Some("prize"));
}

#[test]
fn static_columns_without_their_table_are_refused() {
    let result =
        fit("NHITS", json!({ "statExogList": ["size"] }), &panel(1, 40), &FitOptions::default());
    let message = "static columns are needed (size), but there is no static table; give one row for each series as static";
    refused(result, ErrorCode::Schema, message);
}

/// A forecaster that needs `price`, fitted on the first 40 steps of two series; and the price of the next four.
fn priced() -> (NeuralForecast, Table) {
    let whole = panel(2, 44);
    let train = part(&whole, &["unique_id", "ds", "y", "price"], |row| row % 44 < 40);
    let future = part(&whole, &["unique_id", "ds", "price"], |row| row % 44 >= 40);
    let nf =
        fit("NHITS", json!({ "futrExogList": ["price"] }), &train, &FitOptions::default()).unwrap();
    (nf, future)
}

#[test]
fn missing_future_values_are_asked_for() {
    let (nf, future) = priced();
    let message = "future values of price are needed: 4 rows per series; give them as future";
    let predict = |future: Option<Table>| {
        nf.predict(&PredictOptions { future, ..PredictOptions::default() }, &Control::default())
    };
    let e = refused(predict(None), ErrorCode::FutureExog, message);
    assert_eq!(e.details.column.as_deref(), Some("price"));

    let some = part(&future, &["unique_id", "ds", "price"], |row| row != 2 && row < 6);
    let message = "future values are missing for series \"s0\" at 42 (3 of 8 rows are missing); \
                   the future table needs each series at its 4 times after the data";
    let e = refused(predict(Some(some)), ErrorCode::FutureExog, message);
    assert_eq!((e.details.unique_id.as_deref(), e.details.ds), (Some("s0"), Some(42)));

    let unpriced = part(&future, &["unique_id", "ds"], |_| true);
    let message = "there is no future column \"price\". The table has: unique_id, ds";
    refused(predict(Some(unpriced)), ErrorCode::FutureExog, message);
    assert!(predict(Some(future)).is_ok());
}

#[test]
fn levels_that_were_not_trained_are_refused() {
    let nf = fit(
        "DLinear",
        json!({ "loss": { "kind": "MQLoss", "args": { "level": [80] } } }),
        &panel(1, 40),
        &FitOptions::default(),
    )
    .unwrap();
    let level = |level| PredictOptions { level: vec![level], ..PredictOptions::default() };
    assert!(nf.predict(&level(80.0), &Control::default()).is_ok());
    let message = "\"DLinear\" has the levels 80, not 95; to get it, train with `loss.mq({ level: [95] })`, or fit with predictionIntervals";
    refused(nf.predict(&level(95.0), &Control::default()), ErrorCode::InvalidOption, message);
}

#[test]
fn quantiles_that_were_not_trained_are_refused() {
    let asked = |quantiles: &[f64], level: &[f64]| PredictOptions {
        quantiles: quantiles.to_vec(),
        level: level.to_vec(),
        ..PredictOptions::default()
    };
    let options = json!({ "loss": { "kind": "MQLoss", "args": { "quantiles": [0.1, 0.5] } } });
    let nf = fit("DLinear", options, &panel(1, 40), &FitOptions::default()).unwrap();
    assert!(nf.predict(&asked(&[0.1, 0.5], &[]), &Control::default()).is_ok());
    let message = "\"DLinear\" has the quantiles 0.1, 0.5, not 0.3; to get it, train with \
                   `loss.mq({ quantiles: [0.3] })` or `loss.iq()`, or fit with predictionIntervals";
    let result = nf.predict(&asked(&[0.1, 0.3], &[]), &Control::default());
    refused(result, ErrorCode::InvalidOption, message);
    let message = "give level or quantiles, not both: a level stands for two quantiles";
    let result = nf.predict(&asked(&[0.1], &[80.0]), &Control::default());
    refused(result, ErrorCode::InvalidOption, message);

    let point = fit("DLinear", json!({}), &panel(1, 40), &FitOptions::default()).unwrap();
    let message = "\"DLinear\" has no quantiles, so not 0.3; to get it, train with \
                   `loss.mq({ quantiles: [0.3] })` or `loss.iq()`, or fit with predictionIntervals";
    let result = point.predict(&asked(&[0.3], &[]), &Control::default());
    refused(result, ErrorCode::InvalidOption, message);
}

#[test]
fn an_implicit_quantile_loss_takes_any_quantile_and_level() {
    let options = json!({ "loss": { "kind": "IQLoss" } });
    let nf = fit("DLinear", options, &panel(1, 40), &FitOptions::default()).unwrap();
    let names = |options: &PredictOptions| {
        let forecast = nf.predict(options, &Control::default()).unwrap();
        forecast.columns.into_iter().map(|column| column.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&PredictOptions::default()), ["DLinear_ql0.5"]);
    let quantiles = PredictOptions { quantiles: vec![0.9, 0.25], ..PredictOptions::default() };
    assert_eq!(names(&quantiles), ["DLinear_ql0.25", "DLinear_ql0.9"]);
    let level = PredictOptions { level: vec![80.0, 97.5], ..PredictOptions::default() };
    let expected = ["DLinear-lo-97.5", "DLinear-lo-80", "DLinear-hi-80", "DLinear-hi-97.5"];
    assert_eq!(names(&level), expected);
    let forecast = nf.predict(&level, &Control::default()).unwrap();
    let (lo, hi) = forecast.interval("DLinear", 97.5).unwrap();
    assert_eq!(forecast.quantile("DLinear", 0.0125).unwrap(), lo);
    assert!(lo.iter().zip(hi).all(|(lo, hi)| lo <= hi), "sorted, whatever the network gives");

    let insample = |level: Vec<f64>| {
        let options = InsampleOptions { step_size: 4, level, ..InsampleOptions::default() };
        nf.predict_insample(&options, &Control::default()).unwrap()
    };
    let within = insample(vec![80.0]);
    assert_eq!(within.columns.len(), 3);
    assert!(within.quantile("DLinear", 0.1).unwrap().len() > 4);
    assert_eq!(insample(Vec::new()).columns[0].name, "DLinear_ql0.5");
}

#[test]
fn a_number_of_threads_out_of_range_is_refused() {
    let mut nf = forecaster("DLinear", &with(json!({})));
    let control = Control { threads: Some(0), ..Control::default() };
    let message = "option \"threads\" must be a whole number from 1 to 1024, got 0";
    refused(
        nf.fit(&panel(1, 40), &FitOptions::default(), &control),
        ErrorCode::InvalidOption,
        message,
    );
}

#[test]
fn a_frequency_that_the_times_do_not_follow_is_refused() {
    let specs = vec![ModelSpec {
        model: "DLinear".into(),
        options: with(json!({})).as_object().unwrap().clone(),
    }];
    let mut nf = NeuralForecast::new(specs, Some(Frequency::step(2).unwrap())).unwrap();
    let e = nf.fit(&panel(1, 40), &FitOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::Freq, "{e}");
}
