//! Whole series as vectors: each variable is one token, made of all its steps.
//!
//! Liu et al. 2024, <https://arxiv.org/abs/2310.06625>, section 3.1. Upstream: `common/_modules.py: DataEmbedding_inverted`.

use super::linear::Linear;
use super::params::Path;
use crate::tape::Var;

/// A linear map of the steps of each variable, and dropout.
#[derive(Clone, Copy, Debug)]
pub struct InvertedEmbedding {
    linear: Linear,
    dropout: f32,
}

impl InvertedEmbedding {
    /// Declares `weight [hidden, steps]` and `bias [hidden]`.
    pub fn new(path: &Path<'_>, [steps, hidden]: [usize; 2], dropout: f32) -> Self {
        Self { linear: Linear::new(path, steps, hidden), dropout }
    }

    /// Declares a layer that upstream has but never uses, so that it is not trained.
    pub fn unused(path: &Path<'_>, [steps, hidden]: [usize; 2], dropout: f32) -> Self {
        Self { linear: Linear::unused(path, steps, hidden), dropout }
    }

    /// The tokens `[B, C, D]` of variables `[B, C, T]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.linear.forward(x).dropout(self.dropout)
    }
}
