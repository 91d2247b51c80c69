//! A layer of a Kolmogorov–Arnold network whose learned functions are wavelets.
//!
//! Bozorgasl & Chen 2024, "Wav-KAN", <https://arxiv.org/abs/2405.12832>. Upstream: `models/rmok.py: WaveKANLayer`.

use std::f64::consts::TAU;

use super::batch_norm::BatchNorm1d;
use super::params::{Init, Path};
use crate::tape::{Param, Tape, Var, Wavelet};

/// `y[o] = norm(Σ wavelet_weights[o, i] ψ((x[i] - translation[o, i]) / scale[o, i]))`, with batch normalization.
#[derive(Clone, Copy, Debug)]
pub struct WaveletKan {
    wavelet: Wavelet,
    scale: Param,
    translation: Param,
    weights: Param,
    norm: BatchNorm1d,
}

impl WaveletKan {
    /// Declares `scale`, `translation` and `wavelet_weights` `[outputs, inputs]`, and `bn`.
    pub fn new(path: &Path<'_>, [inputs, outputs]: [usize; 2], wavelet: Wavelet) -> Self {
        let shape = [outputs, inputs];
        let uniform = Init::Uniform(1.0 / (inputs.max(1) as f32).sqrt());
        // Upstream declares this weight and never uses it.
        path.untrained("weight1", shape, uniform);
        Self {
            wavelet,
            scale: path.param("scale", shape, Init::Constant(1.0)),
            translation: path.param("translation", shape, Init::Constant(0.0)),
            weights: path.param("wavelet_weights", shape, uniform),
            norm: BatchNorm1d::new(&path.sub("bn"), outputs),
        }
    }

    /// Maps `[R, inputs]` to `[R, outputs]`, where each of so many windows has as many rows.
    pub fn forward<'t>(&self, x: Var<'t>, windows: usize) -> Var<'t> {
        let (tape, rows, inputs) = (x.tape(), x.dim(0), x.dim(1));
        let weights = match self.wavelet {
            Wavelet::Shannon => tape.param(self.weights) * hamming_window(tape, inputs),
            _ => tape.param(self.weights),
        };
        let parameters = [tape.param(self.translation), tape.param(self.scale), weights];
        let sums = x.wavelet_sums(self.wavelet, parameters); // [R, O]
        let outputs = sums.dim(1);
        let sums = sums.reshape([windows, rows / windows, outputs]);
        self.norm.forward(sums, 2).reshape([rows, outputs])
    }
}

/// `0.54 - 0.46 cos(2π i / (n - 1))`; of a single number, 1. Upstream: `torch.hamming_window(n, periodic=False)`.
fn hamming_window(tape: &Tape, n: usize) -> Var<'_> {
    let at = |i: usize| 0.54 - 0.46 * (TAU * i as f64 / (n - 1) as f64).cos();
    tape.input([n], |window| {
        let weight = |i: usize| if n == 1 { 1.0 } else { at(i) as f32 };
        window.iter_mut().enumerate().for_each(|(i, w)| *w = weight(i));
    })
}
