//! Random words in bulk, and dropout in place for the weights of an attention tile.

use crate::rng::{Key, dropped_of_65536};

/// Blocks of random words generated at a time.
const BLOCKS: usize = 32;
/// Random numbers in them.
const NUMBERS: usize = 4 * BLOCKS;

/// The random words from `4·block` on.
#[inline(always)]
fn numbers(key: Key, block: u64) -> [u32; NUMBERS] {
    let words = key.blocks::<BLOCKS>(block);
    let mut numbers = [0; NUMBERS];
    for i in 0..BLOCKS {
        for (w, word) in words.iter().enumerate() {
            numbers[4 * i + w] = word[i] as u32;
        }
    }
    numbers
}

/// Factors of dropout that are computed at a time: two from each word.
pub(super) const FACTORS: usize = 2 * NUMBERS;

/// Factors of dropout for the numbers from `FACTORS·group` on: 0 where [`Key::keeps`] is false, else `1 / (1 - p)`.
///
/// Plain loops over arrays, which the compiler vectorises inside a kernel.
#[inline(always)]
pub(super) fn factors(key: Key, group: u64, p: f32) -> [f32; FACTORS] {
    let keep = 1.0 / (1.0 - p);
    let dropped = dropped_of_65536(p);
    let words = numbers(key, group * BLOCKS as u64);
    let mut factors = [0.0; FACTORS];
    for (i, word) in words.iter().enumerate() {
        factors[i] = if word & 0xffff >= dropped { keep } else { 0.0 };
        factors[NUMBERS + i] = if word >> 16 >= dropped { keep } else { 0.0 };
    }
    factors
}

simd_fn! {
    /// `x[i] *= 1 / (1 - p)`, or becomes zero where [`Key::keeps`] is false for `first + i`.
    pub fn drop_in_place(s, key: Key, first: u64, p: f32, x: &mut [f32]) {
        let _ = s;
        let (mut at, mut group) = (0, first / FACTORS as u64);
        let mut from = (first % FACTORS as u64) as usize;
        while at < x.len() {
            let factors = factors(key, group, p);
            let n = (FACTORS - from).min(x.len() - at);
            for (x, f) in x[at..at + n].iter_mut().zip(&factors[from..]) {
                *x *= f;
            }
            (at, group, from) = (at + n, group + 1, 0);
        }
    }
}

simd_fn! {
    /// `to[i]` is [`Key::word`] of `4·block + i`.
    pub fn words(s, key: Key, block: u64, to: &mut [u32]) {
        let _ = s;
        for (block, to) in (block..).step_by(BLOCKS).zip(to.chunks_mut(NUMBERS)) {
            to.copy_from_slice(&numbers(key, block)[..to.len()]);
        }
    }
}

simd_fn! {
    /// `to[i]` is [`Key::uniform`] of `first + i`.
    pub fn uniforms(s, key: Key, first: u64, to: &mut [f32]) {
        let _ = s;
        let (mut at, mut block, mut from) = (0, first / 4, (first % 4) as usize);
        while at < to.len() {
            let words = numbers(key, block);
            let n = (NUMBERS - from).min(to.len() - at);
            for (to, word) in to[at..at + n].iter_mut().zip(&words[from..]) {
                *to = (word >> 8) as f32 * (1.0 / 16_777_216.0);
            }
            (at, block, from) = (at + n, block + BLOCKS as u64, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::each_isa;
    use crate::rng::Stream;

    #[test]
    fn words_are_those_of_the_key() {
        each_isa(|isa| {
            let key = Key::new(3, Stream::Windows, 5);
            for n in [0, 1, 3, 64, 65, 1024] {
                let mut numbers = vec![0; n];
                words(key, 2, &mut numbers);
                let expected: Vec<u32> = (8..8 + n as u64).map(|i| key.word(i)).collect();
                assert_eq!(numbers, expected, "{}", isa.name());
            }
        });
    }

    #[test]
    fn uniform_numbers_are_those_of_the_key() {
        let key = Key::new(3, Stream::Windows, 5);
        each_isa(|isa| {
            for (first, n) in [(0, 0), (3, 1), (5, 127), ((1 << 34) - 5, 330)] {
                let mut numbers = vec![9.0; n];
                uniforms(key, first, &mut numbers);
                let expected: Vec<f32> =
                    (first..first + n as u64).map(|i| key.uniform(i)).collect();
                assert_eq!(numbers, expected, "{}", isa.name());
            }
        });
    }

    #[test]
    fn every_number_is_dropped_as_its_position_says() {
        let key = Key::new(5, Stream::Dropout, 2).layer(3);
        each_isa(|_| {
            for (first, n, p) in
                [(0, 600, 0.25), (3, 61, 0.5), ((1 << 34) - 5, 330, 0.1), (7, 0, 0.3)]
            {
                let keeps = |i: usize| key.keeps(first + i as u64, p);
                let expected: Vec<f32> =
                    (0..n).map(|i| if keeps(i) { 1.0 / (1.0 - p) } else { 0.0 }).collect();
                let mut x = vec![1.0; n];
                drop_in_place(key, first, p, &mut x);
                assert_eq!(x, expected);
            }
        });
    }
}
