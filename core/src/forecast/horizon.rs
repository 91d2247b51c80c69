//! Forecasts of the future, also beyond the horizon that a model was trained for. Upstream: `_base_model.py: predict`.
//!
//! A recurrent model decodes more steps. Any other model forecasts its horizon, appends the forecast to the history, and
//! forecasts again. If the number of steps is not a multiple of its horizon, the last window starts early enough to end at
//! the last step, and repeats some steps that are already forecast; the first forecast of a step is kept. Upstream cuts the
//! same windows, but writes the first values of the last one where its last values belong.

use std::ops::Range;

use super::columns::{Columns, Job};
use crate::batch::Source;
use crate::data::{forecast_window, groups};
use crate::models::Instance;
use crate::objective::{Objective, Output};
use crate::{Error, ErrorCode, Result};

/// Maximum number of steps to forecast.
const FURTHEST: usize = 1_000_000;

/// The requested number of steps, if all models can forecast so far; the trained horizon by default.
pub(super) fn horizon(models: &[Instance], asked: Option<usize>) -> Result<usize> {
    let trained = models[0].common.h;
    let Some(h) = asked.filter(|h| *h != trained) else { return Ok(trained) };
    if h < trained {
        let expected = format!("at least {trained}, the h that the models were trained for");
        return Err(Error::option("h", &expected, h));
    }
    check_horizon(h)?;
    for model in models {
        if let Some(column) = model.common.hist_exog_list.first() {
            let message = format!(
                "{} reads \"{column}\", which is known only up to the forecast, so it cannot forecast {h} steps, \
                 more than its h of {trained}; train it with h: {h}, or without histExogList",
                model.name()
            );
            return Err(Error::new(ErrorCode::Unsupported, message).with(|d| {
                d.option = Some("h".into());
                d.model = Some(model.name().into());
                d.column = Some(column.clone());
            }));
        }
        if model.recurrence().is_none() {
            continued_from(&model.loss, model.name())?;
        }
    }
    Ok(h)
}

/// Refuses 0 and more than [`FURTHEST`] steps; training has the same limit.
pub(super) fn check_horizon(h: usize) -> Result<()> {
    match h {
        0 => Err(Error::option("h", "a whole number ≥ 1", h)),
        1..=FURTHEST => Ok(()),
        _ => Err(Error::option("h", &format!("at most {FURTHEST}"), h)),
    }
}

/// The columns of one model's forecast of `h` steps. `future` has `h` values per series.
pub(crate) fn forecast_model(
    job: Job<'_>,
    future: &[(String, Vec<f64>)],
    h: usize,
) -> Result<Columns> {
    let trained = job.model.common.h;
    if h <= trained || job.model.recurrence().is_some() {
        return forecast_once(job, future, h);
    }
    let back = continued_from(job.loss, job.name)?;
    let mut columns: Columns = Vec::new();
    let mut panel = job.panel.tail(job.input());
    let mut begins = 0; // forecast steps that are appended to `panel`: the next window starts after them
    let mut done = 0;
    while done < h {
        let begin = done.min(h - trained);
        if begin > begins {
            let mut more = within(future, h, begins..begin);
            let forecast = columns[back].1.chunks_exact(h).flat_map(|of| &of[begins..begin]);
            let y = forecast.map(|v| f64::from(*v)).collect();
            more.push((panel.temporal[0].0.clone(), y));
            panel = panel.extended(begin - begins, &more).tail(job.input());
            begins = begin;
        }
        let ahead = within(future, h, begin..begin + trained);
        let some = forecast_once(Job { panel: &panel, ..job }, &ahead, trained)?;
        if columns.is_empty() {
            let empty = vec![0.0; panel.n_series() * h];
            columns = some.iter().map(|(output, _)| (output.clone(), empty.clone())).collect();
        }
        for ((_, column), (_, values)) in columns.iter_mut().zip(&some) {
            for (to, from) in column.chunks_exact_mut(h).zip(values.chunks_exact(trained)) {
                to[done..begin + trained].copy_from_slice(&from[done - begin..]);
            }
        }
        done = begin + trained;
    }
    Ok(columns)
}

/// One window for each series, right after its last row.
fn forecast_once(job: Job<'_>, future: &[(String, Vec<f64>)], h: usize) -> Result<Columns> {
    let ahead = |name: &String| {
        let column =
            future.iter().find(|(n, _)| n == name).expect("future values of all columns were read");
        &column.1[..]
    };
    let known_ahead = job.model.streams.futr.columns.iter().map(ahead).collect();
    let source = Source::new(job.model, job.panel, 0)?.with_future(known_ahead, h);
    let groups = groups(job.panel, job.model.spec.multivariate).into_iter();
    let window = |group| forecast_window(job.panel, group, job.input());
    job.columns(&source, groups.flat_map(window), h, job.model.common.series_in_forecast())
}

/// The values at these steps, from columns with `h` values per series.
fn within(
    columns: &[(String, Vec<f64>)],
    h: usize,
    steps: Range<usize>,
) -> Vec<(String, Vec<f64>)> {
    let of_series = |values: &Vec<f64>| {
        values.chunks_exact(h).flat_map(|series| series[steps.clone()].to_vec()).collect()
    };
    columns.iter().map(|(name, values)| (name.clone(), of_series(values))).collect()
}

/// The index of the output that is appended to the history: the median, or the only one. Upstream:
/// `_maybe_get_quantile_idx`.
fn continued_from(loss: &Objective, model: &str) -> Result<usize> {
    let outputs = &loss.outputs;
    if let [Output::Point | Output::Quantile(_) | Output::HuberQuantile(..)] = outputs[..] {
        return Ok(0);
    }
    outputs.iter().position(|output| *output == Output::Median).ok_or_else(|| {
        let message = format!(
            "{model} was trained without the median, which it would continue from to forecast more than its h; \
             add the quantile 0.5 to its loss, or leave out h"
        );
        Error::new(ErrorCode::Unsupported, message).with(|d| {
            d.option = Some("h".into());
            d.model = Some(model.into());
        })
    })
}
