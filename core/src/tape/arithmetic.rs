//! Sums, differences and products with NumPy's broadcasting, scaling by constants, and reductions.

use std::ops;

use super::{Backward, Inputs, Op, Output, Shape, Var};
use crate::kernels::elementwise as kernels;
use crate::kernels::reduce;

/// One run of the innermost axis: offsets into the output and both inputs, and how far the inputs move per number.
#[derive(Clone, Copy)]
struct Run {
    out: usize,
    at: [usize; 2],
    step: [usize; 2],
    len: usize,
}

/// Visits the runs of a broadcast binary operation.
fn runs(shape: Shape, inputs: [Shape; 2], mut visit: impl FnMut(Run)) {
    let strides = inputs.map(|s| s.strides_within(shape));
    let dims = shape.dims();
    let Some(inner) = dims.len().checked_sub(1) else {
        return visit(Run { out: 0, at: [0; 2], step: [0; 2], len: 1 });
    };
    let step = strides.map(|s| s[inner]);
    let len = dims[inner];
    for outer in 0..dims[..inner].iter().product() {
        let (mut rest, mut at) = (outer, [0; 2]);
        for axis in (0..inner).rev() {
            let i = rest % dims[axis];
            rest /= dims[axis];
            at[0] += i * strides[0][axis];
            at[1] += i * strides[1][axis];
        }
        visit(Run { out: outer * len, at, step, len });
    }
}

/// `f` of two broadcast inputs.
fn zip(x: &Inputs<'_>, out: &mut Output<'_>, f: impl Fn(f32, f32) -> f32) {
    let (a, b) = (x.data(0), x.data(1));
    runs(out.shape, [x.shape(0), x.shape(1)], |r| {
        for (i, y) in out.data[r.out..r.out + r.len].iter_mut().enumerate() {
            *y = f(a[r.at[0] + i * r.step[0]], b[r.at[1] + i * r.step[1]]);
        }
    });
}

/// Adds `f(gradient, the other input)` to the gradient of input `i`, summed over broadcast axes.
fn zip_grad(b: &mut Backward<'_>, i: usize, f: impl Fn(f32, f32) -> f32) {
    let (shape, inputs) = (b.shape(), [b.input_shape(0), b.input_shape(1)]);
    b.accumulate(i, |b, dx| {
        let (g, other) = (b.grad(), b.input(1 - i));
        runs(shape, inputs, |r| {
            for j in 0..r.len {
                let value = f(g[r.out + j], other[r.at[1 - i] + j * r.step[1 - i]]);
                dx[r.at[i] + j * r.step[i]] += value;
            }
        });
    });
}

fn same_shapes(x: &Inputs<'_>) -> bool {
    x.shape(0) == x.shape(1)
}

/// `a + b`.
#[derive(Debug)]
struct Add;

impl Op for Add {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        if same_shapes(x) {
            kernels::add(x.data(0), x.data(1), out.data);
        } else {
            zip(x, out, |a, b| a + b);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        for i in 0..2 {
            if b.input_shape(i) == b.shape() {
                b.accumulate(i, |b, dx| kernels::add_assign(dx, b.grad()));
            } else {
                zip_grad(b, i, |g, _| g);
            }
        }
    }
}

/// `a - b`.
#[derive(Debug)]
struct Sub;

impl Op for Sub {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        if same_shapes(x) {
            kernels::sub(x.data(0), x.data(1), out.data);
        } else {
            zip(x, out, |a, b| a - b);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        zip_grad(b, 0, |g, _| g);
        if b.input_shape(1) == b.shape() {
            b.accumulate(1, |b, dx| kernels::sub_assign(dx, b.grad()));
        } else {
            zip_grad(b, 1, |g, _| -g);
        }
    }
}

/// `a ⊙ b`; `da = g ⊙ b`, `db = g ⊙ a`.
#[derive(Debug)]
struct Mul;

impl Op for Mul {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        if same_shapes(x) {
            kernels::mul(x.data(0), x.data(1), out.data);
        } else {
            zip(x, out, |a, b| a * b);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        for i in 0..2 {
            if b.input_shape(0) == b.input_shape(1) {
                b.accumulate(i, |b, dx| kernels::mul_add_assign(dx, b.grad(), b.input(1 - i)));
            } else {
                zip_grad(b, i, |g, other| g * other);
            }
        }
    }
}

/// `a·x`.
#[derive(Debug)]
struct Scale(f32);

impl Op for Scale {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.data.copy_from_slice(x.data(0));
        kernels::scale(out.data, self.0);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| kernels::axpy(dx, self.0, b.grad()));
    }
}

/// The sum of everything.
#[derive(Debug)]
struct Sum;

impl Op for Sum {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.data[0] = reduce::sum(x.data(0));
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            let g = b.grad()[0];
            dx.iter_mut().for_each(|d| *d += g);
        });
    }
}

impl Var<'_> {
    /// The sum of all its numbers: a scalar.
    pub fn sum(self) -> Self {
        self.tape.record(Sum, &[self], [])
    }

    /// Every number times a constant.
    pub fn scale(self, factor: f32) -> Self {
        self.tape.record(Scale(factor), &[self], self.shape())
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:ident) => {
        impl ops::$trait for Var<'_> {
            type Output = Self;

            #[track_caller]
            fn $method(self, other: Self) -> Self {
                self.tape.record($op, &[self, other], self.shape().broadcast(other.shape()))
            }
        }
    };
}
operator!(Add, add, Add);
operator!(Sub, sub, Sub);
operator!(Mul, mul, Mul);
