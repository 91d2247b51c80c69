//! Permuting axes. The derivative permutes them back.

use super::shape::MAX_RANK;
use super::{Backward, Description, Inputs, Op, Output, Reads, Var};
use crate::kernels::matmul::Mode;
use crate::kernels::permute::{Permutation, permute, permute_add};

/// Axis `i` of the output is axis `axes[i]` of the input.
struct Permute {
    axes: [usize; MAX_RANK],
    rank: usize,
}

impl Op for Permute {
    fn describe(&self) -> Description {
        Description::new("permute").with("axes", &self.axes[..self.rank])
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let shape = x.shape(0);
        let permutation = Permutation::new(shape.dims(), &self.axes[..shape.rank()]);
        permute(&permutation, x.data(0), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let mut back = [0; MAX_RANK];
        let rank = b.shape().rank();
        self.axes[..rank].iter().enumerate().for_each(|(i, axis)| back[*axis] = i);
        b.set_or_add(0, |b, dx, mode| {
            let permutation = Permutation::new(b.shape().dims(), &back[..rank]);
            match mode {
                Mode::Write => permute(&permutation, b.grad(), dx),
                Mode::Add => permute_add(&permutation, b.grad(), dx),
            }
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

impl Var<'_> {
    /// The axes in another order: axis `i` of the result is axis `axes[i]`, as torch's `permute`.
    #[track_caller]
    pub fn permute(self, axes: &[usize]) -> Self {
        let shape = self.shape();
        let rank = shape.rank();
        let mut sizes = [0; MAX_RANK];
        let mut seen = [false; MAX_RANK];
        let mut order = [0; MAX_RANK];
        assert_eq!(axes.len(), rank, "permute {axes:?} of {shape:?}");
        for (i, axis) in axes.iter().copied().enumerate() {
            assert!(axis < rank && !seen[axis], "permute {axes:?} of {shape:?}");
            (sizes[i], order[i], seen[axis]) = (shape.dims()[axis], axis, true);
        }
        // Axes of size one go anywhere without a number moving.
        let wide = axes.iter().filter(|axis| shape.dims()[**axis] != 1);
        if wide.is_sorted() {
            return self.reshape(&sizes[..rank]);
        }
        self.tape.record(Permute { axes: order, rank }, &[self], &sizes[..rank])
    }

    /// Swaps the last two axes.
    #[track_caller]
    pub fn transpose(self) -> Self {
        let rank = self.shape().rank();
        assert!(rank >= 2, "transpose of {:?}", self.shape());
        let mut axes = [0, 1, 2, 3, 4, 5];
        axes.swap(rank - 2, rank - 1);
        self.permute(&axes[..rank])
    }
}
