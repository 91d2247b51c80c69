//! How the windows of a forecast are cut into shards: depends on the model, never on the number of threads.
//!
//! Where the windows of a batch depend on each other ([`Model::couples_windows`]), a shard is one of upstream's batches.
//!
//! [`Model::couples_windows`]: crate::models::Model::couples_windows

use crate::batch::Drawn;
use crate::models::Instance;

/// Rows per shard: its activations stay in a core's cache.
pub(crate) const SHARD: usize = 64;
/// Minimum windows per shard: a window of a multivariate model may take no more work than one row.
const WINDOWS: usize = 8;
/// Shards forecast at once: a limit, so that memory does not grow with the number of windows.
pub(crate) const AT_ONCE: usize = 32;

/// Windows in about `rows` rows; a window has one row per series.
pub(crate) fn windows_in(rows: usize, series: usize) -> usize {
    (rows / series).max(WINDOWS)
}

/// Windows that upstream forecasts at once.
fn windows_at_once(model: &Instance) -> usize {
    usize::try_from(model.common.inference_windows_batch_size).unwrap_or(usize::MAX)
}

/// Cuts the windows of a batch as upstream does, into parts that it forecasts at once.
pub(crate) fn parts<'a>(
    model: &Instance,
    batch: &'a [Drawn],
) -> impl Iterator<Item = &'a [Drawn]> + use<'a> {
    batch.chunks(windows_at_once(model).saturating_mul(model.series))
}

/// Cuts a part of a batch into shards.
pub(super) fn shards_of_part<'a>(
    model: &Instance,
    part: &'a [Drawn],
) -> impl Iterator<Item = &'a [Drawn]> + use<'a> {
    let rows = match model.network.couples_windows() {
        true => part.len().max(1),
        false => windows_in(SHARD, model.series) * model.series,
    };
    part.chunks(rows)
}

/// The shards of windows that are in the order of their series, `series` of which are a batch of upstream's. A window of a
/// multivariate model has all series.
pub(crate) fn shards<'a>(
    model: &Instance,
    windows: &'a [Drawn],
    series: usize,
) -> Vec<&'a [Drawn]> {
    if !model.network.couples_windows() {
        return shards_of_part(model, windows).collect();
    }
    let batch = |d: &Drawn| if model.spec.multivariate { 0 } else { d.window.series / series };
    windows.chunk_by(|a, b| batch(a) == batch(b)).flat_map(|some| parts(model, some)).collect()
}

/// The most windows of a shard, where there are `all`.
pub(super) fn most_windows(model: &Instance, all: usize) -> usize {
    match model.network.couples_windows() {
        true => windows_at_once(model).min(all.max(1)),
        false => windows_in(SHARD, model.series),
    }
}

/// The windows of a shard in a call that forecasts given windows. These are those of so many series at the same time; a window
/// of a multivariate model, which has all series, is forecast on its own.
pub(super) fn windows_in_call(model: &Instance) -> usize {
    match (model.network.couples_windows(), model.spec.multivariate) {
        (false, _) => windows_in(SHARD, model.series),
        (true, true) => 1,
        (true, false) => model.common.series_in_forecast().min(windows_at_once(model)),
    }
}
