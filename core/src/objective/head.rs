//! What stands between a network and its loss or forecast: tape operations, with parameters where the loss learns some.
//!
//! Every run goes the same way: `Instance::forward(batch)`, then [`Head::forward`], then the loss of what it gives, or the
//! forecast. A head is told what it is asked for ([`Asked`]) and where the rows of its shard lie in the whole batch, so that
//! what it draws does not depend on shards.

use super::quantile::ImplicitQuantiles;
use crate::rng::Key;
use crate::tape::Var;

/// What a head is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// What training and validation need: quantiles drawn from this key for every point.
    Drawn(Key),
    /// The forecast at this quantile, where the head can forecast any.
    Quantile(f32),
}

/// Where the numbers that a head gets lie in the whole batch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// The first window.
    pub(crate) row: usize,
    /// The first step of the horizon, and the steps of all of it.
    pub(crate) step: usize,
    pub(crate) horizon: usize,
}

/// What a head makes of a network's output.
#[derive(Clone, Copy)]
pub(crate) struct Mapped<'t> {
    /// `[B, h, numbers]`, scaled as the network's output is.
    pub(crate) forecast: Var<'t>,
    /// The quantile that each number of it was made at, if it is its own.
    pub(crate) drawn: Option<Var<'t>>,
}

/// The head of a model, as its loss wants it. Upstream: a loss's `domain_map`.
pub(crate) enum Head {
    /// The network's output is the forecast.
    Identity,
    /// A network that maps the output to any quantile.
    Implicit(Box<ImplicitQuantiles>),
}

impl Head {
    /// Of the output of a network, `[B, h, numbers]`.
    pub(crate) fn forward<'t>(&self, output: Var<'t>, asked: Asked, place: Place) -> Mapped<'t> {
        match self {
            Self::Identity => Mapped { forecast: output, drawn: None },
            Self::Implicit(head) => head.forward(output, asked, place),
        }
    }

    /// The forecast at quantiles that are given, one for each number of `output`; the output itself where it has its own.
    #[cfg(test)]
    pub(crate) fn at<'t>(&self, output: Var<'t>, taus: Option<Var<'t>>) -> Var<'t> {
        match (self, taus) {
            (Self::Implicit(head), Some(taus)) => head.at(output, taus),
            _ => output,
        }
    }

    /// Whether it forecasts any quantile that it is asked for.
    pub(crate) fn takes_any_quantile(&self) -> bool {
        matches!(self, Self::Implicit(_))
    }
}
