//! Student's t: `-ln p(z) = (ν + 1)/2·ln(1 + d²/ν) + ln σ + ln √(νπ) + ln Γ(ν/2) - ln Γ((ν + 1)/2)`, `d = (z - μ) / σ`.
//! Upstream: `student_scale_decouple`.

use std::f64::consts::PI;

use super::gamma::{digamma, ln_gamma};
use super::{Law, softplus, softplus_slope};

/// Keeps `σ` away from 0.
const LEAST: f64 = 0.1;
/// Keeps the variance finite.
const LEAST_FREEDOM: f64 = 3.0;

pub(super) fn law(freedom: f64, mean: f64, scale: f64) -> Law {
    let freedom = Some(LEAST_FREEDOM + softplus(freedom));
    Law { location: mean, scale: softplus(scale) + LEAST, freedom }
}

pub(super) fn loss(z: f64, law: Law, freedom: f64) -> f64 {
    let d = (z - law.location) / law.scale;
    let area =
        0.5 * (freedom * PI).ln() + ln_gamma(0.5 * freedom) - ln_gamma(0.5 * (freedom + 1.0));
    0.5 * (freedom + 1.0) * (d * d / freedom).ln_1p() + law.scale.ln() + area
}

/// With `w = (ν + 1)/(ν + d²)`: `d/dμ = -w·d/σ`, `d/dσ = (1 - w·d²)/σ`,
/// `d/dν = (ln(1 + d²/ν) - w·d²/ν + 1/ν + ψ(ν/2) - ψ((ν + 1)/2))/2`, from the numbers of a network.
pub(super) fn slopes(z: f64, law: Law, raw: &[f64]) -> [f64; 3] {
    let freedom = LEAST_FREEDOM + softplus(raw[0]);
    let d = (z - law.location) / law.scale;
    let square = d * d;
    let w = (freedom + 1.0) / (freedom + square);
    let of_freedom =
        (square / freedom).ln_1p() + (1.0 - w * square) / freedom + digamma(0.5 * freedom)
            - digamma(0.5 * (freedom + 1.0));
    [
        0.5 * of_freedom * softplus_slope(raw[0]),
        -w * d / law.scale,
        (1.0 - w * square) / law.scale * softplus_slope(raw[2]),
    ]
}
