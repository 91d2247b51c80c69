//! Criterion: the three products of a layer, ours beside `faer` and `gemm`, at sizes that models use.
//!
//! One after the other, so on a busy machine the `limits` bench, which takes turns, says more.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[path = "product.rs"]
mod product;

use product::{Form, Problem};

const SHAPES: [[usize; 3]; 8] = [
    [24, 16, 16],
    [32, 128, 128],
    [64, 48, 512],
    [64, 512, 512],
    [160, 512, 512],
    [256, 64, 64],
    [1024, 128, 512],
    [1024, 512, 512],
];

fn products(c: &mut Criterion) {
    for (name, form) in Form::ALL {
        let mut group = c.benchmark_group(format!("matmul {name}"));
        for size in SHAPES {
            let [m, k, n] = size;
            let id = format!("{m}x{k}x{n}");
            group.throughput(Throughput::Elements(2 * (m * k * n) as u64)); // operations
            let mut p = Problem::new(size, form);
            group.bench_function(BenchmarkId::new("ours", &id), |b| b.iter(|| p.ours()));
            group.bench_function(BenchmarkId::new("faer", &id), |b| b.iter(|| p.faer()));
            group.bench_function(BenchmarkId::new("gemm", &id), |b| b.iter(|| p.gemm()));
        }
        group.finish();
    }
}

criterion_group!(benches, products);
criterion_main!(benches);
