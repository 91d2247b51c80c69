//! Forecasts whose horizons lie within the data, each from the rows before it: insample forecasts and cross-validation.
//!
//! The last horizon of a series ends with its last row, and horizons start `step` rows apart. A window that reaches before the
//! first row is padded.

use std::borrow::Cow;

use super::calls::OnShort;
use super::column::Column;
use super::columns::{Columns, Job};
use super::horizon::forecast_model;
use super::memory::check_forecasts;
use super::missing_inputs::{Begins, refuse_missing, short_series};
use super::neural_forecast::NeuralForecast;
use super::pipeline::{Pipeline, Seen};
use super::result::Forecast;
use crate::Result;
use crate::batch::Source;
use crate::control::Control;
use crate::data::{Frequency, LocalScalers, OnMissing, Panel, Window, across, groups};

/// Forecasts of a panel whose series have at least `h` rows.
pub(super) struct Within<'a> {
    pub(super) panel: &'a Panel,
    pub(super) scalers: &'a LocalScalers,
    pub(super) frequency: Frequency,
    pub(super) on_missing: Option<OnMissing>,
    pub(super) h: usize,
    pub(super) step: usize,
    /// The last so many forecasts of each series, which must have the rows for them. `None`: all; surplus rows at the start of
    /// a series are dropped, also as input.
    pub(super) windows: Option<usize>,
}

impl Within<'_> {
    /// The number of forecasts of a series with `len` rows.
    fn count(&self, len: usize) -> usize {
        self.windows.unwrap_or((len - self.h) / self.step + 1)
    }

    /// The rows of such a series at which its forecasts begin.
    fn begins(&self, len: usize) -> impl Iterator<Item = usize> {
        let (count, step) = (self.count(len), self.step);
        let first = len - self.h - (count - 1) * step;
        (0..count).map(move |i| first + i * step)
    }

    /// A panel without the rows that no forecast needs.
    fn trimmed<'p>(&self, panel: &'p Panel) -> Cow<'p, Panel> {
        match self.windows {
            Some(_) => Cow::Borrowed(panel),
            None => Cow::Owned(panel.without_first(|i| (panel.len(i) - self.h) % self.step)),
        }
    }
}

impl NeuralForecast {
    /// The forecasts, with cutoffs and, after the columns of the models, the target itself, NaN where it is missing.
    pub(super) fn forecast_within(
        &self,
        within: &Within<'_>,
        pipeline: &Pipeline<'_>,
        control: &Control,
    ) -> Result<Forecast> {
        let Within { panel, scalers, frequency, on_missing, h, step, windows } = *within;
        let forecasts = (0..panel.n_series()).map(|i| within.count(panel.len(i))).sum();
        check_forecasts(self, [forecasts, h, pipeline.asked()], false, control)?;
        let begins = Begins::Every { step, h, windows };
        let warnings = short_series(&self.models, panel, begins, OnShort::Pad)?;
        let scaled = scalers.scaled(panel);
        let (panel, scaled) = (within.trimmed(panel), within.trimmed(&scaled));
        refuse_missing(&self.models, &panel, begins, on_missing)?;

        let (mut times, mut cutoff, mut actual) = (Vec::new(), Vec::new(), Vec::new());
        let mut indptr = vec![0];
        for i in 0..panel.n_series() {
            let all = panel.rows(i);
            for begin in within.begins(all.len()).map(|at| all.start + at) {
                let before = match begin > all.start {
                    true => panel.times[begin - 1],
                    false => frequency.advance(panel.times[begin], -1),
                };
                let rows = begin..begin + h;
                cutoff.extend(std::iter::repeat_n(before, h));
                times.extend_from_slice(&panel.times[rows.clone()]);
                actual.extend(rows.map(|row| match panel.mask[row] > 0.0 {
                    true => panel.target()[row] as f32,
                    false => f32::NAN,
                }));
            }
            indptr.push(times.len());
        }
        let mut columns = match windows {
            Some(1) => {
                let (history, ahead) = scaled.split_tail(h);
                let known_ahead = &ahead.temporal[1..]; // not the target
                let seen = Seen { panel: &panel, scaled: &history, scalers, rows: &indptr };
                pipeline.columns(&seen, |job| forecast_model(job, known_ahead, h))?
            }
            _ => {
                let seen = Seen { panel: &panel, scaled: &scaled, scalers, rows: &indptr };
                pipeline.columns(&seen, |job| {
                    let source = Source::new(job.model, &scaled, 0)?;
                    let windows = WindowsWithin::new(&job, within);
                    let each = windows.windows.iter().copied();
                    Ok(windows.in_order(job.columns(&source, each, h, 1)?))
                })?
            }
        };
        let target = panel.temporal[0].0.clone();
        columns.push(Column { name: target, of: None, values: actual });
        Ok(Forecast {
            names: panel.names.clone(),
            ids: panel.ids.clone(),
            h,
            times,
            time_kind: panel.time_kind.clone(),
            columns,
            models: self.names(),
            warnings: warnings.into_iter().collect(),
            indptr,
            cutoff: Some(cutoff),
            interpretations: Vec::new(),
            paths: None,
        })
    }
}

/// The windows of a panel.
struct WindowsWithin {
    windows: Vec<Window>,
    /// Indices of the windows of each series, first to last, if the windows are in another order.
    order: Option<Vec<usize>>,
    h: usize,
}

impl WindowsWithin {
    /// Windows series by series. A window of a multivariate model contains all series, aligned at their ends; if its
    /// horizon lies before the start of a shorter series, it is no forecast of that series.
    fn new(job: &Job<'_>, within: &Within<'_>) -> Self {
        let (panel, input, h) = (job.panel, job.input(), within.h);
        let count = |i: usize| within.count(panel.len(i));
        let mut windows = Vec::new();
        let mut places = vec![Vec::new(); panel.n_series()];
        for group in groups(panel, job.model.spec.multivariate) {
            let most = group.clone().map(count).max().unwrap_or(0);
            for before_last in (0..most).rev() {
                let before_end = h + before_last * within.step + input;
                for window in across(panel, group.clone(), before_end as i64) {
                    if before_last < count(window.series) {
                        places[window.series].push(windows.len());
                    }
                    windows.push(window);
                }
            }
        }
        let order = job.model.spec.multivariate.then(|| places.concat());
        Self { windows, order, h }
    }

    /// Puts columns of these windows in the order of the result.
    fn in_order(&self, mut columns: Columns) -> Columns {
        if let Some(order) = &self.order {
            for (_, values) in &mut columns {
                let window = |at: &usize| values[at * self.h..][..self.h].to_vec();
                *values = order.iter().flat_map(window).collect();
            }
        }
        columns
    }
}
