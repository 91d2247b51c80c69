//! In place of `amx.rs` on processors that have no tiles: a token of which there is none.

pub(crate) const SIDE: usize = 32;
pub(crate) const DEPTH: usize = 32;

#[derive(Clone, Copy)]
pub(crate) struct Tile;

impl Tile {
    pub(crate) const ZERO: Self = Self;
}

#[derive(Clone, Copy)]
pub(crate) enum Side {
    Left,
    Right,
}

#[derive(Clone, Copy)]
pub(crate) enum Layout {
    Lanes(usize),
    Steps(usize),
}

#[derive(Clone, Copy)]
pub(crate) enum Amx {}

impl Amx {
    pub(crate) fn new() -> Option<Self> {
        None
    }

    pub(crate) fn pack<const PARTS: usize>(
        self,
        _: &[f32],
        _: Layout,
        _: [usize; 2],
        _: Side,
        _: &mut [Tile],
    ) {
        match self {}
    }

    pub(crate) fn multiply<const PARTS: usize>(
        self,
        _: [&[Tile]; 2],
        _: Option<(&[f32], usize)>,
        _: &mut [f32],
        _: usize,
    ) {
        match self {}
    }
}
