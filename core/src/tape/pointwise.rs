//! Functions of one number at a time: `y = f(x)`, `dx = f'(x) ⊙ g`.

use std::marker::PhantomData;

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};
use crate::kernels::pointwise::{self as kernels, Saved, Unary};

/// A function and its name.
struct Pointwise<U> {
    name: &'static str,
    function: PhantomData<fn() -> U>,
}

impl<U: Unary + 'static> Op for Pointwise<U> {
    fn describe(&self) -> Description {
        Description::new(self.name)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        kernels::map::<U>(x.compute(), x.data(0), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let mut g = b.take_grad();
        let saved = match U::SAVED {
            Saved::Input => b.input(0),
            Saved::Output => b.output(),
        };
        kernels::mul_derivative::<U>(b.compute(), saved, &mut g);
        let spare = b.hand_over(0, g);
        b.give_grad(spare);
    }

    fn reads(&self) -> Reads {
        match U::SAVED {
            Saved::Input => Reads::Inputs,
            Saved::Output => Reads::Output,
        }
    }
}

/// `y = x` where `x > 0`, else `w·x`, with a learned `w`.
struct Prelu;

impl Op for Prelu {
    fn describe(&self) -> Description {
        Description::new("prelu")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        kernels::prelu(x.data(0), x.data(1)[0], out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            kernels::prelu_grad(b.input(0), b.input(1)[0], b.grad(), dx, &mut 0.0);
        });
        b.accumulate(1, |b, dw| {
            let negative = |(x, g): (&f32, &f32)| if *x < 0.0 { f64::from(x * g) } else { 0.0 };
            dw[0] += b.input(0).iter().zip(b.grad()).map(negative).sum::<f64>() as f32;
        });
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

macro_rules! methods {
    ($($(#[doc = $doc:literal])* $method:ident: $unary:ident,)*) => {
        impl<'t> Var<'t> {
            $($(#[doc = $doc])*
            pub fn $method(self) -> Self {
                self.pointwise::<kernels::$unary>(stringify!($method))
            })*
        }
    };
}

methods! {
    /// `max(x, 0)`; its derivative at 0 is 0.
    relu: Relu,
    /// `x` where positive, else `0.01·x`.
    leaky_relu: LeakyRelu,
    /// `x` where positive, else `exp(x) - 1`.
    elu: Elu,
    /// The self-normalising unit of Klambauer et al. 2017.
    selu: Selu,
    /// `x·Φ(x)`, exact.
    gelu: Gelu,
    /// `x·Φ(x)` with Φ by the hyperbolic tangent.
    gelu_tanh: GeluTanh,
    /// `x·σ(x)`.
    silu: Silu,
    /// `x·tanh(softplus(x))`.
    mish: Mish,
    /// `log(1 + exp(x))`; `x` above 20, as torch.
    softplus: Softplus,
    /// `1 / (1 + exp(-x))`.
    sigmoid: Sigmoid,
    /// Hyperbolic tangent.
    tanh: Tanh,
    /// `x / (1 + |x|)`.
    softsign: Softsign,
    /// `log σ(x)`.
    log_sigmoid: LogSigmoid,
    /// `x` beyond `±0.5`, else 0.
    hardshrink: Hardshrink,
    /// `x` moved towards 0 by 0.5; 0 within `±0.5`.
    softshrink: Softshrink,
    /// `x` clamped to `±1`.
    hardtanh: Hardtanh,
    /// `x·clamp(x + 3, 0, 6) / 6`.
    hardswish: Hardswish,
    /// Natural exponential.
    exp: Exp,
    /// Natural logarithm.
    log: Log,
    /// Square root.
    sqrt: Sqrt,
    /// Magnitude; its derivative at 0 is 0.
    abs: Abs,
    /// `x²`.
    square: Square,
}

impl<'t> Var<'t> {
    fn pointwise<U: Unary + 'static>(self, name: &'static str) -> Self {
        let function = PhantomData::<fn() -> U>;
        self.tape.record(Pointwise { name, function }, &[self], self.shape())
    }

    /// `x` where positive, else `weight·x`; `weight` has one number.
    pub fn prelu(self, weight: Var<'t>) -> Self {
        self.tape.record(Prelu, &[self, weight], self.shape())
    }
}

impl std::ops::Neg for Var<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        self.pointwise::<kernels::Neg>("neg")
    }
}
