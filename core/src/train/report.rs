//! The report of a training run.

use serde::Serialize;

/// How the training of one model went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelReport {
    /// Name of the model.
    pub name: String,
    /// Steps done.
    pub steps: usize,
    /// Step at which the kept weights were reached.
    pub best_step: usize,
    /// `maxSteps` or `earlyStop`.
    pub stop_reason: &'static str,
    /// Training loss of each step.
    pub train_loss: Vec<f32>,
    /// Validation loss of each check.
    pub val_loss: Vec<f32>,
    /// Steps done at each check.
    pub val_steps: Vec<i32>,
    /// Steps skipped because a gradient overflowed with `precision: 'fp16'`.
    pub skipped_steps: usize,
    /// Bytes of activations and their gradients in a training step, without the gradients of the weights.
    pub workspace_bytes: usize,
    /// Duration in milliseconds.
    pub elapsed_ms: f64,
    /// Number of trained parameters.
    pub parameters: usize,
}
