//! Replaces `bf16.rs` on other architectures: the same types, but a unit that never exists.

use half::bf16;

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

/// Never created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit(());

impl Unit {
    pub(crate) fn amx() -> Option<Self> {
        false.then_some(Self(()))
    }

    pub(crate) fn avx512_bf16() -> Option<Self> {
        false.then_some(Self(()))
    }

    pub(crate) fn activate(self) -> ActiveUnit {
        ActiveUnit(self)
    }

    pub(crate) fn pack<const PARTS: usize>(
        self,
        _: &[f32],
        layout: Layout,
        _: [usize; 2],
        _: Side,
        _: &mut [Tile],
    ) {
        let (Layout::Lanes(stride) | Layout::Steps(stride)) = layout;
        unreachable!("no unit packs lines {stride} apart on this architecture")
    }

    pub(crate) fn pack_bf16(self, _: &[bf16], layout: Layout, side: Side, out: &mut [Tile]) {
        self.pack::<1>(&[], layout, [0; 2], side, out);
    }
}

/// Holds a unit, so it never exists either.
pub(crate) struct ActiveUnit(Unit);

impl ActiveUnit {
    pub(crate) fn multiply<const PARTS: usize>(
        &self,
        _: [&[Tile]; 2],
        _: Option<(&[f32], usize)>,
        _: &mut [f32],
        _: usize,
    ) {
        unreachable!("{:?} does not exist on this architecture", self.0)
    }
}
