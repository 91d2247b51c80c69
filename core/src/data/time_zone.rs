//! Time zones: conversion between instants and local times.
//!
//! Zones and their history come from `chrono-tz`: the IANA database is compiled in, because that of the machine is missing
//! on Windows and in slim containers, and differs between machines.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Offset, TimeZone as _};
use chrono_tz::Tz;

use super::date_text::{DATES, DAY, parse_offset};
use crate::{Error, Result, nearest};

/// A named zone with its daylight saving times, or a fixed offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone(Zone);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    Named(Tz),
    /// Milliseconds ahead of UTC, like pandas' `UTC+01:00`.
    Fixed(i64),
}

impl TimeZone {
    /// Reads a name of the IANA database such as `Europe/Berlin`, or `UTC+01:00`.
    pub fn parse(name: &str) -> Result<Self> {
        if let Ok(zone) = name.parse() {
            return Ok(Self(Zone::Named(zone)));
        }
        let offset = name.strip_prefix("UTC").unwrap_or(name);
        if let Some(ahead) = parse_offset(offset).filter(|_| offset.starts_with(['+', '-'])) {
            return Ok(Self(Zone::Fixed(ahead)));
        }
        let hint = nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()))
            .map_or(String::new(), |near| format!(" (did you mean \"{near}\"?)"));
        let expected = format!("a time zone such as \"Europe/Berlin\" or \"UTC+01:00\"{hint}");
        Err(Error::option("timeZone", &expected, name))
    }

    /// The local time at an instant; both in milliseconds since 1970.
    pub(crate) fn local(self, instant: i64) -> i64 {
        instant + self.ahead(instant)
    }

    /// The instant of a local time, the first one if it occurs twice. A skipped local time is read with the offset before
    /// the gap, which moves it forward by the length of the gap.
    ///
    /// Differs from upstream: pandas refuses both.
    pub(super) fn instant(self, local: i64) -> i64 {
        let zone = match self.0 {
            Zone::Fixed(ahead) => return local - ahead,
            Zone::Named(zone) => zone,
        };
        match zone.offset_from_local_datetime(&clock(local)).earliest() {
            Some(offset) => local - milliseconds(&offset),
            None => local - self.ahead(local - DAY),
        }
    }

    /// The later instant with the same local time as `t`, if the local time occurs twice and `t` is the first.
    pub(super) fn again(self, t: i64) -> Option<i64> {
        let Zone::Named(zone) = self.0 else { return None };
        let local = self.local(t);
        let last = zone.offset_from_local_datetime(&clock(local)).latest()?;
        Some(local - milliseconds(&last)).filter(|later| *later > t)
    }

    /// All zones of the database.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| Self(Zone::Named(*zone)))
    }

    /// The offset from UTC at an instant, in milliseconds.
    fn ahead(self, instant: i64) -> i64 {
        match self.0 {
            Zone::Fixed(ahead) => ahead,
            Zone::Named(zone) => milliseconds(&zone.offset_from_utc_datetime(&clock(instant))),
        }
    }

    /// The offset from UTC at an instant, as `+01:00`.
    pub(crate) fn offset_text(self, instant: i64) -> String {
        offset_text(self.ahead(instant))
    }

    /// The local date and time at an instant.
    pub(crate) fn clock(self, instant: i64) -> NaiveDateTime {
        clock(self.local(instant))
    }
}

fn offset_text(ahead: i64) -> String {
    let (sign, minutes) = (if ahead < 0 { '-' } else { '+' }, ahead.abs() / 60_000);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Zone::Named(zone) => f.write_str(zone.name()),
            Zone::Fixed(ahead) => write!(f, "UTC{}", offset_text(ahead)),
        }
    }
}

fn clock(milliseconds: i64) -> NaiveDateTime {
    let held = milliseconds.clamp(*DATES.start(), *DATES.end());
    DateTime::from_timestamp_millis(held).expect("the years 1 to 9999 exist").naive_utc()
}

fn milliseconds(offset: &impl Offset) -> i64 {
    i64::from(offset.fix().local_minus_utc()) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::date_text::parse_time;

    fn at(text: &str) -> i64 {
        parse_time(text).unwrap()
    }

    #[test]
    fn clocks_go_forward_and_back() {
        let berlin = TimeZone::parse("Europe/Berlin").unwrap();
        for (local, utc) in [
            ("2024-03-30T12:00", "2024-03-30T11:00"),
            ("2024-03-31T01:59", "2024-03-31T00:59"),
            ("2024-03-31T02:30", "2024-03-31T01:30"), // skipped: read as 03:30
            ("2024-03-31T03:00", "2024-03-31T01:00"),
            ("2024-10-27T02:30", "2024-10-27T00:30"), // occurs twice: the first
            ("2024-10-27T03:00", "2024-10-27T02:00"),
        ] {
            assert_eq!(berlin.instant(at(local)), at(utc), "{local}");
        }
        let twice = at("2024-10-27T00:30");
        assert_eq!(berlin.again(twice), Some(twice + 3_600_000));
        assert_eq!(
            (berlin.again(twice + 3_600_000), berlin.again(twice - 3_600_000)),
            (None, None)
        );
        assert_eq!(berlin.local(at("2024-03-31T01:30")), at("2024-03-31T03:30"));
        assert_eq!(berlin.offset_text(at("2024-07-01")), "+02:00");
    }

    #[test]
    fn names_survive() {
        for name in ["Europe/Berlin", "UTC", "US/Eastern", "UTC+05:30", "UTC-03:00"] {
            assert_eq!(TimeZone::parse(name).unwrap().to_string(), name);
        }
        assert_eq!(TimeZone::parse("+01:00").unwrap().to_string(), "UTC+01:00");
        let west = TimeZone::parse("UTC-03:30").unwrap();
        assert_eq!((west.local(0), west.instant(west.local(0))), (-12_600_000, 0));
        assert_eq!(west.offset_text(0), "-03:30");
    }

    #[test]
    fn an_unknown_zone_is_refused_with_the_nearest() {
        let message = |name: &str| TimeZone::parse(name).unwrap_err().to_string();
        assert_eq!(
            message("Europe/Berln"),
            "option \"timeZone\" must be a time zone such as \"Europe/Berlin\" or \"UTC+01:00\" \
             (did you mean \"Europe/Berlin\"?), got \"Europe/Berln\""
        );
        for wrong in ["", "Z", "UTC+1", "+25:00", "nowhere"] {
            assert_eq!(
                TimeZone::parse(wrong).unwrap_err().details.option.as_deref(),
                Some("timeZone")
            );
        }
    }

    #[test]
    fn instants_at_the_end_of_time_do_not_panic() {
        let zone = TimeZone::parse("America/New_York").unwrap();
        for t in [*DATES.start(), *DATES.end(), DATES.end() + 10 * DAY] {
            zone.instant(zone.local(t));
        }
    }
}
