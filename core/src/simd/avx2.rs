//! AVX2 and FMA: 8 values per vector, 16 registers.

use super::{Kernel, Simd};
use std::arch::x86_64::*;

/// The token of [`super::Isa::Avx2`]: it exists only where the processor has AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// A token, if the processor supports it.
    #[inline]
    pub(super) fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    /// Runs `kernel` compiled for AVX2 and FMA.
    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Out {
        #[target_feature(enable = "avx2,fma")]
        fn enter<K: Kernel>(s: Avx2, kernel: K) -> K::Out {
            kernel.run(s)
        }
        // SAFETY: the token exists, so the processor has AVX2 and FMA.
        unsafe { enter(self, kernel) }
    }
}

/// A sliding window over this has the first `n` of 8 lanes on.
static FIRST_LANES: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// The mask of the first `n <= 8` lanes.
#[inline(always)]
fn first_lanes(_: Avx2, n: usize) -> __m256i {
    let window = &FIRST_LANES[8 - n..16 - n];
    // SAFETY: the token proves AVX; `window` has 8 values.
    unsafe { _mm256_loadu_si256(window.as_ptr().cast()) }
}

impl Simd for Avx2 {
    type V = __m256;
    type M = __m256;
    const LANES: usize = 8;
    const TILE_ROWS: [usize; 3] = [12, 6, 0];

    #[inline(always)]
    fn load(self, x: &[f32]) -> __m256 {
        assert!(x.len() >= 8);
        // SAFETY: the token proves AVX; `x` has 8 values.
        unsafe { _mm256_loadu_ps(x.as_ptr()) }
    }
    #[inline(always)]
    fn load_partial(self, x: &[f32]) -> __m256 {
        let mask = first_lanes(self, x.len());
        // SAFETY: the token proves AVX; the mask keeps the load inside `x`.
        unsafe { _mm256_maskload_ps(x.as_ptr(), mask) }
    }
    #[inline(always)]
    fn store(self, v: __m256, y: &mut [f32]) {
        assert!(y.len() >= 8);
        // SAFETY: the token proves AVX; `y` has 8 values.
        unsafe { _mm256_storeu_ps(y.as_mut_ptr(), v) }
    }
    #[inline(always)]
    fn store_partial(self, v: __m256, y: &mut [f32]) {
        let mask = first_lanes(self, y.len());
        // SAFETY: the token proves AVX; the mask keeps the store inside `y`.
        unsafe { _mm256_maskstore_ps(y.as_mut_ptr(), mask, v) }
    }

    lanewise! {
        splat(x: f32) -> __m256 = _mm256_set1_ps(x);
        add(a: __m256, b: __m256) -> __m256 = _mm256_add_ps(a, b);
        sub(a: __m256, b: __m256) -> __m256 = _mm256_sub_ps(a, b);
        mul(a: __m256, b: __m256) -> __m256 = _mm256_mul_ps(a, b);
        div(a: __m256, b: __m256) -> __m256 = _mm256_div_ps(a, b);
        mul_add(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fmadd_ps(a, b, c);
        neg_mul_add(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fnmadd_ps(a, b, c);
        max(a: __m256, b: __m256) -> __m256 = _mm256_max_ps(a, b);
        min(a: __m256, b: __m256) -> __m256 = _mm256_min_ps(a, b);
        abs(a: __m256) -> __m256 = _mm256_andnot_ps(_mm256_set1_ps(-0.0), a);
        neg(a: __m256) -> __m256 = _mm256_xor_ps(_mm256_set1_ps(-0.0), a);
        sqrt(a: __m256) -> __m256 = _mm256_sqrt_ps(a);
        round(a: __m256) -> __m256 = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a);
        lt(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LT_OQ>(a, b);
        le(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LE_OQ>(a, b);
        eq(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b);
        select(m: __m256, a: __m256, b: __m256) -> __m256 = _mm256_blendv_ps(b, a, m);
        pow2(n: __m256) -> __m256 = _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(
            _mm256_cvtps_epi32(n),
            _mm256_set1_epi32(127),
        )));
        split(a: __m256) -> (__m256, __m256) = {
            let bits = _mm256_castps_si256(a);
            let exponent = _mm256_sub_epi32(_mm256_srli_epi32::<23>(bits), _mm256_set1_epi32(127));
            let fraction = _mm256_and_si256(bits, _mm256_set1_epi32(0x007f_ffff));
            let mantissa = _mm256_or_si256(fraction, _mm256_set1_epi32(0x3f80_0000));
            (_mm256_castsi256_ps(mantissa), _mm256_cvtepi32_ps(exponent))
        };
        sum(a: __m256) -> f32 = {
            let four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        };
        max_of(a: __m256) -> f32 = {
            let four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
        };
    }

    #[inline(always)]
    fn transpose(self, x: &[f32], x_stride: usize, rows: usize, y: &mut [f32], y_stride: usize) {
        let mut r = [self.zero(); 8];
        // A constant number of iterations, so that the rows stay in registers.
        for i in 0..8 {
            if i < rows {
                r[i] = self.load(&x[i * x_stride..]);
            }
        }
        // Swap blocks of 1, then 2, then 4 values between rows that far apart.
        let mut t = r;
        for i in 0..4 {
            // SAFETY: the token proves AVX.
            unsafe {
                t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
                t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
            }
        }
        for i in [0, 4] {
            // SAFETY: the token proves AVX.
            unsafe {
                r[i] = _mm256_shuffle_ps::<0x44>(t[i], t[i + 2]);
                r[i + 1] = _mm256_shuffle_ps::<0xee>(t[i], t[i + 2]);
                r[i + 2] = _mm256_shuffle_ps::<0x44>(t[i + 1], t[i + 3]);
                r[i + 3] = _mm256_shuffle_ps::<0xee>(t[i + 1], t[i + 3]);
            }
        }
        for i in 0..4 {
            // SAFETY: the token proves AVX.
            unsafe {
                t[i] = _mm256_permute2f128_ps::<0x20>(r[i], r[i + 4]);
                t[i + 4] = _mm256_permute2f128_ps::<0x31>(r[i], r[i + 4]);
            }
        }
        for i in 0..8 {
            self.store(t[i], &mut y[i * y_stride..]);
        }
    }
}
