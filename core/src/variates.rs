//! Random numbers of other distributions than the uniform one: functions of a key and an index, as all randomness is.

use std::f64::consts::TAU;

use crate::rng::Key;

/// Tries at most; each fails with a probability below 5%.
const TRIES: u64 = 1 << 8;

/// Four numbers in (0, 1) of the `index`-th draw's `attempt`-th try.
fn uniforms(key: Key, index: u64, attempt: u64) -> [f64; 4] {
    key.block(index * TRIES + attempt).map(|word| (f64::from(word) + 0.5) / 4_294_967_296.0)
}

/// A standard normal number from two uniform ones (Box & Muller 1958).
fn normal([u, v]: [f64; 2]) -> f64 {
    (-2.0 * u.ln()).sqrt() * (TAU * v).cos()
}

/// The logarithm of a Gamma variate of this shape and scale 1 (Marsaglia & Tsang 2000); shapes below 1 by their power.
fn ln_gamma_variate(key: Key, index: u64, shape: f64) -> f64 {
    let raised = if shape < 1.0 { shape + 1.0 } else { shape };
    let d = raised - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let tries = (0..TRIES).map(|attempt| uniforms(key, index, attempt));
    let accepted = tries.filter_map(|[a, b, u, power]| {
        let x = normal([a, b]);
        let v = (1.0 + c * x).powi(3);
        let accepts = v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln();
        accepts.then(|| d.ln() + v.ln() + if shape < 1.0 { power.ln() / shape } else { 0.0 })
    });
    accepted.into_iter().next().unwrap_or_else(|| d.ln())
}

/// A Beta variate: `a` draws it away from 0, `b` away from 1.
pub(crate) fn beta(key: Key, index: u64, [a, b]: [f64; 2]) -> f64 {
    let (x, y) =
        (ln_gamma_variate(key.layer(1), index, a), ln_gamma_variate(key.layer(2), index, b));
    1.0 / (1.0 + (y - x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn beta_variates_have_the_right_mean_and_variance() {
        let n = 40_000;
        for [a, b] in [[1.0, 1.0], [2.0, 5.0], [0.5, 0.5], [0.3, 2.0], [12.0, 3.0]] {
            let key = Key::new(3, Stream::Quantiles, 9);
            let all: Vec<f64> = (0..n).map(|i| beta(key, i, [a, b])).collect();
            assert!(all.iter().all(|v| (0.0..=1.0).contains(v)));
            let mean = all.iter().sum::<f64>() / n as f64;
            let variance = all.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
            let expected = [a / (a + b), a * b / ((a + b).powi(2) * (a + b + 1.0))];
            // Five standard errors of the mean; the variance of a number in [0, 1] has no more.
            let error = 5.0 * (expected[1] / n as f64).sqrt();
            assert!((mean - expected[0]).abs() < error, "{a}, {b}: {mean} against {expected:?}");
            let spread = (variance - expected[1]).abs();
            assert!(spread < 5.0 * 0.25 / (n as f64).sqrt() * expected[1].sqrt() * 4.0, "{spread}");
        }
    }

    #[test]
    fn both_parameters_1_make_it_uniform() {
        let key = Key::new(4, Stream::Quantiles, 0);
        let mut all: Vec<f64> = (0..10_000).map(|i| beta(key, i, [1.0; 2])).collect();
        all.sort_by(f64::total_cmp);
        // The Kolmogorov–Smirnov distance, which 1.95 / √n exceeds in 999 of 1000 samples.
        let distance = all.iter().enumerate().map(|(i, v)| (v - i as f64 / 1e4).abs());
        assert!(distance.fold(0.0, f64::max) < 1.95 / 100.0);
    }
}
