//! Layers of Kolmogorov–Arnold networks whose learned functions are polynomials. Upstream: `models/rmok.py`.
//!
//! Both are linear in functions of their inputs, so each degree is one product. The constant terms of all inputs are one bias.

use super::params::{Init, Path};
use crate::tape::{Param, Var};

/// Adds to `y` the product of a function of all inputs with its weights, the `k`-th of `[functions, outputs, inputs]`.
fn plus<'t>(y: Option<Var<'t>>, function: Var<'t>, weights: Var<'t>, k: usize) -> Option<Var<'t>> {
    let product = function.linear(weights.slice(0, k, 1).squeeze(0), None);
    Some(y.map_or(product, |y| y + product))
}

/// `y + bias` where there is a `y`, else a `bias` for each of so many rows; `[rows, outputs]`.
fn with_bias<'t>(y: Option<Var<'t>>, bias: Var<'t>, rows: usize) -> Var<'t> {
    y.map_or_else(|| bias.unsqueeze(0).repeat(0, rows), |y| y + bias)
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
        let coefficients = tape.param(self.coefficients).permute(&[2, 0, 1]); // [order, O, I]
        let [order, outputs, rows] = [coefficients.dim(0), coefficients.dim(1), x.dim(0)];
        let constant = coefficients.slice(0, 0, 1).squeeze(0).sum_axis(1);
        let bias = tape.param(self.bias).reshape([outputs]) + constant;
        let (mut y, mut power) = (None, x);
        for k in 1..order {
            power = if k == 1 { x } else { power * x };
            y = plus(y, power, coefficients, k);
        }
        with_bias(y, bias, rows)
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
        let coefficients = x.tape().param(self.coefficients).permute(&[2, 1, 0]); // [degree + 1, O, I]
        let (degree, rows) = (coefficients.dim(0) - 1, x.dim(0));
        let bias = coefficients.slice(0, 0, 1).squeeze(0).sum_axis(1);
        let x = x.tanh();
        let (mut y, mut last, mut before) = (None, x, x);
        for i in 1..=degree {
            let k = i as f64;
            let rise = (2.0 * k + 2.0) * (2.0 * k + 1.0) / (2.0 * k * (k + 2.0));
            let fall = ((k + 1.0) / (k + 2.0)) as f32;
            let polynomial = match i {
                1 => x.scale(2.0),
                2 => (x * last).scale(rise as f32).add_scalar(-fall),
                _ => (x * last).scale(rise as f32) - before.scale(fall),
            };
            (last, before) = (polynomial, last);
            y = plus(y, polynomial, coefficients, i);
        }
        with_bias(y, bias, rows)
    }
}
