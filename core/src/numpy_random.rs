//! NumPy's legacy random numbers, as far as upstream's models draw from them when they are made: MT19937 and
//! `numpy.random.shuffle` of a list.
//!
//! Matsumoto & Nishimura 1998, "Mersenne Twister". NumPy: `_mt19937.pyx`, `mtrand.pyx: RandomState.shuffle`.

/// Words of the state.
const WORDS: usize = 624;
/// Distance of the words that are combined.
const MIDDLE: usize = 397;

/// The generator behind `numpy.random`.
pub(crate) struct NumpyRandom {
    words: [u32; WORDS],
    next: usize,
}

impl NumpyRandom {
    /// As after `numpy.random.seed(seed)`.
    pub(crate) fn new(seed: u32) -> Self {
        let mut words = [seed; WORDS];
        for i in 1..WORDS {
            let before = words[i - 1];
            let mixed = before ^ (before >> 30);
            words[i] = mixed.wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Self { words, next: WORDS }
    }

    fn refill(&mut self) {
        for i in 0..WORDS {
            let (this, after) = (self.words[i], self.words[(i + 1) % WORDS]);
            let joined = (this & 0x8000_0000) | (after & 0x7fff_ffff);
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[i] = self.words[(i + MIDDLE) % WORDS] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }

    /// 32 random bits.
    fn word(&mut self) -> u32 {
        if self.next == WORDS {
            self.refill();
        }
        let mut x = self.words[self.next];
        self.next += 1;
        x ^= x >> 11;
        x ^= (x << 7) & 0x9d2c_5680;
        x ^= (x << 15) & 0xefc6_0000;
        x ^ (x >> 18)
    }

    /// Uniform in `0..=most`: words under a mask, until one is not too large.
    fn up_to(&mut self, most: u32) -> u32 {
        let mask = u32::MAX >> most.leading_zeros();
        loop {
            let drawn = self.word() & mask;
            if drawn <= most {
                return drawn;
            }
        }
    }

    /// `numpy.random.shuffle` of a list.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.up_to(i as u32) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_reference_implementation() {
        // The first and the ten thousandth output of std::mt19937 with its default seed; the latter is in the C++ standard.
        let mut random = NumpyRandom::new(5489);
        let words: Vec<u32> = (0..10_000).map(|_| random.word()).collect();
        assert_eq!([words[0], words[9_999]], [3_499_211_612, 4_123_659_995]);
    }

    #[test]
    fn numbers_up_to_a_limit_reach_it_and_no_further() {
        let mut random = NumpyRandom::new(3);
        for most in [1, 2, 3, 4, 7, 8, 200] {
            let drawn: Vec<u32> = (0..4000).map(|_| random.up_to(most)).collect();
            assert_eq!(drawn.iter().max(), Some(&most));
            assert_eq!(drawn.iter().min(), Some(&0));
        }
    }

    #[test]
    fn lists_are_shuffled_as_by_numpy() {
        // numpy.random.seed(seed), then numpy.random.shuffle of two lists.
        let shuffled: [(u32, [&[u8]; 2]); 4] = [
            (1, [&[2, 1, 4, 0, 3, 5], &[4, 2, 0, 5, 3, 1]]),
            (1, [&[2, 3, 4, 10, 1, 6, 0, 7, 11, 9, 8, 5], &[1, 7, 0, 3, 8, 10, 5, 11, 4, 2, 9, 6]]),
            (
                42,
                [
                    &[
                        8, 16, 0, 18, 11, 9, 13, 1, 21, 5, 2, 12, 15, 3, 4, 22, 17, 20, 23, 7, 10,
                        14, 19, 6,
                    ],
                    &[
                        5, 18, 1, 7, 0, 10, 12, 19, 4, 20, 8, 3, 6, 22, 2, 13, 17, 14, 15, 9, 16,
                        23, 21, 11,
                    ],
                ],
            ),
            (u32::MAX, [&[5, 1, 8, 7, 0, 6, 4, 2, 3], &[8, 1, 5, 4, 6, 2, 3, 7, 0]]),
        ];
        for (seed, expected) in shuffled {
            let mut random = NumpyRandom::new(seed);
            for expected in expected {
                let mut items: Vec<u8> = (0..expected.len() as u8).collect();
                random.shuffle(&mut items);
                assert_eq!(items, expected, "seed {seed}");
            }
        }
    }
}
