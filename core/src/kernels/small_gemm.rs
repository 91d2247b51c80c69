//! Small GEMMs whose factors are used several times, packed once by the caller: the products of attention's tiles.
//!
//! Where products of bfloat16 are faster (`bf16_gemm.rs`), both factors are packed, and a product is nothing but microkernel
//! calls. By vectors, a left factor is read where it lies, and so is a right one whose rows are contiguous.

use super::Compute;
use super::bf16_gemm::{self, Bf16Plan, FloatMat, Microkernel};
use super::counting::count;
use super::gemm::{RightOperand, gemm};
use super::matmul::{Init, Mat, Mode};
use super::packing::{aligned_start, pack_all, with_pack_buffers};
use crate::simd::bf16::{DEPTH, SIDE, Side, Tile};

/// Memory for packed factors, taken from the front. What is taken from a [nested](Arena::nested) arena is free again after it.
pub(super) struct Arena<'a> {
    tiles: &'a mut [Tile],
    panels: &'a mut [Vec<f32>],
}

impl<'a> Arena<'a> {
    pub(super) fn new(tiles: &'a mut Vec<Tile>, len: usize, panels: &'a mut [Vec<f32>]) -> Self {
        Self { tiles: bf16_gemm::grow(tiles, len), panels }
    }

    pub(super) fn nested(&mut self) -> Arena<'_> {
        Arena { tiles: self.tiles, panels: self.panels }
    }

    fn take(&mut self, len: usize) -> &'a mut [Tile] {
        let (taken, rest) = std::mem::take(&mut self.tiles).split_at_mut(len);
        self.tiles = rest;
        taken
    }
}

/// A factor, ready for products.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a> {
    Plain(Mat<'a>),
    /// A right one in panels, as [`pack_all`] makes them, and its number of columns.
    Panels(&'a [f32], usize),
    Blocks(PackedBlocks<'a>),
}

/// Rows of a left factor or columns of a right one, in strips of 32.
#[derive(Clone, Copy)]
pub(super) struct PackedBlocks<'a> {
    tiles: &'a [Tile],
    lanes: usize,
    /// Tiles from one strip to the next.
    strip_stride: usize,
    /// Tiles of a strip that are used.
    strip_tiles: usize,
    block_tiles: usize,
}

impl Operand<'_> {
    /// A range of the rows of a left factor, or of the columns of a packed right one. It starts at a multiple of 32.
    pub(super) fn lanes(self, first: usize, lanes: usize) -> Self {
        match self {
            Self::Plain(m) => Self::Plain(m.part(first, 0, lanes, m.cols)),
            Self::Blocks(p) => {
                let tiles = &p.tiles[first / SIDE * p.strip_stride..];
                Self::Blocks(PackedBlocks { tiles, lanes, ..p })
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
            Self::Blocks(p) => {
                let strip_tiles = steps.div_ceil(DEPTH) * p.block_tiles;
                Self::Blocks(PackedBlocks { strip_tiles, ..p })
            }
            Self::Panels(..) => unreachable!("panels are right factors"),
        }
    }
}

/// How the products are computed: with the microkernel of bfloat16, which holds this thread's tile registers meanwhile, or
/// by vectors.
pub(super) struct SmallGemm(Option<(Bf16Plan, Microkernel)>);

impl SmallGemm {
    /// The faster way for all of these products, each of which is made of many small ones.
    pub(super) fn of(compute: Compute, sizes: &[[usize; 3]]) -> Self {
        let plans = sizes.iter().map(|size| Bf16Plan::of(compute, *size, true));
        let all = plans.reduce(|a, b| a.and(b)).flatten();
        Self(all.map(|plan| (plan, plan.microkernel())))
    }

    /// Bytes that a number takes in a packed factor; none by vectors, where not every factor is packed.
    pub(super) fn packed_bytes(&self) -> Option<usize> {
        self.0.as_ref().map(|(plan, _)| plan.block_tiles() * size_of::<Tile>() / (SIDE * DEPTH))
    }

    /// Tiles that factors take, from their numbers of lanes and steps.
    pub(super) fn tiles(&self, factors: &[[usize; 2]]) -> usize {
        let block_tiles = self.0.as_ref().map_or(0, |(plan, _)| plan.block_tiles());
        let blocks = factors.iter().map(|[l, steps]| l.div_ceil(SIDE) * steps.div_ceil(DEPTH));
        blocks.sum::<usize>() * block_tiles
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
            (Some((_, microkernel)), Operand::Blocks(a), Operand::Blocks(b)) => {
                assert_eq!(a.strip_tiles, b.strip_tiles, "inner dimensions of a product");
                count(a.lanes, a.strip_tiles / a.block_tiles * DEPTH, b.lanes);
                for row in (0..a.lanes).step_by(SIDE) {
                    let left = &a.tiles[row / SIDE * a.strip_stride..][..a.strip_tiles];
                    for col in (0..b.lanes).step_by(SIDE) {
                        let right = &b.tiles[col / SIDE * b.strip_stride..][..b.strip_tiles];
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
                    Operand::Blocks(_) => unreachable!("vectors do not read blocks of bfloat16"),
                };
                with_pack_buffers(|buffers| gemm(a, b, (n, stride), c, init, buffers));
            }
            _ => unreachable!("both factors are packed by the one that multiplies them"),
        }
    }
}

fn packed<'a>(plan: Bf16Plan, m: Mat<'_>, side: Side, arena: &mut Arena<'a>) -> Operand<'a> {
    let strip_tiles = m.cols.div_ceil(DEPTH) * plan.block_tiles();
    let tiles = arena.take(m.rows.div_ceil(SIDE) * strip_tiles);
    bf16_gemm::pack_strips(plan, FloatMat::F32(m), 0, side, tiles);
    let (lanes, strip_stride, block_tiles) = (m.rows, strip_tiles, plan.block_tiles());
    Operand::Blocks(PackedBlocks { tiles, lanes, strip_stride, strip_tiles, block_tiles })
}
