//! Max and average pooling: along rows, where windows do not overlap and the last one may be shorter, and along time, where
//! they may overlap.
//!
//! Along rows it is the same as PyTorch's `MaxPool1d` and `AvgPool1d` with `stride=kernel, ceil_mode=True`: an average divides
//! by the number of values inside the row. The gradient of a maximum goes to the first of equal values.

/// Length of a pooled row.
pub fn pooled_len(cols: usize, kernel: usize) -> usize {
    cols.div_ceil(kernel)
}

/// Checks the lengths: `x` is rows of `cols` values, `y` the same number of pooled rows.
#[track_caller]
fn check(x: usize, cols: usize, kernel: usize, y: usize) {
    assert!(kernel > 0 && cols > 0 && x.is_multiple_of(cols), "x is not made of rows of {cols}");
    assert_eq!(y, x / cols * pooled_len(cols, kernel), "pooled rows differ in length");
}

/// Index of the first largest value. NaN is larger than every number.
fn largest(window: &[f32]) -> usize {
    let mut best = 0;
    for (i, v) in window.iter().enumerate() {
        if *v > window[best] || v.is_nan() {
            best = i;
        }
    }
    best
}

/// The largest value of each window of each row of `x` `[rows, cols]`.
#[track_caller]
pub fn max_pool(x: &[f32], cols: usize, kernel: usize, y: &mut [f32]) {
    check(x.len(), cols, kernel, y.len());
    let windows = x.chunks_exact(cols).flat_map(|row| row.chunks(kernel));
    for (window, y) in windows.zip(y) {
        *y = window[largest(window)];
    }
}

/// The gradient of [`max_pool`]: adds `g` to `dx` at the largest values.
#[track_caller]
pub fn max_pool_grad(x: &[f32], cols: usize, kernel: usize, g: &[f32], dx: &mut [f32]) {
    check(x.len(), cols, kernel, g.len());
    assert_eq!(x.len(), dx.len(), "dx differs in length from x");
    let windows = x.chunks_exact(cols).flat_map(|row| row.chunks(kernel));
    let gradients = dx.chunks_exact_mut(cols).flat_map(|row| row.chunks_mut(kernel));
    for ((window, dx), g) in windows.zip(gradients).zip(g) {
        dx[largest(window)] += g;
    }
}

/// The mean of each window of each row of `x` `[rows, cols]`.
#[track_caller]
pub fn avg_pool(x: &[f32], cols: usize, kernel: usize, y: &mut [f32]) {
    check(x.len(), cols, kernel, y.len());
    let windows = x.chunks_exact(cols).flat_map(|row| row.chunks(kernel));
    for (window, y) in windows.zip(y) {
        *y = window.iter().sum::<f32>() / window.len() as f32;
    }
}

/// The gradient of [`avg_pool`]: adds each `g`, divided evenly, to its window of `dx`.
#[track_caller]
pub fn avg_pool_grad(cols: usize, kernel: usize, g: &[f32], dx: &mut [f32]) {
    check(dx.len(), cols, kernel, g.len());
    let gradients = dx.chunks_exact_mut(cols).flat_map(|row| row.chunks_mut(kernel));
    for (dx, g) in gradients.zip(g) {
        let share = g / dx.len() as f32;
        for dx in dx {
            *dx += share;
        }
    }
}

/// Windows along time: `size` steps, `stride` apart; the first one begins `padding` steps before the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepWindows {
    /// Steps of a window.
    pub size: usize,
    /// Distance of a window to the next.
    pub stride: usize,
    /// Steps before the first and after the last of the series; at most half of `size`, so that no window is empty.
    pub padding: usize,
}

impl StepWindows {
    /// How many windows there are.
    pub fn count(self, steps: usize) -> usize {
        (steps + 2 * self.padding - self.size) / self.stride + 1
    }

    /// The steps of window `i` that the series has.
    fn range(self, i: usize, steps: usize) -> std::ops::Range<usize> {
        let begin = i * self.stride;
        begin.saturating_sub(self.padding)..(begin + self.size - self.padding).min(steps)
    }
}

/// The largest value of each channel in each window of `x` `[B, T, C]`: `[B, windows, C]`.
pub fn max_pool_steps(
    x: &[f32],
    [steps, channels]: [usize; 2],
    windows: StepWindows,
    y: &mut [f32],
) {
    let of_window = windows.count(steps) * channels;
    for (x, y) in x.chunks_exact(steps * channels).zip(y.chunks_exact_mut(of_window)) {
        for (i, y) in y.chunks_exact_mut(channels).enumerate() {
            let range = windows.range(i, steps);
            let mut rows = x[range.start * channels..range.end * channels].chunks_exact(channels);
            rows.next().into_iter().for_each(|row| y.copy_from_slice(row));
            for row in rows {
                for (y, x) in y.iter_mut().zip(row) {
                    *y = if *x > *y || x.is_nan() { *x } else { *y };
                }
            }
        }
    }
}

/// The gradient of [`max_pool_steps`]: adds `g` to `dx` at the largest values.
pub fn max_pool_steps_grad(
    (x, y): (&[f32], &[f32]),
    [steps, channels]: [usize; 2],
    windows: StepWindows,
    g: &[f32],
    dx: &mut [f32],
) {
    let count = windows.count(steps);
    for (at, g) in g.chunks_exact(channels).enumerate() {
        let (first, range) = (at / count * steps, windows.range(at % count, steps));
        let y = &y[at * channels..][..channels];
        for (c, (y, g)) in y.iter().zip(g).enumerate() {
            let at = |t: usize| (first + t) * channels + c;
            let largest = |t: &usize| x[at(*t)] == *y || x[at(*t)].is_nan();
            let found = range.clone().find(largest);
            found.into_iter().for_each(|t| dx[at(t)] += g);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{inner, numbers};

    #[test]
    fn equal_pytorch() {
        // x = torch.tensor([[[2., 5, 5, 1, 1, 1, 3]]], requires_grad=True)
        // MaxPool1d(3, stride=3, ceil_mode=True)(x).backward(torch.tensor([[[1., 10, 100]]]))
        // AvgPool1d(3, stride=3, ceil_mode=True)(x).backward(torch.tensor([[[3., 30, 100]]]))
        let x = [2.0, 5.0, 5.0, 1.0, 1.0, 1.0, 3.0];
        let (mut y, mut dx) = ([0.0; 3], [0.0; 7]);
        max_pool(&x, 7, 3, &mut y);
        assert_eq!(y, [5.0, 1.0, 3.0]);
        max_pool_grad(&x, 7, 3, &[1.0, 10.0, 100.0], &mut dx);
        assert_eq!(dx, [0.0, 1.0, 0.0, 10.0, 0.0, 0.0, 100.0]);
        avg_pool(&x, 7, 3, &mut y);
        assert_eq!(y, [4.0, 1.0, 3.0]);
        dx.fill(0.0);
        avg_pool_grad(7, 3, &[3.0, 30.0, 100.0], &mut dx);
        assert_eq!(dx, [1.0, 1.0, 1.0, 10.0, 10.0, 10.0, 100.0]);
    }

    #[test]
    fn a_kernel_longer_than_the_row_makes_one_window() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut y = [0.0];
        avg_pool(&x, 6, 7, &mut y);
        assert_eq!(y, [3.5]);
        max_pool(&x, 6, 7, &mut y);
        assert_eq!(y, [6.0]);
    }

    #[test]
    fn nan_is_the_maximum() {
        let x = [f32::NAN, 5.0, 5.0, 1.0, f32::NAN, 1.0];
        let (mut y, mut dx) = ([0.0; 2], [0.0; 6]);
        max_pool(&x, 6, 3, &mut y);
        assert!(y[0].is_nan() && y[1].is_nan());
        max_pool_grad(&x, 6, 3, &[1.0, 10.0], &mut dx);
        assert_eq!(dx, [1.0, 0.0, 0.0, 0.0, 10.0, 0.0]);
    }

    #[test]
    fn gradients_are_adjoint_for_every_length() {
        for cols in 1..=67 {
            for kernel in [1, 2, 3, 8, 70] {
                let (rows, out) = (3, pooled_len(cols, kernel));
                let (x, g) = (numbers(rows * cols, 1), numbers(rows * out, 2));
                let (mut y, mut dx) = (vec![0.0; rows * out], vec![0.0; rows * cols]);
                // Both are linear at x (the maximum as long as its index does not change): ⟨pool(x), g⟩ = ⟨x, pool'(g)⟩.
                max_pool(&x, cols, kernel, &mut y);
                max_pool_grad(&x, cols, kernel, &g, &mut dx);
                assert!((inner(&y, &g) - inner(&x, &dx)).abs() < 1e-4);
                dx.fill(0.0);
                avg_pool(&x, cols, kernel, &mut y);
                avg_pool_grad(cols, kernel, &g, &mut dx);
                assert!((inner(&y, &g) - inner(&x, &dx)).abs() < 1e-4);
            }
        }
    }
}
