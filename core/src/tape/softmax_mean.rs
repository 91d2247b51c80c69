//! Softmax-weighted means of the values of a window: `y = Σ p ⊙ v`, `dw = g ⊙ p ⊙ (v - y)`, `dv = Σ g ⊙ p`.

use super::{Backward, Description, Inputs, Op, Output, Shape, Var};
use crate::kernels::softmax_mean as kernels;

/// Inputs: the logits of the weights, and the values. Keeps the weights.
struct SoftmaxMean;

impl Op for SoftmaxMean {
    fn describe(&self) -> Description {
        Description::new("softmax_mean")
    }

    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        x.shape(0).size()
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.keep(self.kept(x, out.shape));
        let len = x.shape(1).last();
        kernels::softmax_mean(x.compute(), x.data(0), x.data(1), len, out.kept, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let len = b.input_shape(1).last();
        b.accumulate(0, |b, dw| {
            kernels::softmax_mean_grad(
                b.compute(),
                b.grad(),
                b.kept(),
                b.input(1),
                b.output(),
                len,
                dw,
            );
        });
        b.accumulate(1, |b, dv| kernels::softmax_mean_values_grad(b.grad(), b.kept(), len, dv));
    }
}

impl<'t> Var<'t> {
    /// Weighted means of `values` `[B, L]`: `[B, n]`. The weights of each are the softmax along `L` of a column of `self`
    /// `[B, L, n]`.
    #[track_caller]
    pub fn softmax_mean(self, values: Var<'t>) -> Self {
        let (w, v) = (self.shape(), values.shape());
        assert!(w.rank() == 3 && w.dims()[..2] == *v.dims(), "weights {w:?} of values {v:?}");
        self.tape.record(SoftmaxMean, &[self, values], [w.dims()[0], w.dims()[2]])
    }
}
