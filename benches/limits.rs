//! Our matrix product against the best of two libraries, measured in turns in one process: what share of the limit it reaches.
//!
//! `cargo bench -p neuro-divergent-benches --bench limits [-- ROWSxINNERxCOLS ..]`. Each figure is the best of many rounds, in
//! 10⁹ operations a second; the libraries run on the same thread, on the same memory and layouts. A short burst of
//! each in turn sees the same machine, busy or not, which one after the other does not.

use std::hint::black_box;
use std::time::{Duration, Instant};

#[path = "product.rs"]
mod product;

use product::{Form, Problem};

/// Rows, inner dimension and columns of the layer; the backward has the same three in other places.
const SHAPES: [[usize; 3]; 20] = [
    [24, 16, 16],
    [24, 64, 64],
    [32, 128, 128],
    [32, 128, 512],
    [32, 512, 512],
    [64, 48, 24],
    [64, 48, 512],
    [64, 64, 64],
    [64, 128, 512],
    [64, 512, 512],
    [128, 512, 64],
    [160, 512, 512],
    [256, 64, 64],
    [256, 128, 128],
    [256, 512, 512],
    [512, 1024, 1024],
    [1024, 16, 64],
    [1024, 128, 512],
    [1024, 512, 512],
    [1024, 1024, 1024],
];

/// The best rate of each of `contestants`, run in turns.
fn rates<const N: usize>(operations: f64, mut run: impl FnMut(usize)) -> [f64; N] {
    let repeats = (4e6 / operations).ceil() as usize;
    let mut best = [Duration::MAX; N];
    let begin = Instant::now();
    let mut rounds = 0;
    while rounds < 15 || (begin.elapsed() < Duration::from_millis(250) && rounds < 400) {
        for (i, best) in best.iter_mut().enumerate() {
            run(i);
            let start = Instant::now();
            for _ in 0..repeats {
                run(i);
            }
            *best = start.elapsed().min(*best);
        }
        rounds += 1;
    }
    best.map(|time| operations * repeats as f64 / time.as_secs_f64() / 1e9)
}

fn shape(text: &str) -> Option<[usize; 3]> {
    let sizes: Vec<usize> = text.split('x').map(|n| n.parse().ok()).collect::<Option<_>>()?;
    sizes.try_into().ok()
}

fn main() {
    let wanted: Vec<_> = std::env::args().filter_map(|a| shape(&a)).collect();
    let shapes = if wanted.is_empty() { SHAPES.to_vec() } else { wanted };
    println!(
        "{:>18}  {:7} {:>6} {:>6} {:>6}  share of the best library",
        "", "", "ours", "faer", "gemm"
    );
    for size in shapes {
        for (name, form) in Form::ALL {
            let mut p = Problem::new(size, form);
            let operations = 2.0 * size.iter().product::<usize>() as f64;
            let [ours, faer, gemm] = rates(operations, |who| {
                match who {
                    0 => p.ours(),
                    1 => p.faer(),
                    _ => p.gemm(),
                }
                black_box(&mut p.c);
            });
            let [m, k, n] = size;
            let share = 100.0 * ours / faer.max(gemm);
            println!(
                "{m:4} × {k:4} × {n:4}  {name:7} {ours:6.1} {faer:6.1} {gemm:6.1}  {share:3.0}%"
            );
        }
    }
}
