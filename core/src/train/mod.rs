//! Training: options, windows to batches, the step, optimizers, schedules, early stopping, the state between runs.

mod all_series;
mod divergence;
mod early_stopping;
mod fingerprint;
mod forecasted;
mod gather;
mod given;
mod loss_scale;
pub(crate) mod needs;
mod plain;
mod reader;
mod report;
mod resident;
mod runner;
mod sampler;
mod shards;
mod state;
mod trainer;
mod validation;

#[cfg(test)]
pub(crate) use all_series::rows;
pub(crate) use gather::Source;
pub(crate) use given::Numbers;
pub use report::{Control, ModelReport, Progress, ProgressFn};
pub(crate) use resident::Resident;
pub(crate) use runner::{Purpose, Runner};
pub(crate) use sampler::Drawn;
pub(crate) use state::{Place, TrainingState};
pub(crate) use trainer::{Run, Save, train};
