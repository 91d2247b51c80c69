//! How numbers in f32 become tiles of bfloat16: cut into parts, two steps of a lane in each word.

use super::avx512::turned;
use super::bf16::Tile;
use std::arch::x86_64::*;

/// Where the numbers of 16 words are: word `i` holds those at `first + i * stride`, and those `second` behind them.
#[derive(Clone, Copy)]
pub(super) struct Lines {
    pub(super) first: usize,
    pub(super) stride: usize,
    pub(super) second: usize,
    /// How many words have a first number, and how many a second one.
    pub(super) count: [usize; 2],
    /// How many numbers side by side these have.
    pub(super) len: [usize; 2],
}

/// Packs 16 lanes of a block: tile `half` of each part. A word of a tile holds two numbers of a lane, 16 steps apart.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn pack_half<const PARTS: usize, const WHOLE: bool>(
    x: &[f32],
    lines: Lines,
    turns: bool,
    half: usize,
    out: &mut [Tile],
) {
    let Lines { first, stride, second, count, len } = lines;
    let mask = len.map(|n| ((1u32 << n) - 1) as __mmask16);
    let load = |i: usize, which: usize| {
        let from = x.as_ptr().wrapping_add(first + i * stride + which * second);
        // SAFETY: the caller's for a whole block; the mask keeps the load inside the line of another.
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
    for i in 0..16 {
        let (mut low, mut high) = (load(i, 0), load(i, 1));
        for part in 0..PARTS {
            let (first, second) = (rounded(low), rounded(high));
            let words = _mm512_or_si512(_mm512_srli_epi32::<16>(first), second);
            // SAFETY: a tile has 16 rows of 16 words.
            unsafe {
                let to = out.as_mut_ptr().add(2 * part + half).cast::<u32>().add(16 * i);
                _mm512_store_si512(to.cast(), words);
            }
            low = _mm512_sub_ps(low, _mm512_castsi512_ps(first));
            high = _mm512_sub_ps(high, _mm512_castsi512_ps(second));
        }
    }
    if turns {
        for part in 0..PARTS {
            turn(&mut out[2 * part + half]);
        }
    }
}

/// Makes rows of columns.
#[inline]
#[target_feature(enable = "avx512f")]
fn turn(tile: &mut Tile) {
    let mut rows = [_mm512_setzero_ps(); 16];
    for i in 0..16 {
        // SAFETY: a tile has 16 rows of 16 words.
        rows[i] = unsafe { _mm512_loadu_ps(tile.0[16 * i..][..16].as_ptr().cast()) };
    }
    let columns = turned(rows);
    for i in 0..16 {
        // SAFETY: as above.
        unsafe { _mm512_storeu_ps(tile.0[16 * i..][..16].as_mut_ptr().cast(), columns[i]) };
    }
}

/// The nearest number whose last 16 bits are 0; ties away from zero.
#[inline]
#[target_feature(enable = "avx512f")]
fn rounded(x: __m512) -> __m512i {
    let half = _mm512_set1_epi32(0x8000);
    let kept = _mm512_set1_epi32(0xffff_0000_u32 as i32);
    _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(x), half), kept)
}
