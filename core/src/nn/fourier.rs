//! Attention among a few frequencies of a sequence. Upstream: `models/fedformer.py: FourierBlock, FourierCrossAttention`.
//!
//! Only some coefficients of a Fourier transform are needed, so they are a product with a table of sines and cosines. A complex
//! array has its real and imaginary parts along an axis of size 2.

use std::f64::consts::TAU;
use std::sync::{Arc, OnceLock};

use super::attention::Mechanism;
use super::params::{Init, Path};
use crate::tape::{Param, Tape, Var};

/// Frequencies of a sequence: which, of how many steps.
#[derive(Clone, Debug)]
pub struct Frequencies {
    steps: usize,
    which: Vec<usize>,
}

impl Frequencies {
    /// These frequencies, below `steps/2 + 1`.
    pub fn new(steps: usize, which: Vec<usize>) -> Self {
        Self { steps, which }
    }

    fn angle(&self, frequency: usize, t: usize) -> f64 {
        let turns = (frequency as u128 * t as u128 % self.steps as u128) as f64;
        TAU * turns / self.steps as f64
    }

    /// The transform `[2·M, L]`: real parts of the coefficients, then imaginary parts.
    fn transform(&self) -> Vec<f32> {
        let rows = |part: fn(f64) -> f64| {
            let of = move |frequency: usize| {
                (0..self.steps).map(move |t| part(self.angle(frequency, t)) as f32)
            };
            self.which.iter().copied().flat_map(of)
        };
        rows(f64::cos).chain(rows(|angle| -angle.sin())).collect()
    }

    /// The inverse transform `[L, 2·M]` of a sequence whose other coefficients are 0, times `factor`.
    fn inverse(&self, factor: f64) -> Vec<f32> {
        let coefficient = |t: usize, frequency: usize, part: fn(f64) -> f64| {
            let alone = frequency == 0 || 2 * frequency == self.steps;
            let times = if alone { 1.0 } else { 2.0 } * factor / self.steps as f64;
            (times * part(self.angle(frequency, t))) as f32
        };
        let row = |t: usize| {
            let of = |part: fn(f64) -> f64| {
                self.which.iter().map(move |frequency| coefficient(t, *frequency, part))
            };
            of(f64::cos).chain(of(|angle| -angle.sin())).collect::<Vec<_>>()
        };
        (0..self.steps).flat_map(row).collect()
    }
}

/// A linear map to or from frequencies. Its numbers are computed when they are first used.
#[derive(Clone)]
struct Transform {
    frequencies: Frequencies,
    /// The factor of an inverse transform.
    inverse: Option<f64>,
    table: Arc<OnceLock<Vec<f32>>>,
}

impl Transform {
    fn new(frequencies: Frequencies, inverse: Option<f64>) -> Self {
        Self { frequencies, inverse, table: Arc::default() }
    }

    fn on<'t>(&self, tape: &'t Tape) -> Var<'t> {
        let (steps, parts) = (self.frequencies.steps, 2 * self.frequencies.which.len());
        let shape = if self.inverse.is_some() { [steps, parts] } else { [parts, steps] };
        tape.input(shape, |to| {
            let table = || match self.inverse {
                Some(factor) => self.frequencies.inverse(factor),
                None => self.frequencies.transform(),
            };
            to.copy_from_slice(self.table.get_or_init(table));
        })
    }

    /// The coefficients `[B, H, E, 2, M]` of `[B, L, H, E]`.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let [rows, steps, heads, width] = [0, 1, 2, 3].map(|axis| x.dim(axis));
        let x = x.reshape([rows, steps, heads * width]).transpose(); // [B, C, L]
        let parts = x.linear(self.on(x.tape()), None); // [B, C, 2·M]
        parts.reshape([rows, heads, width, 2, parts.dim(2) / 2])
    }

    /// The sequences `[B, H·E, L]` of coefficients `[M, H, B, 2, E]`.
    fn backward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let [modes, heads, rows, _, width] = [0, 1, 2, 3, 4].map(|axis| x.dim(axis));
        let parts = x.permute(&[2, 1, 4, 3, 0]).reshape([rows, heads * width, 2 * modes]);
        parts.linear(self.on(x.tape()), None)
    }
}

/// The real matrices `[N, 2·I, 2·O]` that multiply rows of real, then imaginary parts by complex matrices `[N, I, 2, O]`.
fn complex_matrices<'t>(z: Var<'t>) -> Var<'t> {
    let [count, inputs, _, outputs] = [0, 1, 2, 3].map(|axis| z.dim(axis));
    let [re, im] = [0, 1].map(|part| z.slice(2, part, 1));
    let turned = Var::concat(&[im.scale(-1.0), re], 2); // i·z
    let flat = |z: Var<'t>| z.reshape([count, inputs, 2 * outputs]);
    Var::concat(&[flat(z), flat(turned)], 1)
}

/// A complex matrix for each of these frequencies and heads.
#[derive(Clone, Copy)]
struct ModeWeights(Param);

impl ModeWeights {
    /// Declares `weights1 [H, E, E, M, 2]`, uniform from 0 to `1/channels²`.
    fn new(path: &Path<'_>, [heads, width]: [usize; 2], modes: usize, channels: usize) -> Self {
        let init = Init::UniformFromZero((1.0 / (channels as f64).powi(2)) as f32);
        Self(path.param("weights1", [heads, width, width, modes, 2], init))
    }

    /// `[M, H, B, 2, E]` to `[M, H, B, 2, E]`.
    fn forward<'t>(self, x: Var<'t>) -> Var<'t> {
        let shape = x.shape();
        let [modes, heads, rows, _, width] = [0, 1, 2, 3, 4].map(|axis| x.dim(axis));
        let weights = x.tape().param(self.0).permute(&[3, 0, 1, 4, 2]);
        let weights = complex_matrices(weights.reshape([modes * heads, width, 2, width]));
        x.reshape([modes * heads, rows, 2 * width]).matmul(weights).reshape(shape)
    }
}

/// A linear map of each of some frequencies of a sequence. Upstream: `FourierBlock`.
///
/// As upstream, the results are written to the lowest frequencies, and the sequence of each channel, `[B, H, E, L]`, is read as
/// if it were `[B, L, H·E]`.
#[derive(Clone)]
pub struct FourierBlock {
    weights: ModeWeights,
    transform: Transform,
    inverse: Transform,
}

impl FourierBlock {
    /// Declares `weights1` for heads of this width. `channels` is the width of all heads, as the option has it.
    pub fn new(
        path: &Path<'_>,
        heads: [usize; 2],
        channels: usize,
        frequencies: &Frequencies,
    ) -> Self {
        let modes = frequencies.which.len();
        let lowest = Frequencies::new(frequencies.steps, (0..modes).collect());
        Self {
            weights: ModeWeights::new(path, heads, modes, channels),
            transform: Transform::new(frequencies.clone(), None),
            inverse: Transform::new(lowest, Some(1.0)),
        }
    }

    /// Declares that upstream has the same weights at another path too.
    pub fn tie(&self, path: &Path<'_>) {
        path.tie("weights1", self.weights.0);
    }
}

impl Mechanism for FourierBlock {
    fn mix<'t>(&self, q: Var<'t>, _k: Var<'t>, _v: Var<'t>) -> Var<'t> {
        let x = self.transform.forward(q).permute(&[4, 1, 0, 3, 2]); // [M, H, B, 2, E]
        self.inverse.backward(self.weights.forward(x))
    }

    fn reads(&self) -> [bool; 3] {
        [true, false, false]
    }
}

/// Attention from some frequencies of the queries to some of the keys, which are also the values:
/// `W (tanh(Qᵀ K) K)`, without conjugates. Upstream: `FourierCrossAttention`.
///
/// As upstream, the sequence of each channel, `[B, H, E, L]`, is read as if it were `[B, L, H·E]`.
#[derive(Clone)]
pub struct FourierCrossAttention {
    weights: ModeWeights,
    of_queries: Transform,
    of_keys: Transform,
    inverse: Transform,
}

impl FourierCrossAttention {
    /// Declares `weights1` for heads of this width. `channels` is the width of all heads, as the option has it.
    pub fn new(
        path: &Path<'_>,
        heads: [usize; 2],
        channels: usize,
        [queries, keys]: [&Frequencies; 2],
    ) -> Self {
        let factor = 1.0 / (channels as f64).powi(2);
        Self {
            weights: ModeWeights::new(path, heads, queries.which.len(), channels),
            of_queries: Transform::new(queries.clone(), None),
            of_keys: Transform::new(keys.clone(), None),
            inverse: Transform::new(queries.clone(), Some(factor)),
        }
    }

    /// Declares that upstream has the same weights at another path too.
    pub fn tie(&self, path: &Path<'_>) {
        path.tie("weights1", self.weights.0);
    }
}

impl Mechanism for FourierCrossAttention {
    fn mix<'t>(&self, q: Var<'t>, k: Var<'t>, _v: Var<'t>) -> Var<'t> {
        let (q, k) = (self.of_queries.forward(q), self.of_keys.forward(k)); // [B, H, E, 2, M]
        let [rows, heads, width, _, modes] = [0, 1, 2, 3, 4].map(|axis| q.dim(axis));
        let (all, of_keys) = (rows * heads, k.dim(4));
        let rows_of = |x: Var<'t>| x.permute(&[0, 1, 4, 3, 2]); // [B, H, M, 2, E]

        let keys = complex_matrices(k.reshape([all, width, 2, of_keys]));
        let values = complex_matrices(rows_of(k).reshape([all, of_keys, 2, width]));
        let scores = rows_of(q).reshape([all, modes, 2 * width]).matmul(keys);
        let mixed = scores.complex_tanh().matmul(values); // [B·H, M, 2·E]
        let mixed = mixed.reshape([rows, heads, modes, 2, width]).permute(&[2, 1, 0, 3, 4]);
        self.inverse.backward(self.weights.forward(mixed))
    }

    fn reads(&self) -> [bool; 3] {
        [true, true, false]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_those_of_the_transform_and_give_the_sequence_back() {
        for steps in [6, 7] {
            let all = Frequencies::new(steps, (0..=steps / 2).collect());
            let (there, back) = (Transform::new(all.clone(), None), Transform::new(all, Some(1.0)));
            let tape = Tape::default();
            let x: Vec<f32> = (0..2 * steps * 3).map(|i| (i as f32 * 0.7).sin()).collect();
            let x = tape.constant([2, steps, 1, 3], &x);
            let coefficients = there.forward(x); // [2, 1, 3, 2, M]
            let series = x.reshape([2, steps, 3]).transpose(); // [2, 3, L]
            let expected = series.rfft().permute(&[0, 1, 3, 2]);
            let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(close(&coefficients.data(), &expected.data()), "{steps}");
            let again = back.backward(coefficients.permute(&[4, 1, 0, 3, 2]));
            assert_eq!(again.shape().dims(), [2, 3, steps]);
            assert!(close(&again.data(), &series.data()), "{steps}");
        }
    }

    #[test]
    fn a_complex_matrix_multiplies_as_a_real_one() {
        let tape = Tape::default();
        // (1 + 2i)(3 - 4i) = 11 + 2i
        let z = complex_matrices(tape.constant([1, 1, 2, 1], &[3.0, -4.0]));
        let product = tape.constant([1, 1, 2], &[1.0, 2.0]).matmul(z);
        assert_eq!(product.data()[..], [11.0, 2.0]);
    }
}
