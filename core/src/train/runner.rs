//! Runs a model over windows: shards in parallel, each with a tape of its own, joined by a fixed binary tree.
//!
//! How windows are cut into shards depends on the model and their number only, and sums are added along the same tree
//! whatever thread computes them, so results are the same bytes for any number of threads.

use std::ops::Range;
use std::sync::Mutex;

use super::gather::{Gathered, Lens, Source};
use super::sampler::Drawn;
use crate::losses::{Totals, inverse_naive_error};
use crate::models::Instance;
use crate::nn::LstmState;
use crate::rng::Key;
use crate::scalers::Statistics;
use crate::tape::Tape;

/// Windows per shard, so that a shard's activations stay in the cache of a core.
const SHARD: usize = 64;
/// Windows per shard of a model whose gradients do not fit that cache: each shard reads and writes all of them.
const WIDE_SHARD: usize = 160;
/// Parameters from which on shards are wide.
const MANY_PARAMETERS: usize = 1 << 19;
/// Leaves of the tree: each adds its shards into one gradient buffer, one after the other.
const LEAVES: usize = 8;

/// How many shards a step has: an even number, so that two halves of the tree have the same work.
fn shard_count(windows: usize, parameters: usize) -> usize {
    let size = if parameters < MANY_PARAMETERS { SHARD } else { WIDE_SHARD };
    windows.div_ceil(size).next_multiple_of(2).min(windows)
}

/// The windows of shard `i` of `shards`: all have nearly the same number.
fn shard(windows: &[Drawn], i: usize, shards: usize) -> Range<usize> {
    i * windows.len() / shards..(i + 1) * windows.len() / shards
}

/// What a thread works with, reused from shard to shard and step to step.
#[derive(Default)]
struct Worker {
    tape: Tape,
    gathered: Gathered,
}

/// Tapes and gradient buffers, kept for the next step.
#[derive(Default)]
pub(crate) struct Runner {
    workers: Mutex<Vec<Worker>>,
    buffers: Mutex<Vec<Vec<f32>>>,
}

/// Loss and gradients of some shards.
struct Partial {
    loss: f64,
    grads: Vec<f32>,
}

/// One training step, as all shards see it.
struct Step<'a> {
    model: &'a Instance,
    source: &'a Source<'a>,
    drawn: &'a [Drawn],
    lens: [usize; 2],
    totals: Totals,
    dropout: Key,
}

/// What the values of a forecast are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outputs {
    /// One per output of the loss.
    Network,
    /// As upstream's `predict`: where a recurrent model feeds back the mean of its outputs, every output is that mean.
    Forecast,
}

impl Runner {
    /// Bytes held for the next step.
    pub(crate) fn memory(&self) -> usize {
        let tapes: usize = lock(&self.workers).iter().map(|w| w.tape.memory()).sum();
        let buffers: usize =
            lock(&self.buffers).iter().map(|b| b.capacity() * size_of::<f32>()).sum();
        tapes + buffers
    }

    /// Loss of the windows, and its gradients written to `grads`.
    pub(crate) fn step(
        &self,
        model: &Instance,
        source: &Source<'_>,
        drawn: &[Drawn],
        dropout: Key,
        grads: &mut Vec<f32>,
    ) -> f64 {
        let horizon = model.recurrence().map_or(model.train.h, |r| r.h_train);
        let lens = [model.input_size(), horizon];
        let totals = self.totals(model, source, drawn, lens);
        if model.loss.factors(&totals) == [0.0; 2] {
            grads.fill(0.0);
            return 0.0; // upstream: a mean over nothing is 0
        }
        let step = Step { model, source, drawn, lens, totals, dropout };
        let shards = shard_count(drawn.len(), model.values.len());
        let leaves = shards.min(LEAVES);
        let partial = self.tree(&step, 0..leaves, leaves, shards);
        let old = std::mem::replace(grads, partial.grads);
        lock(&self.buffers).push(old);
        model.loss.finish(partial.loss, grads)
    }

    /// What the loss is divided by: known before any forward.
    fn totals(
        &self,
        model: &Instance,
        source: &Source<'_>,
        drawn: &[Drawn],
        lens: [usize; 2],
    ) -> Totals {
        let mut totals = Totals::default();
        for windows in drawn.chunks(SHARD) {
            totals +=
                self.with_worker(|worker| worker.gathered.totals(model, source, windows, lens));
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
        crate::kernels::elementwise::add_assign(&mut left.grads, &right.grads);
        lock(&self.buffers).push(right.grads);
        left
    }

    fn leaf(&self, step: &Step<'_>, some: Range<usize>, shards: usize) -> Partial {
        let mut grads = lock(&self.buffers).pop().unwrap_or_default();
        grads.clear();
        grads.resize(step.model.values.len(), 0.0);
        let mut loss = 0.0;
        for i in some {
            let range = shard(step.drawn, i, shards);
            let (first, windows) = (range.start, &step.drawn[range]);
            self.with_worker(|worker| {
                worker.gathered.fill(step.model, &step.model.loss, step.source, windows, step.lens);
                worker.tape.reset(&step.model.values, Some(step.dropout));
                worker.tape.set_first_row(first);
                loss += train_shard(step, worker, &mut grads);
                worker.tape.release();
            });
        }
        Partial { loss, grads }
    }

    /// Forecasts of the windows, scaled: `[windows, horizon, outputs]`; `visit` gets them shard by shard, in order.
    pub(crate) fn forecast(
        &self,
        model: &Instance,
        source: &Source<'_>,
        drawn: &[Drawn],
        lens: [usize; 2],
        outputs: Outputs,
        mut visit: impl FnMut(&[Drawn], &Forecasted),
    ) {
        use rayon::prelude::*;
        // A few shards at a time, so that memory does not grow with the number of windows.
        for some in drawn.chunks(SHARD * 32) {
            let run = |windows: &[Drawn]| {
                self.with_worker(|worker| {
                    worker.gathered.fill(model, &model.valid_loss, source, windows, lens);
                    let values = decode(model, worker, outputs);
                    worker.tape.release();
                    let g = &worker.gathered;
                    let (statistics, actual) = (g.statistics.clone(), g.actual.clone());
                    let compares = model.valid_loss.seasonality().is_some();
                    let insample_y = if compares { g.insample_y.clone() } else { Vec::new() };
                    let weights = g.weights.clone();
                    Forecasted { values, statistics, actual, weights, insample_y }
                })
            };
            let done: Vec<Forecasted> = some.par_chunks(SHARD).map(run).collect();
            some.chunks(SHARD).zip(&done).for_each(|(windows, f)| visit(windows, f));
        }
    }

    fn with_worker<R>(&self, work: impl FnOnce(&mut Worker) -> R) -> R {
        let mut worker = lock(&self.workers).pop().unwrap_or_default();
        let result = work(&mut worker);
        lock(&self.workers).push(worker);
        result
    }
}

/// Forecasts of one shard, and what is needed to scale and judge them.
pub(crate) struct Forecasted {
    /// Scaled: `[windows, horizon, outputs]`.
    pub(crate) values: Vec<f32>,
    statistics: Vec<Statistics>,
    /// The target over the horizon, and its weights in the validation loss.
    pub(crate) actual: Vec<f64>,
    pub(crate) weights: Vec<f32>,
    /// What the model saw of the target, scaled, where the validation loss compares with it.
    insample_y: Vec<f32>,
}

impl Forecasted {
    /// The values on the scale of the target.
    pub(crate) fn unscaled(&self, model: &Instance) -> Vec<f64> {
        self.on_scale_of_target(model, &self.values)
    }

    /// What the validation loss of these windows is divided by.
    pub(crate) fn totals(&self, model: &Instance, windows: &[Drawn]) -> Totals {
        let mut totals = Totals {
            weight: self.weights.iter().map(|w| f64::from(*w)).sum(),
            windows: windows.iter().map(|d| f64::from(d.count)).sum(),
            size: self.actual.iter().map(|y| y.abs()).sum(),
            ..Totals::default()
        };
        if let Some(seasonality) = model.valid_loss.seasonality() {
            let y = self.on_scale_of_target(model, &self.insample_y);
            let inverse = |y: &[f64]| inverse_naive_error(y, seasonality);
            let each = y.chunks(y.len() / windows.len()).map(inverse).zip(windows);
            totals.inverse_naive_error = each.map(|(i, d)| f64::from(d.count) * i).sum();
        }
        totals
    }

    fn on_scale_of_target(&self, model: &Instance, values: &[f32]) -> Vec<f64> {
        let scaler = model.train.scaler_type;
        let per_window = values.len() / self.statistics.len().max(1);
        let window = |(values, s): (&[f32], &Statistics)| {
            let s = model.unscaling(*s);
            values.iter().map(move |z| scaler.unscale(*z, s)).collect::<Vec<_>>()
        };
        values.chunks(per_window.max(1)).zip(&self.statistics).flat_map(window).collect()
    }

    /// How far the worst point of each window is off, on the scale of training; infinite where a number is not finite.
    pub(crate) fn worst_errors(&self, model: &Instance) -> Vec<f64> {
        let windows = self.statistics.len().max(1);
        let (per_window, horizon) = (self.values.len() / windows, self.actual.len() / windows);
        let outputs = per_window / horizon.max(1);
        let window = |(i, s): (usize, &Statistics)| {
            let error = |j: usize| {
                let at = i * horizon + j / outputs;
                let y = model.train.scaler_type.scale(self.actual[at], *s);
                let error = (f64::from(y) - f64::from(self.values[i * per_window + j])).abs();
                match (self.weights[at] > 0.0, error.is_nan()) {
                    (false, _) => 0.0,
                    (true, true) => f64::INFINITY,
                    (true, false) => error,
                }
            };
            (0..per_window).map(error).fold(0.0, f64::max)
        };
        self.statistics.iter().enumerate().map(window).collect()
    }
}

fn train_shard(step: &Step<'_>, worker: &Worker, grads: &mut Vec<f32>) -> f64 {
    let (tape, g) = (&worker.tape, &worker.gathered);
    let Lens { rows, horizon, seen, .. } = g.lens();
    let batch = g.batch(tape, [0, seen], None, None);
    let forecast = step.model.forward(&batch);
    let forecast = if forecast.dim(1) > horizon { forecast.last(1, horizon) } else { forecast };
    let y = tape.constant([rows, horizon], &g.target);
    let weights = tape.constant([rows, horizon], &g.weights);
    let counts = tape.constant([rows], &g.counts);
    let loss = forecast.loss(&step.model.loss, y, [weights, counts], &step.totals);
    tape.backward(loss, grads);
    let value = loss.data()[0];
    f64::from(value)
}

/// The forecast of everything gathered; recurrent models decode step by step, feeding back the mean of their outputs.
fn decode(model: &Instance, worker: &Worker, outputs: Outputs) -> Vec<f32> {
    let (tape, g) = (&worker.tape, &worker.gathered);
    let Lens { rows, input, horizon, .. } = g.lens();
    let n = model.loss.outputs();
    if model.recurrence().is_none() {
        tape.reset(&model.values, None);
        return model.forward(&g.batch(tape, [0, input], None, None)).data().to_vec();
    }
    let state = LstmState::default();
    let mut forecast = vec![0.0; rows * horizon * n];
    let mut fed_back: Vec<f32> = Vec::new();
    for t in 0..horizon {
        tape.reset(&model.values, None);
        let range = if t == 0 { [0, input] } else { [input + t - 1, input + t] };
        let y = (t > 0).then_some(&fed_back[..]);
        let output = model.forward(&g.batch(tape, range, y, Some(&state))).last(1, 1); // [B, 1, O]
        let output = output.data();
        fed_back = output.chunks_exact(n).map(|o| o.iter().sum::<f32>() / n as f32).collect();
        for (row, (o, mean)) in output.chunks_exact(n).zip(&fed_back).enumerate() {
            let to = &mut forecast[(row * horizon + t) * n..][..n];
            match outputs {
                Outputs::Network => to.copy_from_slice(o),
                Outputs::Forecast => to.fill(*mean),
            }
        }
    }
    forecast
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no panic while it is held")
}
