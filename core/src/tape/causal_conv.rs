//! Causal convolution of each channel by itself: `y[t] = b + Σ_k w[k] ⊙ x[t - (K - 1) + k]`; derivatives are in [`kernels`].

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::causal_conv::{self as kernels, Sizes};
use crate::kernels::elementwise::column_sums_add;

/// Inputs: x, weight, bias.
struct CausalConv;

fn sizes(x: Shape) -> Sizes {
    Sizes { steps: x.dims()[1], channels: x.dims()[2] }
}

impl Op for CausalConv {
    fn describe(&self) -> Description {
        Description::new("causal_conv")
    }

    /// The weight with channels last.
    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        x.shape(1).size()
    }

    /// The gradient of that.
    fn scratch(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        x.shape(1).size()
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let sizes = sizes(out.shape);
        out.keep(self.kept(x, out.shape));
        kernels::taps(x.data(1), sizes.channels, out.kept);
        kernels::causal_conv(x.data(0), out.kept, x.data(2), sizes, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let sizes = sizes(b.shape());
        let length = b.input_shape(1).size();
        let mut scratch = b.take_scratch(length);
        b.accumulate(0, |b, dx| kernels::causal_conv_grad(b.grad(), b.kept(), sizes, dx));
        b.accumulate(1, |b, dw| {
            let dtaps = &mut scratch[..length];
            dtaps.fill(0.0);
            kernels::causal_conv_taps_grad(b.grad(), b.input(0), sizes, dtaps);
            kernels::add_taps(dtaps, sizes.channels, dw);
        });
        b.accumulate(2, |b, db| column_sums_add(b.compute(), b.grad(), sizes.channels, db));
        b.give_scratch(scratch);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// Convolution of each channel of `[B, T, C]` with its own kernel, zeros before the first step: a step sees itself and earlier
    /// ones. `weight` is torch's for as many groups as channels, `[C, 1, K]`; `bias` is `[C]`.
    #[track_caller]
    pub fn causal_conv(self, weight: Var<'t>, bias: Var<'t>) -> Self {
        let (x, w, b) = (self.shape(), weight.shape(), bias.shape());
        let fits = x.rank() == 3 && w.rank() == 3 && w.dims()[..2] == [x.last(), 1];
        assert!(fits && b.size() == x.last(), "a causal convolution of {x:?} with {w:?} and {b:?}");
        self.tape.record(CausalConv, &[self, weight, bias], x)
    }
}
