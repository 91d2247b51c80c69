//! Embedding lookup: `y[i] = table[code[i]]`. The gradient of a row is the sum over all its uses.

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};
use crate::kernels::elementwise::add_assign;

/// Rows of the first input, at the indices in the second.
struct Rows;

impl Op for Rows {
    fn describe(&self) -> Description {
        Description::new("embedding")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (table, width) = (x.data(0), out.shape.last());
        for (code, to) in x.data(1).iter().zip(out.data.chunks_exact_mut(width)) {
            to.copy_from_slice(&table[*code as usize * width..][..width]);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            let width = b.shape().last();
            for (code, g) in b.input(1).iter().zip(b.grad().chunks_exact(width)) {
                add_assign(&mut dx[*code as usize * width..][..width], g);
            }
        });
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// Rows of this table `[R, E]`. `codes` are whole numbers below `R`; the result has one more axis, of size `E`.
    #[track_caller]
    pub fn rows(self, codes: Self) -> Self {
        assert_eq!(self.shape().rank(), 2, "rows are taken of a table, not of {:?}", self.shape());
        let rank = codes.shape().rank();
        let shape = codes.shape().with_new(rank).with(rank, self.dim(1));
        self.tape.record(Rows, &[self, codes], shape)
    }
}
