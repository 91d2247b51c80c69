//! Workers: the reusable tapes and batches of each thread, and the distribution of a forecast's shards over threads.

use std::sync::{Mutex, MutexGuard};

use super::decode::{Decoded, Purpose, decode};
use super::shard_forecast::ShardForecast;
use super::shards::{AT_ONCE, shards_of_part};
use crate::batch::{BatchBuilder, Drawn, Source};
use crate::models::Instance;
use crate::runtime;
use crate::tape::Tape;

/// The buffers of a thread, reused from shard to shard and step to step.
#[derive(Default)]
pub(crate) struct Worker {
    pub(crate) tape: Tape,
    /// The tape of all steps after the first when a model decodes step by step: these steps have the same shapes.
    pub(super) later: Tape,
    pub(crate) batch: BatchBuilder,
}

impl Worker {
    /// Bytes of activations and their gradients.
    pub(super) fn memory(&self) -> usize {
        self.tape.memory() + self.later.memory()
    }
}

/// The workers of a forecaster or a training run, kept from run to run.
#[derive(Default)]
pub(crate) struct Workers(
    /// Each with the thread that last used it, as its data may still be in that core's cache.
    Mutex<Vec<(Option<usize>, Worker)>>,
);

impl Workers {
    /// Bytes of activations and their gradients.
    pub(crate) fn memory(&self) -> usize {
        self.lock().iter().map(|(_, w)| w.memory()).sum()
    }

    /// Forecasts the windows of all parts shard by shard: `[windows, series, horizon, outputs]`, scaled. A shard lies within
    /// a part, and is all of it where windows depend on each other. `visit` gets the shards in order, each with the index of its part.
    pub(crate) fn forecast(
        &self,
        model: &Instance,
        source: &Source<'_>,
        parts: &[&[Drawn]],
        lens: [usize; 2],
        purpose: Purpose<'_>,
        mut visit: impl FnMut(usize, &[Drawn], &ShardForecast),
    ) {
        let mut shards: Vec<(usize, usize, &[Drawn])> = Vec::new(); // with the part and the first window
        let mut first = 0;
        for (part, windows) in parts.iter().enumerate() {
            for some in shards_of_part(model, windows) {
                shards.push((part, first, some));
                first += some.len();
            }
        }
        let run = |&(_, first, windows): &(usize, usize, &[Drawn])| {
            self.with_worker(|worker| {
                worker.batch.fill(model, &model.valid_loss, source, windows, lens);
                let mut decoded = Decoded::default();
                decode(model, worker, purpose, first, &mut decoded);
                worker.tape.release();
                worker.later.release();
                ShardForecast::new(model, windows, &worker.batch, decoded, purpose)
            })
        };
        for some in shards.chunks(AT_ONCE) {
            let done = runtime::map(some.iter().collect(), run);
            some.iter().zip(&done).for_each(|((part, _, windows), f)| visit(*part, windows, f));
        }
    }

    /// Any worker gives the same result.
    pub(crate) fn with_worker<R>(&self, work: impl FnOnce(&mut Worker) -> R) -> R {
        let thread = runtime::thread();
        let taken = {
            let mut workers = self.lock();
            let own = workers.iter().rposition(|(last, _)| *last == thread);
            own.or(workers.len().checked_sub(1)).map(|at| workers.swap_remove(at).1)
        };
        let mut worker = taken.unwrap_or_default();
        let result = work(&mut worker);
        self.lock().push((thread, worker));
        result
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Option<usize>, Worker)>> {
        self.0.lock().expect("no panic while it is held")
    }
}
