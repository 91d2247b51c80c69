//! From a table to a panel: finds the columns, sorts the rows by series and time, and checks every value.

use std::borrow::Cow;

use super::columns::{self, RowIds, absent, find, numbers, require, too_large};
use super::frequency::Frequency;
use super::gaps::{OnGap, Rows};
use super::local_midnights;
use super::missing::{MissingRows, OnMissing};
use super::numeric_time::TimeReading;
use super::panel::{ColumnNames, Panel};
use super::repeated_hours::{remedy, settle, skipped};
use super::row_order::in_order;
use super::statics::read_statics;
use super::table::Table;
use super::time_zone::TimeZone;
use super::times::read_times;
use super::vocabulary::Vocabularies;
use crate::memory::{Allowed, Needs};
use crate::{Error, ErrorCode, Result, nearest};

/// How a table is read into a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelOptions {
    /// Names of the special columns.
    pub names: ColumnNames,
    /// The frequency. `None`: inferred from the times.
    pub frequency: Option<Frequency>,
    /// The time zone of dates. Used only without a frequency, which has its own.
    pub time_zone: Option<TimeZone>,
    /// How times are read, such as the unit of numbers.
    pub reading: TimeReading,
    /// The temporal columns needed besides the target.
    pub exogenous: Vec<String>,
    /// A table with one row for each series.
    pub static_table: Option<Table>,
    /// The columns needed from the static table.
    pub statics: Vec<String>,
    /// The categories of exogenous and static columns, which are read as category codes.
    pub vocabularies: Vocabularies,
    /// What to do with times that a series skips.
    pub on_gap: OnGap,
    /// What to do with missing values. `None` refuses those of exogenous columns, and masks those of the target.
    pub on_missing: Option<OnMissing>,
    /// Whether the target column is required. Without it, the target is 0 and masked.
    pub needs_target: bool,
}

impl Default for PanelOptions {
    fn default() -> Self {
        Self {
            names: ColumnNames::default(),
            frequency: None,
            time_zone: None,
            reading: TimeReading::default(),
            exogenous: vec![],
            static_table: None,
            statics: vec![],
            vocabularies: Vocabularies::default(),
            on_gap: OnGap::Error,
            on_missing: None,
            needs_target: true,
        }
    }
}

impl Panel {
    /// Sorts and checks a table. Returns the panel and its frequency, given or inferred.
    pub fn from_table(table: &Table, options: &PanelOptions) -> Result<(Self, Frequency)> {
        let (mut panel, frequency) = Self::unsettled(table, options)?;
        panel.settle_missing(options.on_missing, &options.vocabularies)?;
        panel.warn_of_missing(options.on_missing);
        Ok((panel, frequency))
    }

    /// The same, with missing values listed but neither refused nor filled.
    pub(crate) fn unsettled(table: &Table, options: &PanelOptions) -> Result<(Self, Frequency)> {
        table.check()?;
        if table.rows() == 0 {
            return Err(Error::new(
                ErrorCode::Schema,
                "the table has no rows; a series needs at least one",
            ));
        }
        check_room(table.rows(), 1 + options.exogenous.len())?;
        let names = &options.names;
        let row_ids = read_ids(table, options)?;
        let time_column = require(table, &names.time, "time")?;
        let zone = options.frequency.map_or(options.time_zone, Frequency::zone);
        let (mut times, time_kind) =
            read_times(time_column, &names.time, options.frequency, zone, options.reading)?;
        let values = Values::read(table, options)?;

        let (ids, codes) = row_ids.group(table.rows());
        let untold = settle(&mut times, time_column, zone, &codes);
        let (indptr, source) = in_order(&codes, &times, ids.len());
        if let Some(source) = &source {
            times = source.iter().map(|row| times[*row]).collect();
        }
        let rows = Rows {
            ids: &ids,
            indptr,
            times,
            source,
            inserted: vec![],
            kind: &time_kind,
            machine_zone: options.reading.machine_zone,
        };
        rows.check_duplicates().map_err(|e| {
            let by_clocks = zone.and_then(|zone| {
                let at = rows_of(&e);
                let untold = at.iter().any(|row| untold.contains(row));
                let t = e.details.ds.filter(|_| untold);
                t.map(|t| remedy(zone, t)).or_else(|| skipped(time_column, zone, &at))
            });
            match by_clocks {
                Some(why) => {
                    let id = e.details.unique_id.as_deref().unwrap_or_default();
                    Error { message: format!("series \"{id}\": {why}"), ..e }
                }
                None => without_ids(e, &row_ids, options),
            }
        })?;
        let frequency = match options.frequency {
            Some(frequency) => frequency.resolve(&rows.times),
            None => rows.infer(zone)?,
        };
        let rows = rows.regularize(frequency, options.on_gap)?;
        let Arranged { temporal, mask, missing, weight } = values.arrange(&rows, options)?;

        let series: Vec<&[i64]> = rows.series().collect();
        let midnights = local_midnights::warning(&series, frequency, rows.machine_zone);
        let mut warnings: Vec<String> = midnights.into_iter().collect();
        let statics = match &options.static_table {
            Some(table) if !options.statics.is_empty() => {
                read_statics(table, &ids, options, &mut warnings)?
            }
            None if !options.statics.is_empty() => {
                let message = format!(
                    "static columns are needed ({}), but there is no static table; give one row for each series as static",
                    options.statics.join(", ")
                );
                return Err(Error::new(ErrorCode::Schema, message)
                    .with(|d| d.option = Some("static".into())));
            }
            _ => vec![],
        };
        let Rows { indptr, times, .. } = rows;
        let panel = Self {
            names: names.clone(),
            indptr,
            times,
            temporal,
            mask,
            missing,
            weight,
            statics,
            warnings,
            time_kind,
            ids,
        };
        if options.needs_target {
            panel.check_available()?;
        }
        Ok((panel, frequency))
    }
}

/// Refuses rows that would not fit in memory: each column as in the table and in order, ids, times and indices.
pub(super) fn check_room(rows: usize, columns: usize) -> Result<()> {
    const BESIDE: usize = 8;
    let mut needs = Needs::default();
    let row = size_of::<f64>() * (2 * columns + BESIDE);
    needs.add("the data", rows.saturating_mul(row));
    needs.check(Allowed::ALL, &format!("a table of {rows} rows"), || None)
}

/// The identifiers. A table without them is one series, named after the target.
fn read_ids<'a>(table: &'a Table, options: &'a PanelOptions) -> Result<RowIds<'a>> {
    let names = &options.names;
    if let Some(column) = find(table, &names.id) {
        return RowIds::read(column, &names.id);
    }
    let taken = [&names.time, &names.target, &names.weight, &names.mask];
    let free = table.names().filter(|name| !taken.iter().any(|t| t == name));
    let meant =
        nearest(&names.id, free.filter(|name| !options.exogenous.iter().any(|e| e == name)));
    if meant.is_some() || names.id != ColumnNames::default().id {
        return Err(absent(table, &names.id, "identifier", ErrorCode::Schema));
    }
    Ok(RowIds::One(&names.target))
}

/// A repeated time in a table without identifiers means that it has several series.
fn without_ids(error: Error, ids: &RowIds<'_>, options: &PanelOptions) -> Error {
    let RowIds::One(_) = ids else { return error };
    let message = format!(
        "the table has no column \"{}\" and times repeat; with more than one series, that column must say which series a row belongs to",
        options.names.id
    );
    Error { code: ErrorCode::Schema, message, ..error }
        .with(|d| d.column = Some(options.names.id.clone()))
}

/// The rows of the table that an error is about.
fn rows_of(error: &Error) -> Vec<usize> {
    let row = |at: &serde_json::Value| at["row"].as_u64().map(|row| row as usize);
    error.details.sample.iter().filter_map(row).collect()
}

/// Values of the temporal columns as the table has them.
struct Values<'a> {
    target: Option<Cow<'a, [f64]>>,
    exogenous: Vec<(String, Cow<'a, [f64]>)>,
    available: Option<Cow<'a, [f64]>>,
    weight: Option<Cow<'a, [f64]>>,
}

/// The same in the order of the rows. Missing values are 0, and listed.
struct Arranged {
    temporal: Vec<(String, Vec<f64>)>,
    mask: Vec<f32>,
    missing: MissingRows,
    weight: Option<Vec<f32>>,
}

impl<'a> Values<'a> {
    fn read(table: &'a Table, options: &PanelOptions) -> Result<Self> {
        let names = &options.names;
        let optional =
            |name: &str| find(table, name).map(|column| numbers(column, name)).transpose();
        if options.needs_target {
            require(table, &names.target, "target")?;
        }
        let mut exogenous: Vec<(String, Cow<'a, [f64]>)> = vec![];
        for name in &options.exogenous {
            if [&names.id, &names.time, &names.target].contains(&name) {
                let message = format!(
                    "column \"{name}\" cannot be exogenous: it is the id, the time or the target; leave it out of the lists of exogenous columns"
                );
                return Err(
                    Error::new(ErrorCode::Schema, message).with(|d| d.column = Some(name.clone()))
                );
            }
            if !exogenous.iter().any(|(other, _)| other == name) {
                let column = require(table, name, "exogenous")?;
                let values = columns::exogenous(column, name, &options.vocabularies)?;
                exogenous.push((name.clone(), values));
            }
        }
        Ok(Self {
            target: optional(&names.target)?,
            exogenous,
            available: optional(&names.mask)?,
            weight: optional(&names.weight)?,
        })
    }

    /// The columns in the order of the rows, checked and masked.
    fn arrange(&self, rows: &Rows<'_>, options: &PanelOptions) -> Result<Arranged> {
        let names = &options.names;
        let available = self.available(rows, options)?;
        let mut missing = MissingRows::default();
        let (target, mask) = self.target(rows, options, &available, &mut missing)?;
        let mut temporal = vec![(names.target.clone(), target)];
        for (name, values) in &self.exogenous {
            let mut lacks = vec![];
            let values = (0..rows.len()).map(|j| match values[rows.source(j)] {
                value if too_large(value).is_some() => Err(exceeds(rows, j, name, value)),
                value if value.is_finite() => Ok(value),
                // Without a target column, only the mask column says which rows are available.
                value if available[j] > 0.0 && (value.is_infinite() || self.target.is_none()) => {
                    Err(unusable(rows, j, name, value, "; fill it in, or mask the row"))
                }
                _ => {
                    lacks.push(j);
                    Ok(0.0)
                }
            });
            temporal.push((name.clone(), values.collect::<Result<_>>()?));
            missing.set(name, lacks);
        }
        let weight = |weight: &Cow<'_, [f64]>| {
            let values = (0..rows.len()).map(|j| match weight[rows.source(j)] {
                value if too_large(value).is_some() => Err(exceeds(rows, j, &names.weight, value)),
                value if value.is_finite() && value >= 0.0 => Ok(value as f32),
                value if value < 0.0 => {
                    Err(out_of_range(rows, j, &names.weight, value, "a weight must be 0 or more"))
                }
                value => Err(unusable(rows, j, &names.weight, value, "; give each row a weight")),
            });
            values.collect::<Result<Vec<f32>>>()
        };
        let weight = self.weight.as_ref().map(weight).transpose()?;
        Ok(Arranged { temporal, mask, missing, weight })
    }

    /// The availability of each row, from the mask column and the treatment of inserted rows.
    fn available(&self, rows: &Rows<'_>, options: &PanelOptions) -> Result<Vec<f32>> {
        let name = &options.names.mask;
        let value = |j: usize| match &self.available {
            _ if rows.is_inserted(j) && options.on_gap == OnGap::Mask => Ok(0.0),
            _ if rows.is_inserted(j) && options.on_gap == OnGap::FillZero => Ok(1.0),
            None => Ok(1.0),
            Some(mask) => match mask[rows.source(j)] {
                value if value == 0.0 || value == 1.0 => Ok(value as f32),
                value if value.is_nan() => Err(unusable(rows, j, name, value, "; write 0 or 1")),
                value => Err(out_of_range(rows, j, name, value, "it must be 0 or 1")),
            },
        };
        (0..rows.len()).map(value).collect()
    }

    /// The target, 0 where masked, and the mask.
    fn target(
        &self,
        rows: &Rows<'_>,
        options: &PanelOptions,
        available: &[f32],
        missing: &mut MissingRows,
    ) -> Result<(Vec<f64>, Vec<f32>)> {
        let name = &options.names.target;
        let n = rows.len();
        let Some(values) = &self.target else { return Ok((vec![0.0; n], vec![0.0; n])) };
        let (mut target, mut mask, mut lacks) = (vec![0.0; n], vec![0.0; n], vec![]);
        for j in 0..n {
            let zero = rows.is_inserted(j) && options.on_gap == OnGap::FillZero;
            let value = if zero { 0.0 } else { values[rows.source(j)] };
            if available[j] > 0.0 && too_large(value).is_some() {
                return Err(exceeds(rows, j, name, value));
            }
            if value.is_infinite() && available[j] > 0.0 {
                return Err(unusable(
                    rows,
                    j,
                    name,
                    value,
                    "; correct it, or leave it empty if it is missing",
                ));
            }
            match available[j] > 0.0 {
                true if value.is_finite() => (target[j], mask[j]) = (value, 1.0),
                true => lacks.push(j),
                false => {}
            }
        }
        missing.set(name, lacks);
        Ok((target, mask))
    }
}

fn series_of(rows: &Rows<'_>, row: usize) -> usize {
    rows.indptr.partition_point(|start| *start <= row) - 1
}

fn unusable(rows: &Rows<'_>, j: usize, name: &str, value: f64, fix: &str) -> Error {
    let problem = if value.is_nan() {
        "is missing".to_string()
    } else {
        format!("is {value}, which is not finite")
    };
    at(rows, j, name, ErrorCode::MissingValue, &format!("{problem}{fix}"))
}

fn exceeds(rows: &Rows<'_>, j: usize, name: &str, value: f64) -> Error {
    at(rows, j, name, ErrorCode::Schema, &too_large(value).unwrap_or_default())
}

fn out_of_range(rows: &Rows<'_>, j: usize, name: &str, value: f64, rule: &str) -> Error {
    at(rows, j, name, ErrorCode::Schema, &format!("is {value}, but {rule}"))
}

fn at(rows: &Rows<'_>, j: usize, name: &str, code: ErrorCode, problem: &str) -> Error {
    let (i, t) = (series_of(rows, j), rows.times[j]);
    let message =
        format!("series \"{}\", {}: \"{name}\" {problem}", rows.ids.text(i), rows.format(t));
    rows.error(code, i, t, message).with(|d| d.column = Some(name.into()))
}

#[cfg(test)]
mod refusals;
#[cfg(test)]
mod tests;
