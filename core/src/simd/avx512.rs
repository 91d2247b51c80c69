//! AVX-512F: 16 values per vector, 32 registers.

use super::{Kernel, Simd};
use std::arch::x86_64::*;

/// The token of [`super::Isa::Avx512`]: it exists only where the processor has AVX-512F.
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

impl Avx512 {
    /// A token, if the processor supports it.
    #[inline]
    pub(super) fn new() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }

    /// Runs `kernel` compiled for AVX-512F.
    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Out {
        #[target_feature(enable = "avx512f")]
        fn enter<K: Kernel>(s: Avx512, kernel: K) -> K::Out {
            kernel.run(s)
        }
        // SAFETY: the token exists, so the processor has AVX-512F.
        unsafe { enter(self, kernel) }
    }
}

/// The mask of the first `n <= 16` lanes.
#[inline(always)]
fn first_lanes(n: usize) -> __mmask16 {
    assert!(n <= 16);
    ((1u32 << n) - 1) as __mmask16
}

impl Simd for Avx512 {
    type V = __m512;
    type M = __mmask16;
    const LANES: usize = 16;
    const TILE_ROWS: [usize; 3] = [14, 12, 8];

    #[inline(always)]
    fn load(self, x: &[f32]) -> __m512 {
        assert!(x.len() >= 16);
        // SAFETY: the token proves AVX-512F; `x` has 16 values.
        unsafe { _mm512_loadu_ps(x.as_ptr()) }
    }
    #[inline(always)]
    fn load_partial(self, x: &[f32]) -> __m512 {
        let mask = first_lanes(x.len());
        // SAFETY: the token proves AVX-512F; the mask keeps the load inside `x`.
        unsafe { _mm512_maskz_loadu_ps(mask, x.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, v: __m512, y: &mut [f32]) {
        assert!(y.len() >= 16);
        // SAFETY: the token proves AVX-512F; `y` has 16 values.
        unsafe { _mm512_storeu_ps(y.as_mut_ptr(), v) }
    }
    #[inline(always)]
    fn store_partial(self, v: __m512, y: &mut [f32]) {
        let mask = first_lanes(y.len());
        // SAFETY: the token proves AVX-512F; the mask keeps the store inside `y`.
        unsafe { _mm512_mask_storeu_ps(y.as_mut_ptr(), mask, v) }
    }

    lanewise! {
        splat(x: f32) -> __m512 = _mm512_set1_ps(x);
        add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        div(a: __m512, b: __m512) -> __m512 = _mm512_div_ps(a, b);
        // 14 bits, and twice as many after one Newton step.
        reciprocal(a: __m512) -> __m512 = {
            let r = _mm512_rcp14_ps(a);
            _mm512_fmadd_ps(r, _mm512_fnmadd_ps(a, r, _mm512_set1_ps(1.0)), r)
        };
        mul_add(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);
        neg_mul_add(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fnmadd_ps(a, b, c);
        max(a: __m512, b: __m512) -> __m512 = _mm512_max_ps(a, b);
        min(a: __m512, b: __m512) -> __m512 = _mm512_min_ps(a, b);
        abs(a: __m512) -> __m512 = _mm512_abs_ps(a);
        neg(a: __m512) -> __m512 = _mm512_castsi512_ps(_mm512_xor_si512(
            _mm512_castps_si512(a),
            _mm512_set1_epi32(i32::MIN),
        ));
        sqrt(a: __m512) -> __m512 = _mm512_sqrt_ps(a);
        round(a: __m512) -> __m512 =
            _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a);
        lt(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b);
        le(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b);
        eq(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b);
        select(m: __mmask16, a: __m512, b: __m512) -> __m512 = _mm512_mask_blend_ps(m, b, a);
        pow2(n: __m512) -> __m512 = _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_add_epi32(
            _mm512_cvtps_epi32(n),
            _mm512_set1_epi32(127),
        )));
        times_pow2(a: __m512, n: __m512) -> __m512 = _mm512_scalef_ps(a, n);
        scaled(a: __m512, n: __m512) -> __m512 = _mm512_scalef_ps(a, n);
        split(a: __m512) -> (__m512, __m512) =
            (_mm512_getmant_ps::<_MM_MANT_NORM_1_2, _MM_MANT_SIGN_SRC>(a), _mm512_getexp_ps(a));
        sum(a: __m512) -> f32 = {
            let eight = _mm512_add_ps(a, _mm512_shuffle_f32x4::<0x4e>(a, a));
            let four = _mm512_castps512_ps128(_mm512_add_ps(eight, _mm512_shuffle_f32x4::<0xb1>(eight, eight)));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        };
        max_of(a: __m512) -> f32 = {
            let eight = _mm512_max_ps(a, _mm512_shuffle_f32x4::<0x4e>(a, a));
            let four = _mm512_castps512_ps128(_mm512_max_ps(eight, _mm512_shuffle_f32x4::<0xb1>(eight, eight)));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
        };
    }

    #[inline(always)]
    fn transpose(self, x: &[f32], x_stride: usize, rows: usize, y: &mut [f32], y_stride: usize) {
        let mut r = [self.zero(); 16];
        // A constant number of iterations, so that the rows stay in registers.
        for i in 0..16 {
            if i < rows {
                r[i] = self.load(&x[i * x_stride..]);
            }
        }
        // SAFETY: the token proves AVX-512F.
        let t = unsafe { transpose16(r) };
        for i in 0..16 {
            self.store(t[i], &mut y[i * y_stride..]);
        }
    }
}

/// The transpose of 16 rows.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn transpose16(mut r: [__m512; 16]) -> [__m512; 16] {
    // Swap blocks of 1, 2, 4, then 8 values between rows that far apart.
    let mut t = r;
    for i in 0..8 {
        {
            t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
            t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
        }
    }
    for i in [0, 4, 8, 12] {
        {
            r[i] = _mm512_shuffle_ps::<0x44>(t[i], t[i + 2]);
            r[i + 1] = _mm512_shuffle_ps::<0xee>(t[i], t[i + 2]);
            r[i + 2] = _mm512_shuffle_ps::<0x44>(t[i + 1], t[i + 3]);
            r[i + 3] = _mm512_shuffle_ps::<0xee>(t[i + 1], t[i + 3]);
        }
    }
    // Now r[4a + c] holds, in its quarter q, column 4q + c of rows 4a..4a + 4.
    for c in 0..4 {
        {
            let even_low = _mm512_shuffle_f32x4::<0x88>(r[c], r[4 + c]);
            let even_high = _mm512_shuffle_f32x4::<0x88>(r[8 + c], r[12 + c]);
            let odd_low = _mm512_shuffle_f32x4::<0xdd>(r[c], r[4 + c]);
            let odd_high = _mm512_shuffle_f32x4::<0xdd>(r[8 + c], r[12 + c]);
            t[c] = _mm512_shuffle_f32x4::<0x88>(even_low, even_high);
            t[8 + c] = _mm512_shuffle_f32x4::<0xdd>(even_low, even_high);
            t[4 + c] = _mm512_shuffle_f32x4::<0x88>(odd_low, odd_high);
            t[12 + c] = _mm512_shuffle_f32x4::<0xdd>(odd_low, odd_high);
        }
    }
    t
}
