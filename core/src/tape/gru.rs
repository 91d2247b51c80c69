//! One GRU layer through time, forward and backward as one operation each.
//!
//! `r, z = σ(a + b)`, `n = tanh(a + r⊙b)`, `h = (1 - z)⊙n + z⊙h`, where `a = x·W_ihᵀ + b_ih` and `b = h·W_hhᵀ + b_hh` have
//! a part for each gate. Gate order r, z, n and names as in torch.nn.GRU.

use super::half_ops::HalfOp;
use super::recurrent::{
    BIAS, BackwardPass, InputProduct, Present, RecurrentWeights, Sizes, W_HH, X, hidden_weight,
    initial_state, lend_weights, record, steps_at_once, swap_axes,
};
use super::recurrent_half::{Cell, Step, StepBack};
use super::{Backward, Description, Inputs, Op, Output, Shape, Var};
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::{Mat, Mode};
use crate::kernels::recurrent::{gru_step, gru_step_grad};
use crate::kernels::scratch::pieces;

const GATES: usize = 3;

struct Gru(Present);

/// What is kept, time-major: gates `[T,B,3H]`, b `[T,B,3H]`, h `[1+T,B,H]` with the initial state, x `[T,B,I]`, and a number
/// for each gate.
fn kept_lengths(s: &Sizes) -> [usize; 5] {
    let [gates, b, h, x] = [s.gates, s.gates, s.hidden, s.input].map(|n| n * s.rows());
    [gates, b, h + s.batch * s.hidden, x, s.gates]
}

/// Scratch memory of the backward pass: gradients of all outputs (time-major), and of the previous state.
fn scratch_lengths(s: &Sizes) -> [usize; 2] {
    [s.hidden * s.rows(), s.hidden * s.batch]
}

impl Op for Gru {
    fn describe(&self) -> Description {
        self.0.describe("gru")
    }

    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        kept_lengths(&Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), GATES)).iter().sum()
    }

    fn scratch(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        scratch_lengths(&Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), GATES)).iter().sum()
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let present = self.0;
        let s = Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), GATES);
        let [g, h] = [s.gates, s.hidden].map(|n| n * s.batch);
        out.keep(self.kept(x, out.shape));
        let [gates, of_hidden, hs, xt, zeros] = pieces(out.kept, kept_lengths(&s));
        let biases = present.biased.then(|| [BIAS, BIAS + 1].map(|i| x.data(i)));
        let (most, parts) = steps_at_once(&s);
        let inputs = InputProduct::new(x, &s, most, biases.map(|[input, _]| input), xt);
        zeros.fill(0.0);
        let bias = biases.map_or(&*zeros, |[_, hidden]| hidden);
        initial_state(x, present, present.state(), &mut hs[..h]);
        let w_hh = hidden_weight(x.compute(), x.data(W_HH), &s);
        for part in parts {
            inputs.write(part.clone(), xt, gates);
            for t in part {
                let step = t * g..(t + 1) * g;
                let (h_before, h_now) = hs[t * h..(t + 2) * h].split_at_mut(h);
                let of_hidden = &mut of_hidden[step.clone()];
                if t > 0 || present.has_state {
                    w_hh.affine(Mat::new(h_before, s.batch, s.hidden), bias, of_hidden);
                } else {
                    of_hidden.chunks_exact_mut(s.gates).for_each(|row| row.copy_from_slice(bias));
                }
                gru_step(&mut gates[step], of_hidden, h_before, h_now, s.hidden);
            }
        }
        swap_axes(&hs[h..], [s.time, s.batch, s.hidden], out.data, Mode::Write);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let present = self.0;
        let s = Sizes::new(b.input_shape(X).dims(), b.input_shape(W_HH).dims(), GATES);
        let [g, h] = [s.gates, s.hidden].map(|n| n * s.batch);
        let mut kept = b.take_kept();
        let scratch = scratch_lengths(&s);
        let mut work = b.take_scratch(scratch.iter().sum());
        // Gates and their hidden parts are replaced by their gradients, step by step.
        let [gates, of_hidden, hs, xt, sums] = pieces(&mut kept, kept_lengths(&s));
        let [dh, carry] = pieces(&mut work, scratch);
        swap_axes(b.grad(), [s.batch, s.time, s.hidden], dh, Mode::Write);
        carry.fill(0.0);

        let weights = lend_weights(b);
        let back = BackwardPass::new(b, &weights, present, &s);
        for part in back.parts() {
            for t in part.clone().rev() {
                let step = t * g..(t + 1) * g;
                let h_before = &hs[t * h..(t + 1) * h];
                let dh = &mut dh[t * h..(t + 1) * h];
                add_assign(dh, carry);
                let of_hidden = &mut of_hidden[step.clone()];
                gru_step_grad(&mut gates[step], of_hidden, h_before, dh, carry, s.hidden);
                back.w_hh.multiply(Mat::new(of_hidden, s.batch, s.gates), carry, Mode::Add);
            }
            let d = [&*gates, of_hidden].map(|d| &d[part.start * g..part.end * g]);
            back.add(b, part, d, hs, xt, sums);
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

impl Cell for Gru {
    const GATES: usize = GATES;
    const KEEPS_GATES: bool = true;
    /// The part `b` of gate n, which r is multiplied by.
    const KEEPS_STATE: bool = true;
    const HIDDEN_APART: bool = true;

    fn present(&self) -> Present {
        self.0
    }

    fn step(step: Step<'_>) {
        let s = step.sizes;
        let ((bias, of_hidden), (h_before, h)) = (step.of_hidden, step.outputs);
        if step.first {
            of_hidden.chunks_exact_mut(s.gates).for_each(|row| row.copy_from_slice(bias));
        } else {
            step.w_hh.affine(Mat::new(h_before, s.batch, s.hidden), bias, of_hidden);
        }
        gru_step(step.gates, of_hidden, h_before, h, s.hidden);
        let of_n = of_hidden.chunks_exact(s.gates).map(|row| &row[2 * s.hidden..]);
        step.states
            .1
            .chunks_exact_mut(s.hidden)
            .zip(of_n)
            .for_each(|(to, n)| to.copy_from_slice(n));
    }

    fn step_back(step: StepBack<'_>) {
        let StepBack { sizes: s, dgates, dhidden, carry, .. } = step;
        dgates.copy_from_slice(step.gates);
        let of_n = dhidden.chunks_exact_mut(s.gates).map(|row| &mut row[2 * s.hidden..]);
        of_n.zip(step.states[1].chunks_exact(s.hidden)).for_each(|(to, n)| to.copy_from_slice(n));
        gru_step_grad(dgates, dhidden, step.outputs[0], step.dr, carry, s.hidden);
        step.w_hh.multiply(Mat::new(dhidden, s.batch, s.gates), carry, Mode::Add);
    }
}

impl<'t> Var<'t> {
    /// One GRU layer over `[B, T, in]`, from zeros or from `state` `[B, H]`. Gives `[B, T, H]`.
    pub fn gru(self, w: RecurrentWeights<'t>, state: Option<Self>) -> Self {
        let present =
            Present { biased: w.biases.is_some(), projected: false, has_state: state.is_some() };
        let shape = self.shape().with(2, w.hidden.dim(1));
        record(Gru(present), self, w, state.into_iter(), shape)
    }
}
