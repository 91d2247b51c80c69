//! The functions of each number that a spline layer is linear in: `silu(x)`, then B-splines of `x`. Derivatives of splines are
//! differences of splines of the order below.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::spline::{self as kernels, Splines};

/// Inputs: the numbers and the knots. Keeps the knots and their reciprocal distances.
struct SplineFunctions {
    order: usize,
}

impl SplineFunctions {
    fn sizes(&self, grid: Shape) -> Splines {
        let [features, knots] = *grid.dims() else { unreachable!("knots of each feature") };
        Splines { features, knots, order: self.order }
    }
}

impl Op for SplineFunctions {
    fn describe(&self) -> Description {
        Description::new("spline_functions").with("order", self.order)
    }

    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        self.sizes(x.shape(1)).table()
    }

    fn keeps_exact(&self) -> bool {
        true
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.keep(self.kept(x, out.shape));
        let sizes = self.sizes(x.shape(1));
        kernels::prepare(sizes, x.data(1), out.kept);
        kernels::functions(x.compute(), sizes, out.kept, x.data(0), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let sizes = self.sizes(b.input_shape(1));
        b.set_or_add(0, |b, dx, mode| {
            let given = [b.input(0), b.grad()];
            kernels::functions_grad(b.compute(), sizes, b.kept(), given, dx, mode);
        });
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// The functions of each number that a spline layer is linear in: of `[B, n]`, with `K` constant knots `[n, K]` of each
    /// column, `[B, K - order, n]`, first `silu(x)` and then the `K - order - 1` B-splines of this order, from 1 on. Knots get
    /// no gradient.
    #[track_caller]
    pub fn spline_functions(self, knots: Var<'t>, order: usize) -> Self {
        let (x, grid) = (self.shape(), knots.shape());
        assert!(x.rank() == 2 && grid.rank() == 2, "knots {grid:?} of {x:?}");
        assert!(x.last() == grid.dims()[0] && (1..=kernels::HIGHEST_ORDER).contains(&order));
        assert!(grid.last() > order + 1, "{grid:?} is too few knots for order {order}");
        let shape = [x.dims()[0], grid.last() - order, x.last()];
        self.tape.record(SplineFunctions { order }, &[self, knots], shape)
    }
}
