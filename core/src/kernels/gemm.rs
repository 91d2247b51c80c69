//! The matrix product by vectors: blocks that fit the caches, panels packed where that pays, and register tiles.
//!
//! `C` is computed in tiles of a few vectors of columns and as many rows as registers allow ([`tile`](super::tile)). Their sums
//! stay in registers for a block of the inner dimension. A panel of `B`, as wide as a tile, stays in the L1 cache while all
//! tiles of a block of rows read it, and that block of `A` stays in the L2 cache.
//!
//! A row-major `A` is read where it lies. `B` is packed into panels unless its rows are contiguous and too few tiles would
//! read the panels; [`Prepacked`](super::prepacked::Prepacked) keeps them for a factor that is used again. Rows and vectors of
//! columns are split evenly: 20 rows are tiles of 7, 7 and 6, not 8, 8 and 4.

use super::counting::count;
use super::matmul::{Init, Mat};
use super::packing::{Blocking, PackBuffers, aligned, pack_panels, pack_rows, split_evenly};
use super::tile::{Strided, Target, tile_of_rows};
use crate::interrupt::look;
use crate::simd::Simd;

/// Rows of a block of `A`: with the steps of a block about 150 KiB, which fit the L2 cache.
const MC: usize = 144;
/// Up to this many tiles of rows, a row-major `B` is read in place: it is used too few times to pay for packing.
const IN_PLACE_TILES: usize = 24;
/// The same where the rows of `B` are a page of memory apart or more, and each step of a tile reads another page.
const IN_PLACE_TILES_FAR: usize = 8;
/// Up to this many values, a factor is read in place if a tile can read it: it fits the L1 cache as it is.
const IN_PLACE_VALUES: usize = 1 << 13;
/// Up to this many columns of `B`, a column-major `A` is read in place, however far its columns are apart.
const IN_PLACE_COLS: usize = 64;
/// Values in a page of memory.
const PAGE: usize = 1 << 10;

/// The right factor of a product.
#[derive(Clone, Copy)]
pub(super) enum RightOperand<'a> {
    Plain(Mat<'a>),
    /// In panels, as [`pack_all`](super::packing::pack_all) makes them.
    Packed(&'a [f32]),
}

/// Whether tiles read `A` where it lies: its rows or its columns are contiguous, and packing would not pay.
#[inline(always)]
fn reads_left_in_place<S: Simd>(_: S, a: Mat, n: usize) -> bool {
    let few = n <= IN_PLACE_COLS || a.rows * a.cols <= IN_PLACE_VALUES;
    a.col_stride == 1
        || (!S::MULTIPLIES_BY_LANE && a.row_stride == 1 && (few || a.col_stride < PAGE))
}

/// Whether tiles read whole panels of `B` where it lies.
#[inline(always)]
fn reads_right_in_place(b: Mat, tiles: usize) -> bool {
    let few = if b.row_stride < PAGE { IN_PLACE_TILES } else { IN_PLACE_TILES_FAR };
    b.col_stride == 1 && (tiles <= few || b.rows * b.cols <= IN_PLACE_VALUES)
}

simd_fn! {
    /// `c = init + a b`. `shape` is the number of columns of `c` and the distance of its rows.
    pub(super) fn gemm(s, a: Mat<'_>, b: RightOperand<'_>, shape: (usize, usize), c: &mut [f32], init: Init<'_>, buffers: &mut PackBuffers) {
        let (m, k) = (a.rows, a.cols);
        let (n, stride) = shape;
        count(m, k, n);
        let blocking = Blocking::new(s, k, n);
        let height = blocking.height(s);
        let a_in_place = reads_left_in_place(s, a, n);
        let row_blocks = m.div_ceil(MC);
        // Whole vectors where a tile multiplies by their lanes.
        let packed_height = if S::MULTIPLIES_BY_LANE { height.next_multiple_of(S::LANES) } else { height };
        let packed_a = if a_in_place { 0 } else { m.div_ceil(row_blocks).div_ceil(height) * packed_height * blocking.steps };
        let packed_a = aligned(&mut buffers.a, packed_a);
        let b_in_place = matches!(b, RightOperand::Plain(b) if reads_right_in_place(b, m.div_ceil(height)));
        let packed_b = if matches!(b, RightOperand::Packed(_)) { 0 } else { blocking.cols * blocking.steps };
        let packed_b = aligned(&mut buffers.b, packed_b);
        for col in (0..n).step_by(blocking.cols) {
            let cols = blocking.cols.min(n - col);
            let panels = blocking.panels(s, cols);
            for p in (0..k).step_by(blocking.steps) {
                let inner = blocking.steps.min(k - p);
                let init = if p > 0 { Init::Accumulate } else { init };
                let right = match b {
                    RightOperand::Packed(all) => &all[col * k + cols.next_multiple_of(S::LANES) * p..],
                    RightOperand::Plain(b) => {
                        // In place, only a last vector that is not whole is packed: it would be read past the end.
                        let whole = cols.is_multiple_of(S::LANES);
                        let first = if !b_in_place { 0 } else if whole { panels } else { panels - 1 };
                        pack_panels(s, b.part(p, col, inner, cols), blocking, first, packed_b);
                        &*packed_b
                    }
                };
                for block in 0..row_blocks {
                    let (top, bottom) = split_evenly(m, row_blocks, block);
                    let tiles = (bottom - top).div_ceil(height);
                    let rows = a.part(top, p, bottom - top, inner);
                    if !a_in_place {
                        pack_rows(s, rows, tiles, packed_height, packed_a);
                    }
                    for j in 0..panels {
                        look();
                        let (left, edge) = blocking.panel(s, cols, j);
                        let vectors = (edge - left).div_ceil(S::LANES);
                        let whole = edge - left == vectors * S::LANES;
                        let b = match b {
                            RightOperand::Plain(b) if b_in_place && whole => {
                                Strided { data: b.from(p, col + left), lane: 1, step: b.row_stride }
                            }
                            _ => Strided { data: &right[left * inner..], lane: 1, step: vectors * S::LANES },
                        };
                        let init = match init {
                            Init::Bias(row) => Init::Bias(&row[col + left..col + edge]),
                            other => other,
                        };
                        for tile in 0..tiles {
                            let (first, end) = split_evenly(rows.rows, tiles, tile);
                            let a = if a_in_place {
                                let data = rows.from(first, 0);
                                Strided { data, lane: rows.row_stride, step: rows.col_stride }
                            } else {
                                let data = &packed_a[tile * packed_height * inner..];
                                Strided { data, lane: 1, step: packed_height }
                            };
                            let c = &mut c[(top + first) * stride + col + left..];
                            let target = Target { c, stride, cols: edge - left, init };
                            match vectors {
                                1 => tile_of_rows::<S, 1>(s, end - first, inner, a, b, target),
                                2 => tile_of_rows::<S, 2>(s, end - first, inner, a, b, target),
                                _ => tile_of_rows::<S, 3>(s, end - first, inner, a, b, target),
                            }
                        }
                    }
                }
            }
        }
    }
}
