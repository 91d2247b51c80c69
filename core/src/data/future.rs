//! The future: which series and times a forecast covers, and exogenous values for them.

use std::collections::HashMap;

use super::columns::{RowIds, absent, exogenous, find, require, too_large};
use super::frequency::Frequency;
use super::local_midnights::are_midnights;
use super::numeric_time::TimeReading;
use super::panel::{Ids, Panel};
use super::repeated_hours::{remedy, settle};
use super::table::Table;
use super::times::read_times;
use super::vocabulary::Vocabularies;
use crate::{Error, ErrorCode, Result};

/// Series and time of each row of a forecast, `h` rows per series.
pub fn make_future_frame(panel: &Panel, frequency: Frequency, h: usize) -> (Ids, Vec<i64>) {
    (panel.ids.repeat(h), panel.future_times(frequency, h))
}

/// Values of these columns for each series and each of its `h` future times, in the order of the panel.
///
/// The table may have its rows in any order, and more rows than are needed. An error if a row is missing, or a value is
/// missing or not finite.
pub fn future_exogenous(
    table: &Table,
    panel: &Panel,
    frequency: Frequency,
    h: usize,
    columns: &[String],
    vocabularies: &Vocabularies,
    reading: TimeReading,
) -> Result<Vec<(String, Vec<f64>)>> {
    let wanted = Wanted::find(table, panel, frequency, h, reading)?;
    let missing = wanted.missing();
    if let Some(first) = missing.first() {
        let machine = reading.machine_zone.filter(|_| frequency.zone().is_none());
        let local = machine.filter(|zone| are_midnights(&[&wanted.row_times], *zone));
        let hint = local.map_or(String::new(), |zone| {
            format!("; its times look like midnights of {zone}: make the dates with Date.UTC")
        });
        let (id, t) = (panel.id(first / h), wanted.times[*first]);
        let message = format!(
            "future values are missing for series \"{id}\" at {} ({} of {} rows are missing); the future table needs each series at its {h} times after the data{hint}",
            panel.format_time(t),
            missing.len(),
            wanted.rows.len()
        );
        let sample = missing
            .iter()
            .take(5)
            .map(|j| serde_json::json!({ "uniqueId": panel.id(j / h), "ds": wanted.times[*j] }));
        return Err(Error::new(ErrorCode::FutureExog, message).with(|d| {
            d.unique_id = Some(id);
            d.ds = Some(t);
            d.actual = Some(missing.len().into());
            d.sample = sample.collect();
        }));
    }
    let column = |name: &String| {
        let column = find(table, name)
            .ok_or_else(|| absent(table, name, "future", ErrorCode::FutureExog))?;
        let values = exogenous(column, name, vocabularies).map_err(|e| e.within("future"))?;
        Ok((name.clone(), wanted.column(&values, panel, h, name)?))
    };
    columns.iter().map(column).collect()
}

/// Series and time of each row that a future table lacks.
pub fn missing_future(
    table: &Table,
    panel: &Panel,
    frequency: Frequency,
    h: usize,
    reading: TimeReading,
) -> Result<Vec<(String, i64)>> {
    let wanted = Wanted::find(table, panel, frequency, h, reading)?;
    Ok(wanted.missing().into_iter().map(|j| (panel.id(j / h), wanted.times[j])).collect())
}

/// The rows of a table that a forecast needs.
struct Wanted {
    /// The times of a forecast, `h` per series.
    times: Vec<i64>,
    /// The row of the table for each time.
    rows: Vec<Option<usize>>,
    /// The times of the table.
    row_times: Vec<i64>,
}

impl Wanted {
    fn find(
        table: &Table,
        panel: &Panel,
        frequency: Frequency,
        h: usize,
        reading: TimeReading,
    ) -> Result<Self> {
        let of_table = |e: Error| e.within("future");
        table.check().map_err(of_table)?;
        let names = &panel.names;
        let only = panel.ids.text(0);
        let row_ids = match find(table, &names.id) {
            None if panel.n_series() == 1 => RowIds::One(&only),
            None => {
                let error = absent(table, &names.id, "identifier", ErrorCode::Schema);
                return Err(of_table(error));
            }
            Some(column) => RowIds::read(column, &names.id).map_err(of_table)?,
        };
        let time_column = require(table, &names.time, "time").map_err(of_table)?;
        let (mut row_times, _) =
            read_times(time_column, &names.time, Some(frequency), frequency.zone(), reading)
                .map_err(of_table)?;
        let (ids, codes) = row_ids.group(table.rows());
        let untold = settle(&mut row_times, time_column, frequency.zone(), &codes);
        let times = panel.future_times(frequency, h);
        let mut rows: Vec<Option<usize>> = vec![None; times.len()];
        let places: HashMap<String, usize> =
            (0..panel.n_series()).map(|i| (panel.id(i), i)).collect();
        let place = |i: usize| places.get(&ids.text(i)).copied();
        let places: Vec<Option<usize>> = (0..ids.len()).map(place).collect();
        for (row, t) in row_times.iter().enumerate() {
            let Some(i) = places[codes[row] as usize] else { continue };
            let Ok(step) = times[i * h..(i + 1) * h].binary_search(t) else { continue };
            if let Some(other) = rows[i * h + step].replace(row) {
                let id = row_ids.text(row);
                let message = match frequency.zone() {
                    Some(zone) if untold.contains(&row) => {
                        format!("the future table, series \"{id}\": {}", remedy(zone, *t))
                    }
                    _ => format!(
                        "the future table has series \"{id}\" at {} more than once; keep one row for each series and time",
                        panel.format_time(*t)
                    ),
                };
                let sample = [other, row]
                    .map(|row| serde_json::json!({ "uniqueId": id, "ds": t, "row": row }));
                return Err(Error::new(ErrorCode::DuplicateTime, message).with(|d| {
                    d.unique_id = Some(id.into_owned());
                    d.ds = Some(*t);
                    d.sample = sample.to_vec();
                }));
            }
        }
        Ok(Self { times, rows, row_times })
    }

    fn missing(&self) -> Vec<usize> {
        (0..self.rows.len()).filter(|j| self.rows[*j].is_none()).collect()
    }

    fn column(&self, values: &[f64], panel: &Panel, h: usize, name: &str) -> Result<Vec<f64>> {
        let value = |(j, row): (usize, &Option<usize>)| {
            let value = row.map_or(f64::NAN, |row| values[row]);
            let (code, problem) = match too_large(value) {
                Some(problem) => (ErrorCode::Schema, problem),
                None if value.is_finite() => return Ok(value),
                None if value.is_nan() => (
                    ErrorCode::MissingValue,
                    "is missing; fill it in (onMissing is not for future values)".to_string(),
                ),
                None => (
                    ErrorCode::MissingValue,
                    format!("is {value}, which is not finite; correct it"),
                ),
            };
            let (id, t) = (panel.id(j / h), self.times[j]);
            let message = format!(
                "series \"{id}\", {}: the future value of \"{name}\" {problem}",
                panel.format_time(t)
            );
            Err(Error::new(code, message).with(|d| {
                d.unique_id = Some(id);
                d.ds = Some(t);
                d.column = Some(name.into());
            }))
        };
        self.rows.iter().enumerate().map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, PanelOptions, TimeZone};

    fn text(values: &[&str]) -> Column {
        Column::Text(values.iter().map(|v| Some(v.to_string())).collect())
    }

    fn table(ids: &[&str], times: &[&str], price: &[f64]) -> Table {
        let price = Column::Float(price.to_vec());
        Table::new(vec![
            ("unique_id".into(), text(ids)),
            ("ds".into(), text(times)),
            ("price".into(), price),
        ])
        .unwrap()
    }

    /// `a` ends in March, `b` in April.
    fn panel() -> (Panel, Frequency) {
        let mut data = table(
            &["a", "a", "a", "b", "b", "b"],
            &["2024-01", "2024-02", "2024-03", "2024-02", "2024-03", "2024-04"],
            &[1.0; 6],
        );
        data.columns[2].0 = "y".into();
        Panel::from_table(&data, &PanelOptions::default()).unwrap()
    }

    fn prices(table: &Table) -> Result<Vec<f64>> {
        let (panel, frequency) = panel();
        let columns = future_exogenous(
            table,
            &panel,
            frequency,
            2,
            &["price".into()],
            &Vocabularies::default(),
            TimeReading::default(),
        )?;
        assert_eq!(columns[0].0, "price");
        Ok(columns[0].1.clone())
    }

    const IDS: [&str; 6] = ["b", "b", "z", "a", "a", "a"];
    const TIMES: [&str; 6] = ["2024-06", "2024-05", "2024-05", "2024-05", "2024-06", "2024-04"];

    #[test]
    fn rows_come_in_any_order_and_may_be_more_than_needed() {
        assert_eq!(
            prices(&table(&IDS, &TIMES, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])).unwrap(),
            [6.0, 4.0, 2.0, 1.0]
        );
    }

    #[test]
    fn the_frame_has_every_series_at_its_future_times() {
        let (panel, frequency) = panel();
        let (ids, times) = make_future_frame(&panel, frequency, 2);
        let times: Vec<String> = times.into_iter().map(|t| panel.format_time(t)).collect();
        assert_eq!(ids, Ids::Text(["a", "a", "b", "b"].map(String::from).to_vec()));
        assert_eq!(times, ["2024-04-01", "2024-05-01", "2024-05-01", "2024-06-01"]);
    }

    #[test]
    fn missing_rows_are_counted_and_listed() {
        let future = table(&["a", "b"], &["2024-05", "2024-05"], &[1.0, 2.0]);
        let e = prices(&future).unwrap_err();
        assert_eq!(e.code, ErrorCode::FutureExog);
        assert_eq!(
            e.to_string(),
            "future values are missing for series \"a\" at 2024-04-01 (2 of 4 rows are missing); the future table needs each series at its 2 times after the data"
        );
        let (april, june) = (1_711_929_600_000_i64, 1_717_200_000_000_i64);
        assert_eq!(
            e.details.sample,
            [
                serde_json::json!({ "uniqueId": "a", "ds": april }),
                serde_json::json!({ "uniqueId": "b", "ds": june })
            ]
        );
        let (panel, frequency) = panel();
        let missing =
            missing_future(&future, &panel, frequency, 2, TimeReading::default()).unwrap();
        assert_eq!(missing, [("a".into(), april), ("b".into(), june)]);
    }

    #[test]
    fn unusable_future_tables_are_refused() {
        let mut unpriced = table(&IDS, &TIMES, &[1.0; 6]);
        unpriced.columns[2].0 = "prices".into();
        let mut anonymous = table(&IDS, &TIMES, &[1.0; 6]);
        anonymous.columns.remove(0);
        let cases = [
            (
                table(&IDS, &TIMES, &[1.0, f64::NAN, 3.0, 4.0, 5.0, 6.0]),
                ErrorCode::MissingValue,
                "series \"b\", 2024-05-01: the future value of \"price\" is missing; fill it in (onMissing is not for future values)",
            ),
            (
                table(&IDS, &TIMES, &[1.0, 1e39, 3.0, 4.0, 5.0, 6.0]),
                ErrorCode::Schema,
                "series \"b\", 2024-05-01: the future value of \"price\" is 1e39, which exceeds what 32-bit numbers hold (3.4e38); scale the column",
            ),
            (
                table(&["a", "a"], &["2024-04", "2024-04-01"], &[1.0, 2.0]),
                ErrorCode::DuplicateTime,
                "the future table has series \"a\" at 2024-04-01 more than once; keep one row for each series and time",
            ),
            (
                table(&IDS, &["soon"; 6], &[1.0; 6]),
                ErrorCode::Schema,
                "future: column \"ds\", row 1 of 6: the time is \"soon\", which is not a date; accepted are 2024-01-31, 2024-01-31T05:00:00, with a fraction, \"Z\" or an offset such as +02:00, 2024/01/31, 20240131, 2024-01 or 2024",
            ),
            (
                unpriced,
                ErrorCode::FutureExog,
                "there is no future column \"price\"; did you mean \"prices\"? The table has: unique_id, ds, prices",
            ),
            (
                anonymous,
                ErrorCode::Schema,
                "future: there is no identifier column \"unique_id\". The table has: ds, price",
            ),
        ];
        for (table, code, message) in cases {
            let e = prices(&table).unwrap_err();
            assert_eq!((e.code, e.to_string()), (code, message.into()));
        }
    }

    #[test]
    fn future_times_made_by_the_clock_of_the_machine_are_recognized() {
        let (panel, frequency) = panel();
        let local =
            ["2024-03-31T22:00", "2024-04-30T22:00", "2024-04-30T22:00", "2024-05-31T22:00"];
        let future = table(&["a", "a", "b", "b"], &local, &[1.0; 4]);
        let reading =
            TimeReading { unit: None, machine_zone: TimeZone::parse("Europe/Berlin").ok() };
        let none = Vocabularies::default();
        let e = future_exogenous(&future, &panel, frequency, 2, &["price".into()], &none, reading);
        assert_eq!(
            e.unwrap_err().to_string(),
            "future values are missing for series \"a\" at 2024-04-01 (4 of 4 rows are missing); the future table needs each series at its 2 times after the data; its times look like midnights of Europe/Berlin: make the dates with Date.UTC"
        );
    }

    #[test]
    fn future_hours_that_clocks_show_twice_are_told_apart() {
        let zone = TimeZone::parse("Europe/Berlin").ok();
        let hourly = Frequency::parse("h").unwrap().in_zone(zone).unwrap();
        let mut data = table(&["a"; 2], &["2024-10-27T00:00", "2024-10-27T01:00"], &[1.0; 2]);
        data.columns[2].0 = "y".into();
        let options = PanelOptions { frequency: Some(hourly), ..PanelOptions::default() };
        let (panel, frequency) = Panel::from_table(&data, &options).unwrap();
        let ahead = |times: [&str; 3]| {
            let times = times.map(|t| format!("2024-10-27T{t}:00"));
            let times = times.each_ref().map(String::as_str);
            let future = table(&["a"; 3], &times, &[1.0, 2.0, 3.0]);
            let (price, none) = (["price".to_string()], Vocabularies::default());
            future_exogenous(&future, &panel, frequency, 3, &price, &none, TimeReading::default())
        };
        assert_eq!(ahead(["02", "02", "03"]).unwrap()[0].1, [1.0, 2.0, 3.0]);
        let message = ahead(["02", "03", "02"]).unwrap_err().to_string();
        assert!(message.starts_with("the future table, series \"a\": clocks in Europe/Berlin show 2024-10-27T02:00:00 twice"), "{message}");
    }
}
