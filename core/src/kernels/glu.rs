//! Gated linear units with a skip connection: `y = r + a ⊙ σ(b)`, where a row of `x` is `[a, b]`.

use super::math::sigmoid;

/// The halves of a row.
#[inline(always)]
fn halves(x: &[f32]) -> (&[f32], &[f32]) {
    x.split_at(x.len() / 2)
}

simd_fn! {
    /// `y = r + a ⊙ σ(b)` for `x` `[rows, 2n]`, `r` and `y` `[rows, n]`.
    pub fn glu(s, x: &[f32], r: &[f32], n: usize, y: &mut [f32]) {
        assert!(x.len() == 2 * y.len() && r.len() == y.len(), "x, r and y are not rows of 2n, n and n");
        let rows = x.chunks_exact((2 * n).max(1)).zip(r.chunks_exact(n.max(1)));
        for ((x, r), y) in rows.zip(y.chunks_exact_mut(n.max(1))) {
            let (a, b) = halves(x);
            for at in (0..n).step_by(S::LANES) {
                let gate = sigmoid(s, s.load_at(b, at));
                s.store_at(s.mul_add(s.load_at(a, at), gate, s.load_at(r, at)), y, at);
            }
        }
    }
}

simd_fn! {
    /// The gradient of [`glu`] for `x`: `da += g σ(b)`, `db += g a σ(b) (1 - σ(b))`.
    pub fn glu_grad(s, x: &[f32], g: &[f32], n: usize, dx: &mut [f32]) {
        assert!(x.len() == 2 * g.len() && dx.len() == x.len(), "x, g and dx are not rows of 2n, n and 2n");
        let rows = x.chunks_exact((2 * n).max(1)).zip(g.chunks_exact(n.max(1)));
        for ((x, g), dx) in rows.zip(dx.chunks_exact_mut((2 * n).max(1))) {
            let (a, b) = halves(x);
            let (da, db) = dx.split_at_mut(n);
            for at in (0..n).step_by(S::LANES) {
                let gate = sigmoid(s, s.load_at(b, at));
                let of_gate = s.mul(s.load_at(g, at), gate);
                s.store_at(s.add(s.load_at(da, at), of_gate), da, at);
                let slope = s.mul(s.load_at(a, at), s.sub(s.splat(1.0), gate));
                s.store_at(s.mul_add(of_gate, slope, s.load_at(db, at)), db, at);
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
        let rows = 3;
        each_isa_and_length(|n| {
            let (x, r, g) = (numbers(2 * rows * n, 1), numbers(rows * n, 2), numbers(rows * n, 3));
            let (mut y, mut dx) = (vec![9.0; rows * n], vec![0.5; x.len()]);
            glu(&x, &r, n, &mut y);
            glu_grad(&x, &g, n, &mut dx);
            let (mut exact, mut exact_dx) = (vec![0.0; rows * n], vec![0.0; x.len()]);
            for i in 0..rows * n {
                let at = i / n * 2 * n + i % n;
                let [a, b] = [at, at + n].map(|i| f64::from(x[i]));
                let (gate, g) = (1.0 / (1.0 + (-b).exp()), f64::from(g[i]));
                exact[i] = f64::from(r[i]) + a * gate;
                exact_dx[at] = 0.5 + g * gate;
                exact_dx[at + n] = 0.5 + g * a * gate * (1.0 - gate);
            }
            assert_close(&y, &exact, 1e-6);
            assert_close(&dx, &exact_dx, 1e-6);
        });
    }
}
