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

    /// A matrix `[grid_size + 1, grid_size + order]`: from the values at the knots of the range to the smallest coefficients
    /// of splines that have these values there.
    fn interpolation(&self) -> Vec<f32> {
        let knots: Vec<f64> = self.knots().into_iter().map(f64::from).collect();
        let (points, splines) = (self.grid_size + 1, self.grid_size + self.order);
        // The least norm: Aᵀ·(A·Aᵀ)⁻¹, where a row of A has the splines at a knot.
        let a: Vec<Vec<f64>> =
            (0..points).map(|i| splines_at_knot(&knots, self.order, i)).collect();
        let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let row = |i: usize| a.iter().map(|other| product(&a[i], other)).collect();
        let solved = solve((0..points).map(row).collect(), a.clone());
        debug_assert!(solved.iter().all(|row| row.len() == splines), "a column for each spline");
        solved.into_iter().flatten().map(|c| c as f32).collect()
    }
}

/// All splines of an order at the `i`-th knot of the range.
fn splines_at_knot(knots: &[f64], order: usize, i: usize) -> Vec<f64> {
    let x = knots[order + i];
    let mut splines = vec![0.0; knots.len() - 1];
    splines[order + i] = 1.0;
    for k in 1..=order {
        for i in 0..splines.len() - k {
            let up = (x - knots[i]) / (knots[i + k] - knots[i]) * splines[i];
            let down = (knots[i + k + 1] - x) / (knots[i + k + 1] - knots[i + 1]);
            splines[i] = up + down * splines[i + 1];
        }
    }
    splines.truncate(knots.len() - 1 - order);
    splines
}

/// The solution `x` of `m·x = y` for a positive definite `m`, by elimination.
fn solve(mut m: Vec<Vec<f64>>, mut y: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let minus = |to: &mut [f64], from: &[f64], factor: f64| {
        to.iter_mut().zip(from).for_each(|(to, from)| *to -= factor * from);
    };
    for i in 0..m.len() {
        let (pivots, below) = m.split_at_mut(i + 1);
        let (solved, open) = y.split_at_mut(i + 1);
        for (row, y) in below.iter_mut().zip(open).filter(|(row, _)| row[i] != 0.0) {
            let factor = row[i] / pivots[i][i];
            minus(row, &pivots[i], factor);
            minus(y, &solved[i], factor);
        }
    }
    for i in (0..m.len()).rev() {
        y[i].iter_mut().for_each(|y| *y /= m[i][i]);
        let (above, solved) = y.split_at_mut(i);
        for (row, y) in m.iter().zip(above).filter(|(row, _)| row[i] != 0.0) {
            minus(y, &solved[0], row[i]);
        }
    }
    y
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
            spline: path.combined(
                "spline_weight",
                [outputs, inputs, splines],
                noise as f32,
                move || o.interpolation(),
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

    #[test]
    fn splines_have_the_drawn_values_at_the_knots() {
        for (grid_size, order) in [(1, 1), (5, 3), (4, 2), (7, 5)] {
            let o = options(grid_size, order);
            let matrix = o.interpolation();
            let knots: Vec<f64> = o.knots().into_iter().map(f64::from).collect();
            for point in 0..=grid_size {
                let splines = splines_at_knot(&knots, order, point);
                for (drawn, coefficients) in matrix.chunks(grid_size + order).enumerate() {
                    let value: f64 =
                        splines.iter().zip(coefficients).map(|(s, c)| s * f64::from(*c)).sum();
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
        let matrix = options(2, 3).interpolation();
        for (ours, torch) in matrix.iter().zip(wanted.iter().flatten()) {
            assert!((ours - torch).abs() < 1e-4, "{matrix:?}");
        }
    }
}
