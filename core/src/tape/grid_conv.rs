//! [Convolution of a series as a grid](crate::kernels::grid_conv), one period in each row, and the
//! [mean of kernels](crate::kernels::mean_kernel) about the same center.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Tape, Var};
use crate::kernels::grid_conv as kernels;
use crate::kernels::mean_kernel::{mean_kernel, mean_kernel_grad};
use kernels::Grids;

/// Inputs: x `[B, T, C]` or `[count, B, P, C]`, frequencies `[B, count]`, W `[O, C, kernel, kernel]`, bias `[O]`; output
/// `[count, B, P, O]`.
struct GridConv {
    /// `T`.
    steps: usize,
}

impl GridConv {
    fn grids(&self, [x, frequencies, w]: [Shape; 3]) -> Grids {
        let [windows, count] = [0, 1].map(|axis| frequencies.dims()[axis]);
        let [outputs, channels, kernel] = [0, 1, 2].map(|axis| w.dims()[axis]);
        Grids {
            windows,
            count,
            steps: self.steps,
            each: x.rank() == 4,
            channels: [channels, outputs],
            kernel,
        }
    }
}

impl Op for GridConv {
    fn describe(&self) -> Description {
        Description::new("grid_conv").with("steps", self.steps)
    }

    /// Scratch of the forward pass.
    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        self.grids([0, 1, 2].map(|i| x.shape(i))).scratch()
    }

    fn scratch(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        let n = self.grids([0, 1, 2].map(|i| x.shape(i)));
        n.scratch().saturating_add(n.gradient_scratch())
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let n = self.grids([0, 1, 2].map(|i| x.shape(i)));
        out.keep(n.scratch());
        let inputs = [0, 1, 2, 3].map(|i| x.data(i));
        kernels::grid_conv(x.compute(), n, inputs, out.data, out.kept);
        out.keep(0);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = self.grids([0, 1, 2].map(|i| b.input_shape(i)));
        let mut scratch = b.take_scratch(n.scratch() + n.gradient_scratch());
        let (own, of_taps) = scratch.split_at_mut(n.scratch());
        let of_taps = &mut of_taps[..n.gradient_scratch()];
        b.accumulate(0, |b, dx| {
            let inputs = [b.grad(), b.input(1), b.input(2)];
            kernels::grid_conv_grad(b.compute(), n, inputs, dx, own);
        });
        b.accumulate(2, |b, dw| {
            let inputs = [b.grad(), b.input(0), b.input(1)];
            kernels::grid_conv_weight_grad(b.compute(), n, inputs, dw, own, of_taps);
        });
        b.accumulate(3, |b, db| {
            kernels::grid_conv_bias_grad(b.compute(), n, [b.grad(), b.input(1)], db);
        });
        b.give_scratch(scratch);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

/// Inputs: kernels `[.., 2i + 1, 2i + 1]`; output `[.., 2n - 1, 2n - 1]`.
struct MeanKernel;

impl Op for MeanKernel {
    fn describe(&self) -> Description {
        Description::new("mean_kernel")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        // The numbers of the inputs are looked up before threads share the work.
        let mut kernels: [&[f32]; Tape::MOST_KERNELS] = [&[]; Tape::MOST_KERNELS];
        let count = x.count();
        kernels.iter_mut().take(count).enumerate().for_each(|(i, kernel)| *kernel = x.data(i));
        mean_kernel(x.compute(), count, |i| kernels[i], out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let count = b.count();
        for i in 0..count {
            b.accumulate(i, |b, dw| mean_kernel_grad(b.compute(), count, i, b.grad(), dw));
        }
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

impl Tape {
    /// The most kernels that [`Tape::mean_kernel`] takes.
    pub const MOST_KERNELS: usize = 32;

    /// The mean of kernels `[O, C, 1, 1]`, `[O, C, 3, 3]`, .. about the same center: as large as the last one.
    #[track_caller]
    pub fn mean_kernel<'t>(&'t self, kernels: &[Var<'t>]) -> Var<'t> {
        let count = kernels.len();
        assert!((1..=Self::MOST_KERNELS).contains(&count), "{count} kernels");
        let shape = kernels[count - 1].shape();
        for (i, kernel) in kernels.iter().enumerate() {
            let expected = shape.with(2, 2 * i + 1).with(3, 2 * i + 1);
            assert_eq!(kernel.shape(), expected, "kernel {i} of {count}");
        }
        self.record(MeanKernel, kernels, shape)
    }
}

impl<'t> Var<'t> {
    /// The convolution of windows of `steps` steps that are laid out as grids, whose rows are as long as the periods of these
    /// `frequencies` `[B, count]`: `[count, B, P, O]`, where `P` is enough for whole rows of any period. Windows `[B, steps, C]` end
    /// with zeros in a grid; `[count, B, P, C]` are cells of grids. `weight` is torch's, `[O, C, kernel, kernel]`; the padding
    /// is zeros.
    ///
    /// Of several frequencies of a window with the same period, only the first has values. The others are 0, as are values
    /// behind the cells of a grid.
    #[track_caller]
    pub fn grid_conv(
        self,
        frequencies: Var<'t>,
        weight: Var<'t>,
        bias: Var<'t>,
        steps: usize,
    ) -> Self {
        let (x, w) = (self.shape(), weight.shape());
        let [windows, count] = [0, 1].map(|axis| frequencies.dim(axis));
        let cells = kernels::most_cells(steps);
        let expected = match x.rank() {
            3 => Shape::from([windows, steps, w.dims()[1]]),
            _ => Shape::from([count, windows, cells, w.dims()[1]]),
        };
        assert_eq!(x, expected, "grids of {steps} steps, convolved with {w:?}");
        assert!(w.dims()[2] == w.dims()[3] && w.dims()[2] % 2 == 1, "a kernel of {w:?}");
        let out = [count, windows, cells, w.dims()[0]];
        self.tape.record(GridConv { steps }, &[self, frequencies, weight, bias], out)
    }
}
