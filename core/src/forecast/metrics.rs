//! Scores: how far forecasts were from what happened, averaged over each series and then over the series.
//!
//! Definitions are those of utilsforecast 0.2.17, `losses.py`.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::Forecast;
use super::result::{id_text, series_count, series_position, unknown_series};
use crate::data::{Panel, TimeKind, format_time};
use crate::{Error, ErrorCode, Result, nearest};

/// A score of a forecast. Less is better, but for coverage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// Mean absolute error.
    Mae,
    /// Mean squared error.
    Mse,
    /// Root of the mean squared error of each series.
    Rmse,
    /// Mean absolute error relative to the actual value; actual zeros are skipped. A fraction, not percent.
    Mape,
    /// Mean of `|y - ŷ| / (|y| + |ŷ|)`: from 0 to 1, where other definitions double it. 0 where both are 0.
    Smape,
    /// Mean absolute error, relative to that of the seasonal naive forecast inside the training data.
    Mase,
    /// Mean quantile loss of a model's interval bounds and median.
    MqLoss,
    /// Share of actual values within the interval of this level, in percent; bounds count as within.
    Coverage(f64),
}

const NAMES: [(&str, Metric); 7] = [
    ("mae", Metric::Mae),
    ("mse", Metric::Mse),
    ("rmse", Metric::Rmse),
    ("mape", Metric::Mape),
    ("smape", Metric::Smape),
    ("mase", Metric::Mase),
    ("mqloss", Metric::MqLoss),
];

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (self, NAMES.iter().find(|(_, metric)| metric == self)) {
            (_, Some((name, _))) => f.write_str(name),
            (Self::Coverage(level), None) => write!(f, "coverage-{level}"),
            (other, None) => unreachable!("{other:?} has no name"),
        }
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let name = text.to_lowercase();
        let level = || {
            name.strip_prefix("coverage-")?
                .parse()
                .ok()
                .filter(|level| (0.0..=100.0).contains(level))
        };
        let named = NAMES.iter().find(|(n, _)| *n == name).map(|(_, metric)| *metric);
        named.or_else(|| level().map(Self::Coverage)).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(n, _)| *n).chain(["coverage-90"]).collect();
            let hint =
                nearest(text, names.iter().copied()).map(|n| format!(" (did you mean \"{n}\"?)"));
            Error::new(
                ErrorCode::InvalidOption,
                format!(
                    "there is no metric \"{text}\"{}; there are {} (any level)",
                    hint.unwrap_or_default(),
                    names.join(", ")
                ),
            )
            .with(|d| {
                d.option = Some("metrics".into());
                d.expected = Some(names.into());
                d.actual = Some(text.into());
            })
        })
    }
}

/// The scores of each model, in the order of the models and metrics.
pub type Scores = Vec<(String, Vec<(Metric, f64)>)>;

/// Scores all models of a forecast against what happened, matching by series and time.
///
/// Masked actual values are skipped, and so are series that a metric is not defined for; if that leaves none, the score is NaN.
/// `train` is needed for [`Metric::Mase`] alone, with its rows before the forecast; `season_length` is in steps.
// Differs from upstream: a forecast that is NaN makes errors NaN instead of being skipped; it covers nothing in both.
pub fn evaluate(
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
    let score = |model: &str, metric: Metric| {
        let term = term(forecast, model, metric)?;
        let of_series = observed.iter().enumerate().map(|(i, rows)| {
            let loss = mean(rows.iter().map(|&(row, y)| term(row, y)))?;
            match metric {
                Metric::Rmse => Some(loss.sqrt()),
                Metric::Mase => Some(loss / scales[i]?),
                _ => Some(loss),
            }
        });
        Ok((metric, mean(of_series).unwrap_or(f64::NAN)))
    };
    let of_model = |model: &String| {
        Ok((model.clone(), metrics.iter().map(|m| score(model, *m)).collect::<Result<_>>()?))
    };
    forecast.models.iter().map(of_model).collect()
}

/// Repeats the last season of each series over the horizon: `h` values per series.
///
/// A missing value is taken from the season before; NaN where no season has it.
pub fn seasonal_naive(train: &Panel, h: usize, season_length: usize) -> Vec<f32> {
    assert!(season_length > 0, "a season has at least one step");
    let y = &train.temporal[0].1;
    let value = |start: usize, end: usize, step: usize| {
        let phase = season_length - step % season_length; // steps back from the end
        let mut rows = (1..).map_while(|season: usize| {
            end.checked_sub(phase + (season - 1) * season_length).filter(|row| *row >= start)
        });
        rows.find(|row| train.mask[*row] != 0.0).map_or(f32::NAN, |row| y[row] as f32)
    };
    train.indptr.windows(2).flat_map(|p| (0..h).map(move |step| value(p[0], p[1], step))).collect()
}

/// The loss of one row, given its actual value; none where it is not defined.
type Term<'a> = Box<dyn Fn(usize, f64) -> Option<f64> + 'a>;

fn term<'a>(forecast: &'a Forecast, model: &str, metric: Metric) -> Result<Term<'a>> {
    let point = || forecast.point(model);
    Ok(match metric {
        Metric::Mae | Metric::Mase => {
            let p = point()?;
            Box::new(|row, y| Some((y - f64::from(p[row])).abs()))
        }
        Metric::Mse | Metric::Rmse => {
            let p = point()?;
            Box::new(|row, y| Some((y - f64::from(p[row])).powi(2)))
        }
        Metric::Mape => {
            let p = point()?;
            Box::new(|row, y| (y != 0.0).then(|| ((y - f64::from(p[row])) / y).abs()))
        }
        Metric::Smape => {
            let p = point()?;
            Box::new(|row, y| {
                let p = f64::from(p[row]);
                let size = y.abs() + p.abs();
                Some(if size == 0.0 { 0.0 } else { (y - p).abs() / size })
            })
        }
        Metric::MqLoss => {
            let quantiles = forecast.quantiles(model);
            if quantiles.is_empty() {
                return Err(Error::new(
                    ErrorCode::Schema,
                    format!("\"{model}\" has no quantiles to score; to get them, train with `loss.mq({{ level: [90] }})`"),
                )
                .with(|d| d.model = Some(model.into())));
            }
            Box::new(move |row, y| {
                mean(quantiles.iter().map(|(q, values)| {
                    let error = y - f64::from(values[row]);
                    Some((q * error).max((q - 1.0) * error))
                }))
            })
        }
        Metric::Coverage(level) => {
            let (lo, hi) = forecast.interval(model, level)?;
            Box::new(|row, y| {
                Some(f64::from(u8::from(f64::from(lo[row]) <= y && y <= f64::from(hi[row]))))
            })
        }
    })
}

/// For each series, the forecast's rows that have an actual value, and that value.
fn observed(forecast: &Forecast, actual: &Panel) -> Result<Vec<Vec<(usize, f64)>>> {
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

/// For each series, the mean absolute seasonal difference of its training data; none if it has no such difference.
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

/// The mean of what is there.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, count) = values.flatten().fold((0.0, 0usize), |(sum, count), x| (sum + x, count + 1));
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests;
