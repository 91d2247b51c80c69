//! Spellings of frequencies: pandas' aliases, old and new, and polars' durations, read and written.

use std::fmt;

use super::calendar::{Calendar, Edge, Period};
use super::frequency::{Frequency, Unit};
use super::misspelt::{unknown, unreadable, wrong_number};
use crate::{Error, Result};

const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// Larger multiples are mistakes, and would leave the range of dates.
const MAX_MULTIPLE: i64 = 1_000_000_000;

impl Frequency {
    /// Reads `D`, `15min`, `W-MON`, `3MS`, `QE-MAR`, `1h30min`, `1mo`, or a number of steps.
    pub fn parse(text: &str) -> Result<Self> {
        let alias = text.trim();
        if alias.starts_with('-') {
            return Err(unreadable(text, "it must be positive"));
        }
        if let Some(error) = wrong_number(text) {
            return Err(error);
        }
        if !alias.is_empty() && alias.bytes().all(|b| b.is_ascii_digit()) {
            let n = alias.parse().map_err(|_| unreadable(text, "the number is too large"))?;
            return Self::step(n);
        }
        let mut total: Option<Self> = None;
        let mut rest = alias;
        while !rest.is_empty() {
            let (part, after) = split_part(text, rest)?;
            total = Some(match total {
                None => part,
                Some(sum) => add(sum, part)
                    .ok_or_else(|| unreadable(text, "only units of fixed length can be added"))?,
            });
            rest = after;
        }
        total.ok_or_else(|| unreadable(text, "it is empty"))
    }

    /// The canonical pandas alias. For polars' `1mo`, `1q` and `1y`, which have no pandas alias, the polars spelling.
    pub fn to_pandas(self) -> String {
        let unit = match self.unit {
            Unit::Step => return self.n.to_string(),
            Unit::SameDay(period) => {
                let unit = match period {
                    Period::Month => "mo",
                    Period::Quarter => "q",
                    Period::Year => "y",
                };
                return format!("{}{unit}", self.n);
            }
            Unit::Millisecond => "ms".into(),
            Unit::Second => "s".into(),
            Unit::Minute => "min".into(),
            Unit::Hour => "h".into(),
            Unit::Day => "D".into(),
            Unit::Dates(Calendar::Weekday(day)) => format!("W-{}", WEEKDAYS[usize::from(day)]),
            Unit::Dates(Calendar::BusinessDay) => "B".into(),
            Unit::Dates(Calendar::Months { period, month, edge }) => {
                let (business, end) = match edge {
                    Edge::Start => ("", "S"),
                    Edge::End => ("", "E"),
                    Edge::BusinessStart => ("B", "S"),
                    Edge::BusinessEnd => ("B", "E"),
                };
                let anchor = MONTHS[usize::from(month - 1)];
                match period {
                    Period::Month => format!("{business}M{end}"),
                    Period::Quarter => format!("{business}Q{end}-{anchor}"),
                    Period::Year => format!("{business}Y{end}-{anchor}"),
                }
            }
        };
        if self.n == 1 { unit } else { format!("{}{unit}", self.n) }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_pandas())
    }
}

impl std::str::FromStr for Frequency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// The first number and unit of `rest`, and what follows them.
fn split_part<'a>(text: &str, rest: &'a str) -> Result<(Frequency, &'a str)> {
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, rest) = rest.split_at(digits);
    let rest = rest.trim_start();
    let (unit, after) =
        rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
    let unit = unit.trim_end();
    let n = match number {
        "" => 1,
        _ => number
            .parse()
            .ok()
            .filter(|n| *n <= MAX_MULTIPLE)
            .ok_or_else(|| unreadable(text, "the number is too large"))?,
    };
    if n == 0 {
        return Err(unreadable(text, "it must be positive"));
    }
    let (factor, unit) = read_unit(unit, !number.is_empty()).ok_or_else(|| unknown(text, unit))?;
    Ok((Frequency::of(n * factor, unit), after))
}

pub(super) fn read_unit(alias: &str, numbered: bool) -> Option<(i64, Unit)> {
    let unit = match alias {
        "D" | "d" => Unit::Day,
        "h" | "H" => Unit::Hour,
        "min" | "T" => Unit::Minute,
        "m" if numbered => Unit::Minute,
        "s" | "S" => Unit::Second,
        "ms" | "L" => Unit::Millisecond,
        "w" if numbered => return Some((7, Unit::Day)),
        "mo" if numbered => Unit::SameDay(Period::Month),
        "q" if numbered => Unit::SameDay(Period::Quarter),
        "y" if numbered => Unit::SameDay(Period::Year),
        "W" | "w" => Unit::Dates(Calendar::Weekday(6)),
        "B" | "b" => Unit::Dates(Calendar::BusinessDay),
        _ => Unit::Dates(read_calendar(alias)?),
    };
    Some((1, unit))
}

fn read_calendar(alias: &str) -> Option<Calendar> {
    let (stem, anchor) = match alias.split_once('-') {
        Some((stem, anchor)) => (stem, Some(anchor.to_ascii_uppercase())),
        None => (alias, None),
    };
    if let ("W", Some(day)) = (stem, &anchor) {
        return WEEKDAYS.iter().position(|d| d == day).map(|d| Calendar::Weekday(d as u8));
    }
    let (period, edge) = match stem {
        "MS" => (Period::Month, Edge::Start),
        "ME" | "M" => (Period::Month, Edge::End),
        "BMS" => (Period::Month, Edge::BusinessStart),
        "BME" | "BM" => (Period::Month, Edge::BusinessEnd),
        "QS" => (Period::Quarter, Edge::Start),
        "QE" | "Q" => (Period::Quarter, Edge::End),
        "BQS" => (Period::Quarter, Edge::BusinessStart),
        "BQE" | "BQ" => (Period::Quarter, Edge::BusinessEnd),
        "YS" | "AS" => (Period::Year, Edge::Start),
        "YE" | "Y" | "A" => (Period::Year, Edge::End),
        "BYS" | "BAS" => (Period::Year, Edge::BusinessStart),
        "BYE" | "BY" | "BA" => (Period::Year, Edge::BusinessEnd),
        _ => return None,
    };
    let month = match anchor {
        Some(_) if period == Period::Month => return None,
        Some(month) => MONTHS.iter().position(|m| *m == month)? as u8 + 1,
        None if matches!(edge, Edge::Start | Edge::BusinessStart) => 1,
        None => 12,
    };
    // Monthly calendars have no anchor: a fixed one, so that equal frequencies compare equal.
    let month = if period == Period::Month { 1 } else { month };
    Some(Calendar::Months { period, month, edge })
}

/// The sum of two frequencies of fixed length.
fn add(a: Frequency, b: Frequency) -> Option<Frequency> {
    let length = |f: Frequency| f.unit.milliseconds()?.checked_mul(f.n);
    Some(Frequency::fixed(length(a)?.checked_add(length(b)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    #[test]
    fn spellings_are_read_and_written_canonically() {
        let cases = [
            ("D", "D"),
            ("d", "D"),
            ("1d", "D"),
            ("7D", "7D"),
            ("H", "h"),
            ("2h", "2h"),
            ("T", "min"),
            ("15min", "15min"),
            ("15T", "15min"),
            ("15m", "15min"),
            ("S", "s"),
            ("1s", "s"),
            ("L", "ms"),
            ("W", "W-SUN"),
            ("w", "W-SUN"),
            ("1W", "W-SUN"),
            ("1w", "7D"),
            ("2W-tue", "2W-TUE"),
            ("M", "ME"),
            ("3MS", "3MS"),
            ("Q", "QE-DEC"),
            ("QS", "QS-JAN"),
            ("QS-OCT", "QS-OCT"),
            ("Q-FEB", "QE-FEB"),
            ("A", "YE-DEC"),
            ("Y", "YE-DEC"),
            ("AS-APR", "YS-APR"),
            ("YE-MAR", "YE-MAR"),
            ("B", "B"),
            ("BM", "BME"),
            ("BMS", "BMS"),
            ("BQS", "BQS-JAN"),
            ("BA", "BYE-DEC"),
            ("1mo", "1mo"),
            ("2q", "2q"),
            ("1y", "1y"),
            ("1h30min", "90min"),
            ("1D12h", "36h"),
            ("5min30s", "330s"),
            (" 2 D ", "2D"),
            ("4", "4"),
        ];
        for (alias, canonical) in cases {
            let frequency = Frequency::parse(alias).unwrap();
            assert_eq!(frequency.to_pandas(), canonical, "{alias}");
            assert_eq!(canonical.parse::<Frequency>().unwrap(), frequency, "{alias}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_with_the_nearest_spelling() {
        let use_this =
            "Use a pandas alias such as \"D\", \"h\", \"MS\" or \"15min\", or a number of steps";
        let cases = [
            ("", "it is empty."),
            ("-1D", "it must be positive."),
            ("0D", "it must be positive."),
            ("monthly", "\"monthly\" is unknown; did you mean \"MS\"?"),
            ("mins", "\"mins\" is unknown; did you mean \"min\"?"),
            ("2 Hours", "\"Hours\" is unknown; did you mean \"h\"?"),
            ("3days", "\"days\" is unknown; did you mean \"D\"?"),
            ("15 MIN", "\"MIN\" is unknown; did you mean \"min\"?"),
            ("qs", "\"qs\" is unknown; did you mean \"QS\"?"),
            ("w-tue", "\"w-tue\" is unknown; did you mean \"W-TUE\"?"),
            ("Ye-mar", "\"Ye-mar\" is unknown; did you mean \"YE-MAR\"?"),
            ("Ms", "\"Ms\" could be months or milliseconds; say \"MS\" or \"ms\"."),
            ("0.25h", "a multiple must be a whole number; write \"15min\"."),
            ("0,5 h", "a multiple must be a whole number; write \"30min\"."),
            (".5h", "a multiple must be a whole number; write \"30min\"."),
            ("1.5D", "a multiple must be a whole number; write \"36h\"."),
            ("2.0D", "a multiple must be a whole number; write \"2D\"."),
            ("1.5MS", "a multiple must be a whole number."),
            ("0.0001s", "a multiple must be a whole number."),
            ("0.5", "a multiple must be a whole number."),
            ("5.0", "a multiple must be a whole number; write \"5\"."),
            ("1e3s", "\"e\" is unknown."),
            ("1d 2", "its last number has no unit."),
            ("Mon", "\"Mon\" is unknown; did you mean \"W-MON\"?"),
            ("D1", "the number comes first: write \"1D\"."),
            ("min 15", "the number comes first: write \"15min\"."),
            ("W-MON2", "the number comes first: write \"2W-MON\"."),
            ("W-SUM", "\"W-SUM\" is unknown; did you mean \"W-SUN\"?"),
            ("fortnight", "\"fortnight\" is unknown."),
            ("m", "\"m\" could be months or minutes; say \"MS\", \"ME\" or \"min\"."),
            ("SMS", "\"SMS\" is not supported."),
            ("10us", "\"us\" is not supported."),
            ("1MS1D", "only units of fixed length can be added."),
            ("99999999999D", "the number is too large."),
            ("99999999999999999999", "the number is too large."),
        ];
        for (alias, why) in cases {
            let e = Frequency::parse(alias).unwrap_err();
            assert_eq!(e.code, ErrorCode::Freq, "{alias}");
            let message = format!("cannot read the frequency \"{alias}\": {why} {use_this}");
            assert_eq!(e.to_string(), message);
        }
    }
}
