//! The steps common to all forecasts of tables: the request is checked, the models run one after the other on the threads
//! of the run, and their columns are scaled back to the scale of the target.

use super::column::Column;
use super::columns::{Columns, Job};
use super::neural_forecast::NeuralForecast;
use super::quantiles::QuantileRequest;
use crate::control::{Control, Progress};
use crate::data::{LocalScalers, Panel};
use crate::{Result, runtime};

/// A forecast of a table by all models.
pub(super) struct Pipeline<'a> {
    forecaster: &'a NeuralForecast,
    asked: QuantileRequest,
    sorted: bool,
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
        [level, quantiles]: [&[f64]; 2],
        sorted: bool,
        control: &'a Control,
    ) -> Result<Self> {
        let asked = QuantileRequest::new(level, quantiles)?;
        asked.check(&forecaster.models, &forecaster.names())?;
        Ok(Self { forecaster, asked, sorted, control })
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
        let Self { forecaster, ref asked, sorted, control } = *self;
        let mut columns = runtime::run(control.threads, || {
            let mut columns = Vec::new();
            for (i, (model, name)) in forecaster.models.iter().zip(forecaster.names()).enumerate() {
                control.check()?;
                let (workers, name, panel) = (&forecaster.workers, &name[..], seen.scaled);
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
        Ok(columns)
    }
}
