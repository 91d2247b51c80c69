//! A forecast from all tokens of a series at once: they are joined to one vector, which a linear map makes the outputs of.
//! Upstream: `models/patchtst.py: Flatten_Head`, `models/timexer.py: FlattenHead`.

use super::linear::Linear;
use super::params::Path;
use crate::tape::Var;

/// A linear map of all tokens of a series, and dropout of its outputs.
#[derive(Clone, Copy, Debug)]
pub struct FlattenHead {
    linear: Linear,
    dropout: f32,
}

impl FlattenHead {
    /// Declares `linear` for `tokens` of `hidden` numbers each.
    pub fn new(
        path: &Path<'_>,
        [tokens, hidden]: [usize; 2],
        outputs: usize,
        dropout: f32,
    ) -> Self {
        let inputs = tokens.saturating_mul(hidden);
        Self { linear: Linear::new(&path.sub("linear"), inputs, outputs), dropout }
    }

    /// The outputs `[R, O]` of series with the tokens `[R, P, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        // As upstream, a number's place among all tokens comes after its place in a token.
        let joined = x.transpose().reshape([x.dim(0), x.dim(1) * x.dim(2)]);
        self.linear.forward(joined).dropout(self.dropout)
    }
}
