//! Arithmetic with NumPy's broadcasting, and with constants.

use std::marker::PhantomData;
use std::ops;

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::broadcast::{self, Binary, Runs};
use crate::kernels::elementwise as kernels;
use crate::kernels::matmul::Mode;

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

impl<F: Binary + 'static> Zip<F> {
    /// The inputs, if the derivatives depend on them.
    fn inputs<'a>(b: &'a Backward<'_>) -> [&'a [f32]; 2] {
        if F::SUBTRACTS.is_some() { [&[]; 2] } else { [b.input(0), b.input(1)] }
    }
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
        // The gradient of a term with the shape of the sum is that of the sum.
        let is_term = |i| F::SUBTRACTS.is_some() && b.input_shape(i) == b.shape();
        let terms = [is_term(0), is_term(1)];
        if !terms[0] {
            b.accumulate(0, |b, da| {
                let [x, y] = Self::inputs(b);
                broadcast::zip_grad_a::<F>(&runs, x, y, b.grad(), da);
            });
        }
        if !terms[1] {
            b.accumulate(1, |b, db| {
                let [x, y] = Self::inputs(b);
                broadcast::zip_grad_b::<F>(&runs, x, y, b.grad(), db);
            });
        }
        if terms == [true; 2] {
            b.set_or_add(0, |b, da, mode| match mode {
                Mode::Write => da.copy_from_slice(b.grad()),
                Mode::Add => kernels::add_assign(da, b.grad()),
            });
        }
        if terms != [false; 2] {
            let mut g = b.take_grad();
            if terms[1] && F::SUBTRACTS == Some(true) {
                kernels::scale(&mut g, -1.0);
            }
            let spare = b.hand_over(usize::from(terms[1]), g);
            b.give_grad(spare);
        }
    }

    fn reads(&self) -> Reads {
        if F::SUBTRACTS.is_some() { Reads::Nothing } else { Reads::Inputs }
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
        let mut g = b.take_grad();
        kernels::scale(&mut g, self.0);
        let spare = b.hand_over(0, g);
        b.give_grad(spare);
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
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
        let g = b.take_grad();
        let spare = b.hand_over(0, g);
        b.give_grad(spare);
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
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

    fn reads(&self) -> Reads {
        Reads::Inputs
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
