//! The mean of square kernels of 1, 3, 5, .. taps about the same center, as one kernel. The mean of same-padded convolutions
//! is the convolution with it.

use super::Compute;
use super::elementwise::axpy;
use super::parallel::par_rows;

/// Threads share the kernels of pairs of channels in pieces of at least so many.
const SHARED: usize = 128;

/// Taps in a row of the `i`-th of these kernels, and how many lie before it in a row of the last of `count`.
fn sizes(count: usize, i: usize) -> [usize; 2] {
    [2 * i + 1, count - 1 - i]
}

/// Visits the parts of the `i`-th kernel and of the mean that lie on each other, as `(first number, first number, numbers)`.
fn each_row(count: usize, i: usize, mut visit: impl FnMut(usize, usize, usize)) {
    let ([size, before], all) = (sizes(count, i), 2 * count - 1);
    (0..size).for_each(|row| visit(row * size, (row + before) * all + before, size));
}

/// Writes the mean of `count` kernels to `mean` `[.., 2·count - 1, 2·count - 1]`; `kernel` gives the `i`-th, `[.., 2i + 1, 2i + 1]`.
pub fn mean_kernel<'a>(
    compute: Compute,
    count: usize,
    kernel: impl Fn(usize) -> &'a [f32] + Sync,
    mean: &mut [f32],
) {
    let taps = (2 * count - 1) * (2 * count - 1);
    par_rows(compute, [mean], [taps], SHARED, &|first, [mean]: [&mut [f32]; 1]| {
        mean.fill(0.0);
        for i in 0..count {
            let own = (2 * i + 1) * (2 * i + 1);
            let kernels = kernel(i)[first * own..].chunks_exact(own);
            for (mean, kernel) in mean.chunks_exact_mut(taps).zip(kernels) {
                each_row(count, i, |from, to, size| {
                    let row = mean[to..to + size].iter_mut().zip(&kernel[from..from + size]);
                    row.for_each(|(to, from)| *to += from);
                });
            }
        }
        super::elementwise::scale(mean, 1.0 / count as f32);
    });
}

/// Adds the gradient of [`mean_kernel`] at the `i`-th kernel.
pub fn mean_kernel_grad(compute: Compute, count: usize, i: usize, g: &[f32], dw: &mut [f32]) {
    let (taps, own) = ((2 * count - 1) * (2 * count - 1), (2 * i + 1) * (2 * i + 1));
    let share = 1.0 / count as f32;
    if i + 1 == count {
        return par_rows(compute, [dw], [taps], SHARED, &|first, [dw]: [&mut [f32]; 1]| {
            let from = first * taps;
            axpy(dw, share, &g[from..from + dw.len()]);
        });
    }
    par_rows(compute, [dw], [own], SHARED, &|first, [dw]: [&mut [f32]; 1]| {
        let pairs = dw.chunks_exact_mut(own).zip(g[first * taps..].chunks_exact(taps));
        for (dw, g) in pairs {
            each_row(count, i, |to, from, size| {
                let row = dw[to..to + size].iter_mut().zip(&g[from..from + size]);
                row.for_each(|(to, from)| *to += share * from);
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smaller_kernels_lie_in_the_middle() {
        let kernels = [vec![6.0, 60.0], (1..=18).map(|i| i as f32).collect()];
        let mut mean = [f32::NAN; 18];
        mean_kernel(Compute::default(), 2, |i| &kernels[i], &mut mean);
        let expected = [
            0.5, 1.0, 1.5, 2.0, 5.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 37.0, 7.5, 8.0, 8.5,
            9.0,
        ];
        assert_eq!(mean, expected);
        let (mut small, mut large) = ([1.0; 2], [1.0; 18]);
        mean_kernel_grad(Compute::default(), 2, 0, &mean, &mut small);
        mean_kernel_grad(Compute::default(), 2, 1, &mean, &mut large);
        assert_eq!(small, [3.75, 19.5]);
        assert_eq!(large, expected.map(|x| 1.0 + x / 2.0));
    }
}
