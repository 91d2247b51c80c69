//! Distributions whose parameters a network forecasts, one file each. Upstream: `losses/pytorch.py: DistributionLoss`.

mod bernoulli;
mod isqf;
mod likelihood;
mod mixture;
mod negative_binomial;
mod normal;
mod poisson;
mod student_t;
mod tweedie;

use std::fmt::Debug;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Made;
use super::formula::Target;
use super::levels::{are_levels, are_quantiles};
use super::registry::{Given, Loss, loss};
use crate::options::OptionValue;
use crate::rng::Key;
use crate::{Error, ErrorCode, Result};
use likelihood::Likelihood;
pub(super) use likelihood::{mean, quantile};

pub use mixture::{GMM, NBMM, PMM};

/// A distribution: the map from a network's numbers to its parameters, its likelihood, mean and samples.
pub(crate) trait Distribution: Debug + Send + Sync {
    /// How many numbers the network gives for each step. There are as many parameters.
    fn numbers(&self) -> usize;

    /// The names of the parameters that a forecast can have as columns, in the order of [`Distribution::map`]; empty if it
    /// cannot have them.
    fn parameters(&self) -> Vec<String>;

    /// Whether a multivariate model gives one parameter of all series after the other, and not one series after the other.
    fn parameters_first(&self) -> bool {
        true
    }

    /// The scale on which the likelihood receives the target. [`Target::Relative`] keeps the precision of a series around
    /// 1e9; `ln scale` is then added from the totals of the batch.
    fn target(&self) -> Target;

    /// Whether the mean is a multiple of the window's shift, so that there is nothing to learn where that is 0.
    fn needs_shift(&self) -> bool {
        false
    }

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
    ($($(#[doc = $doc:expr])* $name:ident,)*) => {
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
        }
    };
}

distributions! {
    /// Normal: mean and standard deviation.
    Normal,
    /// Student's t: degrees of freedom, location and scale.
    StudentT,
    /// Poisson, for counts: the rate. The target must be 0 or more.
    Poisson,
    /// Negative binomial, for counts that vary more than Poisson's: number of failures and probability. The target must be 0
    /// or more.
    NegativeBinomial,
    /// Tweedie, for amounts that are often 0: the logarithm of the mean. The target must be 0 or more.
    Tweedie,
    /// Bernoulli, for binary series: the probability of 1. The target must be 0 or 1.
    Bernoulli,
    /// Incremental spline quantile function, for any shape: the loss's quantiles, splines between them and exponential tails.
    ISQF,
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
        /// Whether the forecast also has columns of the distribution's parameters. Tweedie and ISQF have none.
        pub return_params: bool = false,
        /// Tweedie's variance power: the variance is the mean to the power of `rho`. Required for Tweedie, only for it.
        pub rho: Option<f64> = None; fits is_power "a number between 1 and 2",
        /// Pieces of each spline between two quantiles, only for ISQF. Left out: 5.
        pub num_pieces: Option<usize> = None; from 1 to 100,
    }
}

fn is_number_of_samples(n: &usize) -> bool {
    (1..=1_000_000).contains(n)
}

fn is_power(rho: &Option<f64>) -> bool {
    rho.is_none_or(|rho| rho > 1.0 && rho < 2.0)
}

impl Loss for DistributionLoss {
    const FIRST: Option<&'static str> = Some("distribution");
    const NEEDED: &'static [&'static str] = &["distribution"];

    fn examples() -> Vec<Value> {
        let example = |name: &&str| match *name {
            "Tweedie" => json!({ "distribution": name, "rho": 1.5 }),
            _ => json!({ "distribution": name }),
        };
        DistributionName::NAMES.iter().map(example).collect()
    }

    fn make(self, given: &Given<'_>) -> Result<Made> {
        let expected = DistributionName::expected();
        let name = given.required("distribution", &expected, self.distribution)?;
        let asked_for_quantiles = self.quantiles.is_some();
        let mut estimated = given.estimated(self.level, self.quantiles)?;
        if asked_for_quantiles {
            estimated.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        if name != DistributionName::Tweedie && self.rho.is_some() {
            return Err(given.only_for("rho", "Tweedie", name.name()));
        }
        if name != DistributionName::ISQF && self.num_pieces.is_some() {
            return Err(given.only_for("numPieces", "ISQF", name.name()));
        }
        let distribution: Arc<dyn Distribution> = match name {
            DistributionName::Normal => Arc::new(normal::Normal),
            DistributionName::StudentT => Arc::new(student_t::StudentT),
            DistributionName::Poisson => Arc::new(poisson::Poisson::ALONE),
            DistributionName::NegativeBinomial => {
                Arc::new(negative_binomial::NegativeBinomial::Alone)
            }
            DistributionName::Bernoulli => Arc::new(bernoulli::Bernoulli),
            DistributionName::Tweedie => {
                let rho = given.required("rho", "a number between 1 and 2", self.rho)?;
                Arc::new(tweedie::Tweedie { rho })
            }
            DistributionName::ISQF => {
                let mut taus: Vec<f64> = estimated.iter().map(|(tau, _)| f64::from(*tau)).collect();
                taus.sort_by(f64::total_cmp);
                Arc::new(isqf::Isqf::new(taus, self.num_pieces.unwrap_or(5)))
            }
        };
        if self.return_params && distribution.parameters().is_empty() {
            let message = format!("{} forecasts have no columns of parameters", name.name());
            return Err(given.unsupported("returnParams", &message));
        }
        let likelihood = Likelihood {
            distribution,
            samples: self.num_samples,
            return_params: self.return_params,
            joint: None,
        };
        Ok(likelihood.made(estimated))
    }
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
