//! One forecaster behind a lease: who may use it, and when its memory is freed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use engine::{Error, ErrorCode, NeuralForecast};

/// One forecaster and who is using it.
pub(crate) struct Slot {
    engine: RwLock<Option<NeuralForecast>>,
    users: Mutex<Users>,
}

#[derive(Default)]
pub(crate) struct Users {
    shared: usize,
    alone: bool,
    disposed: bool,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Use {
    Shared,
    Alone,
}

impl Slot {
    pub(crate) fn new(engine: NeuralForecast) -> Arc<Self> {
        Arc::new(Self { engine: RwLock::new(Some(engine)), users: Mutex::default() })
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to use the engine, at once or not at all.
    pub(crate) fn lease(self: &Arc<Self>, how: Use, call: &str) -> engine::Result<Lease> {
        let mut users = self.users();
        if users.disposed {
            let message = format!(
                "{call}: this forecaster was disposed of; make a new one or load a saved one"
            );
            return Err(Error::new(ErrorCode::Disposed, message));
        }
        let running = if users.alone { "fit" } else { "predict or save" };
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

    pub(crate) fn dispose(&self) {
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

/// The right to use the engine until dropped.
pub(crate) struct Lease {
    slot: Arc<Slot>,
    how: Use,
}

impl Lease {
    pub(crate) fn look<T>(
        &self,
        look: impl FnOnce(&NeuralForecast) -> engine::Result<T>,
    ) -> engine::Result<T> {
        let guard = self.slot.engine.read().map_err(|_| broken())?;
        look(guard.as_ref().ok_or_else(broken)?)
    }

    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut NeuralForecast) -> engine::Result<T>,
    ) -> engine::Result<T> {
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

/// After a panic in the middle of a fit the engine's state means nothing.
fn broken() -> Error {
    Error::new(
        ErrorCode::Internal,
        "this forecaster broke in an earlier call; make a new one or load a saved one",
    )
}
