//! What a loss adds to a model's `state_dict` in Python, beside the parameters it learns.

use super::{Judges, LossSpec, Objective};
use crate::Result;

/// What belongs to a loss in a checkpoint, under `loss.` or `valid_loss.`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stored {
    /// Quantiles that follow from its arguments, and the name they are stored under.
    pub(crate) quantiles: Option<(&'static str, Vec<f32>)>,
    /// Cosines of the network that it learns: its parameters must be there, and a list of so many whole numbers.
    pub(crate) cosines: Option<usize>,
    /// Whether Python takes it for the validation loss too, when that is one of its kind.
    pub(crate) replaces_valid_loss: bool,
}

/// What is stored of a loss, whatever the horizon.
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
