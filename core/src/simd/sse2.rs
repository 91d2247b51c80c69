//! SSE2: 4 values per vector, 16 registers, no fused multiply-add. Every x86-64 processor has it.

use super::{Kernel, Simd};
use std::arch::x86_64::*;

/// The token of [`super::Isa::Sse2`].
#[derive(Clone, Copy)]
pub(super) struct Sse2(());

impl Sse2 {
    /// A token.
    #[inline]
    pub(super) fn new() -> Self {
        Self(())
    }

    /// Runs `kernel`: the baseline already has SSE2, so there is no function to enter.
    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Out {
        kernel.run(self)
    }
}

/// From here on every f32 is a whole number.
const WHOLE: f32 = 8_388_608.0; // 2^23

impl Simd for Sse2 {
    type V = __m128;
    type M = __m128;
    const LANES: usize = 4;
    const TILE_ROWS: [usize; 3] = [12, 6, 0];

    #[inline(always)]
    fn load(self, x: &[f32]) -> __m128 {
        assert!(x.len() >= 4);
        // SAFETY: every x86-64 processor has SSE2; `x` has 4 values.
        unsafe { _mm_loadu_ps(x.as_ptr()) }
    }
    #[inline(always)]
    fn load_partial(self, x: &[f32]) -> __m128 {
        assert!(x.len() <= 4);
        let lanes: [f32; 4] = std::array::from_fn(|i| x.get(i).copied().unwrap_or(0.0));
        self.load(&lanes)
    }
    #[inline(always)]
    fn store(self, v: __m128, y: &mut [f32]) {
        assert!(y.len() >= 4);
        // SAFETY: every x86-64 processor has SSE2; `y` has 4 values.
        unsafe { _mm_storeu_ps(y.as_mut_ptr(), v) }
    }
    #[inline(always)]
    fn store_partial(self, v: __m128, y: &mut [f32]) {
        assert!(y.len() <= 4);
        let mut lanes = [0.0; 4];
        self.store(v, &mut lanes);
        y.iter_mut().zip(lanes).for_each(|(y, lane)| *y = lane);
    }

    lanewise! {
        splat(x: f32) -> __m128 = _mm_set1_ps(x);
        add(a: __m128, b: __m128) -> __m128 = _mm_add_ps(a, b);
        sub(a: __m128, b: __m128) -> __m128 = _mm_sub_ps(a, b);
        mul(a: __m128, b: __m128) -> __m128 = _mm_mul_ps(a, b);
        div(a: __m128, b: __m128) -> __m128 = _mm_div_ps(a, b);
        /// Rounded twice: without the instruction, a fused multiply-add is a slow library call.
        mul_add(a: __m128, b: __m128, c: __m128) -> __m128 = _mm_add_ps(_mm_mul_ps(a, b), c);
        neg_mul_add(a: __m128, b: __m128, c: __m128) -> __m128 = _mm_sub_ps(c, _mm_mul_ps(a, b));
        max(a: __m128, b: __m128) -> __m128 = _mm_max_ps(a, b);
        min(a: __m128, b: __m128) -> __m128 = _mm_min_ps(a, b);
        abs(a: __m128) -> __m128 = _mm_andnot_ps(_mm_set1_ps(-0.0), a);
        neg(a: __m128) -> __m128 = _mm_xor_ps(_mm_set1_ps(-0.0), a);
        sqrt(a: __m128) -> __m128 = _mm_sqrt_ps(a);
        lt(a: __m128, b: __m128) -> __m128 = _mm_cmplt_ps(a, b);
        le(a: __m128, b: __m128) -> __m128 = _mm_cmple_ps(a, b);
        eq(a: __m128, b: __m128) -> __m128 = _mm_cmpeq_ps(a, b);
        select(m: __m128, a: __m128, b: __m128) -> __m128 =
            _mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b));
        pow2(n: __m128) -> __m128 = _mm_castsi128_ps(_mm_slli_epi32::<23>(_mm_add_epi32(
            _mm_cvtps_epi32(n),
            _mm_set1_epi32(127),
        )));
        split(a: __m128) -> (__m128, __m128) = {
            let bits = _mm_castps_si128(a);
            let exponent = _mm_sub_epi32(_mm_srli_epi32::<23>(bits), _mm_set1_epi32(127));
            let fraction = _mm_and_si128(bits, _mm_set1_epi32(0x007f_ffff));
            let mantissa = _mm_or_si128(fraction, _mm_set1_epi32(0x3f80_0000));
            (_mm_castsi128_ps(mantissa), _mm_cvtepi32_ps(exponent))
        };
        sum(a: __m128) -> f32 = {
            let two = _mm_add_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        };
        max_of(a: __m128) -> f32 = {
            let two = _mm_max_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
        };
    }

    /// By the rounding of a sum: SSE2 has no such instruction.
    #[inline(always)]
    fn round(self, a: __m128) -> __m128 {
        let (size, whole) = (self.abs(a), self.splat(WHOLE));
        let rounded = self.sub(self.add(size, whole), whole);
        let rounded = self.select(self.lt(a, self.zero()), self.neg(rounded), rounded);
        self.select(self.lt(size, whole), rounded, a)
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
        let [mut a, mut b, mut c, mut d] = r;
        // SAFETY: every x86-64 processor has SSE2.
        unsafe { _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d) };
        for (i, column) in [a, b, c, d].into_iter().enumerate() {
            self.store(column, &mut y[i * y_stride..]);
        }
    }
}
