//! Convolution along time, and padding; derivatives are in [`kernels`].

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::conv as kernels;
pub use crate::kernels::conv::{Edge, Steps};
use crate::kernels::elementwise::column_sums_add;
use kernels::Sizes;

/// Inputs: x, weight and perhaps bias.
struct Conv {
    steps: Steps,
    /// `[T, B, C]` instead of `[B, T, C]`.
    time_major: bool,
}

impl Conv {
    fn sizes(&self, x: Shape, y: Shape) -> Sizes {
        let (x, y) = (x.dims(), y.dims());
        let (batch, time) = if self.time_major { (x[1], 0) } else { (x[0], 1) };
        Sizes { batch, steps: [x[time], y[time]], channels: [x[2], y[2]] }
    }
}

impl Op for Conv {
    fn describe(&self) -> Description {
        let Steps { kernel, stride, dilation, padding } = self.steps;
        Description::new("conv")
            .with("kernel", kernel)
            .with("stride", stride)
            .with("dilation", dilation)
            .with("padding", padding)
            .with("time_major", self.time_major)
    }

    /// The transposed weight, or the im2col matrix.
    fn kept(&self, x: &Inputs<'_>, shape: Shape) -> usize {
        let n = self.sizes(x.shape(0), shape);
        match self.time_major {
            true => x.shape(1).size(),
            false => Shape::from([n.batch, n.steps[1], n.channels[0], self.steps.kernel]).size(),
        }
    }

    /// The gradient of the im2col matrix, or of one tap of the weight.
    fn scratch(&self, x: &Inputs<'_>, shape: Shape) -> usize {
        match self.time_major {
            true => x.shape(1).size() / self.steps.kernel.max(1),
            false => self.kept(x, shape),
        }
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let n = self.sizes(x.shape(0), out.shape);
        let (w, bias) = (x.data(1), (x.count() == 3).then(|| x.data(2)));
        out.keep(self.kept(x, out.shape));
        if self.time_major {
            kernels::transpose_weight(w, n.channels[1], out.kept);
            kernels::conv_time_major(
                x.compute(),
                x.data(0),
                out.kept,
                bias,
                out.data,
                self.steps,
                n,
            );
        } else {
            kernels::im2col(x.data(0), self.steps, n, out.kept);
            kernels::conv_im2col(x.compute(), out.kept, w, bias, out.data, n);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (s, n) = (self.steps, self.sizes(b.input_shape(0), b.shape()));
        let kept = b.take_kept();
        let mut work = Vec::new();
        if self.time_major {
            b.accumulate(1, |b, dw| {
                let (g, x) = (b.grad(), b.input(0));
                kernels::conv_time_major_weight_grad(b.compute(), g, x, dw, s, n, &mut work);
            });
            b.set_or_add(0, |b, dx, mode| {
                kernels::conv_time_major_grad(b.compute(), b.grad(), &kept, dx, s, n, mode);
            });
        } else {
            b.accumulate(1, |b, dw| {
                kernels::conv_im2col_weight_grad(b.compute(), b.grad(), &kept, dw, n)
            });
            b.accumulate(0, |b, dx| {
                kernels::conv_im2col_grad(b.compute(), b.grad(), b.input(1), dx, s, n, &mut work);
            });
        }
        b.give_kept(kept);
        if b.count() == 3 {
            b.accumulate(2, |b, db| column_sums_add(b.compute(), b.grad(), n.channels[1], db));
        }
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

/// Padding along an axis.
struct Pad {
    axis: usize,
    by: [usize; 2],
    edge: Edge,
}

impl Op for Pad {
    fn describe(&self) -> Description {
        let edge = match self.edge {
            Edge::Zeros => "zeros",
            Edge::Circular => "circular",
            Edge::Replicate => "replicate",
        };
        Description::new("pad").with("axis", self.axis).with("by", self.by).with("edge", edge)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (_, steps, inner) = x.shape(0).around(self.axis);
        kernels::pad(x.data(0), [steps, inner], self.by, self.edge, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (_, steps, inner) = b.input_shape(0).around(self.axis);
        b.accumulate(0, |b, dx| {
            kernels::pad_grad(b.grad(), [steps, inner], self.by, self.edge, dx)
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

impl<'t> Var<'t> {
    /// Convolution along `axis` of `[T, B, C]` (0) or `[B, T, C]` (1); `weight` is torch's, `[outputs, C, kernel]`.
    ///
    /// The padding is zeros; for [other padding](Edge), [pad](Var::pad) first. Time outermost is faster for many channels.
    #[track_caller]
    pub fn conv(self, axis: usize, weight: Var<'t>, bias: Option<Var<'t>>, steps: Steps) -> Self {
        let (x, w) = (self.shape(), weight.shape());
        assert!(axis < 2 && x.rank() == 3 && w.rank() == 3, "a convolution of {x:?} with {w:?}");
        let [outputs, channels, kernel] = [0, 1, 2].map(|i| w.dims()[i]);
        assert!(x.last() == channels && kernel == steps.kernel, "{steps:?} of {x:?} with {w:?}");
        let out = x.with(axis, steps.outputs(x.dims()[axis])).with(2, outputs);
        let op = Conv { steps, time_major: axis == 0 };
        match bias {
            Some(bias) => self.tape.record(op, &[self, weight, bias], out),
            None => self.tape.record(op, &[self, weight], out),
        }
    }

    /// Pads `axis` by so many steps before and after.
    pub fn pad(self, axis: usize, by: [usize; 2], edge: Edge) -> Self {
        if by == [0, 0] {
            return self;
        }
        let shape = self.shape();
        let longer = shape.with(axis, shape.dims()[axis] + by[0] + by[1]);
        self.tape.record(Pad { axis, by, edge }, &[self], longer)
    }
}
