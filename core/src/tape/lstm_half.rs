//! An LSTM layer on values in 16 bits: only some steps at a time are in f32.
//!
//! Only gates and cells are kept for the backward pass. It reads inputs and outputs from the values of the tape.

use std::ops::Range;

use super::half_ops::{HalfOp, HalfOutput, grow, steps};
use super::lstm::{GATES, Lstm};
use super::recurrent::{
    Sizes, W_HH, W_IH, X, accumulate_weights, both_biases, hidden_weight, hidden_weight_back,
    pieces,
};
use super::{Backward, Inputs};
use crate::kernels::Compute;
use crate::kernels::elementwise::add_assign;
use crate::kernels::float_slice::FloatSlice;
use crate::kernels::matmul::{Mat, Mode};
use crate::kernels::prepacked::Prepacked;
use crate::kernels::recurrent::{lstm_step, lstm_step_grad};

impl HalfOp for Lstm {
    fn forward_half(&self, x: &Inputs<'_>, out: &mut HalfOutput<'_>) {
        let compute = x.compute();
        let s = Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims(), GATES);
        let [g, h] = [s.gates, s.hidden].map(|n| n * s.batch);
        out.keep(s.time * (g + h));
        // Gates of all steps, then cells.
        let first_cell = s.time * g;
        let (most, parts) = steps(s.time, s.batch * (s.input + s.gates + 2 * s.hidden));
        let lengths = [most * s.batch * s.input, most * g, (1 + most) * h, (1 + most) * h, s.gates];
        let [xt, gates, r, c, bias] = pieces(grow(out.scratch, lengths.iter().sum()), lengths);
        // The first entry is the state before the first of these steps.
        [&mut *r, &mut *c].into_iter().for_each(|state| state[..h].fill(0.0));
        let bias = both_biases(x, self.present, bias);
        let w_ih = Prepacked::new(
            x.compute(),
            Mat::new(x.data(W_IH), s.gates, s.input).t(),
            most * s.batch,
        );
        let w_hh = hidden_weight(x.compute(), x.data(W_HH), &s);
        for part in parts {
            let n = part.len();
            let (xt, gates) = (&mut xt[..n * s.batch * s.input], &mut gates[..n * g]);
            gather(x.compute(), x.factor(X), [s.batch, s.time, s.input], part.clone(), xt);
            let xt = Mat::new(xt, n * s.batch, s.input);
            match bias {
                Some(bias) => w_ih.affine(xt, bias, gates),
                None => w_ih.multiply(xt, gates, Mode::Write),
            }
            for t in 0..n {
                let gates = &mut gates[t * g..(t + 1) * g];
                let (c_before, c_now) = c[t * h..(t + 2) * h].split_at_mut(h);
                let (r_before, r_now) = r[t * h..(t + 2) * h].split_at_mut(h);
                if part.start + t > 0 {
                    w_hh.multiply(Mat::new(r_before, s.batch, s.hidden), gates, Mode::Add);
                }
                lstm_step(gates, c_before, c_now, r_now, s.hidden);
            }
            out.kept.write(compute, part.start * g, FloatSlice::F32(gates));
            let cells = FloatSlice::F32(&c[h..(n + 1) * h]);
            out.kept.write(compute, first_cell + part.start * h, cells);
            for (i, row) in r[h..(n + 1) * h].chunks_exact(s.hidden).enumerate() {
                let (t, b) = (part.start + i / s.batch, i % s.batch);
                out.data.write(compute, (b * s.time + t) * s.hidden, FloatSlice::F32(row));
            }
            [&mut *r, &mut *c]
                .into_iter()
                .for_each(|state| state.copy_within(n * h..(n + 1) * h, 0));
        }
    }

    fn backward_half(&self, b: &mut Backward<'_>) {
        let s = Sizes::new(b.input_shape(X).dims(), b.input_shape(W_HH).dims(), GATES);
        let [g, h] = [s.gates, s.hidden].map(|n| n * s.batch);
        let grad = b.take_half_grad();
        let kept = b.use_up_kept();
        let (grads, all_kept) = (grad.as_slice(), kept.as_slice());
        let kept_gates = all_kept.slice(0..s.time * g);
        let kept_cells = all_kept.slice(s.time * g..s.time * (g + h));
        let (most, parts) = steps(s.time, s.batch * (s.input + 2 * s.gates + 3 * s.hidden));
        let lengths = [
            most * s.batch * s.input,
            most * g,
            most * g,
            (1 + most) * h,
            most * h,
            most * h,
            h,
            h,
            s.gates,
        ];
        let mut scratch = b.take_scratch(lengths.iter().sum());
        // Gradients: dr of all outputs, carry of the previous state, dc of the current cell.
        let [xt, gates, dgates, c, r, dr, carry, dc, sums] = pieces(&mut scratch, lengths);
        [&mut *carry, &mut *dc].into_iter().for_each(|state| state.fill(0.0));
        let mut gradient = b.begin_parts(X);
        let [w_ih, w_hh] = [W_IH, W_HH].map(|i| b.lend(i));
        let w_ih = Prepacked::new(b.compute(), Mat::new(&w_ih, s.gates, s.input), most * s.batch);
        let w_hh = hidden_weight_back(b.compute(), &w_hh, &s);
        for part in parts.rev() {
            let n = part.len();
            let (xt, dgates) = (&mut xt[..n * s.batch * s.input], &mut dgates[..n * g]);
            let (r, dr) = (&mut r[..n * h], &mut dr[..n * h]);
            let gates = kept_gates.wide(b.compute(), part.start * g..part.end * g, gates);
            // The state before the first step is 0.
            let none = usize::from(part.start == 0) * h;
            let before = part.start.saturating_sub(1);
            c[..none].fill(0.0);
            kept_cells.copy_to(b.compute(), before * h..part.end * h, &mut c[none..(n + 1) * h]);
            r[..none].fill(0.0);
            let shape = [s.batch, s.time, s.hidden];
            gather(b.compute(), b.output_numbers(), shape, before..part.end - 1, &mut r[none..]);
            gather(b.compute(), grads, shape, part.clone(), dr);
            gather(b.compute(), b.input_factor(X), [s.batch, s.time, s.input], part.clone(), xt);
            for t in (0..n).rev() {
                let dr = &mut dr[t * h..(t + 1) * h];
                add_assign(dr, carry);
                let (c_before, c_now) = c[t * h..(t + 2) * h].split_at(h);
                let (gates, dgates) = (&gates[t * g..(t + 1) * g], &mut dgates[t * g..(t + 1) * g]);
                lstm_step_grad(gates, c_before, c_now, dr, dc, dgates, s.hidden);
                w_hh.multiply(Mat::new(dgates, s.batch, s.gates), carry, Mode::Write);
            }
            let steps = Sizes { time: n, ..s };
            accumulate_weights(b, self.present, &steps, [dgates, dgates], r, xt, sums);
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
