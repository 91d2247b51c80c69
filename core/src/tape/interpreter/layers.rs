//! Matrix products, batch normalisation, convolution.

use super::{Array, Done, Step};

/// `x·Wᵀ + b` of one row.
pub(super) fn affine(row: &[f64], w: &Array, b: Option<&Array>) -> Vec<f64> {
    let dot = |w: &[f64]| row.iter().zip(w).map(|(x, w)| x * w).sum::<f64>();
    w.rows().enumerate().map(|(i, w)| dot(w) + b.map_or(0.0, |b| b.data[i])).collect()
}

impl Step<'_> {
    pub(super) fn layer(&self) -> Done {
        let (x, w, b) = (self.x(0)?, self.x(1)?, self.inputs.get(2).copied());
        match &*self.operation.kind {
            "linear" => {
                let rectified = self.flag("rectified")?;
                let y = x.rows().flat_map(|row| affine(row, w, b));
                Ok(y.map(|y| if rectified { y.max(0.0) } else { y }).collect())
            }
            "linear_first" => {
                let [_, size, inner] = x.around(0);
                let column = |n| (0..size).map(|i| x.data[i * inner + n]).collect::<Vec<_>>();
                let columns: Vec<Vec<f64>> = (0..inner).map(|n| affine(&column(n), w, b)).collect();
                let outputs = self.shape[0];
                Ok((0..outputs).flat_map(|o| columns.iter().map(move |y| y[o])).collect())
            }
            "linear_blocks" => {
                let size = [w.shape[1], w.shape[2]];
                let block = |i: usize| {
                    let data = w.data[i * size[0] * size[1]..][..size[0] * size[1]].to_vec();
                    Array { shape: size.to_vec(), data }
                };
                let blocks: Vec<Array> = (0..w.shape[0]).map(block).collect();
                let parts = x.data.chunks_exact(size[1]).enumerate();
                let y = parts.flat_map(|(i, part)| affine(part, &blocks[i % blocks.len()], None));
                let bias = |i: usize| b.map_or(0.0, |b| b.data[i % b.data.len()]);
                Ok(y.enumerate().map(|(i, y)| y + bias(i)).collect())
            }
            "matmul" => Ok(self.matmul(x, w)),
            "conv" => self.conv(x, w, b),
            "causal_conv" => Ok(causal_conv(x, w, self.x(2)?)),
            _ => self.batch_norm(x),
        }
    }

    fn matmul(&self, a: &Array, b: &Array) -> Vec<f64> {
        let (k, n) = (a.last(), b.last());
        // Rows of `a` that are multiplied by the same matrix.
        let rows = if b.shape.len() == 2 { usize::MAX } else { a.shape[a.shape.len() - 2] };
        let number = |(i, row): (usize, &[f64]), column: usize| -> f64 {
            let b = &b.data[i / rows * k * n..];
            row.iter().enumerate().map(|(j, a)| a * b[j * n + column]).sum()
        };
        a.rows().enumerate().flat_map(|at| (0..n).map(move |column| number(at, column))).collect()
    }

    fn conv(&self, x: &Array, w: &Array, b: Option<&Array>) -> Done {
        let [kernel, stride, dilation] =
            [self.size("kernel")?, self.size("stride")?, self.size("dilation")?];
        let [before, _] = self.sizes("padding")?[..] else { return self.lacks("two ends") };
        let time_major = self.flag("time_major")?;
        let [time, batch] = if time_major { [0, 1] } else { [1, 0] };
        let [outputs, channels] = [w.shape[0], w.shape[1]];
        let mut y = Vec::new();
        for row in 0..self.shape[0] * self.shape[1] {
            let at = [row / self.shape[1], row % self.shape[1]];
            for o in 0..outputs {
                let mut sum = b.map_or(0.0, |b| b.data[o]);
                for k in 0..kernel {
                    let step = (at[time] * stride + k * dilation).wrapping_sub(before);
                    if step < x.shape[time] {
                        let place = match time_major {
                            true => step * x.shape[1] + at[batch],
                            false => at[batch] * x.shape[1] + step,
                        };
                        let taps = &w.data[o * channels * kernel..];
                        let x = &x.data[place * channels..];
                        sum += (0..channels).map(|c| x[c] * taps[c * kernel + k]).sum::<f64>();
                    }
                }
                y.push(sum);
            }
        }
        Ok(y)
    }

    fn batch_norm(&self, x: &Array) -> Done {
        let (axis, eps) = (self.size("axis")?, self.number("eps")?);
        let training = self.flag("training")?;
        let [_, channels, inner] = x.around(axis);
        let per_row = x.data.len() / x.shape[0];
        let channel = |i: usize| i / inner % channels;
        let weight = |i: usize| match self.inputs.get(3) {
            Some(counts) => counts.data[i / per_row * counts.data.len() / x.shape[0]],
            None => 1.0,
        };
        // The weighted mean of a function of the numbers of each channel.
        let mean = |f: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![[0.0; 2]; channels];
            for (i, x) in x.data.iter().enumerate() {
                sums[channel(i)][0] += weight(i) * f(channel(i), *x);
                sums[channel(i)][1] += weight(i);
            }
            sums.iter().map(|[sum, weight]| sum / weight).collect::<Vec<_>>()
        };
        let (means, variances) = if training {
            let means = mean(&|_, x| x);
            let variances = mean(&|c, x| (x - means[c]).powi(2));
            (means, variances)
        } else {
            (self.x(3)?.data.clone(), self.x(4)?.data.clone())
        };
        let [w, b] = [&self.x(1)?.data, &self.x(2)?.data];
        let of = |(i, x): (usize, &f64)| {
            let c = channel(i);
            (x - means[c]) / (variances[c] + eps).sqrt() * w[c] + b[c]
        };
        Ok(x.data.iter().enumerate().map(of).collect())
    }
}

/// Each channel's own convolution, of each step and those before it.
fn causal_conv(x: &Array, w: &Array, b: &Array) -> Vec<f64> {
    let ([_, steps, channels], kernel) = (x.around(1), w.last());
    let of = |i: usize| {
        let (t, c) = (i / channels % steps, i % channels);
        let tap = |k: usize| w.data[c * kernel + k] * x.data[i - (kernel - 1 - k) * channels];
        b.data[c] + (0..kernel).filter(|k| t + k + 1 >= kernel).map(tap).sum::<f64>()
    };
    (0..x.data.len()).map(of).collect()
}
