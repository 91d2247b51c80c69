//! Random variates of distributions other than the uniform one. Like all random numbers here, they are functions of a key
//! and an index.

use std::f64::consts::TAU;

use crate::rng::Key;
use crate::special::ln_gamma;

/// Maximum number of attempts of a rejection sampler. Each fails with a probability below 25%.
const TRIES: u64 = 1 << 8;

/// Four uniform numbers in (0, 1), for one attempt at one draw.
fn uniforms(key: Key, index: u64, attempt: u64) -> [f64; 4] {
    key.block(index.wrapping_mul(TRIES).wrapping_add(attempt))
        .map(|word| (f64::from(word) + 0.5) / 4_294_967_296.0)
}

/// A standard normal variate from two uniform ones (Box & Muller 1958).
fn normal([u, v]: [f64; 2]) -> f64 {
    (-2.0 * u.ln()).sqrt() * (TAU * v).cos()
}

/// A standard normal variate.
pub(crate) fn standard_normal(key: Key, index: u64) -> f64 {
    let [u, v, ..] = uniforms(key, index, 0);
    normal([u, v])
}

/// A uniform variate in (0, 1).
pub(crate) fn uniform(key: Key, index: u64) -> f64 {
    uniforms(key, index, 0)[0]
}

/// From this rate on, Poisson variates are drawn by rejection.
const MANY: f64 = 10.0;

/// A Poisson variate: by inversion for rates below [`MANY`], else by transformed rejection (Hörmann 1993, "The transformed
/// rejection method for generating Poisson random variables": PTRS).
pub(crate) fn poisson(key: Key, index: u64, rate: f64) -> f64 {
    if rate < MANY {
        let [u, v, ..] = uniforms(key, index, 0);
        let mut rest = u + (v - 0.5) / 4_294_967_296.0; // finer than one 32-bit word
        let (mut p, mut k) = ((-rate).exp(), 0.0);
        while rest > p && k < 100.0 {
            rest -= p;
            k += 1.0;
            p *= rate / k;
        }
        return k;
    }
    let b = 0.931 + 2.53 * rate.sqrt();
    let a = -0.059 + 0.02483 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let squeeze = 0.9277 - 3.6224 / (b - 2.0);
    for [u, v, ..] in (0..TRIES).map(|attempt| uniforms(key, index, attempt)) {
        let u = u - 0.5;
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + rate + 0.43).floor();
        if us >= 0.07 && v <= squeeze {
            return k;
        }
        if k < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        let bound = k * rate.ln() - rate - ln_gamma(k + 1.0);
        if v.ln() + inverse_alpha.ln() - (a / (us * us) + b).ln() <= bound {
            return k;
        }
    }
    rate.round()
}

/// A variate of Student's t with `freedom` degrees of freedom: `Z / √(χ² / freedom)`.
pub(crate) fn student_t(key: Key, index: u64, freedom: f64) -> f64 {
    let ln_share = ln_gamma_variate(key.layer(1), index, 0.5 * freedom) - (0.5 * freedom).ln();
    standard_normal(key.layer(2), index) * (-0.5 * ln_share).exp()
}

/// A negative binomial variate: the number of successes before `failures` failures, where a success has these odds. A Poisson
/// variate whose rate is a gamma variate.
pub(crate) fn negative_binomial(key: Key, index: u64, failures: f64, odds: f64) -> f64 {
    let rate = (ln_gamma_variate(key.layer(1), index, failures) + odds.ln()).exp();
    poisson(key.layer(2), index, rate)
}

/// A variate of Tweedie's distribution with dispersion 1, mean `e^ln_mean` and power `rho` between 1 and 2: the sum of a
/// Poisson number of gamma variates, which is a gamma variate.
pub(crate) fn tweedie(key: Key, index: u64, ln_mean: f64, rho: f64) -> f64 {
    let rate = ((2.0 - rho) * ln_mean).exp() / (2.0 - rho);
    let count = poisson(key.layer(2), index, rate);
    if count == 0.0 {
        return 0.0;
    }
    let shape = count * (2.0 - rho) / (rho - 1.0);
    let ln_scale = (rho - 1.0).ln() + (rho - 1.0) * ln_mean;
    (ln_gamma_variate(key.layer(1), index, shape) + ln_scale).exp()
}

/// The logarithm of a gamma variate of this shape and scale 1 (Marsaglia & Tsang 2000). A shape below 1 is drawn at `shape
/// + 1` and multiplied by `U^(1 / shape)`; the logarithm avoids underflow.
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

/// A beta variate with parameters `a` and `b`, as `X / (X + Y)` of two gamma variates.
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
            // Five standard errors of each.
            let error = 5.0 * (expected[1] / n as f64).sqrt();
            assert!((mean - expected[0]).abs() < error, "{a}, {b}: {mean} against {expected:?}");
            let fourth = all.iter().map(|v| (v - mean).powi(4)).sum::<f64>() / n as f64;
            let error = 5.0 * ((fourth - variance.powi(2)) / n as f64).sqrt();
            let off = (variance - expected[1]).abs();
            assert!(off < error, "{a}, {b}: {variance} against {expected:?}");
        }
    }

    #[test]
    fn normal_and_t_variates_fall_below_a_number_as_often_as_they_should() {
        // scipy.stats: t(4).cdf and norm.cdf at these numbers.
        let at = [-2.0, -0.5, 0.0, 1.0, 3.0];
        let t4 = [0.058058, 0.321665, 0.5, 0.813050, 0.980029];
        let normal = [0.022750, 0.308538, 0.5, 0.841345, 0.998650];
        let n = 40_000;
        let key = Key::new(5, Stream::Samples, 2);
        let t: Vec<f64> = (0..n).map(|i| student_t(key, i, 4.0)).collect();
        let z: Vec<f64> = (0..n).map(|i| standard_normal(key, i)).collect();
        for (variates, shares) in [(t, t4), (z, normal)] {
            for (x, p) in at.into_iter().zip(shares) {
                let share = variates.iter().filter(|v| **v < x).count() as f64 / n as f64;
                let error = 4.5 * (p * (1.0 - p) / n as f64).sqrt();
                assert!((share - p).abs() < error, "{x}: {share} against {p}");
            }
        }
    }

    #[test]
    fn compound_variates_have_the_right_mean_and_variance() {
        let n = 40_000;
        let check = |what: &str, draw: &dyn Fn(u64) -> f64, mean: f64, variance: f64| {
            let all: Vec<f64> = (0..n).map(draw).collect();
            let found = all.iter().sum::<f64>() / n as f64;
            let spread = all.iter().map(|x| (x - found).powi(2)).sum::<f64>() / n as f64;
            assert!((found - mean).abs() < 5.0 * (variance / n as f64).sqrt(), "{what}: {found}");
            assert!((spread / variance - 1.0).abs() < 0.1, "{what}: {spread} {variance}");
        };
        let key = Key::new(3, Stream::Samples, 1);
        for [failures, odds] in [[0.4, 2.0], [3.0, 0.5], [50.0, 4.0]] {
            let draw = |i| negative_binomial(key, i, failures, odds);
            let mean = failures * odds;
            check(&format!("{failures} {odds}"), &draw, mean, mean * (1.0 + odds));
        }
        for [ln_mean, rho] in [[-1.0, 1.5], [1.5, 1.2], [3.0, 1.8]] {
            let draw = |i| tweedie(key, i, ln_mean, rho);
            let mean = f64::exp(ln_mean);
            check(&format!("{ln_mean} {rho}"), &draw, mean, mean.powf(rho));
        }
        // Nothing at all has the probability of a Poisson count of 0.
        let nothing = (0..n).filter(|i| tweedie(key, *i, 0.0, 1.5) == 0.0).count() as f64;
        assert!((nothing / n as f64 - (-2.0f64).exp()).abs() < 0.01, "{nothing}");
    }

    #[test]
    fn poisson_variates_are_as_frequent_as_they_should_be() {
        let n = 40_000;
        for rate in [0.02, 1.0, 9.9, 10.0, 37.5, 4000.0] {
            let key = Key::new(6, Stream::Samples, 1);
            let all: Vec<f64> = (0..n).map(|i| poisson(key, i, rate)).collect();
            assert!(all.iter().all(|k| *k >= 0.0 && k.fract() == 0.0));
            let mean = all.iter().sum::<f64>() / n as f64;
            assert!((mean - rate).abs() < 5.0 * (rate / n as f64).sqrt(), "{rate}: {mean}");
            let spread = rate.sqrt();
            for k in [rate - 2.0 * spread, rate - spread, rate, rate + spread].map(f64::floor) {
                let ln_p = |k: f64| k * rate.ln() - rate - ln_gamma(k + 1.0);
                let p: f64 = (0..=k.max(-1.0) as i64).map(|k| ln_p(k as f64).exp()).sum();
                let p = if k < 0.0 { 0.0 } else { p };
                let share = all.iter().filter(|v| **v <= k).count() as f64 / n as f64;
                let error = 5.0 * (p * (1.0 - p) / n as f64).sqrt() + 1e-9;
                assert!((share - p).abs() < error, "{rate}, {k}: {share} against {p}");
            }
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
