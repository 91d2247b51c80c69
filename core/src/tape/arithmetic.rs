//! Arithmetic with NumPy's broadcasting, and with constants.

use std::marker::PhantomData;
use std::ops;

use super::{Backward, Description, Inputs, Op, Output, Shape, Var};
use crate::kernels::broadcast::{self, Binary, Runs};
use crate::kernels::elementwise as kernels;

/// A function of two broadcast inputs, and its name.
struct Zip<F> {
    name: &'static str,
    function: PhantomData<fn() -> F>,
}

/// How the operation iterates over its output and its inputs.
fn runs(shape: Shape, inputs: [Shape; 2]) -> Runs {
    let [a, b] = inputs.map(|input| input.strides_within(shape));
    let rank = shape.rank();
    Runs::new(shape.dims(), [&a[..rank], &b[..rank]])
}

impl<F: Binary + 'static> Op for Zip<F> {
    fn describe(&self) -> Description {
        Description::new(self.name)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let runs = runs(out.shape, [x.shape(0), x.shape(1)]);
        broadcast::zip::<F>(&runs, x.data(0), x.data(1), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let runs = runs(b.shape(), [b.input_shape(0), b.input_shape(1)]);
        b.accumulate(0, |b, da| {
            broadcast::zip_grad_a::<F>(&runs, b.input(0), b.input(1), b.grad(), da);
        });
        b.accumulate(1, |b, db| {
            broadcast::zip_grad_b::<F>(&runs, b.input(0), b.input(1), b.grad(), db);
        });
    }
}

/// `a·x`.
struct Scale(f32);

impl Op for Scale {
    fn describe(&self) -> Description {
        Description::new("scale").with("factor", self.0)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.data.copy_from_slice(x.data(0));
        kernels::scale(out.data, self.0);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| kernels::axpy(dx, self.0, b.grad()));
    }
}

/// `x + c`.
struct Offset(f32);

impl Op for Offset {
    fn describe(&self) -> Description {
        Description::new("add_scalar").with("number", self.0)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.data.copy_from_slice(x.data(0));
        kernels::add_scalar(out.data, self.0);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| kernels::add_assign(dx, b.grad()));
    }
}

/// `min(max(x, low), high)`. The derivative is 1 between the limits and 0 at them, as in torch.
struct Clamp {
    low: f32,
    high: f32,
}

impl Op for Clamp {
    fn describe(&self) -> Description {
        let limits = [("low", self.low), ("high", self.high)];
        let there = limits.into_iter().filter(|(_, limit)| limit.is_finite());
        there.fold(Description::new("clamp"), |clamp, (name, limit)| clamp.with(name, limit))
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        kernels::clamp(x.data(0), [self.low, self.high], out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            kernels::clamp_grad(b.input(0), [self.low, self.high], b.grad(), dx);
        });
    }
}

impl Var<'_> {
    /// Every number times a constant.
    pub fn scale(self, factor: f32) -> Self {
        self.tape.record(Scale(factor), &[self], self.shape())
    }

    /// Every number plus a constant.
    pub fn add_scalar(self, number: f32) -> Self {
        self.tape.record(Offset(number), &[self], self.shape())
    }

    /// Every number, clamped to `low..=high`.
    pub fn clamp(self, low: f32, high: f32) -> Self {
        self.tape.record(Clamp { low, high }, &[self], self.shape())
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl ops::$trait for Var<'_> {
            type Output = Self;

            #[track_caller]
            fn $method(self, other: Self) -> Self {
                let shape = self.shape().broadcast(other.shape());
                let (name, function) = (stringify!($method), PhantomData);
                let op = Zip::<broadcast::$trait> { name, function };
                self.tape.record(op, &[self, other], shape)
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);
