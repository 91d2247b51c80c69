//! The memory that forecasting will need, computed from shapes before anything is allocated.
//!
//! A model's forward pass is recorded on a [dry](Tape::dry) tape, which knows the size of every value. The rest follows from
//! the number of threads and windows.

use super::shards::{AT_ONCE, most_windows};
use crate::batch::{BatchBuilder, Lens, rows, seen};
use crate::memory::Needs;
use crate::models::Instance;
use crate::objective::{Asked, Place};
use crate::tape::Tape;

/// What a model holds besides its tapes: [`crate::models::Model::bytes_besides`].
pub(crate) const PROMPTS: &str = "the prompts of the language model";

/// Ratio of a buffer's capacity to its length: see `tape/buffer_pool.rs`.
const ROOM: (usize, usize) = (9, 8);

/// Memory for forecasts of `h` steps for `windows` windows: while they are computed, and for their result of `columns`
/// columns. `observed`: with the values that the model shows of itself.
pub(crate) fn of_forecasts(
    model: &Instance,
    [windows, h]: [usize; 2],
    columns: usize,
    threads: usize,
    observed: bool,
) -> Needs {
    // A direct model forecasts beyond its own horizon in several passes of `h` steps.
    let at_once = if model.recurrence().is_some() { h } else { h.min(model.common.h) };
    let lens = [model.forecast_input_size(), at_once];
    let mut needs = of_observed_shards(model, [windows, threads], lens, observed);
    needs.add(PROMPTS, model.network.bytes_besides(0, windows));
    // Twice: the columns, and a copy while they are sorted or scaled back; plus the time of each row.
    let row = columns.saturating_mul(2 * size_of::<f32>()).saturating_add(2 * size_of::<i64>());
    needs.add("forecasts", windows.saturating_mul(h).saturating_mul(row));
    needs.add("lists of windows", windows.saturating_mul(40));
    needs
}

/// Memory for the shards of `windows` windows that are forecast at once.
pub(crate) fn of_shards(
    model: &Instance,
    [windows, threads]: [usize; 2],
    lens: [usize; 2],
) -> Needs {
    of_observed_shards(model, [windows, threads], lens, false)
}

/// The same; `observed`, with the values that the model shows of itself.
fn of_observed_shards(
    model: &Instance,
    [all, threads]: [usize; 2],
    lens: [usize; 2],
    observed: bool,
) -> Needs {
    let mut needs = Needs::default();
    let windows = most_windows(model, all);
    let workers = threads.min(AT_ONCE);
    // A recurrent model reads its whole input once, then one step at a time.
    let at_once = if model.recurrence().is_some() { [lens[0], 1] } else { lens };
    let values = of_shard(model, at_once, windows, observed);
    needs.add("values between operations", values.saturating_mul(workers));
    let at_once = windows.saturating_mul(workers);
    needs.add(PROMPTS, model.network.bytes_besides(at_once, 0));
    let samples = model.loss.samples();
    let samples = samples.max(model.recurrence().map_or(0, |r| r.trajectory_samples));
    needs.add("samples", samples.saturating_mul(size_of::<f64>()).saturating_mul(workers));
    let rows = windows.saturating_mul(model.series).saturating_mul(lens[1]);
    let numbers = 2 + 3 * model.loss.numbers();
    let bytes = rows.saturating_mul(numbers * size_of::<f64>());
    needs.add("forecasts", bytes.saturating_mul(AT_ONCE));
    needs
}

/// Bytes that one thread holds of a shard.
fn of_shard(model: &Instance, lens: [usize; 2], windows: usize, observed: bool) -> usize {
    let lens = shard_lens(model, lens, windows);
    let (tape, mut batch) = (Tape::dry(), BatchBuilder::blank(lens));
    tape.reset(&model.values, None);
    tape.set_rows(0, windows);
    tape.observe(observed);
    let output = rows(model.forward(&batch.whole_batch(&tape)), model.series, &model.loss);
    let place = Place { row: 0, step: 0, horizon: lens.horizon };
    model.head.forward(output, Asked::Quantile(0.5), place);
    let [values, _] = tape.planned();
    of_tape(values.saturating_mul(size_of::<f32>())).saturating_add(lens.bytes())
}

/// Bytes of a tape whose numbers have this many.
pub(crate) fn of_tape(bytes: usize) -> usize {
    bytes / ROOM.1 * ROOM.0
}

/// The dimensions of a shard of `windows` windows with these lengths of input and horizon.
pub(crate) fn shard_lens(model: &Instance, lens: [usize; 2], windows: usize) -> Lens {
    let streams = &model.streams;
    let [futr, hist, stat] =
        [&streams.futr, &streams.hist, &streams.stat].map(|stream| stream.columns.len());
    Lens {
        windows,
        series: model.series,
        input: lens[0],
        horizon: lens[1],
        seen: seen(model, lens),
        recurrent: model.recurrence().is_some(),
        futr,
        hist,
        stat,
        multivariate: model.spec.multivariate,
    }
}
