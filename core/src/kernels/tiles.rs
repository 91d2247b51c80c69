//! The matrix product in blocks of 32 × 32 by bfloat16 products, where the processor has them: both factors packed.
//!
//! See `simd/bf16.rs` for what multiplies, and how a number in f32 is made of three parts. A packed factor is, for each 32
//! lanes (rows of the left factor, columns of the right one) and each 32 steps of the inner dimension, two tiles for each
//! part of a number.

use super::half::{Half, widen_block};
use super::matmul::{Mat, Start};
use super::parallel::{in_rows, shares};
use crate::simd::bf16::{DEPTH, Layout, SIDE, Side, Taken, Tile, Unit};
use crate::simd::{Isa, isa};
use std::cell::{Cell, RefCell};

/// Steps of the inner dimension that are multiplied before the next columns: in blocks.
const INNER: usize = 16;
/// Blocks of columns whose right factor stays in the second cache.
const COLUMNS: usize = 10;
/// Rows that a thread computes at least, where threads share a product: in blocks.
const SHARED: usize = 2;
/// Multiply-adds from which on packing pays.
const LEAST_WORK: usize = 1 << 15;

thread_local! {
    static ROUNDS: Cell<bool> = const { Cell::new(false) };
    /// Where a thread packs its factors; grows to the largest that was needed and stays.
    static PACKED: RefCell<[Vec<Tile>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
    /// Buffers of factors that were kept.
    static SPARE: RefCell<Vec<Vec<Tile>>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f`; products that this thread computes meanwhile may round their factors to bfloat16, if that is quicker.
pub fn rounding<T>(f: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            ROUNDS.set(self.0);
        }
    }
    let _restore = Restore(ROUNDS.replace(true));
    f()
}

/// How a product is computed: by what, and from how many parts of each number.
#[derive(Clone, Copy)]
pub(super) struct Way {
    unit: Unit,
    parts: usize,
}

impl Way {
    /// The way that is quicker than multiply-adds for a product `[m, k] × [k, n]`: where blocks are not too empty.
    pub(super) fn of(m: usize, k: usize, n: usize) -> Option<Self> {
        let rounds = ROUNDS.get();
        let unit = match isa() {
            Isa::Amx => Unit::tiles()?,
            Isa::Avx512 if rounds => Unit::dots()?,
            _ => return None,
        };
        let (parts, gain) = if rounds { (1, 4) } else { (3, 2) };
        let padded =
            m.next_multiple_of(SIDE) * k.next_multiple_of(DEPTH) * n.next_multiple_of(SIDE);
        let work = m * k * n;
        (work >= LEAST_WORK && gain * work > padded).then_some(Self { unit, parts })
    }

    /// Tiles of a block of a factor.
    fn block(self) -> usize {
        2 * self.parts
    }

    fn pack(self, x: &[f32], layout: Layout, size: [usize; 2], side: Side, out: &mut [Tile]) {
        match self.parts {
            1 => self.unit.pack::<1>(x, layout, size, side, out),
            _ => self.unit.pack::<3>(x, layout, size, side, out),
        }
    }

    fn take(self) -> Ready {
        Ready { parts: self.parts, unit: self.unit.take() }
    }
}

/// A unit that this thread multiplies with.
struct Ready {
    unit: Taken,
    parts: usize,
}

impl Ready {
    fn multiply(
        &self,
        factors: [&[Tile]; 2],
        start: Option<(&[f32], usize)>,
        c: &mut [f32],
        stride: usize,
    ) {
        match self.parts {
            1 => self.unit.multiply::<1>(factors, start, c, stride),
            _ => self.unit.multiply::<3>(factors, start, c, stride),
        }
    }
}

/// A factor, as it is stored.
#[derive(Clone, Copy)]
pub(super) enum Stored<'a> {
    Wide(Mat<'a>),
    Half(Half, Mat<'a, u16>),
}

impl Stored<'_> {
    /// Rows and columns.
    fn size(self) -> [usize; 2] {
        match self {
            Self::Wide(m) => [m.rows, m.cols],
            Self::Half(_, m) => [m.rows, m.cols],
        }
    }

    pub(super) fn t(self) -> Self {
        match self {
            Self::Wide(m) => Self::Wide(m.t()),
            Self::Half(half, m) => Self::Half(half, m.t()),
        }
    }

    fn part(self, r: usize, c: usize, rows: usize, cols: usize) -> Self {
        match self {
            Self::Wide(m) => Self::Wide(m.part(r, c, rows, cols)),
            Self::Half(half, m) => Self::Half(half, m.part(r, c, rows, cols)),
        }
    }
}

/// Whether [`multiply`] can read a factor.
pub(super) fn readable(m: Mat) -> bool {
    m.col_stride == 1 || m.row_stride == 1
}

/// A right factor, packed: for each 32 columns all of the inner dimension.
pub(super) struct Columns(Vec<Tile>);

impl Columns {
    pub(super) fn new(way: Way, b: Mat) -> Self {
        let mut buffer = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        let len = b.cols.div_ceil(SIDE) * b.rows.div_ceil(DEPTH) * way.block();
        pack(way, Stored::Wide(b.t()), Side::Right, room(&mut buffer, len));
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
fn pack(way: Way, m: Stored<'_>, side: Side, out: &mut [Tile]) {
    let [rows, cols] = m.size();
    let steps = cols.div_ceil(DEPTH);
    in_rows([out], [steps * way.block()], SHARED, &|first, [out]: [&mut [Tile]; 1]| {
        for (i, lanes) in out.chunks_exact_mut(steps * way.block()).enumerate() {
            let row = (first + i) * SIDE;
            for (p, block) in lanes.chunks_exact_mut(way.block()).enumerate() {
                let [lanes, steps] = [SIDE.min(rows - row), DEPTH.min(cols - p * DEPTH)];
                match m {
                    Stored::Wide(m) => {
                        let layout = if m.col_stride == 1 {
                            Layout::Lanes(m.row_stride)
                        } else {
                            Layout::Steps(m.col_stride)
                        };
                        let x = m.from(row, p * DEPTH);
                        way.pack(x, layout, [lanes, steps], side, block);
                    }
                    Stored::Half(half, m) => {
                        let (layout, lines) = if m.col_stride == 1 {
                            (Layout::Lanes(DEPTH), [lanes, steps, m.row_stride])
                        } else {
                            (Layout::Steps(SIDE), [steps, lanes, m.col_stride])
                        };
                        let mut x = [0.0; SIDE * DEPTH];
                        widen_block(half, m.from(row, p * DEPTH), lines, &mut x);
                        way.pack(&x, layout, [lanes, steps], side, block);
                    }
                }
            }
        }
    });
}

/// The right factor of a product.
#[derive(Clone, Copy)]
pub(super) enum Factor<'a> {
    Plain(Stored<'a>),
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
pub(super) fn multiply(way: Way, a: Stored<'_>, products: &mut [Product<'_>]) {
    let [m, k] = a.size();
    let all_steps = k.div_ceil(DEPTH);
    let [mut left, mut right] = PACKED.take();
    for p in (0..all_steps).step_by(INNER) {
        let steps = INNER.min(all_steps - p);
        let inner = (steps * DEPTH).min(k - p * DEPTH);
        let left = room(&mut left, m.div_ceil(SIDE) * steps * way.block());
        pack(way, a.part(0, p * DEPTH, m, inner), Side::Left, left);
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
                        (&all.0[(panel * all_steps + p) * way.block()..], all_steps * way.block())
                    }
                    Factor::Plain(b) => {
                        let right = room(&mut right, cols.div_ceil(SIDE) * steps * way.block());
                        pack(way, b.part(p * DEPTH, col, inner, cols).t(), Side::Right, right);
                        (&*right, steps * way.block())
                    }
                };
                let left = &*left;
                let strip = |first: usize, c: &mut [f32]| {
                    let ready = way.take();
                    let rows = (m - first * SIDE).min(c.len().div_ceil(stride));
                    for row in (0..rows).step_by(SIDE) {
                        let a = &left[(first + row / SIDE) * steps * way.block()..]
                            [..steps * way.block()];
                        for j in (0..cols).step_by(SIDE) {
                            let b = &right[j / SIDE * apart..][..steps * way.block()];
                            let size = [SIDE.min(rows - row), SIDE.min(cols - j)];
                            let c = &mut c[row * stride + col + j..];
                            block(&ready, [a, b], size, c, stride, start, col + j);
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
    ready: &Ready,
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
        return ready.multiply(factors, start, c, stride);
    }
    let mut whole = [0.0; SIDE * SIDE];
    let lines = whole.chunks_exact_mut(SIDE).take(rows);
    match start {
        Start::Zero => {}
        Start::Old => lines.enumerate().for_each(|(i, to)| copy(&c[i * stride..], to, cols)),
        Start::Row(row) => lines.for_each(|to| copy(&row[column..], to, cols)),
    }
    ready.multiply(factors, None, &mut whole, SIDE);
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
