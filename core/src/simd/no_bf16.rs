//! In place of `bf16.rs` for other processors: a token of which there is none.

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
pub(crate) enum Unit {}

impl Unit {
    pub(crate) fn tiles() -> Option<Self> {
        None
    }

    pub(crate) fn dots() -> Option<Self> {
        None
    }

    pub(crate) fn take(self) -> Taken {
        match self {}
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
}

pub(crate) enum Taken {}

impl Taken {
    pub(crate) fn multiply<const PARTS: usize>(
        &self,
        _: [&[Tile]; 2],
        _: Option<(&[f32], usize)>,
        _: &mut [f32],
        _: usize,
    ) {
        match *self {}
    }
}
