//! Instruction sets: each important kernel, and whole training steps, on everything that this machine can run.

use std::hint::black_box;

use neuro_divergent::kernels::Compute;
use neuro_divergent::kernels::matmul::{Mat, Mode, matmul};
use neuro_divergent::kernels::norm::{layer_norm, layer_norm_grad};
use neuro_divergent::kernels::optimizer::{AdamStep, adam};
use neuro_divergent::kernels::pointwise::{self, map};
use neuro_divergent::kernels::recurrent::lstm_step;
use neuro_divergent::kernels::reduce::{dot, sum, sum_of_squares};
use neuro_divergent::kernels::softmax::{log_softmax, softmax, softmax_grad};
use neuro_divergent::simd::{Isa, with_isa};
use subject::{Case, Elsewhere, SMALL, Suite, numbers, suite};

/// Scalar code takes this many times as long.
const TARGET: f64 = 3.8;
/// Numbers that a kernel works on: they stay in the first cache.
const LENGTH: usize = 4096;
/// Numbers in a row, where there are rows.
const COLS: usize = 64;

fn main() {
    suite(|s| {
        for (name, mut kernel) in kernels() {
            let variants: Vec<String> = Isa::available()
                .into_iter()
                .map(|isa| with_isa(isa, || s.time("a kernel", name, isa.name(), &mut kernel)))
                .collect();
            compare(s, name, &variants);
        }
        steps(s);
    });
}

/// The slowest against the fastest instruction set.
fn compare(s: &mut Suite, name: &str, variants: &[String]) {
    if let [scalar, .., best] = variants {
        s.ratio(&format!("{name}: scalar → best"), scalar, best, Some(TARGET));
    }
}

type Work = Box<dyn FnMut()>;

fn kernels() -> Vec<(&'static str, Work)> {
    let input = || numbers(LENGTH, 1);
    let output = || vec![0.0; LENGTH];
    macro_rules! function {
        ($function:ident, $x:expr) => {{
            let (x, mut y) = ($x, output());
            let work: Work = Box::new(move || {
                map::<pointwise::$function>(Compute::default(), black_box(&x), &mut y)
            });
            work
        }};
    }
    vec![
        ("matrix product 256×256×256", product(256, 256, 256)),
        ("matrix product 64×128×128", product(64, 128, 128)),
        ("exp", function!(Exp, input())),
        ("tanh", function!(Tanh, input())),
        ("sigmoid", function!(Sigmoid, input())),
        ("gelu", function!(Gelu, input())),
        ("softplus", function!(Softplus, input())),
        ("log", function!(Log, input().iter().map(|x| x.abs() + 1e-3).collect::<Vec<f32>>())),
        ("softmax", {
            let (x, mut y) = (input(), output());
            Box::new(move || softmax(black_box(&x), COLS, &mut y))
        }),
        ("softmax, gradient", {
            let (y, g, mut dx) = (input(), numbers(LENGTH, 2), output());
            Box::new(move || softmax_grad(black_box(&y), &g, COLS, &mut dx))
        }),
        ("log softmax", {
            let (x, mut y) = (input(), output());
            Box::new(move || log_softmax(black_box(&x), COLS, &mut y))
        }),
        ("layer norm", {
            let (x, mut y, mut statistics) = (input(), output(), vec![0.0; 2 * LENGTH / COLS]);
            let (w, b) = (numbers(COLS, 2), numbers(COLS, 3));
            Box::new(move || layer_norm(black_box(&x), &w, &b, 1e-5, &mut y, &mut statistics))
        }),
        ("layer norm, gradient", {
            let (x, g, mut dx) = (input(), numbers(LENGTH, 2), output());
            let (w, statistics) = (numbers(COLS, 2), numbers(2 * LENGTH / COLS, 3));
            Box::new(move || layer_norm_grad(black_box(&x), &w, &statistics, &g, &mut dx))
        }),
        ("sum", {
            let x = input();
            Box::new(move || {
                black_box(sum(black_box(&x)));
            })
        }),
        ("sum of squares", {
            let x = input();
            Box::new(move || {
                black_box(sum_of_squares(black_box(&x)));
            })
        }),
        ("dot product", {
            let (a, b) = (input(), numbers(LENGTH, 2));
            Box::new(move || {
                black_box(dot(black_box(&a), &b));
            })
        }),
        ("Adam", {
            let (mut p, g, mut m, mut v) = (input(), numbers(LENGTH, 2), output(), output());
            let step = AdamStep { step: 100, ..AdamStep::default() };
            Box::new(move || adam(&mut p, black_box(&g), &mut m, &mut v, &step, 1.0))
        }),
        ("LSTM cell", {
            let mut gates = numbers(4 * LENGTH, 1);
            let (c_prev, mut c, mut h) = (input(), output(), output());
            Box::new(move || lstm_step(&mut gates, black_box(&c_prev), &mut c, &mut h, COLS))
        }),
    ]
}

fn product(m: usize, k: usize, n: usize) -> Work {
    let (a, b, mut c) = (numbers(m * k, 1), numbers(k * n, 2), vec![0.0; m * n]);
    Box::new(move || {
        matmul(
            Compute::default(),
            Mat::new(black_box(&a), m, k),
            Mat::new(&b, k, n),
            &mut c,
            Mode::Write,
        )
    })
}

/// Whole training steps on one thread, each instruction set in a process of its own.
fn steps(s: &mut Suite) {
    for model in ["NHITS", "LSTM", "DLinear"] {
        let case = Case::new(model, SMALL);
        let variants: Vec<String> = Isa::available()
            .into_iter()
            .map(|isa| {
                let mut elsewhere = Elsewhere::new(isa);
                let times = |n| elsewhere.steps(&case, n, 1);
                s.time_many("a training step, 144 points, one thread", model, isa.name(), times)
            })
            .collect();
        compare(s, &format!("{model}, a training step"), &variants);
    }
}
