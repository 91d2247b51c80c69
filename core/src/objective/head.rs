//! Heads: tape operations between a network and its loss or forecast, with parameters if the loss learns some.
//!
//! Training, validation and prediction all run `Instance::forward(batch)`, then [`Head::forward`], then the loss or the
//! forecast of its output. A head gets the kind of output ([`Asked`]) and the position of its shard in the whole batch
//! ([`Place`]), so that random quantiles do not depend on shards.

use super::quantile::ImplicitQuantiles;
use crate::rng::Key;
use crate::tape::Var;

/// The quantiles at which a head forecasts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// For training and validation: quantiles drawn with this key, one for each number.
    Drawn(Key),
    /// This quantile, if the head can forecast any.
    Quantile(f32),
}

/// The position of a head's input in the whole batch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// The first row; a window has one row per series.
    pub(crate) row: usize,
    /// The first step, and the length of the whole horizon.
    pub(crate) step: usize,
    pub(crate) horizon: usize,
}

/// The output of a head.
#[derive(Clone, Copy)]
pub(crate) struct Mapped<'t> {
    /// `[B, h, numbers]`, on the scale of the network's output.
    pub(crate) forecast: Var<'t>,
    /// The quantile of each number, if quantiles were drawn for each number.
    pub(crate) drawn: Option<Var<'t>>,
}

/// The head that a model's loss requires. Upstream: a loss's `domain_map`.
pub(crate) enum Head {
    /// The network's output is the forecast.
    Identity,
    /// A network that maps the output to any quantile.
    Implicit(Box<ImplicitQuantiles>),
}

impl Head {
    /// Maps the output of a network, `[B, h, numbers]`.
    pub(crate) fn forward<'t>(&self, output: Var<'t>, asked: Asked, place: Place) -> Mapped<'t> {
        match self {
            Self::Identity => Mapped { forecast: output, drawn: None },
            Self::Implicit(head) => head.forward(output, asked, place),
        }
    }

    /// The forecast at the given quantiles, one for each number of `output`. Without quantiles, or for a head that takes
    /// none, the output itself.
    #[cfg(test)]
    pub(crate) fn at<'t>(&self, output: Var<'t>, taus: Option<Var<'t>>) -> Var<'t> {
        match (self, taus) {
            (Self::Implicit(head), Some(taus)) => head.at(output, taus),
            _ => output,
        }
    }

    /// Whether it can forecast any quantile.
    pub(crate) fn takes_any_quantile(&self) -> bool {
        matches!(self, Self::Implicit(_))
    }
}
