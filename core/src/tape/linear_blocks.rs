//! Linear maps of equal parts of the last axis, each by a matrix of its own: `y_i = x_i·W_iᵀ + b_i`,
//! `dx_i = g_i·W_i`, `dW_i = g_iᵀ·x_i`, `db_i = Σ g_i`.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::elementwise::column_sums_add;
use crate::kernels::linear_blocks::Blocks;

/// Inputs: x, weight and perhaps bias.
struct LinearBlocks;

fn blocks(w: Shape) -> Blocks {
    let [count, outputs, inputs] = *w.dims() else { unreachable!("checked when it is recorded") };
    Blocks { count, inputs, outputs }
}

impl Op for LinearBlocks {
    fn describe(&self) -> Description {
        Description::new("linear_blocks")
    }

    /// Scratch memory.
    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        blocks(x.shape(1)).scratch()
    }

    fn scratch(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        blocks(x.shape(1)).grad_scratch()
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.keep(self.kept(x, out.shape));
        let (blocks, bias) = (blocks(x.shape(1)), (x.count() == 3).then(|| x.data(2)));
        blocks.forward(x.compute(), x.data(0), x.data(1), bias, out.data, out.kept);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let blocks = blocks(b.input_shape(1));
        let mut scratch = b.take_scratch(blocks.grad_scratch());
        b.set_or_add(0, |b, dx, mode| {
            let len = blocks.scratch();
            blocks.grad(b.compute(), b.grad(), b.input(1), dx, mode, &mut scratch[..len]);
        });
        b.accumulate(1, |b, dw| {
            let len = blocks.grad_scratch();
            blocks.weight_grad(b.compute(), b.grad(), b.input(0), dw, &mut scratch[..len]);
        });
        b.give_scratch(scratch);
        if b.count() == 3 {
            let n = b.shape().last();
            b.accumulate(2, |b, db| column_sums_add(b.compute(), b.grad(), n, db));
        }
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// Maps each of `n` equal parts of the last axis by its own matrix: `weight` is `[n, outputs, inputs]`, and `[.., n·inputs]`
    /// gives `[.., n·outputs]`. A bias has a number for each output.
    #[track_caller]
    pub fn linear_blocks(self, weight: Var<'t>, bias: Option<Var<'t>>) -> Self {
        let (x, w) = (self.shape(), weight.shape());
        assert!(w.rank() == 3 && w.size() > 0 && x.size() > 0, "{x:?} by the blocks {w:?}");
        let [count, outputs, inputs] = [0, 1, 2].map(|i| w.dims()[i]);
        assert_eq!(x.last(), count * inputs, "{x:?} by the blocks {w:?}");
        let shape = x.with(x.rank() - 1, count * outputs);
        match bias {
            Some(bias) => {
                assert_eq!(bias.shape().size(), count * outputs, "one bias per output");
                self.tape.record(LinearBlocks, &[self, weight, bias], shape)
            }
            None => self.tape.record(LinearBlocks, &[self, weight], shape),
        }
    }
}
