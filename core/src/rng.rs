//! The only source of randomness: Philox 4×32-10, a counter-based generator.
//!
//! Every number is a pure function of (seed, stream, step, index), so results do not depend on threads or on order.
//! Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".

/// What random numbers are used for. Each use has its own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Initial weights; the step is the index of the parameter.
    Init = 1,
    /// Order of the series in an epoch; the step is the epoch.
    Series = 2,
    /// Windows of a training step.
    Windows = 3,
    /// Dropout; one substream per layer is made by adding to this value.
    Dropout = 4,
    /// Quantile levels at which an implicit quantile network is trained.
    Quantiles = 5,
    /// Quantile levels at which it is validated.
    ValidQuantiles = 6,
    /// Samples of a forecast distribution; the step is the series.
    Samples = 7,
    /// Keys that ProbSparse attention samples; one substream per layer.
    Keys = 8,
    /// Variables that stochastic pooling draws; one substream per layer.
    Pooling = 9,
    /// Whether the variables of a layer get their positions; one substream per layer.
    Positions = 10,
    /// Weights of convolutions that are drawn at each step.
    Kernels = 11,
    /// Levels of simulated paths; the step is the series.
    Paths = 12,
}

/// A position in the space of random numbers: seed, stream and step, without the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    seed: u64,
    stream: u32,
    step: u32,
}

impl Key {
    /// The numbers of one use at one step.
    pub fn new(seed: u64, stream: Stream, step: u32) -> Self {
        Self { seed, stream: stream as u32, step }
    }

    /// Seed, stream and step.
    pub fn words(self) -> [u64; 3] {
        [self.seed, self.stream.into(), self.step.into()]
    }

    /// The numbers of another use at the same step.
    pub fn of(self, stream: Stream) -> Self {
        Self { stream: stream as u32, ..self }
    }

    /// The numbers of the `n`-th layer within this use.
    pub fn layer(self, n: u32) -> Self {
        Self { stream: self.stream + (n << 8), ..self }
    }

    /// Four independent 32-bit words.
    pub fn block(self, index: u64) -> [u32; 4] {
        let mut c = [index as u32, (index >> 32) as u32, self.step, self.stream];
        let mut k = [self.seed as u32, (self.seed >> 32) as u32];
        for _ in 0..10 {
            let p0 = u64::from(c[0]) * 0xD251_1F53;
            let p1 = u64::from(c[2]) * 0xCD9E_8D57;
            c = [
                (p1 >> 32) as u32 ^ c[1] ^ k[0],
                p1 as u32,
                (p0 >> 32) as u32 ^ c[3] ^ k[1],
                p0 as u32,
            ];
            k = [k[0].wrapping_add(0x9E37_79B9), k[1].wrapping_add(0xBB67_AE85)];
        }
        c
    }

    /// `N` consecutive blocks from `first` on, side by side: word `w` of block `i` is the lower half of `[w][i]`.
    ///
    /// Lanes of 64 bits need no shuffles: a product of the lower halves is one instruction, and its upper half one shift.
    #[inline(always)]
    pub fn blocks<const N: usize>(self, first: u64) -> [[u64; N]; 4] {
        const LOW: u64 = 0xffff_ffff;
        let mut c = [[0; N], [0; N], [self.step.into(); N], [self.stream.into(); N]];
        for i in 0..N {
            let index = first.wrapping_add(i as u64);
            (c[0][i], c[1][i]) = (index, index >> 32);
        }
        let mut k = [self.seed as u32, (self.seed >> 32) as u32];
        for _ in 0..10 {
            let [k0, k1] = k.map(u64::from);
            for i in 0..N {
                let p0 = (c[0][i] & LOW) * 0xD251_1F53;
                let p1 = (c[2][i] & LOW) * 0xCD9E_8D57;
                (c[0][i], c[1][i]) = ((p1 >> 32) ^ c[1][i] ^ k0, p1);
                (c[2][i], c[3][i]) = ((p0 >> 32) ^ c[3][i] ^ k1, p0);
            }
            k = [k[0].wrapping_add(0x9E37_79B9), k[1].wrapping_add(0xBB67_AE85)];
        }
        c
    }

    /// The `index`-th word.
    pub fn word(self, index: u64) -> u32 {
        self.block(index / 4)[(index % 4) as usize]
    }

    /// Uniform in [0, 1), with 24 bits.
    pub fn uniform(self, index: u64) -> f32 {
        (self.word(index) >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Whether dropout with probability `p` keeps number `index`. Two numbers share a word: of every 256, the first 128 take the
    /// lower halves of 128 words, the others the upper halves. So `p` counts in steps of 2⁻¹⁶.
    pub fn keeps(self, index: u64, p: f32) -> bool {
        let word = self.word(index / 256 * 128 + index % 128);
        let half = if index % 256 < 128 { word & 0xffff } else { word >> 16 };
        half >= dropped_of_65536(p)
    }

    /// Uniform in 0..n.
    pub fn below(self, index: u64, n: usize) -> usize {
        below(self.word(index), n)
    }

    /// Moves a uniformly drawn sample of `count` items, in random order, to the front of `items` (Fisher–Yates).
    pub fn shuffle<T>(self, items: &mut [T], count: usize) {
        let n = items.len();
        for i in 0..count.min(n.saturating_sub(1)) {
            items.swap(i, i + self.below(i as u64, n - i));
        }
    }
}

/// How many of the 2¹⁶ numbers of 16 bits dropout with probability `p` drops.
pub fn dropped_of_65536(p: f32) -> u32 {
    (p * 65536.0).round() as u32
}

/// A random word as a number in 0..n.
pub fn below(word: u32, n: usize) -> usize {
    ((u64::from(word) * n as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer_of_the_reference_implementation() {
        // Random123's kat_vectors: philox4x32 10, counter 0, key 0.
        let key = Key { seed: 0, stream: 0, step: 0 };
        assert_eq!(key.block(0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    }

    #[test]
    fn uniform_numbers_have_the_right_mean_and_variance() {
        let key = Key::new(7, Stream::Init, 3);
        let n = 100_000;
        let (mut sum, mut squares) = (0.0f64, 0.0f64);
        for i in 0..n {
            let u = f64::from(key.uniform(i));
            assert!((0.0..1.0).contains(&u));
            sum += u;
            squares += u * u;
        }
        let mean = sum / n as f64;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        assert!((squares / n as f64 - mean * mean - 1.0 / 12.0).abs() < 0.002);
    }

    #[test]
    fn dropout_keeps_as_many_numbers_as_its_probability_says() {
        let key = Key::new(9, Stream::Dropout, 1);
        for p in [0.0, 0.05, 0.5, 0.9, 1.0] {
            let n = 1 << 16;
            let kept = (0..n).filter(|i| key.keeps(*i, p)).count() as f64 / n as f64;
            let deviation = (f64::from(p) * f64::from(1.0 - p) / n as f64).sqrt();
            assert!((kept - f64::from(1.0 - p)).abs() <= 4.0 * deviation, "{p}: {kept}");
        }
        // Numbers that share a word are independent.
        let both = (0..128).filter(|i| key.keeps(*i, 0.5) && key.keeps(128 + i, 0.5)).count();
        assert!((16..48).contains(&both), "{both}");
    }

    #[test]
    fn a_shuffle_is_a_permutation_and_depends_on_the_step() {
        let shuffled = |step| {
            let mut items: Vec<usize> = (0..50).collect();
            Key::new(1, Stream::Series, step).shuffle(&mut items, 50);
            items
        };
        let mut sorted = shuffled(0);
        assert_ne!(sorted, shuffled(1));
        assert_ne!(sorted, (0..50).collect::<Vec<_>>());
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }
}
