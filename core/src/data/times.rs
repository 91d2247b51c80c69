//! Time columns: from dates, text and numbers to milliseconds since 1970 or step numbers.

use super::date_text::{DATES, format_time, parse_time_in};
use super::frequency::Frequency;
use super::numeric_time::{
    Clock, LAST_SECOND, NumberFault, NumericTime, STEPS_BELOW, TimeReading, are_neighbours, finer,
    looks_like_seconds,
};
use super::panel::{TimeKind, TimeUnit};
use super::table::Column;
use super::texts::Texts;
use super::time_zone::TimeZone;
use crate::{Details, Error, ErrorCode, Result};

/// The largest step number.
const MAX_STEP: u64 = 1 << 53;
/// The last second of 1970.
const SECONDS_OF_1970: u64 = 365 * 86_400;

/// Reads a time column: steps for a numeric frequency, otherwise dates. Numbers have the given unit. Without one, small
/// whole numbers are steps if there is no frequency, and others are milliseconds since 1970. Dates without an offset from
/// UTC are local times of the time zone.
pub(super) fn read_times(
    column: &Column,
    name: &str,
    frequency: Option<Frequency>,
    zone: Option<TimeZone>,
    reading: TimeReading,
) -> Result<(Vec<i64>, TimeKind)> {
    Reader { name, rows: column.len(), clock: Clock { frequency, zone }, unit: reading.unit }
        .read(column)
}

/// A time column and how to read it.
#[derive(Clone, Copy)]
struct Reader<'a> {
    name: &'a str,
    rows: usize,
    clock: Clock,
    unit: Option<NumericTime>,
}

type Times = Result<(Vec<i64>, TimeKind)>;

impl Reader<'_> {
    fn read(self, column: &Column) -> Times {
        match column {
            Column::Date(times) => {
                if self.wants_steps() {
                    return Err(self.dates_for_steps());
                }
                if self.unit.is_none() && looks_like_seconds(times, self.clock.frequency) {
                    return Err(self.made_of_seconds(times));
                }
                self.dates(times.clone(), |unit| {
                    format!("made from {}; {} before making the date", unit.plural(), unit.factor())
                })
            }
            Column::Int(numbers) => self.numbers(numbers),
            Column::Float(values) => self.floats(values),
            Column::Text(texts) => self.texts(texts),
        }
    }

    fn wants_steps(self) -> bool {
        self.clock.frequency.is_some_and(Frequency::is_step)
    }

    fn floats(self, values: &[f64]) -> Times {
        if let Some(row) = values.iter().position(|v| v.is_nan()) {
            return Err(self.at(row, "is missing"));
        }
        if let Some(unit) = self.unit.filter(|_| !self.wants_steps()) {
            return self.of_unit(unit, values, |unit, v| unit.of_float(*v, self.clock));
        }
        if let Some(row) = values.iter().position(|v| v.fract() != 0.0) {
            let v = values[row];
            let fix = if v.abs() <= LAST_SECOND as f64 && !self.wants_steps() {
                "; if it counts seconds, set timeUnit: \"s\""
            } else {
                ""
            };
            return Err(self.at(row, &format!("is {v}, which is not a whole number{fix}")));
        }
        self.numbers(&values.iter().map(|v| *v as i64).collect::<Vec<i64>>())
    }

    fn texts(self, texts: &Texts) -> Times {
        let parse_time = |text: &str| parse_time_in(text, self.clock.zone);
        if let Some(row) = texts.position(|text| trimmed(text).is_empty()) {
            return Err(self.at(row, "is missing"));
        }
        let all = |is: &dyn Fn(&str) -> bool| texts.distinct().iter().all(|text| is(text.trim()));
        let is_dates = || all(&|text| parse_time(text).is_ok());
        let numbers = all(&|text| text.parse::<i64>().is_ok())
            .then(|| texts.values(|text| trimmed(text).parse::<i64>().unwrap_or_default()));
        if self.wants_steps() {
            return match numbers {
                Some(numbers) => self.steps(numbers),
                None if is_dates() => Err(self.dates_for_steps()),
                None => {
                    let row = texts.position(|text| trimmed(text).parse::<i64>().is_err());
                    let row = row.unwrap_or(0);
                    let text = trimmed(texts.get(row));
                    Err(self.at(row, &format!("is \"{text}\", which is not a step number")))
                }
            };
        }
        if let Some(numbers) = numbers
            && (self.unit.is_some() || self.are_years(&numbers) || !is_dates())
        {
            return self.numbers(&numbers);
        }
        if self.unit.is_some() && all(&|text| text.parse::<f64>().is_ok()) {
            return self.floats(&texts.values(|text| trimmed(text).parse().unwrap_or(f64::NAN)));
        }
        let times = texts.try_values(|text| parse_time(text.trim()));
        let times = times.map_err(|(row, fault)| {
            let text = trimmed(texts.get(row));
            self.at(row, &format!("is \"{text}\", which {}", fault.reason()))
        });
        Ok((times?, self.kind()))
    }

    fn numbers(self, numbers: &[i64]) -> Times {
        if self.wants_steps() {
            return self.steps(numbers.to_vec());
        }
        if let Some(unit) = self.unit {
            return self.of_unit(unit, numbers, |unit, n| unit.of_int(*n, self.clock));
        }
        let written_out = |n: &i64| {
            let is_date = (19_000_101..=21_001_231).contains(n);
            is_date.then(|| parse_time_in(&n.to_string(), self.clock.zone).ok()).flatten()
        };
        if let Some(times) = numbers.iter().map(written_out).collect::<Option<Vec<i64>>>() {
            return Ok((times, self.kind()));
        }
        if self.are_years(numbers) {
            let years = numbers.iter().filter_map(|n| self.clock.year(*n));
            return Ok((years.collect(), self.kind()));
        }
        let small = numbers.iter().all(|n| n.unsigned_abs() < STEPS_BELOW);
        match self.clock.frequency {
            None if small => Ok((numbers.to_vec(), TimeKind::Step)),
            Some(frequency) if small && !are_neighbours(numbers, frequency) => {
                Err(self.steps_for_dates(numbers, frequency))
            }
            frequency if looks_like_seconds(numbers, frequency) => Err(self.seconds(numbers)),
            _ => self.dates(numbers.to_vec(), |unit| {
                let (plural, name, factor) = (unit.plural(), unit.name(), unit.factor());
                format!("a number of {plural}; set timeUnit: \"{name}\", or {factor}")
            }),
        }
    }

    /// Whether whole numbers are years, for a yearly frequency.
    fn are_years(self, numbers: &[i64]) -> bool {
        self.clock.is_yearly() && numbers.iter().all(|n| (1000..=9999).contains(n))
    }

    fn of_unit<T: std::fmt::Display>(
        self,
        unit: NumericTime,
        values: &[T],
        read: impl Fn(NumericTime, &T) -> Result<i64, NumberFault>,
    ) -> Times {
        let times = values.iter().enumerate().map(|(row, value)| {
            read(unit, value).map_err(|fault| {
                let problem = match (fault, unit) {
                    (NumberFault::Lost, NumericTime::Year) => {
                        format!("is {value}, which is not a whole year")
                    }
                    (NumberFault::Lost, _) => format!(
                        "is {value} {}, which is not a whole number of milliseconds; times cannot be finer here, so round it",
                        unit.plural()
                    ),
                    (NumberFault::OutOfRange, NumericTime::Year) => {
                        format!("is {value}, which is not a year from 1 to 9999; is timeUnit \"year\" right?")
                    }
                    (NumberFault::OutOfRange, _) => format!(
                        "is {value}, which is not a date in {} since 1970; is timeUnit \"{}\" right?",
                        unit.plural(),
                        unit.name()
                    ),
                };
                self.at(row, &problem).with(|d| d.option = Some("timeUnit".into()))
            })
        });
        let times: Vec<i64> = times.collect::<Result<_>>()?;
        let fine = matches!(unit, NumericTime::Microsecond | NumericTime::Nanosecond);
        if fine && looks_like_seconds(&times, self.clock.frequency) {
            let message = format!(
                "column \"{}\": timeUnit \"{}\" makes {} of {}, and all times are around 1970; is it right?",
                self.name,
                unit.name(),
                format_time(times[0], &date_kind(None)),
                values[0]
            );
            return Err(self
                .in_column(ErrorCode::Schema, message)
                .with(|d| d.option = Some("timeUnit".into())));
        }
        Ok((times, self.kind()))
    }

    /// Checks that milliseconds since 1970 are in the years 1 to 9999. `advice` describes numbers of another unit.
    fn dates(self, times: Vec<i64>, advice: impl Fn(NumericTime) -> String) -> Times {
        let Some(row) = times.iter().position(|t| !DATES.contains(t)) else {
            return Ok((times, self.kind()));
        };
        let unit = finer(times[row]);
        let problem = format!(
            "is {}, which is not a date in milliseconds since 1970; it seems to be {}",
            times[row],
            advice(unit)
        );
        Err(self.at(row, &problem).with(|d| {
            d.option = Some("timeUnit".into());
            d.expected = Some(unit.name().into());
            d.actual = Some(times[row].into());
        }))
    }

    /// Steps are limited to the range in which floats are exact and differences cannot overflow.
    fn steps(self, numbers: Vec<i64>) -> Times {
        match numbers.iter().position(|n| n.unsigned_abs() > MAX_STEP) {
            None => Ok((numbers, TimeKind::Step)),
            Some(row) => {
                let problem = format!(
                    "is {}, which is too large for a step number; the largest is {MAX_STEP}",
                    numbers[row]
                );
                Err(self.at(row, &problem))
            }
        }
    }

    fn kind(self) -> TimeKind {
        date_kind(self.clock.zone)
    }

    /// The error for numbers that would all be in 1970 as milliseconds, with their probable unit.
    fn seconds(self, numbers: &[i64]) -> Error {
        let first = numbers[0];
        let as_milliseconds = format_time(first, &date_kind(None));
        let name = self.name;
        // Minutes since 1970 and the like are in 1970 as seconds too.
        let message = if numbers.iter().all(|n| n.unsigned_abs() < SECONDS_OF_1970) {
            format!(
                "column \"{name}\" seems to hold numbers that are not milliseconds since 1970: {first} would be {as_milliseconds}. Convert them to dates, or set timeUnit to their unit"
            )
        } else {
            format!(
                "column \"{name}\" seems to hold seconds since 1970: as milliseconds {first} is {as_milliseconds}. Set timeUnit: \"s\", or multiply by 1000; if they are milliseconds after all, set timeUnit: \"ms\""
            )
        };
        self.in_column(ErrorCode::Schema, message).with(|d| {
            d.option = Some("timeUnit".into());
            d.expected = Some(NumericTime::Second.name().into());
            d.actual = Some(first.into());
        })
    }

    /// The same for dates that were probably made from seconds.
    fn made_of_seconds(self, times: &[i64]) -> Error {
        let first = times[0];
        let message = format!(
            "column \"{}\" holds dates around 1970, such as {}, which seem to be made from seconds; dates count milliseconds: multiply by 1000 before making them. If they are right, set timeUnit: \"ms\"",
            self.name,
            format_time(first, &date_kind(None)),
        );
        self.in_column(ErrorCode::Schema, message).with(|d| {
            d.option = Some("timeUnit".into());
            d.actual = Some(first.into());
        })
    }

    fn steps_for_dates(self, numbers: &[i64], frequency: Frequency) -> Error {
        let (what, fix) = if numbers.iter().all(|n| (1500..=2500).contains(n)) {
            ("years", "a yearly frequency such as \"YS\", a numeric one such as 1, or dates")
        } else {
            ("step numbers", "a numeric frequency such as 1, or dates")
        };
        let message = format!(
            "column \"{}\" holds {what}, but the frequency \"{frequency}\" needs dates; use {fix}",
            self.name
        );
        self.in_column(ErrorCode::Freq, message)
    }

    fn dates_for_steps(self) -> Error {
        let frequency = self.clock.frequency.map_or_else(String::new, Frequency::to_pandas);
        let message = format!(
            "column \"{}\" holds dates, but the frequency {frequency} is for step numbers; use a frequency such as \"D\" or \"MS\"",
            self.name
        );
        self.in_column(ErrorCode::Freq, message)
    }

    fn in_column(self, code: ErrorCode, message: String) -> Error {
        Error::new(code, message).with(|d| d.column = Some(self.name.into()))
    }

    fn at(self, row: usize, problem: &str) -> Error {
        let (name, rows) = (self.name, self.rows);
        let message = format!("column \"{name}\", row {} of {rows}: the time {problem}", row + 1);
        self.in_column(ErrorCode::Schema, message)
            .with(|d: &mut Details| d.sample = vec![serde_json::json!({ "row": row })])
    }
}

fn trimmed(text: Option<&str>) -> &str {
    text.map_or("", str::trim)
}

fn date_kind(time_zone: Option<TimeZone>) -> TimeKind {
    TimeKind::Date { unit: TimeUnit::Ms, time_zone }
}

#[cfg(test)]
mod tests;
