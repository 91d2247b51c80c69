//! One Elman layer through time, forward and backward as one operation each.
//!
//! `h = tanh(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh)`. Names as in torch.nn.RNN.

use super::half_ops::HalfOp;
use super::recurrent::{
    BackwardPass, InputProduct, Present, RecurrentWeights, Sizes, W_HH, X, both_biases,
    hidden_weight, initial_state, lend_weights, record, steps_at_once, swap_axes,
};
use super::recurrent_half::{Cell, Step, StepBack};
use super::{Backward, Description, Inputs, Op, Output, Shape, Var};
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::{Mat, Mode};
use crate::kernels::pointwise::{Tanh, map, mul_derivative};
use crate::kernels::scratch::pieces;

struct Rnn(Present);

/// What is kept, time-major: pre-activations `[T,B,H]`, h `[1+T,B,H]` with the initial state, x `[T,B,I]`, and the sum of the
/// biases.
fn kept_lengths(s: &Sizes) -> [usize; 4] {
    let [a, h, x] = [s.hidden, s.hidden, s.input].map(|n| n * s.rows());
    [a, h + s.batch * s.hidden, x, s.gates]
}

/// Scratch memory of the backward pass: gradients of all outputs (time-major), and of the previous state.
fn scratch_lengths(s: &Sizes) -> [usize; 2] {
    [s.hidden * s.rows(), s.hidden * s.batch]
}

impl Op for Rnn {
    fn describe(&self) -> Description {
        self.0.describe("rnn")
    }

    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        kept_lengths(&Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), 1)).iter().sum()
    }

    fn scratch(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        scratch_lengths(&Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), 1)).iter().sum()
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let present = self.0;
        let s = Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), 1);
        let h = s.batch * s.hidden;
        out.keep(self.kept(x, out.shape));
        let [a, hs, xt, bias] = pieces(out.kept, kept_lengths(&s));
        let (most, parts) = steps_at_once(&s);
        let inputs = InputProduct::new(x, &s, most, both_biases(x, present, bias), xt);
        initial_state(x, present, present.state(), &mut hs[..h]);
        let w_hh = hidden_weight(x.compute(), x.data(W_HH), &s);
        for part in parts {
            inputs.write(part.clone(), xt, a);
            for t in part {
                let a = &mut a[t * h..(t + 1) * h];
                let (h_before, h_now) = hs[t * h..(t + 2) * h].split_at_mut(h);
                if t > 0 || present.has_state {
                    w_hh.multiply(Mat::new(h_before, s.batch, s.hidden), a, Mode::Add);
                }
                map::<Tanh>(x.compute(), a, h_now);
            }
        }
        swap_axes(&hs[h..], [s.time, s.batch, s.hidden], out.data, Mode::Write);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let present = self.0;
        let s = Sizes::new(b.input_shape(X).dims(), b.input_shape(W_HH).dims(), 1);
        let h = s.batch * s.hidden;
        let mut kept = b.take_kept();
        let scratch = scratch_lengths(&s);
        let mut work = b.take_scratch(scratch.iter().sum());
        let [da, hs, xt, sums] = pieces(&mut kept, kept_lengths(&s)); // the pre-activations are not needed: their memory holds their gradients
        let [dh, carry] = pieces(&mut work, scratch);
        swap_axes(b.grad(), [s.batch, s.time, s.hidden], dh, Mode::Write);
        carry.fill(0.0);

        let weights = lend_weights(b);
        let back = BackwardPass::new(b, &weights, present, &s);
        for part in back.parts() {
            for t in part.clone().rev() {
                let step = t * h..(t + 1) * h;
                let (da, dh) = (&mut da[step.clone()], &mut dh[step]);
                add_assign(dh, carry);
                da.copy_from_slice(dh);
                mul_derivative::<Tanh>(b.compute(), &hs[(t + 1) * h..(t + 2) * h], da);
                back.w_hh.multiply(Mat::new(da, s.batch, s.hidden), carry, Mode::Write);
            }
            let da = &da[part.start * h..part.end * h];
            back.add(b, part, [da, da], hs, xt, sums);
        }
        back.end(b, xt);
        if present.has_state {
            b.accumulate(present.state(), |_, d| add_assign(d, carry));
        }
        b.give_scratch(work);
        b.give_kept(kept);
    }

    fn half_op(&self) -> Option<&dyn HalfOp> {
        // It has no state that comes from another value.
        (!self.0.has_state).then_some(self)
    }
}

impl Cell for Rnn {
    const GATES: usize = 1;
    const KEEPS_GATES: bool = false;
    const KEEPS_STATE: bool = false;
    const HIDDEN_APART: bool = false;

    fn present(&self) -> Present {
        self.0
    }

    fn step(mut step: Step<'_>) {
        step.add_hidden();
        map::<Tanh>(step.compute, step.gates, step.outputs.1);
    }

    fn step_back(step: StepBack<'_>) {
        let StepBack { sizes: s, dgates, .. } = step;
        dgates.copy_from_slice(step.dr);
        mul_derivative::<Tanh>(step.compute, step.outputs[1], dgates);
        step.w_hh.multiply(Mat::new(dgates, s.batch, s.gates), step.carry, Mode::Write);
    }
}

impl<'t> Var<'t> {
    /// One Elman layer over `[B, T, in]`, from zeros or from `state` `[B, H]`. Gives `[B, T, H]`.
    pub fn rnn(self, w: RecurrentWeights<'t>, state: Option<Self>) -> Self {
        let present =
            Present { biased: w.biases.is_some(), projected: false, has_state: state.is_some() };
        let shape = self.shape().with(2, w.hidden.dim(1));
        record(Rnn(present), self, w, state.into_iter(), shape)
    }
}
