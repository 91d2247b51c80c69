//! Random numbers from the attributes alone, by Philox 4×32-10.

use super::{Done, Step, around};

/// A sequence of random numbers.
pub(super) struct Drawn {
    seed: u64,
    stream: u32,
    step: u32,
    pub(super) first: u64,
}

impl Drawn {
    /// Word `place`.
    fn word(&self, place: u64) -> u32 {
        let block = place / 4;
        let mut c = [block as u32, (block >> 32) as u32, self.step, self.stream];
        let mut key = [self.seed as u32, (self.seed >> 32) as u32];
        for _ in 0..10 {
            let products = [u64::from(c[0]) * 0xD251_1F53, u64::from(c[2]) * 0xCD9E_8D57];
            let [low, high] = [products.map(|p| p as u32), products.map(|p| (p >> 32) as u32)];
            c = [high[1] ^ c[1] ^ key[0], low[1], high[0] ^ c[3] ^ key[1], low[0]];
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        c[(place % 4) as usize]
    }

    /// Number `place`, uniform in [0, 1).
    pub(super) fn uniform(&self, place: u64) -> f64 {
        f64::from(self.word(place) >> 8) / f64::from(1 << 24)
    }

    /// The factor of dropout for number `place`: 0 or `1 / (1 - p)`.
    pub(super) fn dropped(&self, probability: f64, place: u64) -> f64 {
        // Of every 256 numbers, the first 128 take the lower halves of 128 words, the others the upper halves.
        let word = self.word(place / 256 * 128 + place % 128);
        let half = if place % 256 < 128 { word % 65536 } else { word / 65536 };
        let kept = f64::from(half) >= (probability * 65536.0).round();
        if kept { 1.0 / (1.0 - probability) } else { 0.0 }
    }
}

impl Step<'_> {
    /// Its random numbers.
    pub(super) fn drawn(&self) -> Done<Drawn> {
        Ok(Drawn {
            seed: self.whole("seed")?,
            stream: self.whole("stream")? as u32,
            step: self.whole("step")? as u32,
            first: self.whole("first")?,
        })
    }

    /// A number of each channel of a window, drawn by the softmax over its variables.
    fn stochastic_pool(&self) -> Done {
        let (x, drawn) = (self.x(0)?, self.drawn()?);
        let [variables, channels] = [x.shape[1], x.shape[2]];
        let of = |i: usize| {
            let value = |n: usize| x.data[(i / channels * variables + n) * channels + i % channels];
            let mark = drawn.uniform(drawn.first + i as u64);
            let mark = mark * (0..variables).map(|n| value(n).exp()).sum::<f64>();
            let passed = |n: &usize| (0..=*n).map(|n| value(n).exp()).sum::<f64>() <= mark;
            value((0..variables - 1).take_while(passed).count())
        };
        Ok((0..self.len()).map(of).collect())
    }

    pub(super) fn random(&self) -> Done {
        if self.operation.kind == "stochastic_pool" {
            return self.stochastic_pool();
        }
        let numbers = || Ok::<_, String>(self.x(0)?.data.iter().copied().enumerate());
        if self.operation.kind == "rrelu" {
            let [low, high] = *self.numbers("slopes")? else { return self.lacks("two slopes") };
            let drawn = if self.has("seed") { Some(self.drawn()?) } else { None };
            let slope = |i| match &drawn {
                Some(drawn) => low + (high - low) * drawn.uniform(drawn.first + i as u64),
                None => (low + high) / 2.0,
            };
            return Ok(numbers()?.map(|(i, x)| if x > 0.0 { x } else { x * slope(i) }).collect());
        }
        let (p, drawn) = (self.number("probability")?, self.drawn()?);
        let [_, rows, inner] = around(self.shape, self.size("axis")?);
        let place = |i: usize| {
            let (outer, within) = (i / (rows * inner), i % (rows * inner));
            ((outer as u64) << 40) + drawn.first * inner as u64 + within as u64
        };
        Ok(numbers()?.map(|(i, x)| x * drawn.dropped(p, place(i))).collect())
    }
}
