//! The thread pool: one for the process, made when it is first needed.

use std::sync::{Arc, Mutex, OnceLock};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, ErrorCode, Result};

/// The shared pool, and the number of threads that was asked for.
fn shared() -> &'static Mutex<(Option<Arc<ThreadPool>>, Option<usize>)> {
    static SHARED: OnceLock<Mutex<(Option<Arc<ThreadPool>>, Option<usize>)>> = OnceLock::new();
    SHARED.get_or_init(Mutex::default)
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

fn available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Sets the number of threads of the shared pool; the processor's by default. Runs under way keep theirs.
pub fn set_threads(threads: usize) -> Result<()> {
    if !(1..=1024).contains(&threads) {
        return Err(Error::option("threads", "a whole number from 1 to 1024", threads));
    }
    let pool = build(threads)?;
    *shared().lock().expect("no panic while it is held") = (Some(pool), Some(threads));
    Ok(())
}

/// The number of threads of the shared pool.
pub fn threads() -> usize {
    shared().lock().expect("no panic while it is held").1.unwrap_or_else(available)
}

/// The shared pool, or one of `threads` for a single run.
pub(crate) fn pool(threads: Option<usize>) -> Result<Arc<ThreadPool>> {
    match threads {
        Some(n) if !(1..=1024).contains(&n) => {
            Err(Error::option("threads", "a whole number from 1 to 1024", n))
        }
        Some(n) => build(n),
        None => {
            let mut shared = shared().lock().expect("no panic while it is held");
            if shared.0.is_none() {
                shared.0 = Some(build(available())?);
            }
            Ok(shared.0.clone().expect("just made"))
        }
    }
}
