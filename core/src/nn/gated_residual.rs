//! Gates of the Temporal Fusion Transformer: gated residual networks and gated skip connections.
//!
//! Lim et al. 2021, <https://arxiv.org/abs/1912.09363>, equations 2 to 5. Upstream: `models/tft.py: GRN, GLU`.

use super::value_embedding::EmbeddedValues;
use super::{Activate, Activation, LayerNorm, Linear, Path};
use crate::tape::Var;

/// What upstream adds to the variance in all layer norms of the model.
const EPS: f32 = 1e-3;

/// `LayerNorm(skip + GLU(x))`, with `GLU(x) = (A·x + a) ⊙ σ(B·x + b)`.
#[derive(Clone, Copy, Debug)]
pub struct GatedSkip {
    gate: Linear,
    /// Absent for a single output, as upstream: layer normalisation would leave nothing of it.
    norm: Option<LayerNorm>,
}

impl GatedSkip {
    /// Declares `lin` at one path, with A and B in one matrix `[2·outputs, inputs]`, and the norm at another.
    pub fn new(gate: &Path<'_>, norm: &Path<'_>, inputs: usize, outputs: usize) -> Self {
        Self {
            gate: Linear::new(&gate.sub("lin"), inputs, 2 * outputs),
            norm: (outputs > 1).then(|| LayerNorm::new(norm, outputs).eps(EPS)),
        }
    }

    /// Gates the last axis of `x` and adds `skip`.
    pub fn forward<'t>(&self, x: Var<'t>, skip: Var<'t>) -> Var<'t> {
        let sum = self.gate.forward(x).glu(skip);
        self.norm.map_or(sum, |norm| norm.forward(sum))
    }
}

/// The sizes and options of a [`GatedResidual`].
#[derive(Clone, Copy, Debug)]
pub struct GatedResidualOptions {
    /// Size of the input.
    pub inputs: usize,
    /// Units of the hidden layers.
    pub hidden: usize,
    /// Size of the output where it is not `hidden`; the skip connection then has a linear layer.
    pub outputs: Option<usize>,
    /// Whether it takes a context of size `hidden`.
    pub context: bool,
    /// Dropout before the gate.
    pub dropout: f32,
    /// Activation of the first layer.
    pub activation: Activation,
}

/// A gated residual network: `LayerNorm(a + GLU(W·f(U·a + V·c + u) + w))`, with the context `c` if there is one.
#[derive(Clone, Copy, Debug)]
pub struct GatedResidual {
    input: Linear,
    context: Option<Linear>,
    activate: Activate,
    hidden: Linear,
    dropout: f32,
    gate: GatedSkip,
    skip: Option<Linear>,
}

impl GatedResidual {
    /// Declares `lin_a`, `lin_c`, `lin_i`, `glu.lin`, `out_proj` and `layer_norm.ln`.
    pub fn new(p: &Path<'_>, o: GatedResidualOptions) -> Self {
        let outputs = o.outputs.unwrap_or(o.hidden);
        Self {
            input: Linear::new(&p.sub("lin_a"), o.inputs, o.hidden),
            context: o.context.then(|| Linear::without_bias(&p.sub("lin_c"), o.hidden, o.hidden)),
            activate: Activate::new(&p.sub("activation_fn"), o.activation),
            hidden: Linear::new(&p.sub("lin_i"), o.hidden, o.hidden),
            dropout: o.dropout,
            gate: GatedSkip::new(&p.sub("glu"), &p.sub("layer_norm.ln"), o.hidden, outputs),
            skip: o.outputs.map(|outputs| Linear::new(&p.sub("out_proj"), o.inputs, outputs)),
        }
    }

    /// Maps `[.., inputs]` to `[.., outputs]`. The context `[B, hidden]` is that of a window: `a` is `[B, T, inputs]`.
    ///
    /// Without a context, one of zeros is meant, as in upstream.
    pub fn forward<'t>(&self, a: Var<'t>, context: Option<Var<'t>>) -> Var<'t> {
        let skip = self.skip.map_or(a, |skip| skip.forward(a));
        self.gated(self.input.forward(a), skip, context)
    }

    /// The same of embedded values, whose vectors are the input one after the other.
    pub fn of_values<'t>(&self, a: EmbeddedValues<'t>, context: Option<Var<'t>>) -> Var<'t> {
        let skip = self.skip.map_or_else(|| a.vectors(), |skip| a.through(&skip));
        self.gated(a.through(&self.input), skip, context)
    }

    fn gated<'t>(&self, input: Var<'t>, skip: Var<'t>, context: Option<Var<'t>>) -> Var<'t> {
        let of_context = self.context.zip(context).map(|(layer, c)| layer.forward(c).unsqueeze(1));
        let input = of_context.map_or(input, |of_context| input + of_context);
        let x = self.hidden.forward(self.activate.forward(input)).dropout(self.dropout);
        self.gate.forward(x, skip)
    }
}
