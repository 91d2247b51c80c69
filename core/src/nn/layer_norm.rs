//! Layer normalisation. Upstream: `torch.nn.LayerNorm`, and of the package `xlstm` `components/ln.py`.

use super::params::{Init, Path};
use crate::tape::{Param, Var};

/// Torch's default.
const EPS: f32 = 1e-5;

/// Normalises the last axis, or the last two axes together, to mean 0 and variance 1; then applies a weight, initially 1,
/// and a bias, initially 0.
#[derive(Clone, Copy, Debug)]
pub struct LayerNorm {
    weight: Param,
    bias: Param,
    eps: f32,
}

impl LayerNorm {
    /// Declares `weight [size]` and `bias [size]`.
    pub fn new(path: &Path<'_>, size: usize) -> Self {
        Self {
            weight: path.param("weight", [size], Init::Constant(1.0)),
            bias: path.param("bias", [size], Init::Constant(0.0)),
            eps: EPS,
        }
    }

    /// Declares a layer that upstream has but never uses, so that it is not trained.
    pub fn unused(path: &Path<'_>, size: usize) {
        for (name, value) in [("weight", 1.0), ("bias", 0.0)] {
            path.untrained(name, [size], Init::Constant(value));
        }
    }

    /// Declares `weight` and `bias` of the last two axes.
    pub fn of_shape(path: &Path<'_>, shape: [usize; 2]) -> Self {
        Self {
            weight: path.param("weight", shape, Init::Constant(1.0)),
            bias: path.param("bias", shape, Init::Constant(0.0)),
            eps: EPS,
        }
    }

    /// Sets the number that is added to the variance.
    #[must_use]
    pub fn eps(self, eps: f32) -> Self {
        Self { eps, ..self }
    }

    /// Normalises the last axis of `x`, or the last two.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, shape, size) = (x.tape(), x.shape(), self.weight.shape.size());
        let rows = x.reshape([shape.size() / size, size]);
        rows.layer_norm(tape.param(self.weight), tape.param(self.bias), self.eps).reshape(shape)
    }
}

/// Normalises each of some equal parts of the last axis to mean 0 and variance 1; then multiplies by 1 plus a weight, initially 0.
#[derive(Clone, Copy, Debug)]
pub struct ResidualNorm {
    weight: Param,
    groups: usize,
}

impl ResidualNorm {
    /// Declares `weight [size]`.
    pub fn new(path: &Path<'_>, size: usize, groups: usize) -> Self {
        Self { weight: path.param("weight", [size], Init::Constant(0.0)), groups }
    }

    /// Normalises the parts of the last axis of `x`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.group_norm(self.groups, x.tape().param(self.weight).add_scalar(1.0), EPS)
    }
}
