//! A recurrent layer on values in 16 bits: only some steps at a time are in f32.
//!
//! For the backward pass it keeps what cannot be read from the values of the tape, which hold inputs and outputs: activated
//! gates, and one more number per hidden unit where a cell needs it.

use std::ops::Range;

use super::half_ops::{HalfOp, HalfOutput, grow, steps};
use super::recurrent::{
    BIAS, Present, Sizes, W_HH, W_IH, X, accumulate_weights, both_biases, hidden_weight,
    hidden_weight_back,
};
use super::{Backward, Inputs, Op};
use crate::kernels::Compute;
use crate::kernels::elementwise::add_assign;
use crate::kernels::float_slice::FloatSlice;
use crate::kernels::matmul::{Mat, Mode};
use crate::kernels::prepacked::Prepacked;
use crate::kernels::scratch::pieces;

/// A layer that begins with zeros and has no projection.
pub(super) trait Cell: Op {
    /// How many gates there are.
    const GATES: usize;
    /// Whether the backward pass needs the activated gates.
    const KEEPS_GATES: bool;
    /// Whether a step makes one more number per hidden unit, here called its state, that the backward pass needs.
    const KEEPS_STATE: bool;
    /// Whether `r·W_hhᵀ` and its bias stay apart from the input's part of the gates.
    const HIDDEN_APART: bool;

    /// Which optional inputs there are.
    fn present(&self) -> Present;
    /// Activates the gates, and writes state and output of a step.
    fn step(step: Step<'_>);
    /// Writes the gradients of a step.
    fn step_back(step: StepBack<'_>);
}

/// One step of all windows. Pairs are of the step before, which is 0 for the first one, and of this one.
pub(super) struct Step<'a> {
    pub(super) compute: Compute,
    pub(super) sizes: &'a Sizes,
    pub(super) w_hh: &'a Prepacked<'a>,
    /// Whether the output before is 0.
    pub(super) first: bool,
    /// `x·W_ihᵀ` and the biases that belong to it.
    pub(super) gates: &'a mut [f32],
    /// Bias and room of `r·W_hhᵀ`, if it stays apart.
    pub(super) of_hidden: (&'a [f32], &'a mut [f32]),
    pub(super) outputs: (&'a [f32], &'a mut [f32]),
    pub(super) states: (&'a [f32], &'a mut [f32]),
}

impl Step<'_> {
    /// Adds the part of the output before to the gates.
    pub(super) fn add_hidden(&mut self) {
        if !self.first {
            let r = Mat::new(self.outputs.0, self.sizes.batch, self.sizes.hidden);
            self.w_hh.multiply(r, self.gates, Mode::Add);
        }
    }
}

/// The same for the backward pass.
pub(super) struct StepBack<'a> {
    pub(super) compute: Compute,
    pub(super) sizes: &'a Sizes,
    pub(super) w_hh: &'a Prepacked<'a>,
    /// Activated gates.
    pub(super) gates: &'a [f32],
    pub(super) outputs: [&'a [f32]; 2],
    pub(super) states: [&'a [f32]; 2],
    /// Gradient of the output.
    pub(super) dr: &'a mut [f32],
    /// Gradient of the state. The step replaces it by that of the state before.
    pub(super) dstate: &'a mut [f32],
    /// Gradient of the output before, to be written.
    pub(super) carry: &'a mut [f32],
    /// Gradient of the gates, to be written.
    pub(super) dgates: &'a mut [f32],
    /// Gradient of `r·W_hhᵀ`, to be written if it stays apart.
    pub(super) dhidden: &'a mut [f32],
}

/// Numbers per window and step: those of gates and state that are kept, and of the hidden part of the gates.
fn widths<C: Cell>(s: &Sizes) -> [usize; 3] {
    let of = |there, n| if there { n } else { 0 };
    [of(C::KEEPS_GATES, s.gates), of(C::KEEPS_STATE, s.hidden), of(C::HIDDEN_APART, s.gates)]
}

impl<C: Cell> HalfOp for C {
    fn forward_half(&self, x: &Inputs<'_>, out: &mut HalfOutput<'_>) {
        let compute = x.compute();
        let s = Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), C::GATES);
        let widths = widths::<C>(&s);
        let [g, h] = [s.gates, s.hidden].map(|n| n * s.batch);
        let [kept_gates, state, apart] = widths.map(|n| n * s.batch);
        out.keep(s.time * (kept_gates + state));
        // Gates of all steps, then states.
        let first_state = s.time * kept_gates;
        let (most, parts) = steps(s.time, s.batch * (s.input + s.gates + 2 * s.hidden));
        let lengths = [
            most * s.batch * s.input,
            most * g,
            (1 + most) * h,
            (1 + most) * state,
            s.gates,
            apart,
        ];
        let [xt, gates, r, c, bias, of_hidden] =
            pieces(grow(out.scratch, lengths.iter().sum()), lengths);
        // The first entry is of the step before these.
        r[..h].fill(0.0);
        c[..state].fill(0.0);
        let (input_bias, hidden_bias) = if C::HIDDEN_APART {
            bias.fill(0.0);
            let biased = self.present().biased;
            (biased.then(|| x.data(BIAS)), if biased { x.data(BIAS + 1) } else { &*bias })
        } else {
            (both_biases(x, self.present(), bias), &[][..])
        };
        let w_ih = Mat::new(x.data(W_IH), s.gates, s.input).t();
        let w_ih = Prepacked::new(compute, w_ih, most * s.batch);
        let w_hh = hidden_weight(compute, x.data(W_HH), &s);
        for part in parts {
            let n = part.len();
            let (xt, gates) = (&mut xt[..n * s.batch * s.input], &mut gates[..n * g]);
            gather(compute, x.factor(X), [s.batch, s.time, s.input], part.clone(), xt);
            let xt = Mat::new(xt, n * s.batch, s.input);
            match input_bias {
                Some(bias) => w_ih.affine(xt, bias, gates),
                None => w_ih.multiply(xt, gates, Mode::Write),
            }
            for t in 0..n {
                let (c_before, c_now) = c[t * state..(t + 2) * state].split_at_mut(state);
                let (r_before, r_now) = r[t * h..(t + 2) * h].split_at_mut(h);
                C::step(Step {
                    compute,
                    sizes: &s,
                    w_hh: &w_hh,
                    first: part.start + t == 0,
                    gates: &mut gates[t * g..(t + 1) * g],
                    of_hidden: (hidden_bias, of_hidden),
                    outputs: (r_before, r_now),
                    states: (c_before, c_now),
                });
            }
            if C::KEEPS_GATES {
                out.kept.write(compute, part.start * g, FloatSlice::F32(gates));
            }
            let states = FloatSlice::F32(&c[state..(n + 1) * state]);
            out.kept.write(compute, first_state + part.start * state, states);
            for (i, row) in r[h..(n + 1) * h].chunks_exact(s.hidden).enumerate() {
                let (t, b) = (part.start + i / s.batch, i % s.batch);
                out.data.write(compute, (b * s.time + t) * s.hidden, FloatSlice::F32(row));
            }
            r.copy_within(n * h..(n + 1) * h, 0);
            c.copy_within(n * state..(n + 1) * state, 0);
        }
    }

    fn backward_half(&self, b: &mut Backward<'_>) {
        let compute = b.compute();
        let s = Sizes::new(b.input_shape(X).dims(), b.input_shape(W_HH).dims(), C::GATES);
        let widths = widths::<C>(&s);
        let [g, h] = [s.gates, s.hidden].map(|n| n * s.batch);
        let [kept_gates, state, apart] = widths.map(|n| n * s.batch);
        let grad = b.take_half_grad();
        let kept = b.use_up_kept();
        let (grads, all_kept) = (grad.as_slice(), kept.as_slice());
        let of_gates = all_kept.slice(0..s.time * kept_gates);
        let of_states = all_kept.slice(s.time * kept_gates..s.time * (kept_gates + state));
        let (most, parts) = steps(
            s.time,
            s.batch * (s.input + s.gates + 2 * s.hidden + widths.iter().sum::<usize>()),
        );
        let lengths = [
            most * s.batch * s.input,
            most * kept_gates,
            most * g,
            most * apart,
            (1 + most) * state,
            (1 + most) * h,
            most * h,
            h,
            state,
            s.gates,
        ];
        let mut scratch = b.take_scratch(lengths.iter().sum());
        // Gradients: dr of all outputs, carry of the output before, dc of the current state.
        let [xt, gates, dgates, dhidden, c, r, dr, carry, dc, sums] = pieces(&mut scratch, lengths);
        [&mut *carry, &mut *dc].into_iter().for_each(|list| list.fill(0.0));
        let mut gradient = b.begin_parts(X);
        let [w_ih, w_hh] = [W_IH, W_HH].map(|i| b.lend(i));
        let w_ih = Prepacked::new(compute, Mat::new(&w_ih, s.gates, s.input), most * s.batch);
        let w_hh = hidden_weight_back(compute, &w_hh, &s);
        for part in parts.rev() {
            let n = part.len();
            let (xt, dr) = (&mut xt[..n * s.batch * s.input], &mut dr[..n * h]);
            let (dgates, dhidden) = (&mut dgates[..n * g], &mut dhidden[..n * apart]);
            let kept = part.start * kept_gates..part.end * kept_gates;
            let gates = of_gates.wide(compute, kept, gates);
            // Output and state before the first step are 0.
            let none = usize::from(part.start == 0);
            let before = part.start.saturating_sub(1);
            c[..none * state].fill(0.0);
            let states = before * state..part.end * state;
            of_states.copy_to(compute, states, &mut c[none * state..(n + 1) * state]);
            r[..none * h].fill(0.0);
            let shape = [s.batch, s.time, s.hidden];
            let outputs = &mut r[none * h..(n + 1) * h];
            gather(compute, b.output_numbers(), shape, before..part.end, outputs);
            gather(compute, grads, shape, part.clone(), dr);
            gather(compute, b.input_factor(X), [s.batch, s.time, s.input], part.clone(), xt);
            for t in (0..n).rev() {
                let dr = &mut dr[t * h..(t + 1) * h];
                add_assign(dr, carry);
                C::step_back(StepBack {
                    compute,
                    sizes: &s,
                    w_hh: &w_hh,
                    gates: &gates[t * kept_gates..(t + 1) * kept_gates],
                    outputs: [t, t + 1].map(|t| &r[t * h..(t + 1) * h]),
                    states: [t, t + 1].map(|t| &c[t * state..(t + 1) * state]),
                    dr,
                    dstate: dc,
                    carry,
                    dgates: &mut dgates[t * g..(t + 1) * g],
                    dhidden: &mut dhidden[t * apart..(t + 1) * apart],
                });
            }
            let steps = Sizes { time: n, ..s };
            let d = if C::HIDDEN_APART { [&*dgates, dhidden] } else { [&*dgates, dgates] };
            accumulate_weights(b, self.present(), &steps, d, &r[..n * h], xt, sums);
            if let Some(gradient) = &mut gradient {
                w_ih.multiply(Mat::new(dgates, n * s.batch, s.gates), xt, Mode::Write);
                for (i, row) in xt.chunks_exact_mut(s.input).enumerate() {
                    let (t, b) = (part.start + i / s.batch, i % s.batch);
                    gradient.put((b * s.time + t) * s.input, row);
                }
            }
        }
        drop((w_ih, w_hh));
        if let Some(gradient) = gradient {
            b.end_parts(X, gradient);
        }
        b.give_scratch(scratch);
        [grad, kept].into_iter().for_each(|list| b.give_half(list));
    }
}

/// Some steps of `x` `[B, T, n]`, time first, in f32.
fn gather(
    compute: Compute,
    x: FloatSlice<'_>,
    [batch, time, n]: [usize; 3],
    steps: Range<usize>,
    to: &mut [f32],
) {
    let places = steps.flat_map(|t| (0..batch).map(move |b| (b * time + t) * n));
    for (from, to) in places.zip(to.chunks_exact_mut(n.max(1))) {
        x.copy_to(compute, from..from + n, to);
    }
}
