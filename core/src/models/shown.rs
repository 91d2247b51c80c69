//! The values that an interpretable model shows of itself, by name: see [`Tape::show`](crate::tape::Tape::show).

/// Weights of the variables of the input: `[B, L, V]`.
pub(crate) const PAST: &str = "weights of the past";
/// Weights of the variables of the horizon: `[B, h, V]`.
pub(crate) const FUTURE: &str = "weights of the future";
/// Weights of the static columns: `[B, S]`.
pub(crate) const STATICS: &str = "weights of static columns";
/// How much each step attends to each step: `[B, L + h, L + h]`.
pub(crate) const ATTENTION: &str = "attention";
