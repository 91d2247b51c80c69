//! The matrix product in blocks of 32 × 32 by bfloat16 products, where the processor has them: both factors packed.
//!
//! Coverage `simd/bf16.rs` for what multiplies, and how a number in f32 is made of three parts. A packed factor is, for each 32
//! lanes (rows of the left factor, columns of the right one) and each 32 steps of the inner dimension, two tiles for each
//! part of a number.

use super::Compute;
use super::half_precision::{Half, widen_block};
use super::matmul::{Init, Mat};
use super::parallel::{SKINNY_ROWS, par_rows};
use super::skinny_gemm;
use crate::interrupt::look;
use crate::simd::bf16::{ActiveUnit, DEPTH, Layout, SIDE, Side, Tile, Unit};
use crate::simd::{Isa, isa};
use std::cell::RefCell;

/// Tiles of 32 rows that are multiplied before the next steps of the inner dimension: so many stay in the first cache; twice as
/// many if there are few columns.
const LEFT_TILES: usize = 48;
/// Tiles of right factors that are packed at a time, if those are few columns: so many stay in the second cache.
const RIGHT_TILES: usize = 768;
/// Lanes that a thread packs at least, where threads share a product, and rows that it multiplies: in blocks.
const SHARED_LANES: usize = 2;
const SHARED_ROWS: usize = 1;
/// Multiply-adds from which on a product is quicker this plan: of numbers in three parts, with a right factor to be packed or
/// one that is kept; and of rounded ones.
const LEAST_WORK: usize = 1 << 20;
const LEAST_WORK_KEPT: usize = 1 << 18;
const LEAST_WORK_ROUNDED: usize = 1 << 16;

thread_local! {
    /// Where a thread packs factors that it shares; grows to the largest that was needed and stays.
    pub(super) static RIGHT: RefCell<Vec<Tile>> = const { RefCell::new(Vec::new()) };
    /// Where a thread packs the rows that it multiplies next, or the columns.
    pub(super) static LEFT: RefCell<Vec<Tile>> = const { RefCell::new(Vec::new()) };
    /// Buffers of factors that were kept.
    static SPARE: RefCell<Vec<Vec<Tile>>> = const { RefCell::new(Vec::new()) };
}

/// How a product is computed: by what, and from how many parts of each number.
#[derive(Clone, Copy)]
pub(super) struct Bf16Plan {
    unit: Unit,
    parts: usize,
    shared: bool,
}

impl Bf16Plan {
    /// The plan that is quicker than multiply-adds for a product `[m, k] × [k, n]`, whose right factor may be kept for
    /// others: where there is enough to do, and blocks are not too empty.
    pub(super) fn of(compute: Compute, [m, k, n]: [usize; 3], kept: bool) -> Option<Self> {
        let Compute { shared, rounds } = compute;
        let unit = match isa() {
            Isa::Amx => Unit::amx()?,
            Isa::Avx512 if rounds => Unit::avx512_bf16()?,
            _ => return None,
        };
        // How full blocks must be, as a fraction.
        let (parts, least, [some, all]) = match (rounds, kept) {
            (true, _) => (1, LEAST_WORK_ROUNDED, [1, 2]),
            (false, true) => (3, LEAST_WORK_KEPT, [7, 8]),
            (false, false) => (3, LEAST_WORK, [2, 3]),
        };
        let padded =
            m.next_multiple_of(SIDE) * k.next_multiple_of(DEPTH) * n.next_multiple_of(SIDE);
        let work = m * k * n;
        (work >= least && all * work > some * padded).then_some(Self { unit, parts, shared })
    }

    /// What its kernels may do. Rounding is decided: the factors are packed in as many parts as the plan says.
    pub(super) fn compute(self) -> Compute {
        Compute { shared: self.shared, rounds: self.parts == 1 }
    }

    /// Tiles of a block of a factor.
    pub(super) fn block(self) -> usize {
        2 * self.parts
    }

    fn pack(self, x: &[f32], layout: Layout, size: [usize; 2], side: Side, out: &mut [Tile]) {
        match self.parts {
            1 => self.unit.pack::<1>(x, layout, size, side, out),
            _ => self.unit.pack::<3>(x, layout, size, side, out),
        }
    }

    pub(super) fn microkernel(self) -> Microkernel {
        Microkernel { parts: self.parts, unit: self.unit.activate() }
    }
}

/// A unit that this thread multiplies with.
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

/// A factor, as it is stored.
#[derive(Clone, Copy)]
pub(super) enum Stored<'a> {
    Wide(Mat<'a>),
    Half(Half, Mat<'a, u16>),
}

impl Stored<'_> {
    /// Rows and columns.
    pub(super) fn size(self) -> [usize; 2] {
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

    pub(super) fn part(self, r: usize, c: usize, rows: usize, cols: usize) -> Self {
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

/// How the rows of `m` lie, as lanes.
fn layout<T>(m: Mat<'_, T>) -> Layout {
    match m.col_stride {
        1 => Layout::Lanes(m.row_stride),
        _ => Layout::Steps(m.col_stride),
    }
}

/// A right factor, packed: for each 32 columns all of the inner dimension.
pub(super) struct PackedB(Vec<Tile>);

impl PackedB {
    pub(super) fn new(plan: Bf16Plan, b: Mat) -> Self {
        let mut buffer = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        let len = b.cols.div_ceil(SIDE) * b.rows.div_ceil(DEPTH) * plan.block();
        pack(plan, Stored::Wide(b.t()), Side::Right, room(&mut buffer, len));
        Self(buffer)
    }

    /// Some gemm_blocked, from the `first` on.
    pub(super) fn part(&self, first: usize, blocks: usize, plan: Bf16Plan) -> &[Tile] {
        &self.0[first * plan.block()..][..blocks * plan.block()]
    }
}

impl Drop for PackedB {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        let _ = SPARE.try_with(|pool| pool.borrow_mut().push(buffer)); // at the end of a thread it is freed
    }
}

/// Packs the rows of `m` as lanes: for each 32 of them all blocks of the inner dimension. Threads may share the work.
pub(super) fn pack(plan: Bf16Plan, m: Stored<'_>, side: Side, out: &mut [Tile]) {
    let each = m.size()[1].div_ceil(DEPTH) * plan.block();
    par_rows(plan.compute(), [out], [each], SHARED_LANES, &|first, [out]: [&mut [Tile]; 1]| {
        pack_from(plan, m, first, side, out);
    });
}

/// Packs rows of `m` on this thread, from the first of the 32 lanes `first` on.
pub(super) fn pack_from(plan: Bf16Plan, m: Stored<'_>, first: usize, side: Side, out: &mut [Tile]) {
    let [rows, cols] = m.size();
    for (i, lanes) in out.chunks_exact_mut(cols.div_ceil(DEPTH) * plan.block()).enumerate() {
        let row = (first + i) * SIDE;
        for (p, block) in lanes.chunks_exact_mut(plan.block()).enumerate() {
            let [lanes, steps] = [SIDE.min(rows - row), DEPTH.min(cols - p * DEPTH)];
            match m {
                Stored::Wide(m) => {
                    plan.pack(m.from(row, p * DEPTH), layout(m), [lanes, steps], side, block);
                }
                Stored::Half(Half::Bf16, m)
                    if plan.parts == 1 && [lanes, steps] == [SIDE, DEPTH] =>
                {
                    plan.unit.pack_narrow(m.from(row, p * DEPTH), layout(m), side, block);
                }
                Stored::Half(half, m) => {
                    let (layout, lines) = match m.col_stride {
                        1 => (Layout::Lanes(DEPTH), [lanes, steps, m.row_stride]),
                        _ => (Layout::Steps(SIDE), [steps, lanes, m.col_stride]),
                    };
                    let mut x = [0.0; SIDE * DEPTH];
                    widen_block(half, m.from(row, p * DEPTH), lines, &mut x);
                    plan.pack(&x, layout, [lanes, steps], side, block);
                }
            }
        }
    }
}

/// The right factor of a product.
#[derive(Clone, Copy)]
pub(super) enum Bf16Operand<'a> {
    Plain(Stored<'a>),
    Packed(&'a PackedB),
}

/// A product with a left factor: `c = init + a b`, where rows of `c` are `stride` apart and have `n` numbers.
pub(super) struct Product<'a> {
    pub(super) b: Bf16Operand<'a>,
    pub(super) n: usize,
    pub(super) stride: usize,
    pub(super) c: &'a mut [f32],
    pub(super) init: Init<'a>,
}

/// Computes products with one left factor, whose rows are packed once, 32 at a time just before they are multiplied.
pub(super) fn multiply<const N: usize>(
    plan: Bf16Plan,
    a: Stored<'_>,
    mut products: [Product<'_>; N],
) {
    let [m, k] = a.size();
    if plan.shared && m <= SKINNY_ROWS && products.iter().all(|x| x.n > 2 * m) {
        return skinny_gemm::multiply(plan, a, products);
    }
    let all_steps = k.div_ceil(DEPTH);
    let sizes = products.each_ref().map(|x| [x.n, x.stride]);
    let panels: usize = sizes.iter().map(|[n, _]| n.div_ceil(SIDE)).sum();
    let least_steps = LEFT_TILES / plan.block();
    let most_steps = (RIGHT_TILES / plan.block() / panels).clamp(least_steps, 2 * least_steps);
    let mut buffer = RIGHT.take();
    for p in (0..all_steps).step_by(most_steps) {
        let steps = most_steps.min(all_steps - p);
        let inner = (steps * DEPTH).min(k - p * DEPTH);
        let plain = products.iter().filter(|x| matches!(x.b, Bf16Operand::Plain(_)));
        let len = plain.map(|x| x.n.div_ceil(SIDE) * steps * plan.block()).sum();
        let mut rest = room(&mut buffer, len);
        // Each right factor, and how far its blocks of columns are apart.
        let right = products.each_ref().map(|x| match x.b {
            Bf16Operand::Packed(all) => (&all.0[p * plan.block()..], all_steps * plan.block()),
            Bf16Operand::Plain(b) => {
                let apart = steps * plan.block();
                let (own, next) =
                    std::mem::take(&mut rest).split_at_mut(x.n.div_ceil(SIDE) * apart);
                rest = next;
                pack(plan, b.part(p * DEPTH, 0, inner, x.n).t(), Side::Right, own);
                (&*own, apart)
            }
        });
        let inits = products.each_ref().map(|x| if p > 0 { Init::Accumulate } else { x.init });
        let strip = |first: usize, mut c: [&mut [f32]; N]| {
            let microkernel = plan.microkernel();
            let mut buffer = LEFT.take();
            let left = room(&mut buffer, steps * plan.block());
            let some = c[0].len().div_ceil(sizes[0][1]).min(m - first * SIDE);
            for row in (0..some).step_by(SIDE) {
                look();
                let rows = SIDE.min(some - row);
                let lanes = a.part(first * SIDE + row, p * DEPTH, rows, inner);
                pack_from(plan, lanes, 0, Side::Left, left);
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
            LEFT.set(buffer);
        };
        let widths = sizes.map(|[_, stride]| SIDE * stride);
        par_rows(
            plan.compute(),
            products.each_mut().map(|x| &mut *x.c),
            widths,
            SHARED_ROWS,
            &strip,
        );
    }
    RIGHT.set(buffer);
}

/// The first `len` tiles of a buffer that grows.
pub(super) fn room(buffer: &mut Vec<Tile>, len: usize) -> &mut [Tile] {
    if buffer.len() < len {
        buffer.resize(len, Tile::ZERO);
    }
    &mut buffer[..len]
}

/// One block: in place if it is whole.
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

/// Copies the first `n` numbers, quicker if they are a whole line of a block.
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32], n: usize) {
    match n {
        SIDE => to[..SIDE].copy_from_slice(&from[..SIDE]),
        n => to[..n].copy_from_slice(&from[..n]),
    }
}
