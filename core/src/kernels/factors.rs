//! Factors of many small products, packed once by whoever uses them several times.
//!
//! Where tiles of bfloat16 are quicker (see `tiles.rs`) both factors are packed, and a product is nothing but tiles. By
//! vectors a left factor is read where it lies, and so is a right one with rows in order.

use super::matmul::{Mat, Mode, Right, Start, blocks};
use super::packing::{first_line, pack_all, with_packed};
use super::tiles::{self, Ready, Stored, Way};
use crate::simd::bf16::{DEPTH, SIDE, Side, Tile};

/// Where factors are packed, taken from the front: what is taken from an [`inner`](Space::inner) space is free again
/// after it.
pub(super) struct Space<'a> {
    tiles: &'a mut [Tile],
    panels: &'a mut [Vec<f32>],
}

impl<'a> Space<'a> {
    pub(super) fn new(tiles: &'a mut Vec<Tile>, len: usize, panels: &'a mut [Vec<f32>]) -> Self {
        Self { tiles: tiles::room(tiles, len), panels }
    }

    pub(super) fn inner(&mut self) -> Space<'_> {
        Space { tiles: self.tiles, panels: self.panels }
    }

    fn take(&mut self, len: usize) -> &'a mut [Tile] {
        let (taken, rest) = std::mem::take(&mut self.tiles).split_at_mut(len);
        self.tiles = rest;
        taken
    }
}

/// A factor, ready for products.
#[derive(Clone, Copy)]
pub(super) enum Factor<'a> {
    Plain(Mat<'a>),
    /// A right one as [`pack_all`] leaves it, and its number of columns.
    Panels(&'a [f32], usize),
    Tiles(Packed<'a>),
}

/// Rows of a left factor or columns of a right one, 32 at a time: tiles for these are `apart`, of which `each` are used.
#[derive(Clone, Copy)]
pub(super) struct Packed<'a> {
    tiles: &'a [Tile],
    lanes: usize,
    apart: usize,
    each: usize,
    block: usize,
}

impl Factor<'_> {
    /// Some of the rows of a left factor, or of the columns of a packed right one: from a multiple of 32 on.
    pub(super) fn lanes(self, first: usize, lanes: usize) -> Self {
        match self {
            Self::Plain(m) => Self::Plain(m.part(first, 0, lanes, m.cols)),
            Self::Tiles(p) => {
                Self::Tiles(Packed { tiles: &p.tiles[first / SIDE * p.apart..], lanes, ..p })
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
            Self::Tiles(p) => Self::Tiles(Packed { each: steps.div_ceil(DEPTH) * p.block, ..p }),
            Self::Panels(..) => unreachable!("panels are right factors"),
        }
    }
}

/// How products are computed: by tiles, whose registers this thread holds meanwhile, or by vectors.
pub(super) struct Products(Option<(Way, Ready)>);

impl Products {
    /// The quicker way for all products of these sizes, each of which is made of many small ones.
    pub(super) fn of(sizes: &[[usize; 3]]) -> Self {
        let all = sizes.iter().map(|size| Way::of(*size, true)).reduce(|a, b| a.and(b)).flatten();
        Self(all.map(|way| (way, way.take())))
    }

    /// Bytes of a packed number, if both factors are packed: that is, by tiles.
    pub(super) fn packed_bytes(&self) -> Option<usize> {
        self.0.as_ref().map(|(way, _)| way.block() * size_of::<Tile>() / (SIDE * DEPTH))
    }

    /// Tiles that factors of so many lanes and steps take.
    pub(super) fn tiles(&self, factors: &[[usize; 2]]) -> usize {
        let block = self.0.as_ref().map_or(0, |(way, _)| way.block());
        factors
            .iter()
            .map(|[lanes, steps]| lanes.div_ceil(SIDE) * steps.div_ceil(DEPTH))
            .sum::<usize>()
            * block
    }

    /// Packs a left factor.
    pub(super) fn left<'a>(&self, m: Mat<'a>, space: &mut Space<'a>) -> Factor<'a> {
        match &self.0 {
            Some((way, _)) => packed(*way, m, Side::Left, space),
            None => Factor::Plain(m),
        }
    }

    /// Packs a right factor.
    pub(super) fn right<'a>(&self, m: Mat<'a>, space: &mut Space<'a>) -> Factor<'a> {
        match &self.0 {
            Some((way, _)) => packed(*way, m.t(), Side::Right, space),
            None if m.col_stride == 1 => Factor::Plain(m),
            None => {
                let (panels, rest) =
                    std::mem::take(&mut space.panels).split_first_mut().expect("a buffer for each");
                space.panels = rest;
                pack_all(m, panels);
                Factor::Panels(&panels[first_line(panels)..], m.cols)
            }
        }
    }

    /// `c = a b` or `c += a b`, where rows of `c` are `stride` apart.
    pub(super) fn multiply(
        &self,
        a: Factor<'_>,
        b: Factor<'_>,
        c: &mut [f32],
        stride: usize,
        mode: Mode,
    ) {
        let start = if mode == Mode::Write { Start::Zero } else { Start::Old };
        match (&self.0, a, b) {
            (Some((_, ready)), Factor::Tiles(a), Factor::Tiles(b)) => {
                assert_eq!(a.each, b.each, "inner dimensions of a product");
                for row in (0..a.lanes).step_by(SIDE) {
                    let left = &a.tiles[row / SIDE * a.apart..][..a.each];
                    for col in (0..b.lanes).step_by(SIDE) {
                        let right = &b.tiles[col / SIDE * b.apart..][..b.each];
                        let size = [SIDE.min(a.lanes - row), SIDE.min(b.lanes - col)];
                        let c = &mut c[row * stride + col..];
                        tiles::block(ready, [left, right], size, c, stride, start, 0);
                    }
                }
            }
            (None, Factor::Plain(a), b) => {
                let (b, n) = match b {
                    Factor::Plain(b) => (Right::Plain(b), b.cols),
                    Factor::Panels(panels, cols) => (Right::Packed(panels), cols),
                    Factor::Tiles(_) => unreachable!("vectors do not read tiles"),
                };
                with_packed(|packed| blocks(a, b, (n, stride), c, start, packed));
            }
            _ => unreachable!("factors are packed by what multiplies them"),
        }
    }
}

fn packed<'a>(way: Way, m: Mat<'_>, side: Side, space: &mut Space<'a>) -> Factor<'a> {
    let each = m.cols.div_ceil(DEPTH) * way.block();
    let tiles = space.take(m.rows.div_ceil(SIDE) * each);
    tiles::pack_from(way, Stored::Wide(m), 0, side, tiles);
    Factor::Tiles(Packed { tiles, lanes: m.rows, apart: each, each, block: way.block() })
}
