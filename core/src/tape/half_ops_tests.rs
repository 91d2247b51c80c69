//! Operations in 16 bits equal those in f32, up to rounding.

use super::*;
use crate::tape::*;

/// Numbers in -1..1.
fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0).collect()
}

/// Output, gradient of the input, and gradients of the parameters of `model`, from `x` and parameters of these sizes.
fn run(
    rounds: bool,
    half: Option<Half>,
    x: [usize; 3],
    sizes: &[Shape],
    model: impl for<'t> Fn(Var<'t>, &[Var<'t>]) -> Var<'t>,
) -> [Vec<f32>; 3] {
    let tape = Tape::default();
    let total = sizes.iter().map(|shape| shape.size()).sum();
    let values = Arc::new(numbers(total, 3).iter().map(|v| 0.2 * v).collect::<Vec<f32>>());
    let mut grads = Vec::new();
    let mut out = [Vec::new(), Vec::new()];
    // The second step reuses what the first one left.
    for _ in 0..2 {
        tape.store_in(half);
        tape.record.borrow_mut().storage.least = 2;
        tape.set_compute(Compute { shared: false, rounds });
        tape.reset(&values, None);
        let x = tape.variable(x, &numbers(x.iter().product(), 1));
        let mut offset = 0;
        let params: Vec<Var<'_>> = sizes
            .iter()
            .map(|shape| {
                offset += shape.size();
                tape.param(Param { offset: offset - shape.size(), shape: *shape })
            })
            .collect();
        // Used twice, so that gradients are added to what is there.
        let doubled = x + x;
        let y = model(doubled, &params) + model(doubled, &params).tanh();
        out[0] = y.data().to_vec();
        let target = tape.constant(y.shape(), &numbers(y.shape().size(), 5));
        let loss = (y * target).sum();
        tape.backward_over(loss, 1.0, total, &mut grads);
        out[1] = x.grad();
    }
    let [y, dx] = out;
    [y, dx, grads]
}

/// `|a - b| / |b|`.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f32>| x.map(|v| f64::from(v * v)).sum::<f64>().sqrt();
    assert_eq!(a.len(), b.len());
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

/// The gradient of a rectifier jumps where rounding moves its argument across 0. The fraction of arguments for which that
/// happens is about the relative rounding error, and the relative distance of gradients is its square root: 2⁻⁵ for bf16,
/// 2⁻⁶·⁵ for fp16.
fn compare(
    x: [usize; 3],
    sizes: &[Shape],
    jumps: bool,
    model: impl for<'t> Fn(Var<'t>, &[Var<'t>]) -> Var<'t> + Copy,
) {
    let wanted = run(false, None, x, sizes, model);
    for (half, most, jump) in [(Half::Bf16, 0.02, 0.031), (Half::F16, 0.003, 0.011)] {
        let plain = run(false, Some(half), x, sizes, model);
        let rounded = (half == Half::Bf16).then(|| run(true, Some(half), x, sizes, model));
        for got in [Some(plain), rounded].into_iter().flatten() {
            for (i, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
                let most = if jumps && i > 0 { jump } else { most };
                let distance = distance(got, wanted);
                assert!(distance > 0.0 && distance < most, "{half:?} {i} {distance}");
            }
        }
    }
}

#[test]
fn linear_layers_of_one_and_of_many_parts() {
    for (rows, k, n) in [(3, 5, 4), (300, 40, 600)] {
        let sizes = [[n, k].into(), [n].into()];
        compare([1, rows, k], &sizes, true, |x, p| x.linear_relu(p[0], Some(p[1])));
        compare([1, rows, k], &sizes, false, |x, p| x.linear(p[0], None) + p[1]);
    }
}

#[test]
fn recurrent_layers_of_one_and_of_many_parts() {
    type Layer = for<'t> fn(Var<'t>, RecurrentWeights<'t>) -> Var<'t>;
    let layers: [(usize, Layer); 3] =
        [(4, |x, w| x.lstm(w, None, None)), (3, |x, w| x.gru(w, None)), (1, |x, w| x.rnn(w, None))];
    for (gates, layer) in layers {
        for (batch, time, input, hidden) in [(2, 3, 2, 4), (33, 40, 24, 32)] {
            let gates = gates * hidden;
            let weights: [Shape; 2] = [[gates, input].into(), [gates, hidden].into()];
            let with_biases = [weights[0], weights[1], [gates].into(), [gates].into()];
            for sizes in [&with_biases[..], &weights] {
                compare([batch, time, input], sizes, false, |x, p| {
                    let biases = (p.len() == 4).then(|| [p[2], p[3]]);
                    layer(x, RecurrentWeights { input: p[0], hidden: p[1], biases })
                });
            }
        }
    }
}

#[test]
fn slices_of_every_axis() {
    for axis in 0..3 {
        let sizes = [[4, 300].into()];
        // Of a linear layer, which leaves 16 bits, and twice of it, so that the second gradient is added to the first.
        compare([3, 5, 300], &sizes, false, |x, p| {
            let y = x.linear(p[0], None);
            y.slice(axis, 1, 2) + y.slice(axis, 0, 2).tanh()
        });
    }
    // Of a parameter, whose gradient is in f32.
    compare([3, 5, 300], &[[4, 300].into()], false, |x, p| x.linear(p[0].slice(0, 1, 2), None));
}
