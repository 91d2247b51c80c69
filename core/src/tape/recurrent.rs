//! What the recurrent layers share: weights, sizes, time-major buffers, and the gradients of the weights.
//!
//! The inputs of many steps are multiplied at once, and so are the gradients of the weights. Only what depends on the previous
//! step is computed step by step.

use std::any::Any;
use std::ops::Range;

use super::half_ops::{Cuts, Lent, steps};
use super::{Backward, Description, Inputs, Op, Shape, Var};
use crate::kernels::Compute;
use crate::kernels::elementwise::{add, add_assign, column_sums_add};
use crate::kernels::matmul::{Mat, Mode, matmul};
use crate::kernels::prepacked::{Prepacked, matmul_each};

/// The weights of one layer. `G` is its number of gates.
#[derive(Clone, Copy)]
pub struct RecurrentWeights<'t> {
    /// `[G·H, in]`
    pub input: Var<'t>,
    /// `[G·H, R]`
    pub hidden: Var<'t>,
    /// Two of `[G·H]`: torch has one for the input and one for the hidden state.
    pub biases: Option<[Var<'t>; 2]>,
}

/// Indices of the inputs that every layer has.
pub(super) const X: usize = 0;
pub(super) const W_IH: usize = 1;
pub(super) const W_HH: usize = 2;
pub(super) const BIAS: usize = 3;

/// Which optional inputs there are: biases, a projection, the initial state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Present {
    pub(super) biased: bool,
    pub(super) projected: bool,
    pub(super) has_state: bool,
}

impl Present {
    /// Describes the layer of this kind.
    pub(super) fn describe(self, kind: &str) -> Description {
        Description::new(kind)
            .with("biased", self.biased)
            .with("projected", self.projected)
            .with("has_state", self.has_state)
    }

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
    /// The sizes of a layer with `n` gates, from the shapes of `x` and of the hidden weight.
    pub(super) fn new(x: &[usize], w_hh: &[usize], n: usize) -> Self {
        let (gates, output) = (w_hh[0], w_hh[1]);
        Self { batch: x[0], time: x[1], input: x[2], gates, hidden: gates / n, output }
    }

    pub(super) fn rows(&self) -> usize {
        self.batch * self.time
    }
}

/// `[A, B, n]` → `[B, A, n]`.
pub(super) fn swap_axes(from: &[f32], [a, b, n]: [usize; 3], to: &mut [f32], mode: Mode) {
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

/// Writes the initial state: input `state` if there is one, else zeros.
pub(super) fn initial_state(x: &Inputs<'_>, present: Present, state: usize, to: &mut [f32]) {
    match present.has_state {
        true => to.copy_from_slice(x.data(state)),
        false => to.fill(0.0),
    }
}

/// The weights `[w_ih, w_hh]`, which can be read while gradients are written.
pub(super) fn lend_weights(b: &Backward<'_>) -> [Lent; 2] {
    [W_IH, W_HH].map(|i| b.lend(i))
}

/// `W_hhᵀ`, packed once because every step multiplies by it.
pub(super) fn hidden_weight<'a>(compute: Compute, w_hh: &'a [f32], s: &Sizes) -> Prepacked<'a> {
    Prepacked::new(compute, Mat::new(w_hh, s.gates, s.output).t(), s.batch)
}

/// `W_hh`, packed once for the backward pass.
pub(super) fn hidden_weight_back<'a>(
    compute: Compute,
    w_hh: &'a [f32],
    s: &Sizes,
) -> Prepacked<'a> {
    Prepacked::new(compute, Mat::new(w_hh, s.gates, s.output), s.batch)
}

/// The sum of both biases, in `to`; `None` without biases.
pub(super) fn both_biases<'a>(
    x: &Inputs<'_>,
    present: Present,
    to: &'a mut [f32],
) -> Option<&'a [f32]> {
    present.biased.then(|| {
        add(x.data(BIAS), x.data(BIAS + 1), to);
        &*to
    })
}

/// Splits the steps so that the gates of each part fit the L2 cache. Returns the length of the longest part, and the parts.
pub(super) fn steps_at_once(s: &Sizes) -> (usize, Cuts) {
    steps(s.time, s.batch * s.gates)
}

/// `x·W_ihᵀ + bias` for some steps at a time.
pub(super) struct InputProduct<'a> {
    w_ih: Prepacked<'a>,
    bias: Option<&'a [f32]>,
    rows: usize,
    sizes: [usize; 2],
}

impl<'a> InputProduct<'a> {
    /// Writes `x`, time-major, to `xt`. `most` is the number of steps at a time.
    pub(super) fn new(
        x: &'a Inputs<'a>,
        s: &Sizes,
        most: usize,
        bias: Option<&'a [f32]>,
        xt: &mut [f32],
    ) -> Self {
        swap_axes(x.data(X), [s.batch, s.time, s.input], xt, Mode::Write);
        let w_ih = Mat::new(x.data(W_IH), s.gates, s.input).t();
        let w_ih = Prepacked::new(x.compute(), w_ih, most * s.batch);
        Self { w_ih, bias, rows: s.batch, sizes: [s.input, s.gates] }
    }

    /// Writes the gates of the steps `part`. `xt` and `gates` hold all steps.
    pub(super) fn write(&self, part: Range<usize>, xt: &[f32], gates: &mut [f32]) {
        let (rows, [input, n]) = (self.rows * part.len(), self.sizes);
        let first = self.rows * part.start;
        let xt = Mat::new(&xt[first * input..][..rows * input], rows, input);
        let gates = &mut gates[first * n..][..rows * n];
        match self.bias {
            Some(bias) => self.w_ih.affine(xt, bias, gates),
            None => self.w_ih.multiply(xt, gates, Mode::Write),
        }
    }
}

/// Backpropagation through time, some steps at a time: `W_hh`, and the gradients of the inputs from those of the gates.
pub(super) struct BackwardPass<'a> {
    pub(super) w_hh: Prepacked<'a>,
    /// Present if `x` needs a gradient.
    w_ih: Option<Prepacked<'a>>,
    present: Present,
    sizes: Sizes,
}

impl<'a> BackwardPass<'a> {
    /// For a layer with the weights `[w_ih, w_hh]`.
    pub(super) fn new(
        b: &Backward<'_>,
        weights: &'a [Lent; 2],
        present: Present,
        s: &Sizes,
    ) -> Self {
        let [w_ih, w_hh] = weights;
        let rows = steps_at_once(s).0 * s.batch;
        let w_ih = Mat::new(w_ih, s.gates, s.input);
        let w_ih = b.needs_grad(X).then(|| Prepacked::new(b.compute(), w_ih, rows));
        Self { w_hh: hidden_weight_back(b.compute(), w_hh, s), w_ih, present, sizes: *s }
    }

    /// The parts, last steps first.
    pub(super) fn parts(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        steps_at_once(&self.sizes).1.rev()
    }

    /// Adds to the gradients of the weights and the biases as [`accumulate_weights`] does. `d` holds the steps `part`, `r` and `xt`
    /// hold all steps. Overwrites these steps of `xt` with the gradient of `x`.
    pub(super) fn add(
        &self,
        b: &mut Backward<'_>,
        part: Range<usize>,
        d: [&[f32]; 2],
        r: &[f32],
        xt: &mut [f32],
        sums: &mut [f32],
    ) {
        let s = Sizes { time: part.len(), ..self.sizes };
        let [r_size, x_size] = [s.output, s.input].map(|n| n * s.batch);
        let r = &r[part.start * r_size..part.end * r_size];
        let xt = &mut xt[part.start * x_size..part.end * x_size];
        accumulate_weights(b, self.present, &s, d, r, xt, sums);
        if let Some(w_ih) = &self.w_ih {
            w_ih.multiply(Mat::new(d[0], s.rows(), s.gates), xt, Mode::Write);
        }
    }

    /// Adds `xt`, which now holds it, to the gradient of `x`.
    pub(super) fn end(self, b: &mut Backward<'_>, xt: &[f32]) {
        let s = self.sizes;
        b.accumulate(X, |_, dx| swap_axes(xt, [s.time, s.batch, s.input], dx, Mode::Add));
    }
}

/// Adds to the gradients of the weights and the biases.
///
/// `d_input` and `d_hidden` are the gradients of `x·W_ihᵀ + b_ih` and `r·W_hhᵀ + b_hh`; `r` is the output before each step. All
/// are time-major. `sums`, with one number per gate, is scratch memory.
pub(super) fn accumulate_weights(
    b: &mut Backward<'_>,
    present: Present,
    s: &Sizes,
    [d_input, d_hidden]: [&[f32]; 2],
    r: &[f32],
    xt: &[f32],
    sums: &mut [f32],
) {
    let (xs, rs) = (Mat::new(xt, s.rows(), s.input), Mat::new(r, s.rows(), s.output));
    let of = |d| Mat::new(d, s.rows(), s.gates).t();
    let same = std::ptr::eq(d_input, d_hidden);
    let both = same
        && b.accumulate_both([W_IH, W_HH], |b, [dw_ih, dw_hh]| {
            matmul_each(b.compute(), of(d_input), [(xs, dw_ih), (rs, dw_hh)]);
        });
    if !both {
        b.accumulate(W_IH, |b, dw| matmul(b.compute(), of(d_input), xs, dw, Mode::Add));
        b.accumulate(W_HH, |b, dw| matmul(b.compute(), of(d_hidden), rs, dw, Mode::Add));
    }
    if present.biased {
        for (i, d) in [d_input, d_hidden].into_iter().enumerate() {
            if i == 0 || !same {
                sums.fill(0.0);
                column_sums_add(b.compute(), d, s.gates, sums);
            }
            b.accumulate(BIAS + i, |_, db| add_assign(db, sums));
        }
    }
}

/// Records a layer over `x [B, T, in]`, with an output of this shape.
pub(super) fn record<'t, O: Op + Any>(
    op: O,
    x: Var<'t>,
    w: RecurrentWeights<'t>,
    rest: impl Iterator<Item = Var<'t>>,
    shape: Shape,
) -> Var<'t> {
    let mut inputs = [x; 8];
    let mut count = 0;
    let weights = [x, w.input, w.hidden].into_iter().chain(w.biases.into_iter().flatten());
    for v in weights.chain(rest) {
        inputs[count] = v;
        count += 1;
    }
    x.tape.record(op, &inputs[..count], shape)
}
