//! The forecast table: one row per series, window and time, one column per model output.

use std::borrow::Cow;
use std::ops::Range;

use chrono::{DateTime, Utc};
use ndarray::ArrayView2;

use super::column::Column;
use super::interpretation::Interpretation;
use super::quantiles::{no_interval, no_quantile, point};
use crate::data::{ColumnNames, Ids, TimeKind, TimeZone};
use crate::objective::{Output, levels};
use crate::{Error, ErrorCode, Result, nearest};

/// Forecasts of all series by all models: rows sorted by series, then cutoff, then time; `h` rows per series and cutoff.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Names of the special columns, as the user's table had them.
    pub names: ColumnNames,
    /// Identifier of each series, sorted.
    pub ids: Ids,
    /// Steps of each forecast, at least one.
    pub h: usize,
    /// Row offsets of the series: one more than there are series.
    pub indptr: Vec<usize>,
    /// Cutoff of each row: the last time before its forecast. `None` if that is the end of each series.
    pub cutoff: Option<Vec<i64>>,
    /// Time of each row: milliseconds since 1970, or a step number.
    pub times: Vec<i64>,
    /// What `times` means.
    pub time_kind: TimeKind,
    /// The columns: `NHITS`, `NHITS-median`, `NHITS-lo-90`, `NHITS-hi-90`.
    pub columns: Vec<Column>,
    /// Names of the models: the prefixes of their columns.
    pub models: Vec<String>,
    /// Warnings about the data.
    pub warnings: Vec<String>,
    /// What the forecasts of each model were made of, if it was asked for.
    pub interpretations: Vec<Interpretation>,
    /// Number of simulated paths of each series, one after the other, `h` rows each. `None`: these are no paths.
    pub paths: Option<usize>,
}

impl Forecast {
    /// Bytes of all rows.
    pub fn bytes(&self) -> usize {
        let times = self.times.len() + self.cutoff.as_ref().map_or(0, Vec::len);
        let numbers: usize = self.columns.iter().map(|column| column.values.len()).sum();
        times * size_of::<i64>() + numbers * size_of::<f32>()
    }

    /// Frees all rows.
    pub fn clear(&mut self) {
        (self.times, self.columns, self.cutoff) = Default::default();
        self.indptr.fill(0);
    }

    /// The values of a column.
    pub fn column(&self, name: &str) -> Result<&[f32]> {
        self.find(name).ok_or_else(|| {
            let names = || self.columns.iter().map(|column| column.name.as_str());
            Error::new(
                ErrorCode::Schema,
                format!(
                    "the forecast has no column \"{name}\"{}; its columns are {}",
                    hint(name, names()),
                    list(names())
                ),
            )
            .with(|d| {
                d.column = Some(name.into());
                d.expected = Some(names().collect());
            })
        })
    }

    /// The values of a column as `[series, h]`, or as `[series × cutoffs, h]` for insample forecasts, in row order.
    pub fn array(&self, name: &str) -> Result<ArrayView2<'_, f32>> {
        let values = self.column(name)?;
        let shape = [values.len() / self.h, self.h];
        Ok(ArrayView2::from_shape(shape, values).expect("every forecast has h rows"))
    }

    /// The rows of a series.
    pub fn series_rows(&self, id: &str) -> Result<Range<usize>> {
        let i = series_position(&self.ids, id)
            .ok_or_else(|| unknown_series("forecast", &self.ids, id))?;
        Ok(self.rows(i))
    }

    /// The lower and upper bound of a model's prediction interval; `level` in percent.
    pub fn interval(&self, model: &str, level: f64) -> Result<(&[f32], &[f32])> {
        self.check_model(model)?;
        let bound = |is: fn(&Output, f64) -> bool| {
            self.outputs(model).find(|(output, _)| is(output, level)).map(|(_, values)| values)
        };
        let found = bound(Output::is_lower).zip(bound(Output::is_upper));
        found.ok_or_else(|| no_interval(model, level, self.levels(model)))
    }

    /// A model's forecast of the quantile `q`, between 0 and 1.
    pub fn quantile(&self, model: &str, q: f64) -> Result<&[f32]> {
        self.check_model(model)?;
        let found = self.outputs(model).find(|(output, _)| output.is_quantile(q));
        found.map(|(_, values)| values).ok_or_else(|| {
            let there: Vec<f64> = self.quantiles(model).into_iter().map(|(q, _)| q).collect();
            no_quantile(model, q, &there)
        })
    }

    /// The point forecast of a model: its own column, else its median, else its only column.
    pub fn point(&self, model: &str) -> Result<&[f32]> {
        self.check_model(model)?;
        let found = point(self.outputs(model).map(|(output, _)| output));
        let found = found.and_then(|i| self.outputs(model).nth(i)).map(|(_, values)| values);
        found.ok_or_else(|| {
            let names = self.outputs(model).map(|(output, _)| format!("{model}{output}"));
            Error::new(
                ErrorCode::Schema,
                format!(
                    "\"{model}\" has no column that is its point forecast, only {}",
                    list(names)
                ),
            )
            .with(|d| d.model = Some(model.into()))
        })
    }

    /// The levels of a model's prediction intervals, in percent, ascending.
    pub fn levels(&self, model: &str) -> Vec<f64> {
        levels(self.outputs(model).map(|(output, _)| output))
    }

    /// The time of a row as text: a step number, `1960-01-01` when all times are midnights, or `1960-01-01T05:00:00`.
    ///
    /// In a time zone it is the local time with its offset from UTC, as pandas writes it: `1960-01-01 00:00:00+01:00`.
    pub fn ds_text(&self, row: usize) -> String {
        self.time_format().text(self.times[row])
    }

    /// Refuses simulated paths: `call` is about forecasts.
    pub(super) fn refuse_paths(&self, call: &str) -> Result<()> {
        if self.paths.is_none() {
            return Ok(());
        }
        let message =
            format!("{call} takes forecasts, and these are sample paths; use those of predict");
        Err(Error::new(ErrorCode::Unsupported, message))
    }

    /// The rows of series `i`.
    pub(super) fn rows(&self, i: usize) -> Range<usize> {
        self.indptr[i]..self.indptr[i + 1]
    }

    pub(super) fn check_model(&self, model: &str) -> Result<()> {
        if self.models.iter().any(|m| m == model) {
            return Ok(());
        }
        let names = || self.models.iter().map(String::as_str);
        Err(Error::new(
            ErrorCode::InvalidOption,
            format!(
                "the forecast has no model \"{model}\"{}; its models are {}",
                hint(model, names()),
                list(names())
            ),
        )
        .with(|d| {
            d.model = Some(model.into());
            d.expected = Some(names().collect());
        }))
    }

    /// Quantile level and values of each quantile column of a model, in the order of the columns.
    pub(super) fn quantiles(&self, model: &str) -> Vec<(f64, &[f32])> {
        self.outputs(model).filter_map(|(output, values)| Some((output.tau()?, values))).collect()
    }

    /// Quantile level and output of each quantile column of a model, in the order of the columns.
    pub(super) fn quantile_outputs(&self, model: &str) -> Vec<(f64, Output)> {
        self.outputs(model)
            .filter_map(|(output, _)| Some((output.tau()?, output.clone())))
            .collect()
    }

    fn find(&self, name: &str) -> Option<&[f32]> {
        self.columns.iter().find(|column| column.name == name).map(|column| &column.values[..])
    }

    /// The outputs of a model, and their values.
    fn outputs(&self, model: &str) -> impl Iterator<Item = (&Output, &[f32])> + Clone {
        let index = self.models.iter().position(|m| m == model);
        self.columns.iter().filter_map(move |column| match &column.of {
            Some((of, output)) if Some(*of) == index => Some((output, &column.values[..])),
            _ => None,
        })
    }

    pub(super) fn time_format(&self) -> TimeFormat {
        let TimeKind::Date { time_zone, .. } = &self.time_kind else { return TimeFormat::Step };
        let times = || self.times.iter().chain(self.cutoff.iter().flatten());
        let every = |unit: i64| times().all(|t| t % unit == 0);
        let (format, zone) = match (time_zone, every(86_400_000), every(1000)) {
            (None, true, _) => ("%Y-%m-%d", None),
            (None, false, true) => ("%Y-%m-%dT%H:%M:%S", None),
            (None, false, false) => ("%Y-%m-%dT%H:%M:%S%.3f", None),
            (Some(zone), _, true) => ("%Y-%m-%d %H:%M:%S", Some(*zone)),
            (Some(zone), _, false) => ("%Y-%m-%d %H:%M:%S%.3f", Some(*zone)),
        };
        TimeFormat::Date { format, zone }
    }
}

/// How the times of one table are written.
pub(super) enum TimeFormat {
    Step,
    Date { format: &'static str, zone: Option<TimeZone> },
}

impl TimeFormat {
    pub(super) fn text(&self, time: i64) -> String {
        match (self, date(time)) {
            (Self::Date { format, zone: None }, Some(date)) => date.format(format).to_string(),
            (Self::Date { format, zone: Some(zone) }, Some(_)) => {
                zone.clock(time).format(format).to_string() + &zone.offset_text(time)
            }
            _ => time.to_string(), // a step number, or a date beyond the year 262,000
        }
    }
}

/// The date that a time in milliseconds is, unless it is beyond the calendar.
pub(super) fn date(time: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(time)
}

/// The index of a series among sorted identifiers.
pub(super) fn series_position(ids: &Ids, id: &str) -> Option<usize> {
    match ids {
        Ids::Text(ids) => ids.binary_search_by(|x| x.as_str().cmp(id)).ok(),
        Ids::Int(ids) => ids.binary_search(&id.parse().ok()?).ok(),
    }
}

/// The identifier of series `i` as text.
pub(super) fn id_text(ids: &Ids, i: usize) -> Cow<'_, str> {
    match ids {
        Ids::Text(ids) => Cow::Borrowed(&ids[i]),
        Ids::Int(ids) => Cow::Owned(ids[i].to_string()),
    }
}

pub(super) fn series_count(ids: &Ids) -> usize {
    match ids {
        Ids::Text(ids) => ids.len(),
        Ids::Int(ids) => ids.len(),
    }
}

/// The error for a series that a table does not have.
pub(super) fn unknown_series(table: &str, ids: &Ids, id: &str) -> Error {
    let all: Vec<_> = (0..series_count(ids)).map(|i| id_text(ids, i)).collect();
    let names = || all.iter().map(AsRef::as_ref);
    let more = if all.len() > 5 { format!(" and {} more", all.len() - 5) } else { String::new() };
    Error::new(
        ErrorCode::InvalidOption,
        format!(
            "the {table} has no series \"{id}\"{}; it has {}{more}",
            hint(id, names()),
            list(names().take(5))
        ),
    )
    .with(|d| {
        d.unique_id = Some(id.into());
        d.sample = names().take(5).map(Into::into).collect();
    })
}

fn hint<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    nearest(name, candidates).map(|near| format!(" (did you mean \"{near}\"?)")).unwrap_or_default()
}

pub(super) fn list(names: impl IntoIterator<Item = impl Into<String>>) -> String {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

#[cfg(test)]
mod tests;
