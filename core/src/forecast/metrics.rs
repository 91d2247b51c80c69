//! Scores: the error of forecasts against actual values, averaged over each forecast and then over forecasts.
//!
//! A forecast here is that of one series from one cutoff on. Definitions are those of utilsforecast 0.2.17, `losses.py`, where it
//! has them. Those of upstream's `losses/numpy.py` are the same for one series, except that its sMAPE is twice as large.

mod benchmark;
mod left_out;
mod names;
mod observed;
mod term;

use super::Forecast;
use super::result::{series_position, unknown_series};
use crate::data::{Panel, TimeKind};
use crate::{Error, ErrorCode, Result};
use benchmark::benchmark;
use left_out::{Divisors, LeftOut};
use observed::{Observed, observed};
use term::term;

pub use benchmark::seasonal_naive;
pub use names::{By, Metric};

/// Name and scores of each model, in the order of the models and metrics.
pub type ModelScores = Vec<(String, Vec<(Metric, f64)>)>;

/// The scores of each model.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Of all forecasts.
    pub models: ModelScores,
    /// Of parts of the forecasts, if they were asked for.
    pub parts: Vec<PartScores>,
    /// What was left out of which score, and why.
    pub warnings: Vec<String>,
}

/// The scores of some forecasts.
#[derive(Clone, Debug, PartialEq)]
pub struct PartScores {
    /// Index of their series, if they are of one.
    pub series: Option<usize>,
    /// Their cutoff, if they have the same.
    pub cutoff: Option<i64>,
    /// The scores.
    pub models: ModelScores,
}

/// How forecasts are scored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scoring<'a> {
    /// The data before the forecasts: for metrics that are relative to them, or to the seasonal naive forecast. Rows from a cutoff
    /// on do not count for it.
    pub train: Option<&'a Panel>,
    /// Steps of a season.
    pub season_length: usize,
    /// A model or column of the forecast that relative metrics compare with; `None` is the seasonal naive forecast.
    pub benchmark: Option<&'a str>,
    /// The parts to score besides the whole.
    pub by: Option<By>,
}

/// As [`evaluate_with`], where `train` is the data before the forecasts, and relative metrics compare with the seasonal naive
/// forecast.
pub fn evaluate(
    forecast: &Forecast,
    actual: &Panel,
    train: Option<&Panel>,
    season_length: usize,
    metrics: &[Metric],
) -> Result<Scores> {
    let scoring = Scoring { train, season_length, ..Scoring::default() };
    evaluate_with(scoring, forecast, actual, metrics)
}

/// Scores all models of a forecast against actual values, matched by series and time.
///
/// Masked actual values are skipped. A forecast for which a metric is not defined is left out of that metric, with a warning
/// in [`Scores::warnings`]; if none is left, the score is NaN. A metric is not defined if it would divide by 0 or by an
/// unknown value: [`Metric::Mase`] and [`Metric::Rmsse`] if the seasonal differences before a forecast are 0 or there are none,
/// [`Metric::ScaledCrps`] if all actual values are 0, [`Metric::Rmae`] and [`Metric::RelMse`] for a forecast without a benchmark,
/// and [`Metric::Rmae`] also if the benchmark makes no error. [`Metric::Mape`] skips actual zeros. [`Metric::Smape`] of two zeros
/// is 0. Metrics that divide by a sum over all forecasts add 1e-5 to it, as upstream does: [`Metric::RelMse`] and
/// [`Metric::Scrps`] give a warning if the sum is 0.
///
/// It is an error if a time of the forecast has no row in `actual`, or if a model lacks the quantiles or intervals that a metric
/// needs.
// Differs from upstream, which skips rows whose forecast is NaN. Here the whole forecast is left out of the scores of that
// model, so that no score covers only its easier part. A NaN bound covers nothing in both.
pub fn evaluate_with(
    scoring: Scoring<'_>,
    forecast: &Forecast,
    actual: &Panel,
    metrics: &[Metric],
) -> Result<Scores> {
    let observed = observed(forecast, actual)?;
    let benchmark = if metrics.iter().any(|m| matches!(m, Metric::Rmae | Metric::RelMse)) {
        benchmark(forecast, &observed, scoring)?
    } else {
        Vec::new()
    };
    let mut left_out = LeftOut::new(forecast, &observed);
    let mut divisors = Vec::new();
    for metric in metrics {
        divisors.push(left_out.of(*metric, &observed, &benchmark, scoring)?);
    }
    let mut models = Vec::new();
    for model in &forecast.models {
        let mut of_metrics = Vec::new();
        let mut lacking = vec![false; observed.len()];
        for (metric, divisors) in metrics.iter().zip(&divisors) {
            let sums = sums(forecast, model, *metric, &observed, &benchmark, divisors)?;
            lacking.iter_mut().zip(&sums).for_each(|(lacks, sum)| *lacks |= sum.loss.is_nan());
            of_metrics.push(sums);
        }
        left_out.not_forecast(model, &observed, &lacking);
        models.push((model, of_metrics));
    }
    let scores = |of: &dyn Fn(&Observed) -> bool| -> ModelScores {
        let score = |(metric, sums): (&Metric, &Vec<Sum>)| {
            let some = sums.iter().zip(&observed).filter(|(_, forecast)| of(forecast));
            (*metric, some.map(|(sum, _)| *sum).sum::<Sum>().score(*metric))
        };
        let of_model = |(model, sums): &(&String, Vec<Vec<Sum>>)| {
            ((*model).clone(), metrics.iter().zip(sums).map(score).collect())
        };
        models.iter().map(of_model).collect()
    };
    let all = scores(&|_| true);
    for (m, metric) in metrics.iter().enumerate() {
        let nan = all.iter().filter(|(_, scores)| scores[m].1.is_nan());
        left_out.nan(*metric, &nan.map(|(model, _)| model).collect::<Vec<_>>());
    }
    let part = |(series, cutoff): (Option<usize>, Option<i64>)| {
        let of = |forecast: &Observed| {
            series.is_none_or(|series| series == forecast.series)
                && cutoff.is_none_or(|cutoff| Some(cutoff) == forecast.cutoff)
        };
        PartScores { series, cutoff, models: scores(&of) }
    };
    let parts = match scoring.by {
        Some(by) => by.parts(&observed)?.into_iter().map(part).collect(),
        None => Vec::new(),
    };
    Ok(Scores { models: all, parts, warnings: left_out.warnings })
}

/// What each forecast of a model adds to a score. Its loss is NaN where the model has no complete forecast.
fn sums(
    forecast: &Forecast,
    model: &str,
    metric: Metric,
    observed: &[Observed],
    benchmark: &[f32],
    divisors: &Divisors,
) -> Result<Vec<Sum>> {
    let term = term(forecast, model, metric)?;
    let sum = |(Observed { rows, .. }, divisor): (&Observed, &Option<f64>)| {
        let mut sum = Sum::default();
        let loss = mean(rows.iter().map(|&(row, y)| term(row, y)));
        let (Some(loss), Some(divisor)) = (loss, divisor) else { return sum };
        match metric {
            _ if loss.is_nan() => sum.loss = f64::NAN,
            Metric::RelMse => rows.iter().for_each(|&(row, y)| {
                let other = f64::from(benchmark[row]);
                if let (Some(loss), false) = (term(row, y), other.is_nan()) {
                    sum.add(loss, (y - other).powi(2));
                }
            }),
            Metric::Scrps => rows.iter().for_each(|&(row, y)| {
                sum.add(term(row, y).unwrap_or(0.0), y.abs());
            }),
            Metric::Rmse => sum.add(loss.sqrt(), 0.0),
            Metric::Rmsse => sum.add((loss / divisor).sqrt(), 0.0),
            _ => sum.add(loss / divisor, 0.0),
        }
        sum
    };
    Ok(observed.iter().zip(divisors).map(sum).collect())
}

/// The sums behind a score: losses, and what they are relative to.
#[derive(Clone, Copy, Default)]
struct Sum {
    loss: f64,
    relative_to: f64,
    count: usize,
}

impl Sum {
    fn add(&mut self, loss: f64, relative_to: f64) {
        self.loss += loss;
        self.relative_to += relative_to;
        self.count += 1;
    }

    fn score(&self, metric: Metric) -> f64 {
        let n = self.count as f64; // 0 / 0: NaN without any term
        match metric {
            Metric::RelMse => self.loss / n / (self.relative_to / n + 1e-5),
            Metric::Scrps if self.count > 0 => 2.0 * self.loss / (self.relative_to + 1e-5),
            _ => self.loss / n,
        }
    }
}

impl std::iter::Sum for Sum {
    /// The sum of those that have terms.
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.filter(|sum| sum.count > 0).fold(Self::default(), |a, b| Self {
            loss: a.loss + b.loss,
            relative_to: a.relative_to + b.relative_to,
            count: a.count + b.count,
        })
    }
}

pub(super) fn rows_of(panel: &Panel, table: &str, id: &str) -> Result<std::ops::Range<usize>> {
    let i = series_position(&panel.ids, id)
        .ok_or_else(|| unknown_series(&format!("{table} table"), &panel.ids, id))?;
    Ok(panel.indptr[i]..panel.indptr[i + 1])
}

pub(super) fn check_times(forecast: &Forecast, panel: &Panel, table: &str) -> Result<()> {
    let what = |kind: &TimeKind| if *kind == TimeKind::Step { "step numbers" } else { "dates" };
    let (expected, actual) = (what(&forecast.time_kind), what(&panel.time_kind));
    if expected == actual {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Schema,
        format!(
            "column \"{}\" of the {table} table has {actual}, but the forecast has {expected}",
            panel.names.time
        ),
    )
    .with(|d| {
        d.column = Some(panel.names.time.clone());
        d.expected = Some(expected.into());
        d.actual = Some(actual.into());
    }))
}

/// The mean of the values that are present; `None` if there are none.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, count) = values.flatten().fold((0.0, 0usize), |(sum, count), x| (sum + x, count + 1));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests;
