//! `NativeForecast`: a finished forecast and the history it continues. It can be read, scored and plotted.

use engine::options::Options;
use engine::{ChartOptions, Continued, EnsembleOptions, MetricsOptions, VariableWeights, calls};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::calls::Given;
use crate::error::to_napi;
use crate::held::Held;
use crate::table::TableInput;

/// Forecasts of all series by all models.
#[napi(custom_finalize)]
pub struct NativeForecast {
    engine: Continued,
    /// The weights of an ensemble's models.
    weights: Vec<(String, f64)>,
    held: Held,
}

impl ObjectFinalize for NativeForecast {
    fn finalize(self, env: Env) -> Result<()> {
        self.held.tell(&env, 0)
    }
}

impl From<Continued> for NativeForecast {
    fn from(engine: Continued) -> Self {
        Self { engine, weights: Vec::new(), held: Held::default() }
    }
}

#[napi]
impl NativeForecast {
    /// The header of the forecast (ids, columns, models, horizon, warnings) as JSON.
    #[napi]
    pub fn header(&self) -> String {
        self.engine.forecast.header().to_string()
    }

    /// Time of each row: milliseconds since 1970, or a step number.
    #[napi]
    pub fn times(&self) -> Float64Array {
        numbers(&self.engine.forecast.times)
    }

    /// The cutoff of each row; none if every forecast starts at the end of its series.
    #[napi]
    pub fn cutoffs(&self) -> Option<Float64Array> {
        self.engine.forecast.cutoff.as_deref().map(numbers)
    }

    /// The values of a column.
    #[napi]
    pub fn column<'env>(&self, env: &'env Env, name: String) -> Result<Float32ArraySlice<'env>> {
        Float32ArraySlice::copy_from(env, self.engine.forecast.column(&name).map_err(to_napi)?)
    }

    /// The first row of a series, and the one after its last.
    #[napi]
    pub fn series_rows(&self, id: String) -> Result<Vec<u32>> {
        let rows = self.engine.forecast.series_rows(&id).map_err(to_napi)?;
        Ok(vec![rows.start as u32, rows.end as u32])
    }

    /// A model's forecast of the quantile `q`, between 0 and 1.
    #[napi]
    pub fn quantile<'env>(
        &self,
        env: &'env Env,
        model: String,
        q: f64,
    ) -> Result<Float32ArraySlice<'env>> {
        Float32ArraySlice::copy_from(
            env,
            self.engine.forecast.quantile(&model, q).map_err(to_napi)?,
        )
    }

    /// The lower and upper bounds of a prediction interval; `level` in percent.
    #[napi]
    pub fn interval<'env>(
        &self,
        env: &'env Env,
        model: String,
        level: f64,
    ) -> Result<Vec<Float32ArraySlice<'env>>> {
        let (lo, hi) = self.engine.forecast.interval(&model, level).map_err(to_napi)?;
        Ok(vec![Float32ArraySlice::copy_from(env, lo)?, Float32ArraySlice::copy_from(env, hi)?])
    }

    /// What a model's forecasts were made of.
    #[napi]
    pub fn interpretation(&self, model: String) -> Result<NativeInterpretation> {
        let found = self.engine.forecast.interpretation(&model).map_err(to_napi)?;
        let weights = |of: &VariableWeights| NativeWeights {
            names: of.names.clone(),
            values: of.values.clone().into(),
        };
        Ok(NativeInterpretation {
            past: weights(&found.past),
            future: found.future.as_ref().map(weights),
            statics: found.statics.as_ref().map(weights),
            attention: found.attention.clone().into(),
            correlations: found.correlations().map(Into::into),
        })
    }

    /// Reports to V8 how many bytes are held outside its heap.
    #[napi]
    pub fn tell_memory(&self, env: &Env) -> Result<()> {
        self.held.tell(env, self.engine.bytes())
    }

    /// Frees the memory. The object must not be used afterward.
    #[napi]
    pub fn dispose(&mut self, env: &Env) -> Result<()> {
        self.engine.clear();
        self.held.tell(env, 0)
    }

    /// The table as CSV.
    #[napi]
    pub fn to_csv(&self) -> String {
        self.engine.forecast.to_csv()
    }

    /// A chart as SVG.
    #[napi]
    pub fn to_svg(&self, given: Given) -> Result<String> {
        let call = given.read::<(ChartOptions, calls::ChartTables)>("toSVG")?;
        let drawn = call.complete().and_then(|(look, tables)| self.engine.to_svg(&look, &tables));
        drawn.map_err(to_napi)
    }

    /// The forecast with one more model, which combines others. `method` and `models` are as JavaScript passes them, as JSON.
    #[napi]
    pub fn ensemble(
        &self,
        method: Option<String>,
        models: Option<String>,
        validation: Option<&NativeForecast>,
        given: Given,
    ) -> Result<Self> {
        let mut options = given.read::<EnsembleOptions>("ensemble")?.options;
        let make = || {
            for (name, value) in [("method", method), ("models", models)] {
                if let Some(value) = value {
                    let value = serde_json::from_str(&value).unwrap_or_default();
                    options.set(name, &value)?;
                }
            }
            self.engine.ensemble(&options, validation.map(|forecast| &forecast.engine))
        };
        let (engine, weights) = make().map_err(to_napi)?;
        Ok(Self { engine, weights, held: Held::default() })
    }

    /// The weights of the models of an ensemble, as a JSON object; none for other forecasts.
    #[napi]
    pub fn weights(&self) -> Option<String> {
        let of = |(model, weight): &(String, f64)| (model.clone(), (*weight).into());
        let all: serde_json::Map<_, serde_json::Value> = self.weights.iter().map(of).collect();
        (!all.is_empty()).then(|| serde_json::Value::from(all).to_string())
    }

    /// The scores of each model against the actual values, as JSON. `names` is a list of metrics, as JSON.
    #[napi]
    pub fn metrics(
        &self,
        actual: Option<TableInput>,
        names: Option<String>,
        given: Given,
    ) -> Result<String> {
        let options = given.read::<MetricsOptions>("metrics")?.options;
        let score = || {
            let metrics = calls::metrics(names.as_deref())?;
            let actual = actual.map(|table| table.copy().read()).transpose()?;
            self.engine.metrics(actual.as_ref(), &metrics, &options)
        };
        score().map(|scores| scores.to_json().to_string()).map_err(to_napi)
    }
}

/// Weights of variables by step, row-major.
#[napi(object, object_from_js = false)]
pub struct NativeWeights {
    /// Names of the variables.
    pub names: Vec<String>,
    /// `[steps, variables]`
    pub values: Float32Array,
}

/// What a model's forecasts were made of.
#[napi(object, object_from_js = false)]
pub struct NativeInterpretation {
    /// Weights of the variables over the input.
    pub past: NativeWeights,
    /// Weights of the variables over the horizon.
    pub future: Option<NativeWeights>,
    /// Weights of the static columns.
    pub statics: Option<NativeWeights>,
    /// `[steps, steps]`
    pub attention: Float32Array,
    /// `[variables + 1, variables + 1]`
    pub correlations: Option<Float32Array>,
}

/// Times as numbers of JavaScript.
fn numbers(times: &[i64]) -> Float64Array {
    times.iter().map(|&time| time as f64).collect::<Vec<f64>>().into()
}
