//! A training step: shards in parallel, each with its own tape; their gradients are added along a fixed binary tree.
//!
//! The shards depend only on the model and the number of windows, and sums always follow the same tree. So results are
//! bit-identical for any number of threads.

use std::ops::Range;
use std::sync::Mutex;

use super::shards::{LEAVES, shard, shard_count};
use crate::batch::{BatchBuilder, Drawn, Lens, Source, rows};
use crate::infer::{SHARD, Worker, Workers};
use crate::models::{Instance, Precision};
use crate::objective::{Asked, Compared, Place, Target, Totals};
use crate::rng::{Key, Stream};
use crate::runtime;
use crate::tape::{Compute, Tape, Update, Var};

/// Tapes and gradient buffers, kept for the next step.
#[derive(Default)]
pub(crate) struct Runner {
    pub(super) workers: Workers,
    buffers: Mutex<Vec<Vec<f32>>>,
}

/// Loss and gradients of some shards.
struct Partial {
    loss: f64,
    grads: Vec<f32>,
    updates: Vec<Update>,
}

/// The results of a step other than its gradients.
#[derive(Default)]
pub(crate) struct Stepped {
    pub(crate) loss: f64,
    /// Updates of running batch statistics.
    pub(crate) updates: Vec<Update>,
}

/// One training step, as all shards see it.
struct Step<'a> {
    model: &'a Instance,
    source: &'a Source<'a>,
    drawn: &'a [Drawn],
    lens: [usize; 2],
    totals: Totals,
    random: Key,
    /// The factor of the loss before the backward pass.
    scale: f32,
}

impl Step<'_> {
    /// The compute settings of the kernels: with a single shard, all threads share its kernels.
    fn compute(&self, shards: usize) -> Compute {
        let rounds = self.model.common.precision == Precision::Bf16;
        Compute { shared: shards == 1, rounds }
    }
}

impl Runner {
    /// Bytes of activations and their gradients.
    pub(crate) fn values_memory(&self) -> usize {
        self.workers.memory()
    }

    /// Computes the loss of the windows and writes its gradients, times `scale`, to `grads`. `random` is the batch's key, of
    /// any stream.
    pub(crate) fn step(
        &self,
        model: &Instance,
        source: &Source<'_>,
        drawn: &[Drawn],
        random: Key,
        scale: f32,
        grads: &mut Vec<f32>,
    ) -> Stepped {
        let horizon = model.recurrence().map_or(model.common.h, |r| r.h_train);
        let lens = [model.input_size(), horizon];
        let totals = self.totals(model, source, drawn, lens);
        if model.loss.factors(&totals).all().iter().all(|f| *f == [0.0; 2]) {
            grads.fill(0.0);
            return Stepped::default(); // as upstream: the mean of an empty batch is 0
        }
        let step = Step { model, source, drawn, lens, totals, random, scale };
        let shards = shard_count(drawn.len() / model.series, model);
        let leaves = shards.min(LEAVES);
        let partial = self.tree(&step, 0..leaves, leaves, shards);
        let old = std::mem::replace(grads, partial.grads);
        lock(&self.buffers).push(old);
        let loss = model.loss.finish(partial.loss, &step.totals, grads);
        Stepped { loss, updates: partial.updates }
    }

    /// The divisors of the loss, known before any forward pass.
    fn totals(
        &self,
        model: &Instance,
        source: &Source<'_>,
        drawn: &[Drawn],
        lens: [usize; 2],
    ) -> Totals {
        if let Some(totals) = source.quick_totals(&model.loss, drawn, lens) {
            return totals;
        }
        let mut totals = Totals::default();
        for windows in drawn.chunks(SHARD.next_multiple_of(model.series)) {
            totals += &self
                .workers
                .with_worker(|worker| worker.batch.totals(model, source, windows, lens));
        }
        totals
    }

    /// Sums the leaves `range` of the tree: computes both halves in parallel and adds them.
    fn tree(&self, step: &Step<'_>, range: Range<usize>, leaves: usize, shards: usize) -> Partial {
        if range.len() == 1 {
            let of = |leaf: usize| leaf * shards / leaves;
            return self.leaf(step, of(range.start)..of(range.end), shards);
        }
        let middle = range.start + range.len() / 2;
        let (mut left, right) = runtime::join(
            || self.tree(step, range.start..middle, leaves, shards),
            || self.tree(step, middle..range.end, leaves, shards),
        );
        left.loss += right.loss;
        left.updates.extend(right.updates);
        crate::kernels::elementwise::add_assign(&mut left.grads, &right.grads);
        lock(&self.buffers).push(right.grads);
        left
    }

    fn leaf(&self, step: &Step<'_>, some: Range<usize>, shards: usize) -> Partial {
        let mut grads = lock(&self.buffers).pop().unwrap_or_default();
        let mut begun = false;
        let (mut loss, mut updates, series) = (0.0, Vec::new(), step.model.series);
        for i in some {
            let range = shard(step.drawn.len() / series, i, shards);
            let (first, count) = (range.start, range.len());
            let windows = &step.drawn[range.start * series..range.end * series];
            self.workers.with_worker(|worker| {
                worker.batch.fill(step.model, &step.model.loss, step.source, windows, step.lens);
                let dropout = step.random.of(Stream::Dropout);
                worker.tape.set_compute(step.compute(shards));
                worker.tape.store_in(step.model.common.precision.half());
                worker.tape.reset(&step.model.values, Some(dropout));
                worker.tape.set_rows(first, count);
                loss += train_shard(step, worker, first, &mut grads, begun);
                updates.extend(worker.tape.take_updates());
                worker.tape.release();
            });
            begun = true;
        }
        assert!(
            updates.is_empty() || shards == 1,
            "batch statistics need the whole batch in one shard"
        );
        Partial { loss, grads, updates }
    }
}

/// Loss of a shard that starts at window `first` of the batch. `begun` says whether `grads` holds gradients to add to.
fn train_shard(
    step: &Step<'_>,
    worker: &mut Worker,
    first: usize,
    grads: &mut Vec<f32>,
    begun: bool,
) -> f64 {
    let Worker { tape, batch, .. } = worker;
    let loss = record_loss(step.model, batch, tape, &step.totals, step.random, first);
    match begun {
        true => tape.backward_from(loss, step.scale, grads),
        false => tape.backward_over(loss, step.scale, step.model.trained, grads),
    }
    let value = loss.data()[0];
    f64::from(value)
}

/// Records the forward pass of the gathered windows, which start at window `first` of the batch, and their share of the
/// loss.
pub(super) fn record_loss<'t>(
    model: &Instance,
    g: &mut BatchBuilder,
    tape: &'t Tape,
    totals: &Totals,
    random: Key,
    first: usize,
) -> Var<'t> {
    let Lens { windows, series, horizon, .. } = g.lens();
    let batch = g.whole_batch(tape);
    tape.set_counts(tape.input([windows], |to| {
        to.iter_mut().zip(g.counts.iter().step_by(series)).for_each(|(to, count)| *to = *count);
    }));
    let output = model.forward(&batch);
    let output = if output.dim(1) > horizon { output.last(1, horizon) } else { output };
    let asked = Asked::Drawn(random.of(Stream::Quantiles));
    let place = Place { row: first * series, step: 0, horizon };
    let mapped = model.head.forward(rows(output, series, &model.loss), asked, place);
    let y = tape.swap_in([windows, series, horizon], &mut g.target);
    let weights = tape.swap_in([windows, series, horizon], &mut g.weights);
    let counts = tape.swap_in([windows, series], &mut g.counts);
    let affine = (model.loss.target() == Target::Original).then(|| {
        tape.input([windows, series, 2], |to| {
            debug_assert_eq!(to.len(), 2 * g.statistics.len(), "one scaling per window");
            for (to, s) in to.chunks_exact_mut(2).zip(&g.statistics) {
                to.copy_from_slice(&model.scaling(*s).affine().map(|v| v as f32));
            }
        })
    });
    let with = Compared { y, weights, counts, affine, drawn: mapped.drawn };
    mapped.forecast.loss(&model.loss, with, totals)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no panic while it is held")
}
