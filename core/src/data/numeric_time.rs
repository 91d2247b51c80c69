//! Times as plain numbers: their unit, exact conversion to milliseconds, and detection of another unit.

use super::calendar::{Calendar, Period, day_of, month_of};
use super::date_text::{DATES, DAY};
use super::frequency::{Frequency, Unit};
use super::time_zone::TimeZone;
use crate::Result;
use crate::options::choices;

/// Numbers below this are steps, not the first hours of 1970.
pub(super) const STEPS_BELOW: u64 = 10_000_000;
/// 2100-01-01 in seconds since 1970; as milliseconds it is a day of February 1970.
pub(super) const LAST_SECOND: u64 = 4_102_444_800;

choices! {
    /// The unit of numbers in a time column.
    pub enum NumericTime {
        /// Seconds since 1970, UTC.
        Second = "s",
        /// Milliseconds since 1970, UTC.
        Millisecond = "ms",
        /// Microseconds since 1970, UTC.
        Microsecond = "us",
        /// Nanoseconds since 1970, UTC.
        Nanosecond = "ns",
        /// Years: 2024 is the date of a yearly frequency in that year, else its first day.
        Year = "year",
    }
}

/// How times are read, apart from their frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeReading {
    /// The unit of numbers. `None`: steps or milliseconds; numbers that look like another unit are refused.
    pub unit: Option<NumericTime>,
    /// The time zone of the machine, for messages: dates made in its local time are midnights in it.
    pub machine_zone: Option<TimeZone>,
}

/// Why a number is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberFault {
    /// A part of a millisecond, or of a year, would be lost.
    Lost,
    /// Before the year 1 or after 9999.
    OutOfRange,
}

impl NumericTime {
    /// The unit in words.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Second => "seconds",
            Self::Millisecond => "milliseconds",
            Self::Microsecond => "microseconds",
            Self::Nanosecond => "nanoseconds",
            Self::Year => "years",
        }
    }

    /// How to convert it to milliseconds, for messages.
    pub(super) fn factor(self) -> &'static str {
        match self {
            Self::Second => "multiply by 1000",
            Self::Microsecond => "divide by 1000",
            Self::Nanosecond => "divide by 1000000",
            Self::Millisecond | Self::Year => "write dates",
        }
    }

    /// The number of units per millisecond, if more than one.
    fn per_millisecond(self) -> Option<i64> {
        match self {
            Self::Microsecond => Some(1000),
            Self::Nanosecond => Some(1_000_000),
            _ => None,
        }
    }

    /// Milliseconds since 1970 of a whole number.
    pub(super) fn of_int(self, n: i64, clock: Clock) -> Result<i64, NumberFault> {
        let milliseconds = match (self, self.per_millisecond()) {
            (Self::Year, _) => clock.year(n),
            (Self::Second, _) => n.checked_mul(1000),
            (_, None) => Some(n),
            (_, Some(count)) if n % count == 0 => Some(n / count),
            (_, Some(_)) => return Err(NumberFault::Lost),
        };
        milliseconds.filter(|t| DATES.contains(t)).ok_or(NumberFault::OutOfRange)
    }

    /// Milliseconds since 1970 of a float, if it is the float nearest to a whole number of milliseconds.
    pub(super) fn of_float(self, v: f64, clock: Clock) -> Result<i64, NumberFault> {
        let (milliseconds, back) = match self.per_millisecond() {
            Some(count) => {
                let t = (v / count as f64).round() as i64;
                (t, (i128::from(t) * i128::from(count)) as f64)
            }
            None if self == Self::Second => {
                let t = (v * 1000.0).round() as i64;
                (t, t as f64 / 1000.0)
            }
            None => (v as i64, v.trunc()),
        };
        if v.is_finite() && back != v && DATES.contains(&milliseconds) {
            return Err(NumberFault::Lost);
        }
        match self {
            Self::Year => self.of_int(milliseconds, clock),
            _ if v.is_finite() && DATES.contains(&milliseconds) => Ok(milliseconds),
            _ => Err(NumberFault::OutOfRange),
        }
    }
}

/// The frequency and the time zone of dates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    pub(super) frequency: Option<Frequency>,
    pub(super) zone: Option<TimeZone>,
}

impl Clock {
    /// Whether the frequency is a number of years.
    pub(super) fn is_yearly(self) -> bool {
        let yearly = |unit| match unit {
            Unit::Dates(Calendar::Months { period, .. }) | Unit::SameDay(period) => {
                period == Period::Year
            }
            _ => false,
        };
        self.frequency.is_some_and(|f| yearly(f.unit()))
    }

    /// The date of a yearly frequency in a year, else the first day.
    pub(super) fn year(self, year: i64) -> Option<i64> {
        let first = day_of(i32::try_from(year).ok().filter(|y| (1..=9999).contains(y))?, 1, 1)?;
        let day = match self.frequency.map(Frequency::unit) {
            Some(Unit::Dates(Calendar::Months { period: Period::Year, month, edge })) => {
                edge.day(month_of(first) + i64::from(month) - 1)
            }
            _ => first,
        };
        Some(self.instant(day * DAY))
    }

    /// The instant of a local time.
    pub(super) fn instant(self, local: i64) -> i64 {
        self.zone.map_or(local, |zone| zone.instant(local))
    }
}

/// The probable unit of a number that is too large for a date in milliseconds.
pub(super) fn finer(n: i64) -> NumericTime {
    let in_dates = |unit: i64| DATES.contains(&(n / unit));
    if in_dates(1000) { NumericTime::Microsecond } else { NumericTime::Nanosecond }
}

/// Whether these are probably seconds rather than milliseconds since 1970: as milliseconds, all would be within weeks of
/// 1970.
///
/// Times that really are in those weeks are recognized by round numbers: whole days; with a frequency, times on it that are
/// whole seconds or include the first hours of 1970; without a frequency, whole minutes.
pub(super) fn looks_like_seconds(numbers: &[i64], frequency: Option<Frequency>) -> bool {
    let size = |n: &i64| n.unsigned_abs();
    if !numbers.iter().all(|n| size(n) <= LAST_SECOND)
        || !numbers.iter().any(|n| size(n) >= STEPS_BELOW)
    {
        return false;
    }
    let all_whole = |unit: i64| numbers.iter().all(|n| n % unit == 0);
    if all_whole(DAY) {
        return false;
    }
    match frequency {
        None => !all_whole(60_000),
        Some(frequency) => {
            let round = all_whole(1000) || numbers.iter().any(|n| size(n) < STEPS_BELOW);
            !(round && are_neighbours(numbers, frequency))
        }
    }
}

/// Whether most of these, as milliseconds, are one period apart.
pub(super) fn are_neighbours(numbers: &[i64], frequency: Frequency) -> bool {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let pairs = sorted.windows(2);
    let single = pairs.filter(|w| frequency.periods_between(w[0], w[1]) == Some(1)).count();
    single > 0 && 2 * single >= sorted.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::date_text::parse_time;
    use crate::options::{OptionValue, read_option};

    const JAN_1: i64 = 1_704_067_200; // 2024-01-01

    fn int(unit: &str, n: i64) -> Result<i64, NumberFault> {
        NumericTime::read(&unit.into()).unwrap().of_int(n, Clock::default())
    }

    fn float(unit: &str, v: f64) -> Result<i64, NumberFault> {
        NumericTime::read(&unit.into()).unwrap().of_float(v, Clock::default())
    }

    #[test]
    fn numbers_become_milliseconds_exactly_or_not_at_all() {
        use NumberFault::{Lost, OutOfRange};
        assert_eq!(int("s", JAN_1), Ok(JAN_1 * 1000));
        assert_eq!(int("ms", JAN_1), Ok(JAN_1));
        assert_eq!(int("us", JAN_1 * 1_000_000 + 123_000), Ok(JAN_1 * 1000 + 123));
        assert_eq!(int("us", 1_000_001), Err(Lost));
        assert_eq!(int("ns", JAN_1 * 1_000_000_000 + 123_000_000), Ok(JAN_1 * 1000 + 123));
        assert_eq!(int("ns", JAN_1 * 1_000_000_000 + 1), Err(Lost));
        assert_eq!(int("s", JAN_1 * 1000), Err(OutOfRange));
        assert_eq!(int("s", i64::MAX), Err(OutOfRange));
        assert_eq!((int("year", 2024), int("year", 12_024)), (Ok(JAN_1 * 1000), Err(OutOfRange)));
        assert_eq!(float("s", JAN_1 as f64 + 0.123), Ok(JAN_1 * 1000 + 123));
        assert_eq!(float("s", JAN_1 as f64 + 0.1234), Err(Lost));
        assert_eq!(float("us", 1500.5), Err(Lost));
        assert_eq!(float("ms", 1.5), Err(Lost));
        assert_eq!(float("year", 2024.5), Err(Lost));
        // The nearest double is not the intended number, but it is nearest for no other millisecond.
        let exact = JAN_1 * 1_000_000_000 + 123_000_000;
        assert_ne!(exact as f64 as i64, exact);
        assert_eq!(float("ns", exact as f64), Ok(JAN_1 * 1000 + 123));
        assert_eq!(float("ns", exact as f64 + 1024.0), Err(Lost));
        assert_eq!(
            (float("s", f64::INFINITY), float("s", 1e300)),
            (Err(OutOfRange), Err(OutOfRange))
        );
        assert_eq!(
            read_option::<NumericTime>("timeUnit", &"sec".into(), &[]).unwrap_err().to_string(),
            "option \"timeUnit\" must be \"s\", \"ms\", \"us\", \"ns\" or \"year\", got \"sec\""
        );
    }

    #[test]
    fn a_year_is_the_date_that_its_frequency_has_in_it() {
        for (alias, date) in [
            ("YS", "2024-01-01"),
            ("YE", "2024-12-31"),
            ("Y", "2024-12-31"),
            ("2YS-APR", "2024-04-01"),
            ("YE-FEB", "2024-02-29"),
            ("BYE", "2024-12-31"),
            ("1y", "2024-01-01"),
            ("MS", "2024-01-01"),
        ] {
            let clock = Clock { frequency: Frequency::parse(alias).ok(), zone: None };
            assert_eq!(clock.year(2024), parse_time(date).ok(), "{alias}");
            assert_eq!(clock.is_yearly(), alias != "MS", "{alias}");
        }
        let zone = TimeZone::parse("Europe/Berlin").ok();
        let clock = Clock { frequency: None, zone };
        assert_eq!(clock.year(2024), parse_time("2023-12-31T23:00").ok());
    }

    #[test]
    fn seconds_are_told_from_the_first_weeks_of_1970() {
        let days =
            |from: i64, step: i64, n: i64| (0..n).map(|i| from + i * step).collect::<Vec<_>>();
        let seconds = |numbers: &[i64], alias: Option<&str>| {
            looks_like_seconds(numbers, alias.map(|a| Frequency::parse(a).unwrap()))
        };
        for alias in [None, Some("D"), Some("86400ms"), Some("MS"), Some("h")] {
            assert!(seconds(&days(JAN_1, 86_400, 30), alias), "{alias:?}");
            assert!(seconds(&days(-662_688_000, 86_400, 30), alias), "1949, {alias:?}");
            assert!(seconds(&[JAN_1], alias), "one time, {alias:?}");
            assert!(!seconds(&days(JAN_1 * 1000, 86_400_000, 30), alias), "{alias:?}");
        }
        // Milliseconds in the seventies, and numbers that start in 1970.
        assert!(!seconds(&days(31_536_000_000, 86_400_000, 30), Some("D")));
        assert!(!seconds(&days(0, 86_400_000, 40), Some("D")));
        assert!(!seconds(&days(0, 3_600_000, 40), None));
        assert!(!seconds(&days(0, 250, 50_000), Some("250ms")));
        assert!(!seconds(&days(1_000_000_000, 1000, 50), Some("s")));
        assert!(!seconds(&[31 * 86_400_000], Some("MS")));
        // Steps.
        assert!(!seconds(&days(0, 1, 50), None));
    }
}
