//! The thread pool: one for the process, made when it is first needed.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, ErrorCode, Result};

/// The pool of runs that do not ask for one of their own.
#[derive(Default)]
struct Shared {
    pool: Option<Arc<ThreadPool>>,
    /// As set by the user.
    threads: Option<usize>,
}

fn shared() -> MutexGuard<'static, Shared> {
    static SHARED: OnceLock<Mutex<Shared>> = OnceLock::new();
    SHARED.get_or_init(Mutex::default).lock().expect("no panic while it is held")
}

fn build(threads: usize) -> Result<Arc<ThreadPool>> {
    let name = |i| format!("neuro-divergent-{i}");
    ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build().map(Arc::new).map_err(
        |e| {
            Error::new(
                ErrorCode::Internal,
                format!("cannot start {threads} threads: {e}; set fewer threads"),
            )
        },
    )
}

/// A number of threads that may be asked for.
pub(crate) fn checked(threads: usize) -> Result<usize> {
    match threads {
        1..=1024 => Ok(threads),
        _ => Err(Error::option("threads", "a whole number from 1 to 1024", threads)),
    }
}

fn available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Sets the number of threads of the shared pool; the processor's by default. Runs under way keep theirs.
pub fn set_threads(threads: usize) -> Result<()> {
    let pool = build(checked(threads)?)?;
    *shared() = Shared { pool: Some(pool), threads: Some(threads) };
    Ok(())
}

/// The number of threads of the shared pool.
pub fn threads() -> usize {
    shared().threads.unwrap_or_else(available)
}

/// The shared pool, or one of `threads` for a single run.
pub(crate) fn pool(threads: Option<usize>) -> Result<Arc<ThreadPool>> {
    match threads {
        Some(n) => build(checked(n)?),
        None => {
            let mut shared = shared();
            match &shared.pool {
                Some(pool) => Ok(pool.clone()),
                None => Ok(shared.pool.insert(build(available())?).clone()),
            }
        }
    }
}
