//! Warnings of what scores leave out: a score that would divide by 0, or by an unknown value, is not defined.

use super::{Metric, Observed};
use crate::data::{counted, first_few};
use crate::forecast::Forecast;
use crate::forecast::result::{id_text, series_count};

/// The divisor of the score of each series; `None` if it has no score.
pub(super) type Divisors = Vec<Option<f64>>;

/// Collects the warnings.
pub(super) struct LeftOut<'a> {
    forecast: &'a Forecast,
    pub(super) warnings: Vec<String>,
}

impl<'a> LeftOut<'a> {
    /// Starts with the series that have no actual values.
    pub(super) fn new(forecast: &'a Forecast, observed: &[Observed]) -> Self {
        let mut left_out = Self { forecast, warnings: Vec::new() };
        let empty: Vec<usize> = (0..observed.len()).filter(|i| observed[*i].is_empty()).collect();
        left_out.series("all scores leave", &empty, "they have no actual values");
        left_out
    }

    /// The divisors of a metric. Warns of series whose divisor is absent or 0: they have none.
    pub(super) fn divisors(
        &mut self,
        metric: Metric,
        observed: &[Observed],
        of_series: impl Fn(usize) -> Option<f64>,
        [absent, zero]: [&str; 2],
    ) -> Divisors {
        let all: Divisors = (0..observed.len()).map(of_series).collect();
        let where_is = |wrong: &dyn Fn(Option<f64>) -> bool| -> Vec<usize> {
            (0..all.len()).filter(|i| !observed[*i].is_empty() && wrong(all[*i])).collect()
        };
        let leaves = format!("{metric} leaves");
        self.series(&leaves, &where_is(&|d| d.is_none()), absent);
        self.series(&leaves, &where_is(&|d| d == Some(0.0)), zero);
        all.into_iter().map(|divisor| divisor.filter(|d| *d != 0.0)).collect()
    }

    /// Warns of actual zeros, which a metric cannot divide by.
    pub(super) fn zeros(&mut self, metric: Metric, observed: &[Observed]) {
        let zeros = |rows: &Observed| rows.iter().filter(|(_, y)| *y == 0.0).count();
        let counts: Vec<usize> = observed.iter().map(zeros).collect();
        let with: Vec<usize> = (0..counts.len()).filter(|i| counts[*i] > 0).collect();
        let values = counted(counts.iter().sum(), "value", "values");
        self.series(
            &format!("{metric} leaves out {values} in"),
            &with,
            "they are 0, and it divides by them",
        );
    }

    /// Warns of series without a complete forecast by a model.
    pub(super) fn not_forecast(&mut self, model: &str, series: &[usize]) {
        let leave = format!("the scores of \"{model}\" leave");
        self.series(&leave, series, "it has no forecast of all their times");
    }

    /// Warns of a score relative to a sum that is 0.
    pub(super) fn relative_to_nothing(&mut self, metric: Metric, what: &str) {
        self.warnings.push(format!("{metric} is relative to 1e-5, as {what}"));
    }

    /// Warns of scores that are NaN.
    pub(super) fn nan(&mut self, metric: Metric, models: &[&String]) {
        let of = match models.len() {
            n if n == self.forecast.models.len() => String::new(),
            _ => format!(" of {}", first_few(models.iter().map(|m| format!("\"{m}\"")), "")),
        };
        if !models.is_empty() {
            self.warnings.push(format!("{metric}{of} is NaN: there is nothing left to score"));
        }
    }

    fn series(&mut self, leave: &str, series: &[usize], why: &str) {
        if series.is_empty() {
            return;
        }
        let ids = &self.forecast.ids;
        let names = first_few(series.iter().map(|i| format!("\"{}\"", id_text(ids, *i))), "");
        let out = if leave.ends_with(" in") { "" } else { " out" };
        let (n, all) = (series.len(), series_count(ids));
        let text = format!("{leave}{out} {n} of {all} series ({names}): {why}");
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }
}
