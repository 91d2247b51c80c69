//! Centered moving average of each channel along time, with the first and the last step repeated beyond the ends, for
//! `[B, T, C]`. Sums are in f64.

/// Channels whose sums are kept in registers.
const SIDE_BY_SIDE: usize = 16;

/// `y[t]` is the mean of the steps `t - half ..= t + half`, with `window = 2 half + 1`, or with `remainder` what `x[t]` is above it.
pub fn moving_average_steps(
    x: &[f32],
    [steps, channels]: [usize; 2],
    window: usize,
    remainder: bool,
    y: &mut [f32],
) {
    let size = steps * channels;
    for (x, y) in x.chunks_exact(size).zip(y.chunks_exact_mut(size)) {
        of_window(x, [steps, channels], window / 2, remainder, y);
    }
}

/// The sums of `N` channels from channel `c` on, and their number.
macro_rules! channel_blocks {
    ($channels:expr, |$c:ident, $n:ident| $body:expr) => {
        let mut $c = 0;
        while $c < $channels {
            if $channels - $c >= SIDE_BY_SIDE {
                const $n: usize = SIDE_BY_SIDE;
                $body;
                $c += $n;
            } else {
                const $n: usize = 1;
                $body;
                $c += $n;
            }
        }
    };
}

simd_fn! {
    /// [`moving_average_steps`] of one window.
    fn of_window(s, x: &[f32], sizes: [usize; 2], half: usize, remainder: bool, y: &mut [f32]) {
        let _ = s;
        let [steps, channels] = sizes;
        let factor = 1.0 / (2 * half + 1) as f64;
        channel_blocks!(channels, |c, N| {
            let of = |t: usize| -> &[f32; N] {
                let row = &x[t.min(steps - 1) * channels + c..];
                row[..N].try_into().expect("as many")
            };
            let mut sums = [0.0; N];
            for t in 0..half {
                let (before, after) = (of(0), of(t));
                for i in 0..N {
                    sums[i] += f64::from(before[i]) + f64::from(after[i]);
                }
            }
            for t in 0..steps {
                let (now, new, old) = (of(t), of(t + half), of(t.saturating_sub(half)));
                let y = &mut y[t * channels + c..][..N];
                for i in 0..N {
                    sums[i] += f64::from(new[i]);
                    let mean = (sums[i] * factor) as f32;
                    y[i] = if remainder { now[i] - mean } else { mean };
                    sums[i] -= f64::from(old[i]);
                }
            }
        });
    }
}

/// The gradient of [`moving_average_steps`]: adds that of the input to `dx`.
pub fn moving_average_steps_grad(
    g: &[f32],
    [steps, channels]: [usize; 2],
    window: usize,
    remainder: bool,
    dx: &mut [f32],
) {
    let size = steps * channels;
    for (g, dx) in g.chunks_exact(size).zip(dx.chunks_exact_mut(size)) {
        grad_of_window(g, [steps, channels], window / 2, remainder, dx);
    }
}

simd_fn! {
    /// [`moving_average_steps_grad`] of one window: the sums of the gradients of all means that a step is in.
    fn grad_of_window(s, g: &[f32], sizes: [usize; 2], half: usize, remainder: bool, dx: &mut [f32]) {
        let _ = s;
        let [steps, channels] = sizes;
        let factor = 1.0 / (2 * half + 1) as f64;
        channel_blocks!(channels, |c, N| {
            let of = |t: usize| -> &[f32; N] {
                g[t * channels + c..][..N].try_into().expect("as many")
            };
            let mut sums = [0.0; N];
            // The repeated ends stand for the first and the last step.
            let (mut first, mut last) = ([0.0; N], [0.0; N]);
            for t in 0..steps {
                let g = of(t);
                let times = [half.saturating_sub(t), half.saturating_sub(steps - 1 - t)];
                let [before, after] = times.map(|n| n as f64);
                for i in 0..N {
                    first[i] += before * f64::from(g[i]);
                    last[i] += after * f64::from(g[i]);
                }
            }
            for t in 0..half.min(steps) {
                let g = of(t);
                for i in 0..N {
                    sums[i] += f64::from(g[i]);
                }
            }
            for t in 0..steps {
                if t + half < steps {
                    let g = of(t + half);
                    for i in 0..N {
                        sums[i] += f64::from(g[i]);
                    }
                }
                let now = of(t);
                let dx = &mut dx[t * channels + c..][..N];
                for i in 0..N {
                    let mut sum = sums[i];
                    if t == 0 {
                        sum += first[i];
                    }
                    if t + 1 == steps {
                        sum += last[i];
                    }
                    let mean = (sum * factor) as f32;
                    dx[i] += if remainder { now[i] - mean } else { mean };
                }
                if t >= half {
                    let g = of(t - half);
                    for i in 0..N {
                        sums[i] -= f64::from(g[i]);
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::moving_average::moving_average;
    use crate::kernels::testing::{assert_close, each_isa, inner, numbers};

    /// The same by the average along rows.
    fn definition(x: &[f32], [steps, channels]: [usize; 2], window: usize) -> Vec<f64> {
        let mut y = vec![0.0; x.len()];
        let size = steps * channels;
        for (x, y) in x.chunks(size).zip(y.chunks_mut(size)) {
            for c in 0..channels {
                let row: Vec<f32> = x.iter().skip(c).step_by(channels).copied().collect();
                let mut means = vec![0.0; steps];
                moving_average(&row, steps, window, &mut means);
                y.iter_mut().skip(c).step_by(channels).zip(means).for_each(|(y, m)| *y = m.into());
            }
        }
        y
    }

    #[test]
    fn every_number_of_channels_equals_the_average_of_rows_and_its_adjoint() {
        each_isa(|_| {
            for channels in 1..=35 {
                for (steps, window) in [(1, 5), (2, 3), (7, 1), (9, 5), (12, 25), (30, 7)] {
                    let sizes = [steps, channels];
                    let (x, g) =
                        (numbers(2 * steps * channels, 1), numbers(2 * steps * channels, 2));
                    let means = definition(&x, sizes, window);
                    let above: Vec<f64> =
                        x.iter().zip(&means).map(|(x, m)| f64::from(*x) - m).collect();
                    for (remainder, expected) in [(false, means), (true, above)] {
                        let (mut y, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
                        moving_average_steps(&x, sizes, window, remainder, &mut y);
                        assert_close(&y, &expected, 2e-7);
                        moving_average_steps_grad(&g, sizes, window, remainder, &mut dx);
                        let difference = inner(&y, &g) - inner(&x, &dx);
                        assert!(difference.abs() < 1e-4, "{steps} {channels} {window}");
                    }
                }
            }
        });
    }
}
