//! What recurrent layers have in common: weights, sizes, buffers with time first, and the gradients of the weights.
//!
//! Inputs of every step are multiplied at once, and so are the gradients of the weights; only what depends on the step
//! before goes through time.

use std::any::Any;

use super::{Backward, Inputs, Op, Var};
use crate::kernels::elementwise::{add_assign, column_sums_add};
use crate::kernels::matmul::{Mat, Mode, linear, matmul};

/// The weights of one layer. `G` is its number of gates.
#[derive(Clone, Copy)]
pub struct RecurrentWeights<'t> {
    /// `[G·H, in]`
    pub input: Var<'t>,
    /// `[G·H, R]`
    pub hidden: Var<'t>,
    /// Two of `[G·H]`: torch keeps one for the input and one for the hidden state.
    pub biases: Option<[Var<'t>; 2]>,
}

/// Positions of the inputs that every layer has.
pub(super) const X: usize = 0;
pub(super) const W_IH: usize = 1;
pub(super) const W_HH: usize = 2;
pub(super) const BIAS: usize = 3;

/// Which inputs there are beside `x` and the two weights: biases, a projection, the state before the first step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Present {
    pub(super) biased: bool,
    pub(super) projected: bool,
    pub(super) has_state: bool,
}

impl Present {
    pub(super) fn projection(self) -> usize {
        BIAS + 2 * usize::from(self.biased)
    }

    pub(super) fn state(self) -> usize {
        self.projection() + usize::from(self.projected)
    }
}

/// Batch, time, input, gates together, hidden and output sizes.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) time: usize,
    pub(super) input: usize,
    pub(super) gates: usize,
    pub(super) hidden: usize,
    pub(super) output: usize,
}

impl Sizes {
    /// Of a layer with `n` gates, from the shapes of `x` and of the hidden weight.
    pub(super) fn new(x: &[usize], w_hh: &[usize], n: usize) -> Self {
        let (gates, output) = (w_hh[0], w_hh[1]);
        Self { batch: x[0], time: x[1], input: x[2], gates, hidden: gates / n, output }
    }

    pub(super) fn rows(&self) -> usize {
        self.batch * self.time
    }
}

/// Cuts a buffer into consecutive pieces.
pub(super) fn pieces<const N: usize>(
    mut buffer: &mut [f32],
    lengths: [usize; N],
) -> [&mut [f32]; N] {
    lengths.map(|n| {
        let (head, tail) = std::mem::take(&mut buffer).split_at_mut(n);
        buffer = tail;
        head
    })
}

/// `[A, B, n]` → `[B, A, n]`.
pub(super) fn exchange(from: &[f32], [a, b, n]: [usize; 3], to: &mut [f32], mode: Mode) {
    for i in 0..a {
        for j in 0..b {
            let (from, to) = (&from[(i * b + j) * n..][..n], &mut to[(j * a + i) * n..][..n]);
            match mode {
                Mode::Write => to.copy_from_slice(from),
                Mode::Add => add_assign(to, from),
            }
        }
    }
}

/// The `t`-th of consecutive steps of `size` numbers; `first` is the one before the first.
pub(super) fn before<'a>(t: usize, steps: &'a [f32], first: &'a [f32], size: usize) -> &'a [f32] {
    if t == 0 { first } else { &steps[(t - 1) * size..t * size] }
}

/// Writes `x` with time first to `xt`, and `x·W_ihᵀ + b_ih` of every step to `gates`.
pub(super) fn multiply_inputs(
    x: &Inputs<'_>,
    s: &Sizes,
    biased: bool,
    xt: &mut [f32],
    gates: &mut [f32],
) {
    exchange(x.data(X), [s.batch, s.time, s.input], xt, Mode::Write);
    linear(xt, x.data(W_IH), biased.then(|| x.data(BIAS)), gates, s.input, s.gates);
}

/// Adds to the gradients of the weights, the biases and `x`.
///
/// `d_input` and `d_hidden` are the gradients of `x·W_ihᵀ + b_ih` and `r·W_hhᵀ + b_hh`, `r` the outputs of all steps, all
/// with time first. `xt` is used up.
pub(super) fn accumulate_weights(
    b: &mut Backward<'_>,
    present: Present,
    s: &Sizes,
    [d_input, d_hidden]: [&[f32]; 2],
    r: &[f32],
    xt: &mut [f32],
) {
    b.accumulate(W_IH, |_, dw| {
        let d = Mat::new(d_input, s.rows(), s.gates);
        matmul(d.t(), Mat::new(xt, s.rows(), s.input), dw, Mode::Add);
    });
    b.accumulate(W_HH, |b, dw| {
        let (first, later) = d_hidden.split_at(s.batch * s.gates);
        if present.has_state {
            let d = Mat::new(first, s.batch, s.gates);
            matmul(d.t(), Mat::new(b.input(present.state()), s.batch, s.output), dw, Mode::Add);
        }
        if s.time > 1 {
            let rows = s.rows() - s.batch;
            let d = Mat::new(later, rows, s.gates);
            matmul(d.t(), Mat::new(&r[..rows * s.output], rows, s.output), dw, Mode::Add);
        }
    });
    if present.biased {
        b.accumulate(BIAS, |_, db| column_sums_add(d_input, s.gates, db));
        b.accumulate(BIAS + 1, |_, db| column_sums_add(d_hidden, s.gates, db));
    }
    if b.wants(X) {
        let w_ih = Mat::new(b.input(W_IH), s.gates, s.input);
        matmul(Mat::new(d_input, s.rows(), s.gates), w_ih, xt, Mode::Write);
        b.accumulate(X, |_, dx| exchange(xt, [s.time, s.batch, s.input], dx, Mode::Add));
    }
}

/// `d_hidden·W_hh` of one step, added to or written over the gradient of the output of the step before.
pub(super) fn step_back(
    b: &Backward<'_>,
    s: &Sizes,
    d_hidden: &[f32],
    carry: &mut [f32],
    mode: Mode,
) {
    let w_hh = Mat::new(b.input(W_HH), s.gates, s.output);
    matmul(Mat::new(d_hidden, s.batch, s.gates), w_hh, carry, mode);
}

/// Records a layer over `x [B, T, in]`.
pub(super) fn record<'t, O: Op + Any>(
    op: O,
    x: Var<'t>,
    w: RecurrentWeights<'t>,
    rest: impl Iterator<Item = Var<'t>>,
) -> Var<'t> {
    let mut inputs = [x; 8];
    let mut count = 0;
    let weights = [x, w.input, w.hidden].into_iter().chain(w.biases.into_iter().flatten());
    for v in weights.chain(rest) {
        inputs[count] = v;
        count += 1;
    }
    x.tape.record(op, &inputs[..count], x.shape().with(2, w.hidden.dim(1)))
}
