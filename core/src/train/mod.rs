//! Training: options, windows to batches, the step, optimizers, early stopping.

mod gather;
mod optimizer;
mod options;
mod report;
mod runner;
mod sampler;
mod trainer;

pub(crate) use gather::Source;
pub use optimizer::{Optimizer, OptimizerKind};
pub use options::{Availability, Train};
pub use report::{Control, ModelReport, Progress, ProgressFn};
pub(crate) use runner::{Outputs, Runner};
pub(crate) use sampler::Drawn;
pub(crate) use trainer::train;
