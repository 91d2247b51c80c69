//! Autocorrelation of one window: how similar two series are at each delay, and values averaged over the most similar delays.
//! Wu et al. 2021, <https://arxiv.org/abs/2106.13008>, equations 5 and 6.
//!
//! Correlations are sums of diagonals of the matrix of all products of steps. Only their mean over the channels is needed, so
//! this is one product of matrices, and less work than Fourier transforms of all channels unless a window is very long.

use super::Compute;
use super::elementwise::{add_assign, axpy};
use super::lanes::update;
use super::matmul::{Mat, Mode, matmul};

/// Sizes of a window: steps of queries, of keys and values, and channels. Keys and values beyond the last query are left out;
/// missing ones are zeros.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// `L`
    pub steps: usize,
    /// `S`
    pub given: usize,
    /// `C`
    pub channels: usize,
}

impl Window {
    /// Steps of keys and values that are read.
    fn read(self) -> usize {
        self.given.min(self.steps)
    }

    /// Numbers of the matrix of products.
    pub fn products(self) -> usize {
        self.read().saturating_mul(self.steps)
    }

    fn matrices<'a>(self, q: &'a [f32], k: &'a [f32]) -> [Mat<'a>; 2] {
        let (read, channels) = (self.read(), self.channels);
        [Mat::new(q, self.steps, channels), Mat::new(&k[..read * channels], read, channels)]
    }
}

/// `r[τ] = 1/C Σ q[(t + τ) mod L]·k[t]` over all steps `t`.
pub fn correlate(
    compute: Compute,
    n: Window,
    [q, k]: [&[f32]; 2],
    products: &mut [f32],
    r: &mut [f32],
) {
    let [q, k] = n.matrices(q, k);
    matmul(compute, k, q.t(), products, Mode::Write);
    r.fill(0.0);
    for (t, row) in products.chunks_exact(n.steps).enumerate() {
        let (before, after) = row.split_at(t);
        let (ahead, around) = r.split_at_mut(n.steps - t);
        add_assign(ahead, after);
        add_assign(around, before);
    }
    r.iter_mut().for_each(|r| *r /= n.channels as f32);
}

/// Adds the gradients of [`correlate`].
pub fn correlate_grad(
    compute: Compute,
    n: Window,
    [q, k]: [&[f32]; 2],
    dr: &[f32],
    products: &mut [f32],
    [dq, dk]: [&mut [f32]; 2],
) {
    let [q, k] = n.matrices(q, k);
    let share = 1.0 / n.channels as f32;
    for (t, row) in products.chunks_exact_mut(n.steps).enumerate() {
        let (before, after) = row.split_at_mut(t);
        let (ahead, around) = dr.split_at(n.steps - t);
        after.iter_mut().zip(ahead).for_each(|(to, dr)| *to = dr * share);
        before.iter_mut().zip(around).for_each(|(to, dr)| *to = dr * share);
    }
    let products = Mat::new(products, n.read(), n.steps);
    matmul(compute, products, q, &mut dk[..n.read() * n.channels], Mode::Add);
    matmul(compute, products.t(), k, dq, Mode::Add);
}

/// For each step `t` and delay: the step, and the one that is read, if there is one.
fn delayed(n: Window, delay: f32) -> impl Iterator<Item = (usize, usize)> {
    let steps = move |t: usize| (t, (t + delay as usize) % n.steps);
    (0..n.steps).map(steps).filter(move |(_, from)| *from < n.read())
}

simd_fn! {
    /// `y[t] = Σ w·v[(t + δ) mod L]` over delays `δ` with weights `w`.
    pub fn aggregate(s, n: Window, v: &[f32], delays: &[f32], weights: &[f32], y: &mut [f32]) {
        let c = n.channels;
        y.fill(0.0);
        for (t, y) in y.chunks_exact_mut(c).enumerate() {
            for (delay, weight) in delays.iter().zip(weights) {
                let from = (t + *delay as usize) % n.steps;
                if from < n.read() {
                    let weight = s.splat(*weight);
                    let v = &v[from * c..][..c];
                    update(s, y, [v], #[inline(always)] |y, [v]| s.mul_add(weight, v, y));
                }
            }
        }
    }
}

/// Adds the gradient of the values of [`aggregate`].
pub fn aggregate_grad(n: Window, g: &[f32], (delays, weights): (&[f32], &[f32]), dv: &mut [f32]) {
    for (delay, weight) in delays.iter().zip(weights) {
        for (t, from) in delayed(n, *delay) {
            let to = &mut dv[from * n.channels..][..n.channels];
            axpy(to, *weight, &g[t * n.channels..][..n.channels]);
        }
    }
}

simd_fn! {
    /// `Σ g[t]·v[(t + δ) mod L]`: the gradient of the weight of each delay.
    pub fn weight_gradients(s, n: Window, g: &[f32], v: &[f32], delays: &[f32], dw: &mut [f32]) {
        let c = n.channels;
        for (delay, dw) in delays.iter().zip(dw) {
            let mut sum = s.zero();
            for (t, from) in delayed(n, *delay) {
                let (g, v) = (&g[t * c..][..c], &v[from * c..][..c]);
                for at in (0..c).step_by(S::LANES) {
                    sum = s.mul_add(s.load_at(g, at), s.load_at(v, at), sum);
                }
            }
            *dw = s.sum(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa, inner, numbers};

    #[test]
    fn every_number_of_channels_equals_the_definition_and_its_adjoint() {
        each_isa(|_| {
            for channels in 1..=67 {
                for (steps, given) in [(1, 1), (6, 6), (7, 4), (4, 9)] {
                    let n = Window { steps, given, channels };
                    let (q, k) = (numbers(steps * channels, 1), numbers(given * channels, 2));
                    let (mut products, mut r) = (vec![0.0; n.products()], vec![0.0; steps]);
                    correlate(Compute::default(), n, [&q, &k], &mut products, &mut r);
                    let row = |x: &[f32], t: usize| x[t * channels..][..channels].to_vec();
                    let of = |delay: usize| {
                        let product = |t| inner(&row(&q, (t + delay) % steps), &row(&k, t));
                        (0..given.min(steps)).map(product).sum::<f64>() / channels as f64
                    };
                    assert_close(&r, &(0..steps).map(of).collect::<Vec<_>>(), 1e-5);

                    let dr = numbers(steps, 3);
                    let (mut dq, mut dk) = (vec![0.0; q.len()], vec![0.0; k.len()]);
                    let grads = [&mut dq[..], &mut dk[..]];
                    correlate_grad(Compute::default(), n, [&q, &k], &dr, &mut products, grads);
                    let sum = inner(&r, &dr);
                    for along in [inner(&q, &dq), inner(&k, &dk)] {
                        assert!(
                            (along - sum).abs() < 1e-3,
                            "{channels} {steps} {given}: {along} {sum}"
                        );
                    }
                }
            }
        });
    }

    #[test]
    fn values_are_moved_by_their_delays() {
        each_isa(|_| {
            for channels in 1..=67 {
                let n = Window { steps: 5, given: 4, channels };
                let (v, g) = (numbers(4 * channels, 1), numbers(5 * channels, 2));
                let (delays, weights) = ([3.0, 1.0], [0.25, 0.75]);
                let mut y = vec![0.0; 5 * channels];
                aggregate(n, &v, &delays, &weights, &mut y);
                let value = |t: usize, c: usize| {
                    let v = if t < 4 { v[t * channels + c] } else { 0.0 };
                    f64::from(v)
                };
                let of = |i: usize| {
                    let (t, c) = (i / channels, i % channels);
                    0.25 * value((t + 3) % 5, c) + 0.75 * value((t + 1) % 5, c)
                };
                assert_close(&y, &(0..y.len()).map(of).collect::<Vec<_>>(), 1e-6);

                let (mut dv, mut dw) = (vec![0.0; v.len()], [0.0; 2]);
                aggregate_grad(n, &g, (&delays, &weights), &mut dv);
                weight_gradients(n, &g, &v, &delays, &mut dw);
                let sum = inner(&y, &g);
                assert!((inner(&v, &dv) - sum).abs() < 1e-3);
                assert!((inner(&weights, &dw) - sum).abs() < 1e-3);
            }
        });
    }
}
