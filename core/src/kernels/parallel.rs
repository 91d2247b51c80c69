//! Sharing the rows or columns of a result among threads, for a batch that is a single shard.
//!
//! Each row is computed independently, so neither the number of threads nor the split changes the result.

use super::Compute;
use crate::interrupt::look;

/// Calls `f` with consecutive rows of each `out` and the index of the first of them. `widths` are the lengths of their rows;
/// the last row may be shorter. Where `compute` allows it, threads share the rows in pieces of at least `least`.
pub(super) fn par_rows<T: Send, const N: usize>(
    compute: Compute,
    out: [&mut [T]; N],
    widths: [usize; N],
    least: usize,
    f: &(impl Fn(usize, [&mut [T]; N]) + Sync),
) {
    let rows = out.iter().zip(widths).map(|(o, w)| o.len().div_ceil(w.max(1))).max().unwrap_or(0);
    if compute.shared { split_rows(out, widths, 0..rows, least, f) } else { f(0, out) }
}

fn split_rows<T: Send, const N: usize>(
    out: [&mut [T]; N],
    widths: [usize; N],
    rows: std::ops::Range<usize>,
    least: usize,
    f: &(impl Fn(usize, [&mut [T]; N]) + Sync),
) {
    look();
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
    crate::runtime::join(
        || split_rows(left, widths, rows.start..middle, least, f),
        || split_rows(right, widths, middle..rows.end, least, f),
    );
}

/// The most rows whose columns [`par_columns`] shares.
pub(super) const MOST_LINES: usize = 192;

/// Calls `f` for each `each` columns of `out`, on any thread, with their parts of the rows and the index of the run. Rows have
/// `n` numbers and are `stride` apart.
pub(super) fn par_columns(
    out: &mut [f32],
    [n, stride]: [usize; 2],
    each: usize,
    f: &(impl Fn(usize, &mut [&mut [f32]]) + Sync),
) {
    let mut lines: [&mut [f32]; MOST_LINES] = std::array::from_fn(|_| Default::default());
    let rows = out.len().div_ceil(stride);
    assert!(rows <= MOST_LINES, "columns of {rows} rows are not shared");
    for (line, row) in lines.iter_mut().zip(out.chunks_mut(stride)) {
        *line = &mut row[..n];
    }
    split_columns(&mut lines[..rows], 0..n.div_ceil(each), each, f);
}

fn split_columns(
    lines: &mut [&mut [f32]],
    runs: std::ops::Range<usize>,
    each: usize,
    f: &(impl Fn(usize, &mut [&mut [f32]]) + Sync),
) {
    look();
    if runs.len() < 2 {
        return f(runs.start, lines);
    }
    let half = runs.len() / 2;
    let (rows, middle) = (lines.len(), runs.start + half);
    let mut right: [&mut [f32]; MOST_LINES] = std::array::from_fn(|_| Default::default());
    let mut left: [&mut [f32]; MOST_LINES] = std::array::from_fn(|_| Default::default());
    for (i, line) in lines.iter_mut().enumerate() {
        (left[i], right[i]) = line.split_at_mut(half * each);
    }
    let (left, right) = (&mut left[..rows], &mut right[..rows]);
    crate::runtime::join(
        || split_columns(left, runs.start..middle, each, f),
        || split_columns(right, middle..runs.end, each, f),
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
            let compute = Compute { shared: true, rounds: false };
            par_rows(compute, [&mut a, &mut b], [3, 1], 2, &fill);
            assert!(b.iter().enumerate().all(|(i, b)| *b == i as f32), "{rows}: {b:?}");
            assert!(a.iter().enumerate().all(|(i, a)| *a == (i / 3) as f32));
        }
    }

    #[test]
    fn every_column_of_few_rows_is_visited_once_with_its_index() {
        for [rows, n, stride] in [[1, 1, 1], [3, 70, 75], [MOST_LINES, 64, 64]] {
            let mut out = vec![0.0; (rows - 1) * stride + n];
            par_columns(&mut out, [n, stride], 32, &|run, lines| {
                assert_eq!(lines.len(), rows);
                for (i, line) in lines.iter_mut().enumerate() {
                    line.iter_mut().for_each(|x| *x += (1 + i * 10 + run) as f32);
                }
            });
            for (at, x) in out.iter().enumerate() {
                let (row, column) = (at / stride, at % stride);
                let wanted = if column < n { 1 + row * 10 + column / 32 } else { 0 };
                assert_eq!(*x, wanted as f32, "row {row}, column {column}");
            }
        }
    }
}
