//! The logarithm of the gamma function, and its derivative digamma, for positive arguments.
//!
//! Both raise the argument by `Γ(x + 1) = x·Γ(x)` until Stirling's series is accurate: from 10 on, its first omitted term
//! is below 1e-13.

/// `ln √(2π)`
const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_8;
/// The series is used from here on.
const FAR: f64 = 10.0;

/// `ln Γ(x)`
pub(crate) fn ln_gamma(mut x: f64) -> f64 {
    let mut product = 1.0;
    while x < FAR {
        product *= x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let tail = 1.0 / 1188.0 - square * (691.0 / 360_360.0);
    let tail = 1.0 / 1260.0 - square * (1.0 / 1680.0 - square * tail);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * tail)) / x;
    (x - 0.5) * x.ln() - x + LN_SQRT_TAU + series - product.ln()
}

/// `d ln Γ(x) / dx`
pub(crate) fn digamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < FAR {
        sum += 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let tail = 1.0 / 240.0 - square * (1.0 / 132.0 - square * (691.0 / 32_760.0));
    let series =
        square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square * tail)));
    x.ln() - 0.5 / x - series - sum
}

/// The standard normal distribution function, to 7.5e-8 (Abramowitz & Stegun 1964, 26.2.17).
pub(crate) fn normal_cdf(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let upper = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt() * poly;
    if z < 0.0 { upper } else { 1.0 - upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_scipy() {
        // scipy.special: gammaln, digamma
        for (x, expected) in VALUES {
            let off = [ln_gamma(x) - expected[0], digamma(x) - expected[1]];
            let scale = expected.map(|v: f64| 1.0 + v.abs());
            assert!(
                off[0].abs() < 2e-13 * scale[0] && off[1].abs() < 2e-13 * scale[1],
                "{x}: {off:?}"
            );
        }
    }

    const VALUES: [(f64, [f64; 2]); 8] = [
        (0.25, [1.2880225246980774, -4.2274535333762655]),
        (0.5, [0.5723649429247, -1.9635100260214235]),
        (1.0, [0.0, -0.5772156649015329]),
        (1.5, [-0.12078223763524526, 0.03648997397857652]),
        (2.0, [0.0, 0.42278433509846713]),
        (3.7, [1.428072326665388, 1.1671535393615113]),
        (11.3, [15.81418068137395, 2.3799028250798995]),
        (250.5, [1131.2840013322552, 5.521461584527046]),
    ];

    #[test]
    fn the_normal_distribution_is_scipys() {
        // scipy.stats.norm.cdf
        for (z, expected) in
            [(0.0, 0.5), (1.0, 0.841_344_746), (-2.5, 0.006_209_665), (4.0, 0.999_968_329)]
        {
            assert!((normal_cdf(z) - expected).abs() < 1e-7, "{z}");
        }
    }
}
