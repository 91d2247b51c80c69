//! From tables to panels: accepted tables, and the resulting panels.

use super::*;
use crate::data::{Column, Ids, TimeKind, TimeReading};

pub(super) const NAN: f64 = f64::NAN;

pub(super) fn text(values: &[&str]) -> Column {
    Column::Text(values.iter().map(|v| (!v.is_empty()).then_some(v)).collect())
}

pub(super) fn float(values: &[f64]) -> Column {
    Column::Float(values.to_vec())
}

pub(super) fn table(columns: Vec<(&str, Column)>) -> Table {
    Table { columns: columns.into_iter().map(|(name, column)| (name.into(), column)).collect() }
}

/// One series `a` at these days of January 2024.
pub(super) fn days(days: &[u32], y: &[f64]) -> Table {
    let ds: Vec<String> = days.iter().map(|d| format!("2024-01-{d:02}")).collect();
    let ds: Vec<&str> = ds.iter().map(String::as_str).collect();
    table(vec![("unique_id", text(&vec!["a"; y.len()])), ("ds", text(&ds)), ("y", float(y))])
}

pub(super) fn with(mut table: Table, name: &str, column: Column) -> Table {
    table.columns.push((name.into(), column));
    table
}

pub(super) fn daily() -> PanelOptions {
    PanelOptions { frequency: Some(Frequency::parse("D").unwrap()), ..PanelOptions::default() }
}

pub(super) fn exogenous(names: &[&str]) -> PanelOptions {
    PanelOptions { exogenous: names.iter().map(|n| n.to_string()).collect(), ..daily() }
}

fn read(table: &Table, options: &PanelOptions) -> Panel {
    Panel::from_table(table, options).unwrap().0
}

fn times(panel: &Panel) -> Vec<String> {
    panel.times.iter().map(|t| panel.format_time(*t)).collect()
}

#[test]
fn rows_are_sorted_by_series_and_time() {
    let data = table(vec![
        ("y", float(&[4.0, 2.0, 3.0, 1.0, 5.0])),
        ("uniqueId", text(&["b", "a", "b", "a", "a"])),
        ("ds", text(&["2024-01-02", "2024-01-02", "2024-01-01", "2024-01-01", "2024-01-03"])),
        ("temp", Column::Int(vec![40, 20, 30, 10, 50])),
    ]);
    let (panel, frequency) = Panel::from_table(&data, &exogenous(&["temp"])).unwrap();
    assert_eq!(frequency.to_pandas(), "D");
    assert_eq!(panel.ids, Ids::Text(vec!["a".into(), "b".into()]));
    assert_eq!(panel.indptr, [0, 3, 5]);
    assert_eq!(panel.target(), [1.0, 2.0, 5.0, 3.0, 4.0]);
    assert_eq!(panel.column("temp").unwrap(), [10.0, 20.0, 50.0, 30.0, 40.0]);
    assert_eq!(
        times(&panel),
        ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-01", "2024-01-02"]
    );
    assert_eq!((panel.mask, panel.weight), (vec![1.0; 5], None));
}

#[test]
fn integer_series_are_sorted_by_value() {
    let data = table(vec![
        ("unique_id", float(&[10.0, 9.0])),
        ("ds", Column::Int(vec![1, 1])),
        ("y", Column::Int(vec![10, 9])),
    ]);
    let options = PanelOptions { frequency: Frequency::step(1).ok(), ..PanelOptions::default() };
    let panel = read(&data, &options);
    assert_eq!(
        (panel.ids.clone(), panel.target()),
        (Ids::Int(vec![9, 10]), [9.0, 10.0].as_slice())
    );
    assert_eq!(panel.time_kind, TimeKind::Step);
}

#[test]
fn a_table_without_identifiers_is_one_series_named_after_the_target() {
    let mut data = days(&[1, 2, 3], &[1.0, 2.0, 3.0]);
    data.columns.remove(0);
    assert_eq!(read(&data, &PanelOptions::default()).ids, Ids::Text(vec!["y".into()]));
}

#[test]
fn a_bare_series_is_read_with_a_numeric_frequency() {
    let options = PanelOptions { frequency: Frequency::step(1).ok(), ..PanelOptions::default() };
    let panel = read(&Table::one_series(vec![1.0, 2.0]), &options);
    assert_eq!(
        (panel.id(0), panel.times.clone(), panel.target()),
        ("series".into(), vec![0, 1], [1.0, 2.0].as_slice())
    );
}

#[test]
fn a_missing_target_is_masked() {
    let panel = read(&days(&[1, 2, 3], &[1.0, NAN, 3.0]), &PanelOptions::default());
    assert_eq!(
        (panel.target(), panel.mask.as_slice()),
        ([1.0, 0.0, 3.0].as_slice(), [1.0, 0.0, 1.0].as_slice())
    );
    assert_eq!(panel.missing.of("y"), [1]);
}

#[test]
fn a_masked_target_at_the_end_is_warned_of() {
    let data = with(days(&[1, 2, 3], &[1.0, 2.0, 3.0]), "available_mask", float(&[1.0, 1.0, 0.0]));
    let panel = read(&data, &PanelOptions::default());
    assert_eq!(
        panel.warnings,
        ["the last row of series \"a\" has no target; the forecast still starts after it"]
    );
}

#[test]
fn the_mask_column_masks_and_weights_are_kept() {
    let data =
        with(days(&[1, 2, 3], &[1.0, 2.0, 3.0]), "availableMask", Column::Int(vec![1, 0, 1]));
    let data =
        with(with(data, "sample_weight", float(&[0.0, 0.5, 2.0])), "x", float(&[1.0, NAN, 3.0]));
    let panel = read(&data, &exogenous(&["x", "x"]));
    assert_eq!(
        (panel.target(), panel.mask.as_slice()),
        ([1.0, 0.0, 3.0].as_slice(), [1.0, 0.0, 1.0].as_slice())
    );
    assert_eq!(panel.weight.as_deref(), Some([0.0, 0.5, 2.0].as_slice()));
    assert_eq!(panel.temporal.len(), 2);
    assert_eq!(panel.column("x").unwrap(), [1.0, 0.0, 3.0]);
}

#[test]
fn gaps_are_filled_as_asked() {
    let data =
        with(days(&[1, 2, 5, 6], &[1.0, 2.0, 5.0, 6.0]), "x", float(&[10.0, 20.0, 50.0, 60.0]));
    let data = with(data, "sample_weight", float(&[1.0, 2.0, 5.0, 6.0]));
    let cases =
        [(OnGap::Mask, 0.0, 0.0), (OnGap::FillForward, 2.0, 1.0), (OnGap::FillZero, 0.0, 1.0)];
    for (on_gap, value, available) in cases {
        let panel = read(&data, &PanelOptions { on_gap, ..exogenous(&["x"]) });
        assert_eq!(panel.indptr, [0, 6]);
        assert_eq!(times(&panel)[1..5], ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"]);
        assert_eq!(panel.target(), [1.0, 2.0, value, value, 5.0, 6.0], "{on_gap:?}");
        assert_eq!(panel.mask, [1.0, 1.0, available, available, 1.0, 1.0], "{on_gap:?}");
        assert_eq!(panel.column("x").unwrap(), [10.0, 20.0, 20.0, 20.0, 50.0, 60.0]);
        assert_eq!(panel.weight.unwrap(), [1.0, 2.0, 2.0, 2.0, 5.0, 6.0]);
    }
}

#[test]
fn a_masked_row_is_filled_forward_as_masked() {
    let options = PanelOptions { on_gap: OnGap::FillForward, ..daily() };
    let panel = read(&days(&[1, 2, 4], &[1.0, NAN, 4.0]), &options);
    assert_eq!(
        (panel.target(), panel.mask.as_slice()),
        ([1.0, 0.0, 0.0, 4.0].as_slice(), [1.0, 0.0, 0.0, 1.0].as_slice())
    );
}

#[test]
fn the_frequency_is_inferred_over_all_series() {
    let data = table(vec![
        ("unique_id", text(&["a", "a", "a", "b"])),
        ("ds", text(&["2024-01-31", "2024-02-29", "2024-03-31", "2024-03-31"])),
        ("y", float(&[1.0; 4])),
    ]);
    assert_eq!(Panel::from_table(&data, &PanelOptions::default()).unwrap().1.to_pandas(), "ME");
    let polars =
        PanelOptions { frequency: Frequency::parse("1mo").ok(), ..PanelOptions::default() };
    assert_eq!(Panel::from_table(&data, &polars).unwrap().1.to_pandas(), "ME");
}

#[test]
fn static_columns_are_read_beside_the_data() {
    let statics = table(vec![("unique_id", text(&["a"])), ("size", Column::Int(vec![3]))]);
    let options =
        PanelOptions { static_table: Some(statics), statics: vec!["size".into()], ..daily() };
    assert_eq!(read(&days(&[1], &[1.0]), &options).static_column("size"), Some([3.0].as_slice()));
}

#[test]
fn without_need_of_it_the_target_may_be_absent() {
    let mut data = with(days(&[1, 2], &[1.0, 2.0]), "x", float(&[1.0, 2.0]));
    data.columns.remove(2);
    let options = PanelOptions { needs_target: false, ..exogenous(&["x"]) };
    let panel = read(&data, &options);
    assert_eq!(
        (panel.target(), panel.mask.as_slice()),
        ([0.0, 0.0].as_slice(), [0.0, 0.0].as_slice())
    );
    data.columns[2].1 = float(&[1.0, NAN]);
    assert_eq!(Panel::from_table(&data, &options).unwrap_err().code, ErrorCode::MissingValue);
}

/// Options of a zone, on a machine in Berlin.
fn in_zone(alias: Option<&str>, zone: Option<&str>) -> PanelOptions {
    let zone = zone.map(|name| TimeZone::parse(name).unwrap());
    let machine_zone = TimeZone::parse("Europe/Berlin").ok();
    PanelOptions {
        frequency: alias.map(|a| Frequency::parse(a).unwrap().in_zone(zone).unwrap()),
        time_zone: zone,
        reading: TimeReading { unit: None, machine_zone },
        ..PanelOptions::default()
    }
}

fn at_times(ids: &[&str], ds: &[&str]) -> Table {
    table(vec![("unique_id", text(ids)), ("ds", text(ds)), ("y", float(&vec![1.0; ds.len()]))])
}

#[test]
fn an_hour_that_clocks_show_twice_is_kept() {
    let hours =
        ["T01:00", "T02:00", "T02:00", "T03:00", "T04:00"].map(|t| format!("2024-10-27{t}"));
    let mut ds: Vec<&str> = hours.iter().map(String::as_str).collect();
    for alias in [Some("h"), None] {
        let panel = read(&at_times(&["a"; 5], &ds), &in_zone(alias, Some("Europe/Berlin")));
        assert_eq!(
            times(&panel)[1..3],
            ["2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00"],
            "{alias:?}"
        );
    }
    ds.swap(0, 4);
    let options = in_zone(Some("h"), Some("Europe/Berlin"));
    let e = Panel::from_table(&at_times(&["a"; 5], &ds), &options).unwrap_err();
    assert_eq!(e.code, ErrorCode::DuplicateTime);
    assert_eq!(
        e.to_string(),
        "series \"a\": clocks in Europe/Berlin show 2024-10-27T02:00:00 twice, and the rows are in no order that tells which is which; sort them by time, write the offset (2024-10-27T02:00:00+02:00 or 2024-10-27T02:00:00+01:00), or write times in UTC"
    );
    // A third row with the same local time is a duplicate in any case.
    let e =
        Panel::from_table(&at_times(&["a"; 3], &["2024-10-27T02:00"; 3]), &options).unwrap_err();
    assert_eq!(
        e.to_string(),
        "series \"a\" has the time 2024-10-27T02:00:00+01:00 more than once; keep one row for each series and time"
    );
}

#[test]
fn an_hour_that_clocks_skip_is_named_where_it_repeats_another() {
    let hours = ["T01:30", "T02:30", "T03:30", "T04:30"].map(|t| format!("2024-03-31{t}"));
    let ds: Vec<&str> = hours.iter().map(String::as_str).collect();
    let mut data = at_times(&["a"; 4], &ds);
    data.columns.remove(0);
    let e = Panel::from_table(&data, &in_zone(Some("h"), Some("Europe/Berlin"))).unwrap_err();
    assert_eq!(e.code, ErrorCode::DuplicateTime);
    assert_eq!(
        e.to_string(),
        "series \"y\": clocks in Europe/Berlin skip 2024-03-31T02:30, which is read as 2024-03-31T03:30:00+02:00, and there is a row of that time too; correct the time, or leave the row out"
    );
}

#[test]
fn local_midnights_are_recognized() {
    let advice = "The times look like midnights of Europe/Berlin: set timeZone: \"Europe/Berlin\", or make the dates with Date.UTC";
    let months = ["2019-12-31T23:00", "2020-01-31T23:00", "2020-02-29T23:00", "2020-03-31T22:00"];
    let e =
        Panel::from_table(&at_times(&["a"; 4], &months), &in_zone(Some("MS"), None)).unwrap_err();
    assert_eq!(
        e.to_string(),
        format!(
            "series \"a\": the time 2019-12-31T23:00:00 is not on the frequency \"MS\", the nearest that is would be 2020-01-01T23:00:00. {advice}"
        )
    );
    let e = Panel::from_table(&at_times(&["a"; 4], &months), &in_zone(None, None)).unwrap_err();
    assert_eq!(
        e.to_string(),
        format!(
            "series \"a\": the time 2020-03-31T22:00:00 is not on the frequency \"ME\", the nearest that is would be 2020-03-31T23:00:00. {}",
            advice.replace(", or", " and freq: \"MS\", or")
        )
    );
    let winter = at_times(&["a"; 3], &["2024-01-01T23:00", "2024-01-02T23:00", "2024-01-03T23:00"]);
    for alias in [Some("D"), None] {
        let panel = read(&winter, &in_zone(alias, None));
        assert_eq!(
            panel.warnings,
            [
                "the times look like midnights of Europe/Berlin, but days and months are those of UTC; set timeZone: \"Europe/Berlin\", or make the dates with Date.UTC"
            ]
        );
        assert!(read(&winter, &in_zone(alias, Some("UTC"))).warnings.is_empty());
    }
}

#[test]
fn irregular_times_are_shown_with_their_series() {
    let ids = ["a", "a", "a", "b", "b", "b", "b"];
    let ds = [
        "2024-01-01",
        "2024-01-02",
        "2024-01-03",
        "2024-01-01",
        "2024-01-02",
        "2024-01-05T01:00",
        "2024-01-09T07:00",
    ];
    let e = Panel::from_table(&at_times(&ids, &ds), &PanelOptions::default()).unwrap_err();
    assert_eq!(
        e.to_string(),
        "cannot infer the frequency: the times of series \"b\" are irregular: after 2024-01-02 comes 2024-01-05T01:00:00, while the most common step is D (3 of 5). Set freq, and onGap if rows are missing"
    );
    assert_eq!(e.details.unique_id.as_deref(), Some("b"));
}

#[test]
fn the_15th_of_each_month_is_a_frequency() {
    let ds = ["2024-01-15", "2024-02-15", "2024-03-15", "2024-04-15"];
    let (panel, frequency) =
        Panel::from_table(&at_times(&["a"; 4], &ds), &PanelOptions::default()).unwrap();
    let next = panel.future_times(frequency, 2).into_iter().map(|t| panel.format_time(t));
    assert_eq!(next.collect::<Vec<_>>(), ["2024-05-15", "2024-06-15"]);
    let e = Panel::from_table(&at_times(&["a"; 4], &ds), &in_zone(Some("MS"), None)).unwrap_err();
    assert_eq!(
        e.to_string(),
        "series \"a\": the time 2024-01-15 is not on the frequency \"MS\", the nearest that is would be 2024-01-01. The times look like \"1mo\": set that, or correct the times"
    );
}
