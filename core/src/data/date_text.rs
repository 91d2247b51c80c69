//! Dates as text: many formats are read, the shortest exact one is written.

use super::calendar::{civil, day_of};
use super::panel::TimeKind;
use super::time_zone::TimeZone;

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;
/// The years 1 to 9999.
pub(super) const DATES: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;
/// The accepted formats of dates, for messages.
pub(super) const FORMS: &str = "2024-01-31, 2024-01-31T05:00:00, with a fraction, \"Z\" or an offset such as +02:00, 2024/01/31, 20240131, 2024-01 or 2024";

/// Why a text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeFault {
    /// Day and month cannot be told apart.
    Ambiguous,
    /// More digits than milliseconds have.
    TooFine,
    /// Anything else.
    Unreadable,
}

impl TimeFault {
    /// The fault in words, for messages.
    pub(super) fn reason(self) -> String {
        match self {
            Self::Ambiguous => {
                "is ambiguous: day and month could be either way round; write 2024-01-31".into()
            }
            Self::TooFine => {
                "is finer than a millisecond; times cannot be finer here, so round it".into()
            }
            Self::Unreadable => format!("is not a date; accepted are {FORMS}"),
        }
    }
}

/// Milliseconds since 1970 of a date in text; without an offset, it is in UTC.
#[cfg(test)]
pub(super) fn parse_time(text: &str) -> Result<i64, TimeFault> {
    parse_time_in(text, None)
}

/// Milliseconds since 1970 of a date in text; without an offset, it is a local time of `zone`.
pub(super) fn parse_time_in(text: &str, zone: Option<TimeZone>) -> Result<i64, TimeFault> {
    let text = text.trim();
    let bad = TimeFault::Unreadable;
    let (date, time) = split(text);
    let day = parse_date(date)?;
    let instant = |local: i64| zone.map_or(local, |zone| zone.instant(local));
    let Some(time) = time else { return Ok(instant(day * DAY)) };
    let full_date = date.len() >= 8;
    let end = clock_end(time);
    let offset = parse_offset(&time[end..]).ok_or(bad)?;
    let shown = day * DAY + parse_clock(&time[..end])?;
    let milliseconds = if end == time.len() { instant(shown) } else { shown - offset };
    if full_date && DATES.contains(&milliseconds) { Ok(milliseconds) } else { Err(bad) }
}

/// The date and the time of day.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.find(['T', ' ']) {
        Some(i) => (&text[..i], Some(text[i + 1..].trim_start())),
        None => (text, None),
    }
}

/// Where a time of day ends and its offset from UTC begins.
fn clock_end(time: &str) -> usize {
    time.find(['Z', '+', '-']).unwrap_or(time.len())
}

/// Whether a date in text has an offset from UTC.
pub(super) fn says_offset(text: &str) -> bool {
    split(text.trim()).1.is_some_and(|time| clock_end(time) < time.len())
}

fn parse_date(text: &str) -> Result<i64, TimeFault> {
    let bad = TimeFault::Unreadable;
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let separators: Vec<char> = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    let digits =
        |s: &str| if s.bytes().all(|b| b.is_ascii_digit()) { s.parse::<u32>().ok() } else { None };
    let numbers: Option<Vec<u32>> = parts.iter().map(|s| digits(s)).collect();
    let numbers = numbers.ok_or(bad)?;
    let lengths: Vec<usize> = parts.iter().map(|p| p.len()).collect();
    let (year, month, day) = match (lengths.as_slice(), numbers.as_slice()) {
        ([4], &[year]) => (year, 1, 1),
        ([8], &[n]) => (n / 10_000, n / 100 % 100, n % 100),
        ([4, 1..=2], &[year, month]) => (year, month, 1),
        ([4, 1..=2, 1..=2], &[year, month, day]) if separators[0] == separators[1] => {
            (year, month, day)
        }
        ([1..=2, 1..=2, 2 | 4], _) => return Err(TimeFault::Ambiguous),
        _ => return Err(bad),
    };
    if separators.contains(&'.') || !(1..=9999).contains(&year) {
        return Err(bad);
    }
    day_of(year as i32, month, day).ok_or(bad)
}

/// Milliseconds of `05:00`, `05:00:30` or `05:00:30.125`.
fn parse_clock(text: &str) -> Result<i64, TimeFault> {
    let bad = TimeFault::Unreadable;
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let mut next = |limit: i64| match parts.next() {
        Some(part) if part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) => {
            part.parse().ok().filter(|n| *n < limit).map(Some).ok_or(bad)
        }
        Some(_) => Err(bad),
        None => Ok(None),
    };
    let (hour, minute, second) = (next(24)?.ok_or(bad)?, next(60)?.ok_or(bad)?, next(60)?);
    let digits = fraction.bytes().all(|b| b.is_ascii_digit());
    let empty = text.contains('.') && (fraction.is_empty() || second.is_none());
    if parts.next().is_some() || !digits || empty {
        return Err(bad);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 3 {
        return Err(TimeFault::TooFine);
    }
    let thousandths: i64 = format!("{fraction:0<3}").parse().map_err(|_| bad)?;
    Ok(((hour * 60 + minute) * 60 + second.unwrap_or(0)) * 1000 + thousandths)
}

/// Milliseconds of ``, `Z`, `+02:00`, `-0530` or `+02`.
pub(super) fn parse_offset(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first() {
        None => return Some(0),
        Some(b'Z') => return (text.len() == 1).then_some(0),
        Some(b'+') => 1,
        _ => -1,
    };
    let digits = text[1..].replacen(':', "", 1);
    let colon_placed = !text.contains(':') || text.as_bytes().get(3) == Some(&b':');
    if !colon_placed
        || !matches!(digits.len(), 2 | 4)
        || !digits.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let (hours, minutes) =
        (digits[..2].parse::<i64>().ok()?, digits.get(2..4).map_or(Some(0), |m| m.parse().ok())?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

/// A time as users write it: `2024-01-31`, `2024-01-31T05:00:00`, `2024-01-31T05:00:00+01:00`, or the step number.
pub fn format_time(t: i64, kind: &TimeKind) -> String {
    match kind {
        TimeKind::Step => t.to_string(),
        TimeKind::Date { time_zone: None, .. } => format_clock(t, true),
        TimeKind::Date { time_zone: Some(zone), .. } => {
            format_clock(zone.local(t), false) + &zone.offset_text(t)
        }
    }
}

fn format_clock(t: i64, short: bool) -> String {
    let (year, month, day) = civil(t.div_euclid(DAY));
    let date = format!("{year:04}-{month:02}-{day:02}");
    let ms = t.rem_euclid(DAY);
    let clock = format!("{:02}:{:02}:{:02}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    match (ms, ms % 1000) {
        (0, _) if short => date,
        (_, 0) => format!("{date}T{clock}"),
        (_, fraction) => format!("{date}T{clock}.{fraction:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::TimeUnit;

    const JAN_31: i64 = 1_706_659_200_000; // 2024-01-31

    #[test]
    fn dates_are_read_in_every_accepted_form() {
        let hour = 3_600_000;
        let cases = [
            ("2024-01-31", JAN_31),
            (" 2024-01-31 ", JAN_31),
            ("2024/01/31", JAN_31),
            ("2024/1/31", JAN_31),
            ("20240131", JAN_31),
            ("2024-01-31T05:00", JAN_31 + 5 * hour),
            ("2024-01-31 05:00", JAN_31 + 5 * hour),
            ("2024-01-31T05:00:30", JAN_31 + 5 * hour + 30_000),
            ("2024-01-31T05:00:30.5", JAN_31 + 5 * hour + 30_500),
            ("2024-01-31T05:00:30.125000", JAN_31 + 5 * hour + 30_125),
            ("2024-01-31T05:00:00Z", JAN_31 + 5 * hour),
            ("2024-01-31T05:00+02:00", JAN_31 + 3 * hour),
            ("2024-01-31 00:00:00-0530", JAN_31 + 5 * hour + 30 * 60_000),
            ("2024-01-31T05:00+02", JAN_31 + 3 * hour),
            ("2024-01", JAN_31 - 30 * DAY),
            ("2024", JAN_31 - 30 * DAY),
            ("1949-01-01", -662_688_000_000),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_time(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_date_is_said_to_be_so() {
        let cases = [
            ("01/02/2024", TimeFault::Ambiguous),
            ("1.2.2024", TimeFault::Ambiguous),
            ("01-02-24", TimeFault::Ambiguous),
            ("2024-01-31T00:00:00.1234", TimeFault::TooFine),
            ("2024-02-30", TimeFault::Unreadable),
            ("2023-02-29", TimeFault::Unreadable),
            ("2024-13-01", TimeFault::Unreadable),
            ("2024-01/31", TimeFault::Unreadable),
            ("2024.01.31", TimeFault::Unreadable),
            ("2024-01-31T24:00", TimeFault::Unreadable),
            ("2024-01-31T05", TimeFault::Unreadable),
            ("2024-01-31T05:00:", TimeFault::Unreadable),
            ("2024-01-31T05:00:00.", TimeFault::Unreadable),
            ("2024-01-31T05:00ZZ", TimeFault::Unreadable),
            ("2024-01-31T05:00+2", TimeFault::Unreadable),
            ("2024-01-31T05:00+é", TimeFault::Unreadable),
            ("2024-01T05:00", TimeFault::Unreadable),
            ("0000-01-01", TimeFault::Unreadable),
            ("Jan 2024", TimeFault::Unreadable),
            ("", TimeFault::Unreadable),
            ("é", TimeFault::Unreadable),
        ];
        for (text, fault) in cases {
            assert_eq!(parse_time(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn times_are_written_as_short_as_they_are_exact() {
        let kind = TimeKind::Date { unit: TimeUnit::Ms, time_zone: None };
        for t in ["2024-01-31", "2024-01-31T05:00:00", "1949-12-01", "2024-01-31T05:00:00.007"] {
            assert_eq!(format_time(parse_time(t).unwrap(), &kind), t);
        }
        assert_eq!(format_time(17, &TimeKind::Step), "17");
    }

    #[test]
    fn in_a_time_zone_dates_without_an_offset_are_local() {
        let zone = Some(TimeZone::parse("Europe/Berlin").unwrap());
        let kind = TimeKind::Date { unit: TimeUnit::Ms, time_zone: zone };
        for (text, written) in [
            ("2024-01-31", "2024-01-31T00:00:00+01:00"),
            ("2024-07-31 05:00", "2024-07-31T05:00:00+02:00"),
            ("2024-07-31T05:00:00.25Z", "2024-07-31T07:00:00.250+02:00"),
            ("2024-01", "2024-01-01T00:00:00+01:00"),
        ] {
            let t = parse_time_in(text, zone).unwrap();
            assert_eq!(format_time(t, &kind), written);
            assert_eq!(parse_time(written), Ok(t));
        }
    }
}
