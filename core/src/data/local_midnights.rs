//! Midnights in a time zone that was not given: dates made in the local time of a machine are not midnights in UTC. And the
//! reverse: midnights in UTC although a time zone was given.

use super::date_text::DAY;
use super::frequency::{Frequency, Unit};
use super::inference::infer_in_zone;
use super::time_zone::TimeZone;

/// Zones to try first after the machine's.
const LIKELY: [&str; 12] = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Europe/Athens",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
];

/// The advice for dates that no frequency fits, if they are midnights in a time zone in which one does: the given one, or
/// an inferred one.
pub(super) fn advice(
    series: &[&[i64]],
    frequency: Option<Frequency>,
    machine: Option<TimeZone>,
) -> Option<String> {
    let likely = LIKELY.iter().filter_map(|name| TimeZone::parse(name).ok());
    let zones = machine.into_iter().chain(likely).chain(TimeZone::all());
    // Zones with the same local times give the same result: a few are enough.
    let midnights: Vec<TimeZone> =
        zones.filter(|zone| are_midnights(series, *zone)).take(4).collect();
    let others: Vec<TimeZone> = machine.into_iter().filter(|z| is_steady(series, *z)).collect();
    let fits = |zone: TimeZone| {
        let in_zone = Frequency { zone: Some(zone), ..frequency? };
        let fits = |times: &[i64], t: i64| in_zone.periods_between(times[0], t).is_some();
        let all = series.iter().all(|times| times.iter().all(|t| fits(times, *t)));
        all.then(String::new)
    };
    let inferred = |zone: TimeZone| {
        let inferred = infer_in_zone(series, Some(zone)).ok().filter(|f| f.clocks().is_some())?;
        Some(if frequency.is_some() { format!(" and freq: \"{inferred}\"") } else { String::new() })
    };
    let first = |zones: &[TimeZone], fit: &dyn Fn(TimeZone) -> Option<String>| {
        zones.iter().find_map(|zone| fit(*zone).map(|more| (*zone, more)))
    };
    let (zone, more) = [&midnights, &others]
        .into_iter()
        .find_map(|zones| first(zones, &fits).or_else(|| first(zones, &inferred)))?;
    let what = match time_of_day(series, |t| zone.local(t))? {
        0 => "midnights".to_string(),
        t => format!("{:02}:{:02} each time on clocks", t / 3_600_000, t / 60_000 % 60),
    };
    Some(format!(
        "The times look like {what} of {zone}: set timeZone: \"{zone}\"{more}, or make the dates with Date.UTC"
    ))
}

/// The advice for times that do not fit a time zone, if they are midnights in UTC.
pub(super) fn advice_in_zone(series: &[&[i64]], zone: TimeZone) -> Option<String> {
    let utc = time_of_day(series, |t| t) == Some(0);
    let elsewhere = time_of_day(series, |t| zone.local(t)).is_none();
    (utc && elsewhere).then(|| {
        format!(
            "The times are midnights in UTC, not in {zone}: leave timeZone out, or write dates without an offset, as texts"
        )
    })
}

/// The warning about dates that are midnights in the machine's time zone, although they are on the frequency.
pub(super) fn warning(
    series: &[&[i64]],
    frequency: Frequency,
    machine: Option<TimeZone>,
) -> Option<String> {
    let machine = machine.filter(|zone| are_midnights(series, *zone))?;
    let by_days = matches!(frequency.unit(), Unit::Day | Unit::Dates(_) | Unit::SameDay(_));
    (by_days && frequency.zone().is_none()).then(|| {
        format!(
            "the times look like midnights of {machine}, but days and months are those of UTC; set timeZone: \"{machine}\", or make the dates with Date.UTC"
        )
    })
}

/// The time of day that all times have in common, if there is one; `shown` converts them.
fn time_of_day(series: &[&[i64]], shown: impl Fn(i64) -> i64) -> Option<i64> {
    let mut times = series.iter().flat_map(|times| times.iter().map(|t| shown(*t).rem_euclid(DAY)));
    let first = times.next()?;
    times.all(|t| t == first).then_some(first)
}

/// Whether all times have the same local time of day in a zone, but not in UTC.
fn is_steady(series: &[&[i64]], zone: TimeZone) -> bool {
    time_of_day(series, |t| zone.local(t)).is_some() && time_of_day(series, |t| t).is_none()
}

/// Whether all times are midnights in a zone, and not in UTC.
pub(super) fn are_midnights(series: &[&[i64]], zone: TimeZone) -> bool {
    let times = || series.iter().flat_map(|times| times.iter());
    times().any(|t| t.rem_euclid(DAY) != 0) && times().all(|t| zone.local(*t).rem_euclid(DAY) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::date_text::parse_time;

    fn zone(name: &str) -> TimeZone {
        TimeZone::parse(name).unwrap()
    }

    /// Dates of a frequency in a time zone.
    fn dates(alias: &str, name: &str, from: &str, n: usize) -> Vec<i64> {
        let frequency = Frequency::parse(alias).unwrap().in_zone(Some(zone(name))).unwrap();
        let from = zone(name).instant(parse_time(from).unwrap());
        frequency.future(from, n)
    }

    #[test]
    fn the_zone_is_named_with_the_frequency_if_that_is_wrong_too() {
        let cases = [
            (
                "MS",
                "Europe/Berlin",
                "MS",
                Some("Europe/Berlin"),
                "Europe/Berlin: set timeZone: \"Europe/Berlin\"",
            ),
            (
                "MS",
                "America/New_York",
                "MS",
                None,
                "America/New_York: set timeZone: \"America/New_York\"",
            ),
            (
                "D",
                "Asia/Tokyo",
                "MS",
                Some("Asia/Tokyo"),
                "Asia/Tokyo: set timeZone: \"Asia/Tokyo\" and freq: \"D\"",
            ),
            (
                "W-SUN",
                "Europe/Paris",
                "W-SUN",
                Some("Europe/Paris"),
                "Europe/Paris: set timeZone: \"Europe/Paris\"",
            ),
            ("ME", "Europe/Berlin", "ME", None, "Europe/Berlin: set timeZone: \"Europe/Berlin\""),
        ];
        for (alias, of, asked, machine, said) in cases {
            let times = dates(alias, of, "2024-01-01", 20);
            let advice = advice(&[&times], Frequency::parse(asked).ok(), machine.map(zone));
            assert_eq!(
                advice.unwrap(),
                format!("The times look like midnights of {said}, or make the dates with Date.UTC")
            );
        }
        let noons = dates("D", "Europe/Berlin", "2024-03-20T12:00", 20);
        assert_eq!(
            advice(&[&noons], Frequency::parse("D").ok(), Some(zone("Europe/Berlin"))).unwrap(),
            "The times look like 12:00 each time on clocks of Europe/Berlin: set timeZone: \"Europe/Berlin\", or make the dates with Date.UTC"
        );
        let utc = dates("MS", "UTC", "2024-01-01", 20);
        assert_eq!(advice(&[&utc], Frequency::parse("ME").ok(), Some(zone("Europe/Berlin"))), None);
    }

    #[test]
    fn midnights_of_the_machine_are_noted_where_its_clocks_do_not_change() {
        let winter = dates("D", "Europe/Berlin", "2024-01-01", 20);
        let [day, hours] = ["D", "24h"].map(|alias| Frequency::parse(alias).unwrap());
        let berlin = Some(zone("Europe/Berlin"));
        assert_eq!(
            warning(&[&winter], day, berlin).unwrap(),
            "the times look like midnights of Europe/Berlin, but days and months are those of UTC; set timeZone: \"Europe/Berlin\", or make the dates with Date.UTC"
        );
        assert_eq!(warning(&[&winter], hours, berlin), None);
        assert_eq!(warning(&[&winter], day, Some(zone("UTC"))), None);
        assert_eq!(warning(&[&winter], day, None), None);
        assert_eq!(warning(&[&dates("D", "UTC", "2024-01-01", 20)], day, berlin), None);
    }
}
