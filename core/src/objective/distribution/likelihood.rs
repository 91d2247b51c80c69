//! The loss and the forecasts of a distribution: the weighted mean of `-ln p(y)`, and mean and quantiles of samples.

use std::sync::Arc;

use super::super::Made;
use super::super::batch::{Tally, Totals};
use super::super::formula::{Formula, Judges, Sampling, Target};
use super::super::horizon::Horizon;
use super::super::outputs::{Estimated, Output};
use super::super::point::divide_no_nan;
use super::super::scaling::Scaling;
use super::Distribution;
use super::mixture::Joint;
use crate::interrupt::look;
use crate::rng::Key;

/// The weighted mean of `-ln p(y)`.
#[derive(Clone, Debug)]
pub(super) struct Likelihood {
    pub(super) distribution: Arc<dyn Distribution>,
    /// Samples per step.
    pub(super) samples: usize,
    /// Whether the forecast also has columns of the parameters.
    pub(super) return_params: bool,
    /// The steps that share their component, if the distribution is a mixture and there are such steps.
    pub(super) joint: Option<Joint>,
}

impl Formula for Likelihood {
    fn add(&self, at: &Horizon<'_>, sums: &mut [f64; 2]) {
        if let Some(joint) = &self.joint {
            sums[0] += joint.loss(std::slice::from_ref(at), false, &mut None);
            return;
        }
        self.each_step(at, |t, w, numbers, parameters| {
            self.distribution.map(numbers, at.affine, parameters);
            sums[0] += w * self.distribution.loss(at.y.get(t), parameters);
        });
    }

    fn slopes(&self, at: &Horizon<'_>, factors: [f64; 2], add: &mut dyn FnMut(usize, f64)) {
        if let Some(joint) = &self.joint {
            let mut add = |_, place, slope| add(place, factors[0] * slope);
            joint.loss(std::slice::from_ref(at), false, &mut Some(&mut add));
            return;
        }
        self.each_step(at, |t, w, numbers, slopes| {
            self.distribution.slopes(at.y.get(t), numbers, at.affine, slopes);
            let slopes = slopes.iter().enumerate();
            slopes.for_each(|(i, slope)| add(t * numbers.len() + i, factors[0] * w * slope));
        });
    }

    fn couples_windows(&self) -> bool {
        self.joint.as_ref().is_some_and(|joint| joint.windows)
    }

    fn together(
        &self,
        windows: &[Horizon<'_>],
        factor: f64,
        add: &mut dyn FnMut(usize, usize, f64),
    ) -> f64 {
        let Some(joint) = &self.joint else { return 0.0 };
        let mut add = |window, place, slope| add(window, place, factor * slope);
        joint.loss(windows, true, &mut Some(&mut add)) * factor
    }

    /// The likelihood on the scale of the target.
    fn finish(&self, value: f64, totals: &Totals, _: &mut [f32]) -> f64 {
        value + totals.ln_scale * divide_no_nan(1.0, totals.weight)
    }

    fn tallies(&self) -> bool {
        self.target() == Target::Relative
    }

    fn tally(&self, window: &Tally<'_>, totals: &mut Totals) {
        if self.target() == Target::Relative {
            let weight: f64 = window.weights.iter().map(|w| f64::from(*w)).sum();
            // With a joint likelihood, each step has the density of all of them.
            let densities = match self.joint {
                Some(_) => window.weights.iter().filter(|w| **w != 0.0).count() as f64,
                None => 1.0,
            };
            totals.ln_scale += weight * densities * window.scale.ln();
        }
    }

    fn judges(&self) -> Judges {
        Judges::Distributions
    }

    fn parameters(&self) -> Option<usize> {
        Some(self.distribution.numbers())
    }

    fn parameters_first(&self) -> bool {
        self.distribution.parameters_first()
    }

    /// With windows that share their component, the densities of a step are of several scales.
    fn target(&self) -> Target {
        if self.couples_windows() { Target::Original } else { self.distribution.target() }
    }

    fn needs_shift(&self) -> bool {
        self.distribution.needs_shift()
    }

    fn refuses(&self, y: f64) -> Option<&'static str> {
        self.distribution.refuses(y)
    }

    fn fed_back(&self, numbers: &[f32], scaling: &Scaling) -> f32 {
        self.mapped(numbers, scaling, |parameters| {
            scaling.scale(self.distribution.mean(parameters))
        })
    }

    fn samples(&self) -> usize {
        self.samples
    }

    fn draw(&self, numbers: &[f32], at: &Sampling<'_>, to: &mut [f64]) {
        self.mapped(numbers, &at.scaling, |parameters| {
            self.drawn(parameters, at.key, at.first, to);
        });
    }

    #[cfg(test)]
    fn distribution(&self) -> Option<&Arc<dyn Distribution>> {
        Some(&self.distribution)
    }

    #[cfg(test)]
    fn with_samples(&self, samples: usize) -> Option<Arc<dyn Formula>> {
        Some(Arc::new(Self { samples, ..self.clone() }))
    }

    /// Mean and quantiles of samples and, with `return_params`, the parameters. As upstream, the mean is that of the samples,
    /// except for a model that decodes step by step, where it is exact.
    fn forecast(&self, numbers: &[f32], taus: &[f32], at: &mut Sampling<'_>, to: &mut Vec<f64>) {
        let count = at.trajectories.unwrap_or(self.samples);
        let exact_mean = at.trajectories.is_some();
        self.sampled(numbers, count, at, |parameters, samples| {
            to.push(match exact_mean {
                true => self.distribution.mean(parameters),
                false => mean(samples),
            });
            to.extend(taus.iter().map(|tau| quantile(samples, *tau)));
            to.extend(parameters.iter().filter(|_| self.return_params));
        });
    }

    fn judged(
        &self,
        judges: Judges,
        numbers: &[f32],
        taus: &[f32],
        at: &mut Sampling<'_>,
        to: &mut Vec<f64>,
    ) {
        match judges {
            Judges::Distributions => to.extend(numbers.iter().map(|v| f64::from(*v))),
            Judges::Quantiles => self.sampled(numbers, self.samples, at, |_, samples| {
                to.extend(taus.iter().map(|tau| quantile(samples, *tau)));
            }),
            Judges::Points => {
                for numbers in numbers.chunks_exact(self.distribution.numbers()) {
                    let mean = |parameters: &[f64]| self.distribution.mean(parameters);
                    to.push(self.mapped(numbers, &at.scaling, mean));
                }
            }
        }
    }
}

impl Likelihood {
    /// The objective with columns of the mean, of these quantiles and, with `return_params`, of the parameters.
    pub(super) fn made(self, estimated: Estimated) -> Made {
        let (taus, quantiles): (Vec<f32>, Vec<Output>) = estimated.into_iter().unzip();
        let parameters =
            if self.return_params { self.distribution.parameters() } else { Vec::new() };
        let parameters = parameters.into_iter().map(Output::Parameter);
        let outputs = std::iter::once(Output::Point).chain(quantiles).chain(parameters).collect();
        Made { formula: Arc::new(self), taus, outputs }
    }

    /// Calls `visit` for each step whose weight is not 0: step, weight, the network's numbers, and a buffer of the same
    /// length.
    fn each_step(&self, at: &Horizon<'_>, mut visit: impl FnMut(usize, f64, &[f64], &mut [f64])) {
        let n = at.numbers();
        with_room(2 * n, |room| {
            let (numbers, more) = room.split_at_mut(n);
            for (t, w) in at.weighted() {
                numbers.iter_mut().enumerate().for_each(|(i, v)| *v = at.y_hat.get(t * n + i));
                visit(t, w, numbers, more);
            }
        });
    }

    /// Calls `with` with the parameters of one step on the scale of the target.
    fn mapped<R>(&self, numbers: &[f32], scaling: &Scaling, with: impl FnOnce(&[f64]) -> R) -> R {
        let n = numbers.len();
        with_room(2 * n, |room| {
            let (wide, parameters) = room.split_at_mut(n);
            wide.iter_mut().zip(numbers).for_each(|(to, v)| *to = f64::from(*v));
            self.distribution.map(wide, scaling.affine(), parameters);
            with(parameters)
        })
    }

    /// Draws samples of the step at `row`. The random numbers are a function of seed, series, row and sample count, so the
    /// samples of a window do not depend on shards.
    fn drawn(&self, parameters: &[f64], key: Key, row: i64, to: &mut [f64]) {
        let first = (row as u64).wrapping_mul(to.len() as u64);
        for (i, sample) in (0..).zip(to) {
            *sample = self.distribution.sample(parameters, key, first.wrapping_add(i));
        }
    }

    /// Calls `with` with the parameters and the sorted samples of each step of a window.
    pub(super) fn sampled(
        &self,
        numbers: &[f32],
        count: usize,
        at: &mut Sampling<'_>,
        mut with: impl FnMut(&[f64], &[f64]),
    ) {
        let steps = numbers.chunks_exact(self.distribution.numbers());
        for (row, numbers) in (at.first..).zip(steps) {
            look();
            self.mapped(numbers, &at.scaling, |parameters| {
                at.work.resize(count, 0.0);
                self.drawn(parameters, at.key, row, at.work);
                at.work.sort_unstable_by(f64::total_cmp);
                with(parameters, at.work);
            });
        }
    }
}

/// The mean of samples.
pub(in super::super) fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len() as f64
}

/// The quantile of sorted numbers, linearly interpolated. Upstream: `torch.quantile`.
pub(in super::super) fn quantile(sorted: &[f64], tau: f32) -> f64 {
    let place = f64::from(tau) * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

/// Calls `with` with a buffer of `n` zeros, on the stack if they are few.
pub(super) fn with_room<R>(n: usize, with: impl FnOnce(&mut [f64]) -> R) -> R {
    const FEW: usize = 128;
    if n <= FEW { with(&mut [0.0; FEW][..n]) } else { with(&mut vec![0.0; n]) }
}
