//! The register tile: the innermost loop of products by vectors.

use super::matmul::Init;
use crate::simd::Simd;

/// A factor as a tile reads it: lane `i` of step `p` is at `i * lane + p * step`.
#[derive(Clone, Copy)]
pub(super) struct Strided<'a> {
    pub(super) data: &'a [f32],
    pub(super) lane: usize,
    pub(super) step: usize,
}

/// The part of `C` that a tile computes, and its initial value.
pub(super) struct Target<'a> {
    pub(super) c: &'a mut [f32],
    pub(super) stride: usize,
    pub(super) cols: usize,
    pub(super) init: Init<'a>,
}

/// Computes a tile of `rows` rows and `N` vectors. Each number of rows is compiled by itself.
#[inline(always)]
pub(super) fn tile_of_rows<S: Simd, const N: usize>(
    s: S,
    rows: usize,
    k: usize,
    a: Strided,
    b: Strided,
    target: Target,
) {
    macro_rules! choose {
        ($($m:literal)*) => {
            match rows {
                $($m if $m <= S::TILE_ROWS[N - 1] => tile::<S, $m, N>(s, k, a, b, target),)*
                _ => unreachable!("a tile of {N} vectors has at most {} rows", S::TILE_ROWS[N - 1]),
            }
        };
    }
    choose!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

/// One register tile: `M` rows and `N` vectors of `C`, over `k` steps. The lanes of `b` are contiguous.
#[inline(always)]
fn tile<S: Simd, const M: usize, const N: usize>(
    s: S,
    k: usize,
    a: Strided,
    b: Strided,
    target: Target,
) {
    let Target { c, stride, cols, init } = target;
    let mut sums = [[s.zero(); N]; M];
    if let Init::Bias(row) = init {
        let mut first = [s.zero(); N];
        unrolled!(j < N {
            first[j] = s.load_at(row, (j * S::LANES).min(cols));
        });
        unrolled!(i < M {
            sums[i] = first;
        });
    }
    if !S::MULTIPLIES_BY_LANE {
        sums = steps(s, k, a, b, sums);
    } else if a.step == 1 {
        sums = steps_of_rows(s, k, a, b, sums);
    } else {
        sums = steps_of_packed(s, k, a, b, sums);
    }
    let old = matches!(init, Init::Accumulate);
    if cols == N * S::LANES {
        unrolled!(i < M {
            let c = &mut c[i * stride..][..N * S::LANES];
            unrolled!(j < N {
                let c = &mut c[j * S::LANES..];
                let sum = if old { s.add(s.load(c), sums[i][j]) } else { sums[i][j] };
                s.store(sum, c);
            });
        });
    } else {
        unrolled!(i < M {
            let c = &mut c[i * stride..][..cols];
            unrolled!(j < N {
                let at = (j * S::LANES).min(cols);
                let sum = if old { s.add(s.load_at(c, at), sums[i][j]) } else { sums[i][j] };
                s.store_at(sum, c, at);
            });
        });
    }
}

/// The vectors of `b` from index `at` on.
///
/// # Safety
/// `b` has `N` vectors from there.
#[inline(always)]
unsafe fn columns<S: Simd, const N: usize>(s: S, b: &[f32], at: usize) -> [S::V; N] {
    let mut columns = [s.zero(); N];
    unrolled!(j < N {
        let at = at + j * S::LANES;
        // SAFETY: the caller promises so many values.
        columns[j] = s.load(unsafe { b.get_unchecked(at..at + S::LANES) });
    });
    columns
}

/// Panics unless `b` has `k` steps of `N` vectors.
#[inline(always)]
fn check_right<S: Simd, const N: usize>(_: S, k: usize, b: Strided) {
    assert!(b.data.len() >= (k - 1) * b.step + N * S::LANES, "steps of the right factor");
}

/// Adds `k` steps. Values of `a` are spread over a vector one by one: a processor does so while it loads them.
#[inline(always)]
fn steps<S: Simd, const M: usize, const N: usize>(
    s: S,
    k: usize,
    a: Strided,
    b: Strided,
    mut sums: [[S::V; N]; M],
) -> [[S::V; N]; M] {
    assert!(
        k > 0 && a.data.len() > (M - 1) * a.lane + (k - 1) * a.step,
        "steps of the left factor"
    );
    check_right::<S, N>(s, k, b);
    let (mut a_at, mut b_at) = (0, 0);
    for _ in 0..k {
        // SAFETY: `b_at` is at most `(k - 1) * b.step`, and `b` was checked above to go on from there.
        let columns: [S::V; N] = unsafe { columns(s, b.data, b_at) };
        unrolled!(i < M {
            // SAFETY: `a_at` is at most `(k - 1) * a.step`; `a` was checked above for the last lane from there.
            let x = s.splat(unsafe { *a.data.get_unchecked(a_at + i * a.lane) });
            unrolled!(j < N {
                sums[i][j] = s.mul_add(x, columns[j], sums[i][j]);
            });
        });
        (a_at, b_at) = (a_at + a.step, b_at + b.step);
    }
    sums
}

/// The same where a vector is multiplied by one lane of another and the rows of `a` are contiguous: as many steps as a vector
/// has lanes are read at a time.
#[inline(always)]
fn steps_of_rows<S: Simd, const M: usize, const N: usize>(
    s: S,
    k: usize,
    a: Strided,
    b: Strided,
    mut sums: [[S::V; N]; M],
) -> [[S::V; N]; M] {
    assert!(k > 0 && a.data.len() >= (M - 1) * a.lane + k, "steps of the left factor");
    check_right::<S, N>(s, k, b);
    let whole = k - k % 4;
    let mut b_at = 0;
    for at in (0..whole).step_by(4) {
        let mut rows = [s.zero(); M];
        unrolled!(i < M {
            let at = i * a.lane + at;
            // SAFETY: `at` is at most `(M - 1) * a.lane + k - 4`, and `a` was checked above for four values from there.
            rows[i] = s.load(unsafe { a.data.get_unchecked(at..at + 4) });
        });
        unrolled!(p in [0 1 2 3] {
            // SAFETY: `b_at` is at most `(k - 1) * b.step`, and `b` was checked above to go on from there.
            let columns: [S::V; N] = unsafe { columns(s, b.data, b_at) };
            unrolled!(i < M {
                unrolled!(j < N {
                    sums[i][j] = s.mul_add_lane::<p>(rows[i], columns[j], sums[i][j]);
                });
            });
            b_at += b.step;
        });
    }
    if whole < k {
        let (a, b) =
            (Strided { data: &a.data[whole..], ..a }, Strided { data: &b.data[b_at..], ..b });
        sums = steps(s, k - whole, a, b, sums);
    }
    sums
}

/// The same where `a` is packed: `a.step` is a whole number of vectors, and its padding may be read.
#[inline(always)]
fn steps_of_packed<S: Simd, const M: usize, const N: usize>(
    s: S,
    k: usize,
    a: Strided,
    b: Strided,
    mut sums: [[S::V; N]; M],
) -> [[S::V; N]; M] {
    assert!(
        a.lane == 1 && a.data.len() >= (k - 1) * a.step + M.next_multiple_of(4),
        "steps of the left factor"
    );
    check_right::<S, N>(s, k, b);
    let (mut a_at, mut b_at) = (0, 0);
    for _ in 0..k {
        // SAFETY: `b_at` is at most `(k - 1) * b.step`, and `b` was checked above to go on from there.
        let columns: [S::V; N] = unsafe { columns(s, b.data, b_at) };
        unrolled!(g in [0 1 2 3] {
            if 4 * g < M {
                let at = a_at + 4 * g;
                // SAFETY: `a_at` is at most `(k - 1) * a.step`; `a` was checked above for its vectors from there.
                let lanes = s.load(unsafe { a.data.get_unchecked(at..at + 4) });
                unrolled!(l in [0 1 2 3] {
                    if 4 * g + l < M {
                        unrolled!(j < N {
                            sums[4 * g + l][j] = s.mul_add_lane::<l>(lanes, columns[j], sums[4 * g + l][j]);
                        });
                    }
                });
            }
        });
        (a_at, b_at) = (a_at + a.step, b_at + b.step);
    }
    sums
}
