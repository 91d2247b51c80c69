//! Forecasts of some windows: on the scale of the target, or as the validation loss wants to judge them.

use super::gather::{Gathered, ln_scale};
use super::runner::Purpose;
use super::sampler::Drawn;
use crate::interrupt::look;
use crate::losses::{Draws, Likelihood, Totals, inverse_naive_error, sampled_quantiles};
use crate::models::Instance;
use crate::rng::{Key, Stream};
use crate::scalers::Statistics;

/// Forecasts of one shard, and what is needed to judge them.
pub(crate) struct Forecasted {
    /// As the network's output is: `[windows, horizon, outputs]`.
    values: Vec<f32>,
    /// The quantile that each value was drawn at; empty if none was.
    pub(crate) levels: Vec<f32>,
    statistics: Vec<Statistics>,
    /// What is asked for: `[windows, horizon, columns]`. The columns of a forecast, on the scale of the target; or what the
    /// validation loss judges.
    pub(crate) forecast: Vec<f64>,
    /// The target over the horizon, and its weights in the validation loss.
    actual: Vec<f64>,
    pub(crate) weights: Vec<f32>,
    /// What the model saw of the target, scaled, where the validation loss compares with it.
    insample_y: Vec<f32>,
}

impl Forecasted {
    pub(super) fn new(
        model: &Instance,
        windows: &[Drawn],
        g: &Gathered,
        [values, levels]: [Vec<f32>; 2],
        purpose: Purpose,
    ) -> Self {
        let compares = model.valid_loss.seasonality().is_some();
        let mut it = Self {
            values,
            levels,
            statistics: g.statistics.clone(),
            forecast: Vec::new(),
            actual: g.actual.clone(),
            weights: g.weights.clone(),
            insample_y: if compares { g.insample_y.clone() } else { Vec::new() },
        };
        it.forecast = match model.loss.likelihood() {
            None => it.on_scale_of_target(model, &it.values),
            Some(likelihood) => {
                it.of_distributions(model, likelihood, windows, g.lens().input, purpose)
            }
        };
        it
    }

    /// What is asked for of the distributions that the values stand for.
    ///
    /// Samples depend on the series and the row of it alone, so those of a window are the same in any shard.
    fn of_distributions(
        &self,
        model: &Instance,
        likelihood: &Likelihood,
        windows: &[Drawn],
        input: usize,
        purpose: Purpose,
    ) -> Vec<f64> {
        let (quantiles, recurrence) = (&model.loss.quantiles, model.recurrence());
        let outputs = model.loss.outputs();
        let horizon = self.actual.len() / windows.len().max(1);
        let (mut to, mut work) = (Vec::new(), Vec::new());
        let steps = self.values.chunks_exact(horizon * outputs);
        for ((drawn, s), steps) in windows.iter().zip(&self.statistics).zip(steps) {
            let series = drawn.window.series as u32;
            let key = Key::new(model.common.random_seed as u64, Stream::Samples, series);
            for (t, raw) in steps.chunks_exact(outputs).enumerate() {
                look();
                let raw: Vec<f64> = raw.iter().map(|v| f64::from(*v)).collect();
                let s = s.finite();
                let law = likelihood.family.law(&raw).moved([s.shift, s.scale]);
                let point = (drawn.window.start + (input + t) as i64) as u64;
                let draws = |count| Draws { key, point, count };
                match purpose {
                    Purpose::Forecast { .. } => {
                        // As upstream: the mean of samples, unless it is fed back.
                        let count = recurrence.map_or(likelihood.samples, |r| r.trajectory_samples);
                        let how = (draws(count), recurrence.is_some());
                        likelihood.columns(law, quantiles, how, &mut work, &mut to);
                    }
                    Purpose::Validation { .. } if model.valid_loss.likelihood().is_some() => {
                        to.extend_from_slice(&raw);
                    }
                    Purpose::Validation { .. } if model.valid_loss.judges_quantiles() => {
                        let draws = draws(likelihood.samples);
                        sampled_quantiles(law, quantiles, draws, &mut work, &mut to);
                    }
                    Purpose::Validation { .. } => to.push(law.location),
                }
            }
        }
        to
    }

    /// What the validation loss compares the forecast with.
    pub(crate) fn judged(&self, model: &Instance) -> Vec<f64> {
        if model.valid_loss.likelihood().is_none() {
            return self.actual.clone();
        }
        let horizon = self.actual.len() / self.statistics.len().max(1);
        let window = |(y, s): (&[f64], &Statistics)| {
            let s = *s;
            y.iter().map(move |y| s.relative(*y)).collect::<Vec<_>>()
        };
        self.actual.chunks(horizon.max(1)).zip(&self.statistics).flat_map(window).collect()
    }

    /// What the validation loss of these windows is divided by.
    pub(crate) fn totals(&self, model: &Instance, windows: &[Drawn]) -> Totals {
        let horizon = self.actual.len() / windows.len().max(1);
        let weights = self.weights.chunks(horizon.max(1));
        let mut totals = Totals {
            weight: self.weights.iter().map(|w| f64::from(*w)).sum(),
            windows: windows.iter().map(|d| f64::from(d.count)).sum(),
            size: self.actual.iter().map(|y| y.abs()).sum(),
            ln_scale: weights
                .zip(&self.statistics)
                .map(|(w, s)| ln_scale(w, s.finite().scale))
                .sum(),
            ..Totals::default()
        };
        if let Some(seasonality) = model.valid_loss.seasonality() {
            let y = self.on_scale_of_target(model, &self.insample_y);
            let inverse = |y: &[f64]| inverse_naive_error(y, seasonality);
            let each = y.chunks(y.len() / windows.len()).map(inverse).zip(windows);
            for (i, (inverse, drawn)) in each.enumerate() {
                totals.add_inverse_naive_error(i % model.series, f64::from(drawn.count) * inverse);
            }
        }
        totals
    }

    fn on_scale_of_target(&self, model: &Instance, values: &[f32]) -> Vec<f64> {
        let scaler = model.common.scaler_type;
        let per_window = values.len() / self.statistics.len().max(1);
        let window = |(values, s): (&[f32], &Statistics)| {
            let s = model.unscaling(*s);
            values.iter().map(move |z| scaler.unscale(*z, s)).collect::<Vec<_>>()
        };
        values.chunks(per_window.max(1)).zip(&self.statistics).flat_map(window).collect()
    }

    /// How far the worst point of each window is off, on the scale of training; infinite where a number is not finite.
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
