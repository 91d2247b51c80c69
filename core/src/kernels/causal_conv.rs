//! Causal convolution of each channel by itself: `y[t] = b + Σ_k w[k] ⊙ x[t - (K - 1) + k]`, with zeros before the first step.
//!
//! Taps are `[K, C]`, so that channels are lanes; torch's weight is `[C, 1, K]`.

/// Steps and channels of a window.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Steps of a window.
    pub steps: usize,
    /// Channels.
    pub channels: usize,
}

impl Sizes {
    /// The windows of `x`, which must have whole ones.
    fn windows<'a>(self, x: &'a [f32], y: &[f32]) -> std::slice::ChunksExact<'a, f32> {
        let size = (self.steps * self.channels).max(1);
        assert!(x.len() == y.len() && x.len().is_multiple_of(size), "windows of {self:?}");
        x.chunks_exact(size)
    }
}

/// Torch's weight `[C, 1, K]` as taps `[K, C]`.
pub fn taps(weight: &[f32], channels: usize, to: &mut [f32]) {
    assert_eq!(weight.len(), to.len(), "a weight and its taps");
    let kernel = weight.len() / channels.max(1);
    for (i, w) in weight.iter().enumerate() {
        to[i % kernel * channels + i / kernel] = *w;
    }
}

/// Adds the gradient of the taps to that of the weight.
pub fn add_taps(taps: &[f32], channels: usize, weight: &mut [f32]) {
    assert_eq!(weight.len(), taps.len(), "a weight and its taps");
    let kernel = weight.len() / channels.max(1);
    for (i, w) in weight.iter_mut().enumerate() {
        *w += taps[i % kernel * channels + i / kernel];
    }
}

/// The pairs of a tap and the number of steps that it looks back, of those that reach a step with `before` steps before it.
#[inline(always)]
fn reaching(
    taps: &[f32],
    channels: usize,
    before: usize,
) -> impl Iterator<Item = (usize, &[f32])> + Clone {
    let kernel = taps.len() / channels.max(1);
    let rows = taps.chunks_exact(channels.max(1)).enumerate();
    rows.map(move |(k, tap)| (kernel - 1 - k, tap)).filter(move |(back, _)| *back <= before)
}

simd_fn! {
    /// The convolution of each window.
    pub fn causal_conv(s, x: &[f32], taps: &[f32], bias: &[f32], sizes: Sizes, y: &mut [f32]) {
        let (n, size) = (sizes.channels, sizes.steps * sizes.channels);
        assert_eq!(bias.len(), n, "one bias per channel");
        let windows = sizes.windows(x, y);
        for (x, y) in windows.zip(y.chunks_exact_mut(size.max(1))) {
            for (t, y) in y.chunks_exact_mut(n).enumerate() {
                let reaching = reaching(taps, n, t);
                for at in (0..n).step_by(S::LANES) {
                    let mut sum = s.load_at(bias, at);
                    for (back, tap) in reaching.clone() {
                        let x = &x[(t - back) * n..][..n];
                        sum = s.mul_add(s.load_at(tap, at), s.load_at(x, at), sum);
                    }
                    s.store_at(sum, y, at);
                }
            }
        }
    }
}

simd_fn! {
    /// The gradient of [`causal_conv`] for the input.
    pub fn causal_conv_grad(s, g: &[f32], taps: &[f32], sizes: Sizes, dx: &mut [f32]) {
        let (n, size) = (sizes.channels, sizes.steps * sizes.channels);
        let windows = sizes.windows(g, dx);
        for (g, dx) in windows.zip(dx.chunks_exact_mut(size.max(1))) {
            for (t, dx) in dx.chunks_exact_mut(n).enumerate() {
                // The same, with time reversed: a step is seen by those after it.
                let reaching = reaching(taps, n, sizes.steps - 1 - t);
                for at in (0..n).step_by(S::LANES) {
                    let mut sum = s.load_at(dx, at);
                    for (back, tap) in reaching.clone() {
                        let g = &g[(t + back) * n..][..n];
                        sum = s.mul_add(s.load_at(tap, at), s.load_at(g, at), sum);
                    }
                    s.store_at(sum, dx, at);
                }
            }
        }
    }
}

simd_fn! {
    /// The gradient of [`causal_conv`] for the taps.
    pub fn causal_conv_taps_grad(s, g: &[f32], x: &[f32], sizes: Sizes, dtaps: &mut [f32]) {
        let (n, size) = (sizes.channels, sizes.steps * sizes.channels);
        let kernel = dtaps.len() / n.max(1);
        let windows = sizes.windows(g, x);
        for (g, x) in windows.zip(x.chunks_exact(size.max(1))) {
            for (k, dtap) in dtaps.chunks_exact_mut(n.max(1)).enumerate() {
                let back = (kernel - 1 - k).min(sizes.steps);
                let pairs = || g[back * n..].chunks_exact(n).zip(x.chunks_exact(n));
                for at in (0..n).step_by(S::LANES) {
                    let mut sum = s.load_at(dtap, at);
                    for (g, x) in pairs() {
                        sum = s.mul_add(s.load_at(g, at), s.load_at(x, at), sum);
                    }
                    s.store_at(sum, dtap, at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, numbers};

    #[test]
    fn values_and_gradients_equal_their_formulas() {
        let (windows, kernel) = (2, 4);
        each_isa_and_length(|channels| {
            if channels == 0 {
                return;
            }
            // Shorter than the kernel, and longer.
            for steps in [1, 3, 6] {
                let sizes = Sizes { steps, channels };
                let size = windows * steps * channels;
                let [x, g] = [1, 2].map(|seed| numbers(size, seed));
                let (w, bias) = (numbers(channels * kernel, 3), numbers(channels, 4));
                let mut all = vec![0.0; w.len()];
                taps(&w, channels, &mut all);
                let (mut y, mut dx) = (vec![9.0; size], vec![0.5; size]);
                let (mut dtaps, mut dw) = (vec![0.0; w.len()], vec![0.25; w.len()]);
                causal_conv(&x, &all, &bias, sizes, &mut y);
                causal_conv_grad(&g, &all, sizes, &mut dx);
                causal_conv_taps_grad(&g, &x, sizes, &mut dtaps);
                add_taps(&dtaps, channels, &mut dw);
                let (mut exact, mut exact_dx, mut exact_dw) =
                    (vec![0.0; size], vec![0.5; size], vec![0.25; w.len()]);
                for i in 0..size {
                    let (t, c) = (i / channels % steps, i % channels);
                    exact[i] = f64::from(bias[c]);
                    for k in (0..kernel).filter(|k| t + k + 1 >= kernel) {
                        let from = i - (kernel - 1 - k) * channels;
                        let w = f64::from(w[c * kernel + k]);
                        exact[i] += w * f64::from(x[from]);
                        exact_dx[from] += w * f64::from(g[i]);
                        exact_dw[c * kernel + k] += f64::from(g[i]) * f64::from(x[from]);
                    }
                }
                assert_close(&y, &exact, 2e-6);
                assert_close(&dx, &exact_dx, 2e-6);
                assert_close(&dw, &exact_dw, 4e-6);
            }
        });
    }
}
