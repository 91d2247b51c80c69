//! The affine map `y = x·Wᵀ + b`: `dx = g·W`, `dW = gᵀ·x`, `db = Σ g`.

use super::{Backward, Inputs, Op, Output, Var};
use crate::kernels::elementwise::column_sums_add;
use crate::kernels::matmul::{Mat, Mode, linear, matmul};

#[derive(Debug)]
struct Linear;

impl Op for Linear {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let bias = (x.count() == 3).then(|| x.data(2));
        let (k, n) = (x.shape(0).last(), out.shape.last());
        linear(x.data(0), x.data(1), bias, out.data, k, n);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (k, n) = (b.input_shape(0).last(), b.shape().last());
        let rows = b.shape().size() / n.max(1);
        b.accumulate(0, |b, dx| {
            matmul(Mat::new(b.grad(), rows, n), Mat::new(b.input(1), n, k), dx, Mode::Add);
        });
        b.accumulate(1, |b, dw| {
            matmul(Mat::new(b.grad(), rows, n).t(), Mat::new(b.input(0), rows, k), dw, Mode::Add);
        });
        if b.count() == 3 {
            b.accumulate(2, |b, db| column_sums_add(b.grad(), n, db));
        }
    }
}

impl<'t> Var<'t> {
    /// `x·Wᵀ + b` over the last axis; `weight` is `[out, in]`, `bias` is `[out]`.
    #[track_caller]
    pub fn linear(self, weight: Var<'t>, bias: Option<Var<'t>>) -> Self {
        let (shape, n) = (self.shape(), weight.dim(0));
        assert_eq!(shape.last(), weight.dim(1), "x is {shape:?}, the weight {:?}", weight.shape());
        let out = shape.with(shape.rank() - 1, n);
        match bias {
            Some(bias) => self.tape.record(Linear, &[self, weight, bias], out),
            None => self.tape.record(Linear, &[self, weight], out),
        }
    }
}
