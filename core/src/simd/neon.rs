//! AArch64 Advanced SIMD: 4 values per vector, 32 registers. Every AArch64 processor has it.

use super::{Kernel, Simd};
use half::f16;
use std::arch::aarch64::*;
use std::arch::asm;

/// The token of [`super::Isa::Neon`].
#[derive(Clone, Copy)]
pub(super) struct Neon(());

impl Neon {
    /// A token.
    #[inline]
    pub(super) fn new() -> Self {
        Self(())
    }

    /// Runs `kernel`: the baseline already has NEON, so there is no function to enter.
    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Out {
        kernel.run(self)
    }
}

/// Four numbers of binary16 in f32. Rust 1.89 has no stable intrinsics for the conversions; the instructions are part of NEON.
#[inline(always)]
fn widened(x: uint16x4_t) -> float32x4_t {
    let wide: float32x4_t;
    // SAFETY: every AArch64 processor has NEON; only registers change.
    unsafe {
        asm!("fcvtl {wide:v}.4s, {x:v}.4h", wide = lateout(vreg) wide, x = in(vreg) x,
            options(pure, nomem, nostack, preserves_flags));
    }
    wide
}

/// Four numbers rounded to binary16, to nearest with ties to even.
#[inline(always)]
fn narrowed(x: float32x4_t) -> uint16x4_t {
    let narrow: uint16x4_t;
    // SAFETY: every AArch64 processor has NEON; only registers change.
    unsafe {
        asm!("fcvtn {narrow:v}.4h, {x:v}.4s", narrow = lateout(vreg) narrow, x = in(vreg) x,
            options(pure, nomem, nostack, preserves_flags));
    }
    narrow
}

impl Simd for Neon {
    type V = float32x4_t;
    type M = uint32x4_t;
    const LANES: usize = 4;
    const TILE_ROWS: [usize; 3] = [14, 9, 7];
    const MULTIPLIES_BY_LANE: bool = true;

    #[inline(always)]
    fn load(self, x: &[f32]) -> float32x4_t {
        assert!(x.len() >= 4);
        // SAFETY: `x` has 4 values.
        unsafe { vld1q_f32(x.as_ptr()) }
    }
    #[inline(always)]
    fn load_partial(self, x: &[f32]) -> float32x4_t {
        let from = x.as_ptr();
        // By lanes: a copy to an array is a call, before which the vectors in use are written to the stack.
        // SAFETY: every AArch64 processor has NEON; only values of `x` are read.
        unsafe {
            let zero = vdupq_n_f32(0.0);
            let two = || vcombine_f32(vld1_f32(from), vget_low_f32(zero));
            match x.len() {
                0 => zero,
                1 => vld1q_lane_f32::<0>(from, zero),
                2 => two(),
                3 => vld1q_lane_f32::<2>(from.add(2), two()),
                n => {
                    assert!(n == 4);
                    vld1q_f32(from)
                }
            }
        }
    }
    #[inline(always)]
    fn store(self, v: float32x4_t, y: &mut [f32]) {
        assert!(y.len() >= 4);
        // SAFETY: `y` has 4 values.
        unsafe { vst1q_f32(y.as_mut_ptr(), v) }
    }
    #[inline(always)]
    fn store_partial(self, v: float32x4_t, y: &mut [f32]) {
        let to = y.as_mut_ptr();
        // SAFETY: every AArch64 processor has NEON; only values of `y` are written.
        unsafe {
            match y.len() {
                0 => {}
                1 => vst1q_lane_f32::<0>(to, v),
                2 => vst1_f32(to, vget_low_f32(v)),
                3 => {
                    vst1_f32(to, vget_low_f32(v));
                    vst1q_lane_f32::<2>(to.add(2), v);
                }
                n => {
                    assert!(n == 4);
                    vst1q_f32(to, v);
                }
            }
        }
    }

    #[inline(always)]
    fn mul_add_lane<const LANE: usize>(
        self,
        a: float32x4_t,
        b: float32x4_t,
        c: float32x4_t,
    ) -> float32x4_t {
        // SAFETY: every AArch64 processor has NEON.
        unsafe {
            match LANE {
                0 => vfmaq_laneq_f32::<0>(c, b, a),
                1 => vfmaq_laneq_f32::<1>(c, b, a),
                2 => vfmaq_laneq_f32::<2>(c, b, a),
                _ => vfmaq_laneq_f32::<3>(c, b, a),
            }
        }
    }

    lanewise! {
        splat(x: f32) -> float32x4_t = vdupq_n_f32(x);
        add(a: float32x4_t, b: float32x4_t) -> float32x4_t = vaddq_f32(a, b);
        sub(a: float32x4_t, b: float32x4_t) -> float32x4_t = vsubq_f32(a, b);
        mul(a: float32x4_t, b: float32x4_t) -> float32x4_t = vmulq_f32(a, b);
        div(a: float32x4_t, b: float32x4_t) -> float32x4_t = vdivq_f32(a, b);
        mul_add(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t = vfmaq_f32(c, a, b);
        neg_mul_add(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t = vfmsq_f32(c, a, b);
        max(a: float32x4_t, b: float32x4_t) -> float32x4_t = vbslq_f32(vcgtq_f32(a, b), a, b);
        min(a: float32x4_t, b: float32x4_t) -> float32x4_t = vbslq_f32(vcltq_f32(a, b), a, b);
        abs(a: float32x4_t) -> float32x4_t = vabsq_f32(a);
        neg(a: float32x4_t) -> float32x4_t = vnegq_f32(a);
        sqrt(a: float32x4_t) -> float32x4_t = vsqrtq_f32(a);
        round(a: float32x4_t) -> float32x4_t = vrndnq_f32(a);
        lt(a: float32x4_t, b: float32x4_t) -> uint32x4_t = vcltq_f32(a, b);
        le(a: float32x4_t, b: float32x4_t) -> uint32x4_t = vcleq_f32(a, b);
        eq(a: float32x4_t, b: float32x4_t) -> uint32x4_t = vceqq_f32(a, b);
        select(m: uint32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t = vbslq_f32(m, a, b);
        pow2(n: float32x4_t) -> float32x4_t =
            vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127))));
        split(a: float32x4_t) -> (float32x4_t, float32x4_t) = {
            let bits = vreinterpretq_u32_f32(a);
            let exponent = vsubq_s32(vreinterpretq_s32_u32(vshrq_n_u32::<23>(bits)), vdupq_n_s32(127));
            let mantissa = vorrq_u32(vandq_u32(bits, vdupq_n_u32(0x007f_ffff)), vdupq_n_u32(0x3f80_0000));
            (vreinterpretq_f32_u32(mantissa), vcvtq_f32_s32(exponent))
        };
        sum(a: float32x4_t) -> f32 = vaddvq_f32(a);
        max_of(a: float32x4_t) -> f32 = vmaxvq_f32(a);
    }

    #[inline(always)]
    fn transpose(self, x: &[f32], x_stride: usize, rows: usize, y: &mut [f32], y_stride: usize) {
        let mut r = [self.zero(); 4];
        // A constant number of iterations, so that the rows stay in registers.
        for i in 0..4 {
            if i < rows {
                r[i] = self.load(&x[i * x_stride..]);
            }
        }
        // SAFETY: every AArch64 processor has NEON.
        let columns = unsafe {
            let low = vzipq_f32(r[0], r[2]);
            let high = vzipq_f32(r[1], r[3]);
            let first = vzipq_f32(low.0, high.0);
            let second = vzipq_f32(low.1, high.1);
            [first.0, first.1, second.0, second.1]
        };
        for i in 0..4 {
            self.store(columns[i], &mut y[i * y_stride..]);
        }
    }

    #[inline(always)]
    fn widen_f16(self, x: &[f16], mut put: impl FnMut(usize, float32x4_t)) -> usize {
        let fours = x.chunks_exact(4);
        let rest = fours.remainder().len();
        for (i, four) in fours.enumerate() {
            // SAFETY: `four` has four numbers, each of which is its 16 bits.
            put(4 * i, widened(unsafe { vld1_u16(four.as_ptr().cast()) }));
        }
        x.len() - rest
    }

    #[inline(always)]
    fn narrow_f16(self, x: &[f32], y: &mut [f16]) -> usize {
        for (x, y) in x.chunks_exact(4).zip(y.chunks_exact_mut(4)) {
            // SAFETY: `y` has four numbers, each of which is its 16 bits.
            unsafe { vst1_u16(y.as_mut_ptr().cast(), narrowed(self.load(x))) }
        }
        x.len().min(y.len()) / 4 * 4
    }

    #[inline(always)]
    fn round_f16(self, x: &mut [f32]) -> usize {
        for x in x.chunks_exact_mut(4) {
            self.store(widened(narrowed(self.load(x))), x);
        }
        x.len() / 4 * 4
    }
}
