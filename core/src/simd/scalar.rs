//! One value at a time in plain Rust. It runs everywhere, and the other instruction sets are tested against it.

use super::Simd;

/// The token of [`super::Isa::Scalar`].
#[derive(Clone, Copy)]
pub(super) struct Scalar;

impl Simd for Scalar {
    type V = f32;
    type M = bool;
    const LANES: usize = 1;
    const TILE_ROWS: [usize; 3] = [8, 4, 4];

    #[inline(always)]
    fn splat(self, x: f32) -> f32 {
        x
    }
    #[inline(always)]
    fn load(self, x: &[f32]) -> f32 {
        x[0]
    }
    #[inline(always)]
    fn load_partial(self, x: &[f32]) -> f32 {
        assert!(x.len() <= 1);
        x.first().copied().unwrap_or(0.0)
    }
    #[inline(always)]
    fn store(self, v: f32, y: &mut [f32]) {
        y[0] = v;
    }
    #[inline(always)]
    fn store_partial(self, v: f32, y: &mut [f32]) {
        assert!(y.len() <= 1);
        y.fill(v);
    }
    #[inline(always)]
    fn add(self, a: f32, b: f32) -> f32 {
        a + b
    }
    #[inline(always)]
    fn sub(self, a: f32, b: f32) -> f32 {
        a - b
    }
    #[inline(always)]
    fn mul(self, a: f32, b: f32) -> f32 {
        a * b
    }
    #[inline(always)]
    fn div(self, a: f32, b: f32) -> f32 {
        a / b
    }
    /// Rounded twice: without the instruction, a fused multiply-add is a slow library call.
    #[inline(always)]
    fn mul_add(self, a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
    #[inline(always)]
    fn neg_mul_add(self, a: f32, b: f32, c: f32) -> f32 {
        c - a * b
    }
    #[inline(always)]
    fn max(self, a: f32, b: f32) -> f32 {
        if a > b { a } else { b }
    }
    #[inline(always)]
    fn min(self, a: f32, b: f32) -> f32 {
        if a < b { a } else { b }
    }
    #[inline(always)]
    fn abs(self, a: f32) -> f32 {
        a.abs()
    }
    #[inline(always)]
    fn neg(self, a: f32) -> f32 {
        -a
    }
    #[inline(always)]
    fn sqrt(self, a: f32) -> f32 {
        a.sqrt()
    }
    #[inline(always)]
    fn round(self, a: f32) -> f32 {
        a.round_ties_even()
    }
    #[inline(always)]
    fn lt(self, a: f32, b: f32) -> bool {
        a < b
    }
    #[inline(always)]
    fn le(self, a: f32, b: f32) -> bool {
        a <= b
    }
    #[inline(always)]
    fn eq(self, a: f32, b: f32) -> bool {
        a == b
    }
    #[inline(always)]
    fn select(self, m: bool, a: f32, b: f32) -> f32 {
        if m { a } else { b }
    }
    #[inline(always)]
    fn pow2(self, n: f32) -> f32 {
        f32::from_bits(((n as i32 + 127) as u32) << 23)
    }
    #[inline(always)]
    fn split(self, a: f32) -> (f32, f32) {
        let bits = a.to_bits();
        let exponent = (bits >> 23) as i32 - 127;
        (f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000), exponent as f32)
    }
    #[inline(always)]
    fn sum(self, a: f32) -> f32 {
        a
    }
    #[inline(always)]
    fn max_of(self, a: f32) -> f32 {
        a
    }
    #[inline(always)]
    fn transpose(self, x: &[f32], _x_stride: usize, rows: usize, y: &mut [f32], _y_stride: usize) {
        y[0] = self.load_partial(&x[..rows]);
    }
}
