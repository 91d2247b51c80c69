//! One LSTM layer through time, forward and backward as one operation each.
//!
//! `i, f, o = σ(·)`, `g = tanh(·)` of `x·W_ihᵀ + b_ih + r·W_hhᵀ + b_hh`; `c = f⊙c + i⊙g`; `h = o⊙tanh(c)`;
//! `r = h·W_hrᵀ` with a projection, else `r = h`. Gate order i, f, g, o and names as in torch.nn.LSTM.

use super::half_ops::HalfOp;
use super::recurrent::{
    BackwardPass, InputProduct, Present, RecurrentWeights, Sizes, W_HH, X, both_biases,
    hidden_weight, initial_state, lend_weights, record, steps_at_once, swap_axes,
};
use super::recurrent_half::{Cell, Step, StepBack};
use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::{Mat, Mode, linear, matmul};
use crate::kernels::recurrent::{lstm_step, lstm_step_grad};
use crate::kernels::scratch::pieces;

const GATES: usize = 4;

struct Lstm {
    present: Present,
    /// Whether the cell state after the last step follows the outputs.
    gives_cell: bool,
}

/// What is kept, time-major: gates `[T,B,4H]`, c `[1+T,B,H]`, h `[T,B,H]`, r `[1+T,B,R]`, x `[T,B,I]`; c and r begin
/// with the initial state. Without a projection h is r. The last has a number for each gate: the sum of the biases, then scratch.
fn kept_lengths(s: &Sizes, present: Present) -> [usize; 6] {
    let [gates, h, x] = [s.gates, s.hidden, s.input].map(|n| n * s.rows());
    let [c, r] = [s.hidden, s.output].map(|n| n * (s.rows() + s.batch));
    [gates, c, if present.projected { h } else { 0 }, r, x, s.gates]
}

/// Scratch memory of the backward pass. Gradients: dgates of some steps' gates, dr of all outputs (time-major), carry of the
/// previous state, dh and dc of the current step.
fn scratch_lengths(s: &Sizes) -> [usize; 5] {
    let [g, h, r] = [s.gates, s.hidden, s.output].map(|n| n * s.batch);
    [g * steps_at_once(s).0, r * s.time, r, h, h]
}

impl Op for Lstm {
    fn describe(&self) -> Description {
        self.present.describe("lstm").with("gives_cell", self.gives_cell)
    }

    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        let s = Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), GATES);
        kept_lengths(&s, self.present).iter().sum()
    }

    fn scratch(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        scratch_lengths(&Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), GATES)).iter().sum()
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let present = self.present;
        let s = Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), GATES);
        let [g, h, r_size] = [s.gates, s.hidden, s.output].map(|n| n * s.batch);
        out.keep(self.kept(x, out.shape));
        let [gates, c, hs, r, xt, bias] = pieces(out.kept, kept_lengths(&s, present));
        let (most, parts) = steps_at_once(&s);
        let inputs = InputProduct::new(x, &s, most, both_biases(x, present, bias), xt);
        initial_state(x, present, present.state(), &mut r[..r_size]);
        initial_state(x, present, present.state() + 1, &mut c[..h]);
        let w_hh = hidden_weight(x.compute(), x.data(W_HH), &s);
        for part in parts {
            inputs.write(part.clone(), xt, gates);
            for t in part {
                let gates = &mut gates[t * g..(t + 1) * g];
                let (c_before, c_now) = c[t * h..(t + 2) * h].split_at_mut(h);
                let (r_before, r_now) = r[t * r_size..(t + 2) * r_size].split_at_mut(r_size);
                if t > 0 || present.has_state {
                    w_hh.multiply(Mat::new(r_before, s.batch, s.output), gates, Mode::Add);
                }
                if present.projected {
                    let h_now = &mut hs[t * h..(t + 1) * h];
                    lstm_step(gates, c_before, c_now, h_now, s.hidden);
                    let w_hr = x.data(present.projection());
                    linear(x.compute(), h_now, w_hr, None, r_now, s.hidden, s.output);
                } else {
                    lstm_step(gates, c_before, c_now, r_now, s.hidden);
                }
            }
        }
        let (outputs, cell) = out.data.split_at_mut(s.rows() * s.output);
        swap_axes(&r[r_size..], [s.time, s.batch, s.output], outputs, Mode::Write);
        if self.gives_cell {
            cell.copy_from_slice(&c[s.time * h..]);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let present = self.present;
        let s = Sizes::new(b.input_shape(X).dims(), b.input_shape(W_HH).dims(), GATES);
        let [g, h, r_size] = [s.gates, s.hidden, s.output].map(|n| n * s.batch);
        let mut kept = b.take_kept();
        let scratch = scratch_lengths(&s);
        let mut work = b.take_scratch(scratch.iter().sum());
        let [gates, c, hs, r, xt, sums] = pieces(&mut kept, kept_lengths(&s, present));
        let [dgates, dr, carry, dh, dc] = pieces(&mut work, scratch);
        let (of_outputs, of_cell) = b.grad().split_at(s.rows() * s.output);
        swap_axes(of_outputs, [s.batch, s.time, s.output], dr, Mode::Write);
        carry.fill(0.0);
        match self.gives_cell {
            true => dc.copy_from_slice(of_cell),
            false => dc.fill(0.0),
        }

        let weights = lend_weights(b);
        let back = BackwardPass::new(b, &weights, present, &s);
        for part in back.parts() {
            let dgates = &mut dgates[..g * part.len()];
            for t in part.clone().rev() {
                let dr = &mut dr[t * r_size..(t + 1) * r_size];
                add_assign(dr, carry);
                let dh = if present.projected {
                    let w_hr = Mat::new(b.input(present.projection()), s.output, s.hidden);
                    matmul(b.compute(), Mat::new(dr, s.batch, s.output), w_hr, dh, Mode::Write);
                    &*dh
                } else {
                    &*dr
                };
                let (c_before, c_now) = c[t * h..(t + 2) * h].split_at(h);
                let at = (t - part.start) * g;
                let dgates = &mut dgates[at..at + g];
                lstm_step_grad(
                    &gates[t * g..(t + 1) * g],
                    c_before,
                    c_now,
                    dh,
                    dc,
                    dgates,
                    s.hidden,
                );
                back.w_hh.multiply(Mat::new(dgates, s.batch, s.gates), carry, Mode::Write);
            }
            back.add(b, part, [dgates, dgates], r, xt, sums);
        }
        back.end(b, xt);
        if present.projected {
            b.accumulate(present.projection(), |b, dw| {
                let (dr, hs) = (Mat::new(dr, s.rows(), s.output), Mat::new(hs, s.rows(), s.hidden));
                matmul(b.compute(), dr.t(), hs, dw, Mode::Add);
            });
        }
        if present.has_state {
            b.accumulate(present.state(), |_, d| add_assign(d, carry));
            b.accumulate(present.state() + 1, |_, d| add_assign(d, dc));
        }
        b.give_scratch(work);
        b.give_kept(kept);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }

    fn half_op(&self) -> Option<&dyn HalfOp> {
        // It has no states that come from other values or go to them.
        let plain = !self.present.projected && !self.present.has_state && !self.gives_cell;
        plain.then_some(self)
    }
}

impl Cell for Lstm {
    const GATES: usize = GATES;
    const KEEPS_GATES: bool = true;
    const KEEPS_STATE: bool = true;
    const HIDDEN_APART: bool = false;

    fn present(&self) -> Present {
        self.present
    }

    fn step(mut step: Step<'_>) {
        step.add_hidden();
        let ((_, r), (c_before, c)) = (step.outputs, step.states);
        lstm_step(step.gates, c_before, c, r, step.sizes.hidden);
    }

    fn step_back(step: StepBack<'_>) {
        let StepBack { sizes: s, states: [c_before, c], dgates, .. } = step;
        lstm_step_grad(step.gates, c_before, c, step.dr, step.dstate, dgates, s.hidden);
        step.w_hh.multiply(Mat::new(dgates, s.batch, s.gates), step.carry, Mode::Write);
    }
}

impl<'t> Var<'t> {
    /// One LSTM layer over `[B, T, in]`, from zeros or from `state` (`[B, R]` and `[B, H]`). Gives `[B, T, R]`.
    ///
    /// `projection` is `[R, H]`; without one `R = H`.
    pub fn lstm(
        self,
        w: RecurrentWeights<'t>,
        projection: Option<Self>,
        state: Option<[Self; 2]>,
    ) -> Self {
        let present = Present {
            biased: w.biases.is_some(),
            projected: projection.is_some(),
            has_state: state.is_some(),
        };
        let rest = projection.into_iter().chain(state.into_iter().flatten());
        let shape = self.shape().with(2, w.hidden.dim(1));
        record(Lstm { present, gives_cell: false }, self, w, rest, shape)
    }

    /// The same without a projection, and the cell state after the last step, `[B, H]`: gradients flow through both.
    pub fn lstm_and_cell(self, w: RecurrentWeights<'t>, state: Option<[Self; 2]>) -> [Self; 2] {
        let (biased, has_state) = (w.biases.is_some(), state.is_some());
        let present = Present { biased, projected: false, has_state };
        let ([batch, time], hidden) = ([self.dim(0), self.dim(1)], w.hidden.dim(1));
        // The rows of all steps, window by window, then the cell state of each window.
        let op = Lstm { present, gives_cell: true };
        let states = [batch * time + batch, hidden].into();
        let all = record(op, self, w, state.into_iter().flatten(), states);
        let outputs = all.slice(0, 0, batch * time).reshape([batch, time, hidden]);
        [outputs, all.last(0, batch)]
    }

    /// The cell state after the last step of [`Var::lstm`]: `[B, H]`.
    pub fn lstm_cell(self, hidden: usize) -> Self {
        let (batch, time) = (self.dim(0), self.dim(1));
        let from = batch * time * GATES * hidden + time * batch * hidden;
        self.tape.kept_output(self, from, [batch, hidden].into())
    }
}
