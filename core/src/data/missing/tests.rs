//! The effect of each choice for missing values, and the warnings about those that remain.

use serde_json::json;

use super::*;
use crate::data::{Column, Frequency, OnGap, PanelOptions, Table, Vocabulary};
use crate::options::{OptionValue, read_option};

const NAN: f64 = f64::NAN;
const FILLS: [OnMissing; 3] = [OnMissing::FillForward, OnMissing::FillZero, OnMissing::Interpolate];

/// Series 1 and 2 with the same number of rows, one after the other.
fn table(y: &[f64], x: &[f64]) -> Table {
    let half = y.len() / 2;
    let of_each = |from: usize, n: usize| (from..from + n).map(|t| t as i64);
    Table::new(vec![
        ("unique_id".into(), Column::Int((0..y.len()).map(|i| 1 + (i / half) as i64).collect())),
        ("ds".into(), Column::Int(of_each(0, half).chain(of_each(0, half)).collect())),
        ("y".into(), Column::Float(y.to_vec())),
        ("x".into(), Column::Float(x.to_vec())),
    ])
    .unwrap()
}

fn options(on_missing: Option<OnMissing>) -> PanelOptions {
    PanelOptions {
        frequency: Some(Frequency::step(1).unwrap()),
        exogenous: vec!["x".into()],
        on_missing,
        ..PanelOptions::default()
    }
}

fn read(table: &Table, how: Option<OnMissing>) -> Result<Panel> {
    Panel::from_table(table, &options(how)).map(|(panel, _)| panel)
}

fn filled(table: &Table, how: OnMissing) -> Panel {
    let panel = read(table, Some(how)).unwrap();
    assert!(panel.missing.is_empty() && panel.mask.iter().all(|m| *m == 1.0), "{how:?}");
    panel
}

const Y: [f64; 10] = [1.0, NAN, NAN, 4.0, NAN, 10.0, 20.0, NAN, 40.0, 50.0];
const X: [f64; 10] = [0.0, 1.0, 2.0, NAN, 8.0, 5.0, NAN, NAN, NAN, 13.0];

#[test]
fn choices_are_read_by_their_names() {
    for name in OnMissing::NAMES {
        assert_eq!(OnMissing::read(&json!(name)).unwrap().name(), *name);
    }
    assert_eq!(
        read_option::<OnMissing>("onMissing", &json!("drop"), &[]).unwrap_err().to_string(),
        "option \"onMissing\" must be \"error\", \"mask\", \"fillForward\", \"fillZero\" or \"interpolate\", got \"drop\""
    );
}

#[test]
fn each_way_of_filling_fills_target_and_exogenous_columns() {
    let of = |how| {
        let panel = filled(&table(&Y, &X), how);
        (panel.target().to_vec(), panel.column("x").unwrap().to_vec())
    };
    let (y, x) = of(OnMissing::FillForward);
    assert_eq!(y, [1.0, 1.0, 1.0, 4.0, 4.0, 10.0, 20.0, 20.0, 40.0, 50.0]);
    assert_eq!(x, [0.0, 1.0, 2.0, 2.0, 8.0, 5.0, 5.0, 5.0, 5.0, 13.0]);
    let (y, x) = of(OnMissing::FillZero);
    assert_eq!(y, [1.0, 0.0, 0.0, 4.0, 0.0, 10.0, 20.0, 0.0, 40.0, 50.0]);
    assert_eq!(x, [0.0, 1.0, 2.0, 0.0, 8.0, 5.0, 0.0, 0.0, 0.0, 13.0]);
    let (y, x) = of(OnMissing::Interpolate);
    assert_eq!(y, [1.0, 2.0, 3.0, 4.0, 4.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
    assert_eq!(x, [0.0, 1.0, 2.0, 5.0, 8.0, 5.0, 7.0, 9.0, 11.0, 13.0]);
}

#[test]
fn masking_takes_the_whole_row_and_lists_it() {
    let panel = read(&table(&Y, &X), Some(OnMissing::Mask)).unwrap();
    assert_eq!(panel.mask, [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(panel.target(), [1.0, 0.0, 0.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0, 50.0]);
    assert_eq!(panel.column("x").unwrap(), [0.0, 1.0, 2.0, 0.0, 8.0, 5.0, 0.0, 0.0, 0.0, 13.0]);
    assert_eq!(panel.missing.of("y"), [1, 2, 3, 4, 6, 7, 8]);
    assert_eq!(panel.missing.of("x"), [3, 6, 7, 8]);
    // Masked values can be filled later.
    let mut panel = panel;
    panel.settle_missing(Some(OnMissing::Interpolate), &Vocabularies::default()).unwrap();
    assert_eq!(panel.target(), [1.0, 1.0, 1.0, 1.0, 1.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
    assert_eq!(panel.column("x").unwrap()[3], 5.0);
    assert_eq!((panel.mask, panel.missing), (vec![1.0; 10], MissingRows::default()));
}

#[test]
fn without_a_choice_targets_are_masked_with_a_warning_and_exogenous_values_refused() {
    let panel = read(&table(&Y, &[0.0; 10]), None).unwrap();
    assert_eq!(panel.mask, [1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    assert_eq!(panel.missing.of("y"), [1, 2, 4, 7]);
    assert_eq!(
        panel.warnings,
        [
            "\"y\" is missing in 4 rows of 2 series (\"1\": 3, \"2\": 1); they are masked, and a forecast whose input has \
          one is an error unless onMissing says what to do"
        ]
    );
    let e = read(&table(&Y, &X), None).unwrap_err();
    assert_eq!(
        e.to_string(),
        "\"x\" is missing in series \"1\" at 3, series \"2\" at 1, 3; fill it in, mask the row, or set onMissing to \
         \"mask\", \"fillForward\", \"fillZero\" or \"interpolate\""
    );
    assert_eq!((e.code, e.details.ds), (ErrorCode::MissingValue, Some(3)));
    // If the target is missing too, the row is not used in training or forecasting.
    let mut x = [0.0; 10];
    x[1] = NAN;
    assert_eq!(read(&table(&Y, &x), None).unwrap().missing.of("x"), [1]);
}

#[test]
fn an_error_names_what_is_missing_first_in_the_target() {
    let e = read(&table(&Y, &X), Some(OnMissing::Error)).unwrap_err();
    assert!(
        e.message.starts_with("\"y\" is missing in series \"1\" at 1, 2, 4, series \"2\" at 2;"),
        "{e}"
    );
    assert_eq!(e.details.option.as_deref(), Some("onMissing"));
    assert_eq!((e.details.actual, e.details.sample.len()), (Some(4.into()), 4));
    let whole = [1.0; 10];
    read(&table(&whole, &whole), Some(OnMissing::Error)).unwrap();
}

#[test]
fn nothing_comes_before_the_first_value() {
    let y = [NAN, NAN, NAN, NAN, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0];
    for (how, name) in [(FILLS[0], "fillForward"), (FILLS[2], "interpolate")] {
        let e = read(&table(&y, &[0.0; 10]), Some(how)).unwrap_err();
        assert_eq!(
            e.message,
            format!(
                "\"y\" is missing in series \"1\" at 0, 1, 2 and 1 more, before its first value, which leaves onMissing \
                 \"{name}\" nothing to take; fill it in, or set onMissing to \"mask\" or \"fillZero\""
            )
        );
    }
    assert_eq!(filled(&table(&y, &[0.0; 10]), FILLS[1]).target()[..5], [0.0, 0.0, 0.0, 0.0, 5.0]);
}

#[test]
fn what_users_mask_is_not_missing() {
    let mut data = table(&Y, &X);
    let mask = Y.iter().zip(X).map(|(y, x)| f64::from(u8::from(!y.is_nan() && !x.is_nan())));
    data.columns.push(("available_mask".into(), Column::Float(mask.collect())));
    for how in
        FILLS.map(Some).into_iter().chain([None, Some(OnMissing::Error), Some(OnMissing::Mask)])
    {
        let panel = read(&data, how).unwrap();
        assert!(panel.missing.of("y").is_empty(), "{how:?}");
        assert_eq!(
            panel.warnings,
            ["the last row of series \"1\" has no target; the forecast still starts after it"]
        );
        assert_eq!(panel.mask, [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], "{how:?}");
    }
    // Models see exogenous values of masked rows, so they are filled.
    let x = |how| read(&data, Some(how)).unwrap().column("x").unwrap()[3];
    assert_eq!(FILLS.map(x), [2.0, 0.0, 5.0]);
}

#[test]
fn rows_put_into_gaps_are_masked_by_choice_or_missing_as_the_row_before() {
    let mut data = table(&[1.0, NAN, 4.0, 4.0, 5.0, 6.0], &[0.0; 6]);
    data.columns[1].1 = Column::Int(vec![0, 1, 3, 0, 1, 2]);
    let read = |on_gap, how| {
        let (panel, _) =
            Panel::from_table(&data, &PanelOptions { on_gap, ..options(how) }).unwrap();
        (panel.target().to_vec(), panel.mask[..4].to_vec(), panel.missing.of("y").to_vec())
    };
    let (_, mask, missing) = read(OnGap::Mask, None);
    assert_eq!((mask, missing), (vec![1.0, 0.0, 0.0, 1.0], vec![1]));
    assert_eq!(read(OnGap::FillForward, None).2, [1, 2]);
    assert_eq!(read(OnGap::FillForward, Some(FILLS[0])).0[..4], [1.0, 1.0, 1.0, 4.0]);
    let (y, mask, missing) = read(OnGap::Mask, Some(FILLS[2]));
    assert_eq!(
        (&y[..4], mask, missing),
        (&[1.0, 2.0, 0.0, 4.0][..], vec![1.0, 1.0, 0.0, 1.0], vec![])
    );
}

#[test]
fn categories_are_carried_forward_and_never_zero() {
    let categories = Vocabularies(vec![("x".into(), Vocabulary::Int(vec![0, 1, 2, 5, 8, 13]))]);
    let read = |how| {
        let options = PanelOptions { vocabularies: categories.clone(), ..options(Some(how)) };
        Panel::from_table(&table(&[1.0; 10], &X), &options).map(|(panel, _)| panel)
    };
    for how in [FILLS[0], FILLS[2]] {
        let expected = [1.0, 2.0, 3.0, 3.0, 5.0, 4.0, 4.0, 4.0, 4.0, 6.0];
        assert_eq!(read(how).unwrap().column("x").unwrap(), expected, "{how:?}");
    }
    assert_eq!(
        read(FILLS[1]).unwrap_err().message,
        "\"x\" is missing in series \"1\" at 3, series \"2\" at 1, 2, 3; \"x\" holds categories, and 0 is none of them; \
         fill it in, or set onMissing to \"mask\", \"fillForward\" or \"interpolate\""
    );
}

#[test]
fn a_series_without_any_target_is_refused_whatever_is_chosen() {
    let y = [NAN, NAN, NAN, 1.0, 2.0, 3.0];
    let expected = "series \"1\" has no available \"y\" in any of its 3 rows; leave the series out";
    for how in FILLS.map(Some).into_iter().chain([None, Some(OnMissing::Mask)]) {
        assert_eq!(read(&table(&y, &[0.0; 6]), how).unwrap_err().message, expected, "{how:?}");
    }
    let x = [NAN, NAN, NAN, 1.0, 2.0, 3.0];
    let masked = read(&table(&[1.0; 6], &x), Some(OnMissing::Mask));
    assert_eq!(masked.unwrap_err().message, expected);
}

#[test]
fn many_series_and_times_are_counted() {
    let n = 5;
    let y: Vec<f64> = (0..4 * n).map(|i| if i % 4 == 0 { 1.0 } else { NAN }).collect();
    let mut data = table(&y, &vec![0.0; y.len()]);
    data.columns[0].1 = Column::Int((0..4 * n).map(|i| (i / 4) as i64).collect());
    data.columns[1].1 = Column::Int((0..4 * n).map(|i| (i % 4) as i64).collect());
    let warnings = read(&data, None).unwrap().warnings;
    assert!(
        warnings[0].starts_with(
            "\"y\" is missing in 15 rows of 5 series (\"0\": 3, \"1\": 3, \"2\": 3 and 2 more); they"
        ),
        "{warnings:?}"
    );
    let e = read(&data, Some(OnMissing::Error)).unwrap_err();
    assert!(e.message.contains("series \"2\" at 1, 2, 3 and 2 more series;"), "{e}");
}

#[test]
fn missing_rows_follow_the_rows_of_a_panel() {
    let panel = read(&table(&Y, &[0.0; 10]), None).unwrap();
    let rows = |panel: &Panel| panel.missing.of("y").to_vec();
    assert_eq!(rows(&panel), [1, 2, 4, 7]);
    assert_eq!(rows(&panel.tail(3)), [0, 2, 3]);
    let (head, tail) = panel.split_tail(4);
    assert_eq!((rows(&head), rows(&tail)), (vec![], vec![0, 1, 3, 5]));
    assert_eq!(rows(&head.followed_by(&tail)), rows(&panel));
    assert_eq!(rows(&panel.extended(2, &[])), [1, 2, 4, 9]);
    assert_eq!(rows(&panel.without_first(|i| 2 + i)), [0, 2]);
}
