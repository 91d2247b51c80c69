//! Frequencies have the dates that pandas gives them: the fixture is made by `tools/reference/frequencies.py`.

use chrono::{NaiveDate, NaiveDateTime};
use neuro_divergent::data::{Frequency, TimeZone};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    alias: String,
    /// Times are UTC; the frequency goes by the clocks of this zone.
    zone: Option<String>,
    canonical: String,
    start: String,
    is_on: bool,
    range: Vec<String>,
    steps: Vec<(i64, String)>,
}

fn ms(text: &str) -> i64 {
    let midnight = || NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap().into();
    let time =
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").unwrap_or_else(|_| midnight());
    time.and_utc().timestamp_millis()
}

fn iso(t: i64) -> String {
    chrono::DateTime::from_timestamp_millis(t).unwrap().format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// What differs from pandas, one line for each difference.
fn differences(case: &Case) -> Vec<String> {
    let zone = case.zone.as_ref().map(|name| TimeZone::parse(name).unwrap());
    let frequency = Frequency::parse(&case.alias).unwrap().in_zone(zone).unwrap();
    let start = ms(&case.start);
    let mut found = vec![];
    let mut compare = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            found.push(format!(
                "{} from {} ({:?}), {what}: {ours}, pandas {theirs}",
                case.alias, case.start, case.zone
            ));
        }
    };
    compare("alias", frequency.to_pandas(), case.canonical.clone());
    compare("is on", frequency.is_on(start).to_string(), case.is_on.to_string());
    // `date_range` rolls forward onto the calendar; so does advancing by nothing.
    let first = frequency.advance(start, 0);
    let range = std::iter::once(first).chain(frequency.future(first, case.range.len() - 1));
    for (i, (ours, theirs)) in range.zip(&case.range).enumerate() {
        compare("a date", iso(ours), iso(ms(theirs)));
        compare(
            "periods",
            format!("{:?}", frequency.periods_between(first, ms(theirs))),
            format!("Some({i})"),
        );
    }
    for (n, theirs) in &case.steps {
        compare(&format!("{n} periods"), iso(frequency.advance(start, *n)), iso(ms(theirs)));
    }
    found
}

#[test]
fn every_date_is_the_one_pandas_gives() {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/calendar.json")).unwrap();
    assert!(fixture.cases.len() >= 330, "only {} cases", fixture.cases.len());
    let found: Vec<String> = fixture.cases.iter().flat_map(differences).collect();
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}
