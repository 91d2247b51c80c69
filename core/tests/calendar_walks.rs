//! Steps of a calendar in a time zone are those found by walking from day to day on its clocks.

use chrono::{
    DateTime, Datelike, Duration, MappedLocalTime, NaiveDate, NaiveDateTime, TimeZone as _,
};
use chrono_tz::Tz;
use neuro_divergent::data::{Frequency, TimeZone};
use proptest::prelude::*;

const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "UTC",
];

/// Whether a day is one of the frequency's, said as one would say it.
fn is_one(alias: &str, day: NaiveDate) -> bool {
    let week = day.weekday().num_days_from_monday();
    let of = |days: i64| (day + Duration::days(days)).day();
    let business = week < 5;
    match alias {
        "D" => true,
        "B" => business,
        "W" => week == 6,
        "W-WED" => week == 2,
        "MS" => day.day() == 1,
        "ME" => of(1) == 1,
        "BMS" => business && (day.day() == 1 || (week == 0 && day.day() <= 3)),
        "BME" => business && (of(1) == 1 || (week == 4 && (of(2) == 1 || of(3) == 1))),
        "QS" => day.day() == 1 && day.month() % 3 == 1,
        "YE" => of(1) == 1 && day.month() == 12,
        other => panic!("no rule for {other}"),
    }
}

/// The instant at which clocks show a time, unless they skip it or show it twice.
fn instant(zone: Tz, local: NaiveDateTime) -> Option<i64> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(time) => Some(time.timestamp_millis()),
        _ => None,
    }
}

fn any_alias() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["D", "B", "W", "W-WED", "MS", "ME", "BMS", "BME", "QS", "YE"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn steps_are_found_by_walking_from_day_to_day(
        alias in any_alias(),
        name in prop::sample::select(ZONES.to_vec()),
        day in 0_i64..20_000,
        minute in 0_i64..1440,
        n in 1_usize..8,
    ) {
        let zone: Tz = name.parse().unwrap();
        let frequency =
            Frequency::parse(alias).unwrap().in_zone(Some(TimeZone::parse(name).unwrap())).unwrap();
        let days = NaiveDate::from_ymd_opt(1972, 1, 1).unwrap().iter_days().skip(day as usize);
        let clock = Duration::minutes(minute);
        let on: Vec<NaiveDateTime> = days
            .filter(|day| is_one(alias, *day))
            .take(n + 1)
            .map(|day| day.and_time(chrono::NaiveTime::MIN) + clock)
            .collect();
        let walked: Option<Vec<i64>> = on.iter().map(|local| instant(zone, *local)).collect();
        prop_assume!(walked.is_some());
        let walked = walked.unwrap();
        prop_assert_eq!(frequency.future(walked[0], n), &walked[1..]);
        for (i, t) in walked.iter().enumerate() {
            prop_assert!(frequency.is_on(*t));
            prop_assert_eq!(frequency.periods_between(walked[0], *t), Some(i as i64));
            prop_assert_eq!(frequency.periods_between(*t, walked[0]), Some(-(i as i64)));
            prop_assert_eq!(frequency.advance(*t, -(i as i64)), walked[0]);
        }
    }

    #[test]
    fn times_rise_and_are_counted_whatever_the_clocks_do(
        alias in any_alias(),
        name in prop::sample::select(ZONES.to_vec()),
        t in 63_072_000_i64..2_000_000_000,
        n in 1_i64..40,
    ) {
        let frequency =
            Frequency::parse(alias).unwrap().in_zone(Some(TimeZone::parse(name).unwrap())).unwrap();
        let start = frequency.advance(t * 1000, 1);
        let future = frequency.future(start, n as usize);
        prop_assert!(std::iter::once(&start).chain(&future).is_sorted_by(|a, b| a < b), "{:?}", future);
        for (i, t) in future.iter().enumerate() {
            prop_assert_eq!(frequency.advance(start, i as i64 + 1), *t);
            prop_assert_eq!(frequency.periods_between(start, *t), Some(i as i64 + 1));
        }
    }

    #[test]
    fn hours_and_less_do_not_look_at_the_clock(
        alias in prop::sample::select(vec!["h", "24h", "36h", "15min", "s"]),
        name in prop::sample::select(ZONES.to_vec()),
        t in 0_i64..2_000_000_000,
        n in -50_i64..50,
    ) {
        let frequency = Frequency::parse(alias).unwrap();
        let zoned = frequency.in_zone(Some(TimeZone::parse(name).unwrap())).unwrap();
        prop_assert_eq!(zoned.advance(t * 1000, n), frequency.advance(t * 1000, n));
    }
}

#[test]
fn a_skipped_time_of_day_comes_back_the_next_day() {
    let zone = Some(TimeZone::parse("Europe/Berlin").unwrap());
    let daily = Frequency::parse("D").unwrap().in_zone(zone).unwrap();
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis();
    let start = at("2024-03-30T02:30:00+01:00");
    let future = [at("2024-03-31T03:30:00+02:00"), at("2024-04-01T02:30:00+02:00")];
    assert_eq!(daily.future(start, 2), future);
    let start = at("2024-10-26T02:30:00+02:00");
    let future = [at("2024-10-27T02:30:00+02:00"), at("2024-10-28T02:30:00+01:00")];
    assert_eq!(daily.future(start, 2), future);
}
