//! Losses that outliers move little. Upstream: `losses/pytorch.py: HuberLoss, TukeyLoss`.

use super::point::sign;
use super::{Horizon, Number};

/// Squared near 0, absolute beyond `delta`: `e²/2`, or `δ·(|e| - δ/2)`.
pub(super) fn huber(error: f64, delta: f64) -> f64 {
    let size = error.abs();
    if size <= delta { 0.5 * error * error } else { delta * (size - 0.5 * delta) }
}

/// Derivative of [`huber`] with respect to the error.
pub(super) fn huber_slope(error: f64, delta: f64) -> f64 {
    error.clamp(-delta, delta)
}

/// Tukey's biweight as upstream has it: `c²/6 · (1 - (d / c)²)³` for `d = |y - ŷ| / scale ≤ c`, and `c²/6` beyond.
///
/// This is greatest at no error and falls to 0 at `d = c`, unlike the textbook's `c²/6 · (1 - (1 - (d / c)²)³)`. Upstream
/// averages over all points, available or not: unavailable ones count 0 near the forecast and in full beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tukey {
    c: f64,
    scale: f64,
}

impl Tukey {
    /// With `normalize`, upstream divides by the deviation over the series of a window plus 0.01: for one series, 0.01.
    pub(super) fn new(c: f64, normalize: bool) -> Self {
        Self { c, scale: if normalize { f64::from(1e-2f32) } else { 1.0 } }
    }

    /// The mean over a window's horizon.
    pub(super) fn mean<T: Number>(&self, at: &Horizon<'_, T>) -> f64 {
        let term = |(t, mask): (usize, f64)| {
            let d = at.error(t, 0).abs() / self.scale;
            if d <= self.c { mask * (1.0 - (d / self.c).powi(2)).powi(3) } else { 1.0 }
        };
        let sum: f64 = at.masks().enumerate().map(term).sum();
        self.c * self.c / 6.0 * sum / at.len() as f64
    }

    /// Derivative of [`Tukey::mean`] with respect to the `t`-th forecast, whose mask is given.
    pub(super) fn slope<T: Number>(&self, at: &Horizon<'_, T>, t: usize, mask: f64) -> f64 {
        let error = at.error(t, 0);
        let d = error.abs() / self.scale;
        if d > self.c {
            return 0.0;
        }
        let inside = 1.0 - (d / self.c).powi(2);
        mask * inside * inside * d * sign(error) / (self.scale * at.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_values() {
        for error in [-3.0, -0.5, 0.25, 1.75] {
            let step = 1e-6;
            let up = huber(error + step, 1.5) - huber(error - step, 1.5);
            assert!((up / (2.0 * step) - huber_slope(error, 1.5)).abs() < 1e-8);
        }
        let tukey = Tukey::new(4.0, false);
        let mean = |y_hat: f64| {
            tukey.mean(&Horizon {
                y: &[1.0, 2.0],
                y_hat: &[y_hat, 0.5],
                weights: &[2.0; 2],
                count: 2.0,
                levels: &[],
            })
        };
        for y_hat in [-5.0, -2.0, 0.5, 1.5, 4.5, 7.0] {
            let at = Horizon {
                y: &[1.0, 2.0],
                y_hat: &[y_hat, 0.5],
                weights: &[2.0; 2],
                count: 2.0,
                levels: &[],
            };
            let up = (mean(y_hat + 1e-6) - mean(y_hat - 1e-6)) / 2e-6;
            assert!((up - tukey.slope(&at, 0, 1.0)).abs() < 1e-8, "{y_hat}");
        }
    }

    #[test]
    fn an_unavailable_point_counts_only_far_from_the_forecast() {
        let tukey = Tukey::new(2.0, false);
        let of = |y_hat: f64| {
            tukey.mean(&Horizon {
                y: &[0.0],
                y_hat: &[y_hat],
                weights: &[0.0],
                count: 1.0,
                levels: &[],
            })
        };
        assert_eq!([of(1.0), of(3.0)], [0.0, 4.0 / 6.0]);
    }
}
