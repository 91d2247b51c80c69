//! Rows times a number for each: `y = w ⊙ v`, where the numbers are a column of a matrix `w` `[rows, V]`.
//!
//! `of` says which column, and how many there are.

use super::matmul::Mode;

simd_fn! {
    /// `y[r] = w[r, column] v[r]` for `v` and `y` `[rows, n]`, or added to `y`.
    pub fn weighted(s, v: &[f32], w: &[f32], of: [usize; 2], n: usize, y: &mut [f32], mode: Mode) {
        let [column, columns] = of;
        assert!(v.len() == y.len() && column < columns, "one weight for each row");
        let rows = v.chunks_exact(n.max(1)).zip(w.chunks_exact(columns));
        for ((v, w), y) in rows.zip(y.chunks_exact_mut(n.max(1))) {
            let w = s.splat(w[column]);
            for at in (0..n).step_by(S::LANES) {
                let share = s.mul(w, s.load_at(v, at));
                let sum = match mode {
                    Mode::Write => share,
                    Mode::Add => s.add(s.load_at(y, at), share),
                };
                s.store_at(sum, y, at);
            }
        }
    }
}

simd_fn! {
    /// The gradient of [`weighted`] for the weights: `dw[r, column] += Σ g[r] v[r]`.
    pub fn weighted_grad(s, v: &[f32], g: &[f32], of: [usize; 2], n: usize, dw: &mut [f32]) {
        let [column, columns] = of;
        assert!(v.len() == g.len() && column < columns, "one weight for each row");
        let rows = v.chunks_exact(n.max(1)).zip(g.chunks_exact(n.max(1)));
        for ((v, g), dw) in rows.zip(dw.chunks_exact_mut(columns)) {
            let mut sum = s.zero();
            for at in (0..n).step_by(S::LANES) {
                sum = s.mul_add(s.load_at(g, at), s.load_at(v, at), sum);
            }
            dw[column] += s.sum(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, inner, numbers};

    #[test]
    fn values_and_gradients_equal_their_formulas() {
        let (rows, columns) = (3, 4);
        each_isa_and_length(|n| {
            let (v, w, g) =
                (numbers(rows * n, 1), numbers(rows * columns, 2), numbers(rows * n, 3));
            let mut y = vec![9.0; rows * n];
            weighted(&v, &w, [1, columns], n, &mut y, Mode::Write);
            weighted(&v, &w, [2, columns], n, &mut y, Mode::Add);
            let mut dw = vec![0.5; w.len()];
            weighted_grad(&v, &g, [2, columns], n, &mut dw);
            let of = |row: usize, column: usize| f64::from(w[row * columns + column]);
            let exact: Vec<f64> =
                (0..rows * n).map(|i| f64::from(v[i]) * (of(i / n, 1) + of(i / n, 2))).collect();
            assert_close(&y, &exact, 1e-6);
            let row = |x: &[f32], i: usize| x[i * n..(i + 1) * n].to_vec();
            let dot = |i: usize| inner(&row(&v, i / columns), &row(&g, i / columns));
            let exact: Vec<f64> = (0..rows * columns)
                .map(|i| 0.5 + if i % columns == 2 { dot(i) } else { 0.0 })
                .collect();
            assert_close(&dw, &exact, 1e-5);
        });
    }
}
