//! Runs a model over windows: shards in parallel, each with a tape of its own, joined by a fixed binary tree.
//!
//! How windows are cut into shards depends on the model and their number only, and sums are added along the same tree
//! whatever thread computes them, so results are the same bytes for any number of threads.

use std::ops::Range;
use std::sync::Mutex;

use super::all_series::rows;
use super::forecasted::Forecasted;
use super::gather::{Gathered, Lens, Source};
use super::sampler::Drawn;
use super::shards::{AT_ONCE, LEAVES, SHARD, shard, shard_count, windows_in};
use crate::models::{Instance, Precision};
use crate::nn::RecurrentState;
use crate::objective::{Asked, Compared, Place, Target, Totals};
use crate::rng::{Key, Stream};
use crate::tape::{Compute, Tape, Update, Var};

/// What a thread works with, reused from shard to shard and step to step.
#[derive(Default)]
pub(super) struct Worker {
    pub(super) tape: Tape,
    /// Of the steps after the first, when a model decodes step by step: they look like each other.
    later: Tape,
    pub(super) gathered: Gathered,
}

impl Worker {
    /// Bytes of values between operations and their gradients.
    pub(super) fn memory(&self) -> usize {
        self.tape.memory() + self.later.memory()
    }
}

/// What [`decode`] makes of a shard, in buffers that are used again.
#[derive(Default)]
pub(super) struct Decoded {
    /// The network's numbers, scaled: `[windows, series, horizon, numbers]`.
    pub(super) values: Vec<f32>,
    /// The quantile that each value was drawn at; empty if none was.
    pub(super) drawn: Vec<f32>,
    fed_back: Vec<f32>,
    state: RecurrentState,
}

/// Tapes and gradient buffers, kept for the next step.
#[derive(Default)]
pub(crate) struct Runner {
    /// Each with the thread that used it last, in whose cache it is.
    workers: Mutex<Vec<(Option<usize>, Worker)>>,
    buffers: Mutex<Vec<Vec<f32>>>,
}

/// Loss and gradients of some shards.
struct Partial {
    loss: f64,
    grads: Vec<f32>,
    updates: Vec<Update>,
}

/// What a step makes beside its gradients.
#[derive(Default)]
pub(crate) struct Stepped {
    pub(crate) loss: f64,
    /// What becomes of statistics over batches.
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
    /// What the loss is multiplied with before the way back.
    scale: f32,
}

impl Step<'_> {
    /// What kernels may do: threads that have no shard of their own share the kernels of the only one.
    fn compute(&self, shards: usize) -> Compute {
        let rounds = self.model.common.precision == Precision::Bf16;
        Compute { shared: shards == 1, rounds }
    }
}

/// What a forecast is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// To be judged, by a loss that may draw quantiles. The first window is the `first`-th of all that are judged.
    Validation { first: usize },
    /// As upstream's `predict`: at this quantile, if the loss knows all of them. Where a recurrent model feeds back the mean
    /// of its outputs, every output is that mean. `sorted` puts the quantiles of a step in order.
    Forecast { quantile: f32, sorted: bool },
}

impl Runner {
    /// Bytes held for the next step.
    pub(crate) fn memory(&self) -> usize {
        let of = |b: &Vec<f32>| b.capacity() * size_of::<f32>();
        self.values_memory() + lock(&self.buffers).iter().map(of).sum::<usize>()
    }

    /// Bytes of values between operations and their gradients among those.
    pub(crate) fn values_memory(&self) -> usize {
        lock(&self.workers).iter().map(|(_, w)| w.memory()).sum()
    }

    /// Loss of the windows, and its gradients, times `scale`, written to `grads`. `random` is the key of the batch, of any
    /// stream.
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
            return Stepped::default(); // upstream: a mean over nothing is 0
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

    /// What the loss is divided by: known before any forward.
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
            totals +=
                &self.with_worker(|worker| worker.gathered.totals(model, source, windows, lens));
        }
        totals
    }

    /// Leaves `range` of the tree: halves are computed side by side and added.
    fn tree(&self, step: &Step<'_>, range: Range<usize>, leaves: usize, shards: usize) -> Partial {
        if range.len() == 1 {
            let of = |leaf: usize| leaf * shards / leaves;
            return self.leaf(step, of(range.start)..of(range.end), shards);
        }
        let middle = range.start + range.len() / 2;
        let (mut left, right) = rayon::join(
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
            self.with_worker(|worker| {
                worker.gathered.fill(step.model, &step.model.loss, step.source, windows, step.lens);
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
        assert!(updates.is_empty() || shards == 1, "statistics of a shard are not the batch's");
        Partial { loss, grads, updates }
    }

    /// Forecasts of the windows, scaled: `[windows, series, horizon, outputs]`; `visit` gets them shard by shard, in order.
    pub(crate) fn forecast(
        &self,
        model: &Instance,
        source: &Source<'_>,
        drawn: &[Drawn],
        lens: [usize; 2],
        purpose: Purpose,
        mut visit: impl FnMut(&[Drawn], &Forecasted),
    ) {
        use rayon::prelude::*;
        let shard = windows_in(SHARD, model.series) * model.series;
        for (group, some) in drawn.chunks(shard * AT_ONCE).enumerate() {
            let run = |(i, windows): (usize, &[Drawn])| {
                self.with_worker(|worker| {
                    worker.gathered.fill(model, &model.valid_loss, source, windows, lens);
                    let mut decoded = Decoded::default();
                    decode(model, worker, purpose, (group * AT_ONCE + i) * shard, &mut decoded);
                    worker.tape.release();
                    worker.later.release();
                    let Decoded { values, drawn, .. } = decoded;
                    Forecasted::new(model, windows, &worker.gathered, [values, drawn], purpose)
                })
            };
            let done: Vec<Forecasted> = some.par_chunks(shard).enumerate().map(run).collect();
            some.chunks(shard).zip(&done).for_each(|(windows, f)| visit(windows, f));
        }
    }

    /// Which worker it is does not change the result.
    fn with_worker<R>(&self, work: impl FnOnce(&mut Worker) -> R) -> R {
        let thread = rayon::current_thread_index();
        let taken = {
            let mut workers = lock(&self.workers);
            let own = workers.iter().rposition(|(last, _)| *last == thread);
            own.or(workers.len().checked_sub(1)).map(|at| workers.swap_remove(at).1)
        };
        let mut worker = taken.unwrap_or_default();
        let result = work(&mut worker);
        lock(&self.workers).push((thread, worker));
        result
    }
}

/// Loss of a shard whose first window is the `first` of the batch. `begun` says whether `grads` holds gradients to add to.
fn train_shard(
    step: &Step<'_>,
    worker: &mut Worker,
    first: usize,
    grads: &mut Vec<f32>,
    begun: bool,
) -> f64 {
    let Worker { tape, gathered, .. } = worker;
    let loss = record_loss(step.model, gathered, tape, &step.totals, step.random, first);
    match begun {
        true => tape.backward_from(loss, step.scale, grads),
        false => tape.backward_over(loss, step.scale, grads),
    }
    let value = loss.data()[0];
    f64::from(value)
}

/// Records the forward of what is gathered, whose first window is the `first` of the batch, and its share of the loss.
pub(super) fn record_loss<'t>(
    model: &Instance,
    g: &mut Gathered,
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
    let mapped = model.head.forward(rows(output, series), asked, place);
    let y = tape.swap_in([windows, series, horizon], &mut g.target);
    let weights = tape.swap_in([windows, series, horizon], &mut g.weights);
    let counts = tape.swap_in([windows, series], &mut g.counts);
    let affine = (model.loss.target() == Target::Original).then(|| {
        tape.input([windows, series, 2], |to| {
            for (to, s) in to.chunks_exact_mut(2).zip(&g.statistics) {
                to.copy_from_slice(&model.scaling(*s).affine().map(|v| v as f32));
            }
        })
    });
    let with = Compared { y, weights, counts, affine, drawn: mapped.drawn };
    mapped.forecast.loss(&model.loss, with, totals)
}

/// The forecast of everything gathered, and the quantiles it was drawn at; recurrent models decode step by step, feeding
/// back the mean of their outputs or of the distribution that these stand for. `shard` is the place of the first window among those of the run.
pub(super) fn decode(
    model: &Instance,
    worker: &Worker,
    purpose: Purpose,
    shard: usize,
    to: &mut Decoded,
) {
    let (tape, g) = (&worker.tape, &worker.gathered);
    let Lens { windows, series, input, horizon, .. } = g.lens();
    let n = model.loss.numbers();
    let (asked, row) = match purpose {
        Purpose::Forecast { quantile, .. } => (Asked::Quantile(quantile), shard),
        // Differs from upstream, which draws other quantiles at each check: these are the same, so that checks compare.
        Purpose::Validation { first } => {
            let seed = model.common.random_seed as u64;
            (Asked::Drawn(Key::new(seed, Stream::ValidQuantiles, 0)), first + shard)
        }
    };
    let mapped = |output, step| model.head.forward(output, asked, Place { row, step, horizon });
    to.values.clear();
    to.drawn.clear();
    tape.store_in(None);
    tape.set_compute(Compute::default());
    if model.recurrence().is_none() {
        tape.reset(&model.values, None);
        let output = model.forward(&g.batch(tape, [0, input], None, None));
        let mapped = mapped(rows(output, series), 0);
        to.values.extend_from_slice(&mapped.forecast.data());
        if let Some(drawn) = mapped.drawn {
            to.drawn.extend_from_slice(&drawn.data());
        }
        return;
    }
    let raw = model.loss.keeps_decoded() || matches!(purpose, Purpose::Validation { .. });
    let Decoded { values: forecast, drawn, fed_back, state } = to;
    state.forget();
    forecast.resize(windows * horizon * n, 0.0);
    for t in 0..horizon {
        let tape = if t == 0 { tape } else { &worker.later };
        tape.reset(&model.values, None);
        let range = if t == 0 { [0, input] } else { [input + t - 1, input + t] };
        let y = (t > 0).then_some(&fed_back[..]);
        let output = model.forward(&g.batch(tape, range, y, Some(state))).last(1, 1); // [B, 1, O]
        // Differs from upstream, which validates at other quantiles than it has fed back while it decoded.
        let mapped = mapped(output, t);
        let output = mapped.forecast.data();
        let each = output.chunks_exact(n).zip(&g.statistics);
        fed_back.clear();
        fed_back.extend(each.map(|(o, s)| model.loss.fed_back(o, &model.scaling(*s))));
        for (row, (o, mean)) in output.chunks_exact(n).zip(&*fed_back).enumerate() {
            let to = &mut forecast[(row * horizon + t) * n..][..n];
            if raw { to.copy_from_slice(o) } else { to.fill(*mean) }
        }
        if let Some(own) = mapped.drawn {
            drawn.resize(forecast.len(), 0.0);
            for (row, own) in own.data().chunks_exact(n).enumerate() {
                drawn[(row * horizon + t) * n..][..n].copy_from_slice(own);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no panic while it is held")
}
