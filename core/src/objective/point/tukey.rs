//! Upstream's variant of Tukey's biweight. Upstream: `losses/pytorch.py: TukeyLoss`.

use super::{Given, Loss, Made, divide_no_nan, loss};
use crate::Result;
use crate::kernels::point_loss::{Arithmetic, Double};
use crate::objective::batch::{Factors, Totals, Windows};
use crate::objective::formula::Formula;
use crate::objective::horizon::Horizon;

/// What upstream adds to a standard deviation.
const CLOSE: f64 = 1e-2f32 as f64;

loss! {
    /// NeuralForecast's variant of Tukey's biweight: constant for errors beyond `c`.
    pub struct TukeyLoss: "TukeyLoss", "tukey" {
        /// Size of the error, after normalization, from which the loss is constant.
        pub c: f64 = 4.685; positive,
        /// Whether errors are divided by 0.01 plus the standard deviation of the target across the series of a window, which is
        /// 0 for univariate models.
        pub normalize: bool = true,
    }
}

impl Loss for TukeyLoss {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        Ok(Made::point(Tukey { c: self.c, normalize: self.normalize }))
    }
}

/// Upstream's biweight: `c²/6 · (1 - (d / c)²)³` for `d = |y - ŷ| / scale ≤ c`, and `c²/6` beyond.
///
/// With `normalize`, the scale is the [`spread`] of the window's series at the step, which is 0.01 for one series;
/// otherwise it is 1.
///
/// For `d ≤ c` the value is greatest at `d = 0` and falls to 0 at `d = c`, unlike the textbook's
/// `c²/6 · (1 - (1 - (d / c)²)³)`. Upstream averages over all points: an unavailable point contributes 0 for `d ≤ c` and
/// `c²/6` beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tukey {
    c: f64,
    normalize: bool,
}

impl Tukey {
    /// The divisor of the error at step `t`.
    fn scale(&self, at: &Horizon<'_>, t: usize) -> f64 {
        if self.normalize { at.spread.get(t).copied().unwrap_or(CLOSE) } else { 1.0 }
    }

    /// The mean over a window's horizon.
    fn mean(&self, at: &Horizon<'_>) -> f64 {
        let term = |(t, mask): (usize, f64)| {
            let d = at.error(t, 0).abs() / self.scale(at, t);
            if d <= self.c { mask * (1.0 - (d / self.c).powi(2)).powi(3) } else { 1.0 }
        };
        let sum: f64 = at.masks().enumerate().map(term).sum();
        self.c * self.c / 6.0 * sum / at.len() as f64
    }

    /// Derivative of [`Tukey::mean`] with respect to the forecast of step `t`, which has this mask.
    fn slope(&self, at: &Horizon<'_>, t: usize, mask: f64) -> f64 {
        let (error, scale) = (at.error(t, 0), self.scale(at, t));
        let d = error.abs() / scale;
        if d > self.c {
            return 0.0;
        }
        let inside = 1.0 - (d / self.c).powi(2);
        mask * inside * inside * d * Double.sign(error) / (scale * at.len() as f64)
    }
}

impl Formula for Tukey {
    fn looks_at_spread(&self) -> bool {
        self.normalize
    }

    fn add(&self, at: &Horizon<'_>, sums: &mut [f64; 2]) {
        sums[1] += at.count * self.mean(at);
    }

    fn slopes(&self, at: &Horizon<'_>, factors: [f64; 2], add: &mut dyn FnMut(usize, f64)) {
        let factor = at.count * factors[1];
        for (t, mask) in at.masks().enumerate() {
            add(t, factor * self.slope(at, t, mask));
        }
    }

    fn factors(&self, totals: &Totals) -> Factors {
        Factors::Same([0.0, divide_no_nan(1.0, totals.windows)])
    }
}

/// For each step of each window, the standard deviation of the target across its available series, plus 0.01.
pub(in crate::objective) fn spread(windows: &Windows<'_>) -> Vec<f64> {
    let Windows { y, weights, counts, series, .. } = *windows;
    let h = y.len() / counts.len();
    let mut spread = Vec::with_capacity(y.len() / series);
    for window in 0..counts.len() / series {
        for t in 0..h {
            // As upstream, a sample weight below 1 makes a point unavailable here.
            let available = (window * series..(window + 1) * series).filter_map(|i| {
                let mask = f64::from(weights[i * h + t]) / f64::from(counts[i]);
                (mask >= 1.0).then(|| y.get(i * h + t))
            });
            let n = available.clone().count().max(1) as f64;
            let mean = available.clone().sum::<f64>() / n;
            spread
                .push((available.map(|y: f64| (y - mean).powi(2)).sum::<f64>() / n).sqrt() + CLOSE);
        }
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    fn horizon<'a>(y: &'a [f64], y_hat: &'a [f64], weights: &'a [f32], count: f64) -> Horizon<'a> {
        Horizon {
            y: y.into(),
            y_hat: y_hat.into(),
            weights,
            count,
            taus: &[],
            drawn: &[],
            spread: &[],
            affine: [0.0, 1.0],
        }
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        let tukey = Tukey { c: 4.0, normalize: false };
        let mean = |y_hat: f64| tukey.mean(&horizon(&[1.0, 2.0], &[y_hat, 0.5], &[2.0; 2], 2.0));
        for y_hat in [-5.0, -2.0, 0.5, 1.5, 4.5, 7.0] {
            let up = (mean(y_hat + 1e-6) - mean(y_hat - 1e-6)) / 2e-6;
            let given = [y_hat, 0.5];
            let at = horizon(&[1.0, 2.0], &given, &[2.0; 2], 2.0);
            assert!((up - tukey.slope(&at, 0, 1.0)).abs() < 1e-8, "{y_hat}");
        }
    }

    #[test]
    fn an_unavailable_point_counts_only_far_from_the_forecast() {
        let tukey = Tukey { c: 2.0, normalize: false };
        let of = |y_hat: f64| tukey.mean(&horizon(&[0.0], &[y_hat], &[0.0], 1.0));
        assert_eq!([of(1.0), of(3.0)], [0.0, 4.0 / 6.0]);
    }
}
