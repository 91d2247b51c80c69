//! Reports of training and of memory use.

use serde::Serialize;

use crate::train::ModelReport;

/// How training went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FitReport {
    /// One for each model, in order.
    pub models: Vec<ModelReport>,
    /// Seed of the first model.
    pub seed: i64,
    /// What was noticed in the data and is not an error.
    pub data_warnings: Vec<String>,
}

/// Bytes held.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct MemoryUsage {
    /// Parameters of all models.
    pub weights: usize,
    /// The training data.
    pub dataset: usize,
    /// State kept to continue training: the optimizer state, and the last weights if the best are kept too.
    pub training: usize,
    /// Buffers of the last run that are kept for the next.
    pub workspace: usize,
}

impl MemoryUsage {
    /// The sum of all.
    pub fn total(&self) -> usize {
        self.weights + self.dataset + self.training + self.workspace
    }
}
