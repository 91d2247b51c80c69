//! Time columns: from dates, text and numbers to milliseconds since 1970 or step numbers.

use super::calendar::{Calendar, Period, day_of};
use super::date_text::{DATES, DAY, parse_time_in};
use super::frequency::{Frequency, Unit};
use super::panel::{TimeKind, TimeUnit};
use super::table::Column;
use super::time_zone::TimeZone;
use crate::{Details, Error, ErrorCode, Result};

/// Numbers below this are steps, not the first hours of 1970.
const STEPS_BELOW: u64 = 10_000_000;
/// The largest step number.
const MAX_STEP: u64 = 1 << 53;

/// Reads a time column: steps for a numeric frequency, otherwise dates. Without a frequency, small whole numbers are
/// steps and larger ones milliseconds since 1970. Dates that do not say their offset from UTC are of the time zone.
pub(super) fn read_times(
    column: &Column,
    name: &str,
    frequency: Option<Frequency>,
    zone: Option<TimeZone>,
) -> Result<(Vec<i64>, TimeKind)> {
    match column {
        Column::Date(times) => {
            if frequency.is_some_and(Frequency::is_step) {
                return Err(dates_for_steps(name, frequency));
            }
            dates(times.clone(), name, zone)
        }
        Column::Int(numbers) => read_numbers(numbers, name, frequency, zone),
        Column::Float(values) => {
            let numbers = values.iter().enumerate().map(|(row, v)| {
                let problem = match v {
                    v if v.is_nan() => "is missing".to_string(),
                    v if v.fract() != 0.0 || v.abs() > 9e15 => {
                        format!("is {v}, which is not a whole number")
                    }
                    v => return Ok(*v as i64),
                };
                Err(at_row(name, row, values.len(), &problem))
            });
            read_numbers(&numbers.collect::<Result<Vec<i64>>>()?, name, frequency, zone)
        }
        Column::Text(texts) => read_texts(texts, name, frequency, zone),
    }
}

fn read_texts(
    texts: &[Option<String>],
    name: &str,
    frequency: Option<Frequency>,
    zone: Option<TimeZone>,
) -> Result<(Vec<i64>, TimeKind)> {
    let parse_time = |text: &str| parse_time_in(text, zone);
    let present =
        texts.iter().enumerate().map(|(row, text)| match text.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(at_row(name, row, texts.len(), "is missing")),
        });
    let present: Vec<&str> = present.collect::<Result<_>>()?;
    let numbers: Option<Vec<i64>> = present.iter().map(|text| text.parse().ok()).collect();
    if frequency.is_some_and(Frequency::is_step) {
        return match numbers {
            Some(numbers) => steps(numbers, name),
            None if present.iter().all(|text| parse_time(text).is_ok()) => {
                Err(dates_for_steps(name, frequency))
            }
            None => {
                let row = present.iter().position(|text| text.parse::<i64>().is_err()).unwrap_or(0);
                Err(at_row(
                    name,
                    row,
                    texts.len(),
                    &format!("is \"{}\", which is not a step number", present[row]),
                ))
            }
        };
    }
    if let Some(numbers) = numbers
        && present.iter().any(|text| parse_time(text).is_err())
    {
        return read_numbers(&numbers, name, frequency, zone);
    }
    let times = present.iter().enumerate().map(|(row, text)| {
        parse_time(text).map_err(|fault| {
            at_row(name, row, texts.len(), &format!("is \"{text}\", which {}", fault.reason()))
        })
    });
    Ok((times.collect::<Result<_>>()?, date_kind(zone)))
}

fn read_numbers(
    numbers: &[i64],
    name: &str,
    frequency: Option<Frequency>,
    zone: Option<TimeZone>,
) -> Result<(Vec<i64>, TimeKind)> {
    if frequency.is_some_and(Frequency::is_step) {
        return steps(numbers.to_vec(), name);
    }
    let written_out = |n: &i64| {
        if (19_000_101..=21_001_231).contains(n) {
            parse_time_in(&n.to_string(), zone).ok()
        } else {
            None
        }
    };
    if let Some(times) = numbers.iter().map(written_out).collect::<Option<Vec<i64>>>() {
        return Ok((times, date_kind(zone)));
    }
    let small = numbers.iter().all(|n| n.unsigned_abs() < STEPS_BELOW);
    let Some(frequency) = frequency else {
        return if small {
            Ok((numbers.to_vec(), TimeKind::Step))
        } else {
            dates(numbers.to_vec(), name, zone)
        };
    };
    let yearly = match frequency.unit() {
        Unit::Dates(Calendar::Months { period, .. }) | Unit::SameDay(period) => {
            period == Period::Year
        }
        _ => false,
    };
    if yearly && numbers.iter().all(|n| (1000..=9999).contains(n)) {
        let years = numbers.iter().filter_map(|n| day_of(*n as i32, 1, 1)).map(|day| day * DAY);
        let instant = |local: i64| zone.map_or(local, |zone| zone.instant(local));
        return Ok((years.map(instant).collect(), date_kind(zone)));
    }
    if small {
        let message = format!(
            "column \"{name}\" holds step numbers, but the frequency \"{frequency}\" needs dates; use a numeric frequency such as 1, or dates"
        );
        return Err(Error::new(ErrorCode::Freq, message).with(|d| d.column = Some(name.into())));
    }
    dates(numbers.to_vec(), name, zone)
}

fn dates(times: Vec<i64>, name: &str, zone: Option<TimeZone>) -> Result<(Vec<i64>, TimeKind)> {
    match times.iter().position(|t| !DATES.contains(t)) {
        None => Ok((times, date_kind(zone))),
        Some(row) => {
            let problem =
                format!("is {}, which is not a date in milliseconds since 1970", times[row]);
            Err(at_row(name, row, times.len(), &problem))
        }
    }
}

/// Steps are held where floats are exact and differences cannot overflow.
fn steps(numbers: Vec<i64>, name: &str) -> Result<(Vec<i64>, TimeKind)> {
    match numbers.iter().position(|n| n.unsigned_abs() > MAX_STEP) {
        None => Ok((numbers, TimeKind::Step)),
        Some(row) => Err(at_row(
            name,
            row,
            numbers.len(),
            &format!("is {}, which is too large a step", numbers[row]),
        )),
    }
}

fn date_kind(time_zone: Option<TimeZone>) -> TimeKind {
    TimeKind::Date { unit: TimeUnit::Ms, time_zone }
}

fn dates_for_steps(name: &str, frequency: Option<Frequency>) -> Error {
    let frequency = frequency.map_or_else(String::new, Frequency::to_pandas);
    let message = format!(
        "column \"{name}\" holds dates, but the frequency {frequency} is for step numbers; use a frequency such as \"D\" or \"MS\""
    );
    Error::new(ErrorCode::Freq, message).with(|d| d.column = Some(name.into()))
}

fn at_row(name: &str, row: usize, rows: usize, problem: &str) -> Error {
    Error::new(
        ErrorCode::Schema,
        format!("column \"{name}\", row {} of {rows}: the time {problem}", row + 1),
    )
    .with(|d: &mut Details| {
        d.column = Some(name.into());
        d.sample = vec![serde_json::json!({ "row": row })];
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::date_text::FORMS;

    fn text(texts: &[&str]) -> Column {
        Column::Text(texts.iter().map(|t| Some(t.to_string())).collect())
    }

    fn read(column: &Column, alias: Option<&str>) -> Result<(Vec<i64>, TimeKind)> {
        read_times(column, "ds", alias.map(|a| Frequency::parse(a).unwrap()), None)
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
            (Column::Text(vec![None]), None, ErrorCode::Schema, "column \"ds\", row 1 of 1: the time is missing".into()),
            (Column::Float(vec![f64::NAN]), None, ErrorCode::Schema, "column \"ds\", row 1 of 1: the time is missing".into()),
            (Column::Float(vec![1.5]), Some("1"), ErrorCode::Schema, "column \"ds\", row 1 of 1: the time is 1.5, which is not a whole number".into()),
            (
                Column::Date(vec![i64::MAX]),
                Some("D"),
                ErrorCode::Schema,
                "column \"ds\", row 1 of 1: the time is 9223372036854775807, which is not a date in milliseconds since 1970".into(),
            ),
        ];
        for (column, alias, code, message) in cases {
            let e = read(&column, alias).unwrap_err();
            assert_eq!((e.code, e.to_string()), (code, message));
            assert_eq!(e.details.column.as_deref(), Some("ds"));
        }
    }
}
