//! What goes in and out of a run while it lasts: cancellation, progress, threads and memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::memory::Allowed;
use crate::{Result, interrupt};

/// Called with the progress of a run.
pub type ProgressFn = Box<dyn Fn(&Progress) + Send + Sync>;

/// How a caller watches and stops a run.
#[derive(Default)]
pub struct Control {
    /// Set to stop, also in the middle of a step.
    pub cancel: Arc<AtomicBool>,
    /// Told about every step.
    pub progress: Option<ProgressFn>,
    /// Bytes that this run may take; what the machine has left when left out.
    pub memory_limit: Option<usize>,
    /// Threads for this run; as many as the processor when left out. Results do not depend on it.
    pub threads: Option<usize>,
}

impl Control {
    /// An error once the caller has cancelled.
    pub fn check(&self) -> Result<()> {
        match self.cancel.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(interrupt::cancelled()),
        }
    }

    /// Runs `work` on this thread, which looks at the flag; what interrupts it is an error.
    pub(crate) fn watched<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check()?;
        interrupt::watched(&self.cancel, work)
    }

    /// How much memory this run may take.
    pub(crate) fn allowed(&self) -> Allowed {
        Allowed::new(self.memory_limit)
    }

    pub(crate) fn tell(&self, progress: impl FnOnce() -> Progress) {
        if let Some(f) = &self.progress {
            f(&progress());
        }
    }
}

/// Where a run is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// `fit`, `validate` or `predict`.
    pub phase: &'static str,
    /// Name of the model at work.
    pub model: String,
    /// Steps done.
    pub step: usize,
    /// Steps in all.
    pub max_steps: usize,
    /// Loss of the last step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// Loss of the last validation check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_loss: Option<f64>,
    /// Learning rate of the last step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    /// Windows trained on per second so far; a window drawn twice counts twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows_per_sec: Option<f64>,
    /// Milliseconds to the end, if the rest goes as fast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_ms: Option<f64>,
}

impl Progress {
    /// One step of one: a run without steps of its own.
    pub(crate) fn done(phase: &'static str, model: &str) -> Self {
        Self {
            phase,
            model: model.into(),
            step: 1,
            max_steps: 1,
            train_loss: None,
            val_loss: None,
            lr: None,
            windows_per_sec: None,
            eta_ms: None,
        }
    }
}
