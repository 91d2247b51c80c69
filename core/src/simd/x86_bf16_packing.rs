//! Packs numbers in f32 into tiles of bfloat16: split into parts, with two steps of a lane in each 32-bit word.

use super::avx512::transpose16;
use super::bf16::Tile;
use half::bf16;
use std::arch::x86_64::*;

/// Where the numbers of 16 rows of words are: row `i` combines those from `first + i * stride` on and those from `second` later
/// on.
#[derive(Clone, Copy)]
pub(super) struct Lines {
    pub(super) first: usize,
    pub(super) stride: usize,
    pub(super) second: usize,
    /// How many rows have first numbers, and how many have second ones.
    pub(super) count: [usize; 2],
    /// How many first and second numbers such a row has.
    pub(super) len: [usize; 2],
}

/// Packs 16 lanes of a block, that is tile `half` of each part. A word of a tile holds two numbers of a lane, 16 steps apart.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pack_half<const PARTS: usize, const WHOLE: bool, const TRANSPOSED: bool>(
    x: &[f32],
    lines: Lines,
    half: usize,
    out: &mut [Tile],
) {
    let Lines { first, stride, second, count, len } = lines;
    let mask = len.map(|n| ((1u32 << n) - 1) as __mmask16);
    let load = |i: usize, which: usize| {
        let from = x.as_ptr().wrapping_add(first + i * stride + which * second);
        // SAFETY: the caller guarantees the lines of a whole block; otherwise the mask keeps the load inside a line.
        unsafe {
            match WHOLE {
                true => _mm512_loadu_ps(from),
                false if i < count[which] && len[which] > 0 => {
                    _mm512_maskz_loadu_ps(mask[which], from)
                }
                false => _mm512_setzero_ps(),
            }
        }
    };
    let mut pack = |i: usize, low: __m512, high: __m512| {
        for (part, words) in words::<PARTS>(low, high).into_iter().enumerate() {
            // SAFETY: a tile has 16 rows of 16 words.
            unsafe {
                let to = out.as_mut_ptr().add(2 * part + half).cast::<u32>().add(16 * i);
                _mm512_store_si512(to.cast(), words);
            }
        }
    };
    if TRANSPOSED {
        let mut numbers = [[_mm512_setzero_ps(); 16]; 2];
        for which in 0..2 {
            for i in 0..16 {
                numbers[which][i] = load(i, which);
            }
            numbers[which] = transpose16(numbers[which]);
        }
        for i in 0..16 {
            pack(i, numbers[0][i], numbers[1][i]);
        }
    } else {
        for i in 0..16 {
            pack(i, load(i, 0), load(i, 1));
        }
    }
}

/// The same as [`pack_half`] with one part, for a whole block of numbers that are in bfloat16 already.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pack_half_bf16<const TRANSPOSED: bool>(
    x: &[bf16],
    lines: Lines,
    half: usize,
    out: &mut [Tile],
) {
    let Lines { first, stride, second, .. } = lines;
    let load = |i: usize, which: usize| {
        // SAFETY: the caller guarantees 16 numbers in each line.
        unsafe {
            let from = x.as_ptr().add(first + i * stride + which * second);
            _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()))
        }
    };
    let mut words = [_mm512_setzero_ps(); 16];
    for i in 0..16 {
        let both = _mm512_or_si512(load(i, 0), _mm512_slli_epi32::<16>(load(i, 1)));
        words[i] = _mm512_castsi512_ps(both);
    }
    if TRANSPOSED {
        words = transpose16(words);
    }
    let rows = &mut out[half].0;
    for (row, words) in rows.chunks_exact_mut(16).zip(words) {
        // SAFETY: a row of a tile has 16 words.
        unsafe { _mm512_store_si512(row.as_mut_ptr().cast(), _mm512_castps_si512(words)) };
    }
}

/// Splits two numbers of each lane into parts, with those of `low` in the lower half of each word. The third part is what the
/// first two leave.
#[inline]
#[target_feature(enable = "avx512f")]
fn words<const PARTS: usize>(mut low: __m512, mut high: __m512) -> [__m512i; PARTS] {
    let upper = _mm512_set1_epi32(UPPER);
    let mut words = [_mm512_setzero_si512(); PARTS];
    for part in 0..PARTS {
        let (first, second) = match part {
            2 => (_mm512_castps_si512(low), _mm512_castps_si512(high)),
            _ => (rounded(low), rounded(high)),
        };
        // a | (b & c)
        words[part] =
            _mm512_ternarylogic_epi32::<0xf8>(_mm512_srli_epi32::<16>(first), second, upper);
        low = _mm512_sub_ps(low, _mm512_castsi512_ps(first));
        high = _mm512_sub_ps(high, _mm512_castsi512_ps(second));
    }
    words
}

/// The upper half of a number, which is one in bfloat16.
const UPPER: i32 = 0xffff_0000_u32 as i32;

/// The nearest number whose last 16 bits are 0; ties away from zero.
#[inline]
#[target_feature(enable = "avx512f")]
fn rounded(x: __m512) -> __m512i {
    let half = _mm512_set1_epi32(0x8000);
    _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(x), half), _mm512_set1_epi32(UPPER))
}
