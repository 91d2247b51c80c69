//! Missing values where a forecast begins from them: refused, unless the user has said what to do with them.

mod bits;
mod checks;
mod rows;
mod scratch;
mod series;

use checks::Checks;
use neuro_divergent::data::{Column, OnGap, OnMissing, Table};
use neuro_divergent::{
    Control, Error, ErrorCode, FitMode, FitOptions, Forecast, InsampleOptions, NeuralForecast,
    PredictOptions, SaveOptions, checkpoint,
};
use rows::pick;
use scratch::{Scratch, same_after_loading};
use serde_json::json;
use series::{forecaster, models, panel};

const ROWS: usize = 30;
const NAN: f64 = f64::NAN;

/// A series of 5000 without its last rows.
fn constant(missing: usize) -> Table {
    Table::one_series((0..ROWS).map(|t| if t + missing < ROWS { 5000.0 } else { NAN }).collect())
}

/// Two series whose targets lack these rows, counted over both.
fn without(missing: &[usize]) -> Table {
    let mut table = panel(2, ROWS);
    let Column::Float(y) = &mut table.columns[2].1 else { panic!("y is a column of numbers") };
    missing.iter().for_each(|row| y[*row] = NAN);
    table
}

fn robust() -> NeuralForecast {
    forecaster("MLP", &json!({ "h": 4, "inputSize": 8, "maxSteps": 3, "scalerType": "robust" }))
}

fn fit(nf: &mut NeuralForecast, table: &Table, how: Option<OnMissing>) -> Vec<String> {
    let options = FitOptions { on_missing: how, ..FitOptions::default() };
    nf.fit(table, &options, &Control::default()).unwrap().data_warnings
}

fn predict(nf: &NeuralForecast, options: &PredictOptions) -> Result<Forecast, Error> {
    nf.predict(options, &Control::default())
}

fn with(how: OnMissing) -> PredictOptions {
    PredictOptions { on_missing: Some(how), ..PredictOptions::default() }
}

#[test]
fn a_forecast_does_not_begin_from_missing_values() {
    let mut nf = robust();
    let warnings = fit(&mut nf, &constant(6), None);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("\"y\" is missing in 6 rows of 1 series (\"series\": 6);"));
    let e = predict(&nf, &PredictOptions::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::MissingValue);
    assert_eq!(
        e.message,
        "\"y\" is missing in series \"series\" at 24, 25, 26 and 3 more, in the input of MLP (inputSize 8); fill it \
         in, or set onMissing to \"mask\", \"fillForward\", \"fillZero\" or \"interpolate\", here or when fitting"
    );
    // A remedy without training again.
    for how in [OnMissing::FillForward, OnMissing::Interpolate] {
        let forecast = predict(&nf, &with(how)).unwrap();
        assert!(
            forecast.columns[0].values.iter().all(|v| (v - 5000.0).abs() < 1.0),
            "{forecast:?}"
        );
    }
    predict(&nf, &with(OnMissing::Mask)).unwrap();
    assert_eq!(predict(&nf, &with(OnMissing::Error)).unwrap_err().code, ErrorCode::MissingValue);
}

#[test]
fn missing_values_before_the_input_are_no_matter() {
    let mut nf = robust();
    assert_eq!(fit(&mut nf, &without(&[3, ROWS - 9, ROWS + 21]), None).len(), 1);
    predict(&nf, &PredictOptions::default()).unwrap();
    // One row more of either series is in the way.
    for row in [ROWS - 8, ROWS + 22] {
        fit(&mut nf, &without(&[row]), None);
        let e = predict(&nf, &PredictOptions::default()).unwrap_err();
        let id = format!("s{}", row / ROWS);
        assert_eq!((e.details.unique_id, e.details.ds), (Some(id), Some((row % ROWS) as i64)));
        // And further ahead, where a model continues from what it has forecast.
        let far = PredictOptions { h: Some(11), ..PredictOptions::default() };
        assert_eq!(predict(&nf, &far).unwrap_err().code, ErrorCode::MissingValue);
    }
}

#[test]
fn what_fit_was_told_holds_for_its_data_and_later_ones() {
    let data = || Some(without(&[ROWS - 2]));
    let given = || PredictOptions { data: data(), ..PredictOptions::default() };
    let mut nf = robust();
    fit(&mut nf, &without(&[]), None);
    assert_eq!(predict(&nf, &given()).unwrap_err().code, ErrorCode::MissingValue);
    let chosen = predict(&nf, &PredictOptions { data: data(), ..with(OnMissing::FillZero) });
    let chosen = chosen.unwrap();
    fit(&mut nf, &without(&[]), Some(OnMissing::FillZero));
    assert_eq!(predict(&nf, &given()).unwrap(), chosen);
    let scratch = Scratch::new();
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let loaded = NeuralForecast::load(&scratch.dir()).unwrap();
    assert_eq!(predict(&loaded, &given()).unwrap(), chosen);
    let refused = PredictOptions { data: data(), ..with(OnMissing::Error) };
    assert_eq!(
        predict(&loaded, &refused).unwrap_err().details.option.as_deref(),
        Some("onMissing")
    );
    // A later run is told anew.
    let mut loaded = loaded;
    fit(&mut loaded, &without(&[]), None);
    assert_eq!(predict(&loaded, &given()).unwrap_err().code, ErrorCode::MissingValue);
    loaded
        .save(&scratch.dir(), &SaveOptions { overwrite: true, ..SaveOptions::default() })
        .unwrap();
    let loaded = NeuralForecast::load(&scratch.dir()).unwrap();
    assert_eq!(predict(&loaded, &given()).unwrap_err().code, ErrorCode::MissingValue);
}

#[test]
fn a_loaded_forecaster_knows_what_is_missing() {
    let mut nf = robust();
    fit(&mut nf, &constant(2), None);
    let scratch = Scratch::new();
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let loaded = NeuralForecast::load(&scratch.dir()).unwrap();
    assert_eq!(loaded.panel().unwrap().missing.of("y"), [28, 29]);
    let e = [&nf, &loaded].map(|nf| predict(nf, &PredictOptions::default()).unwrap_err().message);
    assert_eq!(e[0], e[1]);
    let of = |nf: &NeuralForecast| predict(nf, &with(OnMissing::FillForward)).unwrap();
    assert_eq!(of(&nf), of(&loaded));
    same_after_loading("missing values", &nf, &with(OnMissing::Interpolate));
    // What cannot be true of the data is refused.
    for (from, to) in [
        ("[28,29]", "[28,30]"),
        ("[28,29]", "[27,28]"),
        ("[28,29]", "[29,28]"),
        ("\"y\",[", "\"z\",["),
    ] {
        let file = scratch.dir().join("neural-trader.json");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&file, text.replace(from, to)).unwrap();
        let e = checkpoint::read(&scratch.dir()).unwrap_err();
        assert_eq!(e.code, ErrorCode::Checkpoint, "{to}: {e}");
        std::fs::write(&file, text).unwrap();
    }
}

#[test]
fn what_users_mask_is_forecast_from() {
    let mut nf = robust();
    let mut masked = constant(6);
    let mask = (0..ROWS).map(|t| f64::from(u8::from(t < 24))).collect();
    masked.columns.push(("available_mask".into(), Column::Float(mask)));
    let warnings = fit(&mut nf, &masked, None);
    assert_eq!(
        warnings,
        ["the last row of series \"series\" has no target; the forecast still starts after it"]
    );
    predict(&nf, &PredictOptions::default()).unwrap();
    let gap = pick(&without(&[]), (0..2 * ROWS).filter(|row| *row != 27));
    let options = FitOptions { on_gap: OnGap::Mask, ..FitOptions::default() };
    let report = nf.fit(&gap, &options, &Control::default()).unwrap();
    assert_eq!(report.data_warnings, [""; 0]);
    predict(&nf, &PredictOptions::default()).unwrap();
    // Histories have such gaps too.
    let history =
        |on_gap| PredictOptions { data: Some(gap.clone()), on_gap, ..PredictOptions::default() };
    predict(&nf, &history(None)).unwrap();
    assert_eq!(predict(&nf, &history(Some(OnGap::Error))).unwrap_err().code, ErrorCode::Gap);
}

#[test]
fn windows_within_the_data_do_not_begin_from_missing_values() {
    let mut nf = robust();
    let insample = |nf: &NeuralForecast, step_size, on_missing| {
        let options = InsampleOptions { step_size, on_missing, ..InsampleOptions::default() };
        nf.predict_insample(&options, &Control::default())
    };
    fit(&mut nf, &without(&[ROWS + 10]), None);
    let e = insample(&nf, 1, None).unwrap_err();
    assert_eq!(e.code, ErrorCode::MissingValue);
    assert!(
        e.message.starts_with("\"y\" is missing in series \"s1\" at 10, in the input of MLP"),
        "{e}"
    );
    let forecast = insample(&nf, 1, Some(OnMissing::Interpolate)).unwrap();
    let actual = forecast.column("y").unwrap();
    let masked = insample(&nf, 1, Some(OnMissing::Mask)).unwrap();
    let table = without(&[]);
    let Some(Column::Float(y)) = table.column("y") else { panic!("y is a column of numbers") };
    let between = f64::midpoint(y[ROWS + 9], y[ROWS + 11]) as f32;
    for (row, value) in actual.iter().enumerate() {
        let (series, time) = (usize::from(row >= forecast.indptr[1]), forecast.times[row] as usize);
        let missing = (series, time) == (1, 10);
        let expected = if missing { between } else { y[series * ROWS + time] as f32 };
        assert_eq!((*value, masked.column("y").unwrap()[row].is_nan()), (expected, missing));
    }
    // A missing value that is only forecast hurts nothing: forecasts begin at rows 2 and 26, and know 8 rows.
    fit(&mut nf, &without(&[ROWS + 4, ROWS + 17, ROWS + 29]), None);
    insample(&nf, 24, None).unwrap();
    fit(&mut nf, &without(&[ROWS + 18]), None);
    assert_eq!(insample(&nf, 8, None).unwrap_err().details.ds, Some(18));
}

#[test]
fn validation_rows_are_treated_as_those_of_training() {
    let rows = |from: usize, to: usize, missing: &[usize]| {
        pick(&without(missing), (0..2 * ROWS).filter(|row| (from..to).contains(&(row % ROWS))))
    };
    let missing = [5, 24, 29];
    let run = |how: Option<OnMissing>| {
        let mut nf = robust();
        let options = FitOptions {
            val_data: Some(rows(24, ROWS, &missing)),
            on_missing: how,
            ..FitOptions::default()
        };
        let report = nf.fit(&rows(0, 24, &missing), &options, &Control::default());
        report.map(|report| (report.data_warnings, nf.panel().unwrap().clone()))
    };
    let (warnings, panel) = run(None).unwrap();
    assert!(warnings[0].starts_with("\"y\" is missing in 3 rows of 1 series (\"s0\": 3);"));
    assert_eq!(panel.missing.of("y"), missing);
    let (warnings, panel) = run(Some(OnMissing::FillForward)).unwrap();
    let y = panel.target();
    assert_eq!((warnings.len(), y[24], y[29]), (0, y[23], y[28]));
    let e = run(Some(OnMissing::Error)).unwrap_err();
    assert!(e.message.starts_with("\"y\" is missing in series \"s0\" at 5;"), "{e}");
    let mut nf = robust();
    let options = FitOptions {
        val_data: Some(rows(24, ROWS, &missing)),
        on_missing: Some(OnMissing::Error),
        ..FitOptions::default()
    };
    let e = nf.fit(&rows(0, 24, &[]), &options, &Control::default()).unwrap_err();
    assert!(e.message.starts_with("valData: \"y\" is missing in series \"s0\" at 24, 29;"), "{e}");
    // Training that goes on is told anew, and masks them all the same.
    nf.fit(&rows(0, 24, &[]), &FitOptions::default(), &Control::default()).unwrap();
    let more = FitOptions { mode: FitMode::Continue, ..FitOptions::default() };
    assert_eq!(
        nf.fit(&rows(0, 24, &[5]), &more, &Control::default()).unwrap().data_warnings.len(),
        1
    );
}

#[test]
fn every_model_refuses_what_any_of_its_series_lacks() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let options = json!({ "h": 4, "inputSize": 8, "maxSteps": 1, "windowsBatchSize": 16 });
            let mut nf = forecaster(&model, &options);
            fit(&mut nf, &without(&[ROWS + 25]), None);
            let e = predict(&nf, &PredictOptions::default()).unwrap_err();
            let expected =
                format!("\"y\" is missing in series \"s1\" at 25, in the input of {model}");
            assert!(e.message.starts_with(&expected), "{model}: {e}");
            let forecast = predict(&nf, &with(OnMissing::FillForward)).unwrap();
            let mut filled = without(&[]);
            let Column::Float(y) = &mut filled.columns[2].1 else { panic!("y is a number") };
            y[ROWS + 25] = y[ROWS + 24];
            let given = PredictOptions { data: Some(filled), ..PredictOptions::default() };
            assert_eq!(predict(&nf, &given).unwrap().columns, forecast.columns, "{model}");
        });
    }
    checks.finish();
}

#[test]
fn exogenous_values_are_masked_and_filled_with_the_target() {
    let table = |y: &[usize], x: &[usize]| {
        let mut table = without(y);
        let mut values: Vec<f64> = (0..2 * ROWS).map(|i| (i % 7) as f64).collect();
        x.iter().for_each(|row| values[*row] = NAN);
        table.columns.push(("x".into(), Column::Float(values)));
        table
    };
    let options = json!({ "h": 4, "inputSize": 8, "maxSteps": 2, "futrExogList": ["x"] });
    let mut nf = forecaster("MLP", &options);
    let e = nf.fit(&table(&[], &[10]), &FitOptions::default(), &Control::default()).unwrap_err();
    assert!(
        e.message.starts_with("\"x\" is missing in series \"s0\" at 10; fill it in, mask the row"),
        "{e}"
    );
    assert!(e.message.contains("onMissing"), "{e}");
    fit(&mut nf, &table(&[], &[10]), Some(OnMissing::Mask));
    assert_eq!(nf.panel().unwrap().missing.of("y"), [10]);
    fit(&mut nf, &table(&[], &[10]), Some(OnMissing::Interpolate));
    assert_eq!(nf.panel().unwrap().column("x").unwrap()[10], 3.0);
    // Where the target is missing too, a forecast of the row would know nothing of it.
    fit(&mut nf, &table(&[29], &[29]), None);
    let step = InsampleOptions { step_size: 40, ..InsampleOptions::default() };
    let e = nf.predict_insample(&step, &Control::default()).unwrap_err();
    assert!(
        e.message.starts_with("\"x\" is missing in series \"s0\" at 29, in the input of MLP"),
        "{e}"
    );
}
