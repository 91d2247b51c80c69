//! The Poisson distribution: `-ln p(y) = λ - y·ln λ + ln Γ(y + 1)`. Upstream: `poisson_scale_decouple`.

use super::{Distribution, Target, softplus, softplus_slope};
use crate::rng::Key;
use crate::special::ln_gamma;
use crate::variates::poisson;

/// Added to `λ`, which keeps it away from 0.
const LEAST: f64 = 1e-10;

#[derive(Debug)]
pub(super) struct Poisson;

impl Distribution for Poisson {
    fn parameters(&self) -> &'static [&'static str] {
        &["loc"]
    }

    fn target(&self) -> Target {
        Target::Original
    }

    /// `λ = softplus(shift + scale·number)`
    fn map(&self, numbers: &[f64], [shift, scale]: [f64; 2], to: &mut [f64]) {
        to[0] = softplus(numbers[0] * scale + shift) + LEAST;
    }

    fn loss(&self, y: f64, parameters: &[f64]) -> f64 {
        let rate = parameters[0];
        rate - y * rate.ln() + ln_gamma(y + 1.0)
    }

    /// `d/dλ = 1 - y/λ`
    fn slopes(&self, y: f64, numbers: &[f64], [shift, scale]: [f64; 2], to: &mut [f64]) {
        let x = numbers[0] * scale + shift;
        to[0] = (1.0 - y / (softplus(x) + LEAST)) * softplus_slope(x) * scale;
    }

    fn mean(&self, parameters: &[f64]) -> f64 {
        parameters[0]
    }

    fn sample(&self, parameters: &[f64], key: Key, index: u64) -> f64 {
        poisson(key, index, parameters[0])
    }

    /// As upstream, non-integer counts are accepted.
    fn refuses(&self, y: f64) -> Option<&'static str> {
        (y < 0.0).then_some("0 or more")
    }
}
