//! Forecasts of one shard: on the scale of the target, or in the form that the validation loss needs.

use super::decode::{Decoded, Purpose};
use super::observations::Observations;
use crate::batch::{BatchBuilder, Drawn};
use crate::data::Window;
use crate::models::Instance;
use crate::objective::{Sampling, Tally, Target, Totals, Windows};
use crate::rng::{Key, Stream};
use crate::scalers::Statistics;

/// Forecasts of one shard, and what is needed to validate them.
pub(crate) struct ShardForecast {
    /// The network's output: `[windows, horizon, numbers]`.
    values: Vec<f32>,
    /// The quantile drawn for each value; empty if none was drawn.
    drawn: Vec<f32>,
    statistics: Vec<Statistics>,
    /// The result, `[windows, horizon, columns]`: the columns of a forecast on the scale of the target, or the values that
    /// the validation loss scores.
    pub(crate) forecast: Vec<f64>,
    /// What the network showed of itself.
    pub(crate) observed: Observations,
    /// The target over the horizon, and its weights in the validation loss.
    actual: Vec<f64>,
    weights: Vec<f32>,
    /// The scaled input of the target, if the validation loss needs it.
    insample_y: Vec<f32>,
}

/// Forecasts and actual values, for the validation loss.
pub(crate) struct Judged<'a> {
    forecast: &'a ShardForecast,
    actual: Vec<f64>,
    affine: Vec<f64>,
}

impl Judged<'_> {
    /// In the form that a loss takes.
    pub(crate) fn windows<'a>(&'a self, counts: &'a [f32], series: usize) -> Windows<'a> {
        let ShardForecast { forecast, weights, drawn, .. } = self.forecast;
        Windows {
            y_hat: forecast[..].into(),
            y: self.actual[..].into(),
            weights,
            counts,
            drawn,
            affine: self.affine[..].into(),
            series,
        }
    }
}

/// How a window is scaled back and sampled, from the first step of its horizon on; it has `input` steps before it.
pub(crate) fn sampling<'a>(
    model: &Instance,
    window: Window,
    statistics: Statistics,
    input: usize,
    work: &'a mut Vec<f64>,
) -> Sampling<'a> {
    Sampling {
        scaling: model.scaling(statistics),
        key: Key::new(model.common.random_seed as u64, Stream::Samples, window.series as u32),
        first: window.start + input as i64,
        trajectories: model.recurrence().map(|r| r.trajectory_samples),
        work,
    }
}

/// Appends the columns that `purpose` asks for, from network outputs `[windows, horizon, numbers]`.
pub(crate) fn columns(
    model: &Instance,
    windows: &[Drawn],
    g: &BatchBuilder,
    values: &[f32],
    purpose: Purpose<'_>,
    [work, to]: [&mut Vec<f64>; 2],
) {
    let begin = to.len();
    let per_window = values.len() / windows.len().max(1);
    let each = windows.iter().zip(&g.statistics).zip(values.chunks_exact(per_window.max(1)));
    for ((drawn, s), numbers) in each {
        let Drawn { window, .. } = drawn;
        let mut at = sampling(model, *window, *s, g.lens().input, work);
        match purpose {
            Purpose::Numbers { .. } => {}
            Purpose::Forecast { loss, .. } => loss.forecast(numbers, &mut at, to),
            Purpose::Validation { .. } => {
                model.loss.judged(model.valid_loss.judges(), numbers, &mut at, to);
            }
        }
    }
    if let Purpose::Forecast { loss, sorted: true, .. } = purpose {
        loss.sort_quantiles(&mut to[begin..]);
    }
}

impl ShardForecast {
    pub(crate) fn new(
        model: &Instance,
        windows: &[Drawn],
        g: &BatchBuilder,
        decoded: Decoded,
        purpose: Purpose<'_>,
    ) -> Self {
        let Decoded { values, drawn, observed, .. } = decoded;
        let compares = model.valid_loss.tallies();
        let (mut forecast, mut work) = (Vec::new(), Vec::new());
        columns(model, windows, g, &values, purpose, [&mut work, &mut forecast]);
        Self {
            values,
            drawn,
            statistics: g.statistics.clone(),
            forecast,
            observed,
            actual: g.actual.clone(),
            weights: g.weights.clone(),
            insample_y: if compares { g.insample_y.clone() } else { Vec::new() },
        }
    }

    /// The network's numbers of each window, and the statistics of its input.
    pub(crate) fn numbers(&self) -> (&[f32], &[Statistics]) {
        (&self.values, &self.statistics)
    }

    /// The forecasts and actual values of this shard.
    pub(crate) fn judged(&self, model: &Instance) -> Judged<'_> {
        let horizon = self.actual.len() / self.statistics.len().max(1);
        let target = model.valid_loss.target();
        let mut actual = self.actual.clone();
        if target == Target::Relative {
            for (y, s) in actual.chunks_mut(horizon.max(1)).zip(&self.statistics) {
                y.iter_mut().for_each(|y| *y = s.relative(*y));
            }
        }
        let affine = match target {
            Target::Original => {
                self.statistics.iter().flat_map(|s| model.scaling(*s).affine()).collect()
            }
            Target::Scaled | Target::Relative => Vec::new(),
        };
        Judged { forecast: self, actual, affine }
    }

    /// The divisors of the validation loss of these windows.
    pub(crate) fn totals(&self, model: &Instance, windows: &[Drawn]) -> Totals {
        let mut totals = Totals {
            weight: self.weights.iter().map(|w| f64::from(*w)).sum(),
            windows: windows.iter().map(|d| f64::from(d.count)).sum(),
            ..Totals::default()
        };
        if !model.valid_loss.tallies() {
            return totals;
        }
        let n = windows.len().max(1);
        let [horizon, seen] = [self.actual.len() / n, self.insample_y.len() / n];
        for (i, (drawn, s)) in windows.iter().zip(&self.statistics).enumerate() {
            let scaling = model.scaling(*s);
            let insample_y = &self.insample_y[i * seen..(i + 1) * seen];
            let insample_y: Vec<f64> = insample_y.iter().map(|z| scaling.unscale(*z)).collect();
            let window = Tally {
                series: i % model.series,
                count: f64::from(drawn.count),
                insample_y: &insample_y,
                actual: &self.actual[i * horizon..(i + 1) * horizon],
                weights: &self.weights[i * horizon..(i + 1) * horizon],
                scale: s.finite().scale,
            };
            model.valid_loss.tally(&window, &mut totals);
        }
        totals
    }

    /// The largest error in each window, on the scale of training; infinite if a value is not finite.
    pub(crate) fn worst_errors(&self, model: &Instance) -> Vec<f64> {
        let windows = self.statistics.len().max(1);
        let (per_window, horizon) = (self.values.len() / windows, self.actual.len() / windows);
        let outputs = per_window / horizon.max(1);
        let window = |(i, s): (usize, &Statistics)| {
            let error = |j: usize| {
                let at = i * horizon + j / outputs;
                let y = model.common.scaler_type.scale(self.actual[at], *s);
                let error = (f64::from(y) - f64::from(self.values[i * per_window + j])).abs();
                match (self.weights[at] > 0.0, error.is_nan()) {
                    (false, _) => 0.0,
                    (true, true) => f64::INFINITY,
                    (true, false) => error,
                }
            };
            (0..per_window).map(error).fold(0.0, f64::max)
        };
        self.statistics.iter().enumerate().map(window).collect()
    }
}
