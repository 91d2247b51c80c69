//! The runtime of a build without the feature `parallel`: all work runs on the calling thread, in order.

use crate::{Error, Result, interrupt};

/// Checks a requested number of threads: only 1 is possible.
pub(crate) fn checked(threads: usize) -> Result<usize> {
    match threads {
        1 => Ok(threads),
        _ => Err(Error::option("threads", "1: this build has one thread", threads)),
    }
}

/// Sets the default number of threads of a run, which can only be 1.
pub fn set_threads(threads: usize) -> Result<()> {
    checked(threads).map(drop)
}

/// The default number of threads of a run: 1.
pub fn threads() -> usize {
    1
}

/// A pool without threads: work runs on the caller's.
#[derive(Clone)]
pub(crate) struct Pool;

impl Pool {
    pub(crate) fn new(threads: usize) -> Result<Self> {
        checked(threads).map(|_| Self)
    }

    pub(crate) fn threads(&self) -> usize {
        1
    }

    /// Runs `work`.
    pub(crate) fn install<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }
}

/// Runs both.
pub(crate) fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
    (a(), b())
}

/// The results of all items, in order.
pub(crate) fn map<T, R>(items: Vec<T>, f: impl Fn(T) -> R) -> Vec<R> {
    items.into_iter().map(f).collect()
}

/// The index of this thread in its pool: there is none.
pub(crate) fn thread() -> Option<usize> {
    None
}

/// Runs `work`, which polls the flag of this thread. An interruption is returned as an error.
pub(crate) fn run<T>(threads: Option<usize>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    threads.map_or(Ok(1), checked)?;
    interrupt::caught(work)
}
