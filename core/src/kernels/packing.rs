//! Packing for the matrix product: panels, blocks, and the buffers for them.

use super::matmul::Mat;
use crate::simd::Simd;
use std::cell::RefCell;

/// Steps of the inner dimension of a block, at most: the sums of a tile stay in registers that long. A panel of 16 columns is
/// then 16 KiB, half of a small L1 cache.
pub(super) const KC: usize = 256;
/// Columns of a block of `B`, at most: with the steps of a block 384 KiB, which fit the L2 cache.
pub(super) const NC: usize = 1024;

/// Where a thread packs panels. The buffers grow to the largest that was needed, and stay.
#[derive(Default)]
pub(super) struct PackBuffers {
    pub(super) a: Vec<f32>,
    pub(super) b: Vec<f32>,
    /// Columns of a product, before they are copied.
    pub(super) c: Vec<f32>,
}

thread_local! {
    static PACKED: RefCell<PackBuffers> = const { RefCell::new(PackBuffers { a: Vec::new(), b: Vec::new(), c: Vec::new() }) };
    /// Buffers of prepacked factors that were dropped.
    static SPARE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Lets `work` use this thread's buffers.
pub(super) fn with_pack_buffers(work: impl FnOnce(&mut PackBuffers)) {
    PACKED.with_borrow_mut(work);
}

/// A buffer of any length, for a factor that is kept.
pub(super) fn take_buffer() -> Vec<f32> {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Keeps a buffer for the next [`take_buffer`]. A thread that ends frees it.
pub(super) fn return_buffer(buffer: Vec<f32>) {
    let _ = SPARE.try_with(|pool| pool.borrow_mut().push(buffer));
}

/// Values in a cache line.
const LINE: usize = 16;

/// `len` values of `buffer`, from the start of a cache line on.
pub(super) fn aligned(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len + LINE {
        buffer.resize(len + LINE, 0.0);
    }
    let start = aligned_start(buffer);
    &mut buffer[start..start + len]
}

/// Index of the first value of `buffer` that starts a cache line.
pub(super) fn aligned_start(buffer: &[f32]) -> usize {
    buffer.as_ptr().align_offset(64).min(LINE)
}

/// Packs `m` `[k, w]`, `w <= width`, as `k` rows of `width` values, with zeros on the right.
#[inline(always)]
pub(super) fn pack<S: Simd>(s: S, m: Mat, width: usize, out: &mut [f32]) {
    let (k, w) = (m.rows, m.cols);
    let out = &mut out[..k * width];
    if m.col_stride == 1 {
        for (p, out) in out.chunks_exact_mut(width).enumerate() {
            let row = &m.data[p * m.row_stride..][..w];
            for at in (0..width).step_by(S::LANES) {
                let v = s.load_at(row, at.min(w));
                s.store_at(v, out, at);
            }
        }
    } else if m.row_stride == 1 {
        let whole = k - k % S::LANES;
        for at in (0..width).step_by(S::LANES) {
            let lanes = w.saturating_sub(at).min(S::LANES);
            for p in (0..whole).step_by(S::LANES) {
                let tile = if lanes == 0 { &[] } else { m.from(p, at) };
                s.transpose(tile, m.col_stride, lanes, &mut out[p * width + at..], width);
            }
            for p in whole..k {
                for j in 0..S::LANES {
                    out[p * width + at + j] = if j < lanes { m.from(p, at + j)[0] } else { 0.0 };
                }
            }
        }
    } else {
        for p in 0..k {
            for j in 0..width {
                out[p * width + j] = if j < w { m.from(p, j)[0] } else { 0.0 };
            }
        }
    }
}

/// Packs the rows of `m` as tiles read them: `tiles` evenly split runs of rows, of each the `k` columns one after the other,
/// `height` values apart.
#[inline(always)]
pub(super) fn pack_rows<S: Simd>(s: S, m: Mat, tiles: usize, height: usize, out: &mut [f32]) {
    for (tile, out) in out.chunks_mut(height * m.cols).take(tiles).enumerate() {
        let (first, end) = split_evenly(m.rows, tiles, tile);
        let rows = m.part(first, 0, end - first, m.cols);
        if m.row_stride == 1 {
            copy_columns(rows, height, out)
        } else {
            pack(s, rows.t(), height, out)
        }
    }
}

/// Copies the columns of `m` `[m, k]`, which are contiguous and at most as long as the tallest tile. Each length is compiled by
/// itself: a call of `memcpy` would take longer than the copy.
#[inline(always)]
fn copy_columns(m: Mat, height: usize, out: &mut [f32]) {
    macro_rules! choose {
        ($($rows:literal)*) => {
            match m.rows {
                $($rows => for (p, out) in out.chunks_exact_mut(height).enumerate() {
                    out[..$rows].copy_from_slice(&m.data[p * m.col_stride..][..$rows]);
                },)*
                rows => unreachable!("a tile of {rows} rows"),
            }
        };
    }
    choose!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

/// Piece `i` of `0..len` when it is split into `pieces` of nearly equal length.
#[inline(always)]
pub(super) fn split_evenly(len: usize, pieces: usize, i: usize) -> (usize, usize) {
    (len * i / pieces, len * (i + 1) / pieces)
}

/// How a product is cut: its columns into blocks of whole vectors, the inner dimension into blocks of steps, and each block of
/// columns into panels as wide as a tile.
///
/// The steps depend on the inner dimension alone, so a value of the result does not depend on the rows and columns beside it.
#[derive(Clone, Copy)]
pub(super) struct Blocking {
    /// Columns of a block.
    pub(super) cols: usize,
    /// Steps of a block.
    pub(super) steps: usize,
}

impl Blocking {
    #[inline(always)]
    pub(super) fn new<S: Simd>(_: S, k: usize, n: usize) -> Self {
        let vectors = n.div_ceil(S::LANES);
        Self {
            cols: vectors.div_ceil(n.div_ceil(NC)) * S::LANES,
            steps: k.div_ceil(k.div_ceil(KC)),
        }
    }

    /// The number of panels of a block of `cols` columns.
    #[inline(always)]
    pub(super) fn panels<S: Simd>(self, _: S, cols: usize) -> usize {
        let widest = S::TILE_ROWS.iter().filter(|rows| **rows > 0).count();
        cols.div_ceil(S::LANES).div_ceil(widest)
    }

    /// First column and end of panel `j` of a block of `cols` columns.
    #[inline(always)]
    pub(super) fn panel<S: Simd>(self, s: S, cols: usize, j: usize) -> (usize, usize) {
        let (first, end) = split_evenly(cols.div_ceil(S::LANES), self.panels(s, cols), j);
        (first * S::LANES, (end * S::LANES).min(cols))
    }

    /// Rows of the tallest tile. Wider panels leave registers for fewer rows.
    #[inline(always)]
    pub(super) fn height<S: Simd>(self, s: S) -> usize {
        let vectors = self.cols / S::LANES;
        S::TILE_ROWS[vectors.div_ceil(self.panels(s, self.cols)) - 1]
    }
}

simd_fn! {
    /// Packs all of `b`, block by block, in the order in which [`gemm`](super::gemm::gemm) reads it.
    pub(super) fn pack_all(s, b: Mat<'_>, buffer: &mut Vec<f32>) {
        let (k, n) = (b.rows, b.cols);
        let blocking = Blocking::new(s, k, n);
        let out = aligned(buffer, n.next_multiple_of(S::LANES) * k);
        for col in (0..n).step_by(blocking.cols) {
            let cols = blocking.cols.min(n - col);
            for p in (0..k).step_by(blocking.steps) {
                let inner = blocking.steps.min(k - p);
                let at = col * k + cols.next_multiple_of(S::LANES) * p;
                pack_panels(s, b.part(p, col, inner, cols), blocking, 0, &mut out[at..]);
            }
        }
    }
}

/// Packs the panels of a block of `B`, from panel `from` on.
#[inline(always)]
pub(super) fn pack_panels<S: Simd>(s: S, b: Mat, blocking: Blocking, from: usize, out: &mut [f32]) {
    for j in from..blocking.panels(s, b.cols) {
        let (left, right) = blocking.panel(s, b.cols, j);
        let width = (right - left).next_multiple_of(S::LANES);
        pack(s, b.part(0, left, b.rows, right - left), width, &mut out[left * b.rows..]);
    }
}
