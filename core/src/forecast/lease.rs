//! Access to a shared forecaster: concurrent reads or one exclusive change, and when its memory is freed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::NeuralForecast;
use crate::{Error, ErrorCode, Result};

/// A forecaster and its current users.
pub struct Slot {
    engine: RwLock<Option<NeuralForecast>>,
    users: Mutex<Users>,
}

#[derive(Default)]
struct Users {
    shared: usize,
    alone: bool,
    disposed: bool,
}

/// How a call uses a forecaster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It only reads, so other calls may read at the same time.
    Shared,
    /// It changes the forecaster, so it needs exclusive access.
    Alone,
}

impl Slot {
    /// A slot with an unused forecaster.
    pub fn new(engine: NeuralForecast) -> Arc<Self> {
        Arc::new(Self { engine: RwLock::new(Some(engine)), users: Mutex::default() })
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to use the forecaster, immediately; an error if it is busy or disposed of.
    pub fn lease(self: &Arc<Self>, how: Use, call: &str) -> Result<Lease> {
        let mut users = self.users();
        if users.disposed {
            let message = format!(
                "{call}: this forecaster was disposed of; make a new one or load a saved one"
            );
            return Err(Error::new(ErrorCode::Disposed, message));
        }
        let running = if users.alone { "fit" } else { "predict, cross-validation or save" };
        if users.alone || (how == Use::Alone && users.shared > 0) {
            let message = format!(
                "{call}: this forecaster is busy with a {running}; await it first, or use a second forecaster"
            );
            return Err(Error::new(ErrorCode::Busy, message));
        }
        match how {
            Use::Alone => users.alone = true,
            Use::Shared => users.shared += 1,
        }
        Ok(Lease { slot: self.clone(), how })
    }

    /// Frees the forecaster, now or when the last call that uses it ends; later calls are refused.
    pub fn dispose(&self) {
        self.users().disposed = true;
        self.free_if_unused();
    }

    fn free_if_unused(&self) {
        let users = self.users();
        if users.disposed && !users.alone && users.shared == 0 {
            self.engine.write().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// The right to use the forecaster until dropped.
pub struct Lease {
    slot: Arc<Slot>,
    how: Use,
}

impl Lease {
    /// Reads the forecaster.
    pub fn look<T>(&self, look: impl FnOnce(&NeuralForecast) -> Result<T>) -> Result<T> {
        let guard = self.slot.engine.read().map_err(|_| broken())?;
        look(guard.as_ref().ok_or_else(broken)?)
    }

    /// Changes the forecaster.
    pub fn change<T>(&self, change: impl FnOnce(&mut NeuralForecast) -> Result<T>) -> Result<T> {
        let mut guard = self.slot.engine.write().map_err(|_| broken())?;
        change(guard.as_mut().ok_or_else(broken)?)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut users = self.slot.users();
        match self.how {
            Use::Alone => users.alone = false,
            Use::Shared => users.shared -= 1,
        }
        drop(users);
        self.slot.free_if_unused();
    }
}

/// The error after a panic during a change, which may have left the forecaster inconsistent.
fn broken() -> Error {
    Error::new(
        ErrorCode::Internal,
        "this forecaster failed in an earlier call; make a new one or load a saved one",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::ModelSpec;

    #[test]
    fn two_calls_never_meet_and_a_disposed_forecaster_is_freed_by_the_last() {
        let options = json!({ "h": 2, "inputSize": 4 }).as_object().unwrap().clone();
        let spec = ModelSpec { model: "DLinear".into(), options };
        let slot = Slot::new(NeuralForecast::new(vec![spec], None).unwrap());
        let refused = |how, call: &str| slot.lease(how, call).err().map(|e| (e.code, e.message));
        let busy = |with: &str| {
            let message = format!(
                "fit: this forecaster is busy with a {with}; await it first, or use a second forecaster"
            );
            Some((ErrorCode::Busy, message))
        };

        let looking = [0, 1].map(|_| slot.lease(Use::Shared, "predict").unwrap());
        assert_eq!(refused(Use::Alone, "fit"), busy("predict, cross-validation or save"));
        assert_eq!(looking[0].look(|engine| Ok(engine.h())).unwrap(), 2);
        drop(looking);
        let fitting = slot.lease(Use::Alone, "fit").unwrap();
        assert_eq!(refused(Use::Alone, "fit"), busy("fit"));

        slot.dispose();
        let message =
            "predict: this forecaster was disposed of; make a new one or load a saved one";
        assert_eq!(refused(Use::Shared, "predict"), Some((ErrorCode::Disposed, message.into())));
        assert!(slot.engine.read().unwrap().is_some(), "a fit is under way");
        drop(fitting);
        assert!(slot.engine.read().unwrap().is_none());
    }
}
