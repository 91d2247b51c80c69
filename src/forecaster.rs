//! `NativeForecaster`: the engine's forecaster behind a lease, so that two calls never meet inside it.

use std::path::Path;
use std::sync::Arc;

use engine::data::{Column, Ids, NumericTime, TimeKind, TimeZone};
use engine::{
    Error, ErrorCode, FitOptions, FutureFrame, InsampleOptions, ModelSpec, NeuralForecast,
    PredictOptions, PredictorOptions, SaveOptions,
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use serde_json::{Value, json};

use crate::error::to_napi;
use crate::forecast::NativeForecast;
use crate::held::Held;
use crate::options::Options;
use crate::predictor::NativePredictor;
use crate::slot::{Slot, Use};
use crate::table::{ColumnOutput, FitTables, PredictTables, Source, TableInput};
use crate::task::{self, Run};

/// Trains models on a panel of series and forecasts all of them.
#[napi(custom_finalize)]
pub struct NativeForecaster {
    slot: Arc<Slot>,
    held: Held,
}

impl ObjectFinalize for NativeForecaster {
    fn finalize(self, env: Env) -> Result<()> {
        self.held.tell(&env, 0)
    }
}

#[napi]
impl NativeForecaster {
    /// An unfitted forecaster from `{ models, freq, timeZone, … }` as JSON.
    #[napi(constructor)]
    pub fn new(init: String) -> Result<Self> {
        Self::build(&init).map_err(to_napi)
    }

    fn build(init: &str) -> engine::Result<Self> {
        let mut init = Options::parse(init)?;
        let models = init.take("models").unwrap_or_default();
        let specs: Vec<ModelSpec> = serde_json::from_value(models.clone()).map_err(|_| {
            Error::option(
                "models",
                "a list of model specs, such as NHITS({ h: 12, inputSize: 24 })",
                models,
            )
        })?;
        let mut engine = NeuralForecast::new(specs, init.frequency()?)?
            .with_local_scaling(init.local_scaling()?);
        if let Some(name) = init.text("timeZone")? {
            engine = engine.with_time_zone(TimeZone::parse(&name)?)?;
        }
        if let Some(unit) = init.time_unit()? {
            engine = engine.with_time_unit(unit)?;
        }
        if let Some(zone) = init.machine_zone()? {
            engine = engine.with_machine_zone(zone);
        }
        Ok(Self { slot: Slot::new(engine), held: Held::default() })
    }

    /// Trains on a table. Resolves with the report as JSON.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn fit<'env>(
        &self,
        env: &'env Env,
        data: TableInput,
        more: FitTables,
        options: String,
        run: &Run,
    ) -> Result<Object<'env>> {
        let (data, static_table, val_data) = (
            data.copy(),
            more.static_table.map(TableInput::copy),
            more.val_data.map(TableInput::copy),
        );
        let (control, lease) =
            (run.control(), self.slot.lease(Use::Alone, "fit").map_err(to_napi)?);
        task::spawn(env, move || {
            let o = Options::parse(&options)?;
            let options = FitOptions {
                names: o.column_names()?,
                static_table: static_table.map(Source::read).transpose()?,
                val_size: o.count("valSize")?,
                val_data: val_data.map(Source::read).transpose()?,
                on_gap: o.on_gap()?.unwrap_or_default(),
                on_missing: o.on_missing()?,
                mode: o.mode()?,
                max_steps: o.size("maxSteps")?,
                checkpoint: o.checkpoint()?,
            };
            let report = lease.change(|engine| engine.fit(&data.read()?, &options, &control))?;
            serde_json::to_string(&report)
                .map_err(|e| Error::new(ErrorCode::Internal, e.to_string()))
        })
    }

    /// Forecasts the next `h` times of every series.
    #[napi(ts_return_type = "Promise<NativeForecast>")]
    pub fn predict<'env>(
        &self,
        env: &'env Env,
        tables: PredictTables,
        options: String,
        run: &Run,
    ) -> Result<Object<'env>> {
        let copy = |table: Option<TableInput>| table.map(TableInput::copy);
        let (data, static_table, future) =
            (copy(tables.data), copy(tables.static_table), copy(tables.future));
        let (control, lease) =
            (run.control(), self.slot.lease(Use::Shared, "predict").map_err(to_napi)?);
        task::spawn(env, move || {
            let o = Options::parse(&options)?;
            let options = PredictOptions {
                data: data.map(Source::read).transpose()?,
                static_table: static_table.map(Source::read).transpose()?,
                future: future.map(Source::read).transpose()?,
                level: o.numbers("level")?.unwrap_or_default(),
                quantiles: o.numbers("quantiles")?.unwrap_or_default(),
                sort_quantiles: o.flag("sortQuantiles", true)?,
                h: o.size("h")?,
                on_gap: o.on_gap()?,
                on_missing: o.on_missing()?,
                on_short: o.on_short()?,
            };
            lease.look(|engine| {
                let forecast = engine.predict(&options, &control)?;
                NativeForecast::new(forecast, engine, options.data.as_ref())
            })
        })
    }

    /// Forecasts the rows of the training data from what came before them.
    #[napi(ts_return_type = "Promise<NativeForecast>")]
    pub fn predict_insample<'env>(
        &self,
        env: &'env Env,
        options: String,
        run: &Run,
    ) -> Result<Object<'env>> {
        let (control, lease) =
            (run.control(), self.slot.lease(Use::Shared, "predictInsample").map_err(to_napi)?);
        task::spawn(env, move || {
            let (o, default) = (Options::parse(&options)?, InsampleOptions::default());
            let options = InsampleOptions {
                step_size: o.size("stepSize")?.unwrap_or(default.step_size),
                level: o.numbers("level")?.unwrap_or(default.level),
                quantiles: o.numbers("quantiles")?.unwrap_or(default.quantiles),
                sort_quantiles: o.flag("sortQuantiles", default.sort_quantiles)?,
                on_missing: o.on_missing()?,
            };
            lease.look(|engine| {
                NativeForecast::new(engine.predict_insample(&options, &control)?, engine, None)
            })
        })
    }

    /// Series and times that a table of future values needs.
    #[napi]
    pub fn make_future_frame(
        &self,
        data: Option<TableInput>,
        options: String,
    ) -> Result<Vec<ColumnOutput>> {
        self.now("makeFutureFrame", |engine| {
            let data = data.map(|table| table.copy().read()).transpose()?;
            let h = Options::parse(&options)?.size("h")?;
            engine.make_future_frame(data.as_ref(), h).map(future_columns)
        })
    }

    /// Those of them that a table lacks.
    #[napi]
    pub fn missing_future(
        &self,
        future: TableInput,
        data: Option<TableInput>,
        options: String,
    ) -> Result<Vec<ColumnOutput>> {
        self.now("missingFuture", |engine| {
            let (future, data) = (future.copy().read()?, data.map(|table| table.copy().read()));
            let h = Options::parse(&options)?.size("h")?;
            engine.missing_future(&future, data.transpose()?.as_ref(), h).map(future_columns)
        })
    }

    /// Keeps a fitted model ready to forecast windows.
    #[napi]
    pub fn predictor(&self, model: Option<String>, options: String) -> Result<NativePredictor> {
        task::here(|| {
            let (o, default) = (Options::parse(&options)?, PredictorOptions::default());
            let options = PredictorOptions {
                model,
                batch: o.size("batch")?.unwrap_or(default.batch),
                threads: o.size("threads")?,
                sort_quantiles: o.flag("sortQuantiles", default.sort_quantiles)?,
            };
            let lease = self.slot.lease(Use::Shared, "predictor")?;
            lease.look(|engine| engine.predictor(&options).map(NativePredictor::new))
        })
    }

    /// Writes a checkpoint directory.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn save<'env>(
        &self,
        env: &'env Env,
        dir: String,
        options: String,
        run: &Run,
    ) -> Result<Object<'env>> {
        let (control, lease) =
            (run.control(), self.slot.lease(Use::Shared, "save").map_err(to_napi)?);
        task::spawn(env, move || {
            let o = Options::parse(&options)?;
            let default = SaveOptions::default();
            let options = SaveOptions {
                overwrite: o.flag("overwrite", default.overwrite)?,
                save_dataset: o.flag("saveDataset", default.save_dataset)?,
            };
            lease.look(|engine| engine.save_with(Path::new(&dir), &options, &control))
        })
    }

    /// Reads a checkpoint directory, ours or Python's.
    #[napi(ts_return_type = "Promise<NativeForecaster>")]
    pub fn load<'env>(
        env: &'env Env,
        dir: String,
        options: String,
        run: &Run,
    ) -> Result<Object<'env>> {
        let control = run.control();
        task::spawn(env, move || {
            let mut engine = NeuralForecast::load_with(Path::new(&dir), &control)?;
            if let Some(zone) = Options::parse(&options)?.machine_zone()? {
                engine = engine.with_machine_zone(zone);
            }
            Ok(Self { slot: Slot::new(engine), held: Held::default() })
        })
    }

    /// The model specs as JSON.
    #[napi]
    pub fn specs(&self) -> Result<String> {
        let specs = self.now("models", |engine| Ok(engine.specs()))?;
        serde_json::to_string(&specs)
            .map_err(|e| Error::new(ErrorCode::Internal, e.to_string()))
            .map_err(to_napi)
    }

    /// Names of the id and time columns, the frequency, given or inferred, and the unit of times, as JSON.
    #[napi]
    pub fn layout(&self, call: String) -> Result<String> {
        self.now(&call, |engine| {
            let names = engine.panel().map(|panel| panel.names.clone()).unwrap_or_default();
            let freq = engine.frequency().map(|f| match f.is_step() {
                true => f.multiple().into(),
                false => Value::from(f.to_string()),
            });
            let unit = engine.time_reading().unit.map(NumericTime::name);
            let (id, time) = (names.id, names.time);
            Ok(json!({ "id": id, "time": time, "freq": freq, "timeUnit": unit }).to_string())
        })
    }

    /// Whether there is something to forecast with.
    #[napi]
    pub fn fitted(&self) -> Result<bool> {
        self.now("fitted", |engine| Ok(engine.fitted()))
    }

    /// Whether a run that was saved on its way has not reached its end.
    #[napi]
    pub fn interrupted(&self) -> Result<bool> {
        self.now("interrupted", |engine| Ok(engine.interrupted()))
    }

    /// Bytes of the weights, of the dataset, of what continuing needs, and of the working memory.
    #[napi]
    pub fn memory_usage(&self) -> Result<Vec<f64>> {
        let m = self.now("memoryUsage", |engine| Ok(engine.memory_usage()))?;
        Ok([m.weights, m.dataset, m.training, m.workspace].map(|bytes| bytes as f64).to_vec())
    }

    /// Tells V8 how much is held outside of its heap. While a fit runs that stays what it was.
    #[napi]
    pub fn tell_memory(&self, env: &Env) -> Result<()> {
        let looked = self.slot.lease(Use::Shared, "memoryUsage").and_then(|lease| {
            lease.look(|engine| {
                let m = engine.memory_usage();
                Ok(m.weights + m.dataset + m.training + m.workspace)
            })
        });
        match looked {
            Ok(bytes) => self.held.tell(env, bytes),
            Err(e) if e.code == ErrorCode::Disposed => self.held.tell(env, 0),
            Err(_) => Ok(()),
        }
    }

    /// Frees the memory, now or when the running call ends.
    #[napi]
    pub fn dispose(&self) {
        self.slot.dispose();
    }

    fn now<T>(
        &self,
        what: &str,
        look: impl FnOnce(&NeuralForecast) -> engine::Result<T>,
    ) -> Result<T> {
        self.slot.lease(Use::Shared, what).and_then(|lease| lease.look(look)).map_err(to_napi)
    }
}

fn future_columns(frame: FutureFrame) -> Vec<ColumnOutput> {
    let ids = match frame.ids {
        Ids::Text(ids) => Column::Text(ids.into_iter().map(Some).collect()),
        Ids::Int(ids) => Column::Int(ids),
    };
    let times = match frame.time_kind {
        TimeKind::Step => Column::Int(frame.times),
        TimeKind::Date { .. } => Column::Date(frame.times),
    };
    [(frame.names.id, ids), (frame.names.time, times)].map(ColumnOutput::from).into()
}
