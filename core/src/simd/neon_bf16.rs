//! The GEMM microkernel for bfloat16 on AArch64 with FEAT_BF16: `BFMMLA`, sums in f32.
//!
//! `BFMMLA` multiplies 2 × 4 numbers by 4 × 2 and adds the result to 2 × 2 sums: 16 multiply-adds, where `FMLA` does 4. A number
//! in three parts would take six of them, that is more than f32 by vectors, so there are products of rounded numbers only.
//!
//! **Rounding** (Arm Architecture Reference Manual for A-profile, DDI 0487: `BFMMLA`). A sum takes two products at a time, four
//! in one instruction. The products of two bfloat16 numbers are exact in f32; their sum is rounded, and rounded again
//! when it is added. Both round to odd: the last bit of an inexact result is 1, so a rounding errs by less than one unit in
//! the last place, where rounding to nearest errs by half a unit. Overflow becomes infinite. What is subnormal, read or
//! written, becomes 0; NaN becomes the default NaN. Neither depends on `FPCR`, unless the processor has FEAT_EBF16 and `FPCR.EBF`
//! is set, which it is not when a process starts. `BFCVTN`, which rounds f32 to bfloat16, follows `FPCR`, that is rounds to
//! nearest, ties to even, and keeps subnormal numbers.
//!
//! **Packed blocks.** A vector holds two lanes with four steps each, which is what `BFMMLA` reads of either factor. A block of 32
//! lanes × 32 steps is eight times, for four steps, the 16 vectors of its lanes: 256 bytes. Both factors are packed alike, and
//! all loads are of whole vectors, contiguous for each four steps.
//!
//! **Registers.** A register block of `r × c` pairs of lanes has `r c` sums of 2 × 2 and loads `r + c` vectors for `r c`
//! `BFMMLA`. 4 × 6 pairs take 24 registers for sums, 4 for the left factor and up to 4 for the right one: all 32. That is 10
//! loads for 24 `BFMMLA`, 0.42 each. (4 × 4 pairs: 0.5; 5 × 5 would be 0.4, but 5 does not divide the 16 pairs of rows.)
//! 32 columns are 6 + 6 + 4 pairs: 28 loads for 64 `BFMMLA`, 0.44 each, two loads to an `LDP`. The 16 or 24 sums do not depend on
//! each other, so the latency of `BFMMLA` is hidden.

use super::bf16::{Bf16Unit, Block, DEPTH, Layout, SIDE, Side, Tile};
use super::neon::Neon;
use super::{Isa, Simd};
use half::bf16;
use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};

/// Steps of a vector, and its lanes.
const STEPS: usize = 4;
const LANES: usize = 2;
/// Vectors for four steps of a block, and groups of four steps in a block.
const PAIRS: usize = SIDE / LANES;
const GROUPS: usize = DEPTH / STEPS;
/// Pairs of rows of a register block.
const ROWS: usize = 4;

/// FEAT_BF16.
#[derive(Clone, Copy)]
pub(super) struct Unit(());

impl Bf16Unit for Unit {
    fn of(isa: Isa, rounds: bool) -> Option<Self> {
        (isa == Isa::Neon && rounds && is_aarch64_feature_detected!("bf16")).then_some(Self(()))
    }

    unsafe fn pack<const PARTS: usize>(
        self,
        x: &[f32],
        layout: Layout,
        size: [usize; 2],
        _: Side,
        out: &mut [Tile],
    ) {
        assert!(PARTS == 1, "numbers in {PARTS} parts");
        let out = out.try_into().expect("two tiles");
        // SAFETY: the token proves FEAT_BF16.
        unsafe {
            match (layout, size == [SIDE, DEPTH]) {
                (Layout::Lanes(stride), true) => pack_lanes::<true>(x, stride, size, out),
                (Layout::Lanes(stride), false) => pack_lanes::<false>(x, stride, size, out),
                (Layout::Steps(stride), true) => pack_steps::<true>(x, stride, size, out),
                (Layout::Steps(stride), false) => pack_steps::<false>(x, stride, size, out),
            }
        }
    }

    unsafe fn pack_bf16(self, x: &[bf16], layout: Layout, _: Side, out: &mut [Tile]) {
        let out = out.try_into().expect("two tiles");
        // SAFETY: `x` has the lines of a whole block.
        unsafe {
            match layout {
                Layout::Lanes(stride) => pack_lanes_bf16(x, stride, out),
                Layout::Steps(stride) => pack_steps_bf16(x, stride, out),
            }
        }
    }

    unsafe fn multiply<const PARTS: usize>(self, block: Block) {
        assert!(PARTS == 1, "numbers in {PARTS} parts");
        for row in (0..PAIRS).step_by(ROWS) {
            // SAFETY: the token proves FEAT_BF16; the memory is as `Block` says, and 6 + 6 + 4 pairs are 32 columns.
            unsafe {
                register_block::<6>(block, row, 0);
                register_block::<6>(block, row, 6);
                register_block::<4>(block, row, 12);
            }
        }
    }
}

/// `sum + a b` for 2 × 2 sums: row `i` of `a` and column `j` of `b` are four numbers each.
#[inline]
#[target_feature(enable = "neon,bf16")]
fn multiply_add(mut sum: float32x4_t, a: uint16x8_t, b: uint16x8_t) -> float32x4_t {
    // SAFETY: FEAT_BF16 is enabled; only registers change.
    unsafe {
        asm!(
            "bfmmla {sum:v}.4s, {a:v}.8h, {b:v}.8h",
            sum = inout(vreg) sum,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// The numbers of `low` and `high`, rounded.
#[inline]
#[target_feature(enable = "neon,bf16")]
fn rounded(low: float32x4_t, high: float32x4_t) -> uint16x8_t {
    let both: uint16x8_t;
    // SAFETY: FEAT_BF16 is enabled; only registers change.
    unsafe {
        asm!(
            "bfcvtn {both:v}.4h, {low:v}.4s",
            "bfcvtn2 {both:v}.8h, {high:v}.4s",
            both = out(vreg) both,
            low = in(vreg) low,
            high = in(vreg) high,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    both
}

/// The lower halves of two vectors, and their upper halves: turns 2 × 2 sums into two rows of four, and back.
#[inline(always)]
fn halves(a: float32x4_t, b: float32x4_t) -> [float32x4_t; 2] {
    // SAFETY: every AArch64 processor has NEON.
    unsafe {
        let (a, b) = (vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b));
        [vzip1q_f64(a, b), vzip2q_f64(a, b)].map(|v| vreinterpretq_f32_f64(v))
    }
}

/// Computes `2 ROWS` rows and `2 COLS` columns of a block, from the pairs `row` and `column` on.
#[target_feature(enable = "neon,bf16")]
unsafe fn register_block<const COLS: usize>(block: Block, row: usize, column: usize) {
    let Block { blocks, a, b, init, init_stride, c, stride } = block;
    // SAFETY: the memory is as `Block` says; a packed block has `PAIRS * GROUPS` vectors.
    unsafe {
        let mut sums = [[vdupq_n_f32(0.0); COLS]; ROWS];
        for i in 0..ROWS {
            for j in (0..COLS).step_by(2) {
                let from = init.add(LANES * ((row + i) * init_stride + column + j));
                [sums[i][j], sums[i][j + 1]] =
                    halves(vld1q_f32(from), vld1q_f32(from.add(init_stride)));
            }
        }
        let (mut a, mut b) = (a.cast::<uint16x8_t>().add(row), b.cast::<uint16x8_t>().add(column));
        for _ in 0..GROUPS * blocks {
            let mut left = [vdupq_n_u16(0); ROWS];
            for i in 0..ROWS {
                left[i] = *a.add(i);
            }
            for j in 0..COLS {
                let right = *b.add(j);
                for i in 0..ROWS {
                    sums[i][j] = multiply_add(sums[i][j], left[i], right);
                }
            }
            (a, b) = (a.add(PAIRS), b.add(PAIRS));
        }
        for i in 0..ROWS {
            for j in (0..COLS).step_by(2) {
                let to = c.add(LANES * ((row + i) * stride + column + j));
                let [upper, lower] = halves(sums[i][j], sums[i][j + 1]);
                vst1q_f32(to, upper);
                vst1q_f32(to.add(stride), lower);
            }
        }
    }
}

/// Four numbers of a line from index `at` on, padded with zeros.
#[inline(always)]
fn four<const WHOLE: bool>(line: &[f32], at: usize) -> float32x4_t {
    let s = Neon::new();
    if WHOLE { s.load(&line[at..at + 4]) } else { s.load_at(line, at.min(line.len())) }
}

/// Line `i` of `count` lines of `len` numbers, `stride` apart; empty after the last one.
#[inline(always)]
fn line<const WHOLE: bool>(x: &[f32], i: usize, stride: usize, [count, len]: [usize; 2]) -> &[f32] {
    if WHOLE || i < count { &x[i * stride..][..len] } else { &[] }
}

/// Writes the vector of four steps of two lanes.
#[inline(always)]
fn put(out: &mut [Tile; 2], group: usize, pair: usize, v: uint16x8_t) {
    let words =
        &mut out[group / (GROUPS / 2)].0[4 * (PAIRS * (group % (GROUPS / 2)) + pair)..][..4];
    // SAFETY: a vector is four words.
    unsafe { vst1q_u32(words.as_mut_ptr(), vreinterpretq_u32_u16(v)) }
}

/// Packs a block whose lanes are lines: the vectors are as they lie in memory. `WHOLE` says that `size` is 32 × 32.
#[target_feature(enable = "neon,bf16")]
fn pack_lanes<const WHOLE: bool>(x: &[f32], stride: usize, size: [usize; 2], out: &mut [Tile; 2]) {
    let size = if WHOLE { [SIDE, DEPTH] } else { size };
    for pair in 0..PAIRS {
        let [even, odd] = [0, 1].map(|i| line::<WHOLE>(x, LANES * pair + i, stride, size));
        for group in 0..GROUPS {
            let at = STEPS * group;
            put(out, group, pair, rounded(four::<WHOLE>(even, at), four::<WHOLE>(odd, at)));
        }
    }
}

/// Packs a block whose steps are lines: 4 × 8 numbers at a time, rounded and then transposed.
#[target_feature(enable = "neon,bf16")]
fn pack_steps<const WHOLE: bool>(x: &[f32], stride: usize, size: [usize; 2], out: &mut [Tile; 2]) {
    let [lanes, steps] = if WHOLE { [SIDE, DEPTH] } else { size };
    for group in 0..GROUPS {
        let lines =
            [0, 1, 2, 3].map(|i| line::<WHOLE>(x, STEPS * group + i, stride, [steps, lanes]));
        for lane in (0..SIDE).step_by(8) {
            let mut rows = [vdupq_n_u16(0); STEPS];
            for i in 0..STEPS {
                rows[i] = rounded(four::<WHOLE>(lines[i], lane), four::<WHOLE>(lines[i], lane + 4));
            }
            put_transposed(out, group, lane / LANES, rows);
        }
    }
}

/// Writes four steps of eight lanes, where each of `rows` is a step.
#[inline(always)]
fn put_transposed(out: &mut [Tile; 2], group: usize, pair: usize, rows: [uint16x8_t; STEPS]) {
    let [r0, r1, r2, r3] = rows;
    // SAFETY: every AArch64 processor has NEON.
    unsafe {
        let zip = |a, b| [vzip1q_u16(a, b), vzip2q_u16(a, b)].map(|v| vreinterpretq_u32_u16(v));
        let (first, last) = (zip(r0, r1), zip(r2, r3));
        for i in 0..2 {
            let two = [vzip1q_u32(first[i], last[i]), vzip2q_u32(first[i], last[i])];
            put(out, group, pair + 2 * i, vreinterpretq_u16_u32(two[0]));
            put(out, group, pair + 2 * i + 1, vreinterpretq_u16_u32(two[1]));
        }
    }
}

/// [`pack_lanes`] for a whole block in bfloat16.
unsafe fn pack_lanes_bf16(x: &[bf16], stride: usize, out: &mut [Tile; 2]) {
    for pair in 0..PAIRS {
        // SAFETY: the caller's: 32 lines of 32 numbers.
        unsafe {
            let even = x.as_ptr().cast::<u16>().add(LANES * pair * stride);
            let odd = even.add(stride);
            for group in 0..GROUPS {
                let at = STEPS * group;
                put(out, group, pair, vcombine_u16(vld1_u16(even.add(at)), vld1_u16(odd.add(at))));
            }
        }
    }
}

/// [`pack_steps`] for a whole block in bfloat16.
unsafe fn pack_steps_bf16(x: &[bf16], stride: usize, out: &mut [Tile; 2]) {
    for group in 0..GROUPS {
        for lane in (0..SIDE).step_by(8) {
            // SAFETY: the caller's: 32 lines of 32 numbers.
            unsafe {
                let mut rows = [vdupq_n_u16(0); STEPS];
                for i in 0..STEPS {
                    let from = x.as_ptr().cast::<u16>().add((STEPS * group + i) * stride + lane);
                    rows[i] = vld1q_u16(from);
                }
                put_transposed(out, group, lane / LANES, rows);
            }
        }
    }
}
