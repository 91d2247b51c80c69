//! The Box-Cox transform, with the power estimated by maximum likelihood. Upstream: coreforecast's `LocalBoxCoxScaler`.
//!
//! Zeros and negative values use the signed form of Bickel and Doksum (1981), so that every forecast can be inverted.

/// The interval in which the power is searched.
const BOUNDS: [f64; 2] = [0.0, 2.0];
/// Tolerance of the search: the fourth root of the f32 epsilon, as upstream for f32 series.
const TOLERANCE: f64 = 0.018_581_361;
/// The golden section ratio, with upstream's digits.
const GOLDEN: f64 = 0.381_966;
/// Limit of the search's steps, far above what bounds and tolerance require.
const MAX_STEPS: usize = 1000;

/// The transformed value.
pub(super) fn transform(x: f64, lambda: f64) -> f64 {
    if lambda.abs() < 1e-19 {
        x.ln()
    } else if x > 0.0 {
        (lambda * x.ln()).exp_m1() / lambda
    } else {
        -((lambda * (-x).ln()).exp() + 1.0) / lambda
    }
}

/// The inverse of [`transform`].
pub(super) fn inverse(z: f64, lambda: f64) -> f64 {
    let power = lambda * z + 1.0;
    if lambda.abs() < 1e-19 {
        z.exp()
    } else if power > 0.0 {
        ((lambda * z).ln_1p() / lambda).exp()
    } else {
        -((-power).ln() / lambda).exp()
    }
}

/// The maximum likelihood estimate of the power for non-negative values. Replaces `values` by their logarithms.
pub(super) fn lambda(values: &mut [f64]) -> f64 {
    values.iter_mut().for_each(|v| *v = v.ln());
    let (logs, n) = (&*values, values.len() as f64);
    let sum: f64 = logs.iter().sum();
    minimum(|lambda| {
        let power = |log: &f64| (log * lambda).exp() / lambda;
        let mean = logs.iter().map(power).sum::<f64>() / n;
        let variance = logs.iter().map(|log| (power(log) - mean).powi(2)).sum::<f64>() / n;
        n / 2.0 * variance.ln() - (lambda - 1.0) * sum
    })
}

/// A power and its negative log-likelihood.
#[derive(Clone, Copy)]
struct Point {
    x: f64,
    f: f64,
}

/// Brent's method for a minimum: parabolic interpolation through the three best points, with golden section steps where it
/// fails.
fn minimum(f: impl Fn(f64) -> f64) -> f64 {
    let at = |x: f64| Point { x, f: f(x) };
    let [mut low, mut high] = BOUNDS;
    let mut best = at(low + GOLDEN * (high - low));
    let (mut second, mut third) = (best, best);
    let (mut step, mut before) = (0.0_f64, 0.0_f64);
    for _ in 0..MAX_STEPS {
        let middle = (low + high) / 2.0;
        let least = f64::EPSILON.sqrt() * best.x.abs() + TOLERANCE / 3.0;
        if (best.x - middle).abs() <= 2.0 * least - (high - low) / 2.0 {
            break;
        }
        let (mut p, mut q, mut last) = (0.0, 0.0, 0.0);
        if before.abs() > least {
            let r = (best.x - second.x) * (best.f - third.f);
            q = (best.x - third.x) * (best.f - second.f);
            p = (best.x - third.x) * q - (best.x - second.x) * r;
            q = 2.0 * (q - r);
            if q > 0.0 {
                p = -p
            } else {
                q = -q
            }
            (last, before) = (before, step);
        }
        let outside = p <= q * (low - best.x) || p >= q * (high - best.x);
        if p.abs() >= (q * 0.5 * last).abs() || outside {
            before = if best.x < middle { high - best.x } else { low - best.x };
            step = GOLDEN * before;
        } else {
            step = p / q;
            let x = best.x + step;
            if x - low < 2.0 * least || high - x < 2.0 * least {
                step = if best.x >= middle { -least } else { least };
            }
        }
        // A NaN step, which comes from non-finite values, moves down.
        let towards = if step > 0.0 { least } else { -least };
        let new = at(best.x + if step.abs() >= least { step } else { towards });
        if new.f <= best.f {
            if new.x < best.x {
                high = best.x
            } else {
                low = best.x
            }
            (third, second, best) = (second, best, new);
        } else {
            if new.x < best.x {
                low = new.x
            } else {
                high = new.x
            }
            if new.f <= second.f || second.x == best.x {
                (third, second) = (second, new);
            } else if new.f <= third.f || third.x == best.x || third.x == second.x {
                third = new;
            }
        }
    }
    best.x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back() {
        for lambda in [0.0, 0.01, 0.5, 1.0, 1.99] {
            for x in [1e-3, 0.5, 1.0, 7.0, 1e6] {
                let back = inverse(transform(x, lambda), lambda);
                assert!((back - x).abs() <= 1e-9 * x, "{x} by {lambda}: {back}");
            }
        }
        for x in [-3.0, -0.2, 0.0] {
            assert!((inverse(transform(x, 0.5), 0.5) - x).abs() < 1e-12, "{x}");
        }
        assert_eq!(transform(0.0, 0.5), -2.0);
    }

    #[test]
    fn the_power_undoes_a_known_one() {
        // The values are squares of evenly spaced numbers, so the power that undoes them is 1/2.
        let mut values: Vec<f64> =
            (0..500).map(|i| (10.0 + f64::from(i * 37 % 500) / 100.0).powi(2)).collect();
        let found = lambda(&mut values);
        assert!((found - 0.5).abs() < 0.2, "{found}");
        assert!((0.0..2.0).contains(&lambda(&mut [3.0; 5])), "a constant has a power too");
        assert!((lambda(&mut [0.0, 1.0, 4.0, 2.0]) - 0.011_258_365_5).abs() < 1e-6, "a zero");
    }
}
