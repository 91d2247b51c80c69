//! The entries that a loss adds to a model's `state_dict` in Python, besides its learned parameters.

use super::{Judges, LossSpec, Objective};
use crate::Result;

/// The entries of a loss in a checkpoint, under `loss.` or `valid_loss.`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stored {
    /// The quantiles that follow from its arguments, and the name they are stored under.
    pub(crate) quantiles: Option<(&'static str, Vec<f32>)>,
    /// The number of cosines of its implicit quantile network, if it has one: the checkpoint then has the network's
    /// parameters and a list of that many integers.
    pub(crate) cosines: Option<usize>,
    /// Whether Python replaces a validation loss of the same kind by the loss itself.
    pub(crate) replaces_valid_loss: bool,
}

/// The entries of a loss; they do not depend on the horizon.
pub(crate) fn stored(spec: &LossSpec) -> Result<Stored> {
    let mut spec = spec.clone();
    spec.args.remove("horizonWeight");
    let loss = Objective::new(&spec, 1, "loss")?;
    let several = loss.judges() != Judges::Points;
    let name = if loss.is_trainable() { "quantiles" } else { "mql.quantiles" };
    Ok(Stored {
        quantiles: several.then(|| (name, loss.taus.to_vec())),
        cosines: loss.formula.cosines(),
        replaces_valid_loss: loss.judges() == Judges::Distributions,
    })
}
