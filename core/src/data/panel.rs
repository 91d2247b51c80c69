//! The panel: all series one after the other, columns in `f64`, times on a calendar, missing values masked.

use std::ops::Range;

use super::date_text::format_time;
use super::frequency::Frequency;
use super::missing::MissingRows;
use super::time_zone::TimeZone;
use crate::options::{nested, options};

options! {
    /// Names of the special columns of a table.
    #[derive(PartialEq)]
    pub struct ColumnNames {
        /// Series identifier; `uniqueId` is accepted for `unique_id`.
        pub id: String = "unique_id".into(),
        /// Time.
        pub time: String = "ds".into(),
        /// Target.
        pub target: String = "y".into(),
        /// Weight of each row in the training loss. The column is optional.
        pub weight: String = "sample_weight".into(),
        /// Availability of each row: 0 masks it, 1 does not. The column is optional.
        pub mask: String = "available_mask".into(),
    }
    elsewhere {
        "uniqueid idcol" => "id",
        "ds timecol date" => "time",
        "y targetcol" => "target",
        "sampleweight" => "weight",
        "availablemask" => "mask",
    }
}
nested!(ColumnNames);

/// Identifiers of the series, sorted; text or integers as the table had them.
#[derive(Clone, Debug, PartialEq)]
pub enum Ids {
    /// Text, sorted by code point.
    Text(Vec<String>),
    /// Integers, sorted by value.
    Int(Vec<i64>),
}

/// The meaning of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeKind {
    /// A step number.
    Step,
    /// A date: milliseconds since 1970 in `Panel::times`.
    Date {
        /// The unit that dates had in the source, for checkpoints.
        unit: TimeUnit,
        /// The time zone dates are shown in, if any; `times` are UTC.
        time_zone: Option<TimeZone>,
    },
}

/// Unit of a stored date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
}

/// Sorted series of any lengths, ready to be cut into windows.
///
/// Series `i` is rows `indptr[i]..indptr[i + 1]` of every temporal column.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Names of the special columns.
    pub names: ColumnNames,
    /// Identifier of each series, sorted.
    pub ids: Ids,
    /// Row offsets of the series: one more than there are series.
    pub indptr: Vec<usize>,
    /// Time of each row: milliseconds since 1970, or a step number.
    pub times: Vec<i64>,
    /// What `times` means.
    pub time_kind: TimeKind,
    /// Name and values of the temporal columns: the target first, then exogenous ones. The target is 0 where masked;
    /// exogenous values are 0 where they are missing, which they may be only in masked rows.
    pub temporal: Vec<(String, Vec<f64>)>,
    /// 1 where a row is available, 0 where its target is missing.
    pub mask: Vec<f32>,
    /// The values that are missing and not filled. Rows that users masked do not count for the target.
    pub missing: MissingRows,
    /// Weight of each row in the training loss, if given.
    pub weight: Option<Vec<f32>>,
    /// Name and per-series values of the static columns.
    pub statics: Vec<(String, Vec<f64>)>,
    /// Warnings about the data.
    pub warnings: Vec<String>,
}

impl Ids {
    /// The number of identifiers.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(ids) => ids.len(),
            Self::Int(ids) => ids.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One identifier as text.
    pub fn text(&self, i: usize) -> String {
        match self {
            Self::Text(ids) => ids[i].clone(),
            Self::Int(ids) => ids[i].to_string(),
        }
    }

    /// Each identifier `n` times.
    #[must_use]
    pub fn repeat(&self, n: usize) -> Self {
        match self {
            Self::Text(ids) => {
                Self::Text(ids.iter().flat_map(|id| std::iter::repeat_n(id, n).cloned()).collect())
            }
            Self::Int(ids) => {
                Self::Int(ids.iter().flat_map(|id| std::iter::repeat_n(*id, n)).collect())
            }
        }
    }
}

impl Panel {
    /// Bytes of all rows.
    pub fn bytes(&self) -> usize {
        let weight = self.weight.as_ref().map_or(0, |_| size_of::<f32>());
        let row = self.temporal.len() * size_of::<f64>() + size_of::<i64>() + size_of::<f32>();
        self.times.len() * (row + weight)
    }

    /// The number of series.
    pub fn n_series(&self) -> usize {
        self.indptr.len() - 1
    }

    /// The number of rows of series `i`.
    pub fn len(&self, i: usize) -> usize {
        self.rows(i).len()
    }

    /// The number of rows of the longest series.
    pub fn max_len(&self) -> usize {
        (0..self.n_series()).map(|i| self.len(i)).max().unwrap_or(0)
    }

    /// The number of rows of the shortest series.
    pub fn min_len(&self) -> usize {
        (0..self.n_series()).map(|i| self.len(i)).min().unwrap_or(0)
    }

    /// The rows of series `i`.
    pub fn rows(&self, i: usize) -> Range<usize> {
        self.indptr[i]..self.indptr[i + 1]
    }

    /// The identifier of series `i` as text.
    pub fn id(&self, i: usize) -> String {
        self.ids.text(i)
    }

    /// The last time of series `i`, which must have rows.
    #[track_caller]
    pub fn last_time(&self, i: usize) -> i64 {
        *self.times[self.rows(i)].last().expect("the series has rows")
    }

    /// A time as users write it.
    pub fn format_time(&self, t: i64) -> String {
        format_time(t, &self.time_kind)
    }

    /// The temporal column `name`.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.temporal.iter().find(|(other, _)| other == name).map(|(_, values)| values.as_slice())
    }

    /// The static column `name`.
    pub fn static_column(&self, name: &str) -> Option<&[f64]> {
        self.statics.iter().find(|(other, _)| other == name).map(|(_, values)| values.as_slice())
    }

    /// The target. 0 where masked.
    pub fn target(&self) -> &[f64] {
        &self.temporal[0].1
    }

    /// For each row, and for the end, the number of available rows before it: `available[b] - available[a]` of the rows
    /// `a..b` are available.
    pub fn available_before(&self) -> Vec<u32> {
        let mut count = 0;
        let counts = self.mask.iter().map(|m| {
            count += u32::from(*m > 0.0);
            count
        });
        std::iter::once(0).chain(counts).collect()
    }

    /// Holds out the last `n` rows of each series: returns the rows before them, and these. Series of `n` rows or fewer are
    /// empty in the first panel.
    pub fn split_tail(&self, n: usize) -> (Self, Self) {
        let cut = |i: usize| self.indptr[i + 1] - n.min(self.len(i));
        (self.select(|i| self.indptr[i]..cut(i)), self.select(|i| cut(i)..self.indptr[i + 1]))
    }

    /// The last `n` rows of each series.
    #[must_use]
    pub fn tail(&self, n: usize) -> Self {
        self.select(|i| self.indptr[i + 1] - n.min(self.len(i))..self.indptr[i + 1])
    }

    /// The rows of each series, followed by those of the same series in `other`. Both must have the same series and
    /// columns.
    #[track_caller]
    pub(crate) fn followed_by(mut self, other: &Self) -> Self {
        assert_eq!(self.ids, other.ids, "the panels have the same series");
        let indptr = std::mem::take(&mut self.indptr);
        let rows = |of: &[usize], i: usize| of[i]..of[i + 1];
        fn both<T: Copy>(
            [a, b]: [&[T]; 2],
            series: usize,
            rows: impl Fn(usize) -> [Range<usize>; 2],
        ) -> Vec<T> {
            let each = (0..series).map(rows);
            each.flat_map(|[ra, rb]| [&a[ra], &b[rb]].concat()).collect()
        }
        let (n, rows) = (indptr.len() - 1, |i: usize| [rows(&indptr, i), rows(&other.indptr, i)]);
        self.times = both([&self.times, &other.times], n, rows);
        self.mask = both([&self.mask, &other.mask], n, rows);
        self.weight = self.weight.zip(other.weight.as_ref()).map(|(a, b)| both([&a, b], n, rows));
        for ((name, values), (other_name, more)) in self.temporal.iter_mut().zip(&other.temporal) {
            assert_eq!(name, other_name, "the panels have the same columns");
            *values = both([values, more], n, rows);
        }
        let theirs = other.missing.shifted(&other.indptr, |i| indptr[i + 1]);
        self.missing = self.missing.shifted(&indptr, |i| other.indptr[i]).merged(&theirs);
        self.indptr = indptr.iter().zip(&other.indptr).map(|(a, b)| a + b).collect();
        self
    }

    /// The same series with only these rows of each.
    pub(super) fn select(&self, rows: impl Fn(usize) -> Range<usize>) -> Self {
        let ranges: Vec<Range<usize>> = (0..self.n_series()).map(rows).collect();
        let mut end = 0;
        let ends = ranges.iter().map(|r| {
            end += r.len();
            end
        });
        Self {
            names: self.names.clone(),
            ids: self.ids.clone(),
            indptr: std::iter::once(0).chain(ends).collect(),
            times: gather(&self.times, &ranges),
            time_kind: self.time_kind.clone(),
            temporal: self
                .temporal
                .iter()
                .map(|(name, values)| (name.clone(), gather(values, &ranges)))
                .collect(),
            mask: gather(&self.mask, &ranges),
            missing: self.missing.select(&ranges),
            weight: self.weight.as_ref().map(|weight| gather(weight, &ranges)),
            statics: self.statics.clone(),
            warnings: self.warnings.clone(),
        }
    }

    /// The `h` times after each series, one series after the other. Every series must have rows.
    #[track_caller]
    pub fn future_times(&self, frequency: Frequency, h: usize) -> Vec<i64> {
        let future = |i: usize| {
            let (first, last) = (self.times[self.indptr[i]], self.last_time(i));
            // Counted from the first time: with polars' months, a time in February may not tell the day that a series
            // started on.
            let (from, done) = match frequency.periods_between(first, last) {
                Some(periods) => (first, periods),
                None => (last, 0),
            };
            (1..=h as i64).map(move |n| frequency.advance(from, done + n))
        };
        (0..self.n_series()).flat_map(future).collect()
    }
}

fn gather<T: Copy>(values: &[T], ranges: &[Range<usize>]) -> Vec<T> {
    ranges.iter().flat_map(|r| &values[r.clone()]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, PanelOptions, Table};

    /// Series `a` with 3 daily rows, `b` with 1.
    fn panel() -> (Panel, Frequency) {
        let text =
            |values: &[&str]| Column::Text(values.iter().map(|v| Some(v.to_string())).collect());
        let table = Table::new(vec![
            ("unique_id".into(), text(&["a", "a", "a", "b"])),
            ("ds".into(), text(&["2024-02-27", "2024-02-28", "2024-02-29", "2024-01-31"])),
            ("y".into(), Column::Float(vec![1.0, f64::NAN, 3.0, 4.0])),
        ]);
        Panel::from_table(&table.unwrap(), &PanelOptions::default()).unwrap()
    }

    #[test]
    fn series_are_addressed_by_place() {
        let (panel, _) = panel();
        assert_eq!((panel.n_series(), panel.len(0), panel.len(1)), (2, 3, 1));
        assert_eq!((panel.max_len(), panel.min_len(), panel.rows(1)), (3, 1, 3..4));
        assert_eq!(
            (panel.id(1), panel.format_time(panel.last_time(0))),
            ("b".into(), "2024-02-29".into())
        );
        assert_eq!(panel.column("y"), Some(panel.target()));
        assert_eq!(panel.column("x"), None);
        assert_eq!(panel.available_before(), [0, 1, 1, 2, 3]);
    }

    #[test]
    fn the_tail_is_held_out() {
        let (panel, _) = panel();
        let (head, tail) = panel.split_tail(2);
        assert_eq!((head.indptr, head.temporal[0].1.as_slice()), (vec![0, 1, 1], [1.0].as_slice()));
        assert_eq!((&tail.indptr, tail.target()), (&vec![0, 2, 3], [0.0, 3.0, 4.0].as_slice()));
        assert_eq!(tail.mask, [0.0, 1.0, 1.0]);
        assert_eq!(panel.tail(2), tail);
    }

    #[test]
    fn future_times_follow_each_series() {
        let (panel, frequency) = panel();
        let times = panel.future_times(frequency, 2);
        let times: Vec<String> = times.into_iter().map(|t| panel.format_time(t)).collect();
        assert_eq!(times, ["2024-03-01", "2024-03-02", "2024-02-01", "2024-02-02"]);
    }

    #[test]
    fn months_remember_the_day_they_began_on() {
        let mut panel = panel().0;
        let month = Frequency::parse("1mo").unwrap();
        panel.times.truncate(3);
        panel.indptr = vec![0, 2];
        panel.times =
            [28, 58].map(|days| 1_704_067_200_000 + days * 86_400_000 + 86_400_000).to_vec();
        assert_eq!(
            panel.times.iter().map(|t| panel.format_time(*t)).collect::<Vec<_>>(),
            ["2024-01-30", "2024-02-29"]
        );
        assert_eq!(panel.format_time(panel.future_times(month, 1)[0]), "2024-03-30");
    }

    #[test]
    fn identifiers_repeat_in_order() {
        assert_eq!(Ids::Int(vec![1, 2]).repeat(2), Ids::Int(vec![1, 1, 2, 2]));
        assert_eq!(Ids::Text(vec!["a".into()]).repeat(2).text(1), "a");
    }
}
