//! Coherent forecasts: samples of all series at one time, reconciled together. Upstream: `models/hint.py: predict`.

use std::collections::HashMap;

use super::columns::Job;
use crate::batch::{Drawn, Source};
use crate::infer::{Purpose, sampling};
use crate::models::{Hint, Instance};
use crate::scalers::Statistics;
use crate::{Error, ErrorCode, Result, memory, runtime};

/// The network's numbers of windows, `[windows, h, numbers]`, and the statistics of their inputs.
#[derive(Default)]
struct Numbers {
    values: Vec<f32>,
    statistics: Vec<Statistics>,
}

/// Forecasts of `h` steps from windows, reconciled: a list of values for each output of the loss. The windows must be, for some
/// times, one window of each series before that time, in any order. `series` is that of [`Job::columns`].
pub(super) fn columns(
    job: &Job<'_>,
    hint: &Hint,
    source: &Source<'_>,
    drawn: &[Drawn],
    [h, series]: [usize; 2],
) -> Result<Vec<Vec<f32>>> {
    let Job { model, panel, loss, observed, .. } = *job;
    let order = hint.order(panel)?;
    let mut found = Numbers::default();
    let size = drawn.len().saturating_mul(h).saturating_mul(model.loss.numbers());
    memory::reserve(&mut found.values, size);
    job.run(
        source,
        drawn,
        [h, series],
        Purpose::Numbers { observed: observed.is_some() },
        |shard| {
            let (values, statistics) = shard.numbers();
            found.values.extend_from_slice(values);
            found.statistics.extend_from_slice(statistics);
        },
    )?;
    let reconcile = hint.reconcile()?;
    let times = by_time(job, drawn);
    let steps: Vec<_> =
        times.iter().flat_map(|windows| (0..h).map(move |t| (windows, t))).collect();
    let forecast = |(windows, t): (&Vec<usize>, usize)| {
        let count = model.samples();
        let mut samples = memory::list(order.len() * count);
        let each = order.iter().zip(samples.chunks_exact_mut(count));
        for (window, to) in each.map(|(series, to)| (windows[*series], to)) {
            let n = model.loss.numbers();
            let numbers = &found.values[(window * h + t) * n..][..n];
            let mut unused = Vec::new();
            let place = (drawn[window].window, found.statistics[window]);
            let mut at = sampling(model, place.0, place.1, job.input(), &mut unused);
            at.first += t as i64;
            model.loss.draw(numbers, &at, to);
        }
        reconcile(&mut samples, count);
        let mut row = Vec::with_capacity(order.len() * loss.outputs.len());
        for samples in samples.chunks_exact_mut(count) {
            loss.summarize(samples, &mut row);
        }
        row
    };
    let rows = runtime::map(steps.clone(), forecast);
    let outputs = loss.outputs.len();
    let mut columns = vec![memory::list(drawn.len() * h); outputs];
    for ((windows, t), row) in steps.into_iter().zip(rows) {
        for (series, of_series) in order.iter().zip(row.chunks_exact(outputs)) {
            for (column, value) in columns.iter_mut().zip(of_series) {
                column[windows[*series] * h + t] = *value as f32;
            }
        }
    }
    Ok(columns)
}

/// For each time at which forecasts begin, the index of the window of each series.
fn by_time(job: &Job<'_>, drawn: &[Drawn]) -> Vec<Vec<usize>> {
    let mut places = HashMap::new();
    let mut times: Vec<Vec<usize>> = Vec::new();
    for (i, Drawn { window, .. }) in drawn.iter().enumerate() {
        let before_end = job.panel.len(window.series) as i64 - window.start;
        let place = *places.entry(before_end).or_insert_with(|| {
            times.push(vec![usize::MAX; job.panel.n_series()]);
            times.len() - 1
        });
        times[place][window.series] = i;
    }
    debug_assert!(times.iter().flatten().all(|i| *i < drawn.len()), "a window is missing");
    times
}

/// Refuses to forecast single windows with a model whose forecasts of all series are reconciled.
pub(super) fn check_independent(model: &Instance) -> Result<()> {
    if model.reconciled().is_none() {
        return Ok(());
    }
    let message = format!(
        "{} reconciles the forecasts of all series of a hierarchy, and a predictor forecasts windows one by one; \
         forecast with predict",
        model.name()
    );
    Err(Error::new(ErrorCode::Unsupported, message).with(|d| d.model = Some(model.name().into())))
}
