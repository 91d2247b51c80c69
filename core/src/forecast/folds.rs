//! Folds of cross-validation, several at a time, each on threads of its own.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
#[cfg(feature = "parallel")]
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(feature = "parallel")]
use std::sync::mpsc;
#[cfg(feature = "parallel")]
use std::time::Duration;

use crate::Result;
use crate::control::{Control, Progress};
#[cfg(feature = "parallel")]
use crate::{Error, ErrorCode};

/// How long a request to cancel may wait until the folds are told.
#[cfg(feature = "parallel")]
const PATIENCE: Duration = Duration::from_millis(20);

/// How many folds are computed at a time, and with what.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtOnce {
    #[cfg_attr(not(feature = "parallel"), expect(dead_code, reason = "without threads it is one"))]
    pub(super) folds: usize,
    /// Threads of each.
    pub(super) threads: usize,
    /// The memory limit of each, if there is one.
    pub(super) memory: Option<usize>,
}

impl AtOnce {
    fn control(self, all: &Control, cancel: &Arc<AtomicBool>, window: usize) -> Control {
        let of_fold = move |progress: &Progress| Progress {
            phase: "cv",
            window: Some(window + 1),
            ..progress.clone()
        };
        all.part(cancel, [Some(self.threads), self.memory], of_fold)
    }
}

/// The results of `fold` for each item, in order. The first error ends the other folds. The window of each item is told with
/// the progress.
#[cfg(feature = "parallel")]
pub(super) fn each<T: Sync, R: Send>(
    items: &[T],
    at_once: AtOnce,
    control: &Control,
    window: impl Fn(&T) -> usize + Sync,
    fold: impl Fn(&T, &Control) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let cancel = Arc::new(AtomicBool::new(false));
    let next = AtomicUsize::new(0);
    let (tell, told) = mpsc::channel();
    let work = |tell: mpsc::Sender<(usize, Result<R>)>| {
        while let Some((i, item)) = {
            let i = next.fetch_add(1, Ordering::Relaxed);
            items.get(i).map(|item| (i, item))
        } {
            let control = at_once.control(control, &cancel, window(item));
            let result = control.watched(|| fold(item, &control));
            if tell.send((i, result)).is_err() {
                break;
            }
        }
    };
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let mut failed = None;
    std::thread::scope(|scope| {
        for _ in 0..at_once.folds.min(items.len()) {
            let (tell, work) = (tell.clone(), &work);
            let thread = std::thread::Builder::new().name("neuro-divergent-fold".into());
            if let Err(e) = thread.spawn_scoped(scope, move || work(tell)) {
                let message = format!("cannot start a thread: {e}; set fewer threads");
                failed.get_or_insert(Error::new(ErrorCode::Internal, message));
                cancel.store(true, Ordering::Relaxed);
            }
        }
        drop(tell);
        loop {
            match told.recv_timeout(PATIENCE) {
                Ok((i, Ok(result))) => results[i] = Some(result),
                Ok((_, Err(e))) => {
                    failed.get_or_insert(e);
                    cancel.store(true, Ordering::Relaxed);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    if control.cancel.load(Ordering::Relaxed) {
                        cancel.store(true, Ordering::Relaxed);
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    match failed {
        Some(e) => Err(e),
        None => Ok(results.into_iter().flatten().collect()),
    }
}

/// The results of `fold` for each item, one after the other.
#[cfg(not(feature = "parallel"))]
pub(super) fn each<T, R>(
    items: &[T],
    at_once: AtOnce,
    control: &Control,
    window: impl Fn(&T) -> usize,
    fold: impl Fn(&T, &Control) -> Result<R>,
) -> Result<Vec<R>> {
    let of_item = |item| fold(item, &at_once.control(control, &control.cancel, window(item)));
    items.iter().map(of_item).collect()
}

#[cfg(all(test, feature = "parallel"))]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::interrupt::look;
    use crate::{Error, ErrorCode};

    const TWO: AtOnce = AtOnce { folds: 2, threads: 1, memory: None };

    #[test]
    fn results_are_in_order_and_progress_names_the_window() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let progress = {
            let told = told.clone();
            move |p: &Progress| told.lock().unwrap().push((p.phase, p.window))
        };
        let control = Control { progress: Some(Arc::new(progress)), ..Control::default() };
        let fold = |i: &usize, control: &Control| {
            control.tell(|| Progress::done("fit", "NHITS"));
            Ok(i * i)
        };
        let squares = each(&[3, 1, 2], TWO, &control, |i| *i, fold).unwrap();
        assert_eq!(squares, [9, 1, 4]);
        let mut told = told.lock().unwrap().clone();
        told.sort_unstable();
        assert_eq!(told, [2, 3, 4].map(|window| ("cv", Some(window))));
    }

    #[test]
    fn an_error_ends_the_other_folds_and_so_does_the_caller() {
        let waits = |_: &usize, _: &Control| -> Result<()> {
            loop {
                look();
            }
        };
        let control = Control::default();
        let fold = |i: &usize, control: &Control| match i {
            0 => waits(i, control),
            _ => Err(Error::new(ErrorCode::Diverged, "it diverged")),
        };
        let error = each(&[0, 1], TWO, &control, |i| *i, fold).unwrap_err();
        assert_eq!(error.code, ErrorCode::Diverged);
        assert!(!control.cancel.load(Ordering::Relaxed), "the caller has cancelled nothing");

        let aborted = std::thread::scope(|scope| {
            scope.spawn(|| control.cancel.store(true, Ordering::Relaxed));
            each(&[0, 1, 2], TWO, &control, |i| *i, waits).unwrap_err()
        });
        assert_eq!(aborted.code, ErrorCode::Aborted);
    }
}
