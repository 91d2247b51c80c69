//! The one thread of a build without the feature `parallel`: all work is done where it is asked for, in order.

use crate::{Error, Result, interrupt};

/// A number of threads that may be asked for.
pub(crate) fn checked(threads: usize) -> Result<usize> {
    match threads {
        1 => Ok(threads),
        _ => Err(Error::option("threads", "1: this build has one thread", threads)),
    }
}

/// Sets how many threads a run has that does not say so itself: 1.
pub fn set_threads(threads: usize) -> Result<()> {
    checked(threads).map(drop)
}

/// The number of threads of a run that does not say so itself.
pub fn threads() -> usize {
    1
}

/// No threads beside the caller's.
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

/// The results of all items, in their order.
pub(crate) fn map<T, R>(items: Vec<T>, f: impl Fn(T) -> R) -> Vec<R> {
    items.into_iter().map(f).collect()
}

/// The same of chunks of `size` items, each with its number.
pub(crate) fn map_chunks<T, R>(items: &[T], size: usize, f: impl Fn(usize, &[T]) -> R) -> Vec<R> {
    items.chunks(size).enumerate().map(|(i, chunk)| f(i, chunk)).collect()
}

/// The number of this thread among those of its pool.
pub(crate) fn thread() -> Option<usize> {
    None
}

/// Runs `work`, which looks at the flag that this thread looks at; what interrupts it is an error.
pub(crate) fn run<T>(threads: Option<usize>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    threads.map_or(Ok(1), checked)?;
    interrupt::caught(work)
}
