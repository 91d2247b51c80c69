//! A gated sum: `y = (x + w ⊙ r) ⊙ silu(z)` for rows of `w.len()` numbers, `silu(z) = z σ(z)`.
//!
//! With `ĝ = g ⊙ silu(z)`: `dx = ĝ`, `dr = ĝ ⊙ w`, `dw = Σ_rows ĝ ⊙ r`, `dz = g ⊙ (x + w ⊙ r) ⊙ silu'(z)`.

use super::lanes::{map, update};
use super::math::sigmoid;
use super::matmul::Mode;

simd_fn! {
    /// The gated sum.
    pub fn skip_gate(s, x: &[f32], w: &[f32], r: &[f32], z: &[f32], y: &mut [f32]) {
        let n = w.len().max(1);
        assert_eq!([x.len(), r.len(), z.len()], [y.len(); 3], "inputs and output differ in length");
        let rows = x.chunks_exact(n).zip(r.chunks_exact(n)).zip(z.chunks_exact(n));
        for (((x, r), z), y) in rows.zip(y.chunks_exact_mut(n)) {
            map(s, y, [x, w, r, z], #[inline(always)] |[x, w, r, z]| {
                s.mul(s.mul_add(w, r, x), s.mul(z, sigmoid(s, z)))
            });
        }
    }
}

simd_fn! {
    /// The gradient for `z`, written or added. `inputs` are `x`, `w`, `r`, `z`.
    pub fn skip_gate_grad(s, inputs: [&[f32]; 4], g: &[f32], dz: &mut [f32], mode: Mode) {
        let [x, w, r, z] = inputs;
        let (n, one) = (w.len().max(1), s.splat(1.0));
        assert_eq!([x.len(), r.len(), z.len(), g.len()], [dz.len(); 4], "inputs and gradients differ in length");
        let rows = x.chunks_exact(n).zip(r.chunks_exact(n)).zip(z.chunks_exact(n)).zip(g.chunks_exact(n));
        for ((((x, r), z), g), dz) in rows.zip(dz.chunks_exact_mut(n)) {
            update(s, dz, [x, w, r, z, g], #[inline(always)] |dz, [x, w, r, z, g]| {
                let gate = sigmoid(s, z);
                let slope = s.mul(gate, s.mul_add(z, s.sub(one, gate), one));
                let new = s.mul(s.mul(g, s.mul_add(w, r, x)), slope);
                if mode == Mode::Add { s.add(dz, new) } else { new }
            });
        }
    }
}

simd_fn! {
    /// `g = g ⊙ silu(z)`, in place: the gradient of the sum.
    pub fn gate_grad(s, z: &[f32], g: &mut [f32]) {
        update(s, g, [z], #[inline(always)] |g, [z]| s.mul(g, s.mul(z, sigmoid(s, z))));
    }
}

simd_fn! {
    /// The gradient for `r`, written or added, from that of the sum.
    pub fn skip_grad(s, w: &[f32], g: &[f32], dr: &mut [f32], mode: Mode) {
        let n = w.len().max(1);
        assert_eq!(g.len(), dr.len(), "gradients differ in length");
        for (g, dr) in g.chunks_exact(n).zip(dr.chunks_exact_mut(n)) {
            match mode {
                Mode::Write => map(s, dr, [w, g], #[inline(always)] |[w, g]| s.mul(w, g)),
                Mode::Add => update(s, dr, [w, g], #[inline(always)] |dr, [w, g]| s.mul_add(w, g, dr)),
            }
        }
    }
}

simd_fn! {
    /// Adds to the gradient for `w`, from that of the sum.
    pub fn skip_weight_grad(s, r: &[f32], g: &[f32], dw: &mut [f32]) {
        let n = dw.len().max(1);
        assert_eq!(g.len(), r.len(), "values and gradients differ in length");
        for (g, r) in g.chunks_exact(n).zip(r.chunks_exact(n)) {
            update(s, dw, [g, r], #[inline(always)] |dw, [g, r]| s.mul_add(g, r, dw));
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
            let size = rows * n;
            let [x, r, z, g] = [1, 2, 3, 4].map(|seed| numbers(size, seed));
            let w = numbers(n, 5);
            let (mut y, mut dz, mut sum) = (vec![9.0; size], vec![9.0; size], g.clone());
            let (mut dr, mut dw) = (vec![9.0; size], vec![0.25; n]);
            skip_gate(&x, &w, &r, &z, &mut y);
            skip_gate_grad([&x, &w, &r, &z], &g, &mut dz, Mode::Write);
            gate_grad(&z, &mut sum);
            skip_grad(&w, &sum, &mut dr, Mode::Write);
            skip_weight_grad(&r, &sum, &mut dw);
            let mut exact = [vec![], vec![], vec![], vec![]];
            let mut exact_dw = vec![0.25; n];
            for i in 0..size {
                let [x, r, z, g] = [&x, &r, &z, &g].map(|list| f64::from(list[i]));
                let (w, gate) = (f64::from(w[i % n]), 1.0 / (1.0 + (-z).exp()));
                let values = [
                    (x + w * r) * z * gate,
                    g * (x + w * r) * gate * (1.0 + z * (1.0 - gate)),
                    g * z * gate,
                    g * z * gate * w,
                ];
                exact.iter_mut().zip(values).for_each(|(list, value)| list.push(value));
                exact_dw[i % n] += g * z * gate * r;
            }
            for (got, exact) in [&y, &dz, &sum, &dr].into_iter().zip(&exact) {
                assert_close(got, exact, 2e-6);
            }
            assert_close(&dw, &exact_dw, 4e-6);
            skip_gate_grad([&x, &w, &r, &z], &g, &mut dz, Mode::Add);
            skip_grad(&w, &sum, &mut dr, Mode::Add);
            for (got, exact) in [&dz, &dr].into_iter().zip([&exact[1], &exact[3]]) {
                assert_close(got, &exact.iter().map(|d| 2.0 * d).collect::<Vec<_>>(), 4e-6);
            }
        });
    }
}
