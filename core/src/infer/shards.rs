//! How the windows of a forecast are cut into shards: depends on the model, never on the number of threads.

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
