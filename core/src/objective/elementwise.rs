//! Losses that are sums over single numbers of the forecast: computed in f64 for validation, in f32 lanes for training.

use std::fmt::Debug;

use super::horizon::Horizon;
use crate::kernels::point_loss::{PointLoss, point_loss};

/// How many numbers get their own copy of weight, target and quantile at a time, if a step has several numbers.
pub(super) const AT_ONCE: usize = 512;

/// Some windows in f32, with shapes as in [`Windows`](super::batch::Windows).
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) y_hat: &'a [f32],
    pub(super) y: &'a [f32],
    pub(super) weights: &'a [f32],
    /// The quantiles that the numbers of a step estimate; empty for a point loss.
    pub(super) taus: &'a [f32],
    /// The quantile of each number of `y_hat`, if quantiles were drawn for each number; otherwise empty.
    pub(super) drawn: &'a [f32],
}

impl<'a> Part<'a> {
    /// The `i`-th of `n` equal parts.
    pub(super) fn at(self, i: usize, n: usize) -> Self {
        let part = |all: &'a [f32]| &all[i * all.len() / n..(i + 1) * all.len() / n];
        Self {
            y_hat: part(self.y_hat),
            y: part(self.y),
            weights: part(self.weights),
            taus: self.taus,
            drawn: part(self.drawn),
        }
    }
}

/// A [`PointLoss`] as a trait object.
pub(crate) trait Elementwise {
    /// The weighted sum over the numbers of a window.
    fn sum(&self, at: &Horizon<'_>) -> f64;
    /// Calls `add` with the index of each number of a window and its slope times `factor`.
    fn slopes(&self, at: &Horizon<'_>, factor: f64, add: &mut dyn FnMut(usize, f64));
    /// The weighted sum over the numbers of some windows. Writes their slopes times `factor` to `slopes`. Supports at most
    /// [`AT_ONCE`] quantiles.
    fn kernel(&self, part: Part<'_>, factor: f64, slopes: &mut [f32]) -> f64;
}

impl<L: PointLoss + Debug> Elementwise for L {
    fn sum(&self, at: &Horizon<'_>) -> f64 {
        let mut sum = 0.0;
        for (t, w) in at.weighted() {
            for o in 0..at.taus.len().max(1) {
                sum += w * self.of(at.point(t, o), at.tau(t, o))[0];
            }
        }
        sum
    }

    fn slopes(&self, at: &Horizon<'_>, factor: f64, add: &mut dyn FnMut(usize, f64)) {
        for (t, w) in at.weighted() {
            for o in 0..at.taus.len().max(1) {
                let [_, slope] = self.of(at.point(t, o), at.tau(t, o));
                add(t * at.numbers() + o, factor * w * slope);
            }
        }
    }

    fn kernel(&self, part: Part<'_>, factor: f64, slopes: &mut [f32]) -> f64 {
        let Part { y_hat, y, weights, taus, drawn } = part;
        let (n, factor) = (taus.len(), factor as f32);
        if n <= 1 {
            let of_all = [taus.first().copied().unwrap_or(0.5)];
            let q = if drawn.is_empty() { &of_all[..] } else { drawn };
            return point_loss(*self, y_hat, y, weights, q, factor, slopes);
        }
        // Blocks of whole steps, with target and weight repeated for each number of a step.
        let [mut q, mut ys, mut ws] = [[0.0; AT_ONCE]; 3];
        q.chunks_exact_mut(n).for_each(|q| q.copy_from_slice(taus));
        let steps = AT_ONCE / n;
        let (mut sum, mut at) = (0.0, 0);
        for (y, weights) in y.chunks(steps).zip(weights.chunks(steps)) {
            let size = y.len() * n;
            for (to, y) in ys.chunks_exact_mut(n).zip(y) {
                to.fill(*y);
            }
            for (to, w) in ws.chunks_exact_mut(n).zip(weights) {
                to.fill(*w);
            }
            let q = if drawn.is_empty() { &q[..size] } else { &drawn[at..at + size] };
            let (y_hat, slopes) = (&y_hat[at..at + size], &mut slopes[at..at + size]);
            sum += point_loss(*self, y_hat, &ys[..size], &ws[..size], q, factor, slopes);
            at += size;
        }
        sum
    }
}
