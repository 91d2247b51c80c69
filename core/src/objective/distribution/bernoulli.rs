//! The Bernoulli distribution: `-ln p(y) = -y·ln p - (1 - y)·ln(1 - p)`. Upstream: `bernoulli_scale_decouple`.

use super::{Distribution, Target, sigmoid};
use crate::rng::Key;
use crate::variates::uniform;

/// Minimum distance of a probability from 0 and 1 in the likelihood, as torch's for f32. Closer probabilities have slope 0.
const LEAST: f64 = f32::EPSILON as f64;

#[derive(Debug)]
pub(super) struct Bernoulli;

impl Distribution for Bernoulli {
    fn numbers(&self) -> usize {
        1
    }

    /// Upstream's name, although the parameter is the probability.
    fn parameters(&self) -> Vec<String> {
        ["logits"].map(String::from).into()
    }

    fn target(&self) -> Target {
        Target::Original
    }

    fn map(&self, numbers: &[f64], _: [f64; 2], to: &mut [f64]) {
        to[0] = sigmoid(numbers[0]);
    }

    fn loss(&self, y: f64, parameters: &[f64]) -> f64 {
        let p = parameters[0].clamp(LEAST, 1.0 - LEAST);
        -y * p.ln() - (1.0 - y) * (-p).ln_1p()
    }

    /// `d/dx = p - y` for the number `x` that `p` is the sigmoid of.
    fn slopes(&self, y: f64, numbers: &[f64], _: [f64; 2], to: &mut [f64]) {
        let p = sigmoid(numbers[0]);
        to[0] = if (LEAST..=1.0 - LEAST).contains(&p) { p - y } else { 0.0 };
    }

    fn mean(&self, parameters: &[f64]) -> f64 {
        parameters[0]
    }

    fn sample(&self, parameters: &[f64], key: Key, index: u64) -> f64 {
        f64::from(u8::from(uniform(key, index) < parameters[0]))
    }

    fn refuses(&self, y: f64) -> Option<&'static str> {
        (y != 0.0 && y != 1.0).then_some("0 or 1")
    }
}
