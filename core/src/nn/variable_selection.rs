//! Variable selection: a weighted sum of the variables of a step, with weights that depend on all of them.
//!
//! Lim et al. 2021, <https://arxiv.org/abs/1912.09363>, equations 6 to 8. Upstream: `models/tft.py:
//! VariableSelectionNetwork`.

use super::value_embedding::EmbeddedValues;
use super::{Activation, GatedResidual, GatedResidualOptions, Init, Path, layers};
use crate::tape::Var;

/// The sizes and options of a [`VariableSelection`].
#[derive(Clone, Copy, Debug)]
pub struct VariableSelectionOptions {
    /// Number of variables.
    pub variables: usize,
    /// Size of their vectors.
    pub hidden: usize,
    /// Whether the weights depend on a context too.
    pub context: bool,
    /// Dropout of the variables' networks.
    pub dropout: f32,
    /// Activation of all networks.
    pub activation: Activation,
}

/// A gated residual network for each variable, and one that weighs their outputs.
#[derive(Clone, Debug)]
pub struct VariableSelection {
    weights: GatedResidual,
    variables: Vec<GatedResidual>,
}

impl VariableSelection {
    /// Declares `joint_grn` and `var_grns`. Upstream declares a layer for the context even where there is none.
    pub fn new(p: &Path<'_>, o: VariableSelectionOptions) -> Self {
        let network = GatedResidualOptions {
            inputs: o.hidden,
            hidden: o.hidden,
            outputs: None,
            context: false,
            dropout: o.dropout,
            activation: o.activation,
        };
        let of_all = GatedResidualOptions {
            inputs: o.hidden * o.variables,
            outputs: Some(o.variables),
            context: o.context,
            dropout: 0.0,
            ..network
        };
        let joint = p.sub("joint_grn");
        if !o.context {
            let init = Init::Uniform(1.0 / (o.hidden as f32).sqrt());
            joint.untrained("lin_c.weight", [o.hidden, o.hidden], init);
        }
        let place = |i: usize| p.sub("var_grns").sub(i);
        Self {
            weights: GatedResidual::new(&joint, of_all),
            variables: layers(o.variables, |i| GatedResidual::new(&place(i), network)),
        }
    }

    /// The weights `[.., n]` of `n` variables `[.., n]`. There are none of a single variable, whose weight is 1.
    ///
    /// The context `[B, hidden]` is that of a window: variables are `[B, T, n]`.
    pub fn weights<'t>(
        &self,
        variables: EmbeddedValues<'t>,
        context: Option<Var<'t>>,
    ) -> Option<Var<'t>> {
        let several = self.variables.len() > 1;
        several.then(|| self.weights.of_values(variables, context).softmax())
    }

    /// The sum of the variables, each through its network: `[.., hidden]`.
    pub fn forward<'t>(&self, variables: EmbeddedValues<'t>, weights: Option<Var<'t>>) -> Var<'t> {
        let through = |i: usize| self.variables[i].of_values(variables.column(i), None);
        let Some(weights) = weights else { return through(0) };
        let first = through(0).weighted(weights, 0, None);
        (1..self.variables.len()).fold(first, |sum, i| through(i).weighted(weights, i, Some(sum)))
    }
}
