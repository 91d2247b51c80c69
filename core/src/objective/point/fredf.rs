//! FreDF: `(1 - α)·MSE` plus `α` times the mean magnitude of the error's Fourier coefficients. Upstream:
//! `losses/pytorch.py: FreDF`.
//!
//! The second term is `1/F · Σ_k |Σ_t e[t]·exp(-2πi·k·t/h)|` over the `F = h/2 + 1` frequencies of a real series. It covers
//! all steps of the horizon, whatever their weights. Since horizons are short, the sums are computed directly in f64 with a
//! table of the `h` roots of unity: about `h²` multiplications for the value and as many for the slopes.

use std::borrow::Cow;
use std::f64::consts::TAU;
use std::sync::Arc;

use super::{Given, Loss, Made, Squared, divide_no_nan, loss};
use crate::Result;
use crate::objective::batch::{Factors, Totals};
use crate::objective::elementwise::Elementwise;
use crate::objective::formula::Formula;
use crate::objective::horizon::Horizon;

loss! {
    /// `(1 - alpha)` times the MSE plus `alpha` times the mean magnitude of the error's Fourier coefficients.
    pub struct FreDF: "FreDF", "freDF", weighted {
        /// Weight of the Fourier coefficients, from 0 to 1.
        pub alpha: f64 = 0.5; fits is_share "a number from 0 to 1",
    }
}

impl Loss for FreDF {
    fn make(self, given: &Given<'_>) -> Result<Made> {
        Ok(Made::point(Frequency { alpha: self.alpha, spectrum: Spectrum::new(given.h) }))
    }
}

fn is_share(alpha: &f64) -> bool {
    (0.0..=1.0).contains(alpha)
}

#[derive(Debug)]
struct Frequency {
    alpha: f64,
    spectrum: Spectrum,
}

impl Formula for Frequency {
    fn add(&self, at: &Horizon<'_>, sums: &mut [f64; 2]) {
        sums[0] += (1.0 - self.alpha) * Squared.sum(at);
        sums[1] += at.count * self.alpha * self.spectrum.mean(at);
    }

    fn slopes(&self, at: &Horizon<'_>, factors: [f64; 2], add: &mut dyn FnMut(usize, f64)) {
        Squared.slopes(at, (1.0 - self.alpha) * factors[0], add);
        let factor = at.count * factors[1] * self.alpha;
        let slopes = self.spectrum.slopes(at).into_iter().enumerate();
        slopes.for_each(|(t, slope)| add(t, factor * slope));
    }

    fn factors(&self, totals: &Totals) -> Factors {
        Factors::Same([divide_no_nan(1.0, totals.weight), divide_no_nan(1.0, totals.windows)])
    }
}

/// Cosine and sine of `2π·j/h` for each `j < h`. For another horizon, a table is computed at each use.
#[derive(Clone, Debug, PartialEq)]
struct Spectrum(Arc<Vec<[f64; 2]>>);

fn roots(h: usize) -> Vec<[f64; 2]> {
    (0..h).map(|j| TAU * j as f64 / h as f64).map(|angle| [angle.cos(), angle.sin()]).collect()
}

/// `[Σ e·cos, Σ e·sin]`: the Fourier coefficient of the `k`-th frequency, up to the sign of the imaginary part.
fn part(at: &Horizon<'_>, roots: &[[f64; 2]], k: usize) -> [f64; 2] {
    let mut sum = [0.0; 2];
    for t in 0..at.len() {
        let (error, [cos, sin]) = (at.error(t, 0), roots[k * t % at.len()]);
        sum = [sum[0] + error * cos, sum[1] + error * sin];
    }
    sum
}

impl Spectrum {
    /// For horizons of `h` steps.
    fn new(h: usize) -> Self {
        Self(Arc::new(roots(h)))
    }

    /// The table for `h` steps: a recurrent model may train on another horizon than it forecasts.
    fn roots(&self, h: usize) -> Cow<'_, [[f64; 2]]> {
        if self.0.len() == h { Cow::Borrowed(&self.0) } else { Cow::Owned(roots(h)) }
    }

    /// The mean magnitude of the Fourier coefficients of one window's error.
    fn mean(&self, at: &Horizon<'_>) -> f64 {
        let (roots, bins) = (self.roots(at.len()), at.len() / 2 + 1);
        let size = |k| {
            let [cos, sin] = part(at, &roots, k);
            cos.hypot(sin)
        };
        (0..bins).map(size).sum::<f64>() / bins as f64
    }

    /// Derivative of [`Spectrum::mean`] with respect to each forecast; 0 for a coefficient that is 0, as in torch.
    fn slopes(&self, at: &Horizon<'_>) -> Vec<f64> {
        let (roots, bins) = (self.roots(at.len()), at.len() / 2 + 1);
        let mut slopes = vec![0.0; at.len()];
        for k in 0..bins {
            let [cos, sin] = part(at, &roots, k);
            let size = cos.hypot(sin) * bins as f64;
            if size == 0.0 {
                continue;
            }
            for (t, slope) in slopes.iter_mut().enumerate() {
                let [c, s] = roots[k * t % at.len()];
                *slope -= (cos * c + sin * s) / size;
            }
        }
        slopes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(y: &[f64], y_hat: &[f64], visit: impl FnOnce(&Horizon<'_>)) {
        let weights = vec![1.0; y.len()];
        visit(&Horizon {
            y: y.into(),
            y_hat: y_hat.into(),
            weights: &weights,
            count: 1.0,
            taus: &[],
            drawn: &[],
            spread: &[],
            affine: [0.0, 1.0],
        });
    }

    #[test]
    fn a_cosine_has_one_frequency() {
        let y: Vec<f64> = (0..8).map(|t| (TAU * f64::from(t) / 4.0).cos()).collect();
        // |Z| is 4 at the second frequency and 0 at the four others.
        of(&y, &[0.0; 8], |at| assert!((Spectrum::new(8).mean(at) - 0.8).abs() < 1e-12));
        of(&y, &y, |at| assert_eq!(Spectrum::new(8).slopes(at), [0.0; 8]));
    }

    #[test]
    fn slopes_are_those_of_the_values_for_any_horizon() {
        let spectrum = Spectrum::new(5);
        for h in 1..8 {
            let y: Vec<f64> = (0..h).map(|t| f64::from(t * t % 7) - 1.5).collect();
            let y_hat: Vec<f64> = (0..h).map(|t| f64::from(t * 3 % 5) * 0.4).collect();
            let mean = |t: usize, step: f64| {
                let mut moved = y_hat.clone();
                moved[t] += step;
                let mut mean = 0.0;
                of(&y, &moved, |at| mean = spectrum.mean(at));
                mean
            };
            of(&y, &y_hat, |at| {
                for (t, slope) in spectrum.slopes(at).into_iter().enumerate() {
                    let up = (mean(t, 1e-6) - mean(t, -1e-6)) / 2e-6;
                    assert!((up - slope).abs() < 1e-7, "h {h}, step {t}: {up} against {slope}");
                }
            });
        }
    }
}
