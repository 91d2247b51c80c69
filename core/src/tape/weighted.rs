//! Rows times a number for each, added to other rows: `y = y + w ⊙ v`, where the numbers are a column of `w`.
//!
//! `dv = w ⊙ g`; the gradient of a number is `Σ g ⊙ v` of its row.

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};
use crate::kernels::matmul::Mode;
use crate::kernels::weighted as kernels;

/// Inputs: the rows, the weights, and perhaps what is added.
struct Weighted {
    column: usize,
}

impl Op for Weighted {
    fn describe(&self) -> Description {
        Description::new("weighted").with("column", self.column)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let mode = if x.count() == 3 { Mode::Add } else { Mode::Write };
        if mode == Mode::Add {
            out.data.copy_from_slice(x.data(2));
        }
        let columns = [self.column, x.shape(1).last()];
        kernels::weighted(x.data(0), x.data(1), columns, out.shape.last(), out.data, mode);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (columns, n) = ([self.column, b.input_shape(1).last()], b.shape().last());
        b.set_or_add(0, |b, dv, mode| {
            kernels::weighted(b.grad(), b.input(1), columns, n, dv, mode);
        });
        b.accumulate(1, |b, dw| kernels::weighted_grad(b.input(0), b.grad(), columns, n, dw));
        if b.count() == 3 {
            let g = b.take_grad();
            let spare = b.hand_over(2, g);
            b.give_grad(spare);
        }
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// Each row of `[.., n]` times the number of its row in a column of `weights` `[.., V]`, added to `to` if there is one.
    #[track_caller]
    pub fn weighted(self, weights: Var<'t>, column: usize, to: Option<Var<'t>>) -> Self {
        let (v, w) = (self.shape(), weights.shape());
        assert!(column < w.last() && v.with(v.rank() - 1, w.last()) == w, "weights {w:?} of {v:?}");
        let op = Weighted { column };
        match to {
            Some(to) => {
                assert_eq!(to.shape(), v, "rows are added to as many");
                self.tape.record(op, &[self, weights, to], v)
            }
            None => self.tape.record(op, &[self, weights], v),
        }
    }
}
