//! Frequencies: the spacing of the times of a series, and arithmetic on times.

use super::calendar::{Calendar, Edge, Period, civil, first_of, month_of};
use super::date_text::DAY;
use super::time_zone::TimeZone;
use crate::{Error, ErrorCode, Result};

/// A unit of time. Every frequency is a multiple of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Steps, for times that are plain numbers.
    Step,
    /// Thousandths of a second.
    Millisecond,
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days: 24 hours, or calendar days in the frequency's time zone.
    Day,
    /// Dates on a calendar; the time of day is kept.
    Dates(Calendar),
    /// The same day of other months, as in polars' `1mo`; the last day of a month stays the last.
    SameDay(Period),
}

/// A number of units between one time and the next.
///
/// Dates are milliseconds since 1970, UTC. Pandas' aliases, old and new, have the meaning that they have in pandas, and
/// polars' spellings with a number (`1d`, `1mo`) that of polars. Case matters where the two overlap: `M` is a month, `1m` a
/// minute, `W` a Sunday, `1w` seven days, `Y` the end of a year, `1y` the same day of another year.
///
/// In a time zone, days and dates follow local time, and shorter units have exact lengths, as in pandas: `D` leads to the
/// same local time on the next day, however long the day is, and `24h` leads 24 hours further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frequency {
    pub(super) n: i64,
    pub(super) unit: Unit,
    pub(super) zone: Option<TimeZone>,
}

impl Unit {
    /// Milliseconds of a unit that always has the same number of them.
    pub(super) fn milliseconds(self) -> Option<i64> {
        match self {
            Self::Millisecond => Some(1),
            Self::Second => Some(1000),
            Self::Minute => Some(60_000),
            Self::Hour => Some(3_600_000),
            Self::Day => Some(DAY),
            Self::Step | Self::Dates(_) | Self::SameDay(_) => None,
        }
    }
}

impl Frequency {
    /// A number of steps, for times that are plain numbers. An error for less than 1.
    pub fn step(n: i64) -> Result<Self> {
        if n < 1 {
            return Err(Error::new(
                ErrorCode::Freq,
                format!("a numeric frequency must be 1 or more, got {n}"),
            )
            .with(|d| d.actual = Some(n.into())));
        }
        Ok(Self::of(n, Unit::Step))
    }

    /// `n` times a unit.
    pub(super) fn of(n: i64, unit: Unit) -> Self {
        Self { n, unit, zone: None }
    }

    /// Every `n`-th date of a calendar.
    pub(super) fn dates(n: i64, calendar: Calendar) -> Self {
        Self::of(n, Unit::Dates(calendar))
    }

    /// The same frequency in a time zone, or in none. An error for a time zone with steps.
    pub fn in_zone(self, zone: Option<TimeZone>) -> Result<Self> {
        match zone {
            Some(zone) if self.is_step() => {
                let expected = format!("left out for step numbers (frequency {self})");
                Err(Error::option("timeZone", &expected, zone.to_string()))
            }
            zone => Ok(Self { zone, ..self }),
        }
    }

    /// The time zone, if there is one.
    pub fn zone(self) -> Option<TimeZone> {
        self.zone
    }

    /// The time zone, if the unit depends on it; `None` for units of fixed length.
    pub(super) fn clocks(self) -> Option<TimeZone> {
        let by_clocks = matches!(self.unit, Unit::Day | Unit::Dates(_) | Unit::SameDay(_));
        self.zone.filter(|_| by_clocks)
    }

    /// The local time at `t` if the unit depends on the time zone, else `t`.
    fn local(self, t: i64) -> i64 {
        self.clocks().map_or(t, |zone| zone.local(t))
    }

    /// This many milliseconds, in the largest unit that divides them.
    pub(super) fn fixed(milliseconds: i64) -> Self {
        let units = [Unit::Day, Unit::Hour, Unit::Minute, Unit::Second];
        let whole = |u: &Unit| u.milliseconds().is_some_and(|ms| milliseconds % ms == 0);
        let unit = units.into_iter().find(whole).unwrap_or(Unit::Millisecond);
        Self::of(milliseconds / unit.milliseconds().unwrap_or(1), unit)
    }

    /// Whether times are plain numbers.
    pub fn is_step(self) -> bool {
        self.unit == Unit::Step
    }

    /// The number of units in one period: 15 for `15min`.
    pub fn multiple(self) -> i64 {
        self.n
    }

    /// The unit: minutes for `15min`.
    pub fn unit(self) -> Unit {
        self.unit
    }

    /// The spacing of times that are always equally far apart: steps or milliseconds.
    fn spacing(self) -> Option<i64> {
        if self.is_step() {
            Some(self.n)
        } else {
            self.unit.milliseconds().map(|ms| ms.saturating_mul(self.n))
        }
    }

    /// `t` plus `n` periods. From a date off the calendar the first period leads onto it, as in pandas.
    pub fn advance(self, t: i64, n: i64) -> i64 {
        let Some(zone) = self.clocks() else { return self.advance_clock(t, n) };
        let local = zone.local(t);
        match self.advance_clock(local, n) {
            same if same == local => t, // possibly the second occurrence of a repeated hour
            other => zone.instant(other),
        }
    }

    /// [`Self::advance`] without a time zone.
    fn advance_clock(self, t: i64, n: i64) -> i64 {
        if let Some(spacing) = self.spacing() {
            return t.saturating_add(spacing.saturating_mul(n));
        }
        let (day, time) = (t.div_euclid(DAY), t.rem_euclid(DAY));
        let step = n.saturating_mul(self.n);
        let day = match self.unit {
            Unit::Dates(calendar) => {
                let from = if n > 0 { calendar.floor(day) } else { calendar.ceil(day) };
                calendar.date(from.saturating_add(step))
            }
            Unit::SameDay(period) => add_months(day, step.saturating_mul(period.months())),
            _ => unreachable!("units of fixed length have a spacing"),
        };
        day * DAY + time
    }

    /// The `h` times after `last`.
    pub fn future(self, last: i64, h: usize) -> Vec<i64> {
        (1..=h as i64).map(|n| self.advance(last, n)).collect()
    }

    /// Whether the calendar has the date of this time; always true for frequencies without a calendar.
    pub fn is_on(self, t: i64) -> bool {
        match self.unit {
            Unit::Dates(calendar) => calendar.contains(self.local(t).div_euclid(DAY)),
            _ => true,
        }
    }

    /// How many whole periods lie between two times; negative if `to` is before `from`.
    pub fn whole_periods(self, from: i64, to: i64) -> i64 {
        let (from, to) = (self.local(from), self.local(to));
        if let Some(spacing) = self.spacing() {
            return to.saturating_sub(from).div_euclid(spacing);
        }
        let day = from.div_euclid(DAY);
        // A time of day before `from`'s belongs to the period of the day before.
        let to_day = to.div_euclid(DAY) - i64::from(to.rem_euclid(DAY) < from.rem_euclid(DAY));
        match self.unit {
            Unit::Dates(calendar) => {
                (calendar.floor(to_day) - calendar.ceil(day)).div_euclid(self.n)
            }
            Unit::SameDay(period) => {
                let periods =
                    (month_of(to_day) - month_of(day)).div_euclid(period.months() * self.n);
                periods - i64::from(self.advance_clock(from, periods) > to)
            }
            _ => unreachable!("units of fixed length have a spacing"),
        }
    }

    /// The number of periods from one time to another, if it is a whole number.
    pub fn periods_between(self, from: i64, to: i64) -> Option<i64> {
        let periods = self.whole_periods(from, to);
        (self.is_on(from) && self.advance(from, periods) == to).then_some(periods)
    }

    /// The time nearest to `t` among those a whole number of periods from `from`.
    pub fn nearest(self, from: i64, t: i64) -> i64 {
        let periods = self.whole_periods(from, t);
        let (before, after) =
            (self.advance(from, periods), self.advance(from, periods.saturating_add(1)));
        if t.abs_diff(before) <= t.abs_diff(after) { before } else { after }
    }

    /// The number of periods in a season: 24 hours in a day, 7 days in a week, 12 months in a year. For a multiple, that
    /// number is divided (`15min`: 96); 1 if it does not divide evenly, and for steps.
    pub fn season_length(self) -> usize {
        let (season, n) = match self.unit {
            Unit::Step => (1, self.n),
            Unit::Millisecond => (1000, self.n),
            Unit::Second => (3600, self.n),
            Unit::Minute => (1440, self.n),
            Unit::Hour => (24, self.n),
            Unit::Day if self.n % 7 == 0 => (52, self.n / 7),
            Unit::Day => (7, self.n),
            Unit::Dates(Calendar::Weekday(_)) => (52, self.n),
            Unit::Dates(Calendar::BusinessDay) => (5, self.n),
            Unit::Dates(Calendar::Months { period, .. }) | Unit::SameDay(period) => {
                (12 / period.months(), self.n)
            }
        };
        if season % n == 0 { (season / n) as usize } else { 1 }
    }

    /// Replaces polars' `1mo`, `1q` and `1y` by the pandas alias that fits these times, if all are starts or all are ends
    /// of months. Other frequencies are unchanged.
    #[must_use]
    pub fn resolve(self, times: &[i64]) -> Self {
        let Unit::SameDay(period) = self.unit else { return self };
        let Some(&first) = times.first() else { return self };
        let month = civil(self.local(first).div_euclid(DAY)).1 as u8;
        [Edge::Start, Edge::End]
            .map(|edge| Self {
                unit: Unit::Dates(Calendar::Months { period, month, edge }),
                ..self
            })
            .into_iter()
            .find(|frequency| times.iter().all(|t| frequency.is_on(*t)))
            .unwrap_or(self)
    }
}

/// The same day of another month: the last day if this is the last or if the other month is shorter.
fn add_months(day: i64, months: i64) -> i64 {
    let from = month_of(day);
    let to = from.saturating_add(months);
    let (first, last) = (first_of(to), first_of(to.saturating_add(1)) - 1);
    let is_last = first_of(from + 1) == day + 1;
    if is_last { last } else { (first + day - first_of(from)).min(last) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::date_text::parse_time;
    use proptest::prelude::*;

    fn at(text: &str) -> i64 {
        parse_time(text).unwrap()
    }

    fn frequency(alias: &str) -> Frequency {
        Frequency::parse(alias).unwrap()
    }

    #[test]
    fn the_time_of_day_is_kept() {
        assert_eq!(frequency("ME").advance(at("2024-01-31T05:00"), 1), at("2024-02-29T05:00"));
        assert_eq!(frequency("B").advance(at("2024-01-05T05:00"), 1), at("2024-01-08T05:00"));
        assert_eq!(
            frequency("MS").periods_between(at("2024-01-01T05:00"), at("2024-03-01T05:00")),
            Some(2)
        );
        assert_eq!(frequency("MS").periods_between(at("2024-01-01T05:00"), at("2024-03-01")), None);
    }

    #[test]
    fn polars_months_keep_the_day_or_the_last_day() {
        let month = frequency("1mo");
        assert_eq!(month.future(at("2024-01-15"), 2), [at("2024-02-15"), at("2024-03-15")]);
        assert_eq!(
            month.future(at("2024-01-31"), 3),
            [at("2024-02-29"), at("2024-03-31"), at("2024-04-30")]
        );
        assert_eq!(month.future(at("2023-01-30"), 2), [at("2023-02-28"), at("2023-03-30")]);
        assert_eq!(month.periods_between(at("2023-01-30"), at("2023-03-30")), Some(2));
        assert_eq!(frequency("1y").advance(at("2024-02-29"), 1), at("2025-02-28"));
        assert_eq!(frequency("1q").advance(at("2024-02-10"), 1), at("2024-05-10"));
    }

    #[test]
    fn polars_months_become_the_pandas_alias_that_the_times_call_for() {
        let starts = frequency("MS").future(at("2024-01-15"), 5);
        assert_eq!(frequency("1mo").resolve(&starts).to_pandas(), "MS");
        let ends = frequency("ME").future(at("2024-01-15"), 5);
        assert_eq!(frequency("1mo").resolve(&ends).to_pandas(), "ME");
        assert_eq!(frequency("2q").resolve(&[at("2024-05-01")]).to_pandas(), "2QS-MAY");
        assert_eq!(frequency("1mo").resolve(&[at("2024-05-02")]).to_pandas(), "1mo");
    }

    #[test]
    fn season_lengths_are_those_of_the_unit_divided_by_the_multiple() {
        let cases = [
            ("MS", 12),
            ("ME", 12),
            ("3MS", 4),
            ("QS", 4),
            ("YE", 1),
            ("W-MON", 52),
            ("1w", 52),
            ("D", 7),
            ("2D", 1),
            ("B", 5),
            ("h", 24),
            ("2h", 12),
            ("5h", 1),
            ("min", 1440),
            ("15min", 96),
            ("s", 3600),
            ("1mo", 12),
            ("3", 1),
        ];
        for (alias, season) in cases {
            assert_eq!(frequency(alias).season_length(), season, "{alias}");
        }
    }

    #[test]
    fn the_nearest_time_on_the_frequency_is_found() {
        let from = at("2024-01-01");
        assert_eq!(frequency("MS").nearest(from, at("2024-01-25")), at("2024-02-01"));
        assert_eq!(frequency("h").nearest(from, at("2024-01-01T02:20")), at("2024-01-01T02:00"));
    }

    #[test]
    fn steps_are_plain_arithmetic() {
        let two = Frequency::step(2).unwrap();
        assert_eq!(two.future(5, 3), [7, 9, 11]);
        assert_eq!((two.periods_between(1, 7), two.periods_between(1, 8)), (Some(3), None));
        assert_eq!(
            Frequency::step(0).unwrap_err().to_string(),
            "a numeric frequency must be 1 or more, got 0"
        );
    }

    proptest! {
        #[test]
        fn periods_undo_advance(
            alias in prop::sample::select(vec!["D", "7D", "90min", "2h", "W-TUE", "2W", "MS", "3ME", "QS-FEB", "2QE",
                "YS-APR", "YE", "B", "3B", "BMS", "2BME", "BQE", "BYS", "250ms"]),
            t in -3_000_000_000_000_i64..6_000_000_000_000,
            n in -60_i64..60,
        ) {
            let f = frequency(alias);
            let from = f.advance(t, 0);
            prop_assert!(f.is_on(from));
            prop_assert_eq!(f.periods_between(from, f.advance(from, n)), Some(n));
            prop_assert_eq!(f.advance(f.advance(from, n), -n), from);
            prop_assert_eq!(f.nearest(from, f.advance(from, n)), f.advance(from, n));
        }

        #[test]
        fn advancing_by_many_is_advancing_one_by_one(
            alias in prop::sample::select(vec!["W-TUE", "2W", "MS", "3ME", "QS-FEB", "YS-APR", "B", "3B", "BMS", "2h"]),
            t in -3_000_000_000_000_i64..6_000_000_000_000,
            n in 0_usize..40,
        ) {
            let f = frequency(alias);
            let start = f.advance(t, 0);
            let walked = (0..n).fold(start, |t, _| f.advance(t, 1));
            prop_assert_eq!(f.advance(start, n as i64), walked);
            prop_assert_eq!(f.future(start, n).last().copied().unwrap_or(start), walked);
        }
    }
}
