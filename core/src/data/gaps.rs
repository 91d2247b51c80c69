//! Puts times on the frequency: irregular times are refused, and gaps are refused or filled as requested.

use super::date_text::format_time;
use super::frequency::Frequency;
use super::inference::{NotInferred, infer_in_zone, infer_steps};
use super::local_midnights;
use super::panel::{Ids, TimeKind};
use super::time_zone::TimeZone;
use crate::options::choices;
use crate::{Error, ErrorCode, Result};

choices! {
    /// What to do with times that a series skips.
    pub enum OnGap: default Error {
        /// Refuse the table.
        Error = "error",
        /// Insert masked rows.
        Mask = "mask",
        /// Insert rows with the target of the previous row.
        FillForward = "fillForward",
        /// Insert rows with the target 0.
        FillZero = "fillZero",
    }
}

/// Sorted rows of all series.
pub(super) struct Rows<'a> {
    pub(super) ids: &'a Ids,
    /// Row offsets of the series.
    pub(super) indptr: Vec<usize>,
    /// Time of each row.
    pub(super) times: Vec<i64>,
    /// Row of the table that each row takes its values from; `None` if the table has the rows in this order.
    pub(super) source: Option<Vec<usize>>,
    /// Whether a row was inserted; its source is that of the previous row. Empty if none was.
    pub(super) inserted: Vec<bool>,
    pub(super) kind: &'a TimeKind,
    /// The time zone of the machine, which messages suggest if times are midnights in it.
    pub(super) machine_zone: Option<TimeZone>,
}

impl Rows<'_> {
    /// The times of each series.
    pub(super) fn series(&self) -> impl Iterator<Item = &[i64]> {
        self.indptr.windows(2).map(|w| &self.times[w[0]..w[1]])
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    /// Row of the table that row `j` takes its values from.
    pub(super) fn source(&self, j: usize) -> usize {
        self.source.as_ref().map_or(j, |source| source[j])
    }

    /// Whether row `j` was inserted.
    pub(super) fn is_inserted(&self, j: usize) -> bool {
        self.inserted.get(j).is_some_and(|inserted| *inserted)
    }

    /// An error at a time of a series.
    pub(super) fn error(&self, code: ErrorCode, i: usize, t: i64, message: String) -> Error {
        Error::new(code, message).with(|d| {
            d.unique_id = Some(self.ids.text(i));
            d.ds = Some(t);
        })
    }

    pub(super) fn format(&self, t: i64) -> String {
        format_time(t, self.kind)
    }

    /// Refuses series that have the same time twice.
    pub(super) fn check_duplicates(&self) -> Result<()> {
        for (i, times) in self.series().enumerate() {
            if let Some(j) = times.windows(2).position(|w| w[0] == w[1]) {
                let t = times[j];
                let total: usize = self
                    .series()
                    .map(|times| times.windows(2).filter(|w| w[0] == w[1]).count())
                    .sum();
                let more = if total > 1 {
                    format!(" ({total} rows too many in all)")
                } else {
                    String::new()
                };
                let id = self.ids.text(i);
                let message = format!(
                    "series \"{id}\" has the time {} more than once{more}; keep one row for each series and time",
                    self.format(t)
                );
                let rows = (0..times.len())
                    .filter(|k| times[*k] == t)
                    .map(|k| self.source(self.indptr[i] + k));
                let sample = rows
                    .take(5)
                    .map(|row| serde_json::json!({ "uniqueId": id, "ds": t, "row": row }));
                let sample: Vec<serde_json::Value> = sample.collect();
                return Err(self
                    .error(ErrorCode::DuplicateTime, i, t, message)
                    .with(|d| d.sample = sample));
            }
        }
        Ok(())
    }

    /// The frequency of the times, of all series together.
    pub(super) fn infer(&self, zone: Option<TimeZone>) -> Result<Frequency> {
        let series: Vec<&[i64]> = self.series().collect();
        let is_step = *self.kind == TimeKind::Step;
        let inferred = if is_step { infer_steps(&series) } else { infer_in_zone(&series, zone) };
        let error = |why: NotInferred| {
            let dates = matches!(self.kind, TimeKind::Date { time_zone: None, .. });
            let advice = dates.then(|| local_midnights::advice(&series, None, self.machine_zone));
            let name = |i| Some(self.ids.text(i));
            why.error(is_step, name, |t| self.format(t), advice.flatten())
        };
        inferred.map_err(error)?.in_zone(zone)
    }

    /// Puts the rows on the frequency: refuses times off it, and refuses or fills gaps.
    pub(super) fn regularize(self, frequency: Frequency, on_gap: OnGap) -> Result<Self> {
        let (mut n_gaps, mut missing, mut first) = (0, 0_u64, None);
        let mut walked: (&[i64], u64, u64) = (&[], 0, 0); // the times of a series, their gaps and missing times
        for (i, times) in self.series().enumerate() {
            if times != walked.0 {
                walked = (times, 0, 0);
                let mut before = None;
                for (k, t) in times.iter().enumerate() {
                    let period = frequency.periods_between(times[0], *t);
                    let period =
                        period.ok_or_else(|| self.irregular(i, times[0], *t, frequency))?;
                    let skipped = before.map_or(0, |before| period - before - 1);
                    if skipped > 0 {
                        walked.1 += 1;
                        walked.2 = walked.2.saturating_add(skipped as u64);
                        first = first.or(Some(self.indptr[i] + k));
                    }
                    before = Some(period);
                }
            }
            n_gaps += walked.1;
            missing = missing.saturating_add(walked.2);
        }
        let Some(first) = first else { return Ok(self) };
        // With a far too fine frequency, filling would exhaust the memory.
        let absurd = missing > 100 * self.times.len() as u64 + 10_000;
        if on_gap == OnGap::Error || absurd {
            return Err(self.gap(first, frequency, n_gaps, missing, absurd));
        }
        Ok(self.fill(frequency))
    }

    fn fill(self, frequency: Frequency) -> Self {
        let (mut indptr, mut times, mut source, mut inserted) = (vec![0], vec![], vec![], vec![]);
        for w in self.indptr.windows(2) {
            let begin = self.times[w[0]];
            let mut next = 0; // the period after the row before
            for j in w[0]..w[1] {
                let period = frequency.whole_periods(begin, self.times[j]);
                for skipped in next..period {
                    times.push(frequency.advance(begin, skipped));
                    source.push(self.source(j - 1));
                    inserted.push(true);
                }
                times.push(self.times[j]);
                source.push(self.source(j));
                inserted.push(false);
                next = period + 1;
            }
            indptr.push(times.len());
        }
        Self { indptr, times, source: Some(source), inserted, ..self }
    }

    fn irregular(&self, i: usize, first: i64, t: i64, frequency: Frequency) -> Error {
        let nearest = if frequency.is_on(first) {
            frequency.nearest(first, t)
        } else {
            Frequency { n: 1, ..frequency }.nearest(t, t)
        };
        let series: Vec<&[i64]> = self.series().collect();
        let inferred = || infer_in_zone(&series, frequency.zone()).ok().filter(|f| *f != frequency);
        let local = || match frequency.zone() {
            None => local_midnights::advice(&series, Some(frequency), self.machine_zone),
            Some(zone) => local_midnights::advice_in_zone(&series, zone),
        };
        let dates = !frequency.is_step();
        let hint = if let Some(advice) = dates.then(local).flatten() {
            format!(". {advice}")
        } else if let Some(inferred) = dates.then(inferred).flatten() {
            format!(". The times look like \"{inferred}\": set that, or correct the times")
        } else {
            "; correct the time or the frequency".into()
        };
        let message = format!(
            "series \"{}\": the time {} is not on the frequency \"{frequency}\", the nearest that is would be {}{hint}",
            self.ids.text(i),
            self.format(t),
            self.format(nearest),
        );
        self.error(ErrorCode::Freq, i, t, message).with(|d| {
            d.expected = Some(nearest.into());
            d.actual = Some(t.into());
        })
    }

    fn gap(
        &self,
        row: usize,
        frequency: Frequency,
        n_gaps: u64,
        missing: u64,
        absurd: bool,
    ) -> Error {
        let i = self.indptr.partition_point(|start| *start <= row) - 1;
        let t = frequency.advance(self.times[row - 1], 1);
        let what = match (missing, n_gaps) {
            (1, _) => "1 time is missing in all".to_string(),
            (missing, 1) => format!("{missing} times are missing in all, in 1 gap"),
            (missing, gaps) => format!("{missing} times are missing in all, in {gaps} gaps"),
        };
        let fix = if absurd {
            format!("That is too many to fill: is \"{frequency}\" the right frequency?")
        } else {
            "Add the rows, or set onGap to \"mask\", \"fillForward\" or \"fillZero\"".into()
        };
        let message = format!(
            "series \"{}\" has no row for {}; {what}. {fix}",
            self.ids.text(i),
            self.format(t)
        );
        self.error(ErrorCode::Gap, i, t, message).with(|d| {
            d.actual = Some(missing.into());
            d.option = Some("onGap".into());
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::options::{OptionValue, read_option};

    #[test]
    fn what_to_do_with_gaps_is_read() {
        assert_eq!(OnGap::read(&json!("fillForward")), Some(OnGap::FillForward));
        assert_eq!(
            read_option::<OnGap>("onGap", &json!("fill"), &[]).unwrap_err().to_string(),
            "option \"onGap\" must be \"error\", \"mask\", \"fillForward\" or \"fillZero\", got \"fill\""
        );
    }
}
