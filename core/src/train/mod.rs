//! Training: options, windows to batches, the step, optimizers, schedules, early stopping, the state between runs.

mod all_series;
mod categories;
mod divergence;
mod early_stopping;
mod fingerprint;
mod forecasted;
mod gather;
mod given;
mod lr_scheduler;
pub(crate) mod needs;
mod optimizer;
mod options;
mod plain;
mod plateau;
mod precision;
mod reader;
mod report;
mod resident;
mod runner;
mod sampler;
mod schedule;
mod shards;
mod state;
mod trainer;
mod validation;

#[cfg(test)]
pub(crate) use all_series::rows;
pub use categories::{Cardinalities, CatEmbDim};
pub(crate) use gather::Source;
pub(crate) use given::Numbers;
pub use lr_scheduler::{
    Anneal, Cosine, Exponential, LinearWarmup, LrScheduler, OneCycle, StepDecay, WarmupCosine,
};
pub(crate) use optimizer::OptimizerState;
pub use optimizer::{Optimizer, OptimizerKind};
pub use options::{Availability, ClipAlgorithm, Train, ValMonitor};
#[cfg(test)]
pub(crate) use plateau::PlateauState;
pub use plateau::{Better, Plateau, ThresholdMode};
pub use precision::Precision;
pub use report::{Control, ModelReport, Progress, ProgressFn};
pub(crate) use resident::Resident;
pub(crate) use runner::{Purpose, Runner};
pub(crate) use sampler::Drawn;
pub(crate) use schedule::Schedule;
pub(crate) use state::{Place, TrainingState};
pub(crate) use trainer::{Run, Save, train};
