//! The divisors of scores, and warnings of what scores leave out: a score that would divide by 0, or by an unknown value, is not
//! defined.

use serde_json::Value;

use super::{Metric, Observed, Scoring, check_times, mean, rows_of};
use crate::data::{counted, first_few};
use crate::forecast::Forecast;
use crate::forecast::result::{id_text, series_count};
use crate::{Error, ErrorCode, Result};

/// The divisor of the score of each forecast; `None` if it has no score.
pub(super) type Divisors = Vec<Option<f64>>;

/// Collects the warnings.
pub(super) struct LeftOut<'a> {
    forecast: &'a Forecast,
    pub(super) warnings: Vec<String>,
}

impl<'a> LeftOut<'a> {
    /// Starts with the forecasts that have no actual values.
    pub(super) fn new(forecast: &'a Forecast, observed: &[Observed]) -> Self {
        let mut left_out = Self { forecast, warnings: Vec::new() };
        left_out.forecasts(
            "all scores leave",
            observed,
            |o| o.rows.is_empty(),
            "they have no actual values",
        );
        left_out
    }

    /// The divisors of a metric; 1 if it has none.
    pub(super) fn of(
        &mut self,
        metric: Metric,
        observed: &[Observed],
        benchmark: &[f32],
        scoring: Scoring<'_>,
    ) -> Result<Divisors> {
        let compared = |row: usize| Some(f64::from(benchmark[row])).filter(|b| !b.is_nan());
        let of_benchmark = |o: &Observed, loss: fn(f64) -> f64| {
            mean(o.rows.iter().map(|&(row, y)| Some(loss(y - compared(row)?))))
        };
        let no_benchmark = "the benchmark has no forecast of them";
        Ok(match metric {
            Metric::Mase | Metric::Rmsse => {
                let loss = if metric == Metric::Mase { f64::abs } else { |e: f64| e * e };
                let scales = scales(metric, self.forecast, observed, scoring, loss)?;
                let season = scoring.season_length;
                let absent =
                    format!("they have no values {season} steps apart before the forecast");
                let same = match season {
                    1 => "do not change".to_string(),
                    n => format!("repeat every {n} steps"),
                };
                let zero = format!(
                    "their values {same}, and the seasonal naive error that it divides by is 0"
                );
                self.divisors(metric, observed, scales, [&absent, &zero])
            }
            Metric::Rmae => {
                let errors = observed.iter().map(|o| of_benchmark(o, f64::abs)).collect();
                let zero = "the error of the benchmark, which it divides by, is 0";
                self.divisors(metric, observed, errors, [no_benchmark, zero])
            }
            Metric::RelMse => {
                // The divisor is the sum over all forecasts, which may be nonzero although that of one is 0.
                let known = observed.iter().map(|o| of_benchmark(o, |_| 1.0)).collect();
                let divisors = self.divisors(metric, observed, known, [no_benchmark, ""]);
                let errors = observed.iter().filter_map(|o| of_benchmark(o, |e| e * e));
                if divisors.iter().any(Option::is_some) && errors.sum::<f64>() == 0.0 {
                    self.relative_to_nothing(metric, "the benchmark makes no error");
                }
                divisors
            }
            Metric::Scrps => {
                let mut all = observed.iter().flat_map(|o| &o.rows).peekable();
                if all.peek().is_some() && all.all(|(_, y)| *y == 0.0) {
                    self.relative_to_nothing(metric, "all actual values are 0");
                }
                vec![Some(1.0); observed.len()]
            }
            Metric::ScaledCrps => {
                let size = |o: &Observed| mean(o.rows.iter().map(|(_, y)| Some(y.abs())));
                let zero = "their actual values, whose mean it divides by, are 0";
                self.divisors(metric, observed, observed.iter().map(size).collect(), ["", zero])
            }
            Metric::Mape => {
                self.zeros(metric, observed);
                vec![Some(1.0); observed.len()]
            }
            _ => vec![Some(1.0); observed.len()],
        })
    }

    /// The divisors of a metric. Warns of forecasts whose divisor is absent or 0: they have none.
    fn divisors(
        &mut self,
        metric: Metric,
        observed: &[Observed],
        all: Divisors,
        [absent, zero]: [&str; 2],
    ) -> Divisors {
        let where_is = |wrong: fn(Option<f64>) -> bool| {
            let some = observed.iter().zip(&all);
            some.map(|(o, divisor)| !o.rows.is_empty() && wrong(*divisor)).collect::<Vec<bool>>()
        };
        let leaves = format!("{metric} leaves");
        let (no, nothing) = (where_is(|d| d.is_none()), where_is(|d| d == Some(0.0)));
        self.these(&leaves, observed, &no, absent);
        self.these(&leaves, observed, &nothing, zero);
        all.into_iter().map(|divisor| divisor.filter(|d| *d != 0.0)).collect()
    }

    /// Warns of actual zeros, which a metric cannot divide by.
    fn zeros(&mut self, metric: Metric, observed: &[Observed]) {
        let zeros = |o: &Observed| o.rows.iter().filter(|(_, y)| *y == 0.0).count();
        let values = counted(observed.iter().map(zeros).sum(), "value", "values");
        self.forecasts(
            &format!("{metric} leaves out {values} in"),
            observed,
            |o| zeros(o) > 0,
            "they are 0, and it divides by them",
        );
    }

    /// Warns of forecasts that a model has not made completely: those for which it is true.
    pub(super) fn not_forecast(&mut self, model: &str, observed: &[Observed], lacking: &[bool]) {
        let leave = format!("the scores of \"{model}\" leave");
        self.these(&leave, observed, lacking, "it has no forecast of all their times");
    }

    /// Warns of a score relative to a sum that is 0.
    fn relative_to_nothing(&mut self, metric: Metric, what: &str) {
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

    fn these(&mut self, leave: &str, observed: &[Observed], which: &[bool], why: &str) {
        let left: Vec<&Observed> =
            observed.iter().zip(which).filter(|(_, out)| **out).map(|(o, _)| o).collect();
        self.series(leave, &left, why);
    }

    fn forecasts(
        &mut self,
        leave: &str,
        observed: &[Observed],
        which: impl Fn(&Observed) -> bool,
        why: &str,
    ) {
        let left: Vec<&Observed> = observed.iter().filter(|o| which(o)).collect();
        self.series(leave, &left, why);
    }

    fn series(&mut self, leave: &str, left: &[&Observed], why: &str) {
        if left.is_empty() {
            return;
        }
        let mut series: Vec<usize> = left.iter().map(|o| o.series).collect();
        series.dedup();
        let ids = &self.forecast.ids;
        let names = first_few(series.iter().map(|i| format!("\"{}\"", id_text(ids, *i))), "");
        let what = match (leave.ends_with(" in"), &self.forecast.cutoff) {
            (true, _) => String::new(),
            (false, None) => " out".into(),
            (false, Some(_)) => format!(" out {} of", counted(left.len(), "forecast", "forecasts")),
        };
        let (n, all) = (series.len(), series_count(ids));
        let text = format!("{leave}{what} {n} of {all} series ({names}): {why}");
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }
}

/// For each forecast, the mean `loss` of the seasonal differences before it; `None` if there is no such difference.
fn scales(
    metric: Metric,
    forecast: &Forecast,
    observed: &[Observed],
    Scoring { train, season_length, .. }: Scoring<'_>,
    loss: fn(f64) -> f64,
) -> Result<Vec<Option<f64>>> {
    if season_length == 0 {
        return Err(Error::option("seasonLength", "a positive integer", 0));
    }
    let Some(train) = train else {
        return Err(Error::new(
            ErrorCode::InvalidOption,
            format!(
                "the metric \"{metric}\" is relative to the training data: pass \"train\", the table that the models were trained on"
            ),
        )
        .with(|d| {
            d.option = Some("train".into());
            d.actual = Some(Value::Null);
        }));
    };
    check_times(forecast, train, "training")?;
    let y = &train.temporal[0].1;
    let difference = |row: usize| {
        let before = row - season_length;
        (train.mask[row] != 0.0 && train.mask[before] != 0.0).then(|| loss(y[row] - y[before]))
    };
    let scale = |o: &Observed| {
        let rows = rows_of(train, "training", &id_text(&forecast.ids, o.series))?;
        let start = rows.start;
        let end = start + train.times[rows].partition_point(|time| *time < o.begins);
        Ok(mean((start.saturating_add(season_length)..end).map(difference)))
    };
    observed.iter().map(scale).collect()
}
