//! Time columns of every kind, and those that are refused.

use super::*;
use crate::data::date_text::{DAY, FORMS, parse_time};
use crate::options::OptionValue;

fn text(texts: &[&str]) -> Column {
    Column::Text(texts.iter().map(|t| Some(t.to_string())).collect())
}

fn read(column: &Column, alias: Option<&str>) -> Result<(Vec<i64>, TimeKind)> {
    read_as(column, alias, None)
}

fn read_as(column: &Column, alias: Option<&str>, unit: Option<&str>) -> Times {
    let frequency = alias.map(|a| Frequency::parse(a).unwrap());
    let unit = unit.map(|unit| NumericTime::read(&unit.into()).unwrap());
    read_times(column, "ds", frequency, None, TimeReading { unit, machine_zone: None })
}

const JAN_31: i64 = 1_706_659_200_000; // 2024-01-31

#[test]
fn numbers_are_steps_dates_or_milliseconds_as_the_frequency_says() {
    let ints = Column::Int(vec![1, 2]);
    assert_eq!(read(&ints, Some("1")).unwrap(), (vec![1, 2], TimeKind::Step));
    assert_eq!(read(&ints, None).unwrap(), (vec![1, 2], TimeKind::Step));
    let ms = Column::Int(vec![JAN_31, JAN_31 + DAY]);
    assert_eq!(read(&ms, Some("D")).unwrap(), (vec![JAN_31, JAN_31 + DAY], date_kind(None)));
    assert_eq!(read(&ms, None).unwrap().1, date_kind(None));
    assert_eq!(read(&ms, Some("1")).unwrap().1, TimeKind::Step);
    let float = Column::Float(vec![JAN_31 as f64]);
    assert_eq!(read(&float, Some("D")).unwrap().0, [JAN_31]);
    assert_eq!(read(&Column::Int(vec![20240131]), Some("D")).unwrap().0, [JAN_31]);
    assert_eq!(read(&Column::Int(vec![2024]), Some("YS")).unwrap().0, [JAN_31 - 30 * DAY]);
    assert_eq!(read(&text(&["1", "2"]), Some("1")).unwrap(), (vec![1, 2], TimeKind::Step));
    assert_eq!(read(&text(&["1", "2"]), None).unwrap(), (vec![1, 2], TimeKind::Step));
    assert_eq!(read(&text(&["2024"]), None).unwrap().0, [JAN_31 - 30 * DAY]);
    assert_eq!(read(&text(&["1706659200000"]), Some("D")).unwrap().0, [JAN_31]);
}

#[test]
fn unusable_times_name_column_row_and_value() {
    let steps_for_dates = "column \"ds\" holds step numbers, but the frequency \"D\" needs dates; use a numeric frequency such as 1, or dates";
    let dates_for_steps = "column \"ds\" holds dates, but the frequency 1 is for step numbers; use a frequency such as \"D\" or \"MS\"";
    let cases = [
        (Column::Int(vec![0, 1]), Some("D"), ErrorCode::Freq, steps_for_dates.to_string()),
        (text(&["0", "1"]), Some("D"), ErrorCode::Freq, steps_for_dates.into()),
        (Column::Date(vec![JAN_31]), Some("1"), ErrorCode::Freq, dates_for_steps.into()),
        (text(&["2024-01-31"]), Some("1"), ErrorCode::Freq, dates_for_steps.into()),
        (
            text(&["2024-01-31", "soon"]),
            Some("D"),
            ErrorCode::Schema,
            format!("column \"ds\", row 2 of 2: the time is \"soon\", which is not a date; accepted are {FORMS}"),
        ),
        (
            text(&["01/02/2024"]),
            None,
            ErrorCode::Schema,
            "column \"ds\", row 1 of 1: the time is \"01/02/2024\", which is ambiguous: day and month could be either way round; write 2024-01-31".into(),
        ),
        (text(&["1", "x"]), Some("1"), ErrorCode::Schema, "column \"ds\", row 2 of 2: the time is \"x\", which is not a step number".into()),
        (Column::Text(vec![None].into()), None, ErrorCode::Schema, "column \"ds\", row 1 of 1: the time is missing".into()),
        (Column::Float(vec![f64::NAN]), None, ErrorCode::Schema, "column \"ds\", row 1 of 1: the time is missing".into()),
        (Column::Float(vec![1.5]), Some("1"), ErrorCode::Schema, "column \"ds\", row 1 of 1: the time is 1.5, which is not a whole number".into()),
        (Column::Float(vec![1.5]), Some("D"), ErrorCode::Schema, "column \"ds\", row 1 of 1: the time is 1.5, which is not a whole number; if it counts seconds, set timeUnit: \"s\"".into()),
        (
            Column::Date(vec![i64::MAX]),
            Some("D"),
            ErrorCode::Schema,
            "column \"ds\", row 1 of 1: the time is 9223372036854775807, which is not a date in milliseconds since 1970; it seems to be made from nanoseconds; divide by 1000000 before making the date".into(),
        ),
    ];
    for (column, alias, code, message) in cases {
        let e = read(&column, alias).unwrap_err();
        assert_eq!((e.code, e.to_string()), (code, message));
        assert_eq!(e.details.column.as_deref(), Some("ds"));
    }
}

const SECONDS: i64 = JAN_31 / 1000;

#[test]
fn numbers_of_a_unit_are_read_as_that() {
    let expected = (vec![JAN_31, JAN_31 + DAY], date_kind(None));
    let days = |unit: i64| [SECONDS * unit, (SECONDS + 86_400) * unit];
    for (unit, per_second) in [("s", 1), ("ms", 1000), ("us", 1_000_000), ("ns", 1_000_000_000)] {
        let numbers = days(per_second);
        let columns = [
            Column::Int(numbers.to_vec()),
            Column::Float(numbers.map(|n| n as f64).to_vec()),
            text(&numbers.map(|n| n.to_string()).each_ref().map(String::as_str)),
            // Values that need no unit.
            Column::Date(expected.0.clone()),
            text(&["2024-01-31", "2024-02-01"]),
        ];
        for column in columns {
            for alias in [Some("D"), None] {
                assert_eq!(
                    read_as(&column, alias, Some(unit)).unwrap(),
                    expected,
                    "{unit} {column:?}"
                );
            }
        }
    }
    let halves = text(&["1706659200", "1706659200.5"]);
    assert_eq!(read_as(&halves, None, Some("s")).unwrap().0, [JAN_31, JAN_31 + 500]);
    assert_eq!(read_as(&Column::Int(vec![5]), None, Some("s")).unwrap().0, [5000]);
}

#[test]
fn years_are_dates_through_every_kind_of_column() {
    let columns = [
        Column::Int(vec![2001, 2002]),
        Column::Float(vec![2001.0, 2002.0]),
        text(&["2001", "2002"]),
    ];
    for column in columns {
        for (alias, unit, month_and_day) in [
            (Some("YS"), None, "01-01"),
            (Some("YE"), None, "12-31"),
            (Some("YS-APR"), None, "04-01"),
            (Some("1y"), None, "01-01"),
            (None, Some("year"), "01-01"),
            (Some("YE"), Some("year"), "12-31"),
        ] {
            let expected =
                [2001, 2002].map(|year| parse_time(&format!("{year}-{month_and_day}")).unwrap());
            assert_eq!(read_as(&column, alias, unit).unwrap().0, expected, "{column:?} {alias:?}");
        }
    }
    assert_eq!(read(&Column::Int(vec![2001, 2002]), None).unwrap().1, TimeKind::Step);
}

#[test]
fn numbers_of_another_unit_are_refused_with_its_name() {
    let seconds = |what: &str| {
        format!(
            "column \"ds\" seems to hold seconds since 1970: as milliseconds {what}. Set timeUnit: \"s\", or multiply by 1000; if they are milliseconds after all, set timeUnit: \"ms\""
        )
    };
    let beyond = |n: i64, advice: &str| {
        format!(
            "column \"ds\", row 1 of 1: the time is {n}, which is not a date in milliseconds since 1970; it seems to be a number of {advice}"
        )
    };
    let cases = [
        (Column::Int(vec![SECONDS, SECONDS + 86_400]), seconds("1706659200 is 1970-01-20T18:04:19.200")),
        (text(&["1706659200"]), seconds("1706659200 is 1970-01-20T18:04:19.200")),
        (
            Column::Int(vec![SECONDS * 1_000_000]),
            beyond(SECONDS * 1_000_000, "microseconds; set timeUnit: \"us\", or divide by 1000"),
        ),
        (
            Column::Float(vec![SECONDS as f64 * 1e9]),
            beyond(SECONDS * 1_000_000_000, "nanoseconds; set timeUnit: \"ns\", or divide by 1000000"),
        ),
        (
            Column::Date(vec![SECONDS]),
            "column \"ds\" holds dates around 1970, such as 1970-01-20T18:04:19.200, which seem to be made from seconds; dates count milliseconds: multiply by 1000 before making them. If they are right, set timeUnit: \"ms\"".into(),
        ),
    ];
    for (column, message) in cases {
        for alias in [Some("D"), Some("86400ms"), None] {
            let e = read(&column, alias).unwrap_err();
            assert_eq!((e.code, e.to_string()), (ErrorCode::Schema, message.clone()));
            assert_eq!(e.details.option.as_deref(), Some("timeUnit"));
        }
    }
    assert_eq!(read_as(&Column::Int(vec![SECONDS]), Some("D"), Some("ms")).unwrap().0, [SECONDS]);
    assert_eq!(
        read(&Column::Int(vec![2001, 2002]), Some("MS")).unwrap_err().to_string(),
        "column \"ds\" holds years, but the frequency \"MS\" needs dates; use a yearly frequency such as \"YS\", a numeric one such as 1, or dates"
    );
}

#[test]
fn what_a_unit_cannot_mean_is_refused_with_its_row() {
    let cases = [
        (
            Column::Float(vec![1.0, 1.2345]),
            "s",
            "row 2 of 2: the time is 1.2345 seconds, which is not a whole number of milliseconds; times cannot be finer here, so round it",
        ),
        (
            Column::Int(vec![1_000_000, 1_500_000, 7]),
            "ns",
            "row 2 of 3: the time is 1500000 nanoseconds, which is not a whole number of milliseconds; times cannot be finer here, so round it",
        ),
        (
            Column::Int(vec![JAN_31]),
            "s",
            "row 1 of 1: the time is 1706659200000, which is not a date in seconds since 1970; is timeUnit \"s\" right?",
        ),
        (
            Column::Float(vec![2001.5]),
            "year",
            "row 1 of 1: the time is 2001.5, which is not a whole year",
        ),
        (
            Column::Int(vec![0]),
            "year",
            "row 1 of 1: the time is 0, which is not a year from 1 to 9999; is timeUnit \"year\" right?",
        ),
        (Column::Float(vec![1.0, f64::NAN]), "s", "row 2 of 2: the time is missing"),
    ];
    for (column, unit, message) in cases {
        let e = read_as(&column, None, Some(unit)).unwrap_err();
        assert_eq!(e.to_string(), format!("column \"ds\", {message}"));
    }
}

#[test]
fn numbers_of_no_known_unit_and_units_that_lead_to_1970_are_refused() {
    let minutes = Column::Int(vec![28_401_120, 28_401_121]);
    assert_eq!(
        read(&minutes, Some("min")).unwrap_err().to_string(),
        "column \"ds\" seems to hold numbers that are not milliseconds since 1970: 28401120 would be 1970-01-01T07:53:21.120. Convert them to dates, or set timeUnit to their unit"
    );
    for (unit, number) in [("us", JAN_31), ("ns", JAN_31 * 1000)] {
        assert_eq!(
            read_as(&Column::Int(vec![number]), Some("D"), Some(unit)).unwrap_err().to_string(),
            format!(
                "column \"ds\": timeUnit \"{unit}\" makes 1970-01-20T18:04:19.200 of {number}, and all times are around 1970; is it right?"
            )
        );
    }
    assert_eq!(
        read(&Column::Float(vec![JAN_31 as f64 + 0.5]), Some("D")).unwrap_err().to_string(),
        "column \"ds\", row 1 of 1: the time is 1706659200000.5, which is not a whole number"
    );
}
