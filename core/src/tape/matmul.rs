//! The matrix product `y = a·b`, of one pair of matrices or of many: `da = g·bᵀ`, `db = aᵀ·g`.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::matmul::{Mat, Mode, matmul};

/// `a` is `[.., m, k]`; `b` is `[.., k, n]` with the same axes before, or one `[k, n]` for all.
struct Matmul;

/// How many products there are, and their sizes `m`, `k`, `n`.
fn sizes(a: Shape, b: Shape) -> (usize, [usize; 3]) {
    let (k, n) = (a.last(), b.last());
    if b.rank() == 2 {
        return (1, [a.size() / k.max(1), k, n]);
    }
    let m = a.dims()[a.rank() - 2];
    (a.dims()[..a.rank() - 2].iter().product(), [m, k, n])
}

/// The `i`-th matrix of `rows × cols`.
fn nth(data: &[f32], i: usize, rows: usize, cols: usize) -> Mat<'_> {
    Mat::new(&data[i * rows * cols..][..rows * cols], rows, cols)
}

impl Op for Matmul {
    fn describe(&self) -> Description {
        Description::new("matmul")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (count, [m, k, n]) = sizes(x.shape(0), x.shape(1));
        for i in 0..count {
            let y = &mut out.data[i * m * n..][..m * n];
            matmul(x.compute(), nth(x.data(0), i, m, k), nth(x.data(1), i, k, n), y, Mode::Write);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (count, [m, k, n]) = sizes(b.input_shape(0), b.input_shape(1));
        b.accumulate(0, |b, da| {
            for i in 0..count {
                let da = &mut da[i * m * k..][..m * k];
                matmul(
                    b.compute(),
                    nth(b.grad(), i, m, n),
                    nth(b.input(1), i, k, n).t(),
                    da,
                    Mode::Add,
                );
            }
        });
        b.accumulate(1, |b, db| {
            for i in 0..count {
                let db = &mut db[i * k * n..][..k * n];
                matmul(
                    b.compute(),
                    nth(b.input(0), i, m, k).t(),
                    nth(b.grad(), i, m, n),
                    db,
                    Mode::Add,
                );
            }
        });
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// The matrix product over the last axis: `[.., m, k]` by `[k, n]`, or by `[.., k, n]` with the same axes before.
    #[track_caller]
    pub fn matmul(self, other: Var<'t>) -> Self {
        let (a, b) = (self.shape(), other.shape());
        let (rank, before) = (b.rank(), b.rank().saturating_sub(2));
        let same = rank == 2 || (rank == a.rank() && a.dims()[..before] == b.dims()[..before]);
        assert!(
            rank >= 2 && a.rank() >= 1 && same && a.last() == b.dims()[before],
            "the product of {a:?} and {b:?}"
        );
        self.tape.record(Matmul, &[self, other], a.with(a.rank() - 1, b.last()))
    }
}
