//! Properties that hold for every distribution.

use super::likelihood::quantile;
use super::*;
use crate::objective::{LossSpec, Objective, Sampling, Scaling, every_loss};
use crate::rng::Stream;

/// Numbers of a network; [`numbers`] repeats them for distributions of more.
const NUMBERS: [[f64; 3]; 4] =
    [[0.3, -1.2, 0.4], [-2.0, 0.0, -3.0], [4.0, 2.5, 1.0], [25.0, -0.5, 22.0]];

/// Every distribution, and each mixture with equal and with learned weights.
fn all() -> Vec<Arc<dyn Distribution>> {
    let mixtures = ["PMM", "GMM", "NBMM"].into_iter().flat_map(|kind| {
        [false, true].map(|weighted| LossSpec {
            kind: kind.into(),
            args: json!({ "nComponents": 3, "weighted": weighted }).as_object().unwrap().clone(),
        })
    });
    let distributions = every_loss().into_iter().filter(|spec| spec.kind == "DistributionLoss");
    let of = |spec: LossSpec| Objective::new(&spec, 1, "loss").unwrap().shared_distribution();
    distributions.chain(mixtures).map(of).collect()
}

fn numbers(distribution: &dyn Distribution, of: [f64; 3]) -> Vec<f64> {
    of.into_iter().cycle().take(distribution.numbers()).collect()
}

/// Whether its loss is `-ln p(y)`, with no part left out.
fn has_density(distribution: &dyn Distribution) -> bool {
    let name = format!("{distribution:?}");
    !name.starts_with("Tweedie") && !name.starts_with("Isqf")
}

/// Shift and scale of a window for the distribution's likelihood.
fn affine(distribution: &dyn Distribution) -> [f64; 2] {
    if distribution.target() == Target::Relative { [0.0, 1.0] } else { [1.5, 0.8] }
}

fn parameters(distribution: &dyn Distribution, numbers: &[f64], affine: [f64; 2]) -> Vec<f64> {
    let mut parameters = vec![0.0; numbers.len()];
    distribution.map(numbers, affine, &mut parameters);
    parameters
}

#[test]
fn slopes_are_those_of_the_likelihoods() {
    for distribution in &all() {
        let distribution = &**distribution;
        for numbers in NUMBERS.map(|of| numbers(distribution, of)) {
            for y in [-3.0, 0.0, 0.1, 1.0, 1.7, 12.0] {
                if distribution.refuses(y).is_some() {
                    continue;
                }
                let affine = affine(distribution);
                let mut slopes = vec![f64::NAN; numbers.len()];
                distribution.slopes(y, &numbers, affine, &mut slopes);
                for (i, slope) in slopes.into_iter().enumerate() {
                    let at = |by: f64| {
                        let mut moved = numbers.clone();
                        moved[i] += by;
                        distribution.loss(y, &parameters(distribution, &moved, affine))
                    };
                    let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
                    let off = (expected - slope).abs();
                    // Slopes of a spline change fast where a level passes a knot.
                    let tolerance = if distribution.numbers() > 9 { 1e-5 } else { 2e-7 };
                    assert!(
                        off < tolerance * (1.0 + expected.abs()),
                        "{distribution:?} {numbers:?} {y} {i}: {slope} against {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn probabilities_add_up_to_one() {
    for distribution in &all() {
        let distribution = &**distribution;
        if !has_density(distribution) {
            continue;
        }
        let numbers = &numbers(distribution, NUMBERS[0]);
        let parameters = parameters(distribution, numbers, [5.0, 0.5]);
        let continuous = distribution.refuses(-1.0).is_none();
        let step = if continuous { 1e-2 } else { 1.0 };
        let points = (-30_000..30_000).map(|i| f64::from(i) * step);
        let points = points.filter(|y| distribution.refuses(*y).is_none());
        let sum: f64 = points.map(|y| (-distribution.loss(y, &parameters)).exp() * step).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{distribution:?}: {sum}");
    }
}

#[test]
fn extreme_numbers_have_finite_losses_and_slopes() {
    for distribution in &all() {
        let distribution = &**distribution;
        let n = distribution.numbers();
        for number in [-1e4, -50.0, 50.0, 1e4] {
            for y in [0.0, 1.0] {
                let (numbers, affine) = (vec![number; n], affine(distribution));
                let loss = distribution.loss(y, &parameters(distribution, &numbers, affine));
                let mut slopes = vec![f64::NAN; n];
                distribution.slopes(y, &numbers, affine, &mut slopes);
                assert!(loss.is_finite(), "{distribution:?} {number}: {loss}");
                assert!(slopes.iter().all(|s| s.is_finite()), "{distribution:?} {number}");
            }
        }
    }
}

#[test]
fn the_mean_is_that_of_many_samples() {
    let key = Key::new(1, Stream::Samples, 3);
    let n = 40_000;
    for distribution in &all() {
        let distribution = &**distribution;
        let numbers = &numbers(distribution, NUMBERS[0]);
        let parameters = parameters(distribution, numbers, [5.0, 0.5]);
        let samples: Vec<f64> = (0..n).map(|i| distribution.sample(&parameters, key, i)).collect();
        let mean = samples.iter().sum::<f64>() / n as f64;
        let variance = samples.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n as f64;
        let error = 5.0 * (variance / n as f64).sqrt();
        let expected = distribution.mean(&parameters);
        assert!((mean - expected).abs() < error, "{distribution:?}: {mean} against {expected}");
    }
}

#[test]
fn quantiles_lie_between_the_samples() {
    let sorted = [1.0, 2.0, 4.0, 8.0];
    assert_eq!([0.0, 0.5, 1.0].map(|tau| quantile(&sorted, tau)), [1.0, 3.0, 8.0]);
    assert!((quantile(&sorted, 0.25) - 1.75).abs() < 1e-12);
}

#[test]
fn samples_of_a_step_do_not_depend_on_other_steps() {
    let likelihood = Likelihood {
        distribution: Arc::new(student_t::StudentT),
        samples: 50,
        return_params: false,
        joint: None,
    };
    let of = |first: i64, steps: usize| {
        let mut work = Vec::new();
        let s = crate::scalers::Statistics { shift: 1.0, scale: 2.0 };
        let scaling = Scaling { scaler: crate::scalers::ScalerType::Standard, own: s, back: s };
        let key = Key::new(1, Stream::Samples, 3);
        let mut at = Sampling { scaling, key, first, trajectories: None, work: &mut work };
        let mut all = Vec::new();
        likelihood.sampled(&[0.5f32; 3].repeat(steps), 50, &mut at, |_, s| all.push(s.to_vec()));
        all
    };
    let two = of(7, 2);
    assert_eq!(of(8, 1)[0], two[1]);
    assert_ne!(two[0], two[1]);
}
