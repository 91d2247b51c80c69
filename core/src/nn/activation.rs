//! Activations by their torch names.

use serde_json::Value;

use super::params::{Init, Path};
use crate::options::{OptionValue, choices};
use crate::tape::{Param, Var};

choices! {
    /// An activation, named as in torch.nn. Upstream: `common/_modules.py: ACTIVATIONS`.
    ///
    /// `GLU` and `Threshold` are in upstream's list too, but no model can be made with them: one halves the width that
    /// the next layer expects, the other needs arguments.
    pub enum Activation {
        /// `max(x, 0)`
        Relu = "ReLU",
        /// `log(1 + exp(x))`
        Softplus = "Softplus",
        /// Hyperbolic tangent.
        Tanh = "Tanh",
        /// Scaled exponential linear unit.
        Selu = "SELU",
        /// `x`, or `0.01·x` below zero.
        LeakyRelu = "LeakyReLU",
        /// `x`, or a learned multiple of it below zero.
        Prelu = "PReLU",
        /// Logistic function.
        Sigmoid = "Sigmoid",
        /// `x·Φ(x)`
        Gelu = "GELU",
        /// `x`, or `exp(x) - 1` below zero.
        Elu = "ELU",
        /// `x·σ(x)`
        Silu = "SiLU",
        /// `x·tanh(softplus(x))`
        Mish = "Mish",
        /// `x / (1 + |x|)`
        Softsign = "Softsign",
        /// `x` beyond `±0.5`, else 0.
        Hardshrink = "Hardshrink",
        /// `x` moved towards 0 by 0.5; 0 within `±0.5`.
        Softshrink = "Softshrink",
        /// `x`, or below zero a multiple of it that is drawn at random while training.
        Rrelu = "RReLU",
        /// The same as ELU, with torch's default.
        Celu = "CELU",
        /// `log σ(x)`
        LogSigmoid = "LogSigmoid",
        /// `x` clamped to `±1`.
        Hardtanh = "Hardtanh",
        /// `x·clamp(x + 3, 0, 6) / 6`
        Hardswish = "Hardswish",
        /// `x`
        Identity = "Identity",
    }
}

/// Declares an option that takes some of the activations.
macro_rules! some_activations {
    ($(#[doc = $doc:literal])* $name:ident: $($kind:ident),*) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub Activation);

        impl $name {
            const KINDS: &'static [Activation] = &[$(Activation::$kind),*];

            fn names() -> Vec<&'static str> {
                Self::KINDS.iter().map(|kind| kind.name()).collect()
            }
        }

        impl OptionValue for $name {
            fn expected() -> String {
                format!("one of {}", Self::names().join(", "))
            }
            fn ts() -> String {
                Self::names().iter().map(|n| format!("'{n}'")).collect::<Vec<_>>().join(" | ")
            }
            fn read(value: &Value) -> Option<Self> {
                Activation::read(value).filter(|kind| Self::KINDS.contains(kind)).map(Self)
            }
            fn write(&self) -> Value {
                self.0.write()
            }
        }
    };
}

some_activations! {
    /// One of the seven activations that upstream's block models take.
    BlockActivation: Relu, Softplus, Tanh, Selu, LeakyRelu, Prelu, Sigmoid
}

some_activations! {
    /// One of the eight activations of gated residual networks. `GLU` is in upstream's list too, but no forecast can be made
    /// with it: it halves the width that the next layer expects.
    GateActivation: Relu, Softplus, Tanh, Selu, LeakyRelu, Sigmoid, Elu, Gelu
}

/// An activation with its parameter, if it has one: PReLU does.
#[derive(Clone, Copy, Debug)]
pub struct Activate {
    kind: Activation,
    weight: Option<Param>,
}

impl Activate {
    /// Declares the activation at `path`. A module that upstream shares is declared once and [tied](Self::tie) elsewhere.
    pub fn new(path: &Path<'_>, kind: Activation) -> Self {
        let weight =
            (kind == Activation::Prelu).then(|| path.param("weight", [1], Init::Constant(0.25)));
        Self { kind, weight }
    }

    /// Which activation it is.
    pub fn kind(&self) -> Activation {
        self.kind
    }

    /// Declares that upstream has the same module at another path too.
    pub fn tie(&self, path: &Path<'_>) {
        if let Some(weight) = self.weight {
            path.tie("weight", weight);
        }
    }

    /// Applies it.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        match (self.kind, self.weight) {
            (Activation::Relu, _) => x.relu(),
            (Activation::Softplus, _) => x.softplus(),
            (Activation::Tanh, _) => x.tanh(),
            (Activation::Selu, _) => x.selu(),
            (Activation::LeakyRelu, _) => x.leaky_relu(),
            (Activation::Sigmoid, _) => x.sigmoid(),
            (Activation::Gelu, _) => x.gelu(),
            (Activation::Elu, _) => x.elu(),
            (Activation::Silu, _) => x.silu(),
            (Activation::Mish, _) => x.mish(),
            (Activation::Softsign, _) => x.softsign(),
            (Activation::Hardshrink, _) => x.hardshrink(),
            (Activation::Softshrink, _) => x.softshrink(),
            (Activation::Rrelu, _) => x.rrelu(),
            (Activation::Celu, _) => x.elu(),
            (Activation::LogSigmoid, _) => x.log_sigmoid(),
            (Activation::Hardtanh, _) => x.hardtanh(),
            (Activation::Hardswish, _) => x.hardswish(),
            (Activation::Identity, _) => x,
            (Activation::Prelu, weight) => {
                x.prelu(x.tape().param(weight.expect("declared with the activation")))
            }
        }
    }
}
