//! `NativePredictor`: a model kept ready, which forecasts on the JavaScript thread and reads typed arrays in place.

use engine::{Error, ErrorCode, Predictor, WindowExog};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::held::Held;
use crate::task;

/// A typed array to write to. The alias is needed because napi's macro takes an argument `&mut T` for one of our objects.
type Numbers<'a> = &'a mut [f32];

/// Forecasts windows of plain numbers.
#[napi(custom_finalize)]
pub struct NativePredictor {
    /// `None` after `dispose`, or after a panic, which may leave it in an invalid state.
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

    /// Checks and copies windows, and returns their number. Inputs that are not given are empty.
    #[napi]
    pub fn give(&mut self, y: &[f32], futr: &[f32], hist: &[f32], stat: &[f32]) -> Result<u32> {
        self.at_work(|p| Ok(p.give(y, WindowExog { futr, hist, stat })? as u32))
    }

    /// Forecasts the windows given last. A separate call, so that `out` may be the memory of the windows.
    #[napi]
    pub fn forecast(&mut self, out: Numbers<'_>) -> Result<()> {
        self.at_work(|p| p.forecast(out))
    }

    /// Reports to V8 how many bytes are held outside its heap.
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
        "this predictor failed in an earlier call; make a new one from its forecaster",
    )
}
