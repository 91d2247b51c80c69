//! How the windows of a forecast are cut into shards: by the model, never by the number of threads.

/// Rows per shard, so that a shard's activations stay in the cache of a core.
pub(crate) const SHARD: usize = 64;
/// Windows per shard at least: what a multivariate model does with one may be no more than with a row.
const WINDOWS: usize = 8;
/// Shards that are forecast at once, so that memory does not grow with the number of windows.
pub(crate) const AT_ONCE: usize = 32;

/// Windows in about `rows` rows, of which a window has one for each series that it spans.
pub(crate) fn windows_in(rows: usize, series: usize) -> usize {
    (rows / series).max(WINDOWS)
}
