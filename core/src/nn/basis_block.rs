//! A block of basis functions: a perceptron weighs them. Upstream: `NBEATSBlock`, `create_stack`.

use super::basis::Basis;
use super::block_mlp::{BlockMlp, BlockMlpOptions};
use super::params::Path;
use crate::tape::Var;

/// Maps what is known of a window to the weights of its basis.
#[derive(Clone, Debug)]
pub struct BasisBlock {
    mlp: BlockMlp,
    basis: Basis,
}

impl BasisBlock {
    /// Blocks that see `inputs` numbers: `counts[i]` in the `i`-th stack, whose basis is `basis(i, path)`. With `shared`
    /// the blocks of a stack are one and the same.
    pub fn stacks(
        path: &Path<'_>,
        inputs: usize,
        (counts, shared): (&[usize], bool),
        mlp: BlockMlpOptions<'_>,
        basis: impl Fn(usize, &Path<'_>) -> Basis,
    ) -> Vec<Self> {
        let mut blocks: Vec<Self> = Vec::new();
        for (stack, count) in counts.iter().enumerate() {
            for i in 0..*count {
                let at = path.sub(blocks.len());
                let (layers, functions) = (at.sub("layers"), at.sub("basis"));
                blocks.push(match blocks.last() {
                    Some(before) if shared && i > 0 => {
                        before.mlp.tie(&layers, mlp);
                        before.basis.tie(&functions);
                        before.clone()
                    }
                    _ => {
                        let basis = basis(stack, &functions);
                        Self { mlp: BlockMlp::new(&layers, inputs, basis.thetas(), mlp), basis }
                    }
                });
            }
        }
        blocks
    }

    /// Backcast `[B, L]` and forecast `[B, h, O]` from `x` `[B, inputs]`; `exogenous` as [`Basis::forward`] wants it.
    pub fn forward<'t>(&self, x: Var<'t>, exogenous: Option<Var<'t>>) -> (Var<'t>, Var<'t>) {
        self.basis.forward(self.mlp.forward(x), exogenous)
    }
}
