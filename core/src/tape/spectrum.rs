//! The strongest frequencies of a spectrum; the others become 0. Which ones these are has no derivative.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::matmul::Mode;
use crate::kernels::spectrum as kernels;

/// Keeps 1 for each frequency that stays and 0 for the others, and scratch behind these.
struct StrongestFrequencies {
    count: usize,
}

impl Op for StrongestFrequencies {
    fn describe(&self) -> Description {
        Description::new("strongest_frequencies").with("count", self.count)
    }

    fn kept(&self, _x: &Inputs<'_>, shape: Shape) -> usize {
        shape.size() / 2 + kernels::scratch(frequencies(shape))
    }

    fn keeps_exact(&self) -> bool {
        true
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.keep(self.kept(x, out.shape));
        let (kept, scratch) = out.kept.split_at_mut(out.data.len() / 2);
        kernels::strongest(x.data(0), frequencies(out.shape), self.count, scratch, kept);
        kernels::masked(x.data(0), kept, out.data, false);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.set_or_add(0, |b, dx, mode| {
            kernels::masked(b.grad(), &b.kept()[..dx.len() / 2], dx, mode == Mode::Add);
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// `F` of a spectrum `[.., F, 2]`.
fn frequencies(shape: Shape) -> usize {
    shape.dims()[shape.rank() - 2]
}

impl Var<'_> {
    /// The `count` frequencies of each spectrum `[.., F, 2]` with the largest amplitudes, without the constant; 0 at the others.
    #[track_caller]
    pub fn strongest_frequencies(self, count: usize) -> Self {
        let shape = self.shape();
        assert!(shape.rank() >= 2 && shape.last() == 2, "a spectrum: {self:?}");
        self.tape.record(StrongestFrequencies { count }, &[self], shape)
    }
}
