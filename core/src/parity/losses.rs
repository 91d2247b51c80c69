//! Losses: values, gradients and output names, with masks and horizon weights.

use serde_json::Value;

use super::checks::Checks;
use super::{assert_close, floats, json};
use crate::objective::{Compared, Horizon, Horizons, LossSpec, Objective, Tally, Totals, Windows};
use crate::options::OptionValue;
use crate::tape::Tape;

const TOLERANCE: f32 = 1e-6;

/// One case of `losses.json` or `multivariate_losses.json`: `rows` rows of `h` steps, `series` of them per window.
struct Case {
    name: String,
    loss: Objective,
    rows: usize,
    series: usize,
    y: Vec<f32>,
    y_hat: Vec<f32>,
    weights: Vec<f32>,
    insample_y: Vec<f32>,
    /// The quantile level of each number of the forecast; empty if it has none of its own.
    levels: Vec<f32>,
    /// Numbers per step of the forecast.
    outputs: usize,
    value: Vec<f32>,
    /// Empty for losses that are only used as metrics.
    grad: Vec<f32>,
}

impl Case {
    fn read(case: &Value) -> Self {
        let name = case["name"].as_str().unwrap().to_string();
        let list = |key: &str| if case[key].is_null() { Vec::new() } else { floats(&case[key]) };
        let (y, windows) = (list("y"), case["y"].as_array().unwrap());
        let series = windows[0].as_array().unwrap();
        let series = if series[0].is_array() { series.len() } else { 1 };
        let rows = windows.len() * series;
        let h = y.len() / rows;
        let loss = Objective::new(&LossSpec::read(&case["loss"]).unwrap(), h, "loss").unwrap();
        if loss.is_trainable() {
            let names: Vec<String> = loss.outputs.iter().map(ToString::to_string).collect();
            assert_eq!(serde_json::json!(names), case["outputNames"], "{name}");
        }
        let mut weights = list("mask");
        weights.resize(y.len(), 1.0);
        if let Some(by_step) = &loss.horizon_weight {
            weights.iter_mut().enumerate().for_each(|(i, w)| *w *= by_step[i % h]);
        }
        let outputs = case["outputs"].as_u64().unwrap() as usize;
        let [y_hat, insample_y, levels] = ["yHat", "yInsample", "levels"].map(list);
        let (value, grad) = (list("value"), list("grad"));
        Self {
            name,
            loss,
            rows,
            series,
            y,
            y_hat,
            weights,
            insample_y,
            levels,
            outputs,
            value,
            grad,
        }
    }

    fn totals(&self, windows: std::ops::Range<usize>) -> Totals {
        let part = |all: usize| windows.start * all / self.rows..windows.end * all / self.rows;
        let sum = |list: &[f32]| list[part(list.len())].iter().map(|v| f64::from(v.abs())).sum();
        let mut totals = Totals {
            weight: sum(&self.weights),
            windows: windows.len() as f64,
            ..Totals::default()
        };
        for i in windows {
            let of = |list: &[f32]| {
                let n = list.len() / self.rows;
                list[i * n..(i + 1) * n].iter().map(|v| f64::from(*v)).collect::<Vec<_>>()
            };
            let window = Tally {
                series: i % self.series,
                count: 1.0,
                insample_y: &of(&self.insample_y),
                actual: &of(&self.y),
                weights: &[],
                scale: 1.0,
            };
            if self.loss.tallies() {
                self.loss.tally(&window, &mut totals);
            }
        }
        totals
    }

    /// Loss and gradient of these windows as a part of a batch with these totals.
    fn part(&self, windows: std::ops::Range<usize>, totals: &Totals) -> (f64, Vec<f32>) {
        let (rows, h) = (windows.len(), self.y.len() / self.rows);
        let part = |list: &[f32]| {
            list[windows.start * list.len() / self.rows..windows.end * list.len() / self.rows]
                .to_vec()
        };
        let tape = Tape::default();
        let forecast = tape.variable([rows, h, self.outputs], &part(&self.y_hat));
        let shape = [rows / self.series, self.series, h];
        let weights = tape.constant(shape, &part(&self.weights));
        let counts = tape.constant([rows], &vec![1.0; rows]);
        let y = tape.constant(shape, &part(&self.y));
        let levels = (!self.levels.is_empty())
            .then(|| tape.constant([rows, h, self.outputs], &part(&self.levels)));
        let with = Compared { y, weights, counts, affine: None, drawn: levels };
        let value = forecast.loss(&self.loss, with, totals);
        tape.backward(value, &mut Vec::new());
        let value = f64::from(value.data()[0]);
        (value, forecast.grad().to_vec())
    }

    fn check_training(&self) {
        let name = &self.name;
        let totals = self.totals(0..self.rows);
        let (value, mut grad) = self.part(0..self.rows, &totals);
        let value = self.loss.finish(value, &totals, &mut grad);
        assert_close(name, &[value as f32], &self.value, TOLERANCE);
        assert_close(&format!("{name} gradient"), &grad, &self.grad, TOLERANCE);

        // The same in two parts with the totals of the whole batch.
        let parts = [0..self.series, self.series..self.rows];
        let mut sum = self.totals(parts[0].clone());
        sum += &self.totals(parts[1].clone());
        let [(a, mut grads), (b, more)] = parts.map(|part| self.part(part, &sum));
        grads.extend(more);
        let value = self.loss.finish(a + b, &sum, &mut grads);
        assert_close(&format!("{name} in parts"), &[value as f32], &self.value, TOLERANCE);
        assert_close(&format!("{name} gradient in parts"), &grads, &self.grad, TOLERANCE);
    }

    fn check_validation(&self) {
        let wide = |v: &[f32]| v.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        let (y, y_hat) = (wide(&self.y), wide(&self.y_hat));
        let mut sums = vec![[0.0; 2]; self.series];
        let counts = vec![1.0; self.rows];
        let windows = Windows {
            y_hat: y_hat[..].into(),
            y: y[..].into(),
            weights: &self.weights,
            counts: &counts,
            drawn: &self.levels,
            affine: (&[] as &[f64]).into(),
            series: self.series,
        };
        let horizons = Horizons::new(&self.loss, windows);
        (0..self.rows).for_each(|i| self.loss.add(&horizons.at(i), &mut sums[i % self.series]));
        let value = self.loss.mean(&sums, &self.totals(0..self.rows));
        assert_close(
            &format!("{} as validation", self.name),
            &[value as f32],
            &self.value,
            TOLERANCE,
        );
    }
}

#[test]
fn values_and_gradients_are_upstreams() {
    let mut checks = Checks::default();
    for name in ["losses.json", "multivariate_losses.json"] {
        let cases = json(name)["cases"].as_array().unwrap().clone();
        assert!(cases.len() >= 40, "{name}: {}", cases.len());
        for given in &cases {
            checks.row(format!("{name} {}", given["name"]), || {
                let case = Case::read(given);
                if !case.grad.is_empty() {
                    case.check_training();
                }
                case.check_validation();
            });
        }
    }
    checks.finish();
}

#[test]
fn a_window_drawn_twice_is_the_same_as_two_windows() {
    let mut checks = Checks::default();
    for case in json("losses.json")["cases"].as_array().unwrap().iter().map(Case::read) {
        checks.row(&case.name, || check_counts(&case));
    }
    checks.finish();
}

fn check_counts(case: &Case) {
    let h = case.y.len() / case.rows;
    let (y, y_hat) = (&case.y[..h], &case.y_hat[..h * case.outputs]);
    let levels = &case.levels[..case.levels.len() / case.rows];
    let weights = &case.weights[..h];
    let once = Horizon {
        y: y.into(),
        y_hat: y_hat.into(),
        weights,
        count: 1.0,
        taus: &case.loss.taus,
        drawn: levels,
        spread: &[],
        affine: [0.0, 1.0],
    };
    let twice: Vec<f32> = once.weights.iter().map(|w| 2.0 * w).collect();
    let (mut expected, mut got) = ([0.0; 2], [0.0; 2]);
    case.loss.add(&once, &mut expected);
    case.loss.add(&once, &mut expected);
    case.loss.add(&Horizon { weights: &twice, count: 2.0, ..once }, &mut got);
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= 1e-12 * expected.abs(), "{}", case.name);
    }
}

#[test]
fn without_any_error_rmse_has_no_slope() {
    let rmse = Objective::new(&LossSpec::named("RMSE"), 2, "loss").unwrap();
    let mut grads = [0.0; 2];
    assert_eq!((rmse.finish(0.0, &Totals::default(), &mut grads), grads), (0.0, [0.0; 2]));
}
