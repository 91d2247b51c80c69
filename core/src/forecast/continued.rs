//! A finished forecast with the series that it continues, for scores and charts against tables.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Forecast;
use super::calls::MetricsOptions;
#[cfg(feature = "charts")]
use super::calls::{ChartOptions, ChartTables};
use super::metrics::{Metric, ModelScores, PartScores, Scores, Scoring, evaluate_with};
use super::neural_forecast::NeuralForecast;
use super::result::{id_text, series_count};
use crate::data::{
    Frequency, Ids, OnGap, Panel, PanelOptions, Table, TimeKind, TimeReading, TimeZone,
};
use crate::{Error, ErrorCode, Result};

/// A forecast and what it continues.
pub struct Continued {
    /// The forecast.
    pub forecast: Forecast,
    history: Option<Arc<Panel>>,
    frequency: Option<Frequency>,
    time_zone: Option<TimeZone>,
    reading: TimeReading,
}

impl Continued {
    /// A forecast of this forecaster, which continues the series of `data`, else those of the training data.
    pub fn new(
        forecast: Forecast,
        forecaster: &NeuralForecast,
        data: Option<&Table>,
    ) -> Result<Self> {
        let (frequency, reading) = (forecaster.frequency(), forecaster.time_reading());
        let time_zone = forecaster.time_zone;
        let mut continued = Self { forecast, history: None, frequency, time_zone, reading };
        continued.history = match data {
            Some(table) => Some(Arc::new(continued.panel(table)?)),
            None => forecaster.shared_panel(),
        };
        Ok(continued)
    }

    /// Another forecast of the same series.
    pub(super) fn like(&self, forecast: Forecast) -> Self {
        Self { forecast, history: self.history.clone(), ..*self }
    }

    /// A forecast with the data before it.
    #[cfg(test)]
    pub(super) fn of(forecast: Forecast, history: Option<Panel>) -> Self {
        let reading = TimeReading::default();
        let history = history.map(Arc::new);
        Self { forecast, history, frequency: None, time_zone: None, reading }
    }

    fn panel(&self, table: &Table) -> Result<Panel> {
        let options = PanelOptions {
            names: self.forecast.names.clone(),
            frequency: self.frequency,
            time_zone: self.time_zone,
            reading: self.reading,
            on_gap: OnGap::Mask,
            ..PanelOptions::default()
        };
        Panel::from_table(table, &options).map(|(panel, _)| panel)
    }

    /// Bytes of the forecast and of what it continues.
    pub fn bytes(&self) -> usize {
        self.forecast.bytes() + self.history.as_ref().map_or(0, |panel| panel.bytes())
    }

    /// Frees all rows.
    pub fn clear(&mut self) {
        self.forecast.clear();
        self.history = None;
    }

    /// [`Forecast::to_svg`] with tables. For insample forecasts, the history also has the actual values.
    #[cfg(feature = "charts")]
    pub fn to_svg(&self, options: &ChartOptions, tables: &ChartTables) -> Result<String> {
        let panel = |table: &Option<Table>| table.as_ref().map(|t| self.panel(t)).transpose();
        let (history, actual) = (panel(&tables.history)?, panel(&tables.actual)?);
        let history = history.as_ref().or(self.history.as_deref());
        let within = self.forecast.cutoff.as_ref().and(history);
        self.forecast.to_svg(history, actual.as_ref().or(within), options)
    }

    /// The scores of each model against actual values, and those of the seasonal naive forecast if requested. Forecasts with
    /// cutoffs need no table: the data that they were made from have the actual values.
    pub fn metrics(
        &self,
        actual: Option<&Table>,
        metrics: &[Metric],
        options: &MetricsOptions,
    ) -> Result<Scores> {
        self.forecast.refuse_paths("metrics")?;
        let by_frequency = || self.frequency.map_or(1, Frequency::season_length);
        let season = options.season_length.unwrap_or_else(by_frequency);
        let history = self.history.as_deref();
        let given = actual.map(|table| self.panel(table)).transpose()?;
        let within = self.forecast.cutoff.as_ref().and(history);
        let Some(actual) = given.as_ref().or(within) else {
            let message =
                "metrics compares with actual values: pass a table of them as the first argument";
            return Err(Error::new(ErrorCode::Schema, message));
        };
        let with_naive = options
            .seasonal_naive
            .then(|| self.forecast.with_seasonal_naive(history, season))
            .transpose()?;
        let forecast = with_naive.as_ref().unwrap_or(&self.forecast);
        let (train, benchmark, by) = (history, options.benchmark.as_deref(), options.by);
        let scoring = Scoring { train, season_length: season, benchmark, by };
        evaluate_with(scoring, forecast, actual, metrics)
    }
}

impl Forecast {
    /// The description of the forecast: everything but its numbers.
    pub fn header(&self) -> Value {
        let ids: Vec<_> = (0..series_count(&self.ids)).map(|i| id_text(&self.ids, i)).collect();
        let columns: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        json!({
            "ids": ids,
            "numericIds": matches!(self.ids, Ids::Int(_)),
            "h": self.h,
            "indptr": self.indptr,
            "cutoff": self.cutoff.is_some(),
            "paths": self.paths,
            "columns": columns,
            "models": self.models,
            "warnings": self.warnings,
            "id": self.names.id,
            "time": self.names.time,
            "dates": self.time_kind != TimeKind::Step,
        })
    }
}

impl Scores {
    /// The scores by model, then metric; those of parts, with their series and cutoff; and the warnings.
    pub fn to_json(&self) -> Value {
        let row = |scores: &Vec<(Metric, f64)>| -> Value {
            scores.iter().map(|(m, score)| (m.to_string(), json!(score))).collect()
        };
        let of = |models: &ModelScores| -> Map<String, Value> {
            models.iter().map(|(model, scores)| (model.clone(), row(scores))).collect()
        };
        let part = |part: &PartScores| json!({ "series": part.series, "cutoff": part.cutoff, "models": of(&part.models) });
        let parts: Vec<Value> = self.parts.iter().map(part).collect();
        json!({ "models": of(&self.models), "parts": parts, "warnings": self.warnings })
    }
}
