//! Cross-validation: each forecast is what a forecaster says that has seen the rows before the cutoff and no others.

mod bits;
mod checks;
mod rows;
mod series;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use bits::of_forecast;
use checks::Checks;
use neuro_divergent::data::{Column, LocalScaling, OnMissing, Table};
use neuro_divergent::scalers::LocalScalerType;
use neuro_divergent::{
    Control, CrossValidationOptions, ErrorCode, FitOptions, Forecast, NeuralForecast,
    PredictOptions, Progress, Refit,
};
use rows::pick;
use serde_json::{Value, json};
use series::{forecaster, models, panel, spec};

const SERIES: usize = 2;
const ROWS: usize = 48;
const H: usize = 4;

fn options(more: &Value) -> Value {
    let mut all = json!({ "h": H, "inputSize": 8, "maxSteps": 5, "scalerType": "standard" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn windows(n_windows: usize, step_size: usize) -> CrossValidationOptions {
    CrossValidationOptions { n_windows: Some(n_windows), step_size, ..Default::default() }
}

fn run(nf: &NeuralForecast, table: &Table, options: &CrossValidationOptions) -> Forecast {
    nf.cross_validation(table, options, &Control::default()).unwrap()
}

/// The first `n` rows of every series of a table whose series have `ROWS` each.
fn first(table: &Table, n: usize) -> Table {
    pick(table, (0..table.rows()).filter(|row| row % ROWS < n))
}

fn fit(nf: &mut NeuralForecast, table: &Table, val_size: usize) {
    let options = FitOptions { val_size, ..FitOptions::default() };
    nf.fit(table, &options, &Control::default()).unwrap();
}

/// The forecasts from one cutoff: the values of each column but the target, series by series.
fn at(forecast: &Forecast, window: usize, windows: usize) -> Vec<(String, Vec<f32>)> {
    let rows = |values: &[f32]| -> Vec<f32> {
        let of_series = values.chunks_exact(windows * forecast.h);
        of_series.flat_map(|v| v[window * forecast.h..][..forecast.h].to_vec()).collect()
    };
    let columns = forecast.columns.iter().filter(|column| column.of.is_some());
    columns.map(|column| (column.name.clone(), rows(&column.values))).collect()
}

fn assert_close(what: &str, ours: &[(String, Vec<f32>)], others: &[(String, Vec<f32>)]) {
    assert_eq!(ours.len(), others.len(), "{what}");
    for ((name, ours), (other, others)) in ours.iter().zip(others) {
        assert_eq!((name, ours.len()), (other, others.len()), "{what}");
        let largest = others.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        for (a, b) in ours.iter().zip(others) {
            assert!((a - b).abs() <= 1e-6 * largest, "{what}, {name}: {a} against {b}");
        }
    }
}

/// What `predict` says from the rows before each cutoff, by models trained on the rows before the first one that they forecast.
fn by_hand(
    new: &dyn Fn() -> NeuralForecast,
    table: &Table,
    cutoffs: &[usize],
    refit: usize,
    val_size: usize,
) -> Vec<Vec<(String, Vec<f32>)>> {
    let mut nf = new();
    let forecast = |(i, cutoff): (usize, &usize)| {
        let before = first(table, *cutoff);
        if i % refit == 0 {
            fit(&mut nf, &before, val_size);
        }
        let future = pick(table, (0..table.rows()).filter(|row| row % ROWS >= *cutoff));
        let options =
            PredictOptions { data: Some(before), future: Some(future), ..Default::default() };
        at(&nf.predict(&options, &Control::default()).unwrap(), 0, 1)
    };
    cutoffs.iter().enumerate().map(forecast).collect()
}

/// Models whose inputs, losses and ways to forecast differ.
fn kinds() -> Vec<(&'static str, Value)> {
    let likelihood =
        json!({ "kind": "DistributionLoss", "args": { "distribution": "Normal", "level": [80] } });
    vec![
        ("NHITS", json!({ "futrExogList": ["price"], "histExogList": ["visits"] })),
        ("DLinear", json!({ "loss": { "kind": "MQLoss", "args": { "level": [80] } } })),
        ("LSTM", json!({ "recurrent": true })),
        ("DeepAR", json!({ "trajectorySamples": 20, "loss": likelihood })),
        ("TSMixerx", json!({ "futrExogList": ["price"] })),
        ("NHITS", json!({ "loss": { "kind": "IQLoss", "args": {} } })),
    ]
}

#[test]
fn each_forecast_is_that_of_the_rows_before_its_cutoff() {
    let table = panel(SERIES, ROWS);
    let mut checks = Checks::default();
    for (model, more) in kinds() {
        for (refit, every) in [(Refit::Never, 3), (Refit::Every(2), 2), (Refit::Every(1), 1)] {
            checks.row(format!("{model} {more} {refit:?}"), || {
                let new = || forecaster(model, &options(&more));
                let ours = CrossValidationOptions { refit, val_size: 4, ..windows(3, 5) };
                let forecast = run(&new(), &table, &ours);
                let cutoffs = [34, 39, 44];
                let expected = by_hand(&new, &table, &cutoffs, every, 4);
                for (i, cutoff) in cutoffs.iter().enumerate() {
                    assert_close(&format!("cutoff {cutoff}"), &at(&forecast, i, 3), &expected[i]);
                }
            });
        }
    }
    checks.finish();
}

#[test]
fn every_model_is_cross_validated() {
    let table = panel(SERIES, ROWS);
    let mut checks = Checks::default();
    for (model, described) in models() {
        checks.row(&model, || {
            let has = |name: &str| {
                described["options"].as_array().unwrap().iter().any(|o| o["name"] == name)
            };
            // As the forecast of a window by itself.
            let alone = match has("independentWindows") {
                true => json!({ "independentWindows": true }),
                false => json!({}),
            };
            let mut all = options(&alone);
            all["maxSteps"] = json!(2);
            let new = || forecaster(&model, &all);
            let forecast = run(&new(), &table, &windows(2, 6));
            for (i, expected) in by_hand(&new, &table, &[38, 44], 2, 0).iter().enumerate() {
                assert_close(&format!("window {i}"), &at(&forecast, i, 2), expected);
            }
        });
    }
    checks.finish();
}

#[test]
fn rows_have_their_time_cutoff_and_target() {
    let (table, nf) = (panel(SERIES, ROWS), forecaster("DLinear", &options(&json!({}))));
    let forecast = run(&nf, &table, &windows(2, 3));
    assert_eq!(forecast.indptr, [0, 8, 16]);
    let [a, b]: [i64; 2] = [40, 43];
    let times: Vec<i64> = [a + 1..a + 5, b + 1..b + 5].into_iter().flatten().collect();
    assert_eq!(forecast.times, [&times[..], &times].concat());
    let cutoffs = [[a; 4], [b; 4]].concat();
    assert_eq!(forecast.cutoff, Some([&cutoffs[..], &cutoffs].concat()));
    let Some(Column::Float(y)) = table.column("y") else { panic!("y is a number") };
    let row = |i: usize| i / 8 * ROWS + times[i % 8] as usize;
    let actual: Vec<f32> = (0..16).map(|i| y[row(i)] as f32).collect();
    assert_eq!(forecast.column("y").unwrap(), actual);
    assert_eq!(forecast.columns.last().map(|c| &c.name[..]), Some("y"));
    assert!(!nf.fitted(), "the forecaster stays as it is");

    // As many as there is room for.
    let all = CrossValidationOptions { n_windows: None, test_size: Some(7), ..windows(1, 3) };
    assert_eq!(run(&nf, &table, &all), forecast);
}

/// Rows of a series with a category that only later rows have, local scalers, missing values, and every kind of filling.
#[test]
fn what_comes_after_a_cutoff_cannot_change_its_forecasts() {
    let kinds = ["calm", "wild", "new"];
    let table = |later: f64| {
        let mut table = panel(SERIES, ROWS);
        let text = (0..SERIES * ROWS).map(|row| match row % ROWS {
            t if t >= 44 && later > 1.0 => Some("a new one, first in the alphabet"),
            t => Some(kinds[t % 2]),
        });
        table.columns.push(("mood".into(), Column::Text(text.collect())));
        for (name, column) in &mut table.columns {
            let Column::Float(values) = column else { continue };
            for (row, value) in values.iter_mut().enumerate() {
                *value *= if row % ROWS >= 44 { later } else { 1.0 };
                // The last row before each of the first two cutoffs.
                if name == "y" && [33, 38].contains(&(row % ROWS)) {
                    *value = f64::NAN;
                }
            }
        }
        table
    };
    let mut checks = Checks::default();
    let fills =
        [OnMissing::Mask, OnMissing::FillForward, OnMissing::FillZero, OnMissing::Interpolate];
    for on_missing in fills {
        for refit in [Refit::Never, Refit::Every(1)] {
            checks.row(format!("{on_missing:?} {refit:?}"), || {
                let lists = json!({ "histExogList": ["visits", "mood"], "catExogList": ["mood"] });
                let scaling =
                    LocalScaling { temporal: Some(LocalScalerType::Standard), statics: None };
                let nf = forecaster("NHITS", &options(&lists)).with_local_scaling(scaling);
                let how =
                    CrossValidationOptions { refit, on_missing: Some(on_missing), ..windows(3, 5) };
                let [usual, other] = [1.0, 1000.0].map(|later| run(&nf, &table(later), &how));
                for window in 0..3 {
                    assert_eq!(at(&usual, window, 3), at(&other, window, 3), "cutoff {window}");
                }
                assert_ne!(usual.column("y").unwrap(), other.column("y").unwrap());
            });
        }
    }
    checks.finish();
}

#[test]
fn interpolated_values_come_from_the_rows_before_the_cutoff() {
    let mut table = panel(1, ROWS);
    let Column::Float(y) = &mut table.columns[2].1 else { panic!("y is a number") };
    [35, 39, 43].iter().for_each(|row| y[*row] = f64::NAN);
    let nf = forecaster("DLinear", &options(&json!({})));
    let on_missing = Some(OnMissing::Interpolate);
    let forecast = run(&nf, &table, &CrossValidationOptions { on_missing, ..windows(2, 4) });
    let mut by_hand = forecaster("DLinear", &options(&json!({})));
    let fit = FitOptions { on_missing, ..FitOptions::default() };
    by_hand.fit(&first(&table, 40), &fit, &Control::default()).unwrap();
    for (i, cutoff) in [40, 44].into_iter().enumerate() {
        let data = Some(first(&table, cutoff));
        let predict = PredictOptions { data, ..PredictOptions::default() };
        let expected = by_hand.predict(&predict, &Control::default()).unwrap();
        assert_close(&format!("cutoff {cutoff}"), &at(&forecast, i, 2), &at(&expected, 0, 1));
    }
}

#[test]
fn fitted_models_forecast_without_training() {
    let table = panel(SERIES, ROWS);
    let mut nf = forecaster("NHITS", &options(&json!({})));
    fit(&mut nf, &first(&table, 30), 0);
    let fitted = CrossValidationOptions { use_fitted: true, ..windows(2, 4) };
    let forecast = run(&nf, &table, &fitted);
    for (i, cutoff) in [40, 44].into_iter().enumerate() {
        let predict = PredictOptions { data: Some(first(&table, cutoff)), ..Default::default() };
        let expected = nf.predict(&predict, &Control::default()).unwrap();
        assert_close(&format!("cutoff {cutoff}"), &at(&forecast, i, 2), &at(&expected, 0, 1));
    }
    assert_eq!(nf.panel().unwrap().times.len(), SERIES * 30, "the data that it was fitted on");
}

#[test]
fn forecasts_may_be_longer_than_the_models_are_trained_for() {
    let table = panel(SERIES, ROWS);
    let recurrent = json!({ "recurrent": true });
    for (model, more, refit) in [
        ("DLinear", json!({}), Refit::Never),
        ("DLinear", json!({}), Refit::Every(1)),
        ("LSTM", recurrent, Refit::Never),
    ] {
        let nf = forecaster(model, &options(&more));
        let far = CrossValidationOptions { h: Some(10), refit, ..windows(2, 3) };
        let forecast = run(&nf, &table, &far);
        assert_eq!((forecast.h, forecast.times.len()), (10, SERIES * 2 * 10));
        let mut by_hand = forecaster(model, &options(&more));
        for (i, cutoff) in [35, 38].into_iter().enumerate() {
            let data = first(&table, cutoff);
            if i == 0 || refit != Refit::Never {
                fit(&mut by_hand, &data, 0);
            }
            let predict = PredictOptions { data: Some(data), h: Some(10), ..Default::default() };
            let expected = by_hand.predict(&predict, &Control::default()).unwrap();
            assert_close(&format!("{model} {cutoff}"), &at(&forecast, i, 2), &at(&expected, 0, 1));
        }
    }
}

#[test]
fn results_do_not_depend_on_threads_or_memory() {
    let table = panel(SERIES, ROWS);
    let models = vec![
        spec("NHITS", &options(&json!({}))),
        spec("TSMixer", &options(&json!({ "alias": "mixer" }))),
    ];
    let nf = NeuralForecast::new(models, None).unwrap();
    let every = CrossValidationOptions { refit: Refit::Every(1), ..windows(5, 2) };
    let with = |threads: usize, memory_limit: Option<usize>| {
        let control = Control { threads: Some(threads), memory_limit, ..Control::default() };
        of_forecast(&nf.cross_validation(&table, &every, &control).unwrap())
    };
    let one = with(1, None);
    for (threads, memory) in [(2, None), (7, None), (4, Some(40 << 20))] {
        assert_eq!(with(threads, memory), one, "{threads} threads, {memory:?} bytes");
    }
    let control = Control { memory_limit: Some(1000), ..Control::default() };
    let e = nf.cross_validation(&table, &every, &control).unwrap_err();
    assert_eq!(e.code, ErrorCode::MemoryLimit, "{e}");
}

#[test]
fn progress_is_told_and_the_caller_can_stop_it() {
    let (table, told) = (panel(1, ROWS), Arc::new(Mutex::new(Vec::new())));
    let nf = forecaster("DLinear", &options(&json!({ "maxSteps": 50 })));
    let control = Control::default();
    let cancel = control.cancel.clone();
    let stops = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let progress = {
        let (told, stops) = (told.clone(), stops.clone());
        move |p: &Progress| {
            told.lock().unwrap().push((p.phase, p.window, p.step));
            if stops.load(Ordering::Relaxed) && p.step == 7 {
                cancel.store(true, Ordering::Relaxed);
            }
        }
    };
    let control = Control { progress: Some(Arc::new(progress)), ..control };
    let every = CrossValidationOptions { refit: Refit::Every(2), ..windows(4, 1) };
    nf.cross_validation(&table, &every, &control).unwrap();
    {
        let told = told.lock().unwrap();
        for window in [Some(1), Some(3)] {
            assert!(told.contains(&("cv", window, 50)), "the last step of fold {window:?}");
        }
    }
    stops.store(true, Ordering::Relaxed);
    let endless = forecaster("DLinear", &options(&json!({ "maxSteps": 1_000_000 })));
    let e = endless.cross_validation(&table, &every, &control).unwrap_err();
    assert_eq!(e.code, ErrorCode::Aborted);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let table = panel(SERIES, ROWS);
    let mut nf = forecaster("DLinear", &options(&json!({})));
    let d = CrossValidationOptions::default;
    let unfitted = CrossValidationOptions { use_fitted: true, ..d() };
    let e = nf.cross_validation(&table, &unfitted, &Control::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::NotFitted);
    fit(&mut nf, &table, 0);
    let mut checks = Checks::default();
    let cases = [
        (
            CrossValidationOptions { n_windows: Some(2), test_size: Some(8), ..d() },
            "option \"testSize\" must be left out where nWindows is given, got 8",
            "testSize",
        ),
        (
            CrossValidationOptions { test_size: Some(3), ..d() },
            "option \"testSize\" must be at least h (4), got 3",
            "testSize",
        ),
        (
            CrossValidationOptions { test_size: Some(8), step_size: 3, ..d() },
            "option \"testSize\" must be h (4), or more by a multiple of stepSize (3), got 8",
            "testSize",
        ),
        (
            CrossValidationOptions { n_windows: Some(1 << 40), step_size: 1 << 40, ..d() },
            "option \"nWindows\" must be a smaller number",
            "nWindows",
        ),
        (
            windows(23, 2),
            "series \"s0\" has 48 rows; 23 forecasts (nWindows) of 4 steps, 2 rows apart (stepSize), need at least 49; \
             ask for fewer, or leave the series out",
            "nWindows",
        ),
        (
            windows(20, 2),
            "the rows before the first forecast: series \"s0\" has 6 rows; DLinear needs 8 (inputSize 8); \
             shorten inputSize, set startPaddingEnabled: true, or leave the series out",
            "inputSize",
        ),
        (
            CrossValidationOptions { val_size: 2, ..d() },
            "the rows before the first forecast: option \"valSize\" must be 0, or at least h (4), got 2",
            "valSize",
        ),
        (
            CrossValidationOptions { use_fitted: true, refit: Refit::Every(1), ..d() },
            "refit is for training, and useFitted does not train; leave one of them out",
            "refit",
        ),
        (
            CrossValidationOptions { use_fitted: true, max_steps: Some(3), ..d() },
            "maxSteps is for training, and useFitted does not train; leave one of them out",
            "maxSteps",
        ),
        (
            CrossValidationOptions { h: Some(3), ..d() },
            "option \"h\" must be at least 4, the h that the models were trained for, got 3",
            "h",
        ),
        (CrossValidationOptions { level: vec![80.0], ..d() }, "DLinear", "level"),
        (
            CrossValidationOptions { step_size: 0, ..d() },
            "option \"stepSize\" must be a whole number ≥ 1, got 0",
            "stepSize",
        ),
    ];
    for (options, message, option) in cases {
        checks.row(message, || {
            let e = nf.cross_validation(&table, &options, &Control::default()).unwrap_err();
            assert!(e.message.starts_with(message) || e.message.contains(message), "{e}");
            assert_eq!(e.details.option.as_deref(), Some(option));
        });
    }
    assert_eq!(checks.finish(), 12);
}
