//! Softmax, log-softmax, layer and group normalisation along the last axis.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::elementwise::column_sums_add;
use crate::kernels::norm as kernels;
use crate::kernels::softmax::{log_softmax, log_softmax_grad, softmax, softmax_grad};

/// `y = e^x / Σ e^x`; `dx = y ⊙ (g - Σ g ⊙ y)`.
struct Softmax;

impl Op for Softmax {
    fn describe(&self) -> Description {
        Description::new("softmax")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        softmax(x.data(0), out.shape.last(), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| softmax_grad(b.output(), b.grad(), b.shape().last(), dx));
    }

    fn reads(&self) -> Reads {
        Reads::Output
    }
}

/// `y = x - ln Σ e^x`; `dx = g - e^y Σ g`.
struct LogSoftmax;

impl Op for LogSoftmax {
    fn describe(&self) -> Description {
        Description::new("log_softmax")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        log_softmax(x.data(0), out.shape.last(), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| log_softmax_grad(b.output(), b.grad(), b.shape().last(), dx));
    }

    fn reads(&self) -> Reads {
        Reads::Output
    }
}

/// `y = (x - mean) / √(variance + ε) ⊙ w + b`; derivatives are in [`kernels`].
struct LayerNorm {
    eps: f32,
}

impl Op for LayerNorm {
    fn describe(&self) -> Description {
        Description::new("layer_norm").with("eps", self.eps)
    }

    fn kept(&self, _x: &Inputs<'_>, shape: Shape) -> usize {
        2 * (shape.size() / shape.last().max(1))
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.keep(self.kept(x, out.shape));
        kernels::layer_norm(x.data(0), x.data(1), x.data(2), self.eps, out.data, out.kept);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            kernels::layer_norm_grad(b.input(0), b.input(1), b.kept(), b.grad(), dx);
        });
        b.accumulate(1, |b, dw| {
            kernels::layer_norm_weight_grad(b.input(0), b.kept(), b.grad(), dw);
        });
        b.accumulate(2, |b, db| column_sums_add(b.compute(), b.grad(), b.shape().last(), db));
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

/// `y = (x - mean) / √(variance + ε) ⊙ w` of each of equal parts of the last axis.
struct GroupNorm {
    groups: usize,
    eps: f32,
}

impl GroupNorm {
    fn columns(&self, shape: Shape) -> usize {
        shape.last() / self.groups
    }
}

impl Op for GroupNorm {
    fn describe(&self) -> Description {
        Description::new("group_norm").with("groups", self.groups).with("eps", self.eps)
    }

    fn kept(&self, _x: &Inputs<'_>, shape: Shape) -> usize {
        2 * (shape.size() / self.columns(shape))
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.keep(self.kept(x, out.shape));
        let columns = self.columns(out.shape);
        kernels::group_norm(x.data(0), x.data(1), columns, self.eps, out.data, out.kept);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let columns = self.columns(b.shape());
        b.accumulate(0, |b, dx| {
            kernels::group_norm_grad(b.input(0), b.input(1), columns, b.kept(), b.grad(), dx);
        });
        b.accumulate(1, |b, dw| {
            kernels::group_norm_weight_grad(b.input(0), columns, b.kept(), b.grad(), dw);
        });
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// Softmax over the last axis. A number of `-∞` is masked.
    pub fn softmax(self) -> Self {
        self.tape.record(Softmax, &[self], self.shape())
    }

    /// The logarithm of the softmax over the last axis.
    pub fn log_softmax(self) -> Self {
        self.tape.record(LogSoftmax, &[self], self.shape())
    }

    /// Normalises the last axis to mean 0 and variance 1, then multiplies by `weight` and adds `bias`.
    #[track_caller]
    pub fn layer_norm(self, weight: Var<'t>, bias: Var<'t>, eps: f32) -> Self {
        let sizes = [self.shape().last(), weight.shape().size(), bias.shape().size()];
        assert!(sizes[1..] == [sizes[0]; 2], "rows, weight and bias have {sizes:?} numbers");
        self.tape.record(LayerNorm { eps }, &[self, weight, bias], self.shape())
    }

    /// Normalises each of so many equal parts of the last axis to mean 0 and variance 1, then multiplies by `weight`, which has a
    /// number for each place of the axis.
    #[track_caller]
    pub fn group_norm(self, groups: usize, weight: Var<'t>, eps: f32) -> Self {
        let columns = self.shape().last();
        let fits = groups > 0 && columns >= groups && columns.is_multiple_of(groups);
        assert!(fits && weight.shape().size() == columns, "{groups} groups of {columns} columns");
        self.tape.record(GroupNorm { groups, eps }, &[self, weight], self.shape())
    }
}
