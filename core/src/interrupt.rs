//! Interruption: how long-running work is stopped before its end.
//!
//! The threads of a run poll its cancellation flag ([`watched`]). Shards, operations and the loops of large kernels check
//! it with [`look`], and unwind once it is set. [`caught`] turns the unwinding into an error at the bottom of the stack of
//! the run; unfinished results are dropped. A failed allocation ([`crate::memory`]) ends a run in the same way.
//!
//! The flag is in a thread-local variable on purpose. It belongs to one run, whose threads work for no other, and it
//! changes no result. As an argument, it would be a parameter of every function between a run and a kernel, down to
//! allocation ([`crate::memory::list`]), and a loop that did not pass it on could not be stopped.
//!
//! With `panic = "abort"` nothing unwinds: a run then stops only at the end of its step.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;

use crate::{Error, ErrorCode, Result, memory};

/// Why a run ends early.
pub(crate) enum Interrupt {
    /// The caller has cancelled it.
    Cancelled,
    /// An allocation of this many bytes failed.
    OutOfMemory(usize),
    /// A model is declared with more weight tensors than are allowed.
    TooManyParameters,
    #[cfg(feature = "llm")]
    /// What no check before the run could know.
    Failed(Error),
}

/// The flag that a group of threads polls; it changes with the run that they work for.
#[derive(Default)]
pub(crate) struct Watch(ArcSwapOption<AtomicBool>);

impl Watch {
    /// Replaces the flag; with `None` there is none to poll.
    pub(crate) fn set(&self, flag: Option<Arc<AtomicBool>>) {
        self.0.store(flag);
    }
}

thread_local! {
    static WATCH: RefCell<Option<Arc<Watch>>> = const { RefCell::new(None) };
}

/// Makes this thread poll the flag of `watch`; returns the previous one.
pub(crate) fn look_at(watch: Option<Arc<Watch>>) -> Option<Arc<Watch>> {
    WATCH.replace(watch)
}

/// The flag that this thread polls.
#[cfg(feature = "parallel")]
pub(crate) fn flag() -> Option<Arc<AtomicBool>> {
    WATCH.with_borrow(|watch| watch.as_ref().and_then(|watch| watch.0.load_full()))
}

/// Runs `work` while this thread polls `flag`. An interruption is returned as an error.
pub(crate) fn watched<T>(flag: &Arc<AtomicBool>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let watch = Watch::default();
    watch.set(Some(flag.clone()));
    let before = look_at(Some(Arc::new(watch)));
    let result = caught(work);
    look_at(before);
    result
}

/// Whether this thread's run is cancelled.
pub(crate) fn requested() -> bool {
    let is_set = |flag: &Arc<AtomicBool>| flag.load(Ordering::Relaxed);
    WATCH.with_borrow(|watch| {
        watch.as_ref().is_some_and(|watch| watch.0.load().as_ref().is_some_and(is_set))
    })
}

/// Unwinds if this thread's run is cancelled.
#[inline]
pub(crate) fn look() {
    if requested() {
        unwind(Interrupt::Cancelled);
    }
}

/// Unwinds without printing the message of a panic.
#[cold]
fn unwind(why: Interrupt) {
    if cfg!(panic = "unwind") {
        resume_unwind(Box::new(why));
    }
}

/// Ends the run because this many bytes cannot be allocated.
#[cold]
pub(crate) fn out_of_memory(bytes: usize) -> ! {
    unwind(Interrupt::OutOfMemory(bytes));
    panic!("no room for {bytes} bytes");
}

/// Ends the declaration of a model with too many weight tensors.
#[cold]
pub(crate) fn too_many() -> ! {
    unwind(Interrupt::TooManyParameters);
    panic!("a model of too many parameters");
}

/// Ends the run with an error that only the data of a step can show.
#[cfg(feature = "llm")]
#[cold]
pub(crate) fn failed(error: Error) -> ! {
    let message = error.message.clone();
    unwind(Interrupt::Failed(error));
    panic!("{message}");
}

/// The result of `work`, or the error of the interruption that ended it. Any other panic is resumed.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => match panic.downcast::<Interrupt>() {
            Ok(why) => Err(why.error()),
            Err(panic) => resume_unwind(panic),
        },
    }
}

/// The error of a cancelled run.
pub(crate) fn cancelled() -> Error {
    let message = "the run was cancelled; the forecaster is as it was before";
    Error::new(ErrorCode::Aborted, message)
}

impl Interrupt {
    fn error(self) -> Error {
        match self {
            Self::Cancelled => cancelled(),
            #[cfg(feature = "llm")]
            Self::Failed(error) => error,
            Self::OutOfMemory(bytes) => memory::refused(bytes),
            Self::TooManyParameters => {
                let message = "the options give a model with more than 100000 weight tensors; \
                               give it fewer layers or blocks";
                Error::new(ErrorCode::InvalidOption, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_run_unwinds_to_where_it_was_caught() {
        let flag = Arc::new(AtomicBool::new(false));
        let run = || {
            watched(&flag, || {
                look();
                flag.store(true, Ordering::Relaxed);
                look();
                Ok("went on")
            })
        };
        assert_eq!(run().unwrap_err().code, ErrorCode::Aborted);
        look(); // outside the run nothing is interrupted
        flag.store(false, Ordering::Relaxed);
        assert_eq!(watched(&flag, || Ok(1)).unwrap(), 1);
    }

    #[test]
    fn a_fault_is_no_interruption() {
        let fault =
            catch_unwind(|| caught(|| -> Result<()> { resume_unwind(Box::new("a fault")) }));
        assert_eq!(*fault.unwrap_err().downcast::<&str>().unwrap(), "a fault");
    }

    #[test]
    fn memory_that_is_not_to_be_had_is_an_error_with_its_size() {
        let e = caught(|| -> Result<()> { out_of_memory(1 << 40) }).unwrap_err();
        assert_eq!((e.code, e.details.expected), (ErrorCode::MemoryLimit, None));
        assert_eq!(e.details.actual, Some((1_u64 << 40).into()));
    }
}
