//! Optimizers and learning-rate schedules: their options and their computations, equal to `torch.optim`.

mod lr_scheduler;
mod optimizer;
mod plateau;
mod schedule;

pub use lr_scheduler::{
    Anneal, Cosine, Exponential, LinearWarmup, LrScheduler, OneCycle, StepDecay, WarmupCosine,
};
pub use optimizer::{Optimizer, OptimizerKind};
pub(crate) use optimizer::{OptimizerState, Pace};
pub(crate) use plateau::PlateauState;
pub use plateau::{Better, Plateau, ThresholdMode};
pub(crate) use schedule::Schedule;
