//! Distributions whose parameters a network forecasts: likelihood, mean, samples. Upstream: `DistributionLoss`.
//!
//! Both have a location and a scale, learned relative to those of the window (`shift`, `scale`). So the likelihood of `y`
//! is that of `z = (y - shift) / scale`, less `ln scale`, and a series around 1e9 loses nothing.

mod gamma;
mod normal;
mod student_t;

use crate::rng::Key;
use crate::variates::{standard_normal, student_t};

use super::Loss;

/// A distribution that a loss can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Normal,
    StudentT,
}

/// What a distribution loss is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Likelihood {
    pub(crate) family: Family,
    /// Samples that quantiles are taken from.
    pub(crate) samples: usize,
    /// Whether the parameters are columns of the forecast too.
    pub(crate) return_params: bool,
}

/// One distribution: of a Student's t if it has degrees of freedom, else normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Law {
    pub(crate) location: f64,
    pub(crate) scale: f64,
    pub(crate) freedom: Option<f64>,
}

/// Which random numbers a point is sampled with, and how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    pub(crate) key: Key,
    /// The point's place among all points of the key.
    pub(crate) point: u64,
    pub(crate) count: usize,
}

impl Family {
    pub(crate) const NAMES: [&'static str; 2] = ["Normal", "StudentT"];

    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "Normal" => Some(Self::Normal),
            "StudentT" => Some(Self::StudentT),
            _ => None,
        }
    }

    /// What is appended to a model's name for each parameter, in the order of the network's numbers.
    pub(crate) fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Normal => &["-loc", "-scale"],
            Self::StudentT => &["-df", "-loc", "-scale"],
        }
    }

    /// The distribution of `z` that the numbers of a network stand for.
    pub(crate) fn law(self, raw: &[f64]) -> Law {
        match (self, raw) {
            (Self::Normal, [mean, deviation]) => normal::law(*mean, *deviation),
            (Self::StudentT, [freedom, mean, scale]) => student_t::law(*freedom, *mean, *scale),
            _ => unreachable!("{self:?} has no {} parameters", raw.len()),
        }
    }

    /// The slope of `-ln p(z)` with respect to each number of a network.
    pub(super) fn slopes(self, z: f64, raw: &[f64], add: impl FnMut((usize, f64))) {
        let law = self.law(raw);
        let slopes = match self {
            Self::Normal => {
                let [mean, deviation] = normal::slopes(z, law, raw);
                [mean, deviation, 0.0]
            }
            Self::StudentT => student_t::slopes(z, law, raw),
        };
        slopes.into_iter().take(raw.len()).enumerate().for_each(add);
    }
}

impl Law {
    /// The distribution of `shift + scale·z`.
    #[must_use]
    pub(crate) fn moved(self, [shift, scale]: [f64; 2]) -> Self {
        Self { location: self.location * scale + shift, scale: self.scale * scale, ..self }
    }

    /// `-ln p(z)`
    pub(crate) fn loss(self, z: f64) -> f64 {
        match self.freedom {
            None => normal::loss(z, self),
            Some(freedom) => student_t::loss(z, self, freedom),
        }
    }

    /// The `index`-th sample.
    fn sample(self, key: Key, index: u64) -> f64 {
        let standard = match self.freedom {
            None => standard_normal(key, index),
            Some(freedom) => student_t(key, index, freedom),
        };
        self.location + self.scale * standard
    }

    /// The parameters as columns, in the order of [`Family::parameters`].
    fn parameters(self) -> impl Iterator<Item = f64> {
        self.freedom.into_iter().chain([self.location, self.scale])
    }

    /// Sorted samples.
    fn samples(self, draws: Draws, to: &mut Vec<f64>) {
        let first = draws.point.wrapping_mul(draws.count as u64);
        to.clear();
        to.extend((0..draws.count as u64).map(|i| self.sample(draws.key, first.wrapping_add(i))));
        to.sort_unstable_by(f64::total_cmp);
    }
}

impl Likelihood {
    /// Appends the columns of one point: the mean, quantiles of samples, and the parameters if they are asked for.
    /// The mean is that of the samples unless `exact_mean`. `work` is scratch space.
    pub(crate) fn columns(
        &self,
        law: Law,
        quantiles: &[f32],
        (draws, exact_mean): (Draws, bool),
        work: &mut Vec<f64>,
        to: &mut Vec<f64>,
    ) {
        law.samples(draws, work);
        let mean = work.iter().sum::<f64>() / work.len() as f64;
        to.push(if exact_mean { law.location } else { mean });
        to.extend(quantiles.iter().map(|q| quantile(work, *q)));
        if self.return_params {
            to.extend(law.parameters());
        }
    }
}

/// Appends quantiles of samples of one point.
pub(crate) fn sampled_quantiles(
    law: Law,
    quantiles: &[f32],
    draws: Draws,
    work: &mut Vec<f64>,
    to: &mut Vec<f64>,
) {
    law.samples(draws, work);
    to.extend(quantiles.iter().map(|q| quantile(work, *q)));
}

/// The quantile of sorted numbers, between two of them in proportion. Upstream: `torch.quantile`.
fn quantile(sorted: &[f64], q: f32) -> f64 {
    let place = f64::from(q) * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

impl Loss {
    /// The distribution that this loss is the likelihood of.
    pub(crate) fn likelihood(&self) -> Option<&Likelihood> {
        match &self.formula {
            super::Formula::Likelihood(likelihood) => Some(likelihood),
            _ => None,
        }
    }
}

/// `ln(1 + exp(x))`; `x` above 20, as torch.
fn softplus(x: f64) -> f64 {
    if x > 20.0 { x } else { x.exp().ln_1p() }
}

/// The derivative of [`softplus`].
fn softplus_slope(x: f64) -> f64 {
    if x > 20.0 { 1.0 } else { 1.0 / (1.0 + (-x).exp()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    const RAW: [[f64; 3]; 4] =
        [[0.3, -1.2, 0.4], [-2.0, 0.0, -3.0], [4.0, 2.5, 1.0], [25.0, -0.5, 22.0]];

    #[test]
    fn slopes_are_those_of_the_likelihoods() {
        for family in [Family::Normal, Family::StudentT] {
            for raw in RAW.map(|raw| raw[..family.parameters().len()].to_vec()) {
                for z in [-3.0, 0.1, 1.7] {
                    family.slopes(z, &raw, |(i, slope)| {
                        let at = |by: f64| {
                            let mut raw = raw.clone();
                            raw[i] += by;
                            family.law(&raw).loss(z)
                        };
                        let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
                        let off = (expected - slope).abs();
                        assert!(off < 1e-7 * (1.0 + expected.abs()), "{family:?} {raw:?} {z} {i}");
                    });
                }
            }
        }
    }

    #[test]
    fn densities_have_an_area_of_one() {
        for family in [Family::Normal, Family::StudentT] {
            let law = family.law(&RAW[0][..family.parameters().len()]).moved([5.0, 0.5]);
            let step = 1e-2;
            let points = (-30_000..30_000).map(|i| f64::from(i) * step);
            let area: f64 = points.map(|y| (-law.loss(y)).exp() * step).sum();
            assert!((area - 1.0).abs() < 1e-6, "{family:?}: {area}");
        }
    }

    #[test]
    fn quantiles_lie_between_the_samples() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!([0.0, 0.5, 1.0].map(|q| quantile(&sorted, q)), [1.0, 3.0, 8.0]);
        assert!((quantile(&sorted, 0.25) - 1.75).abs() < 1e-12);
    }

    #[test]
    fn samples_of_a_point_do_not_depend_on_other_points() {
        let law = Law { location: 1.0, scale: 2.0, freedom: Some(4.0) };
        let key = Key::new(1, Stream::Samples, 3);
        let of = |point| {
            let (mut samples, draws) = (Vec::new(), Draws { key, point, count: 50 });
            law.samples(draws, &mut samples);
            samples
        };
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }
}
