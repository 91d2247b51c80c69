//! A layer of a Kolmogorov–Arnold network: a learned function of each input for each output, whose values are summed.
//!
//! Liu et al. 2024, <https://arxiv.org/abs/2404.19756>. Upstream: `models/kan.py: KANLinear`.

use super::params::{Init, Path};
use crate::tape::{Param, Var};

/// `y[o] = Σ base[o, i] silu(x[i]) + scaler[o, i] Σ spline[o, i, k] B[k](x[i])`, with B-splines `B` on a grid.
#[derive(Clone, Copy, Debug)]
pub struct KanLinear {
    base: Param,
    spline: Param,
    scaler: Param,
    grid: Param,
    order: usize,
}

/// Splines of a layer, and how its parameters begin.
#[derive(Clone, Copy, Debug)]
pub struct KanOptions {
    /// Intervals of the grid.
    pub grid_size: usize,
    /// Order of the splines.
    pub order: usize,
    /// Where the grid begins and ends.
    pub range: [f64; 2],
    /// Times `1 / grid_size`, the width of the range from which the functions are drawn at the knots.
    pub scale_noise: f64,
    /// The larger, the smaller the initial `base`; with 1, `±1/√inputs`.
    pub scale_base: f64,
    /// The same for `scaler`.
    pub scale_spline: f64,
}

impl KanOptions {
    /// The knots of an input: those of the range, and as many as the order on both sides, in f32 as in torch.
    pub fn knots(&self) -> Vec<f32> {
        let [from, to] = self.range;
        let step = ((to - from) / self.grid_size as f64) as f32;
        let knot = |i: usize| (i as f32 - self.order as f32) * step + from as f32;
        (0..=self.grid_size + 2 * self.order).map(knot).collect()
    }

    /// The bound of torch's `kaiming_uniform(a = √5·scale)`.
    fn bound(scale: f64, inputs: usize) -> Init {
        Init::Uniform((6.0 / ((1.0 + 5.0 * scale * scale) * inputs.max(1) as f64)).sqrt() as f32)
    }

    /// Replaces the first `grid_size + 1` numbers of each row of `grid_size + order`, the values of a function at the knots of the
    /// range, by the smallest coefficients of splines that have these values there.
    fn interpolate(&self, rows: &mut [f32]) {
        let order = self.order;
        let knots: Vec<f64> = self.knots().into_iter().map(f64::from).collect();
        // Row i of the matrix `A` of splines at knots is 0 but for the splines from i on.
        let a: Vec<Vec<f64>> =
            knots.windows(2 * order + 1).map(|knots| splines_at_middle(knots, order)).collect();
        // The least norm: Aᵀ·(A·Aᵀ)⁻¹. A·Aᵀ is L·D·Lᵀ, a band: row i has D[i], then L[i + 1, i], L[i + 2, i], ..
        let width = |i: usize| order.min(a.len() - i);
        let product = |i: usize, d: usize| -> f64 {
            a[i][d..].iter().zip(&a[i + d]).map(|(x, y)| x * y).sum()
        };
        let mut band: Vec<Vec<f64>> =
            (0..a.len()).map(|i| (0..width(i)).map(|d| product(i, d)).collect()).collect();
        for i in 0..a.len() {
            for d in 1..width(i) {
                let factor = band[i][d] / band[i][0];
                for e in d..width(i) {
                    band[i + d][e - d] -= factor * band[i][e];
                }
            }
            let pivot = band[i][0];
            band[i][1..].iter_mut().for_each(|x| *x /= pivot);
        }
        let mut y = vec![0.0; a.len()];
        for row in rows.chunks_exact_mut(self.grid_size + order) {
            y.iter_mut().zip(&*row).for_each(|(y, value)| *y = f64::from(*value));
            for i in 0..y.len() {
                for d in 1..width(i) {
                    y[i + d] -= band[i][d] * y[i];
                }
            }
            for i in (0..y.len()).rev() {
                y[i] = (1..width(i)).fold(y[i] / band[i][0], |sum, d| sum - band[i][d] * y[i + d]);
            }
            let coefficient = |k: usize| -> f64 {
                let points = (k + 1).saturating_sub(order)..(k + 1).min(y.len());
                points.map(|i| a[i][k - i] * y[i]).sum()
            };
            row.iter_mut().enumerate().for_each(|(k, c)| *c = coefficient(k) as f32);
        }
    }
}

/// The splines of an order that are not 0 at the middle one of `2·order + 1` knots, from the first on: as many as the order.
fn splines_at_middle(knots: &[f64], order: usize) -> Vec<f64> {
    let x = knots[order];
    let mut splines = vec![0.0; 2 * order];
    splines[order] = 1.0;
    for k in 1..=order {
        for i in 0..splines.len() - k {
            let up = (x - knots[i]) / (knots[i + k] - knots[i]) * splines[i];
            let down = (knots[i + k + 1] - x) / (knots[i + k + 1] - knots[i + 1]);
            splines[i] = up + down * splines[i + 1];
        }
    }
    splines.truncate(order);
    splines
}

impl KanLinear {
    /// Declares `base_weight` and `spline_scaler` `[outputs, inputs]`, `spline_weight [outputs, inputs, splines]` and the
    /// constant `grid [inputs, knots]`.
    pub fn new(path: &Path<'_>, inputs: usize, outputs: usize, o: KanOptions) -> Self {
        let splines = o.grid_size.saturating_add(o.order);
        let knots = splines.saturating_add(o.order).saturating_add(1);
        let noise = 0.5 * o.scale_noise / o.grid_size as f64;
        Self {
            base: path.param(
                "base_weight",
                [outputs, inputs],
                KanOptions::bound(o.scale_base, inputs),
            ),
            spline: path.changed(
                "spline_weight",
                [outputs, inputs, splines],
                Init::Uniform(noise as f32),
                move |rows| o.interpolate(rows),
            ),
            scaler: path.param(
                "spline_scaler",
                [outputs, inputs],
                KanOptions::bound(o.scale_spline, inputs),
            ),
            grid: path.table("grid", [inputs, knots], move || o.knots().repeat(inputs)),
            order: o.order,
        }
    }

    /// Maps `[B, inputs]` to `[B, outputs]`: all functions of all inputs, and one product.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let functions = x.spline_functions(tape.fixed(self.grid), self.order); // [B, 1 + K, I]
        let spline = tape.param(self.spline).permute(&[0, 2, 1]); // [O, K, I]
        let spline = spline * tape.param(self.scaler).unsqueeze(1);
        let weight = Var::concat(&[tape.param(self.base).unsqueeze(1), spline], 1); // [O, 1 + K, I]
        let flat = |v: Var<'t>| v.reshape([v.dim(0), v.dim(1) * v.dim(2)]);
        flat(functions).linear(flat(weight), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(grid_size: usize, order: usize) -> KanOptions {
        let range = [-1.0, 1.0];
        KanOptions { grid_size, order, range, scale_noise: 0.1, scale_base: 1.0, scale_spline: 1.0 }
    }

    /// Coefficients of the function that is 1 at one knot of the range and 0 at the others.
    fn coefficients(o: KanOptions, point: usize) -> Vec<f32> {
        let mut row = vec![0.0; o.grid_size + o.order];
        row[point] = 1.0;
        row[o.grid_size + 1..].fill(9.0); // not read
        o.interpolate(&mut row);
        row
    }

    #[test]
    fn splines_have_the_drawn_values_at_the_knots() {
        for (grid_size, order) in [(1, 1), (5, 3), (4, 2), (7, 5), (3, 15), (100, 3)] {
            let o = options(grid_size, order);
            let knots: Vec<f64> = o.knots().into_iter().map(f64::from).collect();
            for drawn in 0..=grid_size {
                let row = coefficients(o, drawn);
                for (point, knots) in knots.windows(2 * order + 1).enumerate() {
                    let splines = splines_at_middle(knots, order);
                    let value: f64 =
                        splines.iter().zip(&row[point..]).map(|(s, c)| s * f64::from(*c)).sum();
                    let wanted = f64::from(u8::from(drawn == point));
                    assert!((value - wanted).abs() < 1e-5, "{grid_size}, {order}: {value}");
                }
            }
        }
    }

    #[test]
    fn coefficients_are_those_of_least_squares() {
        // Made with torch: `KANLinear(1, 3, grid_size=2).curve2coeff` of unit vectors.
        let wanted = [
            [0.4288, 1.4909, -0.3925, 0.0792, 0.0759],
            [-0.2243, -0.3645, 1.6822, -0.3645, -0.2243],
            [0.0759, 0.0792, -0.3925, 1.4909, 0.4288],
        ];
        for (point, torch) in wanted.iter().enumerate() {
            let ours = coefficients(options(2, 3), point);
            assert!(ours.iter().zip(torch).all(|(a, b)| (a - b).abs() < 1e-4), "{ours:?}");
        }
    }
}
