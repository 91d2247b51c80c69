//! Periods of windows, and their convolution as grids.

use std::f64::consts::TAU;

use super::{Array, Done, Step};

/// The number of the first frequency that has the period of the `i`-th one.
fn first(steps: usize, own: &[f64], i: usize) -> usize {
    let period = |f: &f64| steps / *f as usize;
    own.iter().position(|f| period(f) == period(&own[i])).unwrap_or(i)
}

/// Mean amplitudes over the channels of each frequency of a window.
fn amplitudes(x: &[f64], [steps, channels]: [usize; 2]) -> Vec<f64> {
    let of = |f: usize, c: usize| {
        let sum = |part: fn(f64) -> f64| -> f64 {
            let angle = |t: usize| TAU * ((f * t) % steps) as f64 / steps as f64;
            (0..steps).map(|t| x[t * channels + c] * part(angle(t))).sum()
        };
        sum(f64::cos).hypot(sum(f64::sin))
    };
    let mean = |f| (0..channels).map(|c| of(f, c)).sum::<f64>() / channels as f64;
    (0..=steps / 2).map(mean).collect()
}

impl Step<'_> {
    /// Amplitudes and frequencies.
    pub(super) fn strongest_periods(&self) -> Done<Vec<Vec<f64>>> {
        let (x, counts) = (self.x(0)?, self.inputs.get(1));
        let (count, shared) = (self.size("count")?, self.flag("shared")?);
        let sizes = [x.shape[1], x.shape[2]];
        let windows = x.data.chunks(sizes[0] * sizes[1]);
        let rows: Vec<Vec<f64>> = windows.map(|x| amplitudes(x, sizes)).collect();
        let weight = |b: usize| counts.map_or(1.0, |counts| counts.data[b]);
        let mean: Vec<f64> = (0..rows[0].len())
            .map(|f| rows.iter().enumerate().map(|(b, row)| weight(b) * row[f]).sum())
            .collect();
        let mut outputs = vec![Vec::new(), Vec::new()];
        for row in &rows {
            let by = if shared { &mean } else { row };
            let mut chosen: Vec<usize> = (1..row.len()).collect();
            chosen.sort_by(|i, j| by[*j].total_cmp(&by[*i]));
            chosen.truncate(count);
            chosen.sort_unstable();
            outputs[0].extend(chosen.iter().map(|f| row[*f]));
            outputs[1].extend(chosen.iter().map(|f| *f as f64));
        }
        Ok(outputs)
    }

    pub(super) fn period_mix(&self) -> Done {
        let (v, w, chosen) = (self.x(0)?, self.x(1)?, self.x(2)?);
        let [windows, steps, channels] = self.shape[..] else { return self.lacks("three axes") };
        let cells = v.shape[2];
        let mut y = Vec::new();
        for (b, (w, own)) in w.rows().zip(chosen.rows()).enumerate() {
            for at in 0..steps * channels {
                let value = |i: usize| {
                    let start = (first(steps, own, i) * windows + b) * cells * channels;
                    w[i] * v.data[start + at]
                };
                y.push((0..own.len()).map(value).sum());
            }
        }
        Ok(y)
    }

    pub(super) fn mean_kernel(&self) -> Done {
        let mut y = vec![0.0; self.len()];
        let last = self.shape[3];
        for kernel in &self.inputs {
            let size = kernel.shape[3];
            let before = (last - size) / 2;
            for (at, value) in kernel.data.iter().enumerate() {
                let (pair, row, column) = (at / (size * size), at / size % size, at % size);
                let to = (pair * last + row + before) * last + column + before;
                y[to] += value / self.inputs.len() as f64;
            }
        }
        Ok(y)
    }

    pub(super) fn grid_conv(&self) -> Done {
        let steps = self.size("steps")?;
        let (x, chosen, w, bias) = (self.x(0)?, self.x(1)?, self.x(2)?, self.x(3)?);
        let [windows, cells, outputs] = [self.shape[1], self.shape[2], self.shape[3]];
        let mut y = vec![0.0; self.len()];
        for (b, own) in chosen.rows().enumerate() {
            for i in (0..own.len()).filter(|i| first(steps, own, *i) == *i) {
                let grid = Grid { period: steps / own[i] as usize, steps };
                let grids = if x.shape.len() == 3 { 0 } else { i * windows };
                let given = &x.data[(grids + b) * x.shape[x.shape.len() - 2] * x.last()..];
                let known = if x.shape.len() == 3 { steps } else { grid.cells() };
                let to = &mut y[(i * windows + b) * cells * outputs..];
                for at in 0..grid.cells() {
                    for o in 0..outputs {
                        let sum = grid.output(&given[..known * x.last()], w, [at, o]);
                        to[at * outputs + o] = bias.data[o] + sum;
                    }
                }
            }
        }
        Ok(y)
    }
}

/// A grid with rows of so many steps.
struct Grid {
    period: usize,
    steps: usize,
}

impl Grid {
    fn cells(&self) -> usize {
        self.steps.div_ceil(self.period) * self.period
    }

    /// One output of a cell, without the bias.
    fn output(&self, x: &[f64], w: &Array, [at, o]: [usize; 2]) -> f64 {
        let [channels, size] = [w.shape[1], w.shape[2]];
        let half = size / 2;
        let mut sum = 0.0;
        for (row, column) in (0..size).flat_map(|row| (0..size).map(move |column| (row, column))) {
            let from_row = (at / self.period + row).wrapping_sub(half);
            let from_column = (at % self.period + column).wrapping_sub(half);
            if from_row >= self.cells() / self.period || from_column >= self.period {
                continue;
            }
            let from = (from_row * self.period + from_column) * channels;
            let tap = row * size + column;
            let of = |c: usize| w.data[(o * channels + c) * size * size + tap];
            // Cells behind the given ones are zeros.
            let products = (0..channels).map(|c| x.get(from + c).map_or(0.0, |x| x * of(c)));
            sum += products.sum::<f64>();
        }
        sum
    }
}
