//! The recurrence of an sLSTM, forward and backward as one operation; the formulas are in [`kernels`](crate::kernels::slstm).
//!
//! Heads do not see each other's states, so each runs through all steps by itself: its gates, states and gradients are time-major
//! and contiguous, and the gradient of its recurrent weight is one product.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::elementwise::{add_assign, column_sums_add};
use crate::kernels::matmul::{Mat, Mode, matmul};
use crate::kernels::prepacked::Prepacked;
use crate::kernels::scratch::pieces;
use crate::kernels::slstm::{self as kernels, LOWEST, Sizes, States};

/// Inputs: pre-activations of the gates i and f, and of z and o; recurrent weight, bias.
struct Slstm;

const WEIGHT: usize = 2;
const BIAS: usize = 3;
const GATES: usize = 4;

fn sizes(x: Shape, weight: Shape) -> Sizes {
    let [heads, hidden] = [0, 1].map(|i| weight.dims()[i]);
    Sizes { batch: x.dims()[0], steps: x.dims()[1], heads, hidden }
}

/// What is kept of all heads: gates `[H,T,B,4d]`, 1 - σ(f̃) `[H,T,B,d]`, and the states c, n and y `[H,1+T,B,d]`, which begin with those
/// before the first step. At the end is `m` `[B,d]` of the current step.
fn kept_lengths(s: Sizes) -> [usize; 6] {
    let step = s.batch * s.hidden;
    let [all, states] = [s.steps, s.steps + 1].map(|steps| s.heads * steps * step);
    [GATES * all, all, states, states, states, step]
}

/// Scratch memory of the backward pass for a head: gradients of all outputs, of the output before, of c and of n.
fn scratch_lengths(s: Sizes) -> [usize; 4] {
    let step = s.batch * s.hidden;
    [s.steps * step, step, step, step]
}

/// The part of head `h` of a list of all heads.
fn head(list: &[f32], s: Sizes, h: usize) -> &[f32] {
    &list[h * (list.len() / s.heads)..][..list.len() / s.heads]
}

fn head_mut(list: &mut [f32], s: Sizes, h: usize) -> &mut [f32] {
    let size = list.len() / s.heads;
    &mut list[h * size..][..size]
}

/// The recurrent weight of head `h`, `[d, 4d]`.
fn weight(weights: &[f32], s: Sizes, h: usize) -> Mat<'_> {
    Mat::new(head(weights, s, h), s.hidden, GATES * s.hidden)
}

impl Op for Slstm {
    fn describe(&self) -> Description {
        Description::new("slstm")
    }

    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        kept_lengths(sizes(x.shape(0), x.shape(WEIGHT))).iter().sum()
    }

    fn scratch(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        scratch_lengths(sizes(x.shape(0), x.shape(WEIGHT))).iter().sum()
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let s = sizes(x.shape(0), x.shape(WEIGHT));
        let step = s.batch * s.hidden;
        out.keep(self.kept(x, out.shape));
        let [gates, shut, c, n, y, m] = pieces(out.kept, kept_lengths(s));
        for h in 0..s.heads {
            let [gates, shut, c, n, y] =
                [&mut *gates, shut, c, n, y].map(|list| head_mut(list, s, h));
            let bias = head(x.data(BIAS), s, h);
            kernels::gather_gates([x.data(0), x.data(1)], bias, s, h, gates);
            [&mut *c, n, y].into_iter().for_each(|state| state[..step].fill(0.0));
            m.fill(LOWEST);
            let recurrent = Prepacked::new(x.compute(), weight(x.data(WEIGHT), s, h), s.batch);
            let steps = gates.chunks_exact_mut(GATES * step).zip(shut.chunks_exact_mut(step));
            for (t, (gates, shut)) in steps.enumerate() {
                let [c, n, y] = [&mut *c, n, y].map(|state| state[t * step..].split_at_mut(step));
                if t > 0 {
                    recurrent.multiply(Mat::new(y.0, s.batch, s.hidden), gates, Mode::Add);
                }
                let before = States { c: &*c.0, n: &*n.0, y: &*y.0 };
                let [c, n, y] = [c.1, n.1, y.1].map(|later| &mut later[..step]);
                kernels::slstm_step(gates, before, m, States { c, n, y }, shut, s.hidden);
            }
            kernels::scatter_outputs(&y[step..], s, h, out.data);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let s = sizes(b.input_shape(0), b.input_shape(WEIGHT));
        let (step, columns) = (s.batch * s.hidden, GATES * s.hidden);
        let mut kept = b.take_kept();
        let lengths = scratch_lengths(s);
        let mut work = b.take_scratch(lengths.iter().sum());
        // Gates are replaced by their gradients, step by step.
        let [gates, shut, c, n, y, _] = pieces(&mut kept, kept_lengths(s));
        let [dy, carry, dc, dn] = pieces(&mut work, lengths);
        for h in 0..s.heads {
            let gates = head_mut(gates, s, h);
            let [shut, c, n, y] = [&*shut, c, n, y].map(|list| head(list, s, h));
            kernels::gather_outputs(b.grad(), s, h, dy);
            [&mut *carry, dc, dn].into_iter().for_each(|gradient| gradient.fill(0.0));
            let weight = weight(b.input(WEIGHT), s, h).t();
            let recurrent = Prepacked::new(b.compute(), weight, s.batch);
            for t in (0..s.steps).rev() {
                let at = |t: usize| t * step..(t + 1) * step;
                let dy = &mut dy[at(t)];
                add_assign(dy, carry);
                let gates = &mut gates[GATES * t * step..GATES * (t + 1) * step];
                let [before, now] =
                    [t, t + 1].map(|t| States { c: &c[at(t)], n: &n[at(t)], y: &y[at(t)] });
                let shut = &shut[at(t)];
                kernels::slstm_step_grad(gates, before, now, shut, dy, [dc, dn], s.hidden);
                if t > 0 {
                    recurrent.multiply(Mat::new(gates, s.batch, columns), carry, Mode::Write);
                }
            }
        }
        for (i, half) in [(0, 0), (1, 1)] {
            b.set_or_add(i, |_, dx, mode| {
                for h in 0..s.heads {
                    kernels::scatter_gates(head(gates, s, h), half, s, h, mode == Mode::Add, dx);
                }
            });
        }
        let rows = s.steps * s.batch;
        b.accumulate(WEIGHT, |b, dw| {
            for h in 0..s.heads {
                let before = Mat::new(&head(y, s, h)[..rows * s.hidden], rows, s.hidden);
                let gates = Mat::new(head(gates, s, h), rows, columns);
                matmul(b.compute(), before.t(), gates, head_mut(dw, s, h), Mode::Add);
            }
        });
        b.accumulate(BIAS, |b, db| {
            for h in 0..s.heads {
                let gates = head(gates, s, h);
                column_sums_add(b.compute(), gates, columns, head_mut(db, s, h));
            }
        });
        b.give_scratch(work);
        b.give_kept(kept);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// The outputs of an sLSTM's heads at all steps, `[B, T, H·d]`, from states of zeros.
    ///
    /// `self` has what the input adds to the gates i and f, `[B, T, H·2·d]`, `cell_gates` the same for z and o. `weight` is
    /// `[H, d, 4·d]`, `bias` `[H·4·d]`, with the gates in the order i, f, z, o.
    #[track_caller]
    pub fn slstm(self, cell_gates: Self, weight: Self, bias: Self) -> Self {
        let (x, w) = (self.shape(), weight.shape());
        assert!(x.rank() == 3 && w.rank() == 3 && x.size() > 0, "gates {x:?} with {w:?}");
        let [heads, hidden] = [0, 1].map(|i| w.dims()[i]);
        assert!(w.dims()[2] == GATES * hidden && bias.shape().size() == GATES * heads * hidden);
        assert_eq!(x.last(), 2 * heads * hidden, "gates {x:?} with {w:?}");
        assert_eq!(cell_gates.shape(), x, "gates of the cell");
        let shape = x.with(2, heads * hidden);
        self.tape.record(Slstm, &[self, cell_gates, weight, bias], shape)
    }
}
