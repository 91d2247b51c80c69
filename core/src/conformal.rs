//! Conformal prediction intervals: the errors of forecasts of the last training rows, and the intervals around later forecasts in
//! which errors of that size lie. Upstream: `utils.py: PredictionIntervals, add_conformal_distribution_intervals,
//! add_conformal_error_intervals`.
//!
//! Every series and step of the horizon has an error for each calibration window.

use crate::data::{Ids, TimeKind};
use crate::options::{choices, nested, options};

choices! {
    /// How intervals are computed from the errors of the calibration.
    pub enum ConformalMethod: default Distribution {
        /// Quantiles of the forecast plus and minus each error.
        Distribution = "conformal_distribution",
        /// The forecast plus and minus a quantile of the errors' sizes: that of the level. NeuralForecast takes a higher one, 0.9
        /// for the level 80, so that its intervals are wider than their level says.
        Error = "conformal_error",
    }
}

options! {
    /// How conformal prediction intervals are calibrated: models without quantiles of their own are trained a first time without
    /// the last rows, and forecast these.
    #[derive(PartialEq)]
    pub struct PredictionIntervals {
        /// How intervals are computed from the errors of the calibration.
        pub method: ConformalMethod = ConformalMethod::Distribution,
        /// Forecasts of each series whose errors count: the more, the closer the intervals are to their level.
        pub n_windows: usize = 2; at least 2,
        /// Rows between the starts of consecutive forecasts.
        pub step_size: usize = 1; at least 1,
    }
    elsewhere {
        "windows" => "nWindows",
    }
}
nested!(PredictionIntervals);

/// The errors of forecasts.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// How they were computed.
    pub intervals: PredictionIntervals,
    /// Steps of each forecast.
    pub h: usize,
    /// Identifier of each series, sorted.
    pub ids: Ids,
    /// What times mean.
    pub time_kind: TimeKind,
    /// Time of each error: those of a series are consecutive, and of them those of a window.
    pub times: Vec<i64>,
    /// The last time before its forecast, for each error.
    pub cutoffs: Vec<i64>,
    /// Name of each calibrated model, and the sizes of its errors; NaN where the actual value is missing.
    pub scores: Vec<(String, Vec<f64>)>,
}

impl Calibration {
    /// The sizes of a model's errors.
    pub(crate) fn of(&self, model: &str) -> Option<&[f64]> {
        self.scores.iter().find(|(name, _)| name == model).map(|(_, scores)| &scores[..])
    }

    /// Writes the known sizes of the errors of a series at a step of the horizon, ascending.
    pub(crate) fn sizes(&self, scores: &[f64], series: usize, step: usize, to: &mut Vec<f64>) {
        let (windows, h) = (self.intervals.n_windows, self.h);
        let of_series = &scores[series * windows * h..][..windows * h];
        to.clear();
        to.extend(of_series.iter().skip(step).step_by(h).filter(|score| !score.is_nan()));
        to.sort_by(f64::total_cmp);
    }

    /// The distance of the quantile `q` from a forecast whose errors had these sizes, of which there is at least one.
    pub(crate) fn distance(&self, sizes: &[f64], q: f64) -> f64 {
        match self.intervals.method {
            ConformalMethod::Distribution => {
                let n = sizes.len();
                let both = |i: usize| if i < n { -sizes[n - 1 - i] } else { sizes[i - n] };
                quantile(2 * n, both, q)
            }
            ConformalMethod::Error => {
                let level = (2.0 * q - 1.0).abs();
                let distance = quantile(sizes.len(), |i| sizes[i], level);
                if q < 0.5 {
                    -distance
                } else if q > 0.5 {
                    distance
                } else {
                    0.0
                }
            }
        }
    }
}

/// The quantile `q` of `n` ascending numbers, interpolated linearly, as numpy does.
fn quantile(n: usize, number: impl Fn(usize) -> f64, q: f64) -> f64 {
    let place = q * (n - 1) as f64;
    let below = (place as usize).min(n - 1);
    let (a, b) = (number(below), number((below + 1).min(n - 1)));
    a + (b - a) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calibration(method: ConformalMethod) -> Calibration {
        Calibration {
            intervals: PredictionIntervals { method, n_windows: 3, step_size: 1 },
            h: 2,
            ids: Ids::Int(vec![1, 2]),
            time_kind: TimeKind::Step,
            times: Vec::new(),
            cutoffs: Vec::new(),
            scores: Vec::new(),
        }
    }

    #[test]
    fn the_errors_of_a_step_are_those_of_all_windows() {
        let scores = [3.0, 10.0, 1.0, f64::NAN, 2.0, 30.0, 6.0, 7.0, 8.0, 9.0, 4.0, 5.0];
        let of = |series: usize, step: usize| {
            let mut sizes = vec![99.0];
            calibration(ConformalMethod::Error).sizes(&scores, series, step, &mut sizes);
            sizes
        };
        assert_eq!([of(0, 0), of(1, 1)], [[1.0, 2.0, 3.0], [5.0, 7.0, 9.0]]);
        assert_eq!(of(0, 1), [10.0, 30.0]);
    }

    // numpy.quantile([-3, -2, -1, 1, 2, 3], [0.1, 0.5, 0.75, 1]), and numpy.quantile([1, 2, 3], [0.8, 0.5])
    #[test]
    fn distances_are_quantiles_of_errors() {
        let of = |method, q| calibration(method).distance(&[1.0, 2.0, 3.0], q);
        for (q, expected) in [(0.1, -2.5), (0.5, 0.0), (0.75, 1.75), (1.0, 3.0)] {
            assert!((of(ConformalMethod::Distribution, q) - expected).abs() < 1e-12, "{q}");
        }
        for (q, expected) in [(0.1, -2.6), (0.9, 2.6), (0.5, 0.0), (0.25, -2.0)] {
            assert!((of(ConformalMethod::Error, q) - expected).abs() < 1e-12, "{q}");
        }
        assert_eq!(calibration(ConformalMethod::Error).distance(&[4.0], 0.9), 4.0);
    }
}
