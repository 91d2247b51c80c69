//! The negative binomial distribution of `r` failures and probability `p`, with odds `p / (1 - p) = e^x`:
//! `-ln p(y) = -r·ln(1 - p) - y·ln p - ln Γ(r + y) + ln Γ(r) + ln Γ(y + 1)`. Upstream: `nbinomial_scale_decouple`, and
//! `NBMM.scale_decouple` for the components of a mixture.

use super::{Distribution, Target, softplus, softplus_slope};
use crate::rng::Key;
use crate::special::{digamma, ln_gamma};
use crate::variates::negative_binomial;

/// Added to the network's mean and dispersion, and to `p`.
const LEAST: f64 = 1e-8;
/// Minimum distance of `p` from 0 and 1, as torch's for f32. Closer probabilities have slope 0.
const EDGE: f64 = f32::EPSILON as f64;

/// How a window's shift and scale enter. With `m = softplus(first) + ε` and `a = softplus(second) + ε`, the mean is `μ` and
/// the dispersion `α`; `r = 1 / α`, `p = μ·α / (1 + μ·α)`.
#[derive(Debug)]
pub(super) enum NegativeBinomial {
    /// `μ = m·scale + shift`, `α = a / (scale + 1)`
    Alone,
    /// `μ = m·shift`, `α = a / (shift + 1)`
    Component,
}

impl NegativeBinomial {
    /// `[μ, α]` and their derivatives with respect to `m` and `a`.
    fn scaled(&self, numbers: &[f64], [shift, scale]: [f64; 2]) -> [[f64; 2]; 2] {
        let [m, a] = [0, 1].map(|i| softplus(numbers[i]) + LEAST);
        match self {
            Self::Alone => [[m * scale + shift, a / (scale + 1.0)], [scale, 1.0 / (scale + 1.0)]],
            Self::Component => [[m * shift, a / (shift + 1.0)], [shift, 1.0 / (shift + 1.0)]],
        }
    }
}

impl Distribution for NegativeBinomial {
    fn numbers(&self) -> usize {
        2
    }

    /// Upstream's names, although the second is the probability.
    fn parameters(&self) -> Vec<String> {
        ["total_count", "logits"].map(String::from).into()
    }

    fn target(&self) -> Target {
        Target::Original
    }

    fn needs_shift(&self) -> bool {
        matches!(self, Self::Component)
    }

    fn map(&self, numbers: &[f64], affine: [f64; 2], to: &mut [f64]) {
        let [[mean, dispersion], _] = self.scaled(numbers, affine);
        to[0] = 1.0 / dispersion;
        to[1] = mean * dispersion / (1.0 + mean * dispersion) + LEAST;
    }

    fn loss(&self, y: f64, parameters: &[f64]) -> f64 {
        let (failures, p) = (parameters[0], parameters[1].clamp(EDGE, 1.0 - EDGE));
        let count = ln_gamma(failures + y) - ln_gamma(failures) - ln_gamma(y + 1.0);
        -failures * (-p).ln_1p() - y * p.ln() - count
    }

    /// `d/dr = -ln(1 - p) - ψ(r + y) + ψ(r)`, `d/dp = (r·p - y·(1 - p)) / (p·(1 - p))`
    fn slopes(&self, y: f64, numbers: &[f64], affine: [f64; 2], to: &mut [f64]) {
        let [[mean, dispersion], by_number] = self.scaled(numbers, affine);
        let failures = 1.0 / dispersion;
        let whole = 1.0 + mean * dispersion;
        let exact = mean * dispersion / whole + LEAST;
        let p = exact.clamp(EDGE, 1.0 - EDGE);
        let of_failures = -(-p).ln_1p() - digamma(failures + y) + digamma(failures);
        let of_p = if exact == p { (failures * p - y * (1.0 - p)) / (p * (1.0 - p)) } else { 0.0 };
        let of_mean = of_p * dispersion / (whole * whole);
        let of_dispersion = of_p * mean / (whole * whole) - of_failures / (dispersion * dispersion);
        to[0] = of_mean * by_number[0] * softplus_slope(numbers[0]);
        to[1] = of_dispersion * by_number[1] * softplus_slope(numbers[1]);
    }

    fn mean(&self, parameters: &[f64]) -> f64 {
        let p = parameters[1].clamp(EDGE, 1.0 - EDGE);
        parameters[0] * p / (1.0 - p)
    }

    fn sample(&self, parameters: &[f64], key: Key, index: u64) -> f64 {
        let p = parameters[1].clamp(EDGE, 1.0 - EDGE);
        negative_binomial(key, index, parameters[0], p / (1.0 - p))
    }

    /// As upstream, non-integer counts are accepted.
    fn refuses(&self, y: f64) -> Option<&'static str> {
        (y < 0.0).then_some("0 or more")
    }
}
