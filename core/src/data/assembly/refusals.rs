//! Refused tables, and the messages.

use super::tests::{NAN, daily, days, exogenous, float, table, text, with};
use super::*;
use crate::data::Column;

struct Bad {
    table: Table,
    options: PanelOptions,
    code: ErrorCode,
    message: &'static str,
}

fn bad(table: Table, options: PanelOptions, code: ErrorCode, message: &'static str) -> Bad {
    Bad { table, options, code, message }
}

#[test]
fn bad_tables_are_refused_by_name() {
    use ErrorCode::{DuplicateTime, Freq, Gap, MissingValue, Schema};
    let good = || days(&[1, 2, 3], &[1.0, 2.0, 3.0]);
    let without = |name: &str| {
        let mut data = good();
        data.columns.retain(|(n, _)| n != name);
        data
    };
    let renamed = |from: &str, to: &str| {
        let mut data = good();
        data.columns.iter_mut().filter(|(n, _)| n == from).for_each(|(n, _)| *n = to.into());
        data
    };
    let frequency = |alias: &str| PanelOptions {
        frequency: Frequency::parse(alias).ok(),
        ..PanelOptions::default()
    };
    let store = ColumnNames { id: "store".into(), ..ColumnNames::default() };
    let mut repeated = days(&[1, 1], &[1.0, 2.0]);
    repeated.columns.remove(0);
    let cases = [
        bad(table(vec![]), daily(), Schema, "the table has no rows; a series needs at least one"),
        bad(days(&[], &[]), daily(), Schema, "the table has no rows; a series needs at least one"),
        bad(
            without("ds"),
            daily(),
            Schema,
            "there is no time column \"ds\". The table has: unique_id, y",
        ),
        bad(
            renamed("ds", "Ds_"),
            daily(),
            Schema,
            "there is no time column \"ds\"; did you mean \"Ds_\"? The table has: unique_id, Ds_, y",
        ),
        bad(
            without("y"),
            daily(),
            Schema,
            "there is no target column \"y\". The table has: unique_id, ds",
        ),
        bad(
            renamed("unique_id", "unique_ids"),
            daily(),
            Schema,
            "there is no identifier column \"unique_id\"; did you mean \"unique_ids\"? The table has: unique_ids, ds, y",
        ),
        bad(
            good(),
            PanelOptions { names: store, ..daily() },
            Schema,
            "there is no identifier column \"store\". The table has: unique_id, ds, y",
        ),
        bad(
            repeated,
            daily(),
            Schema,
            "the table has no column \"unique_id\" and times repeat; with more than one series, that column must say which series a row belongs to",
        ),
        bad(
            with(good(), "temprature", float(&[0.0; 3])),
            exogenous(&["temperature"]),
            Schema,
            "there is no exogenous column \"temperature\"; did you mean \"temprature\"? The table has: unique_id, ds, y, temprature",
        ),
        bad(
            good(),
            exogenous(&["y"]),
            Schema,
            "column \"y\" cannot be exogenous: it is the id, the time or the target; leave it out of the lists of exogenous columns",
        ),
        bad(
            with(without("y"), "y", text(&["1", "two", "3"])),
            daily(),
            Schema,
            "column \"y\", row 2 of 3: \"two\" is not a number; correct it, or leave it empty if it is missing",
        ),
        bad(
            with(good(), "x", text(&["1", "2", ""])),
            exogenous(&["x"]),
            MissingValue,
            "\"x\" is missing in series \"a\" at 2024-01-03; fill it in, mask the row, or set onMissing to \"mask\", \"fillForward\", \"fillZero\" or \"interpolate\"",
        ),
        bad(
            with(good(), "x", float(&[1.0, f64::NEG_INFINITY, 1.0])),
            exogenous(&["x"]),
            MissingValue,
            "series \"a\", 2024-01-02: \"x\" is -inf, which is not finite; fill it in, or mask the row",
        ),
        bad(
            days(&[1, 2], &[1.0, f64::INFINITY]),
            daily(),
            MissingValue,
            "series \"a\", 2024-01-02: \"y\" is inf, which is not finite; correct it, or leave it empty if it is missing",
        ),
        bad(
            days(&[1, 2], &[1.0, 1e39]),
            daily(),
            Schema,
            "series \"a\", 2024-01-02: \"y\" is 1e39, which exceeds what 32-bit numbers hold (3.4e38); scale the column",
        ),
        bad(
            with(good(), "x", float(&[1.0, 1.0, -4.5e38])),
            exogenous(&["x"]),
            Schema,
            "series \"a\", 2024-01-03: \"x\" is -4.5e38, which exceeds what 32-bit numbers hold (3.4e38); scale the column",
        ),
        bad(
            with(good(), "sample_weight", float(&[1e39, 1.0, 1.0])),
            daily(),
            Schema,
            "series \"a\", 2024-01-01: \"sample_weight\" is 1e39, which exceeds what 32-bit numbers hold (3.4e38); scale the column",
        ),
        bad(
            days(&[1, 2], &[NAN, NAN]),
            daily(),
            MissingValue,
            "series \"a\" has no available \"y\" in any of its 2 rows; leave the series out",
        ),
        bad(
            with(good(), "available_mask", float(&[1.0, 0.5, 1.0])),
            daily(),
            Schema,
            "series \"a\", 2024-01-02: \"available_mask\" is 0.5, but it must be 0 or 1",
        ),
        bad(
            with(good(), "sample_weight", float(&[1.0, -1.0, 1.0])),
            daily(),
            Schema,
            "series \"a\", 2024-01-02: \"sample_weight\" is -1, but a weight must be 0 or more",
        ),
        bad(
            with(good(), "sample_weight", float(&[1.0, NAN, 1.0])),
            daily(),
            MissingValue,
            "series \"a\", 2024-01-02: \"sample_weight\" is missing; give each row a weight",
        ),
        bad(
            days(&[2, 1, 2], &[1.0; 3]),
            daily(),
            DuplicateTime,
            "series \"a\" has the time 2024-01-02 more than once; keep one row for each series and time",
        ),
        bad(
            days(&[1, 1, 2, 2], &[1.0; 4]),
            daily(),
            DuplicateTime,
            "series \"a\" has the time 2024-01-01 more than once (2 rows too many in all); keep one row for each series and time",
        ),
        bad(
            days(&[1, 3, 4], &[1.0; 3]),
            daily(),
            Gap,
            "series \"a\" has no row for 2024-01-02; 1 time is missing in all. Add the rows, or set onGap to \"mask\", \"fillForward\" or \"fillZero\"",
        ),
        bad(
            days(&[1, 2, 5, 9], &[1.0; 4]),
            daily(),
            Gap,
            "series \"a\" has no row for 2024-01-03; 5 times are missing in all, in 2 gaps. Add the rows, or set onGap to \"mask\", \"fillForward\" or \"fillZero\"",
        ),
        bad(
            days(&[1, 2], &[1.0; 2]),
            PanelOptions { on_gap: OnGap::Mask, ..frequency("s") },
            Gap,
            "series \"a\" has no row for 2024-01-01T00:00:01; 86399 times are missing in all, in 1 gap. That is too many to fill: is \"s\" the right frequency?",
        ),
        bad(
            days(&[1, 8, 15], &[1.0; 3]),
            frequency("W"),
            Freq,
            "series \"a\": the time 2024-01-01 is not on the frequency \"W-SUN\", the nearest that is would be 2023-12-31. The times look like \"W-MON\": set that, or correct the times",
        ),
        bad(
            days(&[2, 3], &[1.0; 2]),
            frequency("3MS"),
            Freq,
            "series \"a\": the time 2024-01-02 is not on the frequency \"3MS\", the nearest that is would be 2024-01-01; correct the time or the frequency",
        ),
        bad(
            days(&[1, 2], &[1.0; 2]),
            frequency("MS"),
            Freq,
            "series \"a\": the time 2024-01-02 is not on the frequency \"MS\", the nearest that is would be 2024-01-01; correct the time or the frequency",
        ),
        bad(
            days(&[1, 2], &[1.0; 2]),
            frequency("1"),
            Freq,
            "column \"ds\" holds dates, but the frequency 1 is for step numbers; use a frequency such as \"D\" or \"MS\"",
        ),
        bad(
            days(&[1, 2], &[1.0; 2]),
            PanelOptions::default(),
            Freq,
            "cannot infer the frequency: the longest series has 2 times, 3 are needed. Set freq",
        ),
        bad(
            table(vec![("ds", Column::Int(vec![0, 2, 3])), ("y", float(&[1.0; 3]))]),
            frequency("2"),
            Freq,
            "series \"y\": the time 3 is not on the frequency \"2\", the nearest that is would be 2; correct the time or the frequency",
        ),
        bad(
            good(),
            PanelOptions { statics: vec!["size".into()], ..daily() },
            Schema,
            "static columns are needed (size), but there is no static table; give one row for each series as static",
        ),
        bad(
            table(vec![("ds", Column::Int(vec![0])), ("y", float(&[]))]),
            daily(),
            Schema,
            "column \"y\" has 0 values, column \"ds\" has 1; all columns need the same length",
        ),
    ];
    for Bad { table, options, code, message } in cases {
        let e = Panel::from_table(&table, &options).expect_err(message);
        assert_eq!((e.code, e.to_string()), (code, message.to_string()));
    }
}

#[test]
fn errors_say_the_place_to_programs_too() {
    let e = Panel::from_table(&days(&[2, 1, 2], &[1.0; 3]), &daily()).unwrap_err();
    let t = 1_704_153_600_000_i64;
    assert_eq!((e.details.unique_id.as_deref(), e.details.ds), (Some("a"), Some(t)));
    let row = |row: usize| serde_json::json!({ "uniqueId": "a", "ds": t, "row": row });
    assert_eq!(e.details.sample, [row(0), row(2)]);
    let e = Panel::from_table(&days(&[1, 3], &[1.0; 2]), &daily()).unwrap_err();
    assert_eq!((e.details.unique_id.as_deref(), e.details.ds), (Some("a"), Some(t)));
    assert_eq!(e.details.actual, Some(1.into()));
}

#[test]
fn every_series_counts_where_all_skip_the_same_times() {
    let ids = ["a", "a", "a", "b", "b", "b", "c", "c"];
    let ds = ["2024-01-01", "2024-01-02", "2024-01-05"].repeat(3);
    let data =
        table(vec![("unique_id", text(&ids)), ("ds", text(&ds[..8])), ("y", float(&[1.0; 8]))]);
    let error = Panel::from_table(&data, &daily()).unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str(), error.details.actual),
        (
            ErrorCode::Gap,
            "series \"a\" has no row for 2024-01-03; 4 times are missing in all, in 2 gaps. Add the rows, or set onGap to \"mask\", \"fillForward\" or \"fillZero\"",
            Some(4.into())
        )
    );
    let (panel, _) =
        Panel::from_table(&data, &PanelOptions { on_gap: OnGap::Mask, ..daily() }).unwrap();
    assert_eq!(panel.indptr, [0, 5, 10, 12]);
    assert_eq!(panel.mask[..5], panel.mask[5..10]);
    assert_eq!(panel.mask[5..], [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
}
