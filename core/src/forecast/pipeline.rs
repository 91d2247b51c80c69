//! The steps common to all forecasts of tables: the request is checked, the models run one after the other on the threads
//! of the run, and their columns are scaled back to the scale of the target.

use super::calibration::intervals;
use super::column::Column;
use super::columns::{Columns, Job};
use super::neural_forecast::NeuralForecast;
use super::quantiles::QuantileRequest;
use crate::conformal::Calibration;
use crate::control::{Control, Progress};
use crate::data::{LocalScalers, Panel};
use crate::{Error, ErrorCode, Result, runtime};

/// A forecast of a table by all models.
pub(super) struct Pipeline<'a> {
    forecaster: &'a NeuralForecast,
    asked: QuantileRequest,
    /// Where intervals come from that models do not have by themselves.
    calibration: Option<&'a Calibration>,
    sorted: bool,
    /// The part after which forecasts stop to add up, if they do not add up all: 0 is the last value of the input.
    part: Option<usize>,
    control: &'a Control,
}

/// The series of a forecast.
pub(super) struct Seen<'a> {
    /// As users gave them.
    pub(super) panel: &'a Panel,
    /// As the models see them: scaled.
    pub(super) scaled: &'a Panel,
    pub(super) scalers: &'a LocalScalers,
    /// Row offsets of the series in the forecast.
    pub(super) rows: &'a [usize],
}

impl<'a> Pipeline<'a> {
    /// A forecast with these levels or quantiles, which all models must have. `sorted` sorts the quantiles of each row.
    pub(super) fn new(
        forecaster: &'a NeuralForecast,
        asked: QuantileRequest,
        sorted: bool,
        control: &'a Control,
    ) -> Result<Self> {
        let calibration = forecaster.fitted.as_ref().and_then(|f| f.calibration.as_ref());
        let calibrated = |model: &str| calibration.is_some_and(|c| c.of(model).is_some());
        asked.check(&forecaster.models, &forecaster.names(), calibrated)?;
        Ok(Self { forecaster, asked, calibration, sorted, part: None, control })
    }

    /// The same, with forecasts that stop after a part.
    pub(super) fn up_to(self, part: Option<usize>) -> Self {
        Self { part, ..self }
    }

    /// The models whose intervals come from a calibration.
    fn calibrated(&self) -> impl Iterator<Item = (usize, String)> {
        let names = self.forecaster.names().into_iter().enumerate();
        names.filter(|(i, _)| self.asked.are_calibrated(&self.forecaster.models[*i]))
    }

    /// Refuses calibrated intervals of steps that were not calibrated.
    pub(super) fn check_horizon(&self, h: usize) -> Result<()> {
        let calibrated = self.calibration.map_or(h, |calibration| calibration.h);
        let Some((_, model)) = self.calibrated().next().filter(|_| h > calibrated) else {
            return Ok(());
        };
        let message = format!(
            "the prediction intervals of {model} are calibrated for {calibrated} steps (h), not for {h}; \
             leave out h, or level and quantiles"
        );
        Err(Error::new(ErrorCode::Unsupported, message).with(|d| {
            d.option = Some("h".into());
            d.model = Some(model);
        }))
    }

    /// Refuses calibrated intervals: `call` forecasts rows whose errors may have been calibrated with.
    pub(super) fn refuse_calibrated(&self, call: &str) -> Result<()> {
        let Some((_, model)) = self.calibrated().next() else { return Ok(()) };
        let message = format!(
            "the prediction intervals of {model} are calibrated on the training data, which {call} forecasts; \
             leave out level and quantiles, or use crossValidation with predictionIntervals"
        );
        Err(Error::new(ErrorCode::Unsupported, message).with(|d| d.model = Some(model)))
    }

    /// The number of quantiles that were asked for.
    pub(super) fn asked(&self) -> usize {
        self.asked.len()
    }

    /// The columns of all models; `of_model` computes those of one.
    pub(super) fn columns(
        &self,
        seen: &Seen<'_>,
        of_model: impl Fn(Job<'_>) -> Result<Columns> + Send + Sync,
    ) -> Result<Vec<Column>> {
        let Self { forecaster, ref asked, sorted, part, control, .. } = *self;
        let mut columns = runtime::run(control.threads, || {
            let mut columns = Vec::new();
            for (i, (model, name)) in forecaster.models.iter().zip(forecaster.names()).enumerate() {
                control.check()?;
                let (workers, name, panel) = (&forecaster.workers, &name[..], seen.scaled);
                let of_part = |part: usize| match part {
                    0 => Some(0),
                    _ => model.network.parts().get(part - 1).map(|part| part.blocks),
                };
                let blocks = part.and_then(of_part);
                let outputs = asked.columns(model, |loss, quantile| {
                    let job = Job {
                        workers,
                        model,
                        loss,
                        name,
                        panel,
                        control,
                        quantile,
                        sorted,
                        blocks,
                        observed: None,
                    };
                    of_model(job)
                })?;
                let column = |(output, values)| Column::new(i, name, output, values);
                columns.extend(outputs.into_iter().map(column));
                control.tell(|| Progress::done("predict", name));
            }
            Ok(columns)
        })?;
        for Column { name, values, .. } in &mut columns {
            seen.scalers.unscale_forecast(seen.panel, name, values, seen.rows)?;
        }
        for (i, name) in self.calibrated() {
            let Some(calibration) = self.calibration else { continue };
            let is_of = |column: &Column| matches!(&column.of, Some((of, _)) if *of == i);
            let Some(at) = columns.iter().position(is_of) else { continue };
            let (point, series) = (&columns[at].values, (&seen.panel.ids, seen.rows));
            let bounds = intervals(calibration, (i, &name), point, self.asked.outputs(), series)?;
            columns.splice(at + 1..at + 1, bounds);
        }
        Ok(columns)
    }
}
