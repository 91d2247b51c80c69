//! The normal distribution: `-ln p(z) = d²/2 + ln σ + ln √(2π)`, `d = (z - μ) / σ`. Upstream: `normal_scale_decouple`.

use super::{Law, softplus, softplus_slope};

/// Keeps `σ` away from 0.
const LEAST: f64 = 0.2;
/// `ln √(2π)`
const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

pub(super) fn law(mean: f64, deviation: f64) -> Law {
    Law { location: mean, scale: softplus(deviation) + LEAST, freedom: None }
}

pub(super) fn loss(z: f64, law: Law) -> f64 {
    let d = (z - law.location) / law.scale;
    0.5 * d * d + law.scale.ln() + LN_SQRT_TAU
}

/// `d/dμ = -d/σ`, `d/dσ = (1 - d²)/σ`, from the numbers of a network.
pub(super) fn slopes(z: f64, law: Law, raw: &[f64]) -> [f64; 2] {
    let d = (z - law.location) / law.scale;
    [-d / law.scale, (1.0 - d * d) / law.scale * softplus_slope(raw[1])]
}
