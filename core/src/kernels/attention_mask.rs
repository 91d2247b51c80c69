//! Attention masks: which query may see which key, and so which tiles of the scores need not be computed.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Which query may see which key.
#[derive(Clone, Debug)]
pub enum Mask {
    /// Every query sees every key.
    All,
    /// Query `i` sees the keys `0..=i`.
    Causal,
    /// Query `i` sees the keys `0..=before + i`: causal, where so many keys have no query.
    CausalAfter(usize),
    /// Any pattern.
    Pattern(Arc<Pattern>),
}

/// How much of a tile the mask lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Nothing: the tile is skipped.
    None,
    /// Some keys of some queries.
    Partial,
    /// Everything.
    Full,
}

impl Mask {
    /// Whether query `i` sees key `j`.
    pub fn allows(&self, i: usize, j: usize) -> bool {
        match self {
            Self::All => true,
            Self::Causal => j <= i,
            Self::CausalAfter(before) => j <= before + i,
            Self::Pattern(p) => p.allows(i, j),
        }
    }

    /// How much `queries` see of `keys`. Neither may be empty.
    pub fn coverage(&self, queries: Range<usize>, keys: Range<usize>) -> Coverage {
        match self {
            Self::All => Coverage::Full,
            Self::Causal => Self::CausalAfter(0).coverage(queries, keys),
            Self::CausalAfter(before) if keys.start >= before + queries.end => Coverage::None,
            Self::CausalAfter(before) if keys.end <= before + queries.start + 1 => Coverage::Full,
            Self::CausalAfter(_) => Coverage::Partial,
            Self::Pattern(p) => p.coverage(queries, keys),
        }
    }

    /// How many of `keys`, from the first on, may be seen by any of `queries`.
    pub fn visible_keys(&self, queries: Range<usize>, keys: Range<usize>) -> usize {
        let end = match self {
            Self::Causal => queries.end,
            Self::CausalAfter(before) => before + queries.end,
            Self::All | Self::Pattern(_) => return keys.len(),
        };
        keys.len().min(end - keys.start.min(end))
    }
}

/// One bit for each query and key.
#[derive(PartialEq, Eq)]
pub struct Pattern {
    queries: usize,
    keys: usize,
    /// Words of a row.
    stride: usize,
    bits: Vec<u64>,
}

impl Pattern {
    /// The pattern in which query `i` sees key `j` where `allows(i, j)`.
    pub fn new(queries: usize, keys: usize, allows: impl Fn(usize, usize) -> bool) -> Self {
        let stride = keys.div_ceil(64);
        let mut bits = vec![0; queries * stride];
        for i in 0..queries {
            for j in 0..keys {
                bits[i * stride + j / 64] |= u64::from(allows(i, j)) << (j % 64);
            }
        }
        Self { queries, keys, stride, bits }
    }

    /// Numbers of queries and keys.
    pub fn size(&self) -> [usize; 2] {
        [self.queries, self.keys]
    }

    /// Whether query `i` sees key `j`.
    pub fn allows(&self, i: usize, j: usize) -> bool {
        self.bits[i * self.stride + j / 64] >> (j % 64) & 1 == 1
    }

    fn coverage(&self, queries: Range<usize>, keys: Range<usize>) -> Coverage {
        let size = queries.len() * keys.len();
        let mut seen = 0;
        for i in queries {
            let row = &self.bits[i * self.stride..][..self.stride];
            for (word, &bits) in
                row.iter().enumerate().take(keys.end.div_ceil(64)).skip(keys.start / 64)
            {
                let low = keys.start.saturating_sub(word * 64);
                let high = (keys.end - word * 64).min(64);
                let window = (u64::MAX >> (64 - (high - low))) << low;
                seen += (bits & window).count_ones() as usize;
            }
        }
        match seen {
            0 => Coverage::None,
            n if n == size => Coverage::Full,
            _ => Coverage::Partial,
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({} × {})", self.queries, self.keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_of_a_tile_is_that_of_its_pairs() {
        let (causal, after) = (Mask::Causal, Mask::CausalAfter(30));
        let band = |i: usize, j: usize| j <= i && i < j + 40;
        let pattern = Mask::Pattern(Arc::new(Pattern::new(200, 190, band)));
        for (q, k) in
            [(0..70, 64..65), (5..6, 0..6), (5..6, 0..5), (60..130, 1..190), (150..200, 0..100)]
        {
            for mask in [&causal, &after, &pattern] {
                let pairs = q.clone().flat_map(|i| k.clone().map(move |j| (i, j)));
                let seen = pairs.clone().filter(|&(i, j)| mask.allows(i, j)).count();
                let expected = match seen {
                    0 => Coverage::None,
                    n if n == pairs.count() => Coverage::Full,
                    _ => Coverage::Partial,
                };
                assert_eq!(mask.coverage(q.clone(), k.clone()), expected, "{mask:?} {q:?} {k:?}");
                let visible = mask.visible_keys(q.clone(), k.clone());
                let hidden = k.clone().skip(visible);
                assert!(hidden.clone().all(|j| q.clone().all(|i| !mask.allows(i, j))), "{mask:?}");
            }
            assert_eq!(pattern.allows(q.start, k.start), band(q.start, k.start));
        }
    }
}
