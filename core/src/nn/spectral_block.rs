//! A spectral block: gated maps of a graph's spectrum of each series, whose inverse transform forecasts, and explains a part of
//! the input.
//!
//! Cao et al. 2020, <https://arxiv.org/abs/2103.07719>, section 3.4. Upstream: `models/stemgnn.py: StockBlockLayer, GLU`.
//!
//! The spectrum is that over the four orders of the polynomials of a graph, whose forward and inverse transforms are linear maps
//! of four values. They are applied to the polynomials and to the weights, which are smaller than the values.

use super::latent_correlation::POLYNOMIALS;
use super::linear::Linear;
use super::params::{Init, Path, layers};
use crate::tape::{Param, Var};

/// Gated layers of the real and of the imaginary parts.
const GATED: usize = 3;
/// The inverse transform as a map to each frequency's weight from those of the orders. Rows: real parts of the frequencies 0, 1
/// and 2, imaginary part of frequency 1.
const INVERSE: [[f32; POLYNOMIALS]; 4] = [
    [0.25, 0.25, 0.25, 0.25],
    [0.5, 0.0, -0.5, 0.0],
    [0.25, -0.25, 0.25, -0.25],
    [0.0, -0.5, 0.0, 0.5],
];

/// `(W·x + b)·σ(V·x + c)`
#[derive(Clone, Copy, Debug)]
struct Gated {
    value: Linear,
    gate: Linear,
}

impl Gated {
    /// Declares `linear_left` and `linear_right`.
    fn new(path: &Path<'_>, inputs: usize, outputs: usize) -> Self {
        let linear = |name| Linear::new(&path.sub(name), inputs, outputs);
        Self { value: linear("linear_left"), gate: linear("linear_right") }
    }

    fn forward<'t>(&self, map: impl Fn(&Linear) -> Var<'t>) -> Var<'t> {
        map(&self.value) * map(&self.gate).sigmoid()
    }
}

/// The block. `M` is the number of steps times a multiplier.
#[derive(Clone, Debug)]
pub struct SpectralBlock {
    /// Of the real and the imaginary parts.
    gated: Vec<[Gated; 2]>,
    weight: Param,
    forecast: [Linear; 2],
    /// Of the graph's output and of the input itself, if the block explains a part of that.
    backcast: Option<[Linear; 2]>,
    width: usize,
}

impl SpectralBlock {
    /// Declares `GLUs`, `weight`, `forecast`, `forecast_result`, `backcast_short_cut` and, unless the block is the last,
    /// `backcast`.
    pub fn new(path: &Path<'_>, steps: usize, multiplier: usize, is_last: bool) -> Self {
        let width = steps * multiplier;
        let gated = |i: usize| {
            let inputs = if i == 0 { POLYNOMIALS * steps } else { POLYNOMIALS * width };
            let outputs = POLYNOMIALS * width;
            [2 * i, 2 * i + 1].map(|at| Gated::new(&path.sub("GLUs").sub(at), inputs, outputs))
        };
        let linear = |name, outputs| Linear::new(&path.sub(name), width, outputs);
        let short_cut = path.sub("backcast_short_cut");
        let backcast = if is_last {
            Linear::unused(&short_cut, steps, steps);
            None
        } else {
            Some([linear("backcast", steps), Linear::new(&short_cut, steps, steps)])
        };
        // torch's xavier_normal_: fan_in is 4·M², fan_out M².
        let init = Init::Normal(0.4f32.sqrt() / width as f32);
        Self {
            gated: layers(GATED, gated),
            weight: path.param("weight", [1, POLYNOMIALS, 1, width, width], init),
            forecast: [linear("forecast", width), linear("forecast_result", steps)],
            backcast,
            width,
        }
    }

    /// The forecast `[B, N, L]` of `x` `[B, N, L]` and the part of it that the block explains, with the
    /// [transformed polynomials](super::spectral_polynomials) of a graph, `[B, 4·N, N]`.
    pub fn forward<'t>(&self, x: Var<'t>, polynomials: Var<'t>) -> (Var<'t>, Option<Var<'t>>) {
        let [windows, series, steps] = [0, 1, 2].map(|axis| x.dim(axis));
        let seen = polynomials.matmul(x).reshape([windows, POLYNOMIALS, series, steps]);
        let seen = seen.permute(&[0, 2, 1, 3]).reshape([windows, series, POLYNOMIALS * steps]);
        let hidden = self.inverse(self.spectrum(seen, steps)); // [B, N, M]

        let [forecast, result] = self.forecast;
        let backcast = self.backcast.map(|[backcast, short_cut]| {
            (backcast.forward(hidden) - short_cut.forward(x)).sigmoid()
        });
        (result.forward(forecast.forward(hidden).sigmoid()), backcast)
    }

    /// The gated layers: of the real parts `[B, N, 3·M]` of frequencies 0 to 2, and the imaginary part `[B, N, M]` of frequency 1;
    /// the inverse transform ignores the others.
    fn spectrum<'t>(&self, seen: Var<'t>, steps: usize) -> [Var<'t>; 2] {
        let tape = seen.tape();
        let [first, between @ .., last] = &self.gated[..] else { unreachable!("three layers") };
        // Frequency 3 is the conjugate of 1: its weights are added to those of 1, or subtracted.
        let parts = |linear: &Linear| {
            let (weight, bias) = linear.on(tape);
            ([0, 1, 2, 3].map(|k| weight.slice(1, k * steps, steps)), bias)
        };
        let (real, imaginary) = (seen.slice(2, 0, 3 * steps), seen.slice(2, 3 * steps, steps));
        let [of_real, of_imaginary] = first;
        let mut real = of_real.forward(|linear| {
            let ([zero, one, two, three], bias) = parts(linear);
            real.linear(Var::concat(&[zero, one + three, two], 1), bias)
        });
        let mut imaginary = of_imaginary.forward(|linear| {
            let ([_, one, _, three], bias) = parts(linear);
            imaginary.linear(one - three, bias)
        });
        for [of_real, of_imaginary] in between {
            real = of_real.forward(|linear| linear.forward(real));
            imaginary = of_imaginary.forward(|linear| linear.forward(imaginary));
        }
        let [of_real, of_imaginary] = last;
        [
            of_real.forward(|linear| linear.forward_outputs(real, 0, 3 * self.width)),
            of_imaginary.forward(|l| l.forward_outputs(imaginary, self.width, self.width)),
        ]
    }

    /// The inverse transform, and the sum over the orders of the products with their weights: `[B, N, M]`.
    fn inverse<'t>(&self, [real, imaginary]: [Var<'t>; 2]) -> Var<'t> {
        let (tape, width) = (real.tape(), self.width);
        let weight = tape.param(self.weight).reshape([POLYNOMIALS, width * width]);
        let inverse = tape.constant([4, POLYNOMIALS], INVERSE.as_flattened());
        let weight = weight.linear_first(inverse, None).reshape([4 * width, width]);
        real.matmul(weight.slice(0, 0, 3 * width)) + imaginary.matmul(weight.last(0, width))
    }
}
