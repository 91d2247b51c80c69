//! Convolution along time with zero padding, forward and backward.
//!
//! A weight is torch's, `[outputs, channels, kernel]`. There are two layouts. With time outermost, `[T, B, C]`, each tap of the
//! kernel is one matrix product that reads the input in place, over all steps that it reaches: best for many channels. With
//! the batch outermost, `[B, T, C]`, the inputs of each output are copied to a row first (im2col), and the convolution is
//! one product with the weight as it is.

use std::ops::Range;

use super::Compute;
use super::elementwise::add_assign;
use super::matmul::{Init, Mat, Mode, linear, matmul, product};

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
    /// Number of outputs for `steps` inputs; 0 where the kernel does not fit.
    pub fn outputs(&self, steps: usize) -> usize {
        let reach = self.dilation * (self.kernel - 1) + 1;
        let padded = steps + self.padding[0] + self.padding[1];
        padded.checked_sub(reach).map_or(0, |free| free / self.stride + 1)
    }

    /// The outputs, of `outputs`, whose tap `k` lies inside the `steps` inputs; and the input that the first of them reads.
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

/// Visits the runs of rows that tap `k` connects, with time outermost: `(first row out, first row in, rows)`.
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

/// Writes the transpose of a weight, `[channels·kernel, outputs]`: each tap is every `kernel`-th row.
pub fn transpose_weight(weight: &[f32], outputs: usize, transposed: &mut Vec<f32>) {
    let cols = weight.len() / outputs.max(1);
    transposed.clear();
    transposed.resize(weight.len(), 0.0);
    for (o, row) in weight.chunks_exact(cols.max(1)).enumerate() {
        row.iter().enumerate().for_each(|(c, v)| transposed[c * outputs + o] = *v);
    }
}

/// Tap `k` of a transposed weight: `[channels, outputs]`.
fn tap(transposed: &[f32], k: usize, kernel: usize, [channels, outputs]: [usize; 2]) -> Mat<'_> {
    let data = &transposed[k * outputs..];
    Mat { data, rows: channels, cols: outputs, row_stride: kernel * outputs, col_stride: 1 }
}

/// A tap that connects every output to an input, and its first input; or, if `inputs`, every input to an output, and its
/// first output. A product with that tap can write its result, and the others add to it.
fn whole_tap(s: Steps, n: Sizes, inputs: bool) -> Option<(usize, usize)> {
    let [steps, outputs] = n.steps;
    (0..s.kernel).filter(|_| s.stride == 1).find_map(|k| {
        let (out, from) = s.reached(k, steps, outputs);
        let joined = if inputs { steps } else { outputs };
        (out.len() == joined).then_some((k, if inputs { out.start } else { from }))
    })
}

/// `y[t] = Σ_k x[t·stride + k·dilation - padding] Wₖᵀ + bias`, time outermost, for a [transposed](transpose_weight) weight.
pub fn conv_time_major(
    compute: Compute,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
    s: Steps,
    n: Sizes,
) {
    let [channels, outputs] = n.channels;
    let whole = whole_tap(s, n, false);
    match (whole, bias) {
        (Some((k, from)), _) => {
            let x = rows(x, from * n.batch, n.steps[1] * n.batch, channels);
            let init = bias.map_or(Init::Zero, Init::Bias);
            product(compute, x, tap(w, k, s.kernel, n.channels), y, init);
        }
        (None, Some(bias)) => y.chunks_exact_mut(outputs).for_each(|y| y.copy_from_slice(bias)),
        (None, None) => y.fill(0.0),
    }
    for k in (0..s.kernel).filter(|k| whole.is_none_or(|(first, _)| *k != first)) {
        let w = tap(w, k, s.kernel, n.channels);
        runs(s, n, k, |out, from, count| {
            let y = &mut y[out * outputs..(out + count) * outputs];
            matmul(compute, rows(x, from, count, channels), w, y, Mode::Add);
        });
    }
}

/// Writes the gradient of the input or adds it, time outermost, for a [transposed](transpose_weight) weight.
pub fn conv_time_major_grad(
    compute: Compute,
    g: &[f32],
    w: &[f32],
    dx: &mut [f32],
    s: Steps,
    n: Sizes,
    mode: Mode,
) {
    let [channels, outputs] = n.channels;
    let whole = whole_tap(s, n, true).filter(|_| mode == Mode::Write);
    match whole {
        Some((k, out)) => {
            let g = rows(g, out * n.batch, n.steps[0] * n.batch, outputs);
            matmul(compute, g, tap(w, k, s.kernel, n.channels).t(), dx, Mode::Write);
        }
        None if mode == Mode::Write => dx.fill(0.0),
        None => {}
    }
    for k in (0..s.kernel).filter(|k| whole.is_none_or(|(first, _)| *k != first)) {
        let w = tap(w, k, s.kernel, n.channels);
        runs(s, n, k, |out, from, count| {
            let dx = &mut dx[from * channels..(from + count) * channels];
            matmul(compute, rows(g, out, count, outputs), w.t(), dx, Mode::Add);
        });
    }
}

/// Adds the gradient of the weight, time outermost. `work` is scratch memory.
pub fn conv_time_major_weight_grad(
    compute: Compute,
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
            matmul(compute, g.t(), x, work, Mode::Add);
        });
        let taps = dw.iter_mut().skip(k).step_by(s.kernel);
        taps.zip(&*work).for_each(|(dw, sum)| *dw += sum);
    }
}

/// Visits `(row of the im2col matrix, tap, row of the input)` wherever a tap lies inside the input.
fn for_each_tap(s: Steps, n: Sizes, mut visit: impl FnMut(usize, usize, usize)) {
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

/// Copies the inputs of each output to a row, in the order of the weight: `[B·T, channels·kernel]`.
pub fn im2col(x: &[f32], s: Steps, n: Sizes, rows: &mut Vec<f32>) {
    let channels = n.channels[0];
    let width = channels * s.kernel;
    rows.clear();
    rows.resize(n.batch * n.steps[1] * width, 0.0);
    for_each_tap(s, n, |out, k, from| {
        let to = rows[out * width..(out + 1) * width].iter_mut().skip(k).step_by(s.kernel);
        to.zip(&x[from * channels..(from + 1) * channels]).for_each(|(to, x)| *to = *x);
    });
}

/// `y = Σ_k .. + bias` from the rows of [`im2col`].
pub fn conv_im2col(
    compute: Compute,
    rows: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
    n: Sizes,
) {
    let outputs = n.channels[1];
    linear(compute, rows, w, bias, y, w.len() / outputs.max(1), outputs);
}

/// Adds the gradient of the input (col2im). `work` is scratch memory.
pub fn conv_im2col_grad(
    compute: Compute,
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
    matmul(compute, Mat::new(g, count, outputs), Mat::new(w, outputs, width), work, Mode::Write);
    for_each_tap(s, n, |out, k, from| {
        let of_tap = work[out * width..(out + 1) * width].iter().skip(k).step_by(s.kernel);
        let dx = &mut dx[from * channels..(from + 1) * channels];
        dx.iter_mut().zip(of_tap).for_each(|(dx, d)| *dx += d);
    });
}

/// Adds the gradient of the weight, from the rows of [`im2col`].
pub fn conv_im2col_weight_grad(
    compute: Compute,
    g: &[f32],
    rows: &[f32],
    dw: &mut [f32],
    n: Sizes,
) {
    let outputs = n.channels[1];
    let count = n.batch * n.steps[1];
    let rows = Mat::new(rows, count, dw.len() / outputs.max(1));
    matmul(compute, Mat::new(g, count, outputs).t(), rows, dw, Mode::Add);
}

/// What lies beyond both ends of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Zeros.
    Zeros,
    /// The series repeats.
    Circular,
    /// The first and the last value repeat.
    Replicate,
}

impl Edge {
    /// The step, of `steps`, that is read at position `t` of the padded series, which begins `left` steps earlier; none for zeros.
    fn source(self, t: usize, left: usize, steps: usize) -> Option<usize> {
        let inside = t >= left && t < left + steps;
        match self {
            Self::Zeros => inside.then(|| t - left),
            Self::Circular => Some((t + steps * left.div_ceil(steps.max(1)) - left) % steps.max(1)),
            Self::Replicate => Some(t.saturating_sub(left).min(steps.max(1) - 1)),
        }
    }
}

/// Visits `(row of the padded series, row of the series)` for `[outer, steps, ..]`.
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

/// Pads `x` `[outer, steps, inner]` along its steps.
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
#[path = "conv_tests.rs"]
mod tests;
