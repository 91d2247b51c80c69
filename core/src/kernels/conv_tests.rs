//! Convolutions against the sum over their taps, in f64, and padding against what it says.

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
                let Some(from) = (t * s.stride + k * s.dilation).checked_sub(s.padding[0]) else {
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
                    transpose_weight(&w, channels[1], &mut kept);
                    conv_time_major(Compute::default(), &x, &kept, Some(&bias), &mut y, s, n);
                    conv_time_major_grad(Compute::default(), &g, &kept, &mut dx, s, n, Mode::Add);
                    let mut written = vec![9.0; size_in];
                    conv_time_major_grad(
                        Compute::default(),
                        &g,
                        &kept,
                        &mut written,
                        s,
                        n,
                        Mode::Write,
                    );
                    assert_close(&written, &exact_dx, 1e-5);
                    conv_time_major_weight_grad(
                        Compute::default(),
                        &g,
                        &x,
                        &mut dw,
                        s,
                        n,
                        &mut work,
                    );
                } else {
                    im2col(&x, s, n, &mut kept);
                    conv_im2col(Compute::default(), &kept, &w, Some(&bias), &mut y, n);
                    conv_im2col_grad(Compute::default(), &g, &w, &mut dx, s, n, &mut work);
                    conv_im2col_weight_grad(Compute::default(), &g, &kept, &mut dw, n);
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
    assert_eq!(made(Edge::Zeros), (vec![0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0], vec![4.0, 8.0, 16.0]));
    assert_eq!(
        made(Edge::Circular),
        (vec![2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0], vec![36.0, 73.0, 18.0])
    );
    assert_eq!(
        made(Edge::Replicate),
        (vec![1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0], vec![7.0, 8.0, 112.0])
    );
}
