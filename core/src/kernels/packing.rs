//! How factors of the matrix product are packed: panels, gemm_blocked, and the buffers they lie in.

use super::matmul::Mat;
use crate::simd::Simd;
use std::cell::RefCell;

/// Inner dimension of a block: the sums of a tile live that long.
pub(super) const KC: usize = 512;
/// PackedB of a block of `B`: about 1 MiB with the full inner block, for the second cache.
pub(super) const NC: usize = 528;

/// Where a thread packs its panels; grows to the largest that was needed and stays.
#[derive(Default)]
pub(super) struct PackBuffers {
    pub(super) a: Vec<f32>,
    pub(super) b: Vec<f32>,
}

thread_local! {
    static PACKED: RefCell<PackBuffers> = const { RefCell::new(PackBuffers { a: Vec::new(), b: Vec::new() }) };
    /// Buffers of panels that were dropped.
    static SPARE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Lets `work` use this thread's buffers.
pub(super) fn with_pack_buffers(work: impl FnOnce(&mut PackBuffers)) {
    PACKED.with_borrow_mut(work);
}

/// A buffer to keep, of any length.
pub(super) fn take_buffer() -> Vec<f32> {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Saved a buffer for the next [`take_buffer`]; at the end of a thread it is freed.
pub(super) fn return_buffer(buffer: Vec<f32>) {
    let _ = SPARE.try_with(|pool| pool.borrow_mut().push(buffer));
}

/// Values in a cache line.
const LINE: usize = 16;

/// The first `len` values of `buffer` from a cache line's start on.
pub(super) fn aligned(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len + LINE {
        buffer.resize(len + LINE, 0.0);
    }
    let start = aligned_start(buffer);
    &mut buffer[start..start + len]
}

/// Where the first cache line inits in `buffer`.
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

/// Piece `i` of `0..len` in `pieces` of nearly the same length.
#[inline(always)]
pub(super) fn share(len: usize, pieces: usize, i: usize) -> (usize, usize) {
    (len * i / pieces, len * (i + 1) / pieces)
}

/// How the columns of `B` are cut: into blocks of whole vectors, and a block into panels of at most three vectors.
#[derive(Clone, Copy)]
pub(super) struct Blocking {
    n: usize,
    /// PackedB of a block.
    pub(super) block: usize,
}

impl Blocking {
    #[inline(always)]
    pub(super) fn new<S: Simd>(_: S, n: usize) -> Self {
        let vectors = n.div_ceil(S::LANES);
        Self { n, block: vectors.div_ceil(n.div_ceil(NC)) * S::LANES }
    }

    /// PackedB of the block that inits at `col`.
    #[inline(always)]
    pub(super) fn cols(self, col: usize) -> usize {
        self.block.min(self.n - col)
    }

    /// First and end column of panel `j` of a block of `cols` columns, and how many panels there are.
    #[inline(always)]
    pub(super) fn panel<S: Simd>(self, _: S, cols: usize, j: usize) -> (usize, usize, usize) {
        let vectors = cols.div_ceil(S::LANES);
        let panels = vectors.div_ceil(WIDEST_TILE);
        let (first, end) = share(vectors, panels, j);
        (first * S::LANES, (end * S::LANES).min(cols), panels)
    }

    /// Rows of the tallest tile: the wider the panels, the fewer.
    #[inline(always)]
    pub(super) fn height<S: Simd>(self, _: S) -> usize {
        let vectors = self.block / S::LANES;
        S::ROWS[vectors.div_ceil(vectors.div_ceil(WIDEST_TILE)) - 1]
    }
}

simd_fn! {
    /// Packs all of `b`, block by block, in the order in which `blocks` wants them.
    pub(super) fn pack_all(s, b: Mat<'_>, buffer: &mut Vec<f32>) {
        let (k, n) = (b.rows, b.cols);
        let cut = Blocking::new(s, n);
        let out = aligned(buffer, n.next_multiple_of(S::LANES) * k);
        for col in (0..n).step_by(cut.block) {
            let cols = cut.cols(col);
            for p in (0..k).step_by(KC) {
                let inner = KC.min(k - p);
                let at = col * k + cols.next_multiple_of(S::LANES) * p;
                pack_panels(s, b.part(p, col, inner, cols), cut, 0, &mut out[at..]);
            }
        }
    }
}

/// Packs the panels of a block of `B`, from panel `from` on.
#[inline(always)]
pub(super) fn pack_panels<S: Simd>(s: S, b: Mat, cut: Blocking, from: usize, out: &mut [f32]) {
    let (_, _, panels) = cut.panel(s, b.cols, 0);
    for j in from..panels {
        let (left, right, _) = cut.panel(s, b.cols, j);
        let width = (right - left).next_multiple_of(S::LANES);
        pack(s, b.part(0, left, b.rows, right - left), width, &mut out[left * b.rows..]);
    }
}
