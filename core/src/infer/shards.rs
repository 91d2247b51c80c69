//! How the windows of a forecast are cut into shards: depends on the model, never on the number of threads.
//!
//! Where a forecast depends on the other windows of its batch, a shard is upstream's batch: windows of as many series as
//! `validBatchSize` says, in parts of `inferenceWindowsBatchSize`.

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

/// Series of a batch, and windows of a part of it.
fn batch(model: &Instance) -> [usize; 2] {
    let common = &model.common;
    let part = usize::try_from(common.inference_windows_batch_size).unwrap_or(usize::MAX);
    [common.valid_batch_size.unwrap_or(common.batch_size), part]
}

/// The shards of these windows, in order.
pub(crate) fn shards<'a>(model: &Instance, windows: &'a [Drawn]) -> Vec<&'a [Drawn]> {
    if !model.network.couples_forecasts() {
        return windows.chunks(windows_in(SHARD, model.series) * model.series).collect();
    }
    let [series, part] = batch(model);
    let together = |a: &Drawn, b: &Drawn| a.window.series / series == b.window.series / series;
    windows.chunk_by(together).flat_map(|windows| windows.chunks(part)).collect()
}

/// The most windows of a shard, where there are `all`.
pub(crate) fn most_windows(model: &Instance, all: usize) -> usize {
    match model.network.couples_forecasts() {
        true => batch(model)[1].min(all.max(1)),
        false => windows_in(SHARD, model.series),
    }
}

/// The windows of a shard, where each is the last of its series.
pub(crate) fn windows_of_series(model: &Instance) -> usize {
    let [series, part] = batch(model);
    if model.network.couples_forecasts() { series.min(part) } else { most_windows(model, 0) }
}
