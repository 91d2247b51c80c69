//! Training: sampling of windows, the training step, the loop, early stopping, the state between runs.

mod divergence;
mod early_stopping;
mod fingerprint;
mod loss_scale;
pub(crate) mod needs;
mod report;
mod runner;
mod sampler;
mod shards;
mod state;
mod trainer;
mod validation;

pub use report::ModelReport;
pub(crate) use state::{Counters, TrainingState};
pub(crate) use trainer::{Run, Save, train};
