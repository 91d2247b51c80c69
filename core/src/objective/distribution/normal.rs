//! The normal distribution: `-ln p(y) = d²/2 + ln σ + ln √(2π)`, `d = (y - μ) / σ`. Upstream: `normal_scale_decouple`.

use super::{Distribution, LN_SQRT_TAU, Target, softplus, softplus_slope};
use crate::rng::Key;
use crate::variates::standard_normal;

/// Added to `σ` before it is scaled, which keeps it away from 0.
const LEAST: f64 = 0.2;

#[derive(Debug)]
pub(super) struct Normal;

impl Distribution for Normal {
    fn numbers(&self) -> usize {
        2
    }

    fn parameters(&self) -> Vec<String> {
        ["loc", "scale"].map(String::from).into()
    }

    fn target(&self) -> Target {
        Target::Relative
    }

    fn map(&self, numbers: &[f64], [shift, scale]: [f64; 2], to: &mut [f64]) {
        to[0] = numbers[0] * scale + shift;
        to[1] = (softplus(numbers[1]) + LEAST) * scale;
    }

    fn loss(&self, y: f64, parameters: &[f64]) -> f64 {
        let d = (y - parameters[0]) / parameters[1];
        0.5 * d * d + parameters[1].ln() + LN_SQRT_TAU
    }

    /// `d/dμ = -d/σ`, `d/dσ = (1 - d²)/σ`, of mean and deviation before they are scaled.
    fn slopes(&self, y: f64, numbers: &[f64], [shift, scale]: [f64; 2], to: &mut [f64]) {
        let sigma = softplus(numbers[1]) + LEAST;
        let d = (y - numbers[0] * scale - shift) / (sigma * scale);
        to[0] = -d / sigma;
        to[1] = (1.0 - d * d) / sigma * softplus_slope(numbers[1]);
    }

    fn mean(&self, parameters: &[f64]) -> f64 {
        parameters[0]
    }

    fn sample(&self, parameters: &[f64], key: Key, index: u64) -> f64 {
        parameters[0] + parameters[1] * standard_normal(key, index)
    }
}
