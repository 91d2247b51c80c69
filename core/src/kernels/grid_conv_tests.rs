//! Convolutions of grids against plain sums, and their gradients against those of these sums.

use super::*;
use crate::kernels::testing::{each_isa, numbers};

/// Two grids of each of 37 windows, more rows than a block; every third window has other periods.
fn sizes(each: bool) -> (Grids, Vec<f32>) {
    let n = Grids { windows: 37, count: 2, steps: 11, each, channels: [3, 5], kernel: 5 };
    let chosen = |b: usize| if b.is_multiple_of(3) { [2.0, 4.0] } else { [1.0, 3.0] };
    (n, (0..n.windows).flat_map(chosen).collect())
}

/// Visits every product of the sums: the indices of input, weight and output.
fn products(n: Grids, chosen: &[f32], mut visit: impl FnMut([usize; 3])) {
    let ([channels, outputs], half) = (n.channels, n.kernel / 2);
    for (b, own) in chosen.chunks(n.count).enumerate() {
        for (i, f) in own.iter().enumerate() {
            let p = n.steps / *f as usize;
            let cells = n.steps.next_multiple_of(p);
            let known = if n.each { cells } else { n.steps };
            let grid = i * n.windows + b;
            let input = if n.each { grid * n.cells() } else { b * n.steps };
            for (at, from) in (0..cells).flat_map(|at| (0..known).map(move |from| (at, from))) {
                let row = (from / p + half).wrapping_sub(at / p);
                let column = (from % p + half).wrapping_sub(at % p);
                if row >= n.kernel || column >= n.kernel {
                    continue;
                }
                for (c, o) in (0..channels).flat_map(|c| (0..outputs).map(move |o| (c, o))) {
                    let w = ((o * channels + c) * n.kernel + row) * n.kernel + column;
                    let y = (grid * n.cells() + at) * outputs + o;
                    visit([(input + from) * channels + c, w, y]);
                }
            }
        }
    }
}

#[track_caller]
fn assert_close(what: &str, ours: &[f32], sums: &[f64]) {
    let largest = sums.iter().fold(1.0f64, |most, v| most.max(v.abs()));
    for (i, (a, b)) in ours.iter().zip(sums).enumerate() {
        assert!((f64::from(*a) - b).abs() < 2e-6 * largest, "{what} {i}: {a}, not {b}");
    }
}

#[test]
fn convolutions_and_their_gradients_are_the_sums_on_any_number_of_threads() {
    for each in [false, true] {
        let (n, chosen) = sizes(each);
        let [channels, outputs] = n.channels;
        let grids = n.windows * n.count * n.cells();
        let cells = if each { grids } else { n.windows * n.steps };
        let x = numbers(cells * channels, 1);
        let (w, g) = (numbers(n.weights(), 2), numbers(grids * outputs, 3));
        let bias = vec![0.0; outputs];
        let mut sums = [x.len(), w.len(), g.len()].map(|len| vec![0.0; len]);
        products(n, &chosen, |[at_x, at_w, at_y]| {
            let [x, w, g] = [x[at_x], w[at_w], g[at_y]].map(f64::from);
            sums[0][at_x] += w * g;
            sums[1][at_w] += x * g;
            sums[2][at_y] += x * w;
        });
        let results = |shared: bool| {
            let compute = Compute { shared, rounds: false };
            let mut scratch = vec![f32::NAN; n.scratch()];
            let mut of_taps = vec![f32::NAN; n.gradient_scratch()];
            let mut y = vec![f32::NAN; g.len()];
            let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
            grid_conv(compute, n, [&x, &chosen, &w, &bias], &mut y, &mut scratch);
            grid_conv_grad(compute, n, [&g, &chosen, &w], &mut dx, &mut scratch);
            let inputs = [&g[..], &x, &chosen];
            grid_conv_weight_grad(compute, n, inputs, &mut dw, &mut scratch, &mut of_taps);
            [dx, dw, y]
        };
        each_isa(|_| {
            for ((what, ours), sums) in ["x", "w", "y"].iter().zip(results(false)).zip(&sums) {
                assert_close(what, &ours, sums);
            }
        });
        // Other threads do not have the instruction set that a test selects.
        assert!(results(false) == results(true), "threads change a result");
    }
}

#[test]
fn a_value_has_room_for_the_grid_of_any_period() {
    assert_eq!([2, 6, 7, 9, 11, 12].map(most_cells), [2, 6, 9, 12, 15, 12]);
}
