//! The Poisson distribution: `-ln p(y) = λ - y·ln λ + ln Γ(y + 1)`. Upstream: `poisson_scale_decouple`, and
//! `PMM.scale_decouple` for the components of a mixture.

use super::{Distribution, Target, softplus, softplus_slope};
use crate::rng::Key;
use crate::special::ln_gamma;
use crate::variates::poisson;

#[derive(Debug)]
pub(super) struct Poisson {
    /// Added to `λ`, which keeps it away from 0.
    least: f64,
}

impl Poisson {
    pub(super) const ALONE: Self = Self { least: 1e-10 };
    /// As a component of a mixture.
    pub(super) const COMPONENT: Self = Self { least: 1e-3 };
}

impl Distribution for Poisson {
    fn numbers(&self) -> usize {
        1
    }

    fn parameters(&self) -> Vec<String> {
        ["loc"].map(String::from).into()
    }

    fn target(&self) -> Target {
        Target::Original
    }

    /// `λ = softplus(shift + scale·number)`
    fn map(&self, numbers: &[f64], [shift, scale]: [f64; 2], to: &mut [f64]) {
        to[0] = softplus(numbers[0] * scale + shift) + self.least;
    }

    fn loss(&self, y: f64, parameters: &[f64]) -> f64 {
        let rate = parameters[0];
        rate - y * rate.ln() + ln_gamma(y + 1.0)
    }

    /// `d/dλ = 1 - y/λ`
    fn slopes(&self, y: f64, numbers: &[f64], [shift, scale]: [f64; 2], to: &mut [f64]) {
        let x = numbers[0] * scale + shift;
        to[0] = (1.0 - y / (softplus(x) + self.least)) * softplus_slope(x) * scale;
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
