//! Forecasts within the training data, each from the rows before it. Upstream: `core.py: predict_insample`, which refuses
//! multivariate models.

use super::calls::InsampleOptions;
use super::neural_forecast::NeuralForecast;
use super::pipeline::Pipeline;
use super::quantiles::QuantileRequest;
use super::result::Forecast;
use super::within::Within;
use crate::control::Control;
use crate::data::Panel;
use crate::options::Options;
use crate::{Error, ErrorCode, Result};

impl NeuralForecast {
    /// Forecasts the rows of the training data, each window from the rows before it. The last horizon of a series ends with its
    /// last row; surplus rows at its start are dropped. The result has cutoffs and, after the models' columns, the target
    /// itself, NaN where it is missing. An error if a series has fewer than `h` rows, or with HINT if series differ in length.
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
        let request = QuantileRequest::new(&options.level, &options.quantiles)?;
        let pipeline = Pipeline::new(self, request, options.sort_quantiles, control)?;
        pipeline.refuse_calibrated("predictInsample")?;
        self.models.check_titles(&[
            ("the id column", &fitted.names.id),
            ("the time column", &fitted.names.time),
            ("the cutoff", "cutoff"),
            ("the target, which predictInsample gives too", &panel.temporal[0].0),
        ])?;
        check_lengths(panel, h)?;
        self.check_hierarchies(panel)?;
        self.check_same_windows(panel, [h, step])?;
        let within = Within {
            panel,
            scalers: &fitted.scalers,
            frequency: fitted.frequency,
            on_missing: options.on_missing.or(fitted.on_missing),
            h,
            step,
            windows: None,
        };
        self.forecast_within(&within, &pipeline, control)
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
