//! A model on a series: fits it, forecasts with it, and times its steps one by one.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use neuro_divergent::data::Table;
use neuro_divergent::{
    Control, FitOptions, Forecast, ModelReport, ModelSpec, NeuralForecast, PredictOptions,
    Progress, Result, describe,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::panel::seasonal;

/// Length of a series, and what a model forecasts of it from what.
#[derive(Clone, Copy)]
pub struct Size {
    /// Steps of the series.
    pub rows: usize,
    /// Steps of a forecast.
    pub h: usize,
    /// Steps of input.
    pub input: usize,
}

/// As many months as the airline passengers have.
pub const SMALL: Size = Size { rows: 144, h: 12, input: 24 };
/// Some weeks of hours.
pub const LARGE: Size = Size { rows: 1000, h: 24, input: 48 };

/// Series that a multivariate model is measured with.
const SERIES: usize = 7;

/// Options that every case sets.
const SIZES: [&str; 3] = ["h", "inputSize", "nSeries"];

/// Name of each registered model that needs nothing but sizes, and whether it is multivariate. TimeLLM needs a language model.
pub fn models() -> Vec<(String, bool)> {
    let all = describe();
    let asks_for_more = |m: &&Value| {
        let options = m["options"].as_array().expect("a model has options");
        let is_size = |o: &Value| o["name"].as_str().is_some_and(|name| SIZES.contains(&name));
        options.iter().any(|o| o["needed"] == true && !is_size(o))
    };
    let described = all.as_array().expect("describe gives a list").iter();
    let described = described.filter(|m| !asks_for_more(m));
    let name = |m: &Value| m["name"].as_str().expect("a model has a name").to_string();
    described.map(|m| (name(m), m["multivariate"] == true)).collect()
}

/// A model with its options, and the size of what it is trained on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// The model's name.
    pub model: String,
    /// Its options; the others have their defaults.
    pub options: Map<String, Value>,
    /// Number of series.
    pub series: usize,
    /// Steps of each.
    pub rows: usize,
}

/// A fit that was watched.
pub struct Ran {
    /// What was fitted.
    pub forecaster: NeuralForecast,
    /// How training went.
    pub report: ModelReport,
    /// When each step ended.
    pub ends: Vec<Instant>,
    /// From the table to the end of the first step.
    pub first: Duration,
    /// From the table to the fitted forecaster.
    pub whole: Duration,
}

impl Ran {
    /// Forecasts with all threads there are.
    pub fn predict(&self) -> Forecast {
        let (options, control) = (PredictOptions::default(), Control::default());
        self.forecaster.predict(&options, &control).expect("it is fitted")
    }

    /// Durations of the steps after the first, which makes the buffers that later ones reuse.
    pub fn steps(&self) -> Vec<Duration> {
        self.ends.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

impl Case {
    /// A model with default options: one series, or seven for a multivariate model.
    pub fn new(model: &str, size: Size) -> Self {
        let multivariate = models().iter().any(|(name, many)| name == model && *many);
        let options = json!({ "h": size.h, "inputSize": size.input });
        Self {
            model: model.into(),
            options: options.as_object().expect("an object").clone(),
            series: if multivariate { SERIES } else { 1 },
            rows: size.rows,
        }
    }

    /// With another option.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    /// With that many series of that many steps.
    #[must_use]
    pub fn on(self, series: usize, rows: usize) -> Self {
        Self { series, rows, ..self }
    }

    /// A forecaster of this model; an error says what the model does not take.
    pub fn forecaster(&self) -> Result<NeuralForecast> {
        let spec = ModelSpec { model: self.model.clone(), options: self.options.clone() };
        NeuralForecast::new(vec![spec], None)
    }

    /// Trains for `steps` steps on the series of this case.
    pub fn fit(&self, steps: usize, threads: usize) -> Ran {
        let table = seasonal(self.series, self.rows);
        self.fit_on(&table, steps, threads).unwrap_or_else(|e| panic!("{self:?}: {e}"))
    }

    /// Trains for `steps` steps on a table.
    pub fn fit_on(&self, table: &Table, steps: usize, threads: usize) -> Result<Ran> {
        let ends = Arc::new(Mutex::new(Vec::with_capacity(steps)));
        let seen = ends.clone();
        let progress = move |_: &Progress| seen.lock().expect("no panic").push(Instant::now());
        let control = Control {
            progress: Some(Arc::new(progress)),
            threads: Some(threads),
            ..Control::default()
        };
        let mut forecaster = self.forecaster()?;
        let options = FitOptions { max_steps: Some(steps), ..FitOptions::default() };
        let begin = Instant::now();
        let report = forecaster.fit(table, &options, &control)?.models.remove(0);
        let whole = begin.elapsed();
        let mut ends = std::mem::take(&mut *ends.lock().expect("no panic"));
        ends.truncate(steps);
        Ok(Ran { forecaster, report, first: ends[0] - begin, ends, whole })
    }

    /// How long `n` steps take, after a first one.
    pub fn steps(&self, n: u64, threads: usize) -> Duration {
        let ran = self.fit(n as usize + 1, threads);
        ran.ends[n as usize] - ran.ends[0]
    }
}
