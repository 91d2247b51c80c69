//! Softmax-weighted means: several means of the values of a window, each with its own weights, which are a softmax along
//! the window.

use super::Compute;
use super::math::exp;
use super::parallel::par_rows;

/// Threads share the work in pieces of at least so many windows.
const SHARED_WINDOWS: usize = 32;

/// `y[b, j] = Σ_l p[b, l, j] v[b, l]` with `p = softmax_l w`, for `w` `[B, L, n]` and `v` `[B, L]`. Writes `p`.
pub fn softmax_mean(
    compute: Compute,
    w: &[f32],
    v: &[f32],
    len: usize,
    p: &mut [f32],
    y: &mut [f32],
) {
    let n = y.len() / (v.len() / len.max(1)).max(1);
    par_rows(compute, [p, y], [len * n, n], SHARED_WINDOWS, &|first, [p, y]: [&mut [f32]; 2]| {
        let windows = y.len() / n.max(1);
        let (w, v) = (&w[first * len * n..][..p.len()], &v[first * len..][..windows * len]);
        of_windows(w, v, len, p, y);
    });
}

/// The gradient of [`softmax_mean`] for the weights: `dw += g p (v - y)`.
pub fn softmax_mean_grad(
    compute: Compute,
    g: &[f32],
    p: &[f32],
    v: &[f32],
    y: &[f32],
    len: usize,
    dw: &mut [f32],
) {
    let n = y.len() / (v.len() / len.max(1)).max(1);
    par_rows(compute, [dw], [len * n], SHARED_WINDOWS, &|first, [dw]: [&mut [f32]; 1]| {
        let windows = dw.len() / (len * n).max(1);
        let (g, y) = (&g[first * n..][..windows * n], &y[first * n..][..windows * n]);
        let (p, v) = (&p[first * len * n..][..dw.len()], &v[first * len..][..windows * len]);
        grad_of_windows(g, p, v, y, len, dw);
    });
}

simd_fn! {
    fn of_windows(s, w: &[f32], v: &[f32], len: usize, p: &mut [f32], y: &mut [f32]) {
        assert!(w.len() == p.len() && v.len() % len.max(1) == 0, "weights of windows");
        let windows = v.len() / len.max(1);
        let n = y.len() / windows.max(1);
        for (b, y) in y.chunks_exact_mut(n.max(1)).enumerate() {
            let v = &v[b * len..(b + 1) * len];
            let w = &w[b * len * n..(b + 1) * len * n];
            let p = &mut p[b * len * n..(b + 1) * len * n];
            for at in (0..n).step_by(S::LANES) {
                let columns = at..n.min(at + S::LANES);
                let mut largest = s.splat(f32::NEG_INFINITY);
                for w in w.chunks_exact(n) {
                    largest = s.max(s.load_at(&w[columns.clone()], 0), largest);
                }
                let (mut sum, mut mean) = (s.zero(), s.zero());
                for ((w, p), v) in w.chunks_exact(n).zip(p.chunks_exact_mut(n)).zip(v) {
                    let e = exp(s, s.sub(s.load_at(&w[columns.clone()], 0), largest));
                    s.store_at(e, &mut p[columns.clone()], 0);
                    sum = s.add(sum, e);
                    mean = s.mul_add(e, s.splat(*v), mean);
                }
                let share = s.div(s.splat(1.0), sum);
                for p in p.chunks_exact_mut(n) {
                    let p = &mut p[columns.clone()];
                    s.store_at(s.mul(s.load_at(p, 0), share), p, 0);
                }
                s.store_at(s.mul(mean, share), &mut y[columns], 0);
            }
        }
    }
}

simd_fn! {
    fn grad_of_windows(s, g: &[f32], p: &[f32], v: &[f32], y: &[f32], len: usize, dw: &mut [f32]) {
        let windows = v.len() / len.max(1);
        let n = y.len() / windows.max(1);
        for (row, (dw, p)) in dw.chunks_exact_mut(n.max(1)).zip(p.chunks_exact(n.max(1))).enumerate() {
            let b = row / len;
            let (g, y) = (&g[b * n..(b + 1) * n], &y[b * n..(b + 1) * n]);
            let v = s.splat(v[row]);
            for at in (0..n).step_by(S::LANES) {
                let share = s.mul(s.load_at(g, at), s.load_at(p, at));
                let value = s.mul_add(share, s.sub(v, s.load_at(y, at)), s.load_at(dw, at));
                s.store_at(value, dw, at);
            }
        }
    }
}

simd_fn! {
    /// The gradient of [`softmax_mean`] for the values: `dv[b, l] += Σ_j g[b, j] p[b, l, j]`.
    pub fn softmax_mean_values_grad(s, g: &[f32], p: &[f32], len: usize, dv: &mut [f32]) {
        let n = p.len() / dv.len().max(1);
        for (row, (dv, p)) in dv.iter_mut().zip(p.chunks_exact(n.max(1))).enumerate() {
            let g = &g[row / len * n..(row / len + 1) * n];
            let mut sum = s.zero();
            for at in (0..n).step_by(S::LANES) {
                sum = s.mul_add(s.load_at(g, at), s.load_at(p, at), sum);
            }
            *dv += s.sum(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, numbers};

    #[test]
    fn means_and_gradients_equal_their_formulas() {
        let (windows, len) = (3, 4);
        each_isa_and_length(|n| {
            let (w, v) = (numbers(windows * len * n, 1), numbers(windows * len, 2));
            let g = numbers(windows * n, 3);
            let (mut p, mut y) = (vec![9.0; w.len()], vec![9.0; g.len()]);
            softmax_mean(Compute::default(), &w, &v, len, &mut p, &mut y);
            let (mut dw, mut dv) = (vec![0.0; w.len()], vec![0.0; v.len()]);
            softmax_mean_grad(Compute::default(), &g, &p, &v, &y, len, &mut dw);
            softmax_mean_values_grad(&g, &p, len, &mut dv);

            let at = |b: usize, l: usize, j: usize| (b * len + l) * n + j;
            let (mut means, mut exact_dw, mut exact_dv) =
                (vec![0.0; g.len()], vec![0.0; w.len()], vec![0.0; v.len()]);
            for b in 0..windows {
                for j in 0..n {
                    let e = |l: usize| f64::from(w[at(b, l, j)]).exp();
                    let sum: f64 = (0..len).map(e).sum();
                    let share = |l: usize| e(l) / sum;
                    let value = |l: usize| f64::from(v[b * len + l]);
                    let mean: f64 = (0..len).map(|l| share(l) * value(l)).sum();
                    means[b * n + j] = mean;
                    let g = f64::from(g[b * n + j]);
                    for l in 0..len {
                        exact_dw[at(b, l, j)] = g * share(l) * (value(l) - mean);
                        exact_dv[b * len + l] += g * share(l);
                    }
                }
            }
            assert_close(&y, &means, 1e-5);
            assert_close(&dw, &exact_dw, 1e-5);
            assert_close(&dv, &exact_dv, 1e-5);
        });
    }
}
