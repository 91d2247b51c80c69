//! Layers of Kolmogorov–Arnold networks whose learned functions are polynomials. Upstream: `models/rmok.py`.
//!
//! Both are linear in functions of their inputs, so a layer is one product. The constant terms of all inputs are its bias.

use super::params::{Init, Path};
use crate::tape::{Param, Var};

/// The highest degree of a polynomial.
const MOST_DEGREES: usize = 64;

/// `y[r, o] = Σ weights[o, k, i] f[k][r, i]`, where `f[0]` is 1 and the others are given, `[R, inputs]`.
fn combine<'t>(functions: &[Var<'t>], weights: Var<'t>, rows: usize) -> Var<'t> {
    let [outputs, terms, inputs] = [0, 1, 2].map(|axis| weights.dim(axis));
    let bias = weights.slice(1, 0, 1).squeeze(1).sum_axis(1); // [outputs]
    if terms == 1 {
        return bias.unsqueeze(0).repeat(0, rows);
    }
    let weights = weights.slice(1, 1, terms - 1).reshape([outputs, (terms - 1) * inputs]);
    Var::concat(functions, 1).linear(weights, Some(bias))
}

/// Taylor polynomials: `y[o] = bias[o] + Σ coeffs[o, i, k] x[i]^k`. Upstream: `TaylorKANLayer`.
#[derive(Clone, Copy, Debug)]
pub struct TaylorKan {
    coefficients: Param,
    bias: Param,
}

impl TaylorKan {
    /// Declares `coeffs [outputs, inputs, order]` and `bias [1, outputs]`.
    pub fn new(path: &Path<'_>, [inputs, outputs]: [usize; 2], order: usize) -> Self {
        Self {
            coefficients: path.param("coeffs", [outputs, inputs, order], Init::Normal(0.01)),
            bias: path.param("bias", [1, outputs], Init::Constant(0.0)),
        }
    }

    /// Maps `[R, inputs]` to `[R, outputs]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let coefficients = tape.param(self.coefficients).permute(&[0, 2, 1]); // [O, order, I]
        let mut powers = [x; MOST_DEGREES];
        let degree = coefficients.dim(1) - 1;
        for i in 1..degree {
            powers[i] = powers[i - 1] * x;
        }
        combine(&powers[..degree], coefficients, x.dim(0)) + tape.param(self.bias)
    }
}

/// Jacobi polynomials with α = β = 1: `y[o] = Σ jacobi_coeffs[i, o, k] P[k](tanh x[i])`. Upstream: `JacobiKANLayer`.
#[derive(Clone, Copy, Debug)]
pub struct JacobiKan {
    coefficients: Param,
}

impl JacobiKan {
    /// Declares `jacobi_coeffs [inputs, outputs, degree + 1]`.
    pub fn new(path: &Path<'_>, [inputs, outputs]: [usize; 2], degree: usize) -> Self {
        let terms = degree.saturating_add(1);
        let deviation = 1.0 / (inputs as f64 * terms as f64);
        let init = Init::Normal(deviation as f32);
        Self { coefficients: path.param("jacobi_coeffs", [inputs, outputs, terms], init) }
    }

    /// Maps `[R, inputs]` to `[R, outputs]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let coefficients = x.tape().param(self.coefficients).permute(&[1, 2, 0]); // [O, degree + 1, I]
        let (degree, rows) = (coefficients.dim(1) - 1, x.dim(0));
        let x = x.tanh();
        let mut polynomials = [x; MOST_DEGREES];
        for i in 1..=degree {
            let k = i as f64;
            let rise = (2.0 * k + 2.0) * (2.0 * k + 1.0) / (2.0 * k * (k + 2.0));
            let fall = ((k + 1.0) / (k + 2.0)) as f32;
            polynomials[i - 1] = match polynomials[..i - 1] {
                [] => x.scale(2.0),
                [last] => (x * last).scale(rise as f32).add_scalar(-fall),
                [.., before, last] => (x * last).scale(rise as f32) - before.scale(fall),
            };
        }
        combine(&polynomials[..degree], coefficients, rows)
    }
}
