//! Convolution along time of rows of channels, zeros beyond both ends, forward and backward.
//!
//! A weight is torch's, `[outputs, channels, kernel]`. Rows lie in one of two orders. With time outermost, `[T, B, C]`,
//! a tap of the kernel is one matrix product over all the steps it reaches, of the input as it lies there: best for
//! many channels. With time inside, `[B, T, C]`, the inputs of a step are gathered into a row first and the whole is
//! one product with the weight as it is.

use std::ops::Range;

use super::elementwise::add_assign;
use super::matmul::{Mat, Mode, linear, matmul};

/// How a kernel moves over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Taps.
    pub kernel: usize,
    /// Steps from one output to the next.
    pub stride: usize,
    /// Steps from one tap to the next.
    pub dilation: usize,
    /// Zeros before the first step and after the last.
    pub padding: [usize; 2],
}

impl Steps {
    /// Outputs of `steps` inputs; 0 where the kernel does not fit.
    pub fn outputs(&self, steps: usize) -> usize {
        let reach = self.dilation * (self.kernel - 1) + 1;
        let padded = steps + self.padding[0] + self.padding[1];
        padded.checked_sub(reach).map_or(0, |free| free / self.stride + 1)
    }

    /// The outputs whose tap `k` is inside `steps` inputs, of `outputs`, and the input of the first.
    fn reached(&self, k: usize, steps: usize, outputs: usize) -> (Range<usize>, usize) {
        let (ahead, left) = (k * self.dilation, self.padding[0]);
        // Output t reads input t·stride + ahead - left.
        let first = left.saturating_sub(ahead).div_ceil(self.stride);
        let end = (steps + left).saturating_sub(ahead).div_ceil(self.stride).min(outputs);
        if first < end { (first..end, first * self.stride + ahead - left) } else { (0..0, 0) }
    }
}

/// Sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Windows.
    pub batch: usize,
    /// Steps in and out.
    pub steps: [usize; 2],
    /// Channels in and out.
    pub channels: [usize; 2],
}

/// Runs of rows that a tap joins: `(first row out, first row in, rows)`, with time outermost.
fn runs(s: Steps, n: Sizes, k: usize, mut visit: impl FnMut(usize, usize, usize)) {
    let (out, from) = s.reached(k, n.steps[0], n.steps[1]);
    if s.stride == 1 && !out.is_empty() {
        visit(out.start * n.batch, from * n.batch, out.len() * n.batch);
    } else {
        let first = out.start;
        out.for_each(|t| {
            visit(t * n.batch, (from + (t - first) * s.stride) * n.batch, n.batch);
        });
    }
}

/// The rows `at..at + rows` of a matrix with so many columns.
fn rows(data: &[f32], at: usize, rows: usize, cols: usize) -> Mat<'_> {
    Mat::new(&data[at * cols..(at + rows) * cols], rows, cols)
}

/// `[channels·kernel, outputs]` of a weight: each tap is every `kernel`-th row.
pub fn turned(weight: &[f32], outputs: usize, turned: &mut Vec<f32>) {
    let cols = weight.len() / outputs.max(1);
    turned.clear();
    turned.resize(weight.len(), 0.0);
    for (o, row) in weight.chunks_exact(cols.max(1)).enumerate() {
        row.iter().enumerate().for_each(|(c, v)| turned[c * outputs + o] = *v);
    }
}

/// Tap `k` of a turned weight: `[channels, outputs]`.
fn tap(turned: &[f32], k: usize, kernel: usize, [channels, outputs]: [usize; 2]) -> Mat<'_> {
    let data = &turned[k * outputs..];
    Mat { data, rows: channels, cols: outputs, row_stride: kernel * outputs, col_stride: 1 }
}

/// `y[t] = Σ_k x[t·stride + k·dilation - padding] Wₖᵀ + bias`, time outermost, by a [turned] weight.
pub fn conv_time_major(
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
    s: Steps,
    n: Sizes,
) {
    let [channels, outputs] = n.channels;
    match bias {
        Some(bias) => y.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(bias)),
        None => y.fill(0.0),
    }
    for k in 0..s.kernel {
        let w = tap(w, k, s.kernel, n.channels);
        runs(s, n, k, |out, from, count| {
            let y = &mut y[out * outputs..(out + count) * outputs];
            matmul(rows(x, from, count, channels), w, y, Mode::Add);
        });
    }
}

/// Adds the gradient of the input, time outermost, by a [turned] weight.
pub fn conv_time_major_grad(g: &[f32], w: &[f32], dx: &mut [f32], s: Steps, n: Sizes) {
    let [channels, outputs] = n.channels;
    for k in 0..s.kernel {
        let w = tap(w, k, s.kernel, n.channels);
        runs(s, n, k, |out, from, count| {
            let dx = &mut dx[from * channels..(from + count) * channels];
            matmul(rows(g, out, count, outputs), w.t(), dx, Mode::Add);
        });
    }
}

/// Adds the gradient of the weight, time outermost. `work` is scratch.
pub fn conv_time_major_weight_grad(
    g: &[f32],
    x: &[f32],
    dw: &mut [f32],
    s: Steps,
    n: Sizes,
    work: &mut Vec<f32>,
) {
    let [channels, outputs] = n.channels;
    work.resize(channels * outputs, 0.0);
    for k in 0..s.kernel {
        work.fill(0.0);
        runs(s, n, k, |out, from, count| {
            let (g, x) = (rows(g, out, count, outputs), rows(x, from, count, channels));
            matmul(g.t(), x, work, Mode::Add);
        });
        let taps = dw.iter_mut().skip(k).step_by(s.kernel);
        taps.zip(&*work).for_each(|(dw, sum)| *dw += sum);
    }
}

/// Visits, with time inside, `(row of gathered inputs, tap, row of the input)` wherever a tap is inside the input.
fn gathered(s: Steps, n: Sizes, mut visit: impl FnMut(usize, usize, usize)) {
    let [steps, outputs] = n.steps;
    for window in 0..n.batch {
        for k in 0..s.kernel {
            let (out, from) = s.reached(k, steps, outputs);
            for (i, t) in out.enumerate() {
                visit(window * outputs + t, k, window * steps + from + i * s.stride);
            }
        }
    }
}

/// The inputs of every output in a row, in the order of the weight: `[B·T, channels·kernel]`, time inside.
pub fn gather(x: &[f32], s: Steps, n: Sizes, rows: &mut Vec<f32>) {
    let channels = n.channels[0];
    let width = channels * s.kernel;
    rows.clear();
    rows.resize(n.batch * n.steps[1] * width, 0.0);
    gathered(s, n, |out, k, from| {
        let to = rows[out * width..(out + 1) * width].iter_mut().skip(k).step_by(s.kernel);
        to.zip(&x[from * channels..(from + 1) * channels]).for_each(|(to, x)| *to = *x);
    });
}

/// `y = Σ_k .. + bias` of [gathered](gather) inputs, time inside.
pub fn conv_gathered(rows: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32], n: Sizes) {
    let outputs = n.channels[1];
    linear(rows, w, bias, y, w.len() / outputs.max(1), outputs);
}

/// Adds the gradient of the input, time inside. `work` is scratch.
pub fn conv_gathered_grad(
    g: &[f32],
    w: &[f32],
    dx: &mut [f32],
    s: Steps,
    n: Sizes,
    work: &mut Vec<f32>,
) {
    let [channels, outputs] = n.channels;
    let (count, width) = (n.batch * n.steps[1], channels * s.kernel);
    work.resize(count * width, 0.0);
    matmul(Mat::new(g, count, outputs), Mat::new(w, outputs, width), work, Mode::Write);
    gathered(s, n, |out, k, from| {
        let of_tap = work[out * width..(out + 1) * width].iter().skip(k).step_by(s.kernel);
        let dx = &mut dx[from * channels..(from + 1) * channels];
        dx.iter_mut().zip(of_tap).for_each(|(dx, d)| *dx += d);
    });
}

/// Adds the gradient of the weight of [gathered](gather) inputs.
pub fn conv_gathered_weight_grad(g: &[f32], rows: &[f32], dw: &mut [f32], n: Sizes) {
    let outputs = n.channels[1];
    let count = n.batch * n.steps[1];
    let rows = Mat::new(rows, count, dw.len() / outputs.max(1));
    matmul(Mat::new(g, count, outputs).t(), rows, dw, Mode::Add);
}

/// What lies beyond both ends of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Zeros.
    Zeros,
    /// The series once more.
    Circular,
    /// The first and the last value.
    Replicate,
}

impl Edge {
    /// The step that is seen at step `t` of `steps`, counted from `left` steps before the first; none for zeros.
    fn source(self, t: usize, left: usize, steps: usize) -> Option<usize> {
        let inside = t >= left && t < left + steps;
        match self {
            Self::Zeros => inside.then(|| t - left),
            Self::Circular => Some((t + steps * left.div_ceil(steps.max(1)) - left) % steps.max(1)),
            Self::Replicate => Some(t.saturating_sub(left).min(steps.max(1) - 1)),
        }
    }
}

/// Visits `(row out, row in)` of `[outer, steps, ..]` made longer at both ends.
fn padded(
    outer: usize,
    steps: usize,
    [left, right]: [usize; 2],
    edge: Edge,
    mut visit: impl FnMut(usize, Option<usize>),
) {
    let long = left + steps + right;
    for o in 0..outer {
        (0..long).for_each(|t| {
            visit(o * long + t, edge.source(t, left, steps).map(|s| o * steps + s));
        });
    }
}

/// `y` is `x` `[outer, steps, inner]`, longer at both ends.
pub fn pad(x: &[f32], [steps, inner]: [usize; 2], by: [usize; 2], edge: Edge, y: &mut [f32]) {
    let outer = x.len() / (steps * inner).max(1);
    padded(outer, steps, by, edge, |to, from| {
        let y = &mut y[to * inner..(to + 1) * inner];
        match from {
            Some(from) => y.copy_from_slice(&x[from * inner..(from + 1) * inner]),
            None => y.fill(0.0),
        }
    });
}

/// Adds the gradient of [`pad`].
pub fn pad_grad(g: &[f32], [steps, inner]: [usize; 2], by: [usize; 2], edge: Edge, dx: &mut [f32]) {
    let outer = dx.len() / (steps * inner).max(1);
    padded(outer, steps, by, edge, |of, to| {
        if let Some(to) = to {
            add_assign(&mut dx[to * inner..(to + 1) * inner], &g[of * inner..(of + 1) * inner]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa, numbers};

    const SHAPES: [(Steps, [usize; 2], usize); 6] = [
        (Steps { kernel: 1, stride: 1, dilation: 1, padding: [0, 0] }, [3, 5], 7),
        (Steps { kernel: 2, stride: 1, dilation: 4, padding: [4, 0] }, [17, 33], 11),
        (Steps { kernel: 3, stride: 1, dilation: 1, padding: [1, 1] }, [4, 16], 9),
        (Steps { kernel: 3, stride: 2, dilation: 2, padding: [0, 3] }, [5, 6], 10),
        (Steps { kernel: 4, stride: 3, dilation: 1, padding: [7, 2] }, [2, 3], 5),
        (Steps { kernel: 2, stride: 1, dilation: 16, padding: [16, 0] }, [3, 4], 6),
    ];
    const BATCH: usize = 3;

    /// Visits (output, input, tap, step in, step out) of every product of the sum.
    fn products(s: Steps, n: Sizes, mut visit: impl FnMut([usize; 6])) {
        for b in 0..n.batch {
            for t in 0..n.steps[1] {
                for k in 0..s.kernel {
                    let Some(from) = (t * s.stride + k * s.dilation).checked_sub(s.padding[0])
                    else {
                        continue;
                    };
                    if from < n.steps[0] {
                        for o in 0..n.channels[1] {
                            (0..n.channels[0]).for_each(|c| visit([b, t, from, k, o, c]));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn both_orders_equal_the_sum_over_taps() {
        each_isa(|_| {
            for (s, channels, steps) in SHAPES {
                let n = Sizes { batch: BATCH, steps: [steps, s.outputs(steps)], channels };
                let (size_in, size_out) =
                    (BATCH * steps * channels[0], BATCH * n.steps[1] * channels[1]);
                let x = numbers(size_in, 1);
                let w = numbers(channels[0] * channels[1] * s.kernel, 2);
                let (bias, g) = (numbers(channels[1], 3), numbers(size_out, 4));
                for time_major in [true, false] {
                    let at = |b: usize, t: usize, steps: usize| {
                        if time_major { t * BATCH + b } else { b * steps + t }
                    };
                    let mut exact: Vec<f64> =
                        (0..size_out).map(|i| bias[i % channels[1]].into()).collect();
                    let (mut exact_dx, mut exact_dw) = (vec![0.0; size_in], vec![0.0; w.len()]);
                    products(s, n, |[b, t, from, k, o, c]| {
                        let i = at(b, from, steps) * channels[0] + c;
                        let out = at(b, t, n.steps[1]) * channels[1] + o;
                        let of_w = (o * channels[0] + c) * s.kernel + k;
                        let [x, g, w] = [x[i], g[out], w[of_w]].map(f64::from);
                        exact[out] += x * w;
                        exact_dx[i] += g * w;
                        exact_dw[of_w] += g * x;
                    });
                    let (mut y, mut dx, mut dw) =
                        (vec![9.0; size_out], vec![0.0; size_in], vec![0.0; w.len()]);
                    let (mut kept, mut work) = (Vec::new(), Vec::new());
                    if time_major {
                        turned(&w, channels[1], &mut kept);
                        conv_time_major(&x, &kept, Some(&bias), &mut y, s, n);
                        conv_time_major_grad(&g, &kept, &mut dx, s, n);
                        conv_time_major_weight_grad(&g, &x, &mut dw, s, n, &mut work);
                    } else {
                        gather(&x, s, n, &mut kept);
                        conv_gathered(&kept, &w, Some(&bias), &mut y, n);
                        conv_gathered_grad(&g, &w, &mut dx, s, n, &mut work);
                        conv_gathered_weight_grad(&g, &kept, &mut dw, n);
                    }
                    assert_close(&y, &exact, 1e-5);
                    assert_close(&dx, &exact_dx, 1e-5);
                    assert_close(&dw, &exact_dw, 1e-5);
                }
            }
        });
    }

    #[test]
    fn ends_are_zeros_or_the_other_end_or_the_last_value() {
        let made = |edge| {
            let mut y = vec![9.0; 7];
            pad(&[1.0, 2.0, 3.0], [3, 1], [2, 2], edge, &mut y);
            let mut dx = vec![0.0; 3];
            pad_grad(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0], [3, 1], [2, 2], edge, &mut dx);
            (y, dx)
        };
        assert_eq!(
            made(Edge::Zeros),
            (vec![0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0], vec![4.0, 8.0, 16.0])
        );
        assert_eq!(
            made(Edge::Circular),
            (vec![2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0], vec![36.0, 73.0, 18.0])
        );
        assert_eq!(
            made(Edge::Replicate),
            (vec![1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0], vec![7.0, 8.0, 112.0])
        );
    }
}
