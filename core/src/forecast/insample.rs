//! Forecasts within the training data, each from the rows before it. Upstream: `core.py: predict_insample`.
//!
//! The last horizon of a series ends with its last row, and horizons start `step_size` rows apart. Surplus rows at the
//! start of a series are dropped, also as input; a window that reaches before the first row is padded. Upstream refuses
//! multivariate models here.

use super::calls::{InsampleOptions, OnShort};
use super::column::Column;
use super::columns::{Columns, Job};
use super::memory::check_forecasts;
use super::missing_inputs::{Begins, refuse_missing, short_series};
use super::neural_forecast::NeuralForecast;
use super::pipeline::{Pipeline, Seen};
use super::result::Forecast;
use crate::batch::Source;
use crate::control::Control;
use crate::data::{Panel, Window, across, groups};
use crate::options::Options;
use crate::{Error, ErrorCode, Result};

impl NeuralForecast {
    /// Forecasts the rows of the training data, each window from the rows before it. The result has cutoffs and, after the
    /// models' columns, the target itself, NaN where it is missing. An error if a series has fewer than `h` rows, or with HINT if
    /// series differ in length.
    pub fn predict_insample(
        &self,
        options: &InsampleOptions,
        control: &Control,
    ) -> Result<Forecast> {
        control.watched(|| self.insample_watched(options, control))
    }

    fn insample_watched(&self, options: &InsampleOptions, control: &Control) -> Result<Forecast> {
        options.check()?;
        let fitted = self.require_fitted()?;
        let settled = fitted.settled(options.on_missing)?;
        let Some(panel) = settled.as_deref() else {
            let message = "this checkpoint was saved without its data, which predictInsample forecasts; \
                           save it with saveDataset: true";
            return Err(Error::new(ErrorCode::NotFitted, message));
        };
        let (h, step) = (self.h(), options.step_size);
        let quantiles = [&options.level[..], &options.quantiles];
        let pipeline = Pipeline::new(self, quantiles, options.sort_quantiles, control)?;
        let target = &panel.temporal[0].0;
        self.models.check_titles(&[
            ("the id column", &fitted.names.id),
            ("the time column", &fitted.names.time),
            ("the cutoff", "cutoff"),
            ("the target, which predictInsample gives too", target),
        ])?;
        check_lengths(panel, h)?;
        self.check_hierarchies(panel)?;
        self.check_same_windows(panel, [h, step])?;
        let too_many = |i: usize| (panel.len(i) - h) % step;
        let windows = (0..panel.n_series()).map(|i| (panel.len(i) - h) / step + 1).sum();
        let asked = 2 * options.level.len() + options.quantiles.len();
        check_forecasts(self, [windows, h, asked], false, control)?;
        let trimmed = panel.without_first(too_many);
        let on_missing = options.on_missing.or(fitted.on_missing);
        let every = Begins::Every { step, h };
        refuse_missing(&self.models, &trimmed, every, on_missing)?;
        let warnings = short_series(&self.models, panel, every, OnShort::Pad)?;
        let seen = fitted.scalers.scaled(panel).without_first(too_many);
        let begins = |i: usize| (0..=trimmed.len(i) - h).step_by(step);
        let (mut times, mut cutoff, mut actual) = (Vec::new(), Vec::new(), Vec::new());
        let mut indptr = vec![0];
        for i in 0..trimmed.n_series() {
            for begin in begins(i).map(|at| trimmed.indptr[i] + at) {
                let rows = begin..begin + h;
                let before = fitted.frequency.advance(trimmed.times[begin], -1);
                cutoff.extend(std::iter::repeat_n(before, h));
                times.extend_from_slice(&trimmed.times[rows.clone()]);
                actual.extend(rows.map(|row| match trimmed.mask[row] > 0.0 {
                    true => trimmed.target()[row] as f32,
                    false => f32::NAN,
                }));
            }
            indptr.push(times.len());
        }
        let (scaled, scalers) = (&seen, &fitted.scalers);
        let seen = Seen { panel, scaled, scalers, rows: &indptr };
        let mut columns = pipeline.columns(&seen, |job| {
            let source = Source::new(job.model, scaled, 0)?;
            let windows = InsampleWindows::new(&job, [h, step]);
            Ok(windows.in_order(job.columns(&source, windows.windows.iter().copied(), h, 1)?))
        })?;
        columns.push(Column { name: target.clone(), of: None, values: actual });
        Ok(Forecast {
            names: fitted.names.clone(),
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
        })
    }
}

/// The windows of a panel whose series start with a horizon.
struct InsampleWindows {
    windows: Vec<Window>,
    /// Indices of the windows of each series, first to last, if the windows are in another order.
    order: Option<Vec<usize>>,
    h: usize,
}

impl InsampleWindows {
    /// Windows series by series. A window of a multivariate model contains all series, aligned at their ends; if its
    /// horizon lies before the start of a shorter series, it is no forecast of that series.
    fn new(job: &Job<'_>, [h, step]: [usize; 2]) -> Self {
        let (panel, input) = (job.panel, job.input());
        let count = |i: usize| (panel.len(i) - h) / step + 1;
        let mut windows = Vec::new();
        let mut places = vec![Vec::new(); panel.n_series()];
        for group in groups(panel, job.model.spec.multivariate) {
            let most = group.clone().map(count).max().unwrap_or(0);
            for before_last in (0..most).rev() {
                let before_end = h + before_last * step + input;
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

/// Every series must have at least `h` rows.
fn check_lengths(panel: &Panel, h: usize) -> Result<()> {
    let Some(short) = (0..panel.n_series()).find(|i| panel.len(*i) < h) else { return Ok(()) };
    let (id, len) = (panel.id(short), panel.len(short));
    let message = format!(
        "series \"{id}\" has {len} rows; predictInsample forecasts {h} of them (h) at a time; \
         leave the series out of the training, or train with a shorter h"
    );
    Err(Error::new(ErrorCode::ShortSeries, message).with(|d| {
        d.unique_id = Some(id);
        d.expected = Some(h.into());
        d.actual = Some(len.into());
    }))
}
