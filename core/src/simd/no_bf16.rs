//! Architectures without a unit that multiplies bfloat16: a type without values.

use super::Isa;
use super::bf16::{Bf16Unit, Block, Layout, Side, Tile};
use half::bf16;

/// Has no value.
#[derive(Clone, Copy)]
pub(super) enum Unit {}

impl Bf16Unit for Unit {
    fn of(_: Isa, _: bool) -> Option<Self> {
        None
    }

    unsafe fn pack<const PARTS: usize>(
        self,
        _: &[f32],
        _: Layout,
        _: [usize; 2],
        _: Side,
        _: &mut [Tile],
    ) {
        match self {}
    }

    unsafe fn pack_bf16(self, _: &[bf16], _: Layout, _: Side, _: &mut [Tile]) {
        match self {}
    }

    unsafe fn multiply<const PARTS: usize>(self, _: Block) {
        match self {}
    }
}
