//! Attention by tiles against the formula in f64, values and gradients, on every instruction set.

use super::*;
use crate::kernels::attention_mask::Pattern;
use crate::kernels::testing::{assert_close, each_isa, numbers};
use crate::rng::Stream;
use std::sync::Arc;

/// Queries, keys, their width and the values' width.
type Size = [usize; 4];

struct Exact {
    out: Vec<f64>,
    weights: Vec<f64>,
    grads: [Vec<f64>; 3],
}

/// The formula and its gradients, with the weights of all queries and keys.
fn exact(a: &Attention<'_>, [l, s, d, e]: Size, [q, k, v, g]: [&[f32]; 4]) -> Exact {
    let at = |x: &[f32], i: usize| f64::from(x[i]);
    let (mut out, mut all) = (vec![0.0; l * e], vec![0.0; l * s]);
    let mut grads = [vec![0.0; l * d], vec![0.0; s * d], vec![0.0; s * e]];
    for i in 0..l {
        let score = |j: usize| {
            let dot: f64 = (0..d).map(|c| at(q, i * d + c) * at(k, j * d + c)).sum();
            if a.mask.allows(i, j) { dot * f64::from(a.scale) } else { f64::NEG_INFINITY }
        };
        let scores: Vec<f64> = (0..s).map(score).collect();
        let max = scores.iter().copied().fold(f64::MIN, f64::max);
        let mut p: Vec<f64> = scores.iter().map(|x| (x - max).exp()).collect();
        let sum: f64 = p.iter().sum();
        p.iter_mut().for_each(|p| *p = if sum > 0.0 { *p / sum } else { 0.0 });
        let keep = |j: usize| match a.drop {
            None => 1.0,
            Some(x) if !x.key.keeps(x.first + (j * l + i) as u64, x.p) => 0.0,
            Some(x) => 1.0 / (1.0 - f64::from(x.p)),
        };
        let dp: Vec<f64> = (0..s)
            .map(|j| keep(j) * (0..e).map(|c| at(g, i * e + c) * at(v, j * e + c)).sum::<f64>())
            .collect();
        let mean: f64 = p.iter().zip(&dp).map(|(p, dp)| p * dp).sum();
        for j in 0..s {
            for c in 0..e {
                out[i * e + c] += p[j] * keep(j) * at(v, j * e + c);
                grads[2][j * e + c] += p[j] * keep(j) * at(g, i * e + c);
            }
            let slope = p[j] * (dp[j] - mean) * f64::from(a.scale);
            for c in 0..d {
                grads[0][i * d + c] += slope * at(k, j * d + c);
                grads[1][j * d + c] += slope * at(q, i * d + c);
            }
        }
        all[i * s..(i + 1) * s].copy_from_slice(&p);
    }
    Exact { out, weights: all, grads }
}

fn check(mask: &Mask, drop: Option<Drop>, size: Size) {
    check_within(1e-5, false, mask, drop, size);
}

/// Values are within `tolerance` of the formula, gradients within twice that.
fn check_within(tolerance: f64, rounds: bool, mask: &Mask, drop: Option<Drop>, size: Size) {
    let [l, s, d, e] = size;
    let compute = Compute { shared: false, rounds };
    let attention = Attention { scale: 1.0 / (d as f32).sqrt(), mask, compute, drop };
    let (q, k) = (numbers(l * d, 1), numbers(s * d, 2));
    let (v, g) = (numbers(s * e, 3), numbers(l * e, 4));
    let exact = exact(&attention, size, [&q, &k, &v, &g]);
    let head = Head { q: Mat::new(&q, l, d), k: Mat::new(&k, s, d), v: Mat::new(&v, s, e) };
    // Rows of the output and the gradients lie in wider ones, which are left alone.
    let wide = |rows: usize, cols: usize| vec![7.0; rows * (cols + 3)];
    let narrow = |data: &[f32], cols: usize| -> Vec<f32> {
        data.chunks(cols + 3)
            .flat_map(|r| {
                assert!(r[cols..].iter().all(|x| *x == 7.0));
                r[..cols].to_vec()
            })
            .collect()
    };
    let (mut out, mut statistics) = (wide(l, e), vec![0.0; STATISTICS * l]);
    attention.forward(head, Rows { data: &mut out, stride: e + 3 }, &mut statistics);
    let out = narrow(&out, e);
    assert_close(&out, &exact.out, tolerance);
    let mut weights = vec![0.0; l * s];
    attention.weights(head, &statistics, &mut weights);
    assert_close(&weights, &exact.weights, tolerance);

    let (mut dq, mut dk, mut dv) = (wide(l, d), wide(s, d), wide(s, e));
    let rows = |data| move |stride| Rows { data, stride };
    let grads =
        HeadGrads { q: rows(&mut dq)(d + 3), k: rows(&mut dk)(d + 3), v: rows(&mut dv)(e + 3) };
    attention.backward(head, [Mat::new(&out, l, e), Mat::new(&g, l, e)], &statistics, grads);
    for (grad, (exact, cols)) in [dq, dk, dv].iter().zip(exact.grads.iter().zip([d, d, e])) {
        let added: Vec<f64> = exact.iter().map(|x| x + 7.0).collect();
        assert_close(&narrow(grad, cols), &added, 2.0 * tolerance);
    }
}

#[test]
fn values_and_gradients_equal_the_formula() {
    each_isa(|_| {
        for size in [
            [1, 1, 1, 1],
            [5, 7, 3, 2],
            [97, 129, 16, 20],
            [200, 260, 8, 8],
            [17, 300, 64, 64],
            [331, 290, 40, 64],
        ] {
            check(&Mask::All, None, size);
            check(&Mask::Causal, None, size);
            let [l, s, ..] = size;
            // Some queries see nothing, and some tiles are seen by nobody.
            let allows =
                |i: usize, j: usize| i % 5 != 1 && (i + 3 * j) % 4 < 3 && (i < 100 || j < 120);
            check(&Mask::Pattern(Arc::new(Pattern::new(l, s, allows))), None, size);
        }
    });
}

#[test]
fn dropped_weights_are_dropped_on_both_ways() {
    let drop = Drop { p: 0.3, key: Key::new(4, Stream::Dropout, 9), first: 1234 };
    each_isa(|_| {
        check(&Mask::All, Some(drop), [30, 20, 4, 6]);
        check(&Mask::Causal, Some(drop), [130, 140, 8, 4]);
        check(&Mask::Causal, Some(drop), [130, 170, 64, 32]);
        check(&Mask::CausalAfter(0), Some(drop), [130, 140, 8, 4]);
        check(&Mask::CausalAfter(40), Some(drop), [130, 170, 64, 32]);
        check(&Mask::CausalAfter(150), None, [20, 170, 8, 4]);
    });
}

#[test]
fn rounded_factors_cost_eight_bits() {
    each_isa(|_| {
        check_within(3e-2, true, &Mask::All, None, [200, 300, 64, 64]);
        check_within(3e-2, true, &Mask::Causal, None, [150, 150, 32, 64]);
    });
}

#[test]
fn weights_of_equal_scores_are_equal_however_large_the_scores() {
    each_isa(|_| {
        for size in [1.0, 40.0, 1e9, 1e15] {
            let (q, k, v) = (vec![size; 3 * 16], vec![size; 200 * 16], numbers(200 * 2, 1));
            let (compute, mask) = (Compute::default(), &Mask::Causal);
            let attention = Attention { scale: 1.0, mask, compute, drop: None };
            let (mut out, mut statistics) = (vec![0.0; 6], vec![0.0; STATISTICS * 3]);
            let [q, k, v] = [Mat::new(&q, 3, 16), Mat::new(&k, 200, 16), Mat::new(&v, 200, 2)];
            let head = Head { q, k, v };
            attention.forward(head, Rows { data: &mut out, stride: 2 }, &mut statistics);
            let mean = |c: usize| f64::from(v.data[c] + v.data[2 + c] + v.data[4 + c]) / 3.0;
            assert_close(&out[4..], &[mean(0), mean(1)], 1e-5);
            let mut weights = [0.0; 3 * 200];
            attention.weights(head, &statistics, &mut weights);
            let third = 1.0 / 3.0;
            assert_close(&weights[2 * 200..][..4], &[third, third, third, 0.0], 1e-6);
            // The gradient of the values is the weights of the last query.
            let g = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
            let (mut dq, mut dk, mut dv) = ([0.0; 3 * 16], [0.0; 200 * 16], [0.0; 200 * 2]);
            let grads = HeadGrads {
                q: Rows { data: &mut dq, stride: 16 },
                k: Rows { data: &mut dk, stride: 16 },
                v: Rows { data: &mut dv, stride: 2 },
            };
            let outputs = [Mat::new(&out, 3, 2), Mat::new(&g, 3, 2)];
            attention.backward(head, outputs, &statistics, grads);
            assert_close(&dv[..8], &[third, 0.0, third, 0.0, third, 0.0, 0.0, 0.0], 1e-6);
        }
    });
}

#[test]
fn the_workspace_does_not_grow_with_the_length() {
    let l = 4096;
    let kept = |d: usize| {
        let x = numbers(l * d, 1);
        let head = Head { q: Mat::new(&x, l, d), k: Mat::new(&x, l, d), v: Mat::new(&x, l, d) };
        let attention =
            Attention { scale: 0.1, mask: &Mask::Causal, compute: Compute::default(), drop: None };
        let (mut out, mut statistics) = (vec![0.0; l * d], vec![0.0; STATISTICS * l]);
        attention.forward(head, Rows { data: &mut out, stride: d }, &mut statistics);
        workspace_bytes()
    };
    for d in [8, 64] {
        // What a thread keeps is its own.
        let bytes = std::thread::scope(|s| s.spawn(|| kept(d)).join().expect("no panic"));
        assert!((1..=256 << 10).contains(&bytes), "{bytes}");
    }
}
