//! `NativeForecast`: a finished forecast with the history it continues, to be read, scored and drawn.

use std::sync::Arc;

use engine::data::{Frequency, Ids, OnGap, Panel, PanelOptions, Table, TimeKind, TimeReading};
use engine::{ChartOptions, Forecast, Metric, NeuralForecast, evaluate_against};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use serde_json::{Map, Value, json};

use crate::error::to_napi;
use crate::held::Held;
use crate::options::Options;
use crate::table::TableInput;

/// Forecasts of all series by all models.
#[napi(custom_finalize)]
pub struct NativeForecast {
    forecast: Forecast,
    history: Option<Arc<Panel>>,
    frequency: Option<Frequency>,
    reading: TimeReading,
    held: Held,
}

impl ObjectFinalize for NativeForecast {
    fn finalize(self, env: Env) -> Result<()> {
        self.held.tell(&env, 0)
    }
}

#[napi]
impl NativeForecast {
    /// What the forecast consists of, as JSON.
    #[napi]
    pub fn header(&self) -> String {
        let f = &self.forecast;
        let ids: Vec<String> = match &f.ids {
            Ids::Text(ids) => ids.clone(),
            Ids::Int(ids) => ids.iter().map(i64::to_string).collect(),
        };
        let columns: Vec<&str> = f.columns.iter().map(|column| column.name.as_str()).collect();
        json!({
            "ids": ids,
            "numericIds": matches!(f.ids, Ids::Int(_)),
            "h": f.h,
            "indptr": f.indptr,
            "cutoff": f.cutoff.is_some(),
            "columns": columns,
            "models": f.models,
            "warnings": f.warnings,
            "id": f.names.id,
            "time": f.names.time,
            "dates": f.time_kind != TimeKind::Step,
        })
        .to_string()
    }

    /// Time of each row: milliseconds since 1970, or a step number.
    #[napi]
    pub fn times<'env>(&self, env: &'env Env) -> Result<Float64ArraySlice<'env>> {
        let times: Vec<f64> = self.forecast.times.iter().map(|&t| t as f64).collect();
        Float64ArraySlice::copy_from(env, times)
    }

    /// The last time that each row's forecast knew, where that is not the end of the series.
    #[napi]
    pub fn cutoffs<'env>(&self, env: &'env Env) -> Result<Option<Float64ArraySlice<'env>>> {
        let of_rows = |times: &Vec<i64>| times.iter().map(|&t| t as f64).collect::<Vec<f64>>();
        let cutoffs = self.forecast.cutoff.as_ref().map(of_rows);
        cutoffs.map(|times| Float64ArraySlice::copy_from(env, times)).transpose()
    }

    /// The values of a column.
    #[napi]
    pub fn column<'env>(&self, env: &'env Env, name: String) -> Result<Float32ArraySlice<'env>> {
        Float32ArraySlice::copy_from(env, self.forecast.column(&name).map_err(to_napi)?)
    }

    /// Where the rows of a series begin and end.
    #[napi]
    pub fn series_rows(&self, id: String) -> Result<Vec<u32>> {
        let rows = self.forecast.series_rows(&id).map_err(to_napi)?;
        Ok(vec![rows.start as u32, rows.end as u32])
    }

    /// A model's forecast of a quantile.
    #[napi]
    pub fn quantile<'env>(
        &self,
        env: &'env Env,
        model: String,
        q: f64,
    ) -> Result<Float32ArraySlice<'env>> {
        Float32ArraySlice::copy_from(env, self.forecast.quantile(&model, q).map_err(to_napi)?)
    }

    /// The bounds of a prediction interval.
    #[napi]
    pub fn interval<'env>(
        &self,
        env: &'env Env,
        model: String,
        level: f64,
    ) -> Result<Vec<Float32ArraySlice<'env>>> {
        let (lo, hi) = self.forecast.interval(&model, level).map_err(to_napi)?;
        Ok(vec![Float32ArraySlice::copy_from(env, lo)?, Float32ArraySlice::copy_from(env, hi)?])
    }

    /// Tells V8 how much is held outside of its heap.
    #[napi]
    pub fn tell_memory(&self, env: &Env) -> Result<()> {
        let history = self.history.as_ref().map_or(0, |panel| panel.bytes());
        self.held.tell(env, self.forecast.bytes() + history)
    }

    /// Frees the memory; nothing is asked afterwards.
    #[napi]
    pub fn dispose(&mut self, env: &Env) -> Result<()> {
        self.forecast.clear();
        self.history = None;
        self.held.tell(env, 0)
    }

    /// The table as CSV.
    #[napi]
    pub fn to_csv(&self) -> String {
        self.forecast.to_csv()
    }

    /// A chart as SVG.
    #[napi]
    pub fn to_svg(
        &self,
        history: Option<TableInput>,
        actual: Option<TableInput>,
        options: String,
    ) -> Result<String> {
        let draw = || {
            let o = Options::parse(&options)?;
            let default = ChartOptions::default();
            let options = ChartOptions {
                ids: o.texts("ids")?,
                models: o.texts("models")?,
                level: o.numbers("level")?,
                max_insample_length: o.size("maxInsampleLength")?.or(default.max_insample_length),
                title: o.text("title")?,
                width: o.size("width")?.map_or(default.width, |n| n as u32),
                height: o.size("height")?.map(|n| n as u32).or(default.height),
            };
            let history = history.map(|table| self.panel(&table.copy().read()?)).transpose()?;
            let actual = actual.map(|table| self.panel(&table.copy().read()?)).transpose()?;
            let history = history.as_ref().or(self.history.as_deref());
            // What forecasts within the history forecast is the history.
            let within = self.forecast.cutoff.as_ref().and(history);
            self.forecast.to_svg(history, actual.as_ref().or(within), &options)
        };
        draw().map_err(to_napi)
    }

    /// The scores of each model against what happened, as JSON; beside them the seasonal naive's, if asked for.
    #[napi]
    pub fn metrics(&self, actual: TableInput, options: String) -> Result<String> {
        let score = || -> engine::Result<Value> {
            let o = Options::parse(&options)?;
            let names = o.texts("names")?.unwrap_or_default();
            let metrics =
                names.iter().map(|name| name.parse()).collect::<engine::Result<Vec<Metric>>>()?;
            let season = o
                .size("seasonLength")?
                .or_else(|| self.frequency.map(Frequency::season_length))
                .unwrap_or(1);
            let (actual, history) = (self.panel(&actual.copy().read()?)?, self.history.as_deref());
            let with_naive = match o.flag("seasonalNaive", false)? {
                true => Some(self.forecast.with_seasonal_naive(self.history.as_deref(), season)?),
                false => None,
            };
            let forecast = with_naive.as_ref().unwrap_or(&self.forecast);
            let benchmark = o.text("benchmark")?;
            let benchmark = benchmark.as_deref();
            let scores = evaluate_against(benchmark, forecast, &actual, history, season, &metrics)?;
            let row = |scores: Vec<(Metric, f64)>| -> Value {
                scores
                    .into_iter()
                    .map(|(metric, score)| (metric.to_string(), score.into()))
                    .collect::<Map<_, _>>()
                    .into()
            };
            let models: Map<String, Value> =
                scores.models.into_iter().map(|(model, scores)| (model, row(scores))).collect();
            Ok(json!({ "models": models, "warnings": scores.warnings }))
        };
        score().map(|v| v.to_string()).map_err(to_napi)
    }
}

impl NativeForecast {
    /// The forecast, with the series it continues: those of `data`, else those of the training.
    pub(crate) fn new(
        forecast: Forecast,
        engine: &NeuralForecast,
        data: Option<&Table>,
    ) -> engine::Result<Self> {
        let (frequency, reading) = (engine.frequency(), engine.time_reading());
        let held = Held::default();
        let mut forecast = Self { forecast, history: None, frequency, reading, held };
        forecast.history = match data {
            Some(table) => Some(Arc::new(forecast.panel(table)?)),
            None => engine.shared_panel(),
        };
        Ok(forecast)
    }

    fn panel(&self, table: &Table) -> engine::Result<Panel> {
        let names = self.forecast.names.clone();
        let options = PanelOptions {
            names,
            frequency: self.frequency,
            reading: self.reading,
            on_gap: OnGap::Mask,
            ..PanelOptions::default()
        };
        Panel::from_table(table, &options).map(|(panel, _)| panel)
    }
}
