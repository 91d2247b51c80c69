//! The matrix product in tiles, where the processor has them: both factors packed, blocks of 32 × 32.
//!
//! See `simd/amx.rs` for what a tile is. A packed factor is, for each 32 lanes (rows of the left factor, columns of the
//! right one) and each 32 steps of the inner dimension, two tiles for each part of a number.

use super::matmul::{Mat, Start};
use super::parallel::{in_rows, shares};
use crate::simd::amx::{Amx, DEPTH, Layout, SIDE, Side, Tile, Tiles};
use crate::simd::{Isa, isa};
use std::cell::RefCell;

/// Parts of a number: three keep all of it.
const PARTS: usize = 3;
/// Tiles of a block of a factor.
const BLOCK: usize = 2 * PARTS;
/// Steps of the inner dimension that are multiplied before the next columns: in blocks.
const INNER: usize = 16;
/// Blocks of columns whose right factor stays in the second cache.
const COLUMNS: usize = 10;
/// Rows that a thread computes at least, where threads share a product: in blocks.
const SHARED: usize = 2;
/// Multiply-adds from which on packing pays.
const LEAST_WORK: usize = 1 << 15;

thread_local! {
    /// Where a thread packs its factors; grows to the largest that was needed and stays.
    static PACKED: RefCell<[Vec<Tile>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
    /// Buffers of factors that were kept.
    static SPARE: RefCell<Vec<Vec<Tile>>> = const { RefCell::new(Vec::new()) };
}

/// The token, if a product `[m, k] × [k, n]` is quicker in tiles: where they are not too empty.
pub(super) fn wanted(m: usize, k: usize, n: usize) -> Option<Amx> {
    let amx = if isa() == Isa::Amx { Amx::new()? } else { return None };
    let work = m * k * n;
    let padded = m.next_multiple_of(SIDE) * k.next_multiple_of(DEPTH) * n.next_multiple_of(SIDE);
    (work >= LEAST_WORK && 2 * work > padded).then_some(amx)
}

/// Whether [`multiply`] can read a factor.
pub(super) fn readable(m: Mat) -> bool {
    m.col_stride == 1 || m.row_stride == 1
}

/// A right factor, packed: for each 32 columns all of the inner dimension.
pub(super) struct Columns(Vec<Tile>);

impl Columns {
    pub(super) fn new(amx: Amx, b: Mat) -> Self {
        let mut buffer = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        let len = b.cols.div_ceil(SIDE) * b.rows.div_ceil(DEPTH) * BLOCK;
        pack(amx, b.t(), Side::Right, room(&mut buffer, len));
        Self(buffer)
    }
}

impl Drop for Columns {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        let _ = SPARE.try_with(|pool| pool.borrow_mut().push(buffer)); // at the end of a thread it is freed
    }
}

/// Packs the rows of `m` as lanes: for each 32 of them all blocks of the inner dimension. Threads may share the work.
fn pack(amx: Amx, m: Mat, side: Side, out: &mut [Tile]) {
    let steps = m.cols.div_ceil(DEPTH);
    in_rows([out], [steps * BLOCK], SHARED, &|first, [out]: [&mut [Tile]; 1]| {
        for (i, lanes) in out.chunks_exact_mut(steps * BLOCK).enumerate() {
            let row = (first + i) * SIDE;
            for (p, block) in lanes.chunks_exact_mut(BLOCK).enumerate() {
                let layout = if m.col_stride == 1 {
                    Layout::Lanes(m.row_stride)
                } else {
                    Layout::Steps(m.col_stride)
                };
                let size = [SIDE.min(m.rows - row), DEPTH.min(m.cols - p * DEPTH)];
                amx.pack::<PARTS>(m.from(row, p * DEPTH), layout, size, side, block);
            }
        }
    });
}

/// The right factor of a product.
#[derive(Clone, Copy)]
pub(super) enum Factor<'a> {
    Plain(Mat<'a>),
    Packed(&'a Columns),
}

/// A product with a left factor: `c = start + a b`, where rows of `c` are `stride` apart and have `n` numbers.
pub(super) struct Product<'a> {
    pub(super) b: Factor<'a>,
    pub(super) n: usize,
    pub(super) stride: usize,
    pub(super) c: &'a mut [f32],
    pub(super) start: Start<'a>,
}

/// Computes products with one left factor, which is packed once.
pub(super) fn multiply(amx: Amx, a: Mat, products: &mut [Product<'_>]) {
    let (m, k) = (a.rows, a.cols);
    let all_steps = k.div_ceil(DEPTH);
    let [mut left, mut right] = PACKED.take();
    for p in (0..all_steps).step_by(INNER) {
        let steps = INNER.min(all_steps - p);
        let inner = (steps * DEPTH).min(k - p * DEPTH);
        let left = room(&mut left, m.div_ceil(SIDE) * steps * BLOCK);
        pack(amx, a.part(0, p * DEPTH, m, inner), Side::Left, left);
        for product in &mut *products {
            let (n, stride) = (product.n, product.stride);
            let start = if p > 0 { Start::Old } else { product.start };
            let panels = n.div_ceil(SIDE);
            let some = panels.div_ceil(panels.div_ceil(COLUMNS));
            for panel in (0..panels).step_by(some) {
                let col = panel * SIDE;
                let cols = (some * SIDE).min(n - col);
                let (right, apart) = match product.b {
                    Factor::Packed(all) => {
                        (&all.0[(panel * all_steps + p) * BLOCK..], all_steps * BLOCK)
                    }
                    Factor::Plain(b) => {
                        let right = room(&mut right, cols.div_ceil(SIDE) * steps * BLOCK);
                        pack(amx, b.part(p * DEPTH, col, inner, cols).t(), Side::Right, right);
                        (&*right, steps * BLOCK)
                    }
                };
                let left = &*left;
                let strip = |first: usize, c: &mut [f32]| {
                    let tiles = amx.tiles();
                    let rows = (m - first * SIDE).min(c.len().div_ceil(stride));
                    for row in (0..rows).step_by(SIDE) {
                        let a = &left[(first + row / SIDE) * steps * BLOCK..][..steps * BLOCK];
                        for j in (0..cols).step_by(SIDE) {
                            let b = &right[j / SIDE * apart..][..steps * BLOCK];
                            let size = [SIDE.min(rows - row), SIDE.min(cols - j)];
                            let c = &mut c[row * stride + col + j..];
                            block(&tiles, [a, b], size, c, stride, start, col + j);
                        }
                    }
                };
                if shares() {
                    let share = |first: usize, [c]: [&mut [f32]; 1]| strip(first, c);
                    in_rows([&mut *product.c], [SIDE * stride], SHARED, &share);
                } else {
                    strip(0, product.c);
                }
            }
        }
    }
    PACKED.set([left, right]);
}

/// The first `len` tiles of a buffer that grows.
fn room(buffer: &mut Vec<Tile>, len: usize) -> &mut [Tile] {
    if buffer.len() < len {
        buffer.resize(len, Tile::ZERO);
    }
    &mut buffer[..len]
}

/// One block: in place if it is whole.
#[inline]
fn block(
    tiles: &Tiles,
    factors: [&[Tile]; 2],
    [rows, cols]: [usize; 2],
    c: &mut [f32],
    stride: usize,
    start: Start<'_>,
    column: usize,
) {
    const ZERO: [f32; SIDE] = [0.0; SIDE];
    if [rows, cols] == [SIDE, SIDE] {
        let start = match start {
            Start::Zero => Some((&ZERO[..], 0)),
            Start::Old => None,
            Start::Row(row) => Some((&row[column..], 0)),
        };
        return tiles.multiply::<PARTS>(factors, start, c, stride);
    }
    let mut whole = [0.0; SIDE * SIDE];
    let lines = whole.chunks_exact_mut(SIDE).take(rows);
    match start {
        Start::Zero => {}
        Start::Old => lines.enumerate().for_each(|(i, to)| copy(&c[i * stride..], to, cols)),
        Start::Row(row) => lines.for_each(|to| copy(&row[column..], to, cols)),
    }
    tiles.multiply::<PARTS>(factors, None, &mut whole, SIDE);
    for (i, from) in whole.chunks_exact(SIDE).take(rows).enumerate() {
        copy(from, &mut c[i * stride..], cols);
    }
}

/// Copies the first `n` numbers, quicker if they are a whole line of a block.
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32], n: usize) {
    match n {
        SIDE => to[..SIDE].copy_from_slice(&from[..SIDE]),
        n => to[..n].copy_from_slice(&from[..n]),
    }
}
