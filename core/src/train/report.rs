//! What is told of a training at its end.

use serde::Serialize;

/// How the training of one model went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelReport {
    /// Name of the model.
    pub name: String,
    /// Steps done.
    pub steps: usize,
    /// Step after which the kept weights were reached.
    pub best_step: usize,
    /// `maxSteps` or `earlyStop`.
    pub stop_reason: &'static str,
    /// Training loss of each step.
    pub train_loss: Vec<f32>,
    /// Validation loss of each check.
    pub val_loss: Vec<f32>,
    /// Steps done at each check.
    pub val_steps: Vec<i32>,
    /// Steps that were left out because a gradient was too large for `precision: 'fp16'`.
    pub skipped_steps: usize,
    /// Bytes of values between operations and their gradients, those of a training step; gradients of weights come beside.
    pub workspace_bytes: usize,
    /// Time it took.
    pub elapsed_ms: f64,
    /// Numbers that were trained.
    pub parameters: usize,
}
