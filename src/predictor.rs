//! `NativePredictor`: a model kept ready, asked on the JavaScript thread with typed arrays as they are.

use engine::{Error, ErrorCode, Predictor, WindowExog};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::held::Held;
use crate::task;

/// A typed array to write to. By this name: an argument `&mut T` is an object of ours to napi's macro.
type Numbers<'a> = &'a mut [f32];

/// Forecasts windows of bare numbers.
#[napi(custom_finalize)]
pub struct NativePredictor {
    /// Taken away by a fault, after which it means nothing.
    engine: Option<Box<Predictor>>,
    held: Held,
}

impl ObjectFinalize for NativePredictor {
    fn finalize(self, env: Env) -> Result<()> {
        self.held.tell(&env, 0)
    }
}

#[napi]
impl NativePredictor {
    /// Names, sizes and categories, as JSON.
    #[napi]
    pub fn facts(&self) -> Result<String> {
        task::here(|| Ok(self.engine.as_ref().ok_or_else(broken)?.facts().to_string()))
    }

    /// Checks and copies windows, and says how many there are. What is not given is empty.
    #[napi]
    pub fn give(&mut self, y: &[f32], futr: &[f32], hist: &[f32], stat: &[f32]) -> Result<u32> {
        self.at_work(|p| Ok(p.give(y, WindowExog { futr, hist, stat })? as u32))
    }

    /// Forecasts what was given last. A call of its own, so that `out` may lie where the windows were.
    #[napi]
    pub fn forecast(&mut self, out: Numbers<'_>) -> Result<()> {
        self.at_work(|p| p.forecast(out))
    }

    /// Tells V8 how much is held outside of its heap.
    #[napi]
    pub fn tell_memory(&self, env: &Env) -> Result<()> {
        self.held.tell(env, self.engine.as_ref().map_or(0, |p| p.memory()))
    }

    /// Frees the memory.
    #[napi]
    pub fn dispose(&mut self, env: &Env) -> Result<()> {
        self.engine = None;
        self.held.tell(env, 0)
    }
}

impl NativePredictor {
    pub(crate) fn new(engine: Predictor) -> Self {
        Self { engine: Some(Box::new(engine)), held: Held::default() }
    }

    fn at_work<T>(&mut self, work: impl FnOnce(&mut Predictor) -> engine::Result<T>) -> Result<T> {
        let slot = &mut self.engine;
        task::here(move || {
            let mut engine = slot.take().ok_or_else(broken)?;
            let result = work(&mut engine);
            *slot = Some(engine);
            result
        })
    }
}

fn broken() -> Error {
    Error::new(
        ErrorCode::Internal,
        "this predictor broke in an earlier call; make a new one of its forecaster",
    )
}
