//! One LSTM layer through time, forward and backward as one operation each.
//!
//! `i, f, o = σ(·)`, `g = tanh(·)` of `x·W_ihᵀ + b_ih + r·W_hhᵀ + b_hh`; `c = f⊙c + i⊙g`; `h = o⊙tanh(c)`;
//! `r = h·W_hrᵀ` with a projection, else `r = h`. Gate order i, f, g, o and names as in torch.nn.LSTM.

use super::{Backward, Inputs, Op, Output, Var};
use crate::kernels::elementwise::{add_assign, add_row, column_sums_add};
use crate::kernels::matmul::{Mat, Mode, Panels, linear, matmul};
use crate::kernels::recurrent::{lstm_step, lstm_step_grad};

/// The weights of one layer.
#[derive(Clone, Copy)]
pub struct LstmWeights<'t> {
    /// `[4H, in]`
    pub input: Var<'t>,
    /// `[4H, R]`
    pub hidden: Var<'t>,
    /// Two of `[4H]`: torch keeps one for the input and one for the hidden state.
    pub biases: Option<[Var<'t>; 2]>,
    /// `[R, H]`
    pub projection: Option<Var<'t>>,
}

#[derive(Debug)]
struct Lstm {
    biased: bool,
    projected: bool,
    has_state: bool,
}

/// Positions of the inputs.
const X: usize = 0;
const W_IH: usize = 1;
const W_HH: usize = 2;
const BIAS: usize = 3;

impl Lstm {
    fn projection(&self) -> usize {
        BIAS + 2 * usize::from(self.biased)
    }

    fn state(&self) -> usize {
        self.projection() + usize::from(self.projected)
    }
}

/// Batch, time, input, hidden and output sizes.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    time: usize,
    input: usize,
    hidden: usize,
    output: usize,
}

impl Sizes {
    fn new(x: &[usize], w_hh: &[usize]) -> Self {
        Self { batch: x[0], time: x[1], input: x[2], hidden: w_hh[0] / 4, output: w_hh[1] }
    }

    fn steps(&self) -> usize {
        self.batch * self.time
    }

    /// What is kept, time first: gates `[T,B,4H]`, c `[T,B,H]`, h `[T,B,H]`, r `[T,B,R]`, x `[T,B,I]`, and zeros for
    /// the state before the first step.
    fn lengths(&self) -> [usize; 6] {
        let [gates, c, h, r, x] =
            [4 * self.hidden, self.hidden, self.hidden, self.output, self.input]
                .map(|n| n * self.steps());
        [gates, c, h, r, x, self.batch * self.hidden.max(self.output)]
    }
}

/// Cuts a buffer into consecutive pieces.
fn pieces<const N: usize>(mut buffer: &mut [f32], lengths: [usize; N]) -> [&mut [f32]; N] {
    lengths.map(|n| {
        let (head, tail) = std::mem::take(&mut buffer).split_at_mut(n);
        buffer = tail;
        head
    })
}

/// `[A, B, n]` → `[B, A, n]`.
fn exchange(from: &[f32], [a, b, n]: [usize; 3], to: &mut [f32], mode: Mode) {
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

impl Op for Lstm {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let s = Sizes::new(x.shape(X).dims(), x.shape(W_HH).dims());
        let (rows, h, r_size) = (s.batch, s.batch * s.hidden, s.batch * s.output);
        out.kept.resize(s.lengths().iter().sum(), 0.0);
        let [gates, c, hs, r, xt, zeros] = pieces(out.kept, s.lengths());
        zeros.fill(0.0);
        exchange(x.data(X), [s.batch, s.time, s.input], xt, Mode::Write);
        let bias = self.biased.then(|| x.data(BIAS));
        linear(xt, x.data(W_IH), bias, gates, s.input, 4 * s.hidden);
        if self.biased {
            add_row(gates, x.data(BIAS + 1));
        }
        let (r0, c0) = if self.has_state {
            (x.data(self.state()), x.data(self.state() + 1))
        } else {
            (&zeros[..r_size], &zeros[..h])
        };
        // The same weights at every step: packed once.
        let w_hh = Panels::new(Mat::new(x.data(W_HH), 4 * s.hidden, s.output).t(), rows);
        for t in 0..s.time {
            let gates = &mut gates[t * 4 * h..(t + 1) * 4 * h];
            let (c_before, c_now) = c.split_at_mut(t * h);
            let (r_before, r_now) = r.split_at_mut(t * r_size);
            let c_prev = if t == 0 { c0 } else { &c_before[(t - 1) * h..] };
            let r_prev = if t == 0 { r0 } else { &r_before[(t - 1) * r_size..] };
            if t > 0 || self.has_state {
                w_hh.multiply(Mat::new(r_prev, rows, s.output), gates, Mode::Add);
            }
            let h_now = &mut hs[t * h..(t + 1) * h];
            lstm_step(gates, c_prev, &mut c_now[..h], h_now, s.hidden);
            if self.projected {
                linear(
                    h_now,
                    x.data(self.projection()),
                    None,
                    &mut r_now[..r_size],
                    s.hidden,
                    s.output,
                );
            } else {
                r_now[..r_size].copy_from_slice(h_now);
            }
        }
        exchange(r, [s.time, s.batch, s.output], out.data, Mode::Write);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let s = Sizes::new(b.input_shape(X).dims(), b.input_shape(W_HH).dims());
        let (rows, h, r_size) = (s.batch, s.batch * s.hidden, s.batch * s.output);
        let mut kept = b.take_kept();
        let all: usize = s.lengths().iter().sum();
        let scratch = [4 * h * s.time, r_size * s.time, r_size, h, h];
        kept.resize(all + scratch.iter().sum::<usize>(), 0.0);
        let (forward, work) = kept.split_at_mut(all);
        let [gates, c, hs, r, xt, zeros] = pieces(forward, s.lengths());
        // dr: gradient of every output, time first; carry: of the state before; dh, dc: of this step's cell.
        let [dgates, dr, carry, dh, dc] = pieces(work, scratch);
        exchange(b.grad(), [s.batch, s.time, s.output], dr, Mode::Write);
        carry.fill(0.0);
        dc.fill(0.0);

        let w_hh = Panels::new(Mat::new(b.input(W_HH), 4 * s.hidden, s.output), rows);
        for t in (0..s.time).rev() {
            let dr = &mut dr[t * r_size..(t + 1) * r_size];
            add_assign(dr, carry);
            let dh = if self.projected {
                let w_hr = Mat::new(b.input(self.projection()), s.output, s.hidden);
                matmul(Mat::new(dr, rows, s.output), w_hr, dh, Mode::Write);
                &*dh
            } else {
                &*dr
            };
            let (c_before, c_now) = c.split_at(t * h);
            let c_prev = match t {
                0 if self.has_state => b.input(self.state() + 1),
                0 => &zeros[..h],
                _ => &c_before[(t - 1) * h..],
            };
            let step = t * 4 * h..(t + 1) * 4 * h;
            lstm_step_grad(
                &gates[step.clone()],
                c_prev,
                &c_now[..h],
                dh,
                dc,
                &mut dgates[step.clone()],
                s.hidden,
            );
            w_hh.multiply(Mat::new(&dgates[step], rows, 4 * s.hidden), carry, Mode::Write);
        }
        drop(w_hh);

        let dgates_t = |from: usize, to: usize| {
            Mat::new(&dgates[from * 4 * h..to * 4 * h], rows * (to - from), 4 * s.hidden).t()
        };
        b.accumulate(W_IH, |_, dw| {
            matmul(dgates_t(0, s.time), Mat::new(xt, s.steps(), s.input), dw, Mode::Add)
        });
        b.accumulate(W_HH, |b, dw| {
            if self.has_state {
                matmul(
                    dgates_t(0, 1),
                    Mat::new(b.input(self.state()), rows, s.output),
                    dw,
                    Mode::Add,
                );
            }
            if s.time > 1 {
                let before = &r[..(s.time - 1) * r_size];
                matmul(
                    dgates_t(1, s.time),
                    Mat::new(before, rows * (s.time - 1), s.output),
                    dw,
                    Mode::Add,
                );
            }
        });
        if self.biased {
            for i in [BIAS, BIAS + 1] {
                b.accumulate(i, |_, db| column_sums_add(dgates, 4 * s.hidden, db));
            }
        }
        if self.projected {
            b.accumulate(self.projection(), |_, dw| {
                matmul(
                    Mat::new(dr, s.steps(), s.output).t(),
                    Mat::new(hs, s.steps(), s.hidden),
                    dw,
                    Mode::Add,
                );
            });
        }
        if self.has_state {
            b.accumulate(self.state(), |_, d| add_assign(d, carry));
            b.accumulate(self.state() + 1, |_, d| add_assign(d, dc));
        }
        if b.wants(X) {
            let dxt = xt; // x has been used: its place holds its gradient
            let w_ih = Mat::new(b.input(W_IH), 4 * s.hidden, s.input);
            matmul(Mat::new(dgates, s.steps(), 4 * s.hidden), w_ih, dxt, Mode::Write);
            b.accumulate(X, |_, dx| exchange(dxt, [s.time, s.batch, s.input], dx, Mode::Add));
        }
        b.give_kept(kept);
    }
}

impl<'t> Var<'t> {
    /// One LSTM layer over `[B, T, in]`, from zeros or from `state` (`[B, R]` and `[B, H]`). Gives `[B, T, R]`.
    pub fn lstm(self, w: LstmWeights<'t>, state: Option<[Var<'t>; 2]>) -> Self {
        let op = Lstm {
            biased: w.biases.is_some(),
            projected: w.projection.is_some(),
            has_state: state.is_some(),
        };
        let mut inputs = [self; 8];
        let mut count = 0;
        let given = [self, w.input, w.hidden].into_iter().chain(w.biases.into_iter().flatten());
        for v in given.chain(w.projection).chain(state.into_iter().flatten()) {
            inputs[count] = v;
            count += 1;
        }
        let shape = self.shape().with(2, w.hidden.dim(1));
        self.tape.record(op, &inputs[..count], shape)
    }

    /// The cell state after the last step of [`Var::lstm`]: `[B, H]`.
    pub fn lstm_cell(self, hidden: usize) -> Vec<f32> {
        let (batch, time) = (self.dim(0), self.dim(1));
        let from = batch * time * 4 * hidden + (time - 1) * batch * hidden;
        self.kept()[from..from + batch * hidden].to_vec()
    }
}
