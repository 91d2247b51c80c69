//! The functions of one number that a spline layer of a Kolmogorov–Arnold network is linear in: `silu(x)` and the B-splines
//! of a grid, by the recursion of Cox and de Boor.
//!
//! `B[i, 0](x) = 1` for `t[i] <= x < t[i + 1]`, else 0, and
//! `B[i, k](x) = (x - t[i]) r[i, k] B[i, k - 1](x) + (t[i + k + 1] - x) r[i + 1, k] B[i + 1, k - 1](x)` with
//! `r[i, k] = 1 / (t[i + k] - t[i])`. The derivative of `B[i, p]` is `p (r[i, p] B[i, p - 1] - r[i + 1, p] B[i + 1, p - 1])`.
//!
//! Each feature has its own knots. Lanes are features: vectors of features, with the functions of a row one after the other.

use super::Compute;
use super::matmul::Mode;
use super::parallel::par_rows;
use super::pointwise::{Silu, Unary};
use crate::simd::Simd;

/// The highest order of the splines.
pub const HIGHEST_ORDER: usize = 15;

/// Rows whose functions are computed before the next features, so that both they and the knots stay in the cache.
const ROWS: usize = 16;

/// Threads share the work in pieces of at least so many rows.
const SHARED: usize = 16;

/// Sizes of a spline layer.
#[derive(Clone, Copy, Debug)]
pub struct Splines {
    /// Numbers per row.
    pub features: usize,
    /// Knots of each feature.
    pub knots: usize,
    /// Order of the splines, from 1 to [`HIGHEST_ORDER`].
    pub order: usize,
}

impl Splines {
    /// Functions of each number: `silu` and the splines.
    pub fn functions(&self) -> usize {
        self.knots - self.order
    }

    /// Numbers of the table that [`prepare`] writes.
    pub fn table(&self) -> usize {
        (self.order + 1) * self.knots * self.features
    }
}

simd_fn! {
    /// Writes `t[i]` and, for each order, `r[i, k]`, as rows of features, from the `grid` `[features, knots]`.
    pub fn prepare(s, of: Splines, grid: &[f32], table: &mut [f32]) {
        let Splines { features: n, knots, order } = of;
        assert!(grid.len() == n * knots && table.len() == of.table(), "knots of each feature");
        let (t, r) = table.split_at_mut(knots * n);
        for (feature, knots) in grid.chunks_exact(knots).enumerate() {
            knots.iter().enumerate().for_each(|(i, knot)| t[i * n + feature] = *knot);
        }
        for (k, r) in (1..=order).zip(r.chunks_exact_mut(knots * n)) {
            for (i, r) in r.chunks_exact_mut(n).take(knots - k).enumerate() {
                let (from, to) = (&t[i * n..][..n], &t[(i + k) * n..][..n]);
                for at in (0..n).step_by(S::LANES) {
                    let span = s.sub(s.load_at(to, at), s.load_at(from, at));
                    s.store_at(s.div(s.splat(1.0), span), r, at);
                }
            }
        }
    }
}

/// Calls `visit` with the index and the values of each spline of an `order` at `x`, in lanes of features from `at` on.
#[inline(always)]
fn each_spline<S: Simd>(
    s: S,
    of: Splines,
    order: usize,
    table: &[f32],
    at: usize,
    x: S::V,
    mut visit: impl FnMut(usize, S::V),
) {
    let Splines { features: n, knots, .. } = of;
    let load = |k: usize, i: usize| s.load_at(&table[(k * knots + i) * n..][..n], at);
    // Of each order, the last spline so far.
    let mut last = [s.zero(); HIGHEST_ORDER + 1];
    let mut from = load(0, 0);
    for j in 0..knots - 1 {
        let to = load(0, j + 1);
        let below = s.select(s.lt(x, to), s.splat(1.0), s.zero());
        let mut spline = s.select(s.le(from, x), below, s.zero());
        from = to;
        let down = s.sub(to, x);
        let highest = order.min(j);
        for k in 1..=highest {
            let i = j - k;
            let up = s.mul(s.mul(s.sub(x, load(0, i)), load(k, i)), last[k - 1]);
            last[k - 1] = spline;
            spline = s.mul_add(s.mul(down, load(k, i + 1)), spline, up);
        }
        last[highest] = spline;
        if j >= order {
            visit(j - order, spline);
        }
    }
}

simd_fn! {
    fn functions_part(s, of: Splines, table: &[f32], x: &[f32], y: &mut [f32]) {
        let (n, functions) = (of.features, of.functions());
        for (x, y) in x.chunks(ROWS * n).zip(y.chunks_mut(ROWS * n * functions)) {
            for at in (0..n).step_by(S::LANES) {
                for (x, y) in x.chunks_exact(n).zip(y.chunks_exact_mut(n * functions)) {
                    let x = s.load_at(x, at);
                    s.store_at(Silu::f(s, x), &mut y[..n], at);
                    each_spline(s, of, of.order, table, at, x, #[inline(always)] |i, spline| {
                        s.store_at(spline, &mut y[(i + 1) * n..][..n], at);
                    });
                }
            }
        }
    }
}

/// `y` `[rows, functions, features]` of `x` `[rows, features]`, with the table of [`prepare`].
pub fn functions(compute: Compute, of: Splines, table: &[f32], x: &[f32], y: &mut [f32]) {
    let (n, width) = (of.features, of.features * of.functions());
    assert!(x.len() * of.functions() == y.len(), "functions of each number");
    par_rows(compute, [y], [width], SHARED, &|first, [y]: [&mut [f32]; 1]| {
        functions_part(of, table, &x[first * n..][..y.len() / of.functions()], y);
    });
}

simd_fn! {
    fn functions_grad_part(s, of: Splines, table: &[f32], x: &[f32], g: &[f32], dx: &mut [f32], mode: Mode) {
        let Splines { features: n, knots, order } = of;
        let functions = of.functions();
        let reciprocals = &table[order * knots * n..];
        let rows = x.chunks(ROWS * n).zip(g.chunks(ROWS * n * functions));
        for ((x, g), dx) in rows.zip(dx.chunks_mut(ROWS * n)) {
            for at in (0..n).step_by(S::LANES) {
                let rows = x.chunks_exact(n).zip(g.chunks_exact(n * functions));
                for ((x, g), dx) in rows.zip(dx.chunks_exact_mut(n)) {
                    let x = s.load_at(x, at);
                    let mut slope = s.zero();
                    let mut before = s.zero();
                    each_spline(s, of, order - 1, table, at, x, #[inline(always)] |i, spline| {
                        let next = if i + 1 < functions {
                            s.load_at(&g[(i + 1) * n..][..n], at)
                        } else {
                            s.zero()
                        };
                        let rise = s.mul(spline, s.load_at(&reciprocals[i * n..][..n], at));
                        slope = s.mul_add(rise, s.sub(next, before), slope);
                        before = next;
                    });
                    let silu = s.mul(s.load_at(&g[..n], at), Silu::df(s, x));
                    let whole = s.mul_add(slope, s.splat(order as f32), silu);
                    let sum = match mode {
                        Mode::Write => whole,
                        Mode::Add => s.add(s.load_at(dx, at), whole),
                    };
                    s.store_at(sum, dx, at);
                }
            }
        }
    }
}

/// The gradient of [`functions`] for `x`, written or added as `mode` says.
pub fn functions_grad(
    compute: Compute,
    of: Splines,
    table: &[f32],
    [x, g]: [&[f32]; 2],
    dx: &mut [f32],
    mode: Mode,
) {
    let (n, width) = (of.features, of.features * of.functions());
    assert!(x.len() == dx.len() && x.len() * of.functions() == g.len(), "functions of each number");
    par_rows(compute, [dx], [n], SHARED, &|first, [dx]: [&mut [f32]; 1]| {
        let g = &g[first * width..][..dx.len() * of.functions()];
        functions_grad_part(of, table, &x[first * n..][..dx.len()], g, dx, mode);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, numbers};

    /// A spline by its definition.
    fn spline(t: &[f32], i: usize, order: usize, x: f64) -> f64 {
        let knot = |i: usize| f64::from(t[i]);
        if order == 0 {
            return f64::from(u8::from(knot(i) <= x && x < knot(i + 1)));
        }
        (x - knot(i)) / (knot(i + order) - knot(i)) * spline(t, i, order - 1, x)
            + (knot(i + order + 1) - x) / (knot(i + order + 1) - knot(i + 1))
                * spline(t, i + 1, order - 1, x)
    }

    #[test]
    fn functions_and_slopes_equal_their_definition() {
        let rows = 18;
        each_isa_and_length(|n| {
            if n == 0 {
                return; // a layer has inputs
            }
            for order in [1, 2, 3, 5] {
                let of = Splines { features: n, knots: 2 * order + 4, order };
                let functions_of = of.functions();
                let knot = |at: usize| (at % of.knots) as f32 - 2.5 + 0.01 * (at / of.knots) as f32;
                let grid: Vec<f32> = (0..n * of.knots).map(knot).collect();
                let x: Vec<f32> = numbers(rows * n, 1).iter().map(|x| 2.0 * x).collect();
                let g = numbers(x.len() * functions_of, 2);
                let mut table = vec![0.0; of.table()];
                prepare(of, &grid, &mut table);
                let mut y = vec![9.0; g.len()];
                functions(Compute::default(), of, &table, &x, &mut y);
                let mut dx = vec![0.5; x.len()];
                functions_grad(Compute::default(), of, &table, [&x, &g], &mut dx, Mode::Add);
                let (mut exact, mut exact_dx) = (vec![0.0; y.len()], vec![0.5; x.len()]);
                for (at, x) in x.iter().map(|x| f64::from(*x)).enumerate() {
                    let (row, feature) = (at / n, at % n);
                    let t = &grid[feature * of.knots..][..of.knots];
                    let gate = 1.0 / (1.0 + (-x).exp());
                    let place = |i: usize| (row * functions_of + i) * n + feature;
                    exact[place(0)] = x * gate;
                    exact_dx[at] += f64::from(g[place(0)]) * gate * (1.0 + x * (1.0 - gate));
                    for i in 0..functions_of - 1 {
                        exact[place(i + 1)] = spline(t, i, order, x);
                        let rise =
                            |i: usize| spline(t, i, order - 1, x) / f64::from(t[i + order] - t[i]);
                        let slope = order as f64 * (rise(i) - rise(i + 1));
                        exact_dx[at] += f64::from(g[place(i + 1)]) * slope;
                    }
                }
                assert_close(&y, &exact, 1e-5);
                assert_close(&dx, &exact_dx, 1e-5);
            }
        });
    }
}
