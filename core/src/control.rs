//! Control of a run in progress: cancellation, progress, threads and memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::memory::Allowed;
use crate::{Result, interrupt};

/// Called with the progress of a run.
pub type ProgressFn = Arc<dyn Fn(&Progress) + Send + Sync>;

/// How a caller watches and stops a run.
#[derive(Default)]
pub struct Control {
    /// Set it to `true` to cancel the run, even in the middle of a step.
    pub cancel: Arc<AtomicBool>,
    /// Called with the progress of every step.
    pub progress: Option<ProgressFn>,
    /// Limit of the memory of this run, in bytes. `None`: what the machine has available.
    pub memory_limit: Option<usize>,
    /// Number of threads of this run. `None`: the default of [`runtime::set_threads`](crate::runtime::set_threads). Results
    /// do not depend on it.
    pub threads: Option<usize>,
}

impl Control {
    /// Returns an error once the caller has cancelled the run.
    pub fn check(&self) -> Result<()> {
        match self.cancel.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(interrupt::cancelled()),
        }
    }

    /// Runs `work` on this thread, which polls the cancellation flag. An interruption is returned as an error.
    pub(crate) fn watched<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check()?;
        interrupt::watched(&self.cancel, work)
    }

    /// The control of a part of this run: with a flag, a number of threads and a memory limit of its own, and told `progress`.
    pub(crate) fn part(
        &self,
        cancel: &Arc<AtomicBool>,
        [threads, memory_limit]: [Option<usize>; 2],
        progress: impl Fn(&Progress) -> Progress + Send + Sync + 'static,
    ) -> Self {
        let told = self.progress.clone().map(|all| -> ProgressFn {
            Arc::new(move |of_part: &Progress| all(&progress(of_part)))
        });
        Self { cancel: cancel.clone(), progress: told, memory_limit, threads }
    }

    /// The memory that this run may use.
    pub(crate) fn allowed(&self) -> Allowed {
        Allowed::new(self.memory_limit)
    }

    pub(crate) fn tell(&self, progress: impl FnOnce() -> Progress) {
        if let Some(f) = &self.progress {
            f(&progress());
        }
    }
}

/// The progress of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// `fit`, `validate`, `predict` or `cv`.
    pub phase: &'static str,
    /// Name of the current model.
    pub model: String,
    /// Steps done.
    pub step: usize,
    /// Total number of steps.
    pub max_steps: usize,
    /// In cross-validation, the first forecast of each series that this training is for, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
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
    /// Estimated milliseconds to the end, at the speed so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_ms: Option<f64>,
}

impl Progress {
    /// The progress of a finished run without steps of its own: step 1 of 1.
    pub(crate) fn done(phase: &'static str, model: &str) -> Self {
        Self {
            phase,
            model: model.into(),
            step: 1,
            max_steps: 1,
            window: None,
            train_loss: None,
            val_loss: None,
            lr: None,
            windows_per_sec: None,
            eta_ms: None,
        }
    }
}
