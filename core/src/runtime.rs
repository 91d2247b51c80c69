//! Threads: each run has its own pool while it lasts. Concurrent runs share the processor as the system schedules their
//! threads, and no run waits for the steps of another.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::interrupt::{self, Watch};
use crate::{Error, ErrorCode, Result};

/// Up to this many concurrent runs have as many threads as requested; with more, the later ones have fewer.
const FULL: usize = 8;
/// Idle teams kept for later runs.
const KEPT: usize = 2;

/// State shared by all runs.
struct Shared {
    /// Default number of threads of a run, as set by the user.
    threads: Option<usize>,
    /// Number of concurrent runs.
    running: usize,
    /// Teams without a run, longest idle first.
    idle: Vec<Team>,
}

fn shared() -> MutexGuard<'static, Shared> {
    static SHARED: Mutex<Shared> =
        Mutex::new(Shared { threads: None, running: 0, idle: Vec::new() });
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread pool that works for one run at a time and polls its cancellation flag.
#[derive(Clone)]
struct Team {
    threads: Arc<ThreadPool>,
    watch: Arc<Watch>,
}

impl Team {
    fn new(threads: usize) -> Result<Self> {
        let watch = Arc::<Watch>::default();
        let begin = {
            let watch = watch.clone();
            move |_| drop(interrupt::look_at(Some(watch.clone())))
        };
        Ok(Self { threads: build(builder(threads).start_handler(begin), threads)?, watch })
    }
}

/// A thread pool that polls no cancellation flag.
#[derive(Clone)]
pub(crate) struct Pool(Arc<ThreadPool>);

impl Pool {
    pub(crate) fn new(threads: usize) -> Result<Self> {
        build(builder(threads), threads).map(Self)
    }

    pub(crate) fn threads(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Runs `work` on these threads.
    pub(crate) fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.0.install(work)
    }
}

/// Runs both, in parallel if a thread of the run is free.
pub(crate) fn join<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    rayon::join(a, b)
}

/// The results of all items, in order, computed in parallel.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, f: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    items.into_par_iter().map(f).collect()
}

/// The index of this thread in its pool.
pub(crate) fn thread() -> Option<usize> {
    rayon::current_thread_index()
}

fn builder(threads: usize) -> ThreadPoolBuilder {
    let name = |i| format!("neuro-divergent-{i}");
    ThreadPoolBuilder::new().num_threads(threads).thread_name(name)
}

fn build(builder: ThreadPoolBuilder, threads: usize) -> Result<Arc<ThreadPool>> {
    builder.build().map(Arc::new).map_err(|e| {
        let message = format!("cannot start {threads} threads: {e}; set fewer threads");
        Error::new(ErrorCode::Internal, message)
    })
}

/// Checks a requested number of threads: 1 to 1024.
pub(crate) fn checked(threads: usize) -> Result<usize> {
    match threads {
        1..=1024 => Ok(threads),
        _ => Err(Error::option("threads", "a whole number from 1 to 1024", threads)),
    }
}

/// The number of cores that this process may use. It is cached: the system reads files to determine it.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(crate::cores::usable)
}

/// Sets the default number of threads of a run, from 1 to 1024. Initially it is the number of physical cores that this process
/// may use. Runs in progress keep their threads.
pub fn set_threads(threads: usize) -> Result<()> {
    let threads = checked(threads)?;
    let mut shared = shared();
    shared.threads = Some(threads);
    shared.idle.clear();
    Ok(())
}

/// The default number of threads of a run.
pub fn threads() -> usize {
    shared().threads.unwrap_or_else(cores)
}

/// The number of threads of the last of `running` concurrent runs.
fn fair(threads: usize, running: usize) -> usize {
    (threads * FULL / running.max(FULL)).max(1)
}

/// A team reserved for one run.
struct Lease(Team);

impl Lease {
    fn new(asked: Option<usize>) -> Result<Self> {
        let asked = match asked {
            Some(threads) => checked(threads)?,
            None => threads(),
        };
        let idle = {
            let mut shared = shared();
            shared.running += 1;
            let threads = fair(asked, shared.running);
            match shared.idle.iter().position(|team| team.threads.current_num_threads() == threads)
            {
                Some(i) => Ok(shared.idle.swap_remove(i)),
                None => Err(threads),
            }
        };
        idle.or_else(Team::new).map(Self).inspect_err(|_| shared().running -= 1)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.watch.set(None);
        let mut shared = shared();
        shared.running -= 1;
        shared.idle.push(self.0.clone());
        if shared.idle.len() > KEPT {
            shared.idle.remove(0); // the longest idle
        }
    }
}

/// Runs `work` on its own threads, which poll the same flag as this one; `None` is the default number of threads. An
/// interruption is returned as an error.
pub(crate) fn run<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    let lease = Lease::new(threads)?;
    lease.0.watch.set(interrupt::flag());
    interrupt::caught(|| lease.0.threads.install(work))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn many_runs_at_once_have_fewer_threads_each() {
        assert_eq!([1, 8, 9, 16, 1000].map(|running| fair(16, running)), [16, 16, 14, 8, 1]);
    }

    #[test]
    fn a_run_does_not_wait_for_another() {
        let (tell, told) = mpsc::channel();
        let outer = run(Some(1), move || {
            // With one pool for both, this would deadlock.
            run(Some(1), move || {
                tell.send(7).unwrap();
                Ok(())
            })?;
            Ok(told.recv().unwrap())
        });
        assert_eq!(outer.unwrap(), 7);
    }

    #[test]
    fn all_threads_of_a_run_look_at_its_flag() {
        let flag = Arc::new(AtomicBool::new(false));
        let set = || flag.store(true, Ordering::Relaxed);
        let wait = || loop {
            interrupt::look();
        };
        let result = interrupt::watched(&flag, || {
            run(Some(3), || {
                rayon::join(set, wait);
                Ok(())
            })
        });
        assert_eq!(result.unwrap_err().code, ErrorCode::Aborted);
        assert!(!run(Some(3), || Ok(interrupt::requested())).unwrap());
    }
}
