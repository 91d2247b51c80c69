//! Inferring a frequency from times: the coarsest one that all of them are on.

use std::collections::BTreeMap;

use super::calendar::{Calendar, Edge, Period, month_of, weekday};
use super::date_text::{DAY, format_time};
use super::frequency::{Frequency, Unit};
use super::panel::{TimeKind, TimeUnit};
use super::time_zone::TimeZone;
use crate::{Error, ErrorCode, Result};

/// Why no frequency can be inferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotInferred {
    /// The longest series has only this many times.
    TooFew(usize),
    /// Most consecutive times are not one period apart.
    Irregular {
        /// The series in which the times of `pair` are consecutive.
        series: usize,
        pair: [i64; 2],
        /// The most common difference, its count, and the number of differences.
        common: i64,
        count: usize,
        of: usize,
    },
}

impl NotInferred {
    /// The error. `name` is the name of a series, `format` formats a time, and `advice` replaces the usual advice if there
    /// is a better one.
    pub(super) fn error(
        self,
        is_step: bool,
        name: impl Fn(usize) -> Option<String>,
        format: impl Fn(i64) -> String,
        advice: Option<String>,
    ) -> Error {
        match self {
            Self::TooFew(longest) => Error::new(
                ErrorCode::Freq,
                format!(
                    "cannot infer the frequency: the longest series has {longest} times, 3 are needed. Set freq"
                ),
            ),
            Self::Irregular { series, pair, common, count, of } => {
                let step = match is_step {
                    true => common.to_string(),
                    false => Frequency::fixed(common).to_string(),
                };
                let name = name(series);
                let advice =
                    advice.unwrap_or_else(|| "Set freq, and onGap if rows are missing".into());
                let whose =
                    name.as_ref().map_or(String::new(), |name| format!(" of series \"{name}\""));
                let message = format!(
                    "cannot infer the frequency: the times{whose} are irregular: after {} comes {}, while the most common step is {step} ({count} of {of}). {advice}",
                    format(pair[0]),
                    format(pair[1]),
                );
                Error::new(ErrorCode::Freq, message).with(|d| {
                    d.unique_id = name;
                    d.ds = Some(pair[1]);
                })
            }
        }
    }
}

impl Frequency {
    /// The frequency of sorted dates. At least three are needed; a minority of gaps is allowed.
    pub fn infer(times: &[i64]) -> Result<Self> {
        let kind = TimeKind::Date { unit: TimeUnit::Ms, time_zone: None };
        infer_dates(&[times]).map_err(|e| e.error(false, |_| None, |t| format_time(t, &kind), None))
    }
}

/// The frequency of several series of dates together.
pub(super) fn infer_dates(series: &[&[i64]]) -> Result<Frequency, NotInferred> {
    let differences = check(series)?;
    let calendar = months(series).or_else(|| weeks_or_business_days(series));
    if calendar.is_none()
        && let Some(frequency) = same_day_of_months(series, &differences)
    {
        return Ok(frequency);
    }
    let candidate = calendar.unwrap_or_else(|| Frequency::fixed(gcd(differences.iter().copied())));
    regular(candidate, series)
}

/// The frequency of several series of dates in a time zone: in days and dates of its local time, else in hours or shorter
/// units.
pub(super) fn infer_in_zone(
    series: &[&[i64]],
    zone: Option<TimeZone>,
) -> Result<Frequency, NotInferred> {
    let Some(clocks) = zone else { return infer_dates(series) };
    let local: Vec<Vec<i64>> =
        series.iter().map(|times| times.iter().map(|t| clocks.local(*t)).collect()).collect();
    let local: Vec<&[i64]> = local.iter().map(Vec::as_slice).collect();
    if let Ok(frequency) = infer_dates(&local)
        && let by_clocks = (Frequency { zone, ..frequency })
        && by_clocks.clocks().is_some()
    {
        return Ok(by_clocks);
    }
    let exact = infer_dates(series)?;
    let exact = match exact.unit {
        Unit::Day => Frequency::of(24 * exact.n, Unit::Hour),
        _ => exact,
    };
    Ok(Frequency { zone, ..exact })
}

/// The frequency of several series of step numbers together.
pub(super) fn infer_steps(series: &[&[i64]]) -> Result<Frequency, NotInferred> {
    let differences = check(series)?;
    regular(Frequency::of(gcd(differences), Unit::Step), series)
}

/// The differences between consecutive times, if there are enough of them.
fn check(series: &[&[i64]]) -> Result<Vec<i64>, NotInferred> {
    let differences: Vec<i64> = series
        .iter()
        .flat_map(|times| times.windows(2).map(|w| w[1] - w[0]))
        .filter(|d| *d > 0)
        .collect();
    let longest = series.iter().map(|times| times.len()).max().unwrap_or(0);
    if longest < 3 || differences.len() < 2 {
        return Err(NotInferred::TooFew(longest));
    }
    Ok(differences)
}

/// The candidate, if most consecutive times are one period apart.
fn regular(candidate: Frequency, series: &[&[i64]]) -> Result<Frequency, NotInferred> {
    let pairs = || {
        let each = series.iter().enumerate();
        each.flat_map(|(i, times)| times.windows(2).map(move |w| (i, [w[0], w[1]])))
            .filter(|(_, [a, b])| a < b)
    };
    let single = pairs().filter(|(_, [a, b])| candidate.periods_between(*a, *b) == Some(1)).count();
    let of = pairs().count();
    if single * 2 >= of {
        return Ok(candidate);
    }
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    pairs().for_each(|(_, [a, b])| *counts.entry(b - a).or_default() += 1);
    // In a tie, the smallest.
    let (common, count) =
        counts.into_iter().rev().max_by_key(|(_, n)| *n).expect("there are differences");
    let (series, pair) =
        pairs().find(|(_, [a, b])| b - a != common).expect("not all are one period apart");
    Err(NotInferred::Irregular { series, pair, common, count, of })
}

/// Months, quarters and years, if all dates are at the same edge of their month.
fn months(series: &[&[i64]]) -> Option<Frequency> {
    let days = || series.iter().flat_map(|times| times.iter()).map(|t| t.div_euclid(DAY));
    let edge = [Edge::Start, Edge::End, Edge::BusinessStart, Edge::BusinessEnd]
        .into_iter()
        .find(|edge| days().all(|day| edge.day(month_of(day)) == day))?;
    let month_differences =
        series.iter().flat_map(|times| times.windows(2)).map(|w| month(w[1]) - month(w[0]));
    let apart = gcd(month_differences.filter(|m| *m != 0));
    let anchor = series.iter().find_map(|times| times.first()).map(|t| month(*t))?;
    let in_phase = days().all(|day| (month_of(day) - anchor) % apart.max(1) == 0);
    let (period, n) = match apart {
        0 => return None,
        n if n % 12 == 0 && in_phase => (Period::Year, n / 12),
        n if n % 3 == 0 && in_phase => (Period::Quarter, n / 3),
        n => (Period::Month, n),
    };
    let month_of_year = anchor.rem_euclid(12) as u8 + 1;
    let month = match (period, edge) {
        (Period::Month, _) => 1,
        // Pandas names quarters after the first month of the year they can begin in, or the last they can end in.
        (Period::Quarter, Edge::Start | Edge::BusinessStart) => (month_of_year - 1) % 3 + 1,
        (Period::Quarter, _) => (month_of_year - 1) % 3 + 10,
        (Period::Year, _) => month_of_year,
    };
    Some(Frequency::dates(n, Calendar::Months { period, month, edge }))
}

fn month(t: i64) -> i64 {
    month_of(t.div_euclid(DAY))
}

/// The same day of other months, if that fits all series and most consecutive times are one period apart: `1mo` for the
/// 15th of each month.
fn same_day_of_months(series: &[&[i64]], differences: &[i64]) -> Option<Frequency> {
    if differences.iter().any(|d| *d < 28 * DAY) {
        return None;
    }
    let pairs = series.iter().flat_map(|times| times.windows(2));
    let (period, n) = match gcd(pairs.map(|w| month(w[1]) - month(w[0]))) {
        0 => return None,
        n if n % 12 == 0 => (Period::Year, n / 12),
        n if n % 3 == 0 => (Period::Quarter, n / 3),
        n => (Period::Month, n),
    };
    let frequency = Frequency::of(n, Unit::SameDay(period));
    // Counted from the first time: a time in February may not tell the day that a series started on.
    let periods = |times: &&[i64]| -> Option<Vec<i64>> {
        times.iter().map(|t| frequency.periods_between(times[0], *t)).collect()
    };
    let periods: Vec<Vec<i64>> = series.iter().map(periods).collect::<Option<_>>()?;
    let steps = || periods.iter().flat_map(|p| p.windows(2)).filter(|w| w[0] < w[1]);
    let single = steps().filter(|w| w[1] - w[0] == 1).count();
    (single * 2 >= steps().count()).then_some(frequency)
}

/// Weeks, if all dates are the same day of the week; business days, if weekends, and only they, are skipped.
fn weeks_or_business_days(series: &[&[i64]]) -> Option<Frequency> {
    let days = || series.iter().flat_map(|times| times.iter()).map(|t| t.div_euclid(DAY));
    let pairs = || series.iter().flat_map(|times| times.windows(2));
    if !pairs().all(|w| (w[1] - w[0]) % DAY == 0) {
        return None;
    }
    let apart = gcd(pairs().map(|w| (w[1] - w[0]) / DAY));
    let first = weekday(days().next()?);
    if apart > 0 && apart % 7 == 0 && days().all(|day| weekday(day) == first) {
        return Some(Frequency::dates(apart / 7, Calendar::Weekday(first)));
    }
    let crosses = |w: &[i64]| w[1] - w[0] == 3 * DAY && weekday(w[0].div_euclid(DAY)) == 4;
    let business = days().all(|day| weekday(day) < 5) && pairs().any(crosses);
    (business && apart == 1).then(|| Frequency::dates(1, Calendar::BusinessDay))
}

fn gcd(numbers: impl IntoIterator<Item = i64>) -> i64 {
    numbers.into_iter().fold(0, |mut a, mut b| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a.abs()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::date_text::parse_time;

    fn at(text: &str) -> i64 {
        parse_time(text).unwrap()
    }

    fn inferred(alias: &str, start: &str, n: i64) -> String {
        let frequency = Frequency::parse(alias).unwrap();
        let start = frequency.advance(at(start), 0);
        let times: Vec<i64> = (0..n).map(|i| frequency.advance(start, i)).collect();
        Frequency::infer(&times).unwrap().to_pandas()
    }

    #[test]
    fn what_was_generated_is_inferred() {
        let cases = [
            ("D", "D"),
            ("2D", "2D"),
            ("h", "h"),
            ("36h", "36h"),
            ("15min", "15min"),
            ("90min", "90min"),
            ("s", "s"),
            ("1500ms", "1500ms"),
            ("MS", "MS"),
            ("2MS", "2MS"),
            ("3MS", "QS-FEB"),
            ("6MS", "2QS-FEB"),
            ("ME", "ME"),
            ("BMS", "BMS"),
            ("BME", "BME"),
            ("QS", "QS-JAN"),
            ("QS-MAR", "QS-MAR"),
            ("QE", "QE-DEC"),
            ("QE-JAN", "QE-OCT"),
            ("YS-APR", "YS-APR"),
            ("2YE", "2YE-DEC"),
            ("W", "W-SUN"),
            ("7D", "W-WED"),
            ("2W-MON", "2W-MON"),
            ("B", "B"),
        ];
        for (alias, expected) in cases {
            assert_eq!(inferred(alias, "2023-02-01", 12), expected, "{alias}");
        }
        for (alias, start) in [
            ("1mo", "2023-01-15"),
            ("1mo", "2023-01-30"),
            ("2mo", "2023-01-15"),
            ("1q", "2023-02-15"),
            ("1y", "2023-05-20"),
            ("2y", "2024-02-28"),
        ] {
            assert_eq!(inferred(alias, start, 12), alias, "{start}");
        }
    }

    #[test]
    fn a_minority_of_gaps_does_no_harm() {
        let mut times = Frequency::parse("MS").unwrap().future(at("2020-01-01"), 24);
        times.remove(7);
        assert_eq!(Frequency::infer(&times).unwrap().to_pandas(), "MS");
        let mut times = Frequency::parse("B").unwrap().future(at("2024-01-01"), 24);
        times.drain(7..9);
        assert_eq!(Frequency::infer(&times).unwrap().to_pandas(), "B");
    }

    #[test]
    fn weeks_on_different_days_are_seven_days() {
        let series = ["2024-01-01", "2024-01-02"]
            .map(|start| Frequency::parse("7D").unwrap().future(at(start), 5));
        assert_eq!(infer_dates(&[&series[0], &series[1]]).unwrap().to_pandas(), "7D");
        let series = ["2024-01-01", "2024-02-01"]
            .map(|start| Frequency::parse("3MS").unwrap().future(at(start), 5));
        assert_eq!(infer_dates(&[&series[0], &series[1]]).unwrap().to_pandas(), "3MS");
    }

    #[test]
    fn in_a_time_zone_days_are_those_of_its_clocks() {
        let zone = Some(TimeZone::parse("Europe/Berlin").unwrap());
        for (alias, expected) in [
            ("D", "D"),
            ("24h", "24h"),
            ("h", "h"),
            ("15min", "15min"),
            ("W-SUN", "W-SUN"),
            ("MS", "MS"),
            ("B", "B"),
        ] {
            let frequency = Frequency::parse(alias).unwrap().in_zone(zone).unwrap();
            let start = frequency.advance(at("2024-03-29T12:00"), 1);
            let times = [vec![start], frequency.future(start, 300)].concat();
            let inferred = infer_in_zone(&[&times], zone).unwrap();
            assert_eq!((inferred.to_pandas().as_str(), inferred.zone()), (expected, zone));
        }
    }

    #[test]
    fn steps_are_inferred_too() {
        assert_eq!(infer_steps(&[&[0, 2, 4], &[1, 3]]).unwrap(), Frequency::step(2).unwrap());
    }

    #[test]
    fn too_few_and_irregular_times_are_errors() {
        let e = Frequency::infer(&[0, DAY]).unwrap_err();
        assert_eq!(
            e.to_string(),
            "cannot infer the frequency: the longest series has 2 times, 3 are needed. Set freq"
        );
        let e = Frequency::infer(&[0, 7, 1000, 1911, 5003]).unwrap_err();
        assert_eq!(e.code, ErrorCode::Freq);
        assert_eq!(
            e.to_string(),
            "cannot infer the frequency: the times are irregular: after 1970-01-01T00:00:00.007 comes 1970-01-01T00:00:01, while the most common step is 7ms (1 of 4). Set freq, and onGap if rows are missing"
        );
    }
}
