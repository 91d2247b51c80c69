//! Mixtures of distributions of one kind: `p(y) = Σ wₖ·pₖ(y)`, with equal weights unless they are learned. Upstream:
//! `losses/pytorch.py: PMM, GMM, NBMM`. The network gives the first numbers of all components, then their second ones, then
//! the weights before softmax.

use std::sync::Arc;

use super::super::Made;
use super::super::horizon::Horizon;
use super::super::levels::{are_levels, are_quantiles};
use super::super::registry::{Given, Loss, loss};
use super::likelihood::{Likelihood, with_room};
use super::{Distribution, Target, is_number_of_samples};
use super::{negative_binomial, normal, poisson};
use crate::Result;
use crate::rng::Key;
use crate::variates::uniform;

macro_rules! mixture {
    ($(#[doc = $doc:expr])* $name:ident: $class:literal, $function:literal, $usual:literal { $($fields:tt)* }) => {
        loss! {
            $(#[doc = $doc])*
            pub struct $name: $class, $function, quantiles {
                /// Number of components.
                pub n_components: usize = $usual; from 1 to 1000,
                /// Samples per step, from which mean and quantiles are computed.
                pub num_samples: usize = 1000; fits is_number_of_samples "a whole number from 1 to 1000000",
                /// Whether the forecast also has columns of the components' parameters.
                pub return_params: bool = false,
                /// Whether the weights of the components are learned, instead of equal.
                pub weighted: bool = false,
                $($fields)*
            }
        }
    };
}

mixture! {
    /// Negative log-likelihood of a mixture of Poisson distributions, for counts.
    PMM: "PMM", "pmm", 10 {
        /// Whether the windows of a training batch share their component. A validation loss judges each window on its own.
        pub batch_correlation: bool = false,
        /// Whether the steps of a window share their component.
        pub horizon_correlation: bool = false,
    }
}

mixture! {
    /// Negative log-likelihood of a mixture of normal distributions.
    GMM: "GMM", "gmm", 1 {
        /// Whether the windows of a training batch share their component. A validation loss judges each window on its own.
        pub batch_correlation: bool = false,
        /// Whether the steps of a window share their component.
        pub horizon_correlation: bool = false,
    }
}

mixture! {
    /// Negative log-likelihood of a mixture of negative binomial distributions, for counts. Each window's shift multiplies the
    /// mean, so choose a `scalerType` other than `identity`, whose shift is 0.
    NBMM: "NBMM", "nbmm", 1 {}
}

/// Implements [`Loss`] for a mixture of these components, whose parameters have these names.
macro_rules! made_of {
    ($name:ident, $component:expr, $names:expr, $joint:expr) => {
        impl Loss for $name {
            fn make(self, given: &Given<'_>) -> Result<Made> {
                let joint: fn(&Self) -> [bool; 2] = $joint;
                let [windows, horizon] = joint(&self);
                let mixture = Arc::new(Mixture {
                    component: Box::new($component),
                    names: &$names,
                    size: self.n_components,
                    weighted: self.weighted,
                });
                let likelihood = Likelihood {
                    distribution: mixture.clone(),
                    samples: self.num_samples,
                    return_params: self.return_params,
                    joint: (windows || horizon).then_some(Joint { mixture, windows, horizon }),
                };
                Ok(likelihood.made(given.estimated(self.level, self.quantiles)?))
            }
        }
    };
}

made_of!(PMM, poisson::Poisson::COMPONENT, ["lambda"], |of| {
    [of.batch_correlation, of.horizon_correlation]
});
made_of!(GMM, normal::Normal, ["mu", "std"], |of| {
    [of.batch_correlation, of.horizon_correlation]
});
made_of!(
    NBMM,
    negative_binomial::NegativeBinomial::Component,
    ["total_count", "probs"],
    |_| [false; 2]
);

/// The most numbers that a component has.
const MOST: usize = 2;

#[derive(Debug)]
pub(super) struct Mixture {
    component: Box<dyn Distribution>,
    /// The names of a component's parameters.
    names: &'static [&'static str],
    /// Number of components.
    size: usize,
    weighted: bool,
}

impl Mixture {
    /// Parameters per component, with its weight.
    fn each(&self) -> usize {
        self.names.len() + usize::from(self.weighted)
    }

    /// The network's numbers of component `k`, and unused zeros.
    fn numbers_of(&self, numbers: &[f64], k: usize) -> [f64; MOST] {
        let number = |i| if i < self.names.len() { numbers[i * self.size + k] } else { 0.0 };
        [0, 1].map(number)
    }

    /// The parameters of component `k`.
    fn parameters_of<'a>(&self, parameters: &'a [f64], k: usize) -> &'a [f64] {
        &parameters[k * self.each()..][..self.names.len()]
    }

    /// The weight of component `k`.
    fn weight(&self, parameters: &[f64], k: usize) -> f64 {
        match self.weighted {
            true => parameters[k * self.each() + self.names.len()],
            false => 1.0 / self.size as f64,
        }
    }

    /// Writes `-ln pₖ(y)` of all components.
    fn losses(&self, y: f64, parameters: &[f64], to: &mut [f64]) {
        for (k, to) in to.iter_mut().enumerate() {
            *to = self.component.loss(y, self.parameters_of(parameters, k));
        }
    }

    /// `-ln Σ wₖ·exp(-lossesₖ)`. Turns the losses into the share of each component in that sum.
    fn mixed(&self, parameters: &[f64], losses: &mut [f64]) -> f64 {
        for (k, loss) in losses.iter_mut().enumerate() {
            *loss = self.weight(parameters, k).ln() - *loss;
        }
        let largest = losses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        losses.iter_mut().for_each(|x| *x = (*x - largest).exp());
        let sum: f64 = losses.iter().sum();
        losses.iter_mut().for_each(|x| *x /= sum);
        -(largest + sum.ln())
    }

    /// Calls `add` with the index and slope of the numbers of component `k`, multiplied by `factor`.
    fn component_slopes(
        &self,
        (y, numbers, affine): (f64, &[f64], [f64; 2]),
        k: usize,
        factor: f64,
        mut add: impl FnMut(usize, f64),
    ) {
        let mut slopes = [0.0; MOST];
        self.component.slopes(y, &self.numbers_of(numbers, k), affine, &mut slopes);
        for (i, slope) in slopes.iter().take(self.names.len()).enumerate() {
            add(i * self.size + k, factor * slope);
        }
    }

    /// Calls `add` with the index and slope of the weight of component `k`, if it is learned: `wₖ` less its share.
    fn weight_slope(
        &self,
        parameters: &[f64],
        k: usize,
        share: f64,
        mut add: impl FnMut(usize, f64),
    ) {
        if self.weighted {
            add(self.names.len() * self.size + k, self.weight(parameters, k) - share);
        }
    }
}

impl Distribution for Mixture {
    fn numbers(&self) -> usize {
        self.each() * self.size
    }

    fn parameters(&self) -> Vec<String> {
        let names: Vec<&str> =
            self.names.iter().copied().chain(self.weighted.then_some("weight")).collect();
        (1..=self.size).flat_map(|k| names.iter().map(move |name| format!("{name}-{k}"))).collect()
    }

    fn parameters_first(&self) -> bool {
        false
    }

    fn target(&self) -> Target {
        self.component.target()
    }

    fn needs_shift(&self) -> bool {
        self.component.needs_shift()
    }

    fn map(&self, numbers: &[f64], affine: [f64; 2], to: &mut [f64]) {
        let (each, own) = (self.each(), self.names.len());
        for (k, to) in to.chunks_exact_mut(each).enumerate() {
            self.component.map(&self.numbers_of(numbers, k), affine, &mut to[..own]);
        }
        if self.weighted {
            let logits = &numbers[own * self.size..];
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logits.iter().map(|x| (x - largest).exp()).sum();
            for (to, x) in to.chunks_exact_mut(each).zip(logits) {
                to[own] = (x - largest).exp() / sum;
            }
        }
    }

    fn loss(&self, y: f64, parameters: &[f64]) -> f64 {
        with_room(self.size, |losses| {
            self.losses(y, parameters, losses);
            self.mixed(parameters, losses)
        })
    }

    /// Each component's slopes, multiplied by its share in the likelihood.
    fn slopes(&self, y: f64, numbers: &[f64], affine: [f64; 2], to: &mut [f64]) {
        with_room(self.size + numbers.len(), |room| {
            let (shares, parameters) = room.split_at_mut(self.size);
            self.map(numbers, affine, parameters);
            self.losses(y, parameters, shares);
            self.mixed(parameters, shares);
            for (k, share) in shares.iter().enumerate() {
                let mut set = |i: usize, slope| to[i] = slope;
                self.component_slopes((y, numbers, affine), k, *share, &mut set);
                self.weight_slope(parameters, k, *share, &mut set);
            }
        });
    }

    fn mean(&self, parameters: &[f64]) -> f64 {
        let part =
            |k| self.weight(parameters, k) * self.component.mean(self.parameters_of(parameters, k));
        (0..self.size).map(part).sum()
    }

    fn sample(&self, parameters: &[f64], key: Key, index: u64) -> f64 {
        let mut rest = uniform(key.layer(3), index);
        let last = self.size - 1;
        let reaches = |k: &usize| {
            rest -= self.weight(parameters, *k);
            rest < 0.0
        };
        let k = (0..last).find(reaches).unwrap_or(last);
        self.component.sample(self.parameters_of(parameters, k), key, index)
    }

    fn refuses(&self, y: f64) -> Option<&'static str> {
        self.component.refuses(y)
    }
}

/// The likelihood of steps that share their component: `Σₖ wₖ·Π pₖ(y)`, the product over all of them. A step without weight
/// has no part in the product.
///
/// *Differs from upstream,* where the zeros that fill such steps have a part.
#[derive(Clone, Debug)]
pub(super) struct Joint {
    pub(super) mixture: Arc<Mixture>,
    /// Whether the same steps of all windows of a batch share it.
    pub(super) windows: bool,
    /// Whether the steps of a window share it.
    pub(super) horizon: bool,
}

impl Joint {
    /// The weighted sum of `-ln p` over the steps of these windows, which share their component if `together`. Calls `add`
    /// with the index of a window, that of a number, and its slope.
    pub(super) fn loss(
        &self,
        windows: &[Horizon<'_>],
        together: bool,
        add: &mut Option<&mut dyn FnMut(usize, usize, f64)>,
    ) -> f64 {
        let (mixture, size, n) = (&*self.mixture, self.mixture.size, self.mixture.numbers());
        let h = windows.first().map_or(0, Horizon::len);
        let group = |t: usize| if self.horizon { 0 } else { t };
        let copies = |at: &Horizon<'_>| if together { at.count } else { 1.0 };
        // Of each group of steps: -ln of each component's product, and the weights times the component's shares.
        let mut products = vec![0.0; h * size];
        let mut shares = vec![0.0; h * size];
        let mut room = vec![0.0; 2 * n + size];
        let (numbers, more) = room.split_at_mut(n);
        let (parameters, losses) = more.split_at_mut(n);
        let read = |at: &Horizon<'_>, t: usize, numbers: &mut [f64]| {
            numbers.iter_mut().enumerate().for_each(|(i, v)| *v = at.y_hat.get(t * n + i));
        };
        for at in windows {
            for (t, _) in at.weighted() {
                read(at, t, numbers);
                mixture.map(numbers, at.affine, parameters);
                mixture.losses(at.y.get(t), parameters, losses);
                let products = &mut products[group(t) * size..][..size];
                products.iter_mut().zip(&*losses).for_each(|(sum, x)| *sum += copies(at) * x);
            }
        }
        let mut sum = 0.0;
        for (i, at) in windows.iter().enumerate() {
            for (t, w) in at.weighted() {
                read(at, t, numbers);
                mixture.map(numbers, at.affine, parameters);
                losses.copy_from_slice(&products[group(t) * size..][..size]);
                sum += w * mixture.mixed(parameters, losses);
                let Some(add) = add else { continue };
                let shares = &mut shares[group(t) * size..][..size];
                for (k, share) in losses.iter().enumerate() {
                    shares[k] += w * share;
                    mixture.weight_slope(parameters, k, *share, |place, slope| {
                        add(i, t * n + place, w * slope);
                    });
                }
            }
        }
        let Some(add) = add else { return sum };
        for (i, at) in windows.iter().enumerate() {
            for (t, _) in at.weighted() {
                read(at, t, numbers);
                let of = (at.y.get(t), &*numbers, at.affine);
                for (k, share) in shares[group(t) * size..][..size].iter().enumerate() {
                    let put = |place, slope| add(i, t * n + place, slope);
                    mixture.component_slopes(of, k, copies(at) * share, put);
                }
            }
        }
        sum
    }
}
