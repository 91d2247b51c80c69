//! Validation rows in a table of their own train as the last rows of one table do, and must continue it.

mod bits;
mod checks;
mod rows;
mod series;

use checks::Checks;
use neuro_divergent::data::{Column, LocalScaling, Table};
use neuro_divergent::scalers::LocalScalerType;
use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, FitReport, NeuralForecast, PredictOptions,
};
use rows::pick;
use serde_json::{Value, json};
use series::{forecaster, models, panel};

const ROWS: usize = 40;

fn options() -> Value {
    json!({ "h": 4, "inputSize": 8, "maxSteps": 12, "valCheckSteps": 4, "windowsBatchSize": 16, "scalerType": "standard" })
}

/// The rows of two series from one step to before another.
fn between(from: usize, to: usize) -> Table {
    pick(&panel(2, ROWS), (0..2 * ROWS).filter(|row| (from..to).contains(&(row % ROWS))))
}

fn with(val_data: Table) -> FitOptions {
    FitOptions { val_data: Some(val_data), ..FitOptions::default() }
}

fn fit(nf: &mut NeuralForecast, table: &Table, options: &FitOptions) -> Result<FitReport, Error> {
    nf.fit(table, options, &Control::default())
}

#[test]
fn rows_of_their_own_validate_as_the_last_rows_of_one_table() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let (mut one, mut two) =
                (forecaster(&model, &options()), forecaster(&model, &options()));
            let last = FitOptions { val_size: 6, ..FitOptions::default() };
            let a = fit(&mut one, &between(0, ROWS), &last).unwrap();
            let b = fit(&mut two, &between(0, ROWS - 6), &with(between(ROWS - 6, ROWS))).unwrap();
            assert_eq!(
                (&a.models[0].train_loss, &a.models[0].val_loss),
                (&b.models[0].train_loss, &b.models[0].val_loss),
                "{model}"
            );
            assert_eq!(a.models[0].val_loss.len(), 3, "{model}");
            let of = |nf: &NeuralForecast| {
                nf.predict(&PredictOptions::default(), &Control::default()).unwrap()
            };
            assert_eq!(bits::of_forecast(&of(&one)), bits::of_forecast(&of(&two)), "{model}");
            assert_eq!(of(&two).times[0], ROWS as i64, "forecasts begin after the validation rows");
            assert_eq!(one.panel(), two.panel(), "{model}");
        });
    }
    checks.finish();
}

#[test]
fn scalers_of_whole_series_know_the_training_rows_only() {
    let scaling = LocalScaling { temporal: Some(LocalScalerType::Minmax), statics: None };
    let fitted = |rows: usize, far: f64| {
        let mut nf = forecaster("DLinear", &options()).with_local_scaling(scaling);
        let mut val = between(rows, rows + 4); // one window a series, whose input is training rows
        let Column::Float(y) = &mut val.columns[2].1 else { panic!("y is a column of numbers") };
        y.iter_mut().for_each(|v| *v += far);
        fit(&mut nf, &between(0, rows), &with(val)).unwrap().models.remove(0)
    };
    let (near, far) = (fitted(30, 0.0), fitted(30, 1e4));
    assert_eq!(near.train_loss, far.train_loss, "validation rows change nothing of training");
    // They are scaled by the range of the training rows: a mean absolute error grows by as much as they are moved, give or
    // take what it was.
    let train = between(0, 30);
    let Some(Column::Float(y)) = train.column("y") else { panic!("y is a column of numbers") };
    let range = |y: &[f64]| {
        let largest = y.iter().copied().fold(f64::MIN, f64::max);
        largest - y.iter().copied().fold(f64::MAX, f64::min)
    };
    let moved = y.chunks(30).map(|y| 1e4 / range(y)).sum::<f64>() / 2.0;
    for (far, near) in far.val_loss.iter().zip(&near.val_loss) {
        let grown = f64::from(*far) - moved;
        assert!(grown.abs() <= f64::from(*near) && *near < 2.0, "{far}, {near}, {moved}");
    }
}

#[test]
fn early_stopping_is_content_with_validation_rows_of_their_own() {
    let mut more = options();
    more["earlyStopPatienceSteps"] = json!(1);
    let mut nf = forecaster("DLinear", &more);
    let e = fit(&mut nf, &between(0, 30), &FitOptions::default()).unwrap_err();
    assert_eq!(
        e.message,
        "DLinear stops early, so valSize must be at least h (4), or valData given"
    );
    fit(&mut nf, &between(0, 30), &with(between(30, 36))).unwrap();
}

#[test]
fn validation_rows_that_do_not_continue_the_training_are_refused() {
    let (train, rows) = (between(0, 30), |from: usize, to: usize| with(between(from, to)));
    let only = |series: usize| with(pick(&between(30, 36), 6 * series..6 * series + 6));
    let mut renamed = between(30, 36);
    renamed.columns[0].1 =
        Column::Text((0..12).map(|row| Some(if row < 6 { "s0" } else { "other" })).collect());
    let mut weighted = between(30, 36);
    weighted.columns.push(("sample_weight".into(), Column::Float(vec![1.0; 12])));
    let mut gap = between(30, 36);
    gap = pick(&gap, (0..12).filter(|row| *row != 2));
    let cases = [
        (
            only(0),
            ErrorCode::Schema,
            "valData has no rows of series \"s1\"; every series of the training data needs as many as the others",
        ),
        (
            with(renamed),
            ErrorCode::Schema,
            "valData has series \"other\", which the training data does not have; leave it out, or train on it",
        ),
        (
            rows(31, 36),
            ErrorCode::Gap,
            "series \"s0\": valData begins at 31, but right after the training data is 30",
        ),
        (
            rows(29, 36),
            ErrorCode::DuplicateTime,
            "series \"s0\": valData begins at 29, but right after the training data is 30",
        ),
        (
            rows(30, 33),
            ErrorCode::ShortSeries,
            "valData has 3 rows a series; it must have at least h (4), as validation forecasts h steps",
        ),
        (
            with(pick(&between(30, 36), 0..11)),
            ErrorCode::Schema,
            "series \"s1\" has 5 rows of valData, series \"s0\" has 6; every series must have the same number",
        ),
        (
            with(weighted),
            ErrorCode::Schema,
            "column \"sample_weight\" must be both in the training data and in valData, or in neither",
        ),
        (
            with(gap),
            ErrorCode::Gap,
            "valData: series \"s0\" has no row for 32; 1 time is missing in all. Add the rows, or set onGap to \"mask\", \"fillForward\" or \"fillZero\"",
        ),
        (
            FitOptions { val_size: 4, ..rows(30, 36) },
            ErrorCode::InvalidOption,
            "option \"valSize\" must be 0 or left out where there is valData, got 4",
        ),
    ];
    let mut checks = Checks::default();
    for (options, code, message) in cases {
        checks.row(message, || {
            let mut nf = forecaster("DLinear", &self::options());
            let e = fit(&mut nf, &train, &options).unwrap_err();
            assert_eq!((e.code, e.message.as_str()), (code, message));
            assert!(!nf.fitted());
        });
    }
    checks.finish();
}
