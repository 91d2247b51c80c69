//! Packing for the matrix product: panels, blocks, and the buffers for them.

use super::matmul::Mat;
use crate::simd::Simd;
use std::cell::RefCell;

/// The inner dimension of a block: the sums of a tile stay in registers that long.
pub(super) const KC: usize = 512;
/// Columns of a block of `B`: about 1 MiB with the full inner dimension, which fits the L2 cache.
pub(super) const NC: usize = 528;

/// Where a thread packs panels. The buffers grow to the largest that was needed, and stay.
#[derive(Default)]
pub(super) struct PackBuffers {
    pub(super) a: Vec<f32>,
    pub(super) b: Vec<f32>,
}

thread_local! {
    static PACKED: RefCell<PackBuffers> = const { RefCell::new(PackBuffers { a: Vec::new(), b: Vec::new() }) };
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

/// Vectors in the widest tile.
const WIDEST_TILE: usize = 3;

/// Piece `i` of `0..len` when it is split into `pieces` of nearly equal length.
#[inline(always)]
pub(super) fn split_evenly(len: usize, pieces: usize, i: usize) -> (usize, usize) {
    (len * i / pieces, len * (i + 1) / pieces)
}

/// How the columns of `B` are split: into blocks of whole vectors, and each block into panels of at most three vectors.
#[derive(Clone, Copy)]
pub(super) struct Blocking {
    n: usize,
    /// Columns of a block.
    pub(super) block: usize,
}

impl Blocking {
    #[inline(always)]
    pub(super) fn new<S: Simd>(_: S, n: usize) -> Self {
        let vectors = n.div_ceil(S::LANES);
        Self { n, block: vectors.div_ceil(n.div_ceil(NC)) * S::LANES }
    }

    /// Columns of the block that starts at `col`.
    #[inline(always)]
    pub(super) fn cols(self, col: usize) -> usize {
        self.block.min(self.n - col)
    }

    /// First column and end of panel `j` of a block of `cols` columns, and the number of panels.
    #[inline(always)]
    pub(super) fn panel<S: Simd>(self, _: S, cols: usize, j: usize) -> (usize, usize, usize) {
        let vectors = cols.div_ceil(S::LANES);
        let panels = vectors.div_ceil(WIDEST_TILE);
        let (first, end) = split_evenly(vectors, panels, j);
        (first * S::LANES, (end * S::LANES).min(cols), panels)
    }

    /// Rows of the tallest tile. Wider panels leave registers for fewer rows.
    #[inline(always)]
    pub(super) fn height<S: Simd>(self, _: S) -> usize {
        let vectors = self.block / S::LANES;
        S::ROWS[vectors.div_ceil(vectors.div_ceil(WIDEST_TILE)) - 1]
    }
}

simd_fn! {
    /// Packs all of `b`, block by block, in the order in which [`gemm_blocked`](super::matmul::gemm_blocked) reads it.
    pub(super) fn pack_all(s, b: Mat<'_>, buffer: &mut Vec<f32>) {
        let (k, n) = (b.rows, b.cols);
        let blocking = Blocking::new(s, n);
        let out = aligned(buffer, n.next_multiple_of(S::LANES) * k);
        for col in (0..n).step_by(blocking.block) {
            let cols = blocking.cols(col);
            for p in (0..k).step_by(KC) {
                let inner = KC.min(k - p);
                let at = col * k + cols.next_multiple_of(S::LANES) * p;
                pack_panels(s, b.part(p, col, inner, cols), blocking, 0, &mut out[at..]);
            }
        }
    }
}

/// Packs the panels of a block of `B`, from panel `from` on.
#[inline(always)]
pub(super) fn pack_panels<S: Simd>(s: S, b: Mat, blocking: Blocking, from: usize, out: &mut [f32]) {
    let (_, _, panels) = blocking.panel(s, b.cols, 0);
    for j in from..panels {
        let (left, right, _) = blocking.panel(s, b.cols, j);
        let width = (right - left).next_multiple_of(S::LANES);
        pack(s, b.part(0, left, b.rows, right - left), width, &mut out[left * b.rows..]);
    }
}
