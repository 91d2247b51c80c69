//! Block sizes of attention: queries whose factors are packed once for all keys, keys that are packed for those queries,
//! and strips of queries whose scores fit the L1 cache.

use super::small_gemm::SmallGemm;
use crate::simd::bf16::SIDE;

/// Bytes that the values and weights of a tile may take, in the forward and in the backward pass.
const FORWARD: usize = 244 << 10;
const BACKWARD: usize = 336 << 10;
/// Bytes of packed keys. The more keys, the less often the sums of a strip are read and written.
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
    /// With vectors only queries are packed: two panels of the widest register tile.
    const VECTORS: Self = Self { queries: 96, strip: 96, keys: 64 };

    /// For queries and keys of width `d` and values of width `e`, forward.
    pub(super) fn forward(products: &SmallGemm, [d, e]: [usize; 2]) -> Self {
        let Some(number_bytes) = products.packed_bytes() else { return Self::VECTORS };
        let [d, e] = [d, e].map(|width| width.next_multiple_of(SIDE));
        let key_bytes = number_bytes * (d + e);
        let keys = multiple_of_side(FORWARD_KEYS / key_bytes, 256);
        let strip = SIDE;
        // Each key has a score for each query of a strip, which is packed too. Each query is packed and has a sum for each column
        // of the values.
        let rest = FORWARD.saturating_sub(keys * (key_bytes + strip * (4 + number_bytes)));
        Self { queries: multiple_of_side(rest / (number_bytes * d + 4 * e), 256), strip, keys }
    }

    /// For the backward pass. A strip is all queries, because queries are the inner dimension of two products.
    pub(super) fn backward(products: &SmallGemm, [d, e]: [usize; 2]) -> Self {
        let Some(number_bytes) = products.packed_bytes() else { return Self::VECTORS };
        let [d, e] = [d, e].map(|width| width.next_multiple_of(SIDE));
        let key_bytes = number_bytes * (2 * d + e);
        let keys = multiple_of_side(BACKWARD_KEYS / key_bytes, 128);
        let rest = BACKWARD.saturating_sub(keys * key_bytes);
        let query_bytes = 2 * number_bytes * (d + e) + 4 * d + keys * (8 + number_bytes);
        let queries = multiple_of_side(rest / query_bytes, 128);
        Self { queries, strip: queries, keys }
    }
}

/// `n` rounded down to a multiple of 32; at least 32 and at most `most`.
fn multiple_of_side(n: usize, most: usize) -> usize {
    (n / SIDE * SIDE).clamp(SIDE, most)
}

/// Starts and lengths of consecutive pieces of `0..len`. They have nearly equal lengths, at most `size`, and start at
/// multiples of 32.
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
