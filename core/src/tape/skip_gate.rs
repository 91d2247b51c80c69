//! A gated sum, `y = (x + w ⊙ r) ⊙ silu(z)`; derivatives are in [`kernels`].

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};
use crate::kernels::skip_gate as kernels;

/// Inputs: x, w, r, z.
struct SkipGate;

impl Op for SkipGate {
    fn describe(&self) -> Description {
        Description::new("skip_gate")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        kernels::skip_gate(x.data(0), x.data(1), x.data(2), x.data(3), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.set_or_add(3, |b, dz, mode| {
            let inputs = [0, 1, 2, 3].map(|i| b.input(i));
            kernels::skip_gate_grad(inputs, b.grad(), dz, mode);
        });
        let mut g = b.take_grad();
        kernels::gate_grad(b.input(3), &mut g);
        b.set_or_add(2, |b, dr, mode| kernels::skip_grad(b.input(1), &g, dr, mode));
        b.accumulate(1, |b, dw| kernels::skip_weight_grad(b.input(2), &g, dw));
        let spare = b.hand_over(0, g);
        b.give_grad(spare);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// `(self + weight·skip)·silu(gate)`, with a weight for each place of the last axis.
    #[track_caller]
    pub fn skip_gate(self, weight: Var<'t>, skip: Var<'t>, gate: Var<'t>) -> Self {
        let shape = self.shape();
        assert!(
            [skip.shape(), gate.shape()] == [shape; 2],
            "a sum, a skip and a gate of {shape:?}"
        );
        assert_eq!(weight.shape().size(), shape.last(), "a weight of {shape:?}");
        self.tape.record(SkipGate, &[self, weight, skip, gate], shape)
    }
}
