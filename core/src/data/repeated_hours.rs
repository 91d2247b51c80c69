//! Local times that occur twice because clocks are set back, which the order of the rows tells apart, and local times that
//! are skipped.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::date_text::{format_time, parse_time_in, says_offset};
use super::panel::{TimeKind, TimeUnit};
use super::table::Column;
use super::time_zone::TimeZone;

/// Makes the second of two equal local times of a series the later instant, like pandas' `ambiguous='infer'`, if the rows
/// of the series are in ascending or descending order. Returns the rows for which the order does not decide; they keep the
/// first instant.
pub(super) fn settle(
    times: &mut [i64],
    column: &Column,
    zone: Option<TimeZone>,
    codes: &[u32],
) -> BTreeSet<usize> {
    let (Some(zone), Column::Text(texts)) = (zone, column) else { return BTreeSet::new() };
    let is_local = |text: &str| !says_offset(text) && text.trim().parse::<f64>().is_err();
    // By text: rows with the same text have the same time.
    let mut known: Vec<Option<Option<i64>>> = vec![None; texts.distinct().len()];
    let again = texts.codes().iter().enumerate().filter_map(|(row, text)| {
        let local = || is_local(texts.get(row)?).then(|| zone.again(times[row])).flatten();
        let later = known.get_mut(*text as usize)?.get_or_insert_with(local);
        later.map(|later| (row, later))
    });
    let again: HashMap<usize, i64> = again.collect();
    let affected: BTreeSet<u32> = again.keys().map(|row| codes[*row]).collect();
    let mut series: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, code) in codes.iter().enumerate().filter(|(_, code)| affected.contains(code)) {
        series.entry(*code).or_default().push(row);
    }
    let mut unsettled = BTreeSet::new();
    for rows in series.values() {
        let forward = in_order(rows.iter(), times, &again);
        match forward.or_else(|| in_order(rows.iter().rev(), times, &again)) {
            Some(later) => later.into_iter().for_each(|row| times[row] = again[&row]),
            None => unsettled.extend(rows.iter().filter(|row| again.contains_key(row))),
        }
    }
    unsettled
}

/// The rows with the second occurrence of a local time; `None` if times decrease.
fn in_order<'a>(
    rows: impl Iterator<Item = &'a usize>,
    times: &[i64],
    again: &HashMap<usize, i64>,
) -> Option<Vec<usize>> {
    let (mut before, mut later) = (i64::MIN, vec![]);
    for row in rows {
        let mut t = times[*row];
        if let Some(second) = again.get(row).filter(|_| t <= before) {
            t = *second;
            later.push(*row);
        }
        if t < before {
            return None;
        }
        before = t;
    }
    Some(later)
}

/// The message for a repeated local time that the order of the rows does not tell apart.
pub(super) fn remedy(zone: TimeZone, t: i64) -> String {
    let kind = |time_zone| TimeKind::Date { unit: TimeUnit::Ms, time_zone };
    let local = format_time(zone.local(t), &kind(None));
    let [first, second] =
        [t, zone.again(t).unwrap_or(t)].map(|t| format_time(t, &kind(Some(zone))));
    format!(
        "clocks in {zone} show {local} twice, and the rows are in no order that tells which is which; sort them by time, write the offset ({first} or {second}), or write times in UTC"
    )
}

/// The message for a duplicate time, if one of these rows has a local time that is skipped.
pub(super) fn skipped(column: &Column, zone: TimeZone, rows: &[usize]) -> Option<String> {
    let Column::Text(texts) = column else { return None };
    let of_row = |row: &usize| {
        let text = texts.get(*row).filter(|text| !says_offset(text))?;
        let shown = parse_time_in(text, None).ok()?;
        let t = zone.instant(shown);
        (zone.local(t) != shown).then_some((text, t))
    };
    let (text, t) = rows.iter().find_map(of_row)?;
    let kind = TimeKind::Date { unit: TimeUnit::Ms, time_zone: Some(zone) };
    Some(format!(
        "clocks in {zone} skip {}, which is read as {}, and there is a row of that time too; correct the time, or leave the row out",
        text.trim(),
        format_time(t, &kind)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    const DAY: &str = "2024-10-27T";

    /// Local times in Berlin on the day when clocks are set back, converted to UTC.
    fn settled(texts: &[&str], codes: &[u32]) -> (Vec<String>, Vec<usize>) {
        let zone = TimeZone::parse("Europe/Berlin").ok();
        let texts: Vec<String> = texts.iter().map(|text| format!("{DAY}{text}")).collect();
        let mut times: Vec<i64> =
            texts.iter().map(|text| parse_time_in(text, zone).unwrap()).collect();
        let column = Column::Text(texts.into_iter().map(Some).collect());
        let unsettled = settle(&mut times, &column, zone, codes);
        let utc = TimeZone::parse("UTC").ok();
        let kind = TimeKind::Date { unit: TimeUnit::Ms, time_zone: utc };
        let clock = |t: &i64| format_time(*t, &kind).split_once('T').unwrap().1[..5].to_string();
        (times.iter().map(clock).collect(), unsettled.into_iter().collect())
    }

    #[test]
    fn a_time_that_goes_back_is_the_second() {
        let cases: [(&[&str], &[&str]); 6] = [
            (&["02:00", "02:00", "03:00"], &["00:00", "01:00", "02:00"]),
            (&["03:00", "02:00", "02:00", "01:30"], &["02:00", "01:00", "00:00", "23:30"]),
            (
                &["02:00", "02:30", "02:00", "02:30", "03:00"],
                &["00:00", "00:30", "01:00", "01:30", "02:00"],
            ),
            (&["02:30", "02:15", "03:00"], &["00:30", "01:15", "02:00"]),
            (&["01:30", "02:30", "03:00"], &["23:30", "00:30", "02:00"]),
            (&["02:00+02:00", "02:00", "02:30Z"], &["00:00", "01:00", "02:30"]),
        ];
        for (local, utc) in cases {
            let (found, unsettled) = settled(local, &vec![0; local.len()]);
            assert_eq!((found, unsettled), (utc.iter().map(|t| t.to_string()).collect(), vec![]));
        }
    }

    #[test]
    fn every_series_has_an_order_of_its_own() {
        let (found, unsettled) =
            settled(&["02:00", "02:00", "02:00", "03:00", "05:00", "02:00"], &[0, 1, 0, 1, 2, 2]);
        assert_eq!(found, ["00:00", "00:00", "01:00", "02:00", "04:00", "00:00"]);
        assert!(unsettled.is_empty());
    }

    #[test]
    fn rows_in_no_order_tell_nothing() {
        let (found, unsettled) = settled(&["03:00", "02:00", "05:00", "02:00"], &[0; 4]);
        assert_eq!(found, ["02:00", "00:00", "04:00", "00:00"]);
        assert_eq!(unsettled, [1, 3]);
    }
}
