//! How a head is cut: into queries whose factors are packed once for all keys, keys that are packed for those queries, and
//! strips of queries whose scores stay in the first cache.

use super::small_gemm::SmallGemm;
use crate::simd::bf16::SIDE;

/// Bytes that the values and weights of a tile may take on the plan there, and on the plan back.
const FORWARD: usize = 244 << 10;
const BACKWARD: usize = 336 << 10;
/// Bytes of packed keys: the more keys, the fewer times sums of a strip are read and written.
const FORWARD_KEYS: usize = 96 << 10;
const BACKWARD_KEYS: usize = 72 << 10;

/// Numbers of queries and keys, multiples of 32.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocking {
    pub(super) queries: usize,
    pub(super) strip: usize,
    pub(super) keys: usize,
}

impl Blocking {
    /// By vectors only queries are packed, once: two panels of the widest matrix tile.
    const VECTORS: Self = Self { queries: 96, strip: 96, keys: 64 };

    /// For queries and keys of width `d` and values of width `e`, forward.
    pub(super) fn forward(products: &SmallGemm, [d, e]: [usize; 2]) -> Self {
        let Some(number) = products.packed_bytes() else { return Self::VECTORS };
        let [d, e] = [d, e].map(|width| width.next_multiple_of(SIDE));
        let a_key = number * (d + e);
        let keys = lines(FORWARD_KEYS / a_key, 256);
        let strip = SIDE;
        // Each key has a score for each query of a strip, packed too; queries are packed, and have sums for each value.
        let rest = FORWARD.saturating_sub(keys * (a_key + strip * (4 + number)));
        Self { queries: lines(rest / (number * d + 4 * e), 256), strip, keys }
    }

    /// The same backward, where a strip is all queries: the inner dimension of two products is a strip.
    pub(super) fn backward(products: &SmallGemm, [d, e]: [usize; 2]) -> Self {
        let Some(number) = products.packed_bytes() else { return Self::VECTORS };
        let [d, e] = [d, e].map(|width| width.next_multiple_of(SIDE));
        let a_key = number * (2 * d + e);
        let keys = lines(BACKWARD_KEYS / a_key, 128);
        let rest = BACKWARD.saturating_sub(keys * a_key);
        let a_query = 2 * number * (d + e) + 4 * d + keys * (8 + number);
        let queries = lines(rest / a_query, 128);
        Self { queries, strip: queries, keys }
    }
}

/// A multiple of 32, at most `most`.
fn lines(n: usize, most: usize) -> usize {
    (n / SIDE * SIDE).clamp(SIDE, most)
}

/// Starts and lengths of consecutive pieces of `0..len`, of nearly the same length: at most `size`, and multiples of 32.
pub(super) fn pieces(len: usize, size: usize) -> impl Iterator<Item = (usize, usize)> {
    let piece = len.div_ceil(len.div_ceil(size).max(1)).next_multiple_of(SIDE);
    (0..len).step_by(piece.max(1)).map(move |at| (at, piece.min(len - at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines_without_gaps() {
        for (len, size) in [(1, 32), (42, 96), (97, 96), (1000, 160), (4096, 160), (4095, 64)] {
            let mut next = 0;
            for (at, n) in pieces(len, size) {
                assert_eq!(at, next);
                assert!(n <= size && n > 0 && at % SIDE == 0);
                next += n;
            }
            assert_eq!(next, len);
        }
    }
}
