//! A block: a multilayer perceptron and the basis that its outputs are coefficients of. Upstream: `NBEATSBlock`, `create_stack`.

use super::basis::Basis;
use super::block_mlp::{BlockMlp, BlockMlpOptions};
use super::params::Path;
use crate::tape::Var;

/// Maps the inputs of a window to the coefficients of its basis.
#[derive(Clone, Debug)]
pub struct BasisBlock {
    mlp: BlockMlp,
    basis: Basis,
}

impl BasisBlock {
    /// Blocks with `inputs` inputs: `counts[i]` of them in the `i`-th stack, whose basis is `basis(i, path)`. With `shared` the
    /// blocks of a stack share their parameters.
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

    /// Backcast `[B, L]` and forecast `[B, h, O]` from `x` `[B, inputs]`; `exogenous` is as for [`Basis::forward`].
    pub fn forward<'t>(&self, x: Var<'t>, exogenous: Option<Var<'t>>) -> (Var<'t>, Var<'t>) {
        self.basis.forward(self.mlp.forward(x), exogenous)
    }
}
