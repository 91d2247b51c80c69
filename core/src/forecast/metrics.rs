//! Scores: the error of forecasts against actual values, averaged over each series and then over the series.
//!
//! Definitions are those of utilsforecast 0.2.17, `losses.py`, where it has them. Those of upstream's `losses/numpy.py` are
//! the same for one series, except that its sMAPE is twice as large.

mod benchmark;
mod left_out;
mod names;

use serde_json::Value;

use super::Forecast;
use super::result::{id_text, series_count, series_position, unknown_series};
use crate::data::{Panel, TimeKind, format_time};
use crate::kernels::point_loss::PointLoss;
use crate::objective::{Absolute, Percentage, Pinball, Squared, SymmetricPercentage};
use crate::{Error, ErrorCode, Result};
use benchmark::benchmark;
use left_out::{Divisors, LeftOut};

pub use benchmark::seasonal_naive;
pub use names::Metric;

/// The scores of each model.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Name and scores of each model, in the order of the models and metrics.
    pub models: Vec<(String, Vec<(Metric, f64)>)>,
    /// What was left out of which score, and why.
    pub warnings: Vec<String>,
}

/// The rows of the forecast of one series that have an actual value, and that value.
type Observed = Vec<(usize, f64)>;

/// Scores all models of a forecast against actual values, matched by series and time.
///
/// Masked actual values are skipped. A series for which a metric is not defined is left out of that metric, with a warning
/// in [`Scores::warnings`]; if none is left, the score is NaN. A metric is not defined if it would divide by 0 or by an
/// unknown value: [`Metric::Mase`] if the seasonal differences of a series are 0 or there are none, [`Metric::Rmae`] and
/// [`Metric::RelMse`] for a series without a benchmark, and [`Metric::Rmae`] also if the benchmark makes no error.
/// [`Metric::Mape`] skips actual zeros. [`Metric::Smape`] of two zeros is 0. Metrics that divide by a sum over all series
/// add 1e-5 to it, as upstream does: [`Metric::RelMse`] and [`Metric::Scrps`] give a warning if the sum is 0.
///
/// `train` is needed for [`Metric::Mase`], which uses its rows before the forecast, and for metrics that are relative to
/// the seasonal naive forecast; `season_length` is in steps. It is an error if a time of the forecast has no row in
/// `actual`, or if a model lacks the quantiles or intervals that a metric needs.
pub fn evaluate(
    forecast: &Forecast,
    actual: &Panel,
    train: Option<&Panel>,
    season_length: usize,
    metrics: &[Metric],
) -> Result<Scores> {
    evaluate_against(None, forecast, actual, train, season_length, metrics)
}

/// As [`evaluate`], with metrics relative to a model or column of the forecast as the benchmark; `None` is the seasonal
/// naive forecast.
// Differs from upstream, which skips rows whose forecast is NaN. Here the whole series is left out of the scores of that
// model, so that no score covers only the easier part of a series. A NaN bound covers nothing in both.
pub fn evaluate_against(
    benchmark_name: Option<&str>,
    forecast: &Forecast,
    actual: &Panel,
    train: Option<&Panel>,
    season_length: usize,
    metrics: &[Metric],
) -> Result<Scores> {
    let observed = observed(forecast, actual)?;
    let scales = if metrics.contains(&Metric::Mase) {
        scales(forecast, train, season_length)?
    } else {
        Vec::new()
    };
    let relative = metrics.iter().any(|m| matches!(m, Metric::Rmae | Metric::RelMse));
    let benchmark = if relative {
        benchmark(forecast, train, season_length, benchmark_name)?
    } else {
        Vec::new()
    };
    let compared = |row: usize| Some(f64::from(benchmark[row])).filter(|b| !b.is_nan());
    let of_benchmark = |rows: &Observed, loss: fn(f64) -> f64| {
        mean(rows.iter().map(|&(row, y)| Some(loss(y - compared(row)?))))
    };
    let mut left_out = LeftOut::new(forecast, &observed);
    let no_benchmark = "the benchmark has no forecast of them";
    let mut divisors = |metric: Metric| match metric {
        Metric::Mase => {
            let absent =
                format!("they have no values {season_length} steps apart before the forecast");
            let same = match season_length {
                1 => "do not change".to_string(),
                n => format!("repeat every {n} steps"),
            };
            let zero = format!(
                "their values {same}, and the seasonal naive error that it divides by is 0"
            );
            left_out.divisors(metric, &observed, |i| scales[i], [&absent, &zero])
        }
        Metric::Rmae => {
            let error = |i: usize| of_benchmark(&observed[i], f64::abs);
            let zero = "the error of the benchmark, which it divides by, is 0";
            left_out.divisors(metric, &observed, error, [no_benchmark, zero])
        }
        Metric::RelMse => {
            // The divisor is the sum over all series, which may be nonzero although that of one series is 0.
            let known = |i: usize| of_benchmark(&observed[i], |_| 1.0);
            let divisors = left_out.divisors(metric, &observed, known, [no_benchmark, ""]);
            let errors = observed.iter().filter_map(|rows| of_benchmark(rows, |e| e * e));
            if divisors.iter().any(Option::is_some) && errors.sum::<f64>() == 0.0 {
                left_out.relative_to_nothing(metric, "the benchmark makes no error");
            }
            divisors
        }
        Metric::Scrps => {
            let mut all = observed.iter().flatten().peekable();
            if all.peek().is_some() && all.all(|(_, y)| *y == 0.0) {
                left_out.relative_to_nothing(metric, "all actual values are 0");
            }
            vec![Some(1.0); observed.len()]
        }
        Metric::Mape => {
            left_out.zeros(metric, &observed);
            vec![Some(1.0); observed.len()]
        }
        _ => vec![Some(1.0); observed.len()],
    };
    let divisors: Vec<Divisors> = metrics.iter().map(|metric| divisors(*metric)).collect();

    let mut models = Vec::new();
    for model in &forecast.models {
        let mut scores = Vec::new();
        let mut not_forecast = Vec::new();
        for (metric, divisors) in metrics.iter().zip(&divisors) {
            let term = term(forecast, model, *metric)?;
            let mut sum = Sum::default();
            for (i, rows) in observed.iter().enumerate() {
                let loss = mean(rows.iter().map(|&(row, y)| term(row, y)));
                let (Some(loss), Some(divisor)) = (loss, divisors[i]) else { continue };
                if loss.is_nan() {
                    not_forecast.push(i);
                    continue;
                }
                match metric {
                    Metric::RelMse => rows.iter().for_each(|&(row, y)| {
                        if let (Some(loss), Some(other)) = (term(row, y), compared(row)) {
                            sum.add(loss, (y - other).powi(2));
                        }
                    }),
                    Metric::Scrps => rows.iter().for_each(|&(row, y)| {
                        sum.add(term(row, y).unwrap_or(0.0), y.abs());
                    }),
                    Metric::Rmse => sum.add(loss.sqrt(), 0.0),
                    _ => sum.add(loss / divisor, 0.0),
                }
            }
            scores.push((*metric, sum.score(*metric)));
        }
        not_forecast.sort_unstable();
        not_forecast.dedup();
        left_out.not_forecast(model, &not_forecast);
        models.push((model.clone(), scores));
    }
    for (m, metric) in metrics.iter().enumerate() {
        let nan = models.iter().filter(|(_, scores)| scores[m].1.is_nan());
        left_out.nan(*metric, &nan.map(|(model, _)| model).collect::<Vec<_>>());
    }
    Ok(Scores { models, warnings: left_out.warnings })
}

/// The sums behind a score: losses, and what they are relative to.
#[derive(Default)]
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

/// The loss of one row, given its actual value; `None` if it is not defined.
type Term<'a> = Box<dyn Fn(usize, f64) -> Option<f64> + 'a>;

fn term<'a>(forecast: &'a Forecast, model: &str, metric: Metric) -> Result<Term<'a>> {
    let point = || forecast.point(model);
    Ok(match metric {
        Metric::Mae | Metric::Mase | Metric::Rmae => {
            let p = point()?;
            point_term(Absolute, p)
        }
        Metric::Mse | Metric::Rmse | Metric::RelMse => {
            let p = point()?;
            point_term(Squared, p)
        }
        Metric::Mape => {
            let p = point()?;
            let term = point_term(Percentage, p);
            Box::new(move |row, y| if y == 0.0 { None } else { term(row, y) })
        }
        Metric::Smape => {
            let p = point()?;
            let term = point_term(SymmetricPercentage, p);
            Box::new(move |row, y| term(row, y).map(|double| 0.5 * double))
        }
        Metric::Accuracy => {
            let p = point()?;
            Box::new(|row, y| Some(if y as f32 == p[row] { 1.0 } else { 0.0 }))
        }
        Metric::MqLoss | Metric::Scrps => {
            let quantiles = forecast.quantiles(model);
            if quantiles.is_empty() {
                return Err(Error::new(
                    ErrorCode::Schema,
                    format!("\"{model}\" has no quantiles to score; to get them, train with `loss.mq({{ level: [90] }})`"),
                )
                .with(|d| d.model = Some(model.into())));
            }
            let of_mean = if metric == Metric::Scrps { 1.0 } else { 1.0 / quantiles.len() as f64 };
            Box::new(move |row, y| {
                let loss =
                    |(q, values): &(f64, &[f32])| Pinball.of([y, f64::from(values[row])], *q)[0];
                Some(quantiles.iter().map(loss).sum::<f64>() * of_mean)
            })
        }
        Metric::Quantile(q) => {
            let values = forecast.quantile(model, q)?;
            Box::new(move |row, y| Some(Pinball.of([y, f64::from(values[row])], q)[0]))
        }
        Metric::Coverage(level) => {
            let (lo, hi) = forecast.interval(model, level)?;
            Box::new(|row, y| {
                Some(f64::from(u8::from(f64::from(lo[row]) <= y && y <= f64::from(hi[row]))))
            })
        }
    })
}

/// A loss of a point forecast.
fn point_term<'a>(loss: impl PointLoss + 'a, forecast: &'a [f32]) -> Term<'a> {
    Box::new(move |row, y| Some(loss.of([y, f64::from(forecast[row])], 0.5)[0]))
}

/// The actual values of each series.
fn observed(forecast: &Forecast, actual: &Panel) -> Result<Vec<Observed>> {
    check_times(forecast, actual, "actual")?;
    let mut observed = Vec::new();
    for i in 0..series_count(&forecast.ids) {
        let rows = rows_of(actual, "actual", &id_text(&forecast.ids, i))?;
        let times = &actual.times[rows.clone()];
        let mut of_series = Vec::with_capacity(forecast.rows(i).len());
        for row in forecast.rows(i) {
            let time = forecast.times[row];
            let at = rows.start
                + times.binary_search(&time).map_err(|_| no_actual(forecast, actual, i, time))?;
            if actual.mask[at] != 0.0 {
                of_series.push((row, actual.temporal[0].1[at]));
            }
        }
        observed.push(of_series);
    }
    Ok(observed)
}

fn no_actual(forecast: &Forecast, actual: &Panel, series: usize, time: i64) -> Error {
    let id = id_text(&forecast.ids, series);
    let at = format_time(time, &forecast.time_kind);
    let target = &actual.temporal[0].0;
    Error::new(
        ErrorCode::MissingValue,
        format!("series \"{id}\" has no actual \"{target}\" at {at}; every forecast time needs a row in the actual table"),
    )
    .with(|d| {
        d.unique_id = Some(id.into());
        d.ds = Some(time);
        d.column = Some(target.clone());
    })
}

/// For each series, the mean absolute seasonal difference of its training data; `None` if it has no such difference.
fn scales(
    forecast: &Forecast,
    train: Option<&Panel>,
    season_length: usize,
) -> Result<Vec<Option<f64>>> {
    if season_length == 0 {
        return Err(Error::option("seasonLength", "a positive integer", 0));
    }
    let Some(train) = train else {
        return Err(Error::new(
            ErrorCode::InvalidOption,
            "the metric \"mase\" is relative to the training data: pass \"train\", the table that the models were trained on",
        )
        .with(|d| {
            d.option = Some("train".into());
            d.actual = Some(Value::Null);
        }));
    };
    check_times(forecast, train, "training")?;
    let y = &train.temporal[0].1;
    let scale = |i: usize| {
        let rows = rows_of(train, "training", &id_text(&forecast.ids, i))?;
        let start = rows.start;
        let before = |t: &i64| *t < forecast.times[forecast.indptr[i]];
        let end = match forecast.cutoff {
            None => start + train.times[rows].partition_point(before),
            Some(_) => rows.end, // forecasts within the training data
        };
        let difference = |row: usize| {
            let before = row - season_length;
            (train.mask[row] != 0.0 && train.mask[before] != 0.0)
                .then(|| (y[row] - y[before]).abs())
        };
        Ok(mean((start.saturating_add(season_length)..end).map(difference)))
    };
    (0..series_count(&forecast.ids)).map(scale).collect()
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
