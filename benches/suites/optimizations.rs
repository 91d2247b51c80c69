//! What each optimisation is worth: everything on, then without one at a time.

use std::hint::black_box;
use std::sync::Arc;

use neuro_divergent::kernels::Compute;
use neuro_divergent::kernels::matmul::{Mat, Mode, matmul};
use neuro_divergent::kernels::prepacked::Prepacked;
use neuro_divergent::runtime::threads;
use neuro_divergent::simd::Isa;
use neuro_divergent::tape::{Param, Tape};
use subject::{Case, Elsewhere, SMALL, Suite, numbers, suite};

/// Windows that a step draws by default.
const DRAWN: usize = 1024;

fn main() {
    suite(|s| {
        for model in ["NHITS", "LSTM", "DLinear"] {
            steps(s, model);
        }
        distinct_windows(s);
        packed_weights(s);
        kept_buffers(s);
    });
}

const GROUP: &str = "a training step, 144 points";

fn steps(s: &mut Suite, model: &str) {
    let case = Case::new(model, SMALL);
    let all = s.step(GROUP, model, "everything on", &case, threads());
    let available = Isa::available();
    let best = available[available.len() - 1].name();
    for isa in available {
        let without = match isa.name() {
            name if name == best => continue,
            "scalar" => "no SIMD",
            "avx2" => "AVX2 only",
            "avx512" => "AVX-512 only",
            name => name,
        };
        let mut elsewhere = Elsewhere::new(isa);
        let times = |n| elsewhere.steps(&case, n, threads());
        let slow = s.time_many(GROUP, model, without, times);
        s.ratio(&format!("{model}: {without}"), &slow, &all, None);
    }
    if threads() > 1 {
        let slow = s.step(GROUP, model, "one thread", &case, 1);
        s.ratio(&format!("{model}: one thread"), &slow, &all, None);
    }
    // As many windows as are drawn, all of which are computed; each draw of the short series is one of few.
    let long = case.on(1, DRAWN + SMALL.input);
    let slow = s.step(GROUP, model, "every draw computed", &long, threads());
    s.ratio(&format!("{model}: every draw computed"), &slow, &all, None);
}

/// Windows that a step computes where it draws from the short series.
fn distinct_windows(s: &mut Suite) {
    let windows = (SMALL.rows - SMALL.input) as f64;
    let distinct = windows * (1.0 - (1.0 - 1.0 / windows).powi(DRAWN as i32));
    s.figure(&format!("Distinct windows of {DRAWN} drawn from 144 points"), distinct, "", None);
}

/// The state's product of a recurrent layer: the same weights at each of 24 steps.
fn packed_weights(s: &mut Suite) {
    let (rows, hidden, gates, time) = (64, 128, 512, 24);
    let (x, w) = (numbers(rows * hidden, 1), numbers(gates * hidden, 2));
    let mut y = vec![0.0; rows * gates];
    let x = Mat::new(&x, rows, hidden);
    let w = Mat::new(&w, gates, hidden).t();
    let what = "24 products with the same weights";
    let once = s.time("a part", what, "everything on", || {
        let w = Prepacked::new(Compute::default(), black_box(w), rows);
        (0..time).for_each(|_| w.multiply(x, &mut y, Mode::Write));
    });
    let each = s.time("a part", what, "without", || {
        (0..time).for_each(|_| matmul(Compute::default(), x, black_box(w), &mut y, Mode::Write));
    });
    s.ratio("weights packed for each product", &each, &once, None);
}

/// A small network forward and backward, on a tape that keeps its buffers, and on a new one each time.
fn kept_buffers(s: &mut Suite) {
    let (rows, width) = (64, 64);
    let params = Arc::new(numbers(4 * width * width, 1));
    let x = numbers(rows * width, 2);
    let mut grads = vec![0.0; params.len()];
    let mut run = |tape: &Tape| {
        tape.reset(&params, None);
        let mut y = tape.constant([rows, width], black_box(&x));
        for layer in 0..4 {
            let shape = [width, width].into();
            y = y.linear(tape.param(Param { offset: layer * width * width, shape }), None).relu();
        }
        tape.backward(y.sum(), &mut grads);
    };
    let kept = Tape::default();
    let what = "four layers forward and backward";
    let on = s.time("a part", what, "everything on", || run(&kept));
    let off = s.time("a part", what, "without", || run(&Tape::default()));
    s.ratio("buffers made anew in each step", &off, &on, None);
}
