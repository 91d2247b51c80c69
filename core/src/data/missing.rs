//! Missing values: which rows lack one, and how they are treated.
//!
//! A value is missing if the target or a needed exogenous value of a row is absent and the user has not masked the row,
//! neither by `available_mask` nor by [`OnGap::Mask`](super::OnGap::Mask). Rows that users mask are masked on purpose.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::panel::Panel;
use super::vocabulary::Vocabularies;
use crate::options::choices;
use crate::{Error, ErrorCode, Result};

choices! {
    /// What to do with missing values of the target and of exogenous columns. Values in rows that `available_mask` masks do
    /// not count as missing.
    pub enum OnMissing {
        /// Refuse them.
        Error = "error",
        /// Mask the row: training does not learn from it, and models see 0 with an available mask of 0.
        Mask = "mask",
        /// Take the previous value.
        FillForward = "fillForward",
        /// Take 0. Refused for categories, since 0 is none of them.
        FillZero = "fillZero",
        /// Interpolate linearly between two values; after the last one, take that. Categories are filled forward.
        Interpolate = "interpolate",
    }
}

/// The choices for missing values.
const REMEDY: &str = "set onMissing to \"mask\", \"fillForward\", \"fillZero\" or \"interpolate\"";

/// The rows in which columns lack a value: sorted, by column. Those of the target include rows masked for another column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MissingRows(Vec<(String, Vec<usize>)>);

impl MissingRows {
    /// The rows of a column.
    pub fn of(&self, column: &str) -> &[usize] {
        self.0.iter().find(|(name, _)| name == column).map_or(&[], |(_, rows)| rows)
    }

    /// Whether no value is missing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the rows of a column, sorted.
    pub(crate) fn set(&mut self, column: &str, rows: Vec<usize>) {
        self.0.retain(|(name, _)| name != column);
        if !rows.is_empty() {
            self.0.push((column.into(), rows));
        }
    }

    /// Checks that these are rows of a panel's columns and are masked there, as in a saved panel.
    pub(crate) fn check(&self, panel: &Panel) -> std::result::Result<(), String> {
        for (name, rows) in &self.0 {
            if panel.column(name).is_none() {
                return Err(format!("there is no column {name:?} for missing values to be in"));
            }
            let masked = |row: &usize| panel.mask.get(*row) == Some(&0.0);
            if !rows.iter().all(masked) || !rows.is_sorted_by(|a, b| a < b) {
                return Err(format!("the missing rows of {name:?} must be masked ones, in order"));
            }
        }
        Ok(())
    }

    /// The rows renumbered for a panel that has only these ranges, in this order.
    pub(super) fn select(&self, ranges: &[Range<usize>]) -> Self {
        let mut selected = Self::default();
        for (name, rows) in &self.0 {
            let mut new = Vec::new();
            let mut before = 0;
            for range in ranges {
                let at = |row: usize| rows.partition_point(|r| *r < row);
                let some = &rows[at(range.start)..at(range.end)];
                new.extend(some.iter().map(|row| row - range.start + before));
                before += range.len();
            }
            selected.set(name, new);
        }
        selected
    }

    /// The rows renumbered after each series has moved: series `i` by `moved(i)` rows further down.
    pub(super) fn shifted(&self, indptr: &[usize], moved: impl Fn(usize) -> usize) -> Self {
        let series = |row: usize| indptr.partition_point(|start| *start <= row) - 1;
        let shifted = |rows: &[usize]| rows.iter().map(|row| row + moved(series(*row))).collect();
        Self(self.0.iter().map(|(name, rows)| (name.clone(), shifted(rows))).collect())
    }

    /// The union with the rows of another part of the same panel.
    pub(super) fn merged(mut self, other: &Self) -> Self {
        for (name, rows) in &other.0 {
            let mut all = [self.of(name), rows].concat();
            all.sort_unstable();
            self.set(name, all);
        }
        self
    }
}

impl Panel {
    /// Treats missing values as `how` says, so that no available row lacks any. `None` refuses missing exogenous values in
    /// rows with a target and leaves other rows masked, so that forecasts that need them are refused later.
    pub(crate) fn settle_missing(
        &mut self,
        how: Option<OnMissing>,
        categories: &Vocabularies,
    ) -> Result<()> {
        let columns: Vec<String> = self.missing.0.iter().map(|(name, _)| name.clone()).collect();
        match how {
            None => columns.iter().try_for_each(|name| {
                self.refuse(name, |_, row| self.mask[row] > 0.0, "", &or_remedy())
            }),
            Some(OnMissing::Error) => {
                columns.iter().try_for_each(|name| self.refuse(name, |_, _| true, "", &or_remedy()))
            }
            Some(OnMissing::Mask) => self.mask_missing(&columns),
            Some(how) => {
                // Exogenous columns go first, while the mask still tells which rows users masked.
                let target = self.names.target.clone();
                for name in columns.iter().filter(|name| **name != target) {
                    self.fill_missing(name, how, categories.get(name).is_some())?;
                }
                self.fill_missing(&target, how, false)?;
                self.missing = MissingRows::default();
                Ok(())
            }
        }
    }

    /// Refuses missing values of a column in rows for which `needed(series, row)` is true, except in rows that users
    /// masked.
    pub(crate) fn refuse(
        &self,
        column: &str,
        needed: impl Fn(usize, usize) -> bool,
        place: &str,
        fix: &str,
    ) -> Result<()> {
        let refused =
            |row: &usize| !self.masked_by_user(*row) && needed(self.series_of(*row), *row);
        let rows: Vec<usize> = self.missing.of(column).iter().copied().filter(refused).collect();
        let Some(first) = rows.first() else { return Ok(()) };
        let message = format!("\"{column}\" is missing in {}{place}; {fix}", self.places(&rows));
        let at = |row: &usize| (self.id(self.series_of(*row)), self.times[*row]);
        Err(Error::new(ErrorCode::MissingValue, message).with(|d| {
            let (id, ds) = at(first);
            (d.unique_id, d.ds) = (Some(id), Some(ds));
            d.column = Some(column.into());
            d.option = Some("onMissing".into());
            d.actual = Some(rows.len().into());
            let sample = rows.iter().take(5).map(at);
            d.sample =
                sample.map(|(id, ds)| serde_json::json!({ "uniqueId": id, "ds": ds })).collect();
        }))
    }

    /// Every series must have at least one available target.
    pub(crate) fn check_available(&self) -> Result<()> {
        let empty = |i: &usize| self.mask[self.rows(*i)].iter().all(|mask| *mask == 0.0);
        let Some(i) = (0..self.n_series()).find(empty) else { return Ok(()) };
        let (id, name) = (self.id(i), &self.names.target);
        let message = format!(
            "series \"{id}\" has no available \"{name}\" in any of its {} rows; leave the series out",
            self.len(i)
        );
        Err(Error::new(ErrorCode::MissingValue, message).with(|d| {
            d.unique_id = Some(id);
            d.ds = self.times.get(self.indptr[i]).copied();
            d.column = Some(name.clone());
        }))
    }

    /// Warns of missing targets that are masked by default, and of masked rows at the end of a series.
    pub(crate) fn warn_of_missing(&mut self, how: Option<OnMissing>) {
        let missing = if how.is_none() { self.missing.of(&self.names.target) } else { &[] };
        let mut warnings = Vec::new();
        if !missing.is_empty() {
            let mut counts: Vec<(usize, usize)> = Vec::new();
            for series in missing.iter().map(|row| self.series_of(*row)) {
                match counts.last_mut() {
                    Some((last, count)) if *last == series => *count += 1,
                    _ => counts.push((series, 1)),
                }
            }
            let each = counts.iter().map(|(i, count)| format!("\"{}\": {count}", self.id(*i)));
            warnings.push(format!(
                "\"{}\" is missing in {} of {} ({}); they are masked, and a forecast whose input has one is an error \
                 unless onMissing says what to do",
                self.names.target,
                counted(missing.len(), "row", "rows"),
                counted(counts.len(), "series", "series"),
                first_few(each, "")
            ));
        }
        let surprising =
            |row: &usize| self.mask[*row] == 0.0 && missing.binary_search(row).is_err();
        let ends = self.indptr.windows(2).filter(|w| w[0] < w[1]).map(|w| w[1] - 1);
        let ends: Vec<usize> = ends.filter(surprising).collect();
        if let Some(first) = ends.first() {
            let more = match ends.len() - 1 {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            warnings.push(format!(
                "the last row of series \"{}\"{more} has no target; the forecast still starts after it",
                self.id(self.series_of(*first))
            ));
        }
        self.warnings.append(&mut warnings);
    }

    /// Masks every row in which one of these columns lacks a value.
    fn mask_missing(&mut self, columns: &[String]) -> Result<()> {
        let target = self.names.target.clone();
        let mut masked = self.missing.of(&target).to_vec();
        for row in columns.iter().flat_map(|name| self.missing.of(name)) {
            if self.mask[*row] > 0.0 {
                (self.mask[*row], self.temporal[0].1[*row]) = (0.0, 0.0);
                masked.push(*row);
            }
        }
        masked.sort_unstable();
        self.missing.set(&target, masked);
        self.check_available()
    }

    /// Fills a column. In rows that users masked, exogenous values are filled too, if there is a value to take.
    fn fill_missing(&mut self, name: &str, how: OnMissing, category: bool) -> Result<()> {
        if how == OnMissing::FillZero && category {
            let why = format!("; \"{name}\" holds categories, and 0 is none of them");
            let fix =
                "fill it in, or set onMissing to \"mask\", \"fillForward\" or \"interpolate\"";
            self.refuse(name, |_, _| true, &why, fix)?;
        }
        let is_target = name == self.names.target;
        let missing = self.missing.of(name).to_vec();
        let Some((_, values)) = self.temporal.iter_mut().find(|(other, _)| other == name) else {
            return Ok(());
        };
        let lacks = |row: usize| missing.binary_search(&row).is_ok();
        let known = |row: &usize| !lacks(*row) && (!is_target || self.mask[*row] > 0.0);
        let mut leading = Vec::new();
        for w in self.indptr.windows(2) {
            let (first, end) = (w[0], w[1]);
            let at = |row: usize| missing.partition_point(|r| *r < row);
            let (mut before, mut looked, mut after) = (None, first, first);
            for row in missing[at(first)..at(end)].iter().copied() {
                before = (looked..row).rev().find(known).or(before);
                looked = row + 1;
                if after <= row {
                    after = (row + 1..end).find(known).unwrap_or(end);
                }
                values[row] = match (how, before) {
                    (OnMissing::FillZero, _) => 0.0,
                    (_, None) => {
                        leading.push(row);
                        0.0
                    }
                    (OnMissing::Interpolate, Some(left)) if !category && after < end => {
                        let share = (row - left) as f64 / (after - left) as f64;
                        values[left] + (values[after] * share - values[left] * share)
                    }
                    (_, Some(left)) => values[left],
                };
            }
        }
        let why = format!(
            ", before its first value, which leaves onMissing \"{}\" nothing to take",
            how.name()
        );
        let choices = if category { "\"mask\"" } else { "\"mask\" or \"fillZero\"" };
        let needed = |_, row: usize| leading.binary_search(&row).is_ok();
        self.refuse(name, needed, &why, &format!("fill it in, or set onMissing to {choices}"))?;
        if is_target {
            missing.iter().for_each(|row| self.mask[*row] = 1.0);
        }
        Ok(())
    }

    /// Whether a user masked the row.
    fn masked_by_user(&self, row: usize) -> bool {
        self.mask[row] == 0.0 && self.missing.of(&self.names.target).binary_search(&row).is_err()
    }

    /// The series that a row belongs to.
    fn series_of(&self, row: usize) -> usize {
        self.indptr.partition_point(|start| *start <= row) - 1
    }

    /// These rows, in words.
    fn places(&self, rows: &[usize]) -> String {
        let of_one = rows.chunk_by(|a, b| self.series_of(*a) == self.series_of(*b));
        let one = |rows: &[usize]| {
            let times = rows.iter().map(|row| self.format_time(self.times[*row]));
            let id = self.id(self.series_of(rows[0]));
            format!("series \"{id}\" at {}", first_few(times, ""))
        };
        first_few(of_one.map(one), " series")
    }
}

/// The advice to fill missing values in, or to set one of the choices.
fn or_remedy() -> String {
    format!("fill it in, mask the row, or {REMEDY}")
}

/// The advice for missing values in the input of a forecast.
pub(crate) fn remedy_of_forecast() -> String {
    format!("fill it in, or {REMEDY}, here or when fitting")
}

/// The first three of some parts, and how many more there are.
pub(crate) fn first_few(parts: impl Iterator<Item = String>, of: &str) -> String {
    let mut parts = parts.fuse();
    let first: Vec<String> = parts.by_ref().take(3).collect();
    match parts.count() {
        0 => first.join(", "),
        n => format!("{} and {n} more{of}", first.join(", ")),
    }
}

/// A number with its noun.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
