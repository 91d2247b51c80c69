//! From windows to columns: runs one model over windows and collects its outputs.

use std::sync::Mutex;

use super::coherent;
use crate::batch::{Drawn, Source};
use crate::control::Control;
use crate::data::{Panel, Window};
use crate::infer::{AT_ONCE, Observations, Purpose, ShardForecast, Workers, shards};
use crate::models::Instance;
use crate::objective::{Objective, Output};
use crate::{Error, ErrorCode, Result};

/// The outputs of a model, and their values.
pub(crate) type Columns = Vec<(Output, Vec<f32>)>;

/// A model to run on a panel.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) workers: &'a Workers,
    pub(crate) model: &'a Instance,
    /// Prefix of the column names.
    pub(crate) name: &'a str,
    pub(crate) panel: &'a Panel,
    pub(crate) control: &'a Control,
    /// The columns: those of the model's loss, or with other quantiles of its distribution.
    pub(crate) loss: &'a Objective,
    /// Quantile level of a model that forecasts any.
    pub(crate) quantile: f32,
    /// Whether the quantiles of a step are sorted, so that none cross.
    pub(crate) sorted: bool,
    /// How many blocks add to the forecast, if not all.
    pub(crate) blocks: Option<usize>,
    /// Where what the network shows of itself is collected, if it is asked for.
    pub(crate) observed: Option<&'a Mutex<Observations>>,
}

impl Job<'_> {
    /// Steps that a window sees before its forecast.
    pub(crate) fn input(&self) -> usize {
        self.model.forecast_input_size()
    }

    /// Forecasts of `h` steps from each window, in order, as columns. A window across several series is given as one window
    /// per series, in consecutive places. Where windows depend on each other, those of so many series are a batch.
    pub(crate) fn columns(
        &self,
        source: &Source<'_>,
        windows: impl Iterator<Item = Window>,
        h: usize,
        series: usize,
    ) -> Result<Columns> {
        let Self { model, name, panel, loss, quantile, sorted, blocks, observed, .. } = *self;
        let drawn: Vec<Drawn> = windows.map(|window| Drawn { window, count: 1 }).collect();
        let columns = match model.reconciled() {
            Some(hint) => coherent::columns(self, hint, source, &drawn, [h, series])?,
            None => {
                let outputs = loss.outputs.len();
                let mut columns: Vec<Vec<f32>> = vec![Vec::with_capacity(drawn.len() * h); outputs];
                let observed = observed.is_some();
                let purpose = Purpose::Forecast { loss, quantile, sorted, observed, blocks };
                self.run(source, &drawn, [h, series], purpose, |shard| {
                    for step in shard.forecast.chunks_exact(outputs) {
                        columns.iter_mut().zip(step).for_each(|(column, v)| column.push(*v as f32));
                    }
                })?;
                columns
            }
        };
        let not_finite = |column: &Vec<f32>| column.iter().position(|v| !v.is_finite());
        if let Some(row) = columns.iter().find_map(not_finite) {
            let id = panel.id(drawn[row / h].window.series);
            let message = format!(
                "the forecast of {name} for series \"{id}\" is not a finite number; \
                 train again with a lower learningRate, or set scalerType"
            );
            return Err(Error::new(ErrorCode::Diverged, message).with(|d| {
                d.model = Some(name.into());
                d.unique_id = Some(id);
            }));
        }
        Ok(loss.outputs.iter().cloned().zip(columns).collect())
    }

    /// Runs the network over windows of `h` steps; `visit` gets their forecasts shard by shard, in order. Where windows depend on
    /// each other, those of `series` series are a batch.
    pub(super) fn run(
        &self,
        source: &Source<'_>,
        drawn: &[Drawn],
        [h, series]: [usize; 2],
        purpose: Purpose<'_>,
        mut visit: impl FnMut(&ShardForecast),
    ) -> Result<()> {
        let Self { workers, model, control, observed, .. } = *self;
        for some in shards(model, drawn, series).chunks(AT_ONCE) {
            control.check()?;
            let lens = [self.input(), h];
            workers.forecast(model, source, some, lens, purpose, |_, _, shard| {
                if let Some(all) = observed {
                    all.lock().expect("no panic while it is held").add(&shard.observed);
                }
                visit(shard);
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::data::{PanelOptions, Table};
    use crate::forecast::forecast_model;
    use crate::models::ModelSpec;

    #[test]
    fn a_forecast_that_overflows_is_an_error_and_not_an_infinity() {
        let options = json!({ "h": 2, "inputSize": 3 });
        let options = options.as_object().unwrap().clone();
        let mut model = Instance::new(&ModelSpec { model: "DLinear".into(), options }).unwrap();
        model.set_parameter("linear_trend.weight", &[2, 3], &[f32::MAX; 6]).unwrap();
        let table = Table::one_series(vec![5.0; 9]);
        let (panel, _) = Panel::from_table(&table, &PanelOptions::default()).unwrap();
        let (workers, control) = (&Workers::default(), &Control::default());
        let job = Job {
            workers,
            model: &model,
            loss: &model.loss,
            name: "DLinear",
            panel: &panel,
            control,
            quantile: 0.5,
            sorted: true,
            blocks: None,
            observed: None,
        };
        let error = forecast_model(job, &[], 2).unwrap_err();
        assert_eq!(error.code, ErrorCode::Diverged);
        assert_eq!(error.details.unique_id, Some(panel.id(0)));
    }
}
