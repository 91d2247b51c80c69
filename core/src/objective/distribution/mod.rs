//! Distributions whose parameters a network forecasts, one file each. Upstream: `losses/pytorch.py: DistributionLoss`.

mod bernoulli;
mod normal;
mod poisson;
mod student_t;

use std::fmt::Debug;

use serde_json::{Value, json};

use super::Made;
use super::batch::{Tally, Totals};
use super::formula::{Formula, Judges, Sampling, Target};
use super::horizon::Horizon;
use super::levels::{are_levels, are_quantiles};
use super::outputs::Output;
use super::point::divide_no_nan;
use super::registry::{Given, Loss, loss};
use super::scaling::Scaling;
use crate::interrupt::look;
use crate::options::OptionValue;
use crate::rng::Key;
use crate::{Error, ErrorCode, Result};

/// A distribution: the map from a network's numbers to its parameters, its likelihood, mean and samples.
pub(crate) trait Distribution: Debug + Send + Sync {
    /// The names of the parameters, in the order of the network's numbers.
    fn parameters(&self) -> &'static [&'static str];

    /// The scale on which the likelihood receives the target. [`Target::Relative`] keeps the precision of a series around
    /// 1e9; `ln scale` is then added from the totals of the batch.
    fn target(&self) -> Target;

    /// Writes the parameters that the numbers of a network give in a window of this shift and scale.
    fn map(&self, numbers: &[f64], affine: [f64; 2], parameters: &mut [f64]);

    /// `-ln p(y)`
    fn loss(&self, y: f64, parameters: &[f64]) -> f64;

    /// Writes the slope of `-ln p(y)` with respect to each number of the network.
    fn slopes(&self, y: f64, numbers: &[f64], affine: [f64; 2], slopes: &mut [f64]);

    /// The mean.
    fn mean(&self, parameters: &[f64]) -> f64;

    /// A sample, which depends only on the parameters, the key and the index.
    fn sample(&self, parameters: &[f64], key: Key, index: u64) -> f64;

    /// What a value must be, if `y` is outside the distribution's support.
    fn refuses(&self, _y: f64) -> Option<&'static str> {
        None
    }
}

macro_rules! distributions {
    ($($(#[doc = $doc:expr])* $name:ident: $module:ident::$type:ident,)*) => {
        /// The distribution of a [`DistributionLoss`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum DistributionName { $($(#[doc = $doc])* $name,)* }

        impl DistributionName {
            /// All names.
            pub const NAMES: [&'static str; [$(stringify!($name)),*].len()] = [$(stringify!($name)),*];

            fn named(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)* _ => None }
            }

            fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            fn get(self) -> &'static dyn Distribution {
                match self { $(Self::$name => &$module::$type,)* }
            }
        }
    };
}

distributions! {
    /// Normal: mean and standard deviation.
    Normal: normal::Normal,
    /// Student's t: degrees of freedom, location and scale.
    StudentT: student_t::StudentT,
    /// Poisson, for counts: the rate. The target must be 0 or more.
    Poisson: poisson::Poisson,
    /// Bernoulli, for binary series: the probability of 1. The target must be 0 or 1.
    Bernoulli: bernoulli::Bernoulli,
}

impl OptionValue for DistributionName {
    fn expected() -> String {
        format!("one of {}", Self::NAMES.join(", "))
    }
    fn ts() -> String {
        Self::NAMES.map(|name| format!("'{name}'")).join(" | ")
    }
    fn read(value: &Value) -> Option<Self> {
        Self::named(value.as_str()?)
    }
    fn write(&self) -> Value {
        self.name().into()
    }
    fn fault(_: &str, value: &Value) -> Option<Error> {
        let (name, names) = (value.as_str()?, Self::NAMES.join(", "));
        let message = format!("distribution {name:?} does not exist here; there are {names}");
        Some(Error::new(ErrorCode::Unsupported, message).with(|d| {
            d.option = Some("distribution".into());
            d.expected = Some(json!(Self::NAMES));
            d.actual = Some(value.clone());
        }))
    }
}

loss! {
    /// Negative log-likelihood of a distribution. Forecasts have mean and quantiles of its samples and, with `returnParams`,
    /// its parameters.
    pub struct DistributionLoss: "DistributionLoss", "distribution", quantiles weighted {
        /// The distribution.
        pub distribution: Option<DistributionName> = None,
        /// Samples per step, from which mean and quantiles are computed.
        pub num_samples: usize = 1000; fits is_number_of_samples "a whole number from 1 to 1000000",
        /// Whether the forecast also has columns of the distribution's parameters.
        pub return_params: bool = false,
    }
}

fn is_number_of_samples(n: &usize) -> bool {
    (1..=1_000_000).contains(n)
}

impl Loss for DistributionLoss {
    const FIRST: Option<&'static str> = Some("distribution");

    fn needed() -> Vec<(&'static str, Vec<Value>)> {
        vec![("distribution", DistributionName::NAMES.iter().map(|name| json!(name)).collect())]
    }

    fn make(self, given: &Given<'_>) -> Result<Made> {
        let expected = DistributionName::expected();
        let name = given.required("distribution", &expected, self.distribution)?;
        let distribution = name.get();
        let asked_for_quantiles = self.quantiles.is_some();
        let mut estimated = given.estimated(self.level, self.quantiles)?;
        if asked_for_quantiles {
            estimated.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let (taus, quantiles): (Vec<f32>, Vec<Output>) = estimated.into_iter().unzip();
        let parameters = distribution.parameters().iter().filter(|_| self.return_params);
        let parameters = parameters.map(|name| Output::Parameter((*name).into()));
        let outputs = std::iter::once(Output::Point).chain(quantiles).chain(parameters).collect();
        let formula = Likelihood {
            distribution,
            samples: self.num_samples,
            return_params: self.return_params,
        };
        Ok(Made { formula: std::sync::Arc::new(formula), taus, outputs })
    }
}

/// The weighted mean of `-ln p(y)`.
#[derive(Debug)]
struct Likelihood {
    distribution: &'static dyn Distribution,
    /// Samples per step.
    samples: usize,
    /// Whether the forecast also has columns of the parameters.
    return_params: bool,
}

impl Formula for Likelihood {
    fn add(&self, at: &Horizon<'_>, sums: &mut [f64; 2]) {
        self.each_step(at, |t, w, numbers, parameters| {
            self.distribution.map(numbers, at.affine, parameters);
            sums[0] += w * self.distribution.loss(at.y.get(t), parameters);
        });
    }

    fn slopes(&self, at: &Horizon<'_>, factors: [f64; 2], add: &mut dyn FnMut(usize, f64)) {
        self.each_step(at, |t, w, numbers, slopes| {
            self.distribution.slopes(at.y.get(t), numbers, at.affine, slopes);
            let slopes = slopes.iter().enumerate();
            slopes.for_each(|(i, slope)| add(t * numbers.len() + i, factors[0] * w * slope));
        });
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
            totals.ln_scale += weight * window.scale.ln();
        }
    }

    fn judges(&self) -> Judges {
        Judges::Distributions
    }

    fn parameters(&self) -> Option<usize> {
        Some(self.distribution.parameters().len())
    }

    fn target(&self) -> Target {
        self.distribution.target()
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
    fn distribution(&self) -> Option<&'static dyn Distribution> {
        Some(self.distribution)
    }

    #[cfg(test)]
    fn with_samples(&self, samples: usize) -> Option<std::sync::Arc<dyn Formula>> {
        Some(std::sync::Arc::new(Self { samples, ..*self }))
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
                for numbers in numbers.chunks_exact(self.distribution.parameters().len()) {
                    let mean = |parameters: &[f64]| self.distribution.mean(parameters);
                    to.push(self.mapped(numbers, &at.scaling, mean));
                }
            }
        }
    }
}

impl Likelihood {
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
    fn sampled(
        &self,
        numbers: &[f32],
        count: usize,
        at: &mut Sampling<'_>,
        mut with: impl FnMut(&[f64], &[f64]),
    ) {
        let steps = numbers.chunks_exact(self.distribution.parameters().len());
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

pub(super) fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len() as f64
}

/// The quantile of sorted numbers, linearly interpolated. Upstream: `torch.quantile`.
pub(super) fn quantile(sorted: &[f64], tau: f32) -> f64 {
    let place = f64::from(tau) * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

/// Calls `with` with a buffer of `n` zeros, on the stack if they are few.
fn with_room<R>(n: usize, with: impl FnOnce(&mut [f64]) -> R) -> R {
    const FEW: usize = 32;
    if n <= FEW { with(&mut [0.0; FEW][..n]) } else { with(&mut vec![0.0; n]) }
}

/// `ln √(2π)`
const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

/// `ln(1 + exp(x))`; `x` itself above 20, as torch.
fn softplus(x: f64) -> f64 {
    if x > 20.0 { x } else { x.exp().ln_1p() }
}

/// The derivative of [`softplus`].
fn softplus_slope(x: f64) -> f64 {
    if x > 20.0 { 1.0 } else { sigmoid(x) }
}

/// `1 / (1 + exp(-x))`
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests;
