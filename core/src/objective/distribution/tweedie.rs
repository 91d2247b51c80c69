//! Tweedie's distribution with dispersion 1: a Poisson number of gamma variates, so 0 has a probability of its own. With `μ =
//! e^m` and power `ρ` between 1 and 2, the loss is `μ^(2 - ρ)/(2 - ρ) - y·μ^(1 - ρ)/(1 - ρ)`: `-ln p(y)` without its part
//! that depends on `y` alone. Upstream: `Tweedie`, `tweedie_scale_decouple`.
//!
//! *Differs from upstream:* samples are exactly 0 if there are no gamma variates, where upstream's are tiny. A window whose
//! shift is negative has the lowest mean, where upstream's is NaN.

use super::{Distribution, Target, softplus, softplus_slope};
use crate::rng::Key;
use crate::variates::tweedie;

/// Bounds of `m`, before and after the window's shift is added; beyond them the slope is 0. A shift of 0, as the scaler
/// `identity` has, gives the lower bound.
const BOUNDS: [f64; 2] = [1e-9, 37.0];

#[derive(Debug)]
pub(super) struct Tweedie {
    /// The power of the mean that is the variance.
    pub(super) rho: f64,
}

impl Tweedie {
    /// `m`, and its derivative with respect to the number.
    fn ln_mean(number: f64, shift: f64) -> [f64; 2] {
        let inside = |x: f64| (BOUNDS[0]..=BOUNDS[1]).contains(&x);
        let clamped = |x: f64| x.clamp(BOUNDS[0], BOUNDS[1]);
        let own = softplus(number);
        // `ln 0` is -∞, which is clamped.
        let shifted = clamped(own) + shift.max(0.0).ln();
        let moves = inside(own) && inside(shifted);
        [clamped(shifted), if moves { softplus_slope(number) } else { 0.0 }]
    }
}

impl Distribution for Tweedie {
    fn numbers(&self) -> usize {
        1
    }

    fn parameters(&self) -> Vec<String> {
        Vec::new()
    }

    fn target(&self) -> Target {
        Target::Original
    }

    fn needs_shift(&self) -> bool {
        true
    }

    fn map(&self, numbers: &[f64], [shift, _]: [f64; 2], to: &mut [f64]) {
        to[0] = Self::ln_mean(numbers[0], shift)[0];
    }

    fn loss(&self, y: f64, parameters: &[f64]) -> f64 {
        let (first, second) = (1.0 - self.rho, 2.0 - self.rho);
        (second * parameters[0]).exp() / second - y * (first * parameters[0]).exp() / first
    }

    /// `d/dm = μ^(2 - ρ) - y·μ^(1 - ρ)`
    fn slopes(&self, y: f64, numbers: &[f64], [shift, _]: [f64; 2], to: &mut [f64]) {
        let [m, by_number] = Self::ln_mean(numbers[0], shift);
        to[0] = (((2.0 - self.rho) * m).exp() - y * ((1.0 - self.rho) * m).exp()) * by_number;
    }

    fn mean(&self, parameters: &[f64]) -> f64 {
        parameters[0].exp()
    }

    fn sample(&self, parameters: &[f64], key: Key, index: u64) -> f64 {
        tweedie(key, index, parameters[0], self.rho)
    }

    fn refuses(&self, y: f64) -> Option<&'static str> {
        (y < 0.0).then_some("0 or more")
    }
}
