//! Factors of many small products, packed once by whoever uses them several times.
//!
//! Where tiles of bfloat16 are quicker (see `tiles.rs`) both factors are packed, and a product is nothing but tiles. By
//! vectors a left factor is read where it lies, and so is a right one with rows in order.

use super::Compute;
use super::bf16_gemm::{self, Bf16Plan, Microkernel, Stored};
use super::matmul::{Init, Mat, Mode, RightOperand, gemm_blocked};
use super::packing::{aligned_start, pack_all, with_pack_buffers};
use crate::simd::bf16::{DEPTH, SIDE, Side, Tile};

/// Where factors are packed, taken from the front: what is taken from an [`inner`](Arena::inner) arena is free again
/// after it.
pub(super) struct Arena<'a> {
    tiles: &'a mut [Tile],
    panels: &'a mut [Vec<f32>],
}

impl<'a> Arena<'a> {
    pub(super) fn new(tiles: &'a mut Vec<Tile>, len: usize, panels: &'a mut [Vec<f32>]) -> Self {
        Self { tiles: bf16_gemm::room(tiles, len), panels }
    }

    pub(super) fn inner(&mut self) -> Arena<'_> {
        Arena { tiles: self.tiles, panels: self.panels }
    }

    fn take(&mut self, len: usize) -> &'a mut [Tile] {
        let (taken, rest) = std::mem::take(&mut self.tiles).split_at_mut(len);
        self.tiles = rest;
        taken
    }
}

/// A factor, microkernel for products.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a> {
    Plain(Mat<'a>),
    /// A right one as [`pack_all`] leaves it, and its number of columns.
    Panels(&'a [f32], usize),
    Tiles(PackedOperand<'a>),
}

/// Rows of a left factor or columns of a right one, 32 at a time: tiles for these are `apart`, of which `each` are used.
#[derive(Clone, Copy)]
pub(super) struct PackedOperand<'a> {
    tiles: &'a [Tile],
    lanes: usize,
    apart: usize,
    each: usize,
    block: usize,
}

impl Operand<'_> {
    /// Some of the rows of a left factor, or of the columns of a packed right one: from a multiple of 32 on.
    pub(super) fn lanes(self, first: usize, lanes: usize) -> Self {
        match self {
            Self::Plain(m) => Self::Plain(m.part(first, 0, lanes, m.cols)),
            Self::Tiles(p) => {
                Self::Tiles(PackedOperand { tiles: &p.tiles[first / SIDE * p.apart..], lanes, ..p })
            }
            Self::Panels(_, cols) => {
                assert_eq!([first, lanes], [0, cols], "panels are used as a whole");
                self
            }
        }
    }

    /// The first steps of the inner dimension of a left factor.
    pub(super) fn steps(self, steps: usize) -> Self {
        match self {
            Self::Plain(m) => Self::Plain(m.part(0, 0, m.rows, steps)),
            Self::Tiles(p) => {
                Self::Tiles(PackedOperand { each: steps.div_ceil(DEPTH) * p.block, ..p })
            }
            Self::Panels(..) => unreachable!("panels are right factors"),
        }
    }
}

/// How products are computed: by tiles, whose registers this thread holds meanwhile, or by vectors.
pub(super) struct SmallGemm(Option<(Bf16Plan, Microkernel)>);

impl SmallGemm {
    /// The quicker plan for all products of these sizes, each of which is made of many small ones.
    pub(super) fn of(compute: Compute, sizes: &[[usize; 3]]) -> Self {
        let all = sizes
            .iter()
            .map(|size| Bf16Plan::of(compute, *size, true))
            .reduce(|a, b| a.and(b))
            .flatten();
        Self(all.map(|plan| (plan, plan.microkernel())))
    }

    /// Bytes of a packed number, if both factors are packed: that is, by tiles.
    pub(super) fn packed_bytes(&self) -> Option<usize> {
        self.0.as_ref().map(|(plan, _)| plan.block() * size_of::<Tile>() / (SIDE * DEPTH))
    }

    /// Tiles that factors of so many lanes and steps take.
    pub(super) fn tiles(&self, factors: &[[usize; 2]]) -> usize {
        let block = self.0.as_ref().map_or(0, |(plan, _)| plan.block());
        factors
            .iter()
            .map(|[lanes, steps]| lanes.div_ceil(SIDE) * steps.div_ceil(DEPTH))
            .sum::<usize>()
            * block
    }

    /// Packs a left factor.
    pub(super) fn left<'a>(&self, m: Mat<'a>, arena: &mut Arena<'a>) -> Operand<'a> {
        match &self.0 {
            Some((plan, _)) => packed(*plan, m, Side::Left, arena),
            None => Operand::Plain(m),
        }
    }

    /// Packs a right factor.
    pub(super) fn right<'a>(&self, m: Mat<'a>, arena: &mut Arena<'a>) -> Operand<'a> {
        match &self.0 {
            Some((plan, _)) => packed(*plan, m.t(), Side::Right, arena),
            None if m.col_stride == 1 => Operand::Plain(m),
            None => {
                let (panels, rest) =
                    std::mem::take(&mut arena.panels).split_first_mut().expect("a buffer for each");
                arena.panels = rest;
                pack_all(m, panels);
                Operand::Panels(&panels[aligned_start(panels)..], m.cols)
            }
        }
    }

    /// `c = a b` or `c += a b`, where rows of `c` are `stride` apart.
    pub(super) fn multiply(
        &self,
        a: Operand<'_>,
        b: Operand<'_>,
        c: &mut [f32],
        stride: usize,
        mode: Mode,
    ) {
        let init = if mode == Mode::Write { Init::Zero } else { Init::Accumulate };
        match (&self.0, a, b) {
            (Some((_, microkernel)), Operand::Tiles(a), Operand::Tiles(b)) => {
                assert_eq!(a.each, b.each, "inner dimensions of a product");
                for row in (0..a.lanes).step_by(SIDE) {
                    let left = &a.tiles[row / SIDE * a.apart..][..a.each];
                    for col in (0..b.lanes).step_by(SIDE) {
                        let right = &b.tiles[col / SIDE * b.apart..][..b.each];
                        let size = [SIDE.min(a.lanes - row), SIDE.min(b.lanes - col)];
                        let c = &mut c[row * stride + col..];
                        bf16_gemm::block(microkernel, [left, right], size, c, stride, init, 0);
                    }
                }
            }
            (None, Operand::Plain(a), b) => {
                let (b, n) = match b {
                    Operand::Plain(b) => (RightOperand::Plain(b), b.cols),
                    Operand::Panels(panels, cols) => (RightOperand::Packed(panels), cols),
                    Operand::Tiles(_) => unreachable!("vectors do not read tiles"),
                };
                with_pack_buffers(|packed| gemm_blocked(a, b, (n, stride), c, init, packed));
            }
            _ => unreachable!("factors are packed by what multiplies them"),
        }
    }
}

fn packed<'a>(plan: Bf16Plan, m: Mat<'_>, side: Side, arena: &mut Arena<'a>) -> Operand<'a> {
    let each = m.cols.div_ceil(DEPTH) * plan.block();
    let tiles = arena.take(m.rows.div_ceil(SIDE) * each);
    bf16_gemm::pack_from(plan, Stored::Wide(m), 0, side, tiles);
    Operand::Tiles(PackedOperand { tiles, lanes: m.rows, apart: each, each, block: plan.block() })
}
