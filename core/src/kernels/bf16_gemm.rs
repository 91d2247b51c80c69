//! GEMM from products of bfloat16, where the processor has them (AMX tiles, AVX512-BF16 or AArch64's FEAT_BF16): blocks of
//! 32 × 32, both factors packed.
//!
//! `simd/bf16.rs` is the microkernel; `simd/x86_bf16.rs` says how a number in f32 is split into three in bfloat16, which pays
//! off on AMX only. A packed factor has, for each 32 lanes (rows of the left factor, columns of the right one) and each 32
//! steps of the inner dimension, two tiles for each part of a number.

use std::cell::RefCell;

use half::{bf16, f16};

use super::Compute;
use super::counting::count;
use super::float_slice::FloatSlice;
use super::half_precision::{HalfFloat, widen_block};
use super::matmul::{Init, Mat};
use super::parallel::par_rows;
use super::skinny_gemm;
use super::skinny_gemm::SKINNY_ROWS;
use crate::interrupt::look;
use crate::simd::bf16::{ActiveUnit, DEPTH, Layout, SIDE, Side, Tile, Unit};
use crate::simd::isa;

/// Tiles of 32 packed rows of the left factor that are multiplied before going on along the inner dimension: they fit the L1
/// cache. With few columns it is twice as many.
const LEFT_TILES: usize = 48;
/// Tiles of the right factor that are packed at a time, if it has few columns: they fit the L2 cache.
const RIGHT_TILES: usize = 768;
/// Threads share packing and multiplying in pieces of at least so many blocks.
const SHARED_LANES: usize = 2;
const SHARED_ROWS: usize = 1;
/// From so many multiply-adds on, a product is faster this way than by vectors: in three parts, with a right factor to pack
/// or a prepacked one; and rounded.
const LEAST_WORK: usize = 1 << 20;
const LEAST_WORK_PREPACKED: usize = 1 << 18;
const LEAST_WORK_ROUNDED: usize = 1 << 16;

thread_local! {
    /// Where a thread packs a factor for all threads of a product. It grows to the largest that was needed, and stays.
    pub(super) static SHARED_FACTOR: RefCell<Vec<Tile>> = const { RefCell::new(Vec::new()) };
    /// Where a thread packs the rows or the columns that it multiplies next.
    pub(super) static OWN_FACTOR: RefCell<Vec<Tile>> = const { RefCell::new(Vec::new()) };
    /// Buffers of prepacked factors that were dropped.
    static SPARE: RefCell<Vec<Vec<Tile>>> = const { RefCell::new(Vec::new()) };
}

/// How a product is computed: by which unit, from how many parts of each number, and whether threads share it.
#[derive(Clone, Copy)]
pub(super) struct Bf16Plan {
    unit: Unit,
    parts: usize,
    shared: bool,
}

impl Bf16Plan {
    /// The plan for a product `[m, k] × [k, n]`; none where vectors are faster, because the product is small or its blocks
    /// would be too empty. `prepacked` says that the right factor is packed for several products.
    pub(super) fn of(compute: Compute, [m, k, n]: [usize; 3], prepacked: bool) -> Option<Self> {
        let Compute { shared, rounds } = compute;
        let unit = Unit::of(isa(), rounds)?;
        // The fraction of the blocks that must be filled.
        let (parts, least, [some, all]) = match (rounds, prepacked) {
            (true, _) => (1, LEAST_WORK_ROUNDED, [1, 2]),
            (false, true) => (3, LEAST_WORK_PREPACKED, [7, 8]),
            (false, false) => (3, LEAST_WORK, [2, 3]),
        };
        let padded =
            m.next_multiple_of(SIDE) * k.next_multiple_of(DEPTH) * n.next_multiple_of(SIDE);
        let work = m * k * n;
        (work >= least && all * work > some * padded).then_some(Self { unit, parts, shared })
    }

    /// Tiles of one packed block.
    pub(super) fn block_tiles(self) -> usize {
        2 * self.parts
    }

    /// What the loops around the microkernel may do.
    fn compute(self) -> Compute {
        Compute { shared: self.shared, rounds: self.parts == 1 }
    }

    fn pack(self, x: &[f32], layout: Layout, size: [usize; 2], side: Side, out: &mut [Tile]) {
        match self.parts {
            1 => self.unit.pack::<1>(x, layout, size, side, out),
            _ => self.unit.pack::<3>(x, layout, size, side, out),
        }
    }

    /// The microkernel, for this thread, until it is dropped.
    pub(super) fn microkernel(self) -> Microkernel {
        Microkernel { parts: self.parts, unit: self.unit.activate() }
    }
}

/// Multiplies packed blocks. It holds the tile registers of its thread.
pub(super) struct Microkernel {
    unit: ActiveUnit,
    parts: usize,
}

impl Microkernel {
    fn multiply(
        &self,
        factors: [&[Tile]; 2],
        init: Option<(&[f32], usize)>,
        c: &mut [f32],
        stride: usize,
    ) {
        match self.parts {
            1 => self.unit.multiply::<1>(factors, init, c, stride),
            _ => self.unit.multiply::<3>(factors, init, c, stride),
        }
    }
}

/// A factor as it is stored.
#[derive(Clone, Copy)]
pub(super) enum FloatMat<'a> {
    F32(Mat<'a>),
    Bf16(Mat<'a, bf16>),
    F16(Mat<'a, f16>),
}

impl<'a> FloatMat<'a> {
    /// A row-major matrix that fills `x`.
    #[track_caller]
    pub(super) fn new(x: FloatSlice<'a>, rows: usize, cols: usize) -> Self {
        match x {
            FloatSlice::F32(x) => Self::F32(Mat::new(x, rows, cols)),
            FloatSlice::Bf16(x) => Self::Bf16(Mat::new(x, rows, cols)),
            FloatSlice::F16(x) => Self::F16(Mat::new(x, rows, cols)),
        }
    }

    /// Rows and columns.
    pub(super) fn size(self) -> [usize; 2] {
        match self {
            Self::F32(m) => [m.rows, m.cols],
            Self::Bf16(m) => [m.rows, m.cols],
            Self::F16(m) => [m.rows, m.cols],
        }
    }

    /// The transpose, a view.
    pub(super) fn t(self) -> Self {
        match self {
            Self::F32(m) => Self::F32(m.t()),
            Self::Bf16(m) => Self::Bf16(m.t()),
            Self::F16(m) => Self::F16(m.t()),
        }
    }

    /// The `rows × cols` part that starts at `(r, c)`, a view.
    pub(super) fn part(self, r: usize, c: usize, rows: usize, cols: usize) -> Self {
        match self {
            Self::F32(m) => Self::F32(m.part(r, c, rows, cols)),
            Self::Bf16(m) => Self::Bf16(m.part(r, c, rows, cols)),
            Self::F16(m) => Self::F16(m.part(r, c, rows, cols)),
        }
    }
}

/// Whether [`multiply`] can read a factor.
pub(super) fn readable(m: Mat) -> bool {
    m.col_stride == 1 || m.row_stride == 1
}

/// How the rows of `m`, as lanes, lie in memory.
fn layout<T>(m: Mat<'_, T>) -> Layout {
    match m.col_stride {
        1 => Layout::Lanes(m.row_stride),
        _ => Layout::Steps(m.col_stride),
    }
}

/// A packed right factor: for each 32 columns all of the inner dimension.
pub(super) struct PackedB(Vec<Tile>);

impl PackedB {
    pub(super) fn new(plan: Bf16Plan, b: Mat) -> Self {
        let mut buffer = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        let len = b.cols.div_ceil(SIDE) * b.rows.div_ceil(DEPTH) * plan.block_tiles();
        pack(plan, FloatMat::F32(b.t()), Side::Right, grow(&mut buffer, len));
        Self(buffer)
    }

    /// The tiles of `blocks` blocks, from block `first` on.
    pub(super) fn part(&self, first: usize, blocks: usize, plan: Bf16Plan) -> &[Tile] {
        &self.0[first * plan.block_tiles()..][..blocks * plan.block_tiles()]
    }
}

impl Drop for PackedB {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        // A thread that ends has no pool any more: then the buffer is freed.
        let _ = SPARE.try_with(|pool| pool.borrow_mut().push(buffer));
    }
}

/// Packs the rows of `m` as lanes: for each 32 of them all blocks of the inner dimension. Threads may share the work.
pub(super) fn pack(plan: Bf16Plan, m: FloatMat<'_>, side: Side, out: &mut [Tile]) {
    let strip = m.size()[1].div_ceil(DEPTH) * plan.block_tiles();
    par_rows(plan.compute(), [out], [strip], SHARED_LANES, &|first, [out]: [&mut [Tile]; 1]| {
        pack_strips(plan, m, first, side, out);
    });
}

/// Packs strips of 32 rows of `m` on this thread, from strip `first` on, as many as `out` has room for.
pub(super) fn pack_strips(
    plan: Bf16Plan,
    m: FloatMat<'_>,
    first: usize,
    side: Side,
    out: &mut [Tile],
) {
    let [rows, cols] = m.size();
    for (i, strip) in out.chunks_exact_mut(cols.div_ceil(DEPTH) * plan.block_tiles()).enumerate() {
        let row = (first + i) * SIDE;
        for (p, block) in strip.chunks_exact_mut(plan.block_tiles()).enumerate() {
            let size = [SIDE.min(rows - row), DEPTH.min(cols - p * DEPTH)];
            let at = [row, p * DEPTH];
            match m {
                FloatMat::F32(m) => {
                    plan.pack(m.from(row, p * DEPTH), layout(m), size, side, block);
                }
                FloatMat::Bf16(m) if plan.parts == 1 && size == [SIDE, DEPTH] => {
                    plan.unit.pack_bf16(m.from(row, p * DEPTH), layout(m), side, block);
                }
                FloatMat::Bf16(m) => pack_widened(plan, m, at, size, side, block),
                FloatMat::F16(m) => pack_widened(plan, m, at, size, side, block),
            }
        }
    }
}

/// Packs a block of a factor in 16 bits, in f32.
fn pack_widened<T: HalfFloat>(
    plan: Bf16Plan,
    m: Mat<'_, T>,
    at: [usize; 2],
    [lanes, steps]: [usize; 2],
    side: Side,
    block: &mut [Tile],
) {
    let (layout, lines) = match m.col_stride {
        1 => (Layout::Lanes(DEPTH), [lanes, steps, m.row_stride]),
        _ => (Layout::Steps(SIDE), [steps, lanes, m.col_stride]),
    };
    let mut x = [0.0; SIDE * DEPTH];
    widen_block(m.from(at[0], at[1]), lines, &mut x);
    plan.pack(&x, layout, [lanes, steps], side, block);
}

/// The right factor of a product.
#[derive(Clone, Copy)]
pub(super) enum Bf16Operand<'a> {
    Plain(FloatMat<'a>),
    Packed(&'a PackedB),
}

/// One of several products with the same left factor: `c = init + a b`. Rows of `c` are `stride` apart and have `n` numbers.
pub(super) struct Product<'a> {
    pub(super) b: Bf16Operand<'a>,
    pub(super) n: usize,
    pub(super) stride: usize,
    pub(super) c: &'a mut [f32],
    pub(super) init: Init<'a>,
}

/// Computes products with one left factor. Its rows are packed once for all of them, 32 at a time, just before they are
/// multiplied.
pub(super) fn multiply<const N: usize>(
    plan: Bf16Plan,
    a: FloatMat<'_>,
    mut products: [Product<'_>; N],
) {
    let [m, k] = a.size();
    if plan.shared && m <= SKINNY_ROWS && products.iter().all(|x| x.n > 2 * m) {
        return skinny_gemm::multiply(plan, a, products);
    }
    products.iter().for_each(|x| count(m, k, x.n));
    let all_steps = k.div_ceil(DEPTH);
    let sizes = products.each_ref().map(|x| [x.n, x.stride]);
    let column_blocks: usize = sizes.iter().map(|[n, _]| n.div_ceil(SIDE)).sum();
    let least_steps = LEFT_TILES / plan.block_tiles();
    let most_steps =
        (RIGHT_TILES / plan.block_tiles() / column_blocks).clamp(least_steps, 2 * least_steps);
    let mut buffer = SHARED_FACTOR.take();
    for p in (0..all_steps).step_by(most_steps) {
        let steps = most_steps.min(all_steps - p);
        let inner = (steps * DEPTH).min(k - p * DEPTH);
        let plain = products.iter().filter(|x| matches!(x.b, Bf16Operand::Plain(_)));
        let len = plain.map(|x| x.n.div_ceil(SIDE) * steps * plan.block_tiles()).sum();
        let mut rest = grow(&mut buffer, len);
        // The tiles of each right factor, and the distance of its column blocks.
        let right = products.each_ref().map(|x| match x.b {
            Bf16Operand::Packed(all) => {
                (&all.0[p * plan.block_tiles()..], all_steps * plan.block_tiles())
            }
            Bf16Operand::Plain(b) => {
                let apart = steps * plan.block_tiles();
                let (own, next) =
                    std::mem::take(&mut rest).split_at_mut(x.n.div_ceil(SIDE) * apart);
                rest = next;
                pack(plan, b.part(p * DEPTH, 0, inner, x.n).t(), Side::Right, own);
                (&*own, apart)
            }
        });
        let inits = products.each_ref().map(|x| if p > 0 { Init::Accumulate } else { x.init });
        let multiply_rows = |first: usize, mut c: [&mut [f32]; N]| {
            let microkernel = plan.microkernel();
            let mut buffer = OWN_FACTOR.take();
            let left = grow(&mut buffer, steps * plan.block_tiles());
            let some = c[0].len().div_ceil(sizes[0][1]).min(m - first * SIDE);
            for row in (0..some).step_by(SIDE) {
                look();
                let rows = SIDE.min(some - row);
                let strip = a.part(first * SIDE + row, p * DEPTH, rows, inner);
                pack_strips(plan, strip, 0, Side::Left, left);
                for (i, c) in c.iter_mut().enumerate() {
                    let ([n, stride], (right, apart)) = (sizes[i], right[i]);
                    for col in (0..n).step_by(SIDE) {
                        let b = &right[col / SIDE * apart..][..left.len()];
                        let size = [rows, SIDE.min(n - col)];
                        let c = &mut c[row * stride + col..];
                        block(&microkernel, [left, b], size, c, stride, inits[i], col);
                    }
                }
            }
            OWN_FACTOR.set(buffer);
        };
        let widths = sizes.map(|[_, stride]| SIDE * stride);
        let c = products.each_mut().map(|x| &mut *x.c);
        par_rows(plan.compute(), c, widths, SHARED_ROWS, &multiply_rows);
    }
    SHARED_FACTOR.set(buffer);
}

/// The first `len` tiles of a buffer, which grows to that length.
pub(super) fn grow(buffer: &mut Vec<Tile>, len: usize) -> &mut [Tile] {
    if buffer.len() < len {
        buffer.resize(len, Tile::ZERO);
    }
    &mut buffer[..len]
}

/// Computes one block of `c`: in place if it is a whole one, else by way of a whole one. `column` is its first column, for the
/// bias.
#[inline]
pub(super) fn block(
    microkernel: &Microkernel,
    factors: [&[Tile]; 2],
    [rows, cols]: [usize; 2],
    c: &mut [f32],
    stride: usize,
    init: Init<'_>,
    column: usize,
) {
    const ZERO: [f32; SIDE] = [0.0; SIDE];
    if [rows, cols] == [SIDE, SIDE] {
        let init = match init {
            Init::Zero => Some((&ZERO[..], 0)),
            Init::Accumulate => None,
            Init::Bias(row) => Some((&row[column..], 0)),
        };
        return microkernel.multiply(factors, init, c, stride);
    }
    let mut whole = [0.0; SIDE * SIDE];
    let lines = whole.chunks_exact_mut(SIDE).take(rows);
    match init {
        Init::Zero => {}
        Init::Accumulate => lines.enumerate().for_each(|(i, to)| copy(&c[i * stride..], to, cols)),
        Init::Bias(row) => lines.for_each(|to| copy(&row[column..], to, cols)),
    }
    microkernel.multiply(factors, None, &mut whole, SIDE);
    for (i, from) in whole.chunks_exact(SIDE).take(rows).enumerate() {
        copy(from, &mut c[i * stride..], cols);
    }
}

/// Copies the first `n` numbers; a whole line of a block has a constant length, which is faster.
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32], n: usize) {
    match n {
        SIDE => to[..SIDE].copy_from_slice(&from[..SIDE]),
        n => to[..n].copy_from_slice(&from[..n]),
    }
}
