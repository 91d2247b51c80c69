//! Student's t: `-ln p(y) = (ν + 1)/2·ln(1 + d²/ν) + ln σ + ln √(νπ) + ln Γ(ν/2) - ln Γ((ν + 1)/2)`, `d = (y - μ) / σ`.
//! Upstream: `student_scale_decouple`.

use std::f64::consts::PI;

use super::{Distribution, Target, softplus, softplus_slope};
use crate::rng::Key;
use crate::special::{digamma, ln_gamma};
use crate::variates::student_t;

/// Added to `σ` before it is scaled, which keeps it away from 0.
const LEAST: f64 = 0.1;
/// Added to the degrees of freedom, which keeps the variance finite.
const LEAST_FREEDOM: f64 = 3.0;

#[derive(Debug)]
pub(super) struct StudentT;

impl Distribution for StudentT {
    fn numbers(&self) -> usize {
        3
    }

    fn parameters(&self) -> Vec<String> {
        ["df", "loc", "scale"].map(String::from).into()
    }

    fn target(&self) -> Target {
        Target::Relative
    }

    fn map(&self, numbers: &[f64], [shift, scale]: [f64; 2], to: &mut [f64]) {
        to[0] = LEAST_FREEDOM + softplus(numbers[0]);
        to[1] = numbers[1] * scale + shift;
        to[2] = (softplus(numbers[2]) + LEAST) * scale;
    }

    fn loss(&self, y: f64, parameters: &[f64]) -> f64 {
        let (freedom, scale) = (parameters[0], parameters[2]);
        let d = (y - parameters[1]) / scale;
        let area =
            0.5 * (freedom * PI).ln() + ln_gamma(0.5 * freedom) - ln_gamma(0.5 * (freedom + 1.0));
        0.5 * (freedom + 1.0) * (d * d / freedom).ln_1p() + scale.ln() + area
    }

    /// With `w = (ν + 1)/(ν + d²)`: `d/dμ = -w·d/σ`, `d/dσ = (1 - w·d²)/σ`,
    /// `d/dν = (ln(1 + d²/ν) - w·d²/ν + 1/ν + ψ(ν/2) - ψ((ν + 1)/2))/2`.
    fn slopes(&self, y: f64, numbers: &[f64], _: [f64; 2], to: &mut [f64]) {
        let freedom = LEAST_FREEDOM + softplus(numbers[0]);
        let scale = softplus(numbers[2]) + LEAST;
        let d = (y - numbers[1]) / scale;
        let square = d * d;
        let w = (freedom + 1.0) / (freedom + square);
        let of_freedom =
            (square / freedom).ln_1p() + (1.0 - w * square) / freedom + digamma(0.5 * freedom)
                - digamma(0.5 * (freedom + 1.0));
        to[0] = 0.5 * of_freedom * softplus_slope(numbers[0]);
        to[1] = -w * d / scale;
        to[2] = (1.0 - w * square) / scale * softplus_slope(numbers[2]);
    }

    fn mean(&self, parameters: &[f64]) -> f64 {
        parameters[1]
    }

    fn sample(&self, parameters: &[f64], key: Key, index: u64) -> f64 {
        parameters[1] + parameters[2] * student_t(key, index, parameters[0])
    }
}
