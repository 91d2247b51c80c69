//! Series shorter than the input: forecast with a warning, or refused.

mod checks;
mod rows;
mod series;

use checks::Checks;
use neuro_divergent::data::{Column, Table};
use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, Forecast, InsampleOptions, NeuralForecast, OnShort,
    PredictOptions,
};
use rows::pick;
use serde_json::json;
use series::{forecaster, models, panel};

const ROWS: usize = 30;

/// The last rows of each of some series, as many as each has.
fn ends(rows: &[usize]) -> Table {
    let kept = |row: &usize| row % ROWS + rows[row / ROWS] >= ROWS;
    pick(&panel(rows.len(), ROWS), (0..rows.len() * ROWS).filter(kept))
}

fn fitted(model: &str, rows: &[usize]) -> NeuralForecast {
    let options = json!({
        "h": 4, "inputSize": 8, "maxSteps": 1, "windowsBatchSize": 16, "startPaddingEnabled": true
    });
    let mut nf = forecaster(model, &options);
    nf.fit(&ends(rows), &FitOptions::default(), &Control::default())
        .unwrap_or_else(|e| panic!("{model}: {e}"));
    nf
}

fn predict(nf: &NeuralForecast, data: Option<Table>, on_short: OnShort) -> Result<Forecast, Error> {
    nf.predict(&PredictOptions { data, on_short, ..PredictOptions::default() }, &Control::default())
}

#[test]
fn a_short_history_is_warned_of_or_refused() {
    let nf = fitted("MLP", &[ROWS, ROWS]);
    assert_eq!(predict(&nf, None, OnShort::Error).unwrap().warnings, [""; 0]);
    assert_eq!(predict(&nf, Some(ends(&[8, 9])), OnShort::Error).unwrap().warnings, [""; 0]);
    let forecast = predict(&nf, Some(ends(&[3, 8])), OnShort::Pad).unwrap();
    let message = "1 series has fewer rows than the 8 that MLP takes as input (inputSize 8): \"s0\" (3 rows); ";
    assert_eq!(forecast.warnings, [format!("{message}the input is padded with zeros")]);
    let e = predict(&nf, Some(ends(&[3, 8])), OnShort::Error).unwrap_err();
    assert_eq!(e.code, ErrorCode::ShortSeries);
    assert_eq!(e.message, format!("{message}give more rows, or set onShort to \"pad\""));
    assert_eq!((e.details.unique_id.as_deref(), e.details.actual), (Some("s0"), Some(3.into())));
    let forecast = predict(&nf, Some(ends(&[3, 9, 2, 1, 7])), OnShort::Pad).unwrap();
    assert!(
        forecast.warnings[0].starts_with(
            "4 series have fewer rows than the 8 that MLP takes as input (inputSize 8): \"s0\" (3 rows), \"s2\" (2 rows), \
             \"s3\" (1 row) and 1 more; the input"
        ),
        "{:?}",
        forecast.warnings
    );
}

#[test]
fn short_series_of_training_are_warned_of_for_every_model() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let nf = fitted(&model, &[ROWS, 6]);
            let warnings = predict(&nf, None, OnShort::Pad).unwrap().warnings;
            assert!(
                warnings.len() == 1
                    && warnings[0].contains(&format!(
                        "that {model} takes as input (inputSize 8): \"s1\" (6 rows)"
                    )),
                "{model}: {warnings:?}"
            );
            assert_eq!(
                predict(&nf, None, OnShort::Error).unwrap_err().code,
                ErrorCode::ShortSeries,
                "{model}"
            );
        });
    }
    checks.finish();
}

#[test]
fn forecasts_within_the_data_count_their_horizon() {
    let insample = |nf: &NeuralForecast| {
        nf.predict_insample(&InsampleOptions::default(), &Control::default()).unwrap().warnings
    };
    assert_eq!(insample(&fitted("MLP", &[ROWS, 12])), [""; 0]);
    assert_eq!(
        insample(&fitted("MLP", &[ROWS, 11])),
        [
            "1 series has fewer rows than the 12 that MLP takes as input and forecasts (inputSize 8, h 4): \"s1\" (11 rows); the \
          input is padded with zeros"
        ]
    );
}

#[test]
fn the_model_that_looks_back_furthest_counts() {
    let spec = |size: usize, alias: &str| {
        series::spec("MLP", &json!({ "h": 4, "inputSize": size, "maxSteps": 1, "alias": alias }))
    };
    let mut nf = NeuralForecast::new(vec![spec(8, "near"), spec(12, "far")], None).unwrap();
    nf.fit(&ends(&[ROWS]), &FitOptions::default(), &Control::default()).unwrap();
    let warnings = predict(&nf, Some(ends(&[10])), OnShort::Pad).unwrap().warnings;
    assert!(
        warnings[0].contains("the 12 that far takes as input (inputSize 12): \"s0\" (10 rows)"),
        "{warnings:?}"
    );
}

#[test]
fn what_is_noticed_in_given_data_is_in_the_forecast() {
    let nf = fitted("MLP", &[ROWS]);
    let mut data = ends(&[20]);
    let mask = (0..20).map(|row| f64::from(u8::from(row < 19))).collect();
    data.columns.push(("available_mask".into(), Column::Float(mask)));
    assert_eq!(
        predict(&nf, Some(data), OnShort::Error).unwrap().warnings,
        ["the last row of series \"s0\" has no target; the forecast still starts after it"]
    );
    let Column::Float(y) = &mut { ends(&[20]) }.columns[2].1 else {
        panic!("y is a column of numbers")
    };
    y[3] = f64::NAN;
    let mut data = ends(&[20]);
    data.columns[2].1 = Column::Float(y.clone());
    let warnings = predict(&nf, Some(data), OnShort::Error).unwrap().warnings;
    assert!(
        warnings.len() == 1 && warnings[0].starts_with("\"y\" is missing in 1 row of 1 series"),
        "{warnings:?}"
    );
}
