//! Runs work on a new thread, so that libuv's four threads stay free. Its promise resolves at the end; a panic rejects it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use engine::{Control, Progress, ProgressFn, RunOptions};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::error;

/// A running call: JavaScript can cancel it and poll its progress.
#[napi]
pub struct Run {
    cancel: Arc<AtomicBool>,
    news: Arc<Mutex<Vec<Progress>>>,
    watched: bool,
    /// Milliseconds between polls of the progress; none before the call's options are read.
    interval: Cell<Option<f64>>,
}

#[napi]
impl Run {
    /// A run that has not begun. It collects progress if it is `watched`.
    #[napi(constructor)]
    pub fn new(env: &Env, watched: bool) -> Result<Self> {
        let cancel = Arc::default();
        cancel_at_end(env, &cancel)?;
        Ok(Self { cancel, news: Arc::default(), watched, interval: Cell::default() })
    }

    /// Milliseconds between polls of the progress; none before the call has begun.
    #[napi(getter)]
    pub fn interval(&self) -> Option<f64> {
        self.interval.get()
    }

    /// Sets the flag that stops the engine.
    #[napi]
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// The latest progress of each phase of each model and window since the last call, as a JSON array; none if there is no news.
    #[napi]
    pub fn progress(&self) -> Result<Option<String>> {
        let news = std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner));
        if news.is_empty() {
            return Ok(None);
        }
        serde_json::to_string(&news).map(Some).map_err(|e| Error::from_reason(e.to_string()))
    }
}

impl Run {
    /// The control that the engine gets for this run.
    pub(crate) fn control(&self, options: &RunOptions) -> Control {
        self.interval.set(Some(options.progress_interval_ms));
        let news = self.news.clone();
        let collect = move |p: &Progress| {
            let mut news = news.lock().unwrap_or_else(PoisonError::into_inner);
            // Keep only the latest.
            let same = |old: &Progress| {
                (old.phase, &old.model, old.window) == (p.phase, &p.model, p.window)
            };
            news.retain(|old| !same(old));
            news.push(p.clone());
        };
        Control {
            cancel: self.cancel.clone(),
            progress: self.watched.then(|| Arc::new(collect) as ProgressFn),
            threads: options.threads,
            memory_limit: options.memory_limit_bytes,
        }
    }
}

thread_local! {
    /// The flags of the runs that this JavaScript thread began; none before the first run.
    static BEGUN: RefCell<Option<Vec<Weak<AtomicBool>>>> = const { RefCell::new(None) };
}

/// Cancels the run when the JavaScript thread that began it ends, because nothing waits for it then.
fn cancel_at_end(env: &Env, cancel: &Arc<AtomicBool>) -> Result<()> {
    let first = BEGUN.with_borrow(Option::is_none);
    if first {
        env.add_env_cleanup_hook((), |()| {
            let begun = BEGUN.take().unwrap_or_default();
            let running = begun.iter().filter_map(Weak::upgrade);
            running.for_each(|cancel| cancel.store(true, Ordering::Relaxed));
        })?;
    }
    BEGUN.with_borrow_mut(|begun| {
        let begun = begun.get_or_insert_default();
        begun.retain(|flag| flag.strong_count() > 0);
        begun.push(Arc::downgrade(cancel));
    });
    Ok(())
}

/// Runs short work on the JavaScript thread. A panic becomes an error.
pub(crate) fn here<T>(work: impl FnOnce() -> engine::Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(error::to_napi),
        Err(panic) => Err(error::from_panic(panic.as_ref())),
    }
}

/// Runs work on a new thread and returns the promise of its result.
pub(crate) fn spawn<T, W>(env: &Env, work: W) -> Result<Object<'_>>
where
    T: ToNapiValue + Send + 'static,
    W: FnOnce() -> engine::Result<T> + Send + 'static,
{
    let (deferred, promise) = env.create_deferred()?;
    thread::Builder::new()
        .name("neural-trader".into())
        .spawn(move || match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(value)) => deferred.resolve(move |_| Ok(value)),
            Ok(Err(e)) => deferred.reject(error::to_napi(e)),
            Err(panic) => deferred.reject(error::from_panic(panic.as_ref())),
        })
        .map_err(|e| Error::from_reason(format!("cannot start a thread: {e}")))?;
    Ok(promise)
}
