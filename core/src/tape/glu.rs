//! Gated linear units with a skip connection: `y = r + a ⊙ σ(b)`, where a row of the input is `[a, b]`.
//!
//! `dr = g`, `da = g ⊙ σ(b)`, `db = g ⊙ a ⊙ σ(b) ⊙ (1 - σ(b))`.

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};
use crate::kernels::glu as kernels;

/// Inputs: `x` and `r`.
struct Glu;

impl Op for Glu {
    fn describe(&self) -> Description {
        Description::new("glu")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        kernels::glu(x.data(0), x.data(1), out.shape.last(), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = b.shape().last();
        b.accumulate(0, |b, dx| kernels::glu_grad(b.input(0), b.grad(), n, dx));
        let g = b.take_grad();
        let spare = b.hand_over(1, g);
        b.give_grad(spare);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// The halves `a` and `b` of each row as `skip + a·σ(b)`: `[.., 2n]` and `[.., n]` give `[.., n]`. Without the skip
    /// connection this is torch's `glu`.
    #[track_caller]
    pub fn glu(self, skip: Var<'t>) -> Self {
        let (x, r) = (self.shape(), skip.shape());
        assert_eq!(x, r.with(r.rank() - 1, 2 * r.last()), "a gate of {x:?} with a skip of {r:?}");
        self.tape.record(Glu, &[self, skip], r)
    }
}
