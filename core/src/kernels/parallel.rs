//! Sharing the rows of a result among threads, for a batch that is a single shard.
//!
//! Rows are computed by themselves, so neither the threads nor the way rows are shared out change the result.

use std::cell::Cell;

thread_local! {
    static SHARES: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f`; kernels that this thread calls meanwhile may share their work with the other threads of its pool.
pub fn shared<T>(f: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            SHARES.set(self.0);
        }
    }
    let _restore = Restore(SHARES.replace(true));
    f()
}

/// Whether kernels may share their work.
pub(super) fn shares() -> bool {
    SHARES.get()
}

/// Calls `f` with runs of rows of `out`, whose `widths` are the numbers in a row of each, and the index of the first row
/// of the run: all at once, or at least `least` rows at a time on any threads. The last row may be cut short.
pub(super) fn in_rows<T: Send, const N: usize>(
    out: [&mut [T]; N],
    widths: [usize; N],
    least: usize,
    f: &(impl Fn(usize, [&mut [T]; N]) + Sync),
) {
    let rows = out.iter().zip(widths).map(|(o, w)| o.len().div_ceil(w.max(1))).max().unwrap_or(0);
    if shares() { halve(out, widths, 0..rows, least, f) } else { f(0, out) }
}

fn halve<T: Send, const N: usize>(
    out: [&mut [T]; N],
    widths: [usize; N],
    rows: std::ops::Range<usize>,
    least: usize,
    f: &(impl Fn(usize, [&mut [T]; N]) + Sync),
) {
    if rows.len() < 2 * least.max(1) {
        return f(rows.start, out);
    }
    let half = rows.len() / 2;
    let middle = rows.start + half;
    let mut left: [&mut [T]; N] = std::array::from_fn(|_| Default::default());
    let mut right: [&mut [T]; N] = std::array::from_fn(|_| Default::default());
    for (i, out) in out.into_iter().enumerate() {
        (left[i], right[i]) = out.split_at_mut(half * widths[i]);
    }
    rayon::join(
        || halve(left, widths, rows.start..middle, least, f),
        || halve(right, widths, middle..rows.end, least, f),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_visited_once_with_its_index() {
        let fill = |first: usize, [a, b]: [&mut [f32]; 2]| {
            for (i, (a, b)) in a.chunks_mut(3).zip(b.chunks_mut(1)).enumerate() {
                a.iter_mut().for_each(|a| *a += (first + i) as f32);
                b[0] += (first + i) as f32;
            }
        };
        for rows in [0, 1, 2, 9, 100] {
            let (mut a, mut b) = (vec![0.0; 3 * rows], vec![0.0; rows]);
            shared(|| in_rows([&mut a, &mut b], [3, 1], 2, &fill));
            assert!(b.iter().enumerate().all(|(i, b)| *b == i as f32), "{rows}: {b:?}");
            assert!(a.iter().enumerate().all(|(i, a)| *a == (i / 3) as f32));
        }
        assert!(!shares());
    }
}
