//! The elementwise part of an sLSTM (Beck et al. 2024, <https://arxiv.org/abs/2405.04517>): a time step of one head, and the gates of
//! all steps brought together before the first.
//!
//! Gates of a row have `hidden` values each, `[i, f, z, o]`: `m = max(ĩ, m' + ln σ(f̃))`, `i = exp(ĩ - m)`,
//! `f = exp(m' + ln σ(f̃) - m)`, `c = f c' + i tanh(z̃)`, `n = f n' + i`, `y = σ(õ) c / n`. What `m` is has no influence on `y` and on
//! later steps, so it is a constant in the derivative, as in upstream's CUDA code.

use super::math;

/// Before the first step, `m` is so low that the first step does not see it.
pub const LOWEST: f32 = -1e30;

/// The gates of one row.
#[inline(always)]
fn split<const N: usize>(mut row: &mut [f32], hidden: usize) -> [&mut [f32]; N] {
    std::array::from_fn(|_| {
        let (gate, rest) = std::mem::take(&mut row).split_at_mut(hidden);
        row = rest;
        gate
    })
}

/// The states of one step of one head, `[B, hidden]` each.
pub struct States<T> {
    /// The cell.
    pub c: T,
    /// The normalizer.
    pub n: T,
    /// The output.
    pub y: T,
}

/// Checks the lengths, and returns the number of rows.
#[inline(always)]
fn rows_of<const N: usize>(gates: usize, states: [usize; N], hidden: usize) -> usize {
    assert!(hidden > 0 && gates.is_multiple_of(4 * hidden), "gates are not rows of 4 × {hidden}");
    let rows = gates / (4 * hidden);
    assert_eq!(states, [rows * hidden; N], "a state is not [{rows}, {hidden}]");
    rows
}

simd_fn! {
    /// One step: replaces the pre-activations `gates` `[B, 4 hidden]` by the activated gates, updates `m`, and writes the new states
    /// and `1 - σ(f̃)`, of which the backward pass needs all.
    pub fn slstm_step(
        s,
        gates: &mut [f32],
        before: States<&[f32]>,
        m: &mut [f32],
        now: States<&mut [f32]>,
        shut: &mut [f32],
        hidden: usize,
    ) {
        let lengths = [before.c.len(), before.n.len(), m.len(), now.c.len(), now.n.len(), now.y.len(), shut.len()];
        let rows = rows_of(gates.len(), lengths, hidden);
        let one = s.splat(1.0);
        for r in 0..rows {
            let [gi, gf, gz, go] = split(&mut gates[r * 4 * hidden..][..4 * hidden], hidden);
            let row = r * hidden..(r + 1) * hidden;
            let (c_prev, n_prev) = (&before.c[row.clone()], &before.n[row.clone()]);
            let (m, shut) = (&mut m[row.clone()], &mut shut[row.clone()]);
            let (c, n, y) = (&mut now.c[row.clone()], &mut now.n[row.clone()], &mut now.y[row]);
            for at in (0..hidden).step_by(S::LANES) {
                let forget = s.load_at(gf, at);
                let small = math::exp(s, s.neg(s.abs(forget)));
                let inverse = s.reciprocal(s.add(small, one));
                s.store_at(s.select(s.lt(s.zero(), forget), s.mul(small, inverse), inverse), shut, at);
                let log_sigmoid = s.sub(s.min(s.zero(), forget), math::log1p(s, small));
                let kept = s.add(s.load_at(m, at), log_sigmoid);
                let input = s.load_at(gi, at);
                let most = s.max(input, kept);
                s.store_at(most, m, at);
                let i = math::exp(s, s.sub(input, most));
                s.store_at(i, gi, at);
                let f = math::exp(s, s.sub(kept, most));
                s.store_at(f, gf, at);
                let normalizer = s.mul_add(f, s.load_at(n_prev, at), i);
                s.store_at(normalizer, n, at);
                let z = math::tanh(s, s.load_at(gz, at));
                s.store_at(z, gz, at);
                let cell = s.mul_add(f, s.load_at(c_prev, at), s.mul(i, z));
                s.store_at(cell, c, at);
                let o = math::sigmoid(s, s.load_at(go, at));
                s.store_at(o, go, at);
                s.store_at(s.mul(s.mul(o, cell), s.reciprocal(normalizer)), y, at);
            }
        }
    }
}

simd_fn! {
    /// The gradient of [`slstm_step`], from its activated `gates`, which are replaced by the gradients of the pre-activations.
    ///
    /// `dy` is the whole gradient of the output; `later` are those of `c` and `n` from later steps, and on return those of the states
    /// before. Of the states now, `c` is not read.
    pub fn slstm_step_grad(
        s,
        gates: &mut [f32],
        before: States<&[f32]>,
        now: States<&[f32]>,
        shut: &[f32],
        dy: &[f32],
        later: [&mut [f32]; 2],
        hidden: usize,
    ) {
        let [dc, dn] = later;
        let lengths = [before.c.len(), before.n.len(), now.n.len(), now.y.len(), shut.len(), dy.len(), dc.len(), dn.len()];
        let rows = rows_of(gates.len(), lengths, hidden);
        let one = s.splat(1.0);
        for r in 0..rows {
            let [gi, gf, gz, go] = split(&mut gates[r * 4 * hidden..][..4 * hidden], hidden);
            let row = r * hidden..(r + 1) * hidden;
            let (c_prev, n_prev) = (&before.c[row.clone()], &before.n[row.clone()]);
            let (n, y, shut) = (&now.n[row.clone()], &now.y[row.clone()], &shut[row.clone()]);
            let (dy, dc, dn) = (&dy[row.clone()], &mut dc[row.clone()], &mut dn[row]);
            for at in (0..hidden).step_by(S::LANES) {
                let (y, dy, o) = (s.load_at(y, at), s.load_at(dy, at), s.load_at(go, at));
                let of_ratio = s.mul(dy, s.reciprocal(s.load_at(n, at)));
                let dcell = s.mul_add(of_ratio, o, s.load_at(dc, at));
                let dnormalizer = s.neg_mul_add(of_ratio, y, s.load_at(dn, at));
                s.store_at(s.mul(s.mul(dy, y), s.sub(one, o)), go, at);
                let (i, z) = (s.load_at(gi, at), s.load_at(gz, at));
                s.store_at(s.mul(i, s.mul_add(z, dcell, dnormalizer)), gi, at);
                s.store_at(s.mul(s.mul(dcell, i), s.neg_mul_add(z, z, one)), gz, at);
                let f = s.load_at(gf, at);
                let of_forget = s.mul_add(dcell, s.load_at(c_prev, at), s.mul(dnormalizer, s.load_at(n_prev, at)));
                s.store_at(s.mul(s.mul(f, of_forget), s.load_at(shut, at)), gf, at);
                s.store_at(s.mul(f, dcell), dc, at);
                s.store_at(s.mul(f, dnormalizer), dn, at);
            }
        }
    }
}

/// Batch, steps, heads, and numbers of a head's state.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Windows.
    pub batch: usize,
    /// Steps.
    pub steps: usize,
    /// Heads.
    pub heads: usize,
    /// Numbers of the state of a head.
    pub hidden: usize,
}

simd_fn! {
    /// The pre-activations of head `h` in all steps, `[T, B, 4 hidden]`: the first two gates from `x[0]` and the others from `x[1]`, both
    /// `[B, T, H, 2 hidden]`, plus the bias `[4 hidden]`.
    pub fn gather_gates(s, x: [&[f32]; 2], bias: &[f32], sizes: Sizes, h: usize, gates: &mut [f32]) {
        let Sizes { batch, steps, heads, hidden } = sizes;
        let pair = 2 * hidden;
        for (place, row) in gates.chunks_exact_mut(2 * pair).enumerate() {
            let from = ((place % batch * steps + place / batch) * heads + h) * pair;
            for ((row, x), bias) in row.chunks_exact_mut(pair).zip(x).zip(bias.chunks_exact(pair)) {
                let x = &x[from..from + pair];
                for at in (0..pair).step_by(S::LANES) {
                    s.store_at(s.add(s.load_at(x, at), s.load_at(bias, at)), row, at);
                }
            }
        }
    }
}

/// Writes, or adds, the first two gates of head `h` in all steps (`half` 0), or the others (1), to `[B, T, H, 2 hidden]`.
pub fn scatter_gates(
    gates: &[f32],
    half: usize,
    sizes: Sizes,
    h: usize,
    add: bool,
    to: &mut [f32],
) {
    let Sizes { batch, steps, heads, hidden } = sizes;
    let pair = 2 * hidden;
    for (place, row) in gates.chunks_exact(2 * pair).enumerate() {
        let at = ((place % batch * steps + place / batch) * heads + h) * pair;
        let (row, to) = (&row[half * pair..][..pair], &mut to[at..at + pair]);
        if add { super::elementwise::add_assign(to, row) } else { to.copy_from_slice(row) }
    }
}

/// Copies the rows `[T, B, hidden]` of head `h` to `[B, T, H, hidden]`.
pub fn scatter_outputs(y: &[f32], sizes: Sizes, h: usize, to: &mut [f32]) {
    let Sizes { batch, steps, heads, hidden } = sizes;
    for (place, row) in y.chunks_exact(hidden).enumerate() {
        let at = ((place % batch * steps + place / batch) * heads + h) * hidden;
        to[at..at + hidden].copy_from_slice(row);
    }
}

/// Copies those of head `h` of `[B, T, H, hidden]` to the rows `[T, B, hidden]`.
pub fn gather_outputs(x: &[f32], sizes: Sizes, h: usize, to: &mut [f32]) {
    let Sizes { batch, steps, heads, hidden } = sizes;
    for (place, row) in to.chunks_exact_mut(hidden).enumerate() {
        let at = ((place % batch * steps + place / batch) * heads + h) * hidden;
        row.copy_from_slice(&x[at..at + hidden]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, inner, numbers};

    struct Step {
        gates: Vec<f32>,
        m: Vec<f32>,
        c: Vec<f32>,
        n: Vec<f32>,
        y: Vec<f32>,
        shut: Vec<f32>,
    }

    fn step(pre: &[f32], before: [&[f32]; 3], hidden: usize) -> Step {
        let [c, n, m] = before;
        let zeros = || vec![0.0; c.len()];
        let mut out = Step {
            gates: pre.to_vec(),
            m: m.to_vec(),
            c: zeros(),
            n: zeros(),
            y: zeros(),
            shut: zeros(),
        };
        let now = States { c: &mut out.c[..], n: &mut out.n[..], y: &mut out.y[..] };
        slstm_step(&mut out.gates, States { c, n, y: &[] }, &mut out.m, now, &mut out.shut, hidden);
        out
    }

    #[test]
    fn every_length_equals_the_formulas_and_their_differences() {
        let log_sigmoid = |x: f64| -(1.0 + (-x).exp()).ln();
        each_isa_and_length(|hidden| {
            if hidden == 0 {
                return;
            }
            let rows = 2;
            let pre = numbers(rows * 4 * hidden, 1);
            let [c, m] = [2, 3].map(|seed| numbers(rows * hidden, seed));
            let n: Vec<f32> = numbers(rows * hidden, 4).iter().map(|n| 1.0 + n.abs()).collect();
            let out = step(&pre, [&c, &n, &m], hidden);
            let mut expected = [vec![], vec![], vec![], vec![]];
            for (i, state) in c.iter().enumerate() {
                let gate =
                    |k: usize| f64::from(pre[i / hidden * 4 * hidden + k * hidden + i % hidden]);
                let kept = f64::from(m[i]) + log_sigmoid(gate(1));
                let most = kept.max(gate(0));
                let [new, old] = [gate(0), kept].map(|x| (x - most).exp());
                let c = old * f64::from(*state) + new * gate(2).tanh();
                let n = old * f64::from(n[i]) + new;
                let y = c / n / (1.0 + (-gate(3)).exp());
                let shut = 1.0 / (1.0 + gate(1).exp());
                expected.iter_mut().zip([c, n, y, shut]).for_each(|(list, x)| list.push(x));
            }
            for (got, expected) in [&out.c, &out.n, &out.y, &out.shut].into_iter().zip(&expected) {
                assert_close(got, expected, 2e-6);
            }

            // ⟨dy, y⟩ + ⟨dc, c e^m⟩ + ⟨dn, n e^m⟩ along a direction, which does not depend on how m is chosen, against its
            // slope by central differences.
            let [dy, dc0, dn0] = [5, 6, 7].map(|seed| numbers(rows * hidden, seed));
            let (mut dgates, mut dc, mut dn) = (out.gates.clone(), dc0.clone(), dn0.clone());
            let grown = |x: &[f32], m: &[f32]| -> Vec<f32> {
                x.iter().zip(m).zip(&out.m).map(|((x, m), at)| x * (m - at).exp()).collect()
            };
            let now = States { c: &[][..], n: &out.n[..], y: &out.y[..] };
            let before = States { c: &c[..], n: &n[..], y: &[][..] };
            slstm_step_grad(&mut dgates, before, now, &out.shut, &dy, [&mut dc, &mut dn], hidden);
            let along =
                [8, 9, 10].map(|seed| numbers(if seed == 8 { pre.len() } else { c.len() }, seed));
            let loss = |by: f32| {
                let moved = |x: &[f32], d: &[f32]| -> Vec<f32> {
                    x.iter().zip(d).map(|(x, d)| x + by * d).collect()
                };
                let (c, n) = (moved(&c, &along[1]), moved(&n, &along[2]));
                let out = step(&moved(&pre, &along[0]), [&c, &n, &m], hidden);
                inner(&dy, &out.y)
                    + inner(&dc0, &grown(&out.c, &out.m))
                    + inner(&dn0, &grown(&out.n, &out.m))
            };
            let slope = (loss(2e-3) - loss(-2e-3)) / 4e-3;
            let analytic =
                inner(&dgates, &along[0]) + inner(&dc, &along[1]) + inner(&dn, &along[2]);
            assert!((slope - analytic).abs() < 1e-2 * (hidden as f64), "{slope} {analytic}");
        });
    }

    #[test]
    fn gates_and_outputs_of_a_head_are_found_and_put_back() {
        let sizes = Sizes { batch: 2, steps: 3, heads: 2, hidden: 5 };
        let [x, w] = [1, 2].map(|seed| numbers(2 * 3 * 2 * 10, seed));
        let bias = numbers(20, 3);
        let mut gates = vec![0.0; 3 * 2 * 20];
        gather_gates([&x, &w], &bias, sizes, 1, &mut gates);
        // Step 2 of window 1: gate o, number 4.
        assert_eq!(gates[(2 * 2 + 1) * 20 + 19], w[((3 + 2) * 2 + 1) * 10 + 9] + bias[19]);
        let mut back = vec![0.0; x.len()];
        gather_gates([&x, &w], &[0.0; 20], sizes, 1, &mut gates);
        scatter_gates(&gates, 0, sizes, 1, false, &mut back);
        scatter_gates(&gates, 0, sizes, 1, true, &mut back);
        let doubled = |i: usize| if i / 10 % 2 == 1 { 2.0 * x[i] } else { 0.0 };
        assert!(back.iter().enumerate().all(|(i, b)| *b == doubled(i)));
        let (mut y, mut again) = (vec![0.0; 3 * 2 * 5], vec![0.0; 2 * 3 * 2 * 5]);
        gather_outputs(&x[..60], sizes, 1, &mut y);
        assert_eq!(y[(2 * 2 + 1) * 5..], x[((3 + 2) * 2 + 1) * 5..60]);
        scatter_outputs(&y, sizes, 1, &mut again);
        assert!(
            again.iter().enumerate().all(|(i, a)| *a == if i / 5 % 2 == 1 { x[i] } else { 0.0 })
        );
    }
}
