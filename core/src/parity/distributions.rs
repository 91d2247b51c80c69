//! Distributions: parameters equal upstream's, and samples agree within the sampling error.

use super::{Fixture, Tensor, assert_close};
use crate::models::Instance;
use crate::objective::{Distribution, Objective, Sampling};
use crate::rng::{Key, Stream};
use crate::scalers::{ScalerType, Statistics};

/// Tolerance of sampled statistics, in standard errors; one in two million is off by more.
const ERRORS: f64 = 5.0;
/// Samples behind the statistics in the fixtures of forward passes: `SAMPLES` of `tools/reference/models.py`.
const SAMPLES: usize = 40_000;
/// Own samples of a distribution, of which the range of others' statistics is computed.
const OWN: usize = 20_000;

fn distribution(loss: &Objective) -> &dyn Distribution {
    loss.distribution().expect("the loss is a likelihood")
}

/// Samples of a distribution, in ascending order.
pub(super) struct Law {
    sorted: Vec<f64>,
}

impl Law {
    /// The distribution with these parameters on the scale of the target.
    pub(super) fn of(distribution: &dyn Distribution, parameters: &[f64]) -> Self {
        let key = Key::new(7, Stream::Samples, 0);
        let sample = |i| distribution.sample(parameters, key, i);
        let mut sorted: Vec<f64> = (0..OWN as u64).map(sample).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted }
    }

    /// Standard deviation.
    fn deviation(&self) -> f64 {
        let mean = self.sorted.iter().sum::<f64>() / OWN as f64;
        (self.sorted.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / OWN as f64).sqrt()
    }

    /// The range of the sample quantile of `n` samples: the sampling error of the level, in numbers of our samples.
    fn quantile_range(&self, tau: f64, n: usize) -> [f64; 2] {
        let both = 1.0 / n as f64 + 1.0 / OWN as f64;
        let share = ERRORS * (tau * (1.0 - tau) * both).sqrt();
        let at = |level: f64| (level.clamp(0.0, 1.0) * (OWN - 1) as f64) as usize;
        [self.sorted[at(tau - share)], self.sorted[(at(tau + share) + 1).min(OWN - 1)]]
    }

    /// Mean and quantiles of two sets of `n` samples agree within the sampling error, up to `slack`.
    pub(super) fn assert_sampled_alike(
        &self,
        what: &str,
        taus: &[f32],
        [ours, theirs]: [&[f64]; 2],
        (n, slack): (usize, f64),
    ) {
        let off = ERRORS * std::f64::consts::SQRT_2 * self.deviation() / (n as f64).sqrt();
        let of_mean = [theirs[0] - off, theirs[0] + off];
        let of_quantile = |tau: &f32| self.quantile_range(f64::from(*tau), n);
        let ranges = std::iter::once(of_mean).chain(taus.iter().map(of_quantile));
        for (i, [low, high]) in ranges.enumerate() {
            for (whose, value) in [("ours", ours[i]), ("theirs", theirs[i])] {
                let own = slack + 1e-6 * value.abs() + 1e-9;
                assert!(
                    (low - own..=high + own).contains(&value),
                    "{what}[{i}] of {whose}: {value} is not from {low} to {high}"
                );
            }
        }
    }
}

/// Shift and scale of each window of a forward pass.
pub(super) fn affine(fixture: &Fixture) -> Vec<[f64; 2]> {
    let [shift, scale] = ["loc", "scale"].map(|name| fixture.tensor(name).data);
    shift.iter().zip(&scale).map(|(a, b)| [f64::from(*a), f64::from(*b)]).collect()
}

/// Checks the distribution parameters of a forward pass on the scale of the target, and statistics of samples from them.
pub(super) fn check(name: &str, fixture: &Fixture, model: &Instance, output: &[f32]) {
    let loss = &model.loss;
    let distribution = distribution(loss);
    let [expected, sampled] = ["distr_args", "sampled"].map(|name| fixture.tensor(name));
    let affine = affine(fixture);
    let n = loss.numbers();
    let per_window = output.len() / affine.len();
    let mut all = Vec::new();
    for (window, (numbers, own)) in output.chunks(per_window).zip(&affine).enumerate() {
        let own = Statistics { shift: own[0], scale: own[1] };
        let mut scaling = model.scaling(own);
        scaling.scaler = ScalerType::Standard;
        let (mut work, mut columns) = (Vec::new(), Vec::new());
        let mut at = Sampling {
            scaling,
            key: Key::new(1, Stream::Samples, window as u32),
            first: 0,
            trajectories: None,
            work: &mut work,
        };
        let mut many = loss.clone();
        many.set_samples(SAMPLES);
        many.forecast(numbers, &mut at, &mut columns);
        for (step, numbers) in numbers.chunks(n).enumerate() {
            let mut parameters = vec![0.0; n];
            let wide: Vec<f64> = numbers.iter().map(|v| f64::from(*v)).collect();
            distribution.map(&wide, scaling.affine(), &mut parameters);
            let point = window * per_window / n + step;
            let width = 1 + loss.taus.len();
            let theirs: Vec<f64> =
                sampled.data[point * width..][..width].iter().map(|v| f64::from(*v)).collect();
            let ours = &columns[step * loss.outputs.len()..][..width];
            let what = format!("{name} samples of point {point}");
            let law = Law::of(distribution, &parameters);
            law.assert_sampled_alike(&what, &loss.taus, [ours, &theirs], (SAMPLES, 0.0));
            all.extend(parameters);
        }
    }
    let parameters: Vec<f32> = all.iter().map(|v| *v as f32).collect();
    for i in 0..n {
        let of = |all: &[f32]| -> Vec<f32> { all.iter().skip(i).step_by(n).copied().collect() };
        let what = format!("{name} parameter {i}");
        assert_close(&what, &of(&parameters), &of(&expected.data), 1e-6);
    }
}

/// Checks a forecast that has the distribution parameters among its columns. The parameters, and a mean that is fed back,
/// equal upstream's; the other columns are sampled.
pub(super) fn check_forecast(
    name: &str,
    loss: &Objective,
    columns: &[(String, Vec<f32>)],
    expected: &Tensor,
    (samples, exact_mean, tolerance): (usize, bool, f32),
) {
    let distribution = distribution(loss);
    let (width, sampled) = (columns.len(), 1 + loss.taus.len());
    assert_eq!(width, sampled + loss.numbers(), "{name}: the parameters are among the columns");
    let theirs =
        |c: usize| -> Vec<f32> { expected.data.iter().skip(c).step_by(width).copied().collect() };
    for (c, (title, values)) in columns.iter().enumerate() {
        if c >= sampled || (c == 0 && exact_mean) {
            assert_close(&format!("{name} forecast {title}"), values, &theirs(c), tolerance);
        }
    }
    for (row, theirs) in expected.data.chunks(width).enumerate() {
        let wide = |v: &f32| f64::from(*v);
        let theirs: Vec<f64> = theirs.iter().map(wide).collect();
        let ours: Vec<f64> = columns.iter().map(|(_, values)| wide(&values[row])).collect();
        let law = Law::of(distribution, &theirs[sampled..]);
        // The difference between two trainings adds to the sampling error: it moves and widens our distribution relative to
        // theirs.
        let apart = |own: f64| f64::from(tolerance) * own.abs();
        let slack = apart(distribution.mean(&theirs[sampled..])) + 3.0 * apart(law.deviation());
        let what = format!("{name} samples of row {row}");
        let both = [&ours[..sampled], &theirs[..sampled]];
        law.assert_sampled_alike(&what, &loss.taus, both, (samples, slack));
    }
}
