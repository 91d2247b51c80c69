//! Products of blocks of bfloat16 with sums in f32, by the unit of the processor that multiplies them.
//!
//! Each architecture has a file that implements [`Bf16Unit`]: `x86_bf16.rs` (AMX tiles and AVX512-BF16 dot products),
//! `neon_bf16.rs` (FEAT_BF16) and, for all others, `no_bf16.rs`. [`Unit`] and [`ActiveUnit`] check what kernels pass and call
//! them. A block is 32 lanes × 32 steps: lanes are rows of the left factor or columns of the right one, steps are those of the
//! inner dimension. In which order a packed block holds its numbers only the architecture's file knows.

use super::Isa;
#[cfg(target_arch = "aarch64")]
use super::neon_bf16::Unit as OfProcessor;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use super::no_bf16::Unit as OfProcessor;
#[cfg(target_arch = "x86_64")]
use super::x86_bf16::Unit as OfProcessor;
use half::bf16;
use std::marker::PhantomData;

/// Lanes of a block.
pub(crate) const SIDE: usize = 32;
/// Steps of a block.
pub(crate) const DEPTH: usize = 32;

/// Half of a packed block of numbers in one part: 512 numbers, two in each word.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Tile(pub(super) [u32; 256]);

impl Tile {
    pub(crate) const ZERO: Self = Self([0; 256]);
}

/// The factor that a packed block belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// How a block that is to be packed lies in memory.
#[derive(Clone, Copy)]
pub(crate) enum Layout {
    /// The steps of a lane are contiguous; lanes are `usize` apart.
    Lanes(usize),
    /// The lanes of a step are contiguous; steps are `usize` apart.
    Steps(usize),
}

impl Layout {
    /// The length of memory from the first number of a block to its last.
    fn reach(self, lanes: usize, steps: usize) -> usize {
        match self {
            Self::Lanes(stride) => (lanes - 1) * stride + steps,
            Self::Steps(stride) => (steps - 1) * stride + lanes,
        }
    }
}

/// The memory of a product of packed blocks: `C = init + A B`, a block of 32 × 32 numbers in f32.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// Packed blocks at `a` and at `b`.
    pub(super) blocks: usize,
    pub(super) a: *const Tile,
    pub(super) b: *const Tile,
    /// 32 rows of 32 numbers, `init_stride` apart. It may be `c`.
    pub(super) init: *const f32,
    pub(super) init_stride: usize,
    /// 32 rows of 32 numbers, `stride` apart.
    pub(super) c: *mut f32,
    pub(super) stride: usize,
}

/// What multiplies bfloat16 on one architecture. A value proves that its instructions may be executed.
pub(super) trait Bf16Unit: Copy {
    /// The unit that serves the products of an instruction set, if the processor has one: of numbers that are rounded to
    /// bfloat16 if `rounds`, else of numbers in three parts, with the precision of f32.
    fn of(isa: Isa, rounds: bool) -> Option<Self>;

    /// Makes the unit ready on this thread.
    fn start(self) {}

    /// Ends what `start` began.
    fn stop(self) {}

    /// [`Unit::pack`].
    ///
    /// # Safety
    /// There are 1 to 32 lanes and steps, `x` holds the whole block, and `out` has two tiles for each part.
    unsafe fn pack<const PARTS: usize>(
        self,
        x: &[f32],
        layout: Layout,
        size: [usize; 2],
        side: Side,
        out: &mut [Tile],
    );

    /// [`Unit::pack_bf16`].
    ///
    /// # Safety
    /// `x` holds a block of 32 × 32, and `out` has two tiles.
    unsafe fn pack_bf16(self, x: &[bf16], layout: Layout, side: Side, out: &mut [Tile]);

    /// [`ActiveUnit::multiply`].
    ///
    /// # Safety
    /// The memory is as [`Block`] says, and the unit was started on this thread.
    unsafe fn multiply<const PARTS: usize>(self, block: Block);
}

/// A unit that multiplies bfloat16. It exists only where the processor has it and the system lets this process use it.
#[derive(Clone, Copy)]
pub(crate) struct Unit(OfProcessor);

impl Unit {
    /// The unit for products on `isa`: of rounded numbers if `rounds`, else of numbers in three parts.
    pub(crate) fn of(isa: Isa, rounds: bool) -> Option<Self> {
        OfProcessor::of(isa, rounds).map(Self)
    }

    /// Makes the unit ready on this thread, until the result is dropped.
    pub(crate) fn activate(self) -> ActiveUnit {
        self.0.start();
        ActiveUnit(self.0, PhantomData)
    }

    /// Packs a block of `lanes` × `steps` numbers, padded with zeros: two tiles for each of `PARTS` parts.
    pub(crate) fn pack<const PARTS: usize>(
        self,
        x: &[f32],
        layout: Layout,
        [lanes, steps]: [usize; 2],
        side: Side,
        out: &mut [Tile],
    ) {
        assert!(out.len() == 2 * PARTS && lanes > 0 && steps > 0);
        assert!(lanes <= SIDE && steps <= DEPTH);
        assert!(x.len() >= layout.reach(lanes, steps), "lines of a block");
        // SAFETY: checked above.
        unsafe { self.0.pack::<PARTS>(x, layout, [lanes, steps], side, out) }
    }

    /// Packs a whole block of numbers that are in bfloat16 already, as one part.
    pub(crate) fn pack_bf16(self, x: &[bf16], layout: Layout, side: Side, out: &mut [Tile]) {
        assert!(out.len() == 2 && x.len() >= layout.reach(SIDE, DEPTH), "lines of a block");
        // SAFETY: checked above.
        unsafe { self.0.pack_bf16(x, layout, side, out) }
    }
}

/// A unit ready to multiply. What makes it ready belongs to a thread, so it cannot be sent to another.
pub(crate) struct ActiveUnit(OfProcessor, PhantomData<*const ()>);

impl Drop for ActiveUnit {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl ActiveUnit {
    /// Computes a block `C = init + A B` of 32 × 32 numbers from the packed blocks of both factors. `init` comes with the
    /// distance of its rows, which may be 0; if it is `None`, it is `c`. Rows of `c` are `stride` apart.
    pub(crate) fn multiply<const PARTS: usize>(
        &self,
        [a, b]: [&[Tile]; 2],
        init: Option<(&[f32], usize)>,
        c: &mut [f32],
        stride: usize,
    ) {
        assert!(!a.is_empty() && a.len() == b.len() && a.len().is_multiple_of(2 * PARTS));
        assert!(c.len() >= (SIDE - 1) * stride + SIDE, "rows of a block");
        let c = c.as_mut_ptr();
        let (init, init_stride) = match init {
            None => (c.cast_const(), stride),
            Some((init, stride)) => {
                assert!(init.len() >= (SIDE - 1) * stride + SIDE, "rows of the initial value");
                (init.as_ptr(), stride)
            }
        };
        let (blocks, a, b) = (a.len() / (2 * PARTS), a.as_ptr(), b.as_ptr());
        // SAFETY: the lengths were checked above, and the unit was started on this thread, which it cannot leave.
        unsafe { self.0.multiply::<PARTS>(Block { blocks, a, b, init, init_stride, c, stride }) }
    }
}
