//! Likelihoods of distributions and mixtures: values, gradients, output names, mean and samples.

use serde_json::Value;

use super::distributions::Law;
use super::{assert_close, floats, json};
use crate::objective::{Compared, LossSpec, Objective, Sampling, Scaling, Tally, Target, Totals};
use crate::options::OptionValue;
use crate::rng::{Key, Stream};
use crate::scalers::{ScalerType, Statistics};
use crate::tape::Tape;

const TOLERANCE: f32 = 1e-6;
/// Of splines: a target rounded to f32 moves within a piece, and pieces are steep.
const OF_SPLINES: f32 = 5e-6;

/// One case of `likelihoods.json`: windows of `h` steps, each drawn `counts` times.
struct Case {
    name: String,
    loss: Objective,
    windows: usize,
    counts: Vec<f32>,
    statistics: Vec<Statistics>,
    /// On the scale of the target, and on the scale on which the loss receives it.
    y: Vec<f64>,
    received: Vec<f32>,
    numbers: Vec<f32>,
    weights: Vec<f32>,
    value: Vec<f32>,
    grad: Vec<f32>,
    sampled: Vec<f32>,
}

impl Case {
    fn read(case: &Value, drawn: &[f32]) -> Self {
        let name = case["name"].as_str().unwrap().to_string();
        let list = |key: &str| floats(&case[key]);
        let (y, mask, shift, scale) = (list("y"), list("mask"), list("loc"), list("scale"));
        let windows = shift.len();
        let h = y.len() / windows;
        let loss = Objective::new(&LossSpec::read(&case["loss"]).unwrap(), h, "loss").unwrap();
        let names: Vec<String> = loss.outputs.iter().map(ToString::to_string).collect();
        assert_eq!(serde_json::json!(names), case["outputNames"], "{name}");
        let statistics: Vec<Statistics> = shift
            .iter()
            .zip(&scale)
            .map(|(shift, scale)| Statistics { shift: (*shift).into(), scale: (*scale).into() })
            .collect();
        let times = |i: usize| drawn.iter().filter(|d| **d as usize == i).count() as f32;
        let counts: Vec<f32> = (0..windows).map(times).collect();
        let by_step = |t: usize| loss.horizon_weight.as_ref().map_or(1.0, |all| all[t]);
        let weights = mask.iter().enumerate().map(|(i, m)| m * counts[i / h] * by_step(i % h));
        let receive = |(i, y): (usize, &f32)| match loss.target() {
            Target::Relative => statistics[i / h].relative((*y).into()) as f32,
            _ => *y,
        };
        Self {
            name,
            windows,
            weights: weights.collect(),
            received: y.iter().enumerate().map(receive).collect(),
            y: y.into_iter().map(f64::from).collect(),
            counts,
            statistics,
            loss,
            numbers: list("numbers"),
            value: list("value"),
            grad: list("grad"),
            sampled: list("sampled"),
        }
    }

    fn steps(&self) -> usize {
        self.y.len() / self.windows
    }

    fn totals(&self, windows: std::ops::Range<usize>) -> Totals {
        let mut totals = Totals::default();
        for i in windows {
            let weights = &self.weights[i * self.steps()..][..self.steps()];
            totals.weight += weights.iter().map(|w| f64::from(*w)).sum::<f64>();
            totals.windows += f64::from(self.counts[i]);
            let window = Tally {
                series: 0,
                count: self.counts[i].into(),
                insample_y: &[],
                actual: &[],
                weights,
                scale: self.statistics[i].scale,
            };
            if self.loss.tallies() {
                self.loss.tally(&window, &mut totals);
            }
        }
        totals
    }

    /// Loss and gradient of these windows as a part of a batch with these totals.
    fn part(&self, windows: std::ops::Range<usize>, totals: &Totals) -> (f64, Vec<f32>) {
        let (n, h) = (windows.len(), self.steps());
        let part = |list: &[f32]| {
            let each = list.len() / self.windows;
            list[windows.start * each..windows.end * each].to_vec()
        };
        let tape = Tape::default();
        let forecast = tape.variable([n, h, self.loss.numbers()], &part(&self.numbers));
        let weights = tape.constant([n, 1, h], &part(&self.weights));
        let counts = tape.constant([n], &part(&self.counts));
        let y = tape.constant([n, 1, h], &part(&self.received));
        let affine: Vec<f32> = self.statistics[windows]
            .iter()
            .flat_map(|s| [s.shift as f32, s.scale as f32])
            .collect();
        let affine =
            (self.loss.target() == Target::Original).then(|| tape.constant([n, 1, 2], &affine));
        let with = Compared { y, weights, counts, affine, drawn: None };
        let value = forecast.loss(&self.loss, with, totals);
        tape.backward(value, &mut Vec::new());
        let value = f64::from(value.data()[0]);
        (value, forecast.grad().to_vec())
    }

    fn check_training(&self) {
        let name = &self.name;
        let tolerance = if name.starts_with("isqf") { OF_SPLINES } else { TOLERANCE };
        let totals = self.totals(0..self.windows);
        let (value, mut grad) = self.part(0..self.windows, &totals);
        let value = self.loss.finish(value, &totals, &mut grad);
        assert_close(name, &[value as f32], &self.value, tolerance);
        assert_close(&format!("{name} gradient"), &grad, &self.grad, tolerance);
        if self.loss.couples_windows() {
            return;
        }
        // The same in two parts with the totals of the whole batch.
        let parts = [0..1, 1..self.windows];
        let mut sum = self.totals(parts[0].clone());
        sum += &self.totals(parts[1].clone());
        let [(a, mut grads), (b, more)] = parts.map(|part| self.part(part, &sum));
        grads.extend(more);
        let value = self.loss.finish(a + b, &sum, &mut grads);
        assert_close(&format!("{name} in parts"), &[value as f32], &self.value, tolerance);
        assert_close(&format!("{name} gradient in parts"), &grads, &self.grad, tolerance);
    }

    /// Mean and quantiles of samples, within the sampling error.
    fn check_samples(&self, samples: usize) {
        let distribution = self.loss.distribution().expect("it is a likelihood");
        let (n, width) = (self.loss.numbers(), 1 + self.loss.taus.len());
        let mut many = self.loss.clone();
        many.set_samples(samples);
        for (window, own) in self.statistics.iter().enumerate() {
            let scaling = Scaling { scaler: ScalerType::Standard, own: *own, back: *own };
            let numbers = &self.numbers[window * self.steps() * n..][..self.steps() * n];
            let (mut work, mut columns) = (Vec::new(), Vec::new());
            let key = Key::new(1, Stream::Samples, window as u32);
            let mut at = Sampling { scaling, key, first: 0, trajectories: None, work: &mut work };
            many.forecast(numbers, &mut at, &mut columns);
            for (step, numbers) in numbers.chunks(n).enumerate() {
                let wide: Vec<f64> = numbers.iter().map(|v| f64::from(*v)).collect();
                let mut parameters = vec![0.0; n];
                distribution.map(&wide, scaling.affine(), &mut parameters);
                let point = window * self.steps() + step;
                let theirs = self.sampled[point * width..][..width].iter();
                let theirs: Vec<f64> = theirs.map(|v| f64::from(*v)).collect();
                let ours = &columns[step * self.loss.outputs.len()..][..width];
                let what = format!("{} samples of point {point}", self.name);
                let law = Law::of(distribution, &parameters);
                law.assert_sampled_alike(&what, &self.loss.taus, [ours, &theirs], (samples, 0.0));
            }
        }
    }
}

fn cases() -> (Vec<Case>, usize) {
    let all = json("likelihoods.json");
    let drawn = floats(&all["drawn"]);
    let cases = all["cases"].as_array().unwrap().iter().map(|case| Case::read(case, &drawn));
    (cases.collect(), all["samples"].as_u64().unwrap() as usize)
}

#[test]
fn likelihoods_and_their_gradients_are_upstreams() {
    let (cases, _) = cases();
    assert_eq!(cases.len(), 50);
    cases.iter().for_each(Case::check_training);
}

#[test]
fn samples_are_those_of_upstreams_distributions() {
    let (cases, samples) = cases();
    cases
        .iter()
        .filter(|case| !case.name.ends_with("_masked"))
        .for_each(|c| c.check_samples(samples));
}
