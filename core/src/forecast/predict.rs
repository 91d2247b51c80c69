//! Forecasts of the steps after the end of every series. Upstream: `core.py: predict`.

use std::borrow::Cow;

use super::calls::PredictOptions;
use super::columns::Job;
use super::horizon::{forecast_model, horizon};
use super::inputs::unseen;
use super::interpretation::Observers;
use super::memory::check_forecasts;
use super::missing_inputs::{Begins, refuse_missing, short_series};
use super::neural_forecast::NeuralForecast;
use super::pipeline::{Pipeline, Seen};
use super::quantiles::QuantileRequest;
use super::result::Forecast;
use super::same_series::check_same;
use crate::control::Control;
use crate::data::{LocalScalers, Panel, PanelOptions, future_exogenous};
use crate::options::Options;
use crate::{Error, ErrorCode, Result};

impl NeuralForecast {
    /// Forecasts the steps after the end of every series.
    pub fn predict(&self, options: &PredictOptions, control: &Control) -> Result<Forecast> {
        control.watched(|| {
            options.check()?;
            let request = QuantileRequest::new(&options.level, &options.quantiles)?;
            self.forecast_ahead(options, (request, None), control, |forecast, _| Ok(forecast))
        })
    }

    /// The same with a request of its own, and up to a part of the forecasts; `then` gets the forecast and the series that it continues.
    pub(super) fn forecast_ahead(
        &self,
        options: &PredictOptions,
        (request, part): (QuantileRequest, Option<usize>),
        control: &Control,
        then: impl FnOnce(Forecast, &Panel) -> Result<Forecast>,
    ) -> Result<Forecast> {
        let fitted = self.require_fitted()?;
        self.models.check_titles(&[
            ("the id column", &fitted.names.id),
            ("the time column", &fitted.names.time),
        ])?;
        let frequency = fitted.frequency;
        let on_missing = options.on_missing.or(fitted.on_missing);
        let given = match &options.data {
            Some(table) => {
                let panel_options = PanelOptions {
                    names: fitted.names.clone(),
                    frequency: Some(frequency),
                    on_gap: options.on_gap.unwrap_or(fitted.on_gap),
                    on_missing,
                    ..self.panel_options(options.static_table.clone(), &fitted.vocabularies)
                };
                let panel = Panel::from_table(table, &panel_options)?.0;
                check_same(&self.models, fitted.panel.as_deref(), &panel)?;
                Some(panel)
            }
            None => None,
        };
        let trained = match given {
            Some(_) => None,
            None => fitted.settled(options.on_missing)?,
        };
        let Some(panel) = given.as_ref().or(trained.as_deref()) else {
            let message = "this checkpoint was saved without its data; give the history as data";
            return Err(Error::new(ErrorCode::NotFitted, message));
        };
        self.check_hierarchies(panel)?;
        refuse_missing(&self.models, panel, Begins::AfterEnd, on_missing)?;
        let mut warnings = match &given {
            Some(panel) => [panel.warnings.clone(), unseen(panel, &fitted.vocabularies)].concat(),
            None => Vec::new(),
        };
        warnings.extend(short_series(&self.models, panel, Begins::AfterEnd, options.on_short)?);
        let h = horizon(&self.models, options.h)?;
        let observers = Observers::new(self, options)?;
        check_forecasts(self, [panel.n_series(), h, request.len()], observers.observe(), control)?;
        let pipeline = Pipeline::new(self, request, options.sort_quantiles, control)?.up_to(part);
        pipeline.check_horizon(h)?;
        let known_ahead = self.models.columns(|m| &m.common.futr_exog_list);
        let mut future = match (&options.future, known_ahead.is_empty()) {
            (_, true) => Vec::new(),
            (Some(table), false) => {
                let vocabularies = &fitted.vocabularies;
                future_exogenous(
                    table,
                    panel,
                    frequency,
                    h,
                    &known_ahead,
                    vocabularies,
                    self.reading,
                )?
            }
            (None, false) => {
                let list = known_ahead.join(", ");
                let message = format!(
                    "future values of {list} are needed: {h} rows per series; give them as future"
                );
                return Err(Error::new(ErrorCode::FutureExog, message)
                    .with(|d| d.column = known_ahead.first().cloned()));
            }
        };
        // Scalers are fitted anew to new histories.
        let scalers = match &given {
            Some(panel) => {
                Cow::Owned(LocalScalers::fit(panel, self.scaling, &fitted.vocabularies)?)
            }
            None => Cow::Borrowed(&fitted.scalers),
        };
        let scaled = scalers.scaled(panel);
        scalers.scale_future(&mut future, h);
        let indptr: Vec<usize> = (0..=panel.n_series()).map(|i| i * h).collect();
        let seen = Seen { panel, scaled: &scaled, scalers: &scalers, rows: &indptr };
        let columns = pipeline.columns(&seen, |job| {
            forecast_model(Job { observed: observers.of(job.name), ..job }, &future, h)
        })?;
        let forecast = Forecast {
            names: fitted.names.clone(),
            ids: panel.ids.clone(),
            h,
            times: panel.future_times(frequency, h),
            time_kind: panel.time_kind.clone(),
            columns,
            models: self.names(),
            warnings,
            indptr,
            cutoff: None,
            interpretations: observers.interpretations(&self.models),
            paths: None,
        };
        then(forecast, panel)
    }
}
