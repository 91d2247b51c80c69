//! Attention by tiles against the form that writes all scores, on one head; and its memory.
//!
//! `cargo bench -p neuro-divergent-benches --bench attention [-- --table]`. With `--table`, both are run in turns and
//! the ratio of the best times is printed, beside the share of the arithmetic limit; `benches/peer/attention.py` runs
//! this table in turns with torch's `scaled_dot_product_attention`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group};
use neuro_divergent::kernels::attention::{Attention, Head, HeadGrads, Rows, workspace_bytes};
use neuro_divergent::kernels::matmul::{Mat, Mode, matmul};
use neuro_divergent::kernels::pattern::Mask;

const WIDTH: usize = 64;

struct Problem {
    l: usize,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    g: Vec<f32>,
    out: Vec<f32>,
    lse: Vec<f32>,
    grads: [Vec<f32>; 3],
    scores: Vec<f32>,
}

impl Problem {
    fn new(l: usize) -> Self {
        let numbers = |seed: usize| {
            (0..l * WIDTH).map(|i| ((i * 37 + seed * 11) % 101) as f32 / 101.0 - 0.5).collect()
        };
        let zeros = || vec![0.0; l * WIDTH];
        Self {
            l,
            q: numbers(1),
            k: numbers(2),
            v: numbers(3),
            g: numbers(4),
            out: zeros(),
            lse: vec![0.0; l],
            grads: [zeros(), zeros(), zeros()],
            scores: Vec::new(),
        }
    }

    fn forward(&mut self, mask: &Mask) {
        let attention = Attention { scale: 0.125, mask, drop: None };
        let mat = |x| Mat::new(x, self.l, WIDTH);
        let head = Head { q: mat(&self.q), k: mat(&self.k), v: mat(&self.v) };
        attention.forward(head, Rows { data: &mut self.out, stride: WIDTH }, &mut self.lse);
    }

    fn backward(&mut self, mask: &Mask) {
        let attention = Attention { scale: 0.125, mask, drop: None };
        let mat = |x| Mat::new(x, self.l, WIDTH);
        let head = Head { q: mat(&self.q), k: mat(&self.k), v: mat(&self.v) };
        let [q, k, v] = &mut self.grads;
        let rows = |data| Rows { data, stride: WIDTH };
        let grads = HeadGrads { q: rows(q), k: rows(k), v: rows(v) };
        attention.backward(head, [mat(&self.out), mat(&self.g)], &self.lse, grads);
    }

    /// All scores, then softmax over them, then the average of the values.
    fn materialised(&mut self) {
        self.scores.resize(self.l * self.l, 0.0);
        let mat = |x| Mat::new(x, self.l, WIDTH);
        matmul(mat(&self.q), mat(&self.k).t(), &mut self.scores, Mode::Write);
        for row in self.scores.chunks_exact_mut(self.l) {
            neuro_divergent::kernels::attention::softmax_row(row, 0.125);
        }
        let weights = Mat::new(&self.scores, self.l, self.l);
        matmul(weights, mat(&self.v), &mut self.out, Mode::Write);
    }
}

fn best<const N: usize>(rounds: usize, mut run: impl FnMut(usize)) -> [f64; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..rounds {
        for (i, best) in best.iter_mut().enumerate() {
            let start = Instant::now();
            run(i);
            *best = start.elapsed().min(*best);
        }
    }
    best.map(|t| t.as_secs_f64() * 1e3)
}

fn table() {
    println!("one head of width {WIDTH}; ms, best of rounds in turns");
    println!(
        "    L   tiles  causal  all scores  backward  all/tiles  product of the same size  share"
    );
    for l in [512, 1024, 4096] {
        let mut p = Problem::new(l);
        // The arithmetic alone: the two products of a head as one of the same size, from the cache.
        let (x, w) = (vec![0.5f32; 256 * 512], vec![0.5f32; 512 * 512]);
        let mut y = vec![0.0; 256 * 512];
        let [tiles, causal, all, backward, product] = best(if l > 2000 { 12 } else { 60 }, |i| {
            match i {
                0 => p.forward(&Mask::All),
                1 => p.forward(&Mask::Causal),
                2 => p.materialised(),
                3 => {
                    p.forward(&Mask::All);
                    p.backward(&Mask::All);
                }
                _ => (0..8).for_each(|_| {
                    matmul(Mat::new(&x, 256, 512), Mat::new(&w, 512, 512), &mut y, Mode::Write);
                }),
            }
            black_box(&mut p.out);
        });
        let limit = product / 8.0 * (2 * l * l * WIDTH) as f64 / (256.0 * 512.0 * 512.0);
        println!(
            "{l:5} {tiles:7.2} {causal:7.2} {all:11.2} {backward:9.2} {:10.2} {limit:25.2} {:5.0}%",
            all / tiles,
            100.0 * limit / tiles,
        );
    }
    println!("workspace: {} KiB", workspace_bytes() >> 10);
}

fn attention(c: &mut Criterion) {
    let mut group = c.benchmark_group("attention");
    for l in [128, 512, 2048] {
        let mut p = Problem::new(l);
        group.bench_function(BenchmarkId::new("tiles", l), |b| b.iter(|| p.forward(&Mask::All)));
        group
            .bench_function(BenchmarkId::new("causal", l), |b| b.iter(|| p.forward(&Mask::Causal)));
        group.bench_function(BenchmarkId::new("all scores", l), |b| b.iter(|| p.materialised()));
        group
            .bench_function(BenchmarkId::new("backward", l), |b| b.iter(|| p.backward(&Mask::All)));
    }
    group.finish();
}

criterion_group!(benches, attention);

fn main() {
    if std::env::args().any(|a| a == "--table") {
        table();
    } else {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
}
