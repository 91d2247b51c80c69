//! Sums, means and maxima, over everything or along one axis.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::elementwise::add_scalar;
use crate::kernels::reduce;
use crate::kernels::reduce_axis as kernels;

/// The sum of all numbers.
struct Sum;

impl Op for Sum {
    fn describe(&self) -> Description {
        Description::new("sum")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.data[0] = reduce::sum(x.data(0));
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| add_scalar(dx, b.grad()[0]));
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// The size of `axis`, and the product of the sizes after it.
fn sizes(shape: Shape, axis: usize) -> [usize; 2] {
    let (_, size, inner) = shape.around(axis);
    [size, inner]
}

/// The sum along an axis.
struct SumAxis {
    axis: usize,
}

impl Op for SumAxis {
    fn describe(&self) -> Description {
        Description::new("sum_axis").with("axis", self.axis)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        kernels::sum_axis(x.compute(), x.data(0), sizes(x.shape(0), self.axis), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let sizes = sizes(b.input_shape(0), self.axis);
        b.accumulate(0, |b, dx| kernels::sum_axis_grad(b.grad(), 1.0, sizes, dx));
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// The mean along an axis.
struct MeanAxis {
    axis: usize,
}

impl Op for MeanAxis {
    fn describe(&self) -> Description {
        Description::new("mean_axis").with("axis", self.axis)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let sizes = sizes(x.shape(0), self.axis);
        kernels::sum_axis(x.compute(), x.data(0), sizes, out.data);
        crate::kernels::elementwise::scale(out.data, 1.0 / sizes[0] as f32);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let sizes = sizes(b.input_shape(0), self.axis);
        b.accumulate(0, |b, dx| {
            kernels::sum_axis_grad(b.grad(), 1.0 / sizes[0] as f32, sizes, dx);
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// The maximum along an axis. The gradient goes to the first of equal numbers.
struct MaxAxis {
    axis: usize,
}

impl Op for MaxAxis {
    fn describe(&self) -> Description {
        Description::new("max_axis").with("axis", self.axis)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        kernels::max_axis(x.data(0), sizes(x.shape(0), self.axis), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let sizes = sizes(b.input_shape(0), self.axis);
        b.accumulate(0, |b, dx| {
            kernels::max_axis_grad(b.input(0), b.output(), b.grad(), sizes, dx);
        });
    }
}

impl Var<'_> {
    /// The sum of all its numbers: a scalar.
    pub fn sum(self) -> Self {
        self.tape.record(Sum, &[self], [])
    }

    /// The mean of all its numbers: a scalar.
    pub fn mean(self) -> Self {
        self.sum().scale(1.0 / self.shape().size() as f32)
    }

    /// The sum along `axis`. The result does not have that axis; [`Var::unsqueeze`] restores it.
    #[track_caller]
    pub fn sum_axis(self, axis: usize) -> Self {
        self.tape.record(SumAxis { axis }, &[self], self.shape().without(axis))
    }

    /// The mean along `axis`. The result does not have that axis.
    #[track_caller]
    pub fn mean_axis(self, axis: usize) -> Self {
        self.tape.record(MeanAxis { axis }, &[self], self.shape().without(axis))
    }

    /// The mean over the windows of the batch, the first axis, which stays with size 1. A window counts as often as it was
    /// [drawn](super::Tape::set_counts).
    #[track_caller]
    pub fn mean_of_windows(self) -> Self {
        let mean = match self.tape.counts() {
            Some(counts) => {
                let shares = counts / counts.sum();
                let rank = self.shape().rank();
                let shares = (1..rank).fold(shares, |shares, axis| shares.unsqueeze(axis));
                (self * shares).sum_axis(0)
            }
            None => self.mean_axis(0),
        };
        mean.unsqueeze(0)
    }

    /// The maximum along `axis`. The result does not have that axis. The gradient goes to the first of equal numbers, as in
    /// torch's `max(dim)`.
    #[track_caller]
    pub fn max_axis(self, axis: usize) -> Self {
        self.tape.record(MaxAxis { axis }, &[self], self.shape().without(axis))
    }

    /// The biased variance along `axis`, as torch's `var(unbiased=False)`. The result does not have that axis.
    #[track_caller]
    pub fn variance_axis(self, axis: usize) -> Self {
        let mean = self.mean_axis(axis).unsqueeze(axis);
        (self - mean).square().mean_axis(axis)
    }
}
