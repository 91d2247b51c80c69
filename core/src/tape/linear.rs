//! The affine map `y = x·Wᵀ + b`, optionally with a rectifier: `dx = g·W`, `dW = gᵀ·x`, `db = Σ g`.

use super::half_ops::{Cuts, HalfOp, HalfOutput, grow, parts};

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};
use crate::kernels::elementwise::column_sums_add;
use crate::kernels::float_slice::FloatSlice;
use crate::kernels::half_gemm::gemm_tn;
use crate::kernels::matmul::{Mat, Mode, linear, matmul};
use crate::kernels::pointwise::{relu, relu_mask};
use crate::kernels::prepacked::Prepacked;
use crate::kernels::reduce::sum;
use crate::kernels::scratch::pieces;

struct Linear {
    /// Whether a rectifier follows.
    rectified: bool,
}

impl Op for Linear {
    fn describe(&self) -> Description {
        Description::new("linear").with("rectified", self.rectified)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let bias = (x.count() == 3).then(|| x.data(2));
        let (k, n) = (x.shape(0).last(), out.shape.last());
        linear(x.compute(), x.data(0), x.data(1), bias, out.data, k, n);
        if self.rectified {
            relu(x.compute(), out.data);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (k, n) = (b.input_shape(0).last(), b.shape().last());
        let rows = b.shape().size() / n.max(1);
        let mut g = b.take_grad();
        if self.rectified {
            relu_mask(b.compute(), b.output(), &mut g);
        }
        let of_y = Mat::new(&g, rows, n);
        b.set_or_add(0, |b, dx, mode| {
            matmul(b.compute(), of_y, Mat::new(b.input(1), n, k), dx, mode)
        });
        b.set_or_add(1, |b, dw, mode| {
            matmul(b.compute(), of_y.t(), Mat::new(b.input(0), rows, k), dw, mode)
        });
        if b.count() == 3 {
            b.accumulate(2, |b, db| column_sums_add(b.compute(), &g, n, db));
        }
        b.give_grad(g);
    }

    fn half_op(&self) -> Option<&dyn HalfOp> {
        Some(self)
    }
}

/// How the rows of a product with `w` are split into parts, and the f32 memory of a part: for the left factor, if it must be
/// widened, and for the result.
fn cut(w: &Prepacked<'_>, rows: usize, [k, n]: [usize; 2]) -> ([usize; 2], Cuts) {
    let k = if w.reads_half() { 0 } else { k };
    let (most, cuts) = parts(rows, k + n);
    ([most * k, most * n], cuts)
}

/// From so many rows on, a product is planned as one with a prepacked right factor.
const WORTH: usize = 128;

impl HalfOp for Linear {
    fn forward_half(&self, x: &Inputs<'_>, out: &mut HalfOutput<'_>) {
        let bias = (x.count() == 3).then(|| x.data(2));
        let (k, n) = (x.shape(0).last(), out.shape.last());
        let rows = out.shape.size() / n.max(1);
        let w = Prepacked::new(x.compute(), Mat::new(x.data(1), n, k).t(), rows.min(WORTH));
        let (lengths, cuts) = cut(&w, rows, [k, n]);
        let [wide_x, y] = pieces(grow(out.scratch, lengths.iter().sum()), lengths);
        for rows in cuts {
            let part = x.factor(0).slice(rows.start * k..rows.end * k);
            let y = &mut y[..rows.len() * n];
            w.affine_stored(part, bias, y, wide_x);
            if self.rectified {
                relu(x.compute(), y);
            }
            out.data.write(x.compute(), rows.start * n, FloatSlice::F32(y));
        }
    }

    fn backward_half(&self, b: &mut Backward<'_>) {
        let (k, n) = (b.input_shape(0).last(), b.shape().last());
        let rows = b.shape().size() / n.max(1);
        let mut g = b.take_half_grad();
        if self.rectified {
            let compute = b.compute();
            b.use_up_output(|y| g.relu_mask(compute, y));
        }
        let of_y = g.as_slice();
        let mut scratch = b.take_scratch(parts(rows, k + n).0 * (k + n));
        b.set_or_add(1, |b, dw, mode| {
            gemm_tn(b.compute(), of_y, b.input_factor(0), [rows, n, k], dw, mode, &mut scratch);
        });
        if b.count() == 3 {
            b.accumulate(2, |b, db| {
                for rows in parts(rows, k + n).1 {
                    let g = of_y.wide(b.compute(), rows.start * n..rows.end * n, &mut scratch);
                    column_sums_add(b.compute(), g, n, db);
                }
            });
        }
        b.give_scratch(scratch);
        if let Some(mut gradient) = b.begin_parts(0) {
            let w = b.lend(1);
            let w = Prepacked::new(b.compute(), Mat::new(&w, n, k), rows.min(WORTH));
            let (lengths, cuts) = cut(&w, rows, [n, k]);
            let mut scratch = b.take_scratch(lengths.iter().sum());
            let [wide_g, dx] = pieces(&mut scratch, lengths);
            for rows in cuts {
                let dx = &mut dx[..rows.len() * k];
                let g = of_y.slice(rows.start * n..rows.end * n);
                w.affine_stored(g, None, dx, wide_g);
                gradient.put(rows.start * k, dx);
            }
            b.give_scratch(scratch);
            b.end_parts(0, gradient);
        }
        b.give_half(g);
    }
}

/// The same over the first axis, `y = W·x + b` for a matrix `x`: `dx = Wᵀ·g`, `dW = g·xᵀ`, `db = Σ g`.
struct LinearFirst;

impl Op for LinearFirst {
    fn describe(&self) -> Description {
        Description::new("linear_first")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (n, k) = (out.shape.dims()[0], x.shape(0).dims()[0]);
        let cols = out.data.len() / n.max(1);
        let biased = x.count() == 3;
        if biased {
            let rows = out.data.chunks_exact_mut(cols.max(1));
            rows.zip(x.data(2)).for_each(|(row, bias)| row.fill(*bias));
        }
        let compute = x.compute();
        let (w, x) = (Mat::new(x.data(1), n, k), Mat::new(x.data(0), k, cols));
        matmul(compute, w, x, out.data, if biased { Mode::Add } else { Mode::Write });
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (n, k) = (b.shape().dims()[0], b.input_shape(0).dims()[0]);
        let cols = b.shape().size() / n.max(1);
        b.accumulate(0, |b, dx| {
            matmul(
                b.compute(),
                Mat::new(b.input(1), n, k).t(),
                Mat::new(b.grad(), n, cols),
                dx,
                Mode::Add,
            );
        });
        b.accumulate(1, |b, dw| {
            matmul(
                b.compute(),
                Mat::new(b.grad(), n, cols),
                Mat::new(b.input(0), k, cols).t(),
                dw,
                Mode::Add,
            );
        });
        if b.count() == 3 {
            b.accumulate(2, |b, db| {
                let rows = b.grad().chunks_exact(cols.max(1));
                db.iter_mut().zip(rows).for_each(|(db, g)| *db += sum(g));
            });
        }
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// `W·x + b` over the first axis; `weight` is `[out, in]`, `bias` is `[out]`.
    #[track_caller]
    pub fn linear_first(self, weight: Var<'t>, bias: Option<Var<'t>>) -> Self {
        let (shape, n) = (self.shape(), weight.dim(0));
        assert_eq!(self.dim(0), weight.dim(1), "x is {shape:?}, the weight {:?}", weight.shape());
        let out = shape.with(0, n);
        match bias {
            Some(bias) => self.tape.record(LinearFirst, &[self, weight, bias], out),
            None => self.tape.record(LinearFirst, &[self, weight], out),
        }
    }

    /// `x·Wᵀ + b` over the last axis; `weight` is `[out, in]`, `bias` is `[out]`.
    #[track_caller]
    pub fn linear(self, weight: Var<'t>, bias: Option<Var<'t>>) -> Self {
        self.affine(weight, bias, Linear { rectified: false })
    }

    /// `max(x·Wᵀ + b, 0)` over the last axis; the derivative of the maximum at 0 is 0.
    #[track_caller]
    pub fn linear_relu(self, weight: Var<'t>, bias: Option<Var<'t>>) -> Self {
        self.affine(weight, bias, Linear { rectified: true })
    }

    #[track_caller]
    fn affine(self, weight: Var<'t>, bias: Option<Var<'t>>, op: Linear) -> Self {
        let (shape, n) = (self.shape(), weight.dim(0));
        assert_eq!(shape.last(), weight.dim(1), "x is {shape:?}, the weight {:?}", weight.shape());
        let out = shape.with(shape.rank() - 1, n);
        match bias {
            Some(bias) => self.tape.record(op, &[self, weight, bias], out),
            None => self.tape.record(op, &[self, weight], out),
        }
    }
}
