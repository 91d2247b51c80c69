//! The elementwise part of one time step of an LSTM or GRU: gates, cell and output in one pass, after the matrix products.
//!
//! Gates of a row have `hidden` values each, in PyTorch's order. LSTM, `[i, f, g, o]`: `c = σ(f) c' + σ(i) tanh(g)`,
//! `h = σ(o) tanh(c)`. GRU, `[r, z, n]`, of the input (a) and of the previous state (b): `r, z = σ(a + b)`,
//! `n = tanh(a + r b)`, `h = (1 - z) n + z h'`.

use super::math;

/// The gates of one row.
#[inline(always)]
fn split<const N: usize>(row: &[f32], hidden: usize) -> [&[f32]; N] {
    std::array::from_fn(|i| &row[i * hidden..(i + 1) * hidden])
}

/// The gates of one row, mutable.
#[inline(always)]
fn split_mut<const N: usize>(mut row: &mut [f32], hidden: usize) -> [&mut [f32]; N] {
    std::array::from_fn(|_| {
        let (gate, rest) = std::mem::take(&mut row).split_at_mut(hidden);
        row = rest;
        gate
    })
}

/// The number of rows. Checks that all arguments have that many.
#[inline(always)]
fn rows_of<const N: usize>(gates: usize, n: usize, states: [usize; N], hidden: usize) -> usize {
    assert!(hidden > 0 && gates.is_multiple_of(n * hidden), "gates are not rows of {n} × {hidden}");
    let rows = gates / (n * hidden);
    assert_eq!(states, [rows * hidden; N], "a state is not [{rows}, {hidden}]");
    rows
}

simd_fn! {
    /// One step: replaces the pre-activations `gates` `[B, 4 hidden]` by the activated gates, and writes the new cell state
    /// `c` and output `h` `[B, hidden]`.
    pub fn lstm_step(s, gates: &mut [f32], c_prev: &[f32], c: &mut [f32], h: &mut [f32], hidden: usize) {
        let rows = rows_of(gates.len(), 4, [c_prev.len(), c.len(), h.len()], hidden);
        for r in 0..rows {
            let [gi, gf, gg, go] = split_mut(&mut gates[r * 4 * hidden..][..4 * hidden], hidden);
            let row = r * hidden..(r + 1) * hidden;
            let (c_prev, c, h) = (&c_prev[row.clone()], &mut c[row.clone()], &mut h[row]);
            for at in (0..hidden).step_by(S::LANES) {
                // Each gate is stored before the next is computed, so that few are in registers.
                let i = math::sigmoid(s, s.load_at(gi, at));
                s.store_at(i, gi, at);
                let g = math::tanh(s, s.load_at(gg, at));
                s.store_at(g, gg, at);
                let new = s.mul(i, g);
                let f = math::sigmoid(s, s.load_at(gf, at));
                s.store_at(f, gf, at);
                let cell = s.mul_add(f, s.load_at(c_prev, at), new);
                s.store_at(cell, c, at);
                let o = math::sigmoid(s, s.load_at(go, at));
                s.store_at(o, go, at);
                s.store_at(s.mul(o, math::tanh(s, cell)), h, at);
            }
        }
    }
}

simd_fn! {
    /// The gradient of [`lstm_step`], from its activated `gates`, `c_prev` and `c`.
    ///
    /// `dh` is the whole gradient of the output, `dc` that of the cell state from later steps; on return `dc` is that of
    /// `c_prev`. Writes the gradient of the pre-activations to `dgates` `[B, 4 hidden]`.
    pub fn lstm_step_grad(
        s,
        gates: &[f32],
        c_prev: &[f32],
        c: &[f32],
        dh: &[f32],
        dc: &mut [f32],
        dgates: &mut [f32],
        hidden: usize,
    ) {
        let rows = rows_of(gates.len(), 4, [c_prev.len(), c.len(), dh.len()], hidden);
        assert_eq!((dc.len(), dgates.len()), (c.len(), gates.len()), "gradients differ in length from what they are of");
        let one = s.splat(1.0);
        for r in 0..rows {
            let [gi, gf, gg, go] = split(&gates[r * 4 * hidden..][..4 * hidden], hidden);
            let [di, df, dg, d_o] = split_mut(&mut dgates[r * 4 * hidden..][..4 * hidden], hidden);
            let row = r * hidden..(r + 1) * hidden;
            let (c_prev, c, dh, dc) = (&c_prev[row.clone()], &c[row.clone()], &dh[row.clone()], &mut dc[row]);
            for at in (0..hidden).step_by(S::LANES) {
                let (i, f, g, o) = (s.load_at(gi, at), s.load_at(gf, at), s.load_at(gg, at), s.load_at(go, at));
                let t = math::tanh(s, s.load_at(c, at));
                let dh = s.load_at(dh, at);
                // The loss depends on c through h = o tanh(c) and through the next step.
                let dcell = s.mul_add(s.mul(dh, o), s.neg_mul_add(t, t, one), s.load_at(dc, at));
                // Derivative of a sigmoid: y (1 - y), of a tanh: 1 - y².
                let of_sigmoid = s.mul(s.mul(dcell, g), s.mul(i, s.sub(one, i)));
                s.store_at(of_sigmoid, di, at);
                let of_sigmoid = s.mul(s.mul(dcell, s.load_at(c_prev, at)), s.mul(f, s.sub(one, f)));
                s.store_at(of_sigmoid, df, at);
                s.store_at(s.mul(s.mul(dcell, i), s.neg_mul_add(g, g, one)), dg, at);
                s.store_at(s.mul(s.mul(dh, t), s.mul(o, s.sub(one, o))), d_o, at);
                s.store_at(s.mul(dcell, f), dc, at);
            }
        }
    }
}

simd_fn! {
    /// One step: replaces `gates`, the input's part `a`, by the activated gates, and writes the new state `h`. `b` is the
    /// part of the previous state; both are `[B, 3 hidden]`.
    pub fn gru_step(s, gates: &mut [f32], b: &[f32], h_prev: &[f32], h: &mut [f32], hidden: usize) {
        let rows = rows_of(gates.len(), 3, [h_prev.len(), h.len()], hidden);
        assert_eq!(gates.len(), b.len(), "the parts of a gate differ in length");
        for r in 0..rows {
            let of_row = r * 3 * hidden..(r + 1) * 3 * hidden;
            let [gr, gz, gn] = split_mut(&mut gates[of_row.clone()], hidden);
            let [br, bz, bn] = split(&b[of_row], hidden);
            let row = r * hidden..(r + 1) * hidden;
            let (h_prev, h) = (&h_prev[row.clone()], &mut h[row]);
            for at in (0..hidden).step_by(S::LANES) {
                let r = math::sigmoid(s, s.add(s.load_at(gr, at), s.load_at(br, at)));
                let z = math::sigmoid(s, s.add(s.load_at(gz, at), s.load_at(bz, at)));
                let n = math::tanh(s, s.mul_add(r, s.load_at(bn, at), s.load_at(gn, at)));
                s.store_at(r, gr, at);
                s.store_at(z, gz, at);
                s.store_at(n, gn, at);
                s.store_at(s.mul_add(z, s.sub(s.load_at(h_prev, at), n), n), h, at);
            }
        }
    }
}

simd_fn! {
    /// The gradient of [`gru_step`], from its activated `gates`, `b` and `h_prev`.
    ///
    /// `dh` is the whole gradient of the state. `gates` and `b` are replaced by the gradients of the two parts. Writes to
    /// `dh_prev` the part of the gradient of the previous state that does not go through the gates.
    pub fn gru_step_grad(
        s,
        gates: &mut [f32],
        b: &mut [f32],
        h_prev: &[f32],
        dh: &[f32],
        dh_prev: &mut [f32],
        hidden: usize,
    ) {
        let rows = rows_of(gates.len(), 3, [h_prev.len(), dh.len(), dh_prev.len()], hidden);
        assert_eq!(gates.len(), b.len(), "the parts of a gate differ in length");
        let one = s.splat(1.0);
        for r in 0..rows {
            let of_row = r * 3 * hidden..(r + 1) * 3 * hidden;
            let [gr, gz, gn] = split_mut(&mut gates[of_row.clone()], hidden);
            let [br, bz, bn] = split_mut(&mut b[of_row], hidden);
            let row = r * hidden..(r + 1) * hidden;
            let (h_prev, dh, dh_prev) = (&h_prev[row.clone()], &dh[row.clone()], &mut dh_prev[row]);
            for at in (0..hidden).step_by(S::LANES) {
                let (r, z, n) = (s.load_at(gr, at), s.load_at(gz, at), s.load_at(gn, at));
                let dh = s.load_at(dh, at);
                let moved = s.mul(dh, s.sub(s.load_at(h_prev, at), n));
                let dz = s.mul(moved, s.mul(z, s.sub(one, z)));
                let dn = s.mul(s.mul(dh, s.sub(one, z)), s.neg_mul_add(n, n, one));
                let dr = s.mul(s.mul(dn, s.load_at(bn, at)), s.mul(r, s.sub(one, r)));
                s.store_at(dr, gr, at);
                s.store_at(dz, gz, at);
                s.store_at(dn, gn, at);
                s.store_at(dr, br, at);
                s.store_at(dz, bz, at);
                s.store_at(s.mul(dn, r), bn, at);
                s.store_at(s.mul(dh, z), dh_prev, at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa, each_isa_and_length, inner, numbers};

    struct Step {
        gates: Vec<f32>,
        c: Vec<f32>,
        h: Vec<f32>,
    }

    fn step(pre: &[f32], c_prev: &[f32], hidden: usize) -> Step {
        let mut out =
            Step { gates: pre.to_vec(), c: vec![0.0; c_prev.len()], h: vec![0.0; c_prev.len()] };
        lstm_step(&mut out.gates, c_prev, &mut out.c, &mut out.h, hidden);
        out
    }

    #[test]
    fn equals_pytorch() {
        // x = torch.tensor([[.5, -1, 2, .25, -.5, 1.5, 0, -2]], requires_grad=True)
        // c0 = torch.tensor([[.3, -.8]], requires_grad=True); i, f, g, o = x.chunk(4, 1)
        // c = f.sigmoid() * c0 + i.sigmoid() * g.tanh(); h = o.sigmoid() * c.tanh()
        // torch.autograd.backward([h, c], [torch.tensor([[1., -2]]), torch.tensor([[.5, .25]])])
        each_isa(|_| {
            let c_prev = [0.3, -0.8];
            let out = step(&[0.5, -1.0, 2.0, 0.25, -0.5, 1.5, 0.0, -2.0], &c_prev, 2);
            assert_close(&out.c, &LSTM_C, 1e-6);
            assert_close(&out.h, &LSTM_H, 1e-6);
            let (mut dc, mut dgates) = ([0.5, 0.25], [0.0; 8]);
            lstm_step_grad(&out.gates, &c_prev, &out.c, &[1.0, -2.0], &mut dc, &mut dgates, 2);
            assert_close(&dgates, &LSTM_DGATES, 1e-6);
            assert_close(&dc, &LSTM_DC, 1e-6);
        });
    }

    const LSTM_C: [f64; 2] = [-0.023410022, -0.20630935];
    const LSTM_H: [f64; 2] = [-0.011702874, -0.024249598];
    const LSTM_DGATES: [f64; 8] = [
        -0.1085695,
        0.0038191588,
        0.031489458,
        -0.0042257118,
        0.48939762,
        0.0010429653,
        -0.0058514369,
        0.042717952,
    ];
    const LSTM_DC: [f64; 2] = [0.88055575, 0.012064541];

    #[test]
    fn every_length_equals_the_formulas_and_their_differences() {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        each_isa_and_length(|hidden| {
            if hidden == 0 {
                return;
            }
            let rows = 2;
            let (pre, c_prev) = (numbers(rows * 4 * hidden, 1), numbers(rows * hidden, 2));
            let out = step(&pre, &c_prev, hidden);
            let (mut c, mut h) = (vec![], vec![]);
            for r in 0..rows {
                for j in 0..hidden {
                    let gate = |k: usize| f64::from(pre[r * 4 * hidden + k * hidden + j]);
                    let cell = sigmoid(gate(1)) * f64::from(c_prev[r * hidden + j])
                        + sigmoid(gate(0)) * gate(2).tanh();
                    c.push(cell);
                    h.push(sigmoid(gate(3)) * cell.tanh());
                }
            }
            assert_close(&out.c, &c, 1e-6);
            assert_close(&out.h, &h, 1e-6);

            // ⟨dh, h⟩ + ⟨dc, c⟩ along a direction, against its slope by central differences.
            let (dh, dc0) = (numbers(rows * hidden, 3), numbers(rows * hidden, 4));
            let (mut dc, mut dgates) = (dc0.clone(), vec![0.0; pre.len()]);
            lstm_step_grad(&out.gates, &c_prev, &out.c, &dh, &mut dc, &mut dgates, hidden);
            let (along, along_c) = (numbers(pre.len(), 5), numbers(c_prev.len(), 6));
            let loss = |by: f32| {
                let moved = |x: &[f32], d: &[f32]| -> Vec<f32> {
                    x.iter().zip(d).map(|(x, d)| x + by * d).collect()
                };
                let out = step(&moved(&pre, &along), &moved(&c_prev, &along_c), hidden);
                inner(&dh, &out.h) + inner(&dc0, &out.c)
            };
            let slope = (loss(5e-3) - loss(-5e-3)) / 1e-2;
            let analytic = inner(&dgates, &along) + inner(&dc, &along_c);
            assert!((slope - analytic).abs() < 2e-3 * (hidden as f64), "{slope} {analytic}");
        });
    }

    #[test]
    fn a_gru_step_of_every_length_equals_the_formulas_and_their_differences() {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        each_isa_and_length(|hidden| {
            if hidden == 0 {
                return;
            }
            let rows = 2;
            let (a, b, h_prev) = (
                numbers(rows * 3 * hidden, 1),
                numbers(rows * 3 * hidden, 2),
                numbers(rows * hidden, 3),
            );
            let step = |a: &[f32], b: &[f32], h_prev: &[f32]| {
                let (mut gates, mut h) = (a.to_vec(), vec![0.0; h_prev.len()]);
                gru_step(&mut gates, b, h_prev, &mut h, hidden);
                (gates, h)
            };
            let (gates, h) = step(&a, &b, &h_prev);
            let mut expected = vec![];
            for r in 0..rows {
                for j in 0..hidden {
                    let at = |x: &[f32], k: usize| f64::from(x[(r * 3 + k) * hidden + j]);
                    let z = sigmoid(at(&a, 1) + at(&b, 1));
                    let n = (at(&a, 2) + sigmoid(at(&a, 0) + at(&b, 0)) * at(&b, 2)).tanh();
                    expected.push((1.0 - z) * n + z * f64::from(h_prev[r * hidden + j]));
                }
            }
            assert_close(&h, &expected, 1e-6);

            // ⟨dh, h⟩ along a direction, against its slope by central differences.
            let dh = numbers(rows * hidden, 4);
            let (mut da, mut db, mut dh_prev) = (gates, b.clone(), vec![0.0; h.len()]);
            gru_step_grad(&mut da, &mut db, &h_prev, &dh, &mut dh_prev, hidden);
            let along = [numbers(a.len(), 5), numbers(b.len(), 6), numbers(h.len(), 7)];
            let loss = |by: f32| {
                let moved = |x: &[f32], d: &[f32]| -> Vec<f32> {
                    x.iter().zip(d).map(|(x, d)| x + by * d).collect()
                };
                let (a, b) = (moved(&a, &along[0]), moved(&b, &along[1]));
                inner(&dh, &step(&a, &b, &moved(&h_prev, &along[2])).1)
            };
            let slope = (loss(5e-3) - loss(-5e-3)) / 1e-2;
            let analytic =
                inner(&da, &along[0]) + inner(&db, &along[1]) + inner(&dh_prev, &along[2]);
            assert!((slope - analytic).abs() < 2e-3 * (hidden as f64), "{slope} {analytic}");
        });
    }
}
