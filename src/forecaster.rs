//! `NativeForecaster`: the engine's forecaster behind a lease, so that conflicting calls never run at the same time.

use std::path::Path;
use std::sync::Arc;

use engine::data::TimeZone;
use engine::options::NoOptions;
use engine::{
    Continued, CrossValidationOptions, DecomposeOptions, Error, ErrorCode, FitOptions,
    FutureOptions, Init, InsampleOptions, Lease, NeuralForecast, PredictOptions, PredictorOptions,
    SaveOptions, SimulateOptions, Slot, Use,
};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use serde::Serialize;

use crate::calls::Given;
use crate::error::to_napi;
use crate::forecast::NativeForecast;
use crate::held::Held;
use crate::predictor::NativePredictor;
use crate::table::{ColumnOutput, TableInput};
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

impl From<NeuralForecast> for NativeForecaster {
    fn from(engine: NeuralForecast) -> Self {
        Self { slot: Slot::new(engine), held: Held::default() }
    }
}

#[napi]
impl NativeForecaster {
    /// Makes an unfitted forecaster. `machine_zone` is the time zone of this machine.
    #[napi(constructor)]
    pub fn new(given: Given, machine_zone: String) -> Result<Self> {
        let init = given.read::<Init>("NeuralForecast")?.options;
        let made = NeuralForecast::from_options(init, TimeZone::parse(&machine_zone).ok());
        made.map(Self::from).map_err(to_napi)
    }

    /// Trains on a table. Resolves to the report as JSON.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn fit<'env>(
        &self,
        env: &'env Env,
        data: TableInput,
        given: Given,
        run: &Run,
    ) -> Result<Object<'env>> {
        let call = given.read::<FitOptions>("fit")?;
        let (data, control) = (data.copy(), run.control(&call.of_run));
        let lease = self.lease(Use::Alone, "fit")?;
        task::spawn(env, move || {
            let options = call.complete()?;
            as_json(&lease.change(|engine| engine.fit_owned(data.read()?, &options, &control))?)
        })
    }

    /// Forecasts the next `h` times of every series.
    #[napi(ts_return_type = "Promise<NativeForecast>")]
    pub fn predict<'env>(&self, env: &'env Env, given: Given, run: &Run) -> Result<Object<'env>> {
        let call = given.read::<PredictOptions>("predict")?;
        let (control, lease) = (run.control(&call.of_run), self.lease(Use::Shared, "predict")?);
        task::spawn(env, move || {
            let options = call.complete()?;
            lease.look(|engine| {
                let forecast = engine.predict(&options, &control)?;
                Continued::new(forecast, engine, options.data.as_ref()).map(NativeForecast::from)
            })
        })
    }

    /// Forecasts the training data, each window from the rows before it.
    #[napi(ts_return_type = "Promise<NativeForecast>")]
    pub fn predict_insample<'env>(
        &self,
        env: &'env Env,
        given: Given,
        run: &Run,
    ) -> Result<Object<'env>> {
        let call = given.read::<InsampleOptions>("predictInsample")?;
        let (control, lease) =
            (run.control(&call.of_run), self.lease(Use::Shared, "predictInsample")?);
        task::spawn(env, move || {
            lease.look(|engine| {
                let forecast = engine.predict_insample(&call.options, &control)?;
                Continued::new(forecast, engine, None).map(NativeForecast::from)
            })
        })
    }

    /// Forecasts the last rows of each series by models that have not seen them.
    #[napi(ts_return_type = "Promise<NativeForecast>")]
    pub fn cross_validation<'env>(
        &self,
        env: &'env Env,
        data: TableInput,
        given: Given,
        run: &Run,
    ) -> Result<Object<'env>> {
        let call = given.read::<CrossValidationOptions>("crossValidation")?;
        let (data, control) = (data.copy(), run.control(&call.of_run));
        let lease = self.lease(Use::Shared, "crossValidation")?;
        task::spawn(env, move || {
            let (data, options) = (data.read()?, call.complete()?);
            lease.look(|engine| {
                let forecast = engine.cross_validation(&data, &options, &control)?;
                Continued::new(forecast, engine, Some(&data)).map(NativeForecast::from)
            })
        })
    }

    /// Draws sample paths of the next `h` times of every series.
    #[napi(ts_return_type = "Promise<NativeForecast>")]
    pub fn simulate<'env>(&self, env: &'env Env, given: Given, run: &Run) -> Result<Object<'env>> {
        let call = given.read::<SimulateOptions>("simulate")?;
        let (control, lease) = (run.control(&call.of_run), self.lease(Use::Shared, "simulate")?);
        task::spawn(env, move || {
            let options = call.complete()?;
            lease.look(|engine| {
                let forecast = engine.simulate(&options, &control)?;
                Continued::new(forecast, engine, options.data.as_ref()).map(NativeForecast::from)
            })
        })
    }

    /// Forecasts as sums of parts.
    #[napi(ts_return_type = "Promise<NativeForecast>")]
    pub fn decompose<'env>(&self, env: &'env Env, given: Given, run: &Run) -> Result<Object<'env>> {
        let call = given.read::<DecomposeOptions>("decompose")?;
        let (control, lease) = (run.control(&call.of_run), self.lease(Use::Shared, "decompose")?);
        task::spawn(env, move || {
            let options = call.complete()?;
            lease.look(|engine| {
                let forecast = engine.decompose(&options, &control)?;
                Continued::new(forecast, engine, options.data.as_ref()).map(NativeForecast::from)
            })
        })
    }

    /// The series and times that a table of future values needs.
    #[napi]
    pub fn make_future_frame(&self, given: Given) -> Result<Vec<ColumnOutput>> {
        let call = given.read::<FutureOptions>("makeFutureFrame")?;
        self.now("makeFutureFrame", |engine| {
            let options = call.complete()?;
            let frame = engine.make_future_frame(options.data.as_ref(), options.h)?;
            Ok(frame.into_columns().map(ColumnOutput::from).into())
        })
    }

    /// The series and times that a table of future values lacks.
    #[napi]
    pub fn missing_future(&self, future: TableInput, given: Given) -> Result<Vec<ColumnOutput>> {
        let call = given.read::<FutureOptions>("missingFuture")?;
        self.now("missingFuture", |engine| {
            let (future, options) = (future.copy().read()?, call.complete()?);
            let frame = engine.missing_future(&future, options.data.as_ref(), options.h)?;
            Ok(frame.into_columns().map(ColumnOutput::from).into())
        })
    }

    /// Makes a predictor of a fitted model.
    #[napi]
    pub fn predictor(&self, model: Option<String>, given: Given) -> Result<NativePredictor> {
        let options = given.read::<PredictorOptions>("predictor")?.options;
        let (options, lease) =
            (PredictorOptions { model, ..options }, self.lease(Use::Shared, "predictor")?);
        task::here(|| lease.look(|engine| engine.predictor(&options).map(NativePredictor::new)))
    }

    /// Writes a checkpoint directory.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn save<'env>(
        &self,
        env: &'env Env,
        dir: String,
        given: Given,
        run: &Run,
    ) -> Result<Object<'env>> {
        let call = given.read::<SaveOptions>("save")?;
        let (control, lease) = (run.control(&call.of_run), self.lease(Use::Shared, "save")?);
        task::spawn(env, move || {
            lease.look(|engine| engine.save_with(Path::new(&dir), &call.options, &control))
        })
    }

    /// Reads a checkpoint directory, ours or Python's. `machine_zone` is the time zone of this machine.
    #[napi(ts_return_type = "Promise<NativeForecaster>")]
    pub fn load<'env>(
        env: &'env Env,
        dir: String,
        machine_zone: String,
        given: Given,
        run: &Run,
    ) -> Result<Object<'env>> {
        let control = run.control(&given.read::<NoOptions>("load")?.of_run);
        task::spawn(env, move || {
            let engine = NeuralForecast::load_with(Path::new(&dir), &control)?;
            let zone = TimeZone::parse(&machine_zone).ok();
            Ok(Self::from(zone.into_iter().fold(engine, NeuralForecast::with_machine_zone)))
        })
    }

    /// The model specs as JSON.
    #[napi]
    pub fn specs(&self) -> Result<String> {
        self.now("models", |engine| as_json(&engine.specs()))
    }

    /// The names of the id and time columns, the frequency (given or inferred) and the unit of times, as JSON.
    #[napi]
    pub fn layout(&self, call: String) -> Result<String> {
        self.now(&call, |engine| Ok(engine.layout().to_string()))
    }

    /// Whether the forecaster is fitted.
    #[napi]
    pub fn fitted(&self) -> Result<bool> {
        self.now("fitted", |engine| Ok(engine.fitted()))
    }

    /// Whether the forecaster was saved during a training run that has not finished.
    #[napi]
    pub fn interrupted(&self) -> Result<bool> {
        self.now("interrupted", |engine| Ok(engine.interrupted()))
    }

    /// Bytes of the weights, the dataset, the training state and the working memory, as JSON.
    #[napi]
    pub fn memory_usage(&self) -> Result<String> {
        self.now("memoryUsage", |engine| as_json(&engine.memory_usage()))
    }

    /// Reports to V8 how many bytes are held outside its heap. During a fit, the last report stays.
    #[napi]
    pub fn tell_memory(&self, env: &Env) -> Result<()> {
        let bytes = |lease: Lease| lease.look(|engine| Ok(engine.memory_usage().total()));
        match self.slot.lease(Use::Shared, "memoryUsage").and_then(bytes) {
            Ok(bytes) => self.held.tell(env, bytes),
            Err(e) if e.code == ErrorCode::Disposed => self.held.tell(env, 0),
            Err(_) => Ok(()),
        }
    }

    /// Frees the memory, now or when the running calls end.
    #[napi]
    pub fn dispose(&self) {
        self.slot.dispose();
    }

    fn lease(&self, how: Use, call: &str) -> Result<Lease> {
        self.slot.lease(how, call).map_err(to_napi)
    }

    fn now<T>(
        &self,
        what: &str,
        look: impl FnOnce(&NeuralForecast) -> engine::Result<T>,
    ) -> Result<T> {
        self.lease(Use::Shared, what)?.look(look).map_err(to_napi)
    }
}

fn as_json(value: &impl Serialize) -> engine::Result<String> {
    serde_json::to_string(value).map_err(|e| Error::new(ErrorCode::Internal, e.to_string()))
}
