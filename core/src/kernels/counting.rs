//! Counts the multiply-adds of matrix products, for benchmarks: only with the feature `counting`.

#[cfg(feature = "counting")]
static DONE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Multiply-adds of all matrix products of this process so far.
#[cfg(feature = "counting")]
pub fn multiply_adds() -> u64 {
    DONE.load(std::sync::atomic::Ordering::Relaxed)
}

/// Notes a product of `m × k` by `k × n`.
#[inline(always)]
pub(super) fn count(_m: usize, _k: usize, _n: usize) {
    #[cfg(feature = "counting")]
    DONE.fetch_add((_m * _k * _n) as u64, std::sync::atomic::Ordering::Relaxed);
}
