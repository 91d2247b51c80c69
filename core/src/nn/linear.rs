//! Affine layers and the multilayer perceptron. Upstream: `torch.nn.Linear`, `common/_modules.py: MLP`.

use super::activation::{Activate, Activation};
use super::params::{Init, Path};
use crate::tape::{Param, Tape, Var};

/// `y = x·Wᵀ + b`, initialised as in torch: uniform in `±1/√in`.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    weight: Param,
    bias: Option<Param>,
}

impl Linear {
    /// Declares `weight [outputs, inputs]` and `bias [outputs]`.
    pub fn new(path: &Path<'_>, inputs: usize, outputs: usize) -> Self {
        let weight = Self::without_bias(path, inputs, outputs).weight;
        Self { weight, bias: Some(path.param("bias", [outputs], Self::init(inputs))) }
    }

    /// Declares `weight [outputs, inputs]`: `y = x·Wᵀ`.
    pub fn without_bias(path: &Path<'_>, inputs: usize, outputs: usize) -> Self {
        Self { weight: path.param("weight", [outputs, inputs], Self::init(inputs)), bias: None }
    }

    /// Declares `weight [outputs, inputs]`, normal with this standard deviation, and with `bias` a `bias [outputs]` of zeros.
    pub fn normal(
        path: &Path<'_>,
        [inputs, outputs]: [usize; 2],
        deviation: f32,
        bias: bool,
    ) -> Self {
        Self {
            weight: path.param("weight", [outputs, inputs], Init::Normal(deviation)),
            bias: bias.then(|| path.param("bias", [outputs], Init::Constant(0.0))),
        }
    }

    /// Declares a convolution of width 1, which is an affine map of the channels of each step: `weight [outputs, inputs, 1]`
    /// and, with `bias`, `bias [outputs]`.
    pub fn pointwise(path: &Path<'_>, inputs: usize, outputs: usize, bias: bool) -> Self {
        let weight = path.param("weight", [outputs, inputs, 1], Self::init(inputs));
        Self { weight, bias: bias.then(|| path.param("bias", [outputs], Self::init(inputs))) }
    }

    /// Declares a layer that upstream has but never uses, so that it is not trained.
    pub fn unused(path: &Path<'_>, inputs: usize, outputs: usize) -> Self {
        let init = Self::init(inputs);
        let weight = path.untrained("weight", [outputs, inputs], init);
        Self { weight, bias: Some(path.untrained("bias", [outputs], init)) }
    }

    fn init(inputs: usize) -> Init {
        Init::Uniform(1.0 / (inputs.max(1) as f32).sqrt())
    }

    /// Declares that upstream has the same layer at another path too.
    pub fn tie(&self, path: &Path<'_>) {
        path.tie("weight", self.weight);
        self.bias.iter().for_each(|bias| path.tie("bias", *bias));
    }

    /// Numbers that it maps.
    pub fn inputs(&self) -> usize {
        self.weight.shape.dims()[1]
    }

    /// Weight `[outputs, inputs]` and bias as values on a tape.
    pub fn on<'t>(&self, tape: &'t Tape) -> (Var<'t>, Option<Var<'t>>) {
        let (weight, shape) = (tape.param(self.weight), self.weight.shape.dims());
        let weight = if shape.len() == 2 { weight } else { weight.reshape([shape[0], shape[1]]) };
        (weight, self.bias.map(|bias| tape.param(bias)))
    }

    /// Applies it to the last axis of `x`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (weight, bias) = self.on(x.tape());
        x.linear(weight, bias)
    }

    /// Applies it to the parts that are present, which lie side by side along the last axis: `Σ xᵢ·Wᵢᵀ + b`. A part of size 1 along
    /// another axis is the same everywhere along it.
    pub fn forward_parts<'t, const N: usize>(&self, parts: [Option<Var<'t>>; N]) -> Var<'t> {
        let (mut sum, mut place) = (None, 0);
        for x in parts.into_iter().flatten() {
            let (weight, bias) = self.on(x.tape());
            let size = x.shape().last();
            let weight = weight.slice(1, place, size);
            place += size;
            // The last part is added with the bias.
            let of_part = x.linear(weight, bias.filter(|_| place == self.inputs()));
            sum = Some(sum.map_or(of_part, |sum| sum + of_part));
        }
        assert_eq!(place, self.inputs(), "parts of all inputs");
        sum.expect("at least one part")
    }

    /// Outputs `first..first + n`, applied to the last axis of `x`.
    pub fn forward_outputs<'t>(&self, x: Var<'t>, first: usize, n: usize) -> Var<'t> {
        let (weight, bias) = self.on(x.tape());
        x.linear(weight.slice(0, first, n), bias.map(|bias| bias.slice(0, first, n)))
    }

    /// Outputs `first..first + n`, applied to the first axis of `x`.
    pub fn forward_first_outputs<'t>(&self, x: Var<'t>, first: usize, n: usize) -> Var<'t> {
        let (weight, bias) = self.on(x.tape());
        x.linear_first(weight.slice(0, first, n), bias.map(|bias| bias.slice(0, first, n)))
    }

    /// Applies it to the last axis of `x`, then a rectifier.
    pub fn forward_relu<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (weight, bias) = self.on(x.tape());
        x.linear_relu(weight, bias)
    }

    /// Applies it to the last axis of `x`, then an activation.
    pub fn forward_then<'t>(&self, x: Var<'t>, activate: &Activate) -> Var<'t> {
        match activate.kind() {
            Activation::Relu => self.forward_relu(x),
            _ => activate.forward(self.forward(x)),
        }
    }

    /// Applies it to the first axis of `x`.
    pub fn forward_first<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (weight, bias) = self.on(x.tape());
        x.linear_first(weight, bias)
    }
}

/// Affine layers with an activation between them; one layer alone has none.
#[derive(Clone, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    activate: Option<Activate>,
    dropout: f32,
}

impl Mlp {
    /// `layers` affine layers of width `hidden`, the last one to `outputs`.
    pub fn new(
        path: &Path<'_>,
        [inputs, hidden, outputs]: [usize; 3],
        layers: usize,
        activation: Activation,
    ) -> Self {
        // Upstream: linear, activation, dropout, linear, …
        let shared = (layers > 1).then(|| Activate::new(&path.sub("activation"), activation));
        let path = path.sub("layers");
        let place = |i: usize| path.sub(3 * i);
        let layers = super::layers(layers, |i| {
            let (from, to) = (
                if i == 0 { inputs } else { hidden },
                if i + 1 == layers { outputs } else { hidden },
            );
            if let Some(activate) = shared.filter(|_| i + 1 < layers) {
                activate.tie(&path.sub(3 * i + 1));
            }
            Linear::new(&place(i), from, to)
        });
        Self { layers, activate: shared, dropout: 0.0 }
    }

    /// Sets the dropout after each activation.
    #[must_use]
    pub fn dropout(self, dropout: f32) -> Self {
        Self { dropout, ..self }
    }

    /// Applies it to the last axis of `x`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (last, hidden) = self.layers.split_last().expect("at least one layer");
        let x = hidden.iter().fold(x, |x, layer| match &self.activate {
            Some(activate) => layer.forward_then(x, activate).dropout(self.dropout),
            None => layer.forward(x),
        });
        last.forward(x)
    }
}
