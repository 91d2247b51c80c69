//! The matrix product on one thread: ours, and that of the crates gemm, faer and matrixmultiply.

use std::hint::black_box;
use std::time::Instant;

use faer::linalg::matmul::matmul as faer_matmul;
use faer::{Accum, MatMut, MatRef, Par};
use neuro_divergent::kernels::Compute;
use neuro_divergent::kernels::matmul::{Mat, Mode, matmul};
use neuro_divergent::simd::{Isa, with_isa};
use subject::{Suite, Target, median, multiply_add_limit, numbers, rounded, suite};

/// Rows and columns of the result, and what is summed over between: `m`, `k`, `n`.
const SIZES: [[usize; 3]; 4] = [[1024, 512, 512], [256, 64, 64], [32, 128, 128], [157, 512, 512]];
/// Which factor is the transpose of what lies in memory.
const FORMS: [(&str, [bool; 2]); 3] =
    [("A·B", [false, false]), ("A·Bᵀ", [false, true]), ("Aᵀ·B", [true, false])];
/// The share of the limit of its instruction set that ours should reach.
const TARGETS: [([usize; 3], f64); 3] =
    [([1024, 512, 512], 90.0), ([256, 64, 64], 85.0), ([32, 128, 128], 80.0)];

fn main() {
    suite(|s| {
        let isas: Vec<(Isa, f64)> = Isa::available()
            .into_iter()
            .filter(|isa| *isa != Isa::Scalar)
            .map(|isa| (isa, with_isa(isa, multiply_add_limit)))
            .collect();
        for (isa, limit) in &isas {
            let name = format!("Multiply-adds of one core at most, {}", isa.name());
            s.figure(&name, limit / 1e9, "GFLOP/s", None);
        }
        let ours = isas.iter().map(|(isa, _)| format!("ours, {}", isa.name()));
        let names: Vec<String> = ["m, k, n", "form"]
            .map(String::from)
            .into_iter()
            .chain(ours)
            .chain(["gemm", "faer", "matrixmultiply"].map(String::from))
            .collect();
        let columns: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut rows = Vec::new();
        for size in SIZES {
            for (form, transposed) in FORMS {
                rows.push(row(s, size, form, transposed, &isas));
            }
        }
        s.table(
            "Billions of operations per second, one thread, and their share of the limit",
            &columns,
            &rows,
        );
    });
}

/// Factors and result.
struct Product {
    size: [usize; 3],
    transposed: [bool; 2],
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
}

/// Distances of rows and columns of a factor of so many rows and columns, where it lies as itself or as its transpose.
fn strides(rows: usize, cols: usize, transposed: bool) -> [isize; 2] {
    if transposed { [1, rows as isize] } else { [cols as isize, 1] }
}

impl Product {
    fn new(size: [usize; 3], transposed: [bool; 2]) -> Self {
        let [m, k, n] = size;
        let (a, b, c) = (numbers(m * k, 1), numbers(k * n, 2), vec![0.0; m * n]);
        Self { size, transposed, a, b, c }
    }

    fn operations(&self) -> f64 {
        2.0 * self.size.iter().product::<usize>() as f64
    }

    fn ours(&mut self) {
        let [m, k, n] = self.size;
        let mat = |data, rows, cols, transposed| match transposed {
            true => Mat::new(data, cols, rows).t(),
            false => Mat::new(data, rows, cols),
        };
        let a = mat(black_box(&self.a), m, k, self.transposed[0]);
        matmul(
            Compute::default(),
            a,
            mat(&self.b, k, n, self.transposed[1]),
            &mut self.c,
            Mode::Write,
        );
    }

    fn gemm(&mut self) {
        let [m, k, n] = self.size;
        let [a_row, a_col] = strides(m, k, self.transposed[0]);
        let [b_row, b_col] = strides(k, n, self.transposed[1]);
        let (a, b, c) = (black_box(&self.a).as_ptr(), self.b.as_ptr(), self.c.as_mut_ptr());
        let (c_row, c_col, none) = (n as isize, 1, gemm::Parallelism::None);
        // SAFETY: each pointer is to as many numbers as the sizes and strides reach, and `c` is borrowed alone.
        unsafe {
            gemm::gemm(
                m, n, k, c, c_col, c_row, false, a, a_col, a_row, b, b_col, b_row, 0.0, 1.0, false,
                false, false, none,
            );
        }
    }

    fn faer(&mut self) {
        let [m, k, n] = self.size;
        fn mat(data: &[f32], rows: usize, cols: usize, transposed: bool) -> MatRef<'_, f32> {
            match transposed {
                true => MatRef::from_row_major_slice(data, cols, rows).transpose(),
                false => MatRef::from_row_major_slice(data, rows, cols),
            }
        }
        let a = mat(black_box(&self.a), m, k, self.transposed[0]);
        let b = mat(&self.b, k, n, self.transposed[1]);
        let c = MatMut::from_row_major_slice_mut(&mut self.c, m, n);
        faer_matmul(c, Accum::Replace, a, b, 1.0, Par::Seq);
    }

    fn matrixmultiply(&mut self) {
        let [m, k, n] = self.size;
        let [a_row, a_col] = strides(m, k, self.transposed[0]);
        let [b_row, b_col] = strides(k, n, self.transposed[1]);
        let (a, b, c) = (black_box(&self.a).as_ptr(), self.b.as_ptr(), self.c.as_mut_ptr());
        // SAFETY: each pointer is to as many numbers as the sizes and strides reach, and `c` is borrowed alone.
        unsafe {
            matrixmultiply::sgemm(
                m, k, n, 1.0, a, a_row, a_col, b, b_row, b_col, 0.0, c, n as isize, 1,
            );
        }
    }
}

/// All contenders in alternation, in billions of operations per second: the medians of several rounds.
fn row(
    s: &mut Suite,
    size: [usize; 3],
    form: &str,
    transposed: [bool; 2],
    isas: &[(Isa, f64)],
) -> Vec<String> {
    let (rounds, seconds) = if s.quick() { (5, 2e-3) } else { (15, 10e-3) };
    let mut product = Product::new(size, transposed);
    let fastest = isas.iter().map(|(_, limit)| *limit).fold(0.0, f64::max);
    let repeats = (seconds * fastest / product.operations()).ceil() as usize;
    let others = [Product::gemm, Product::faer, Product::matrixmultiply];
    let mut rates = vec![Vec::new(); isas.len() + others.len()];
    let mut first: Option<Vec<f32>> = None;
    for round in 0..=rounds {
        for (i, rates) in rates.iter_mut().enumerate() {
            let begin = Instant::now();
            match isas.get(i) {
                Some((isa, _)) => with_isa(*isa, || (0..repeats).for_each(|_| product.ours())),
                None => (0..repeats).for_each(|_| others[i - isas.len()](&mut product)),
            }
            let taken = begin.elapsed().as_secs_f64();
            if round > 0 {
                rates.push(repeats as f64 * product.operations() / taken / 1e9);
                continue;
            }
            // The round that warms up: all contenders compute the same.
            let expected = first.get_or_insert_with(|| product.c.clone());
            let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3;
            assert!(expected.iter().zip(&product.c).all(close), "{size:?} {form}: contender {i}");
            product.c.fill(0.0);
        }
    }
    let rates: Vec<f64> = rates.into_iter().map(median).collect();
    let (ours, others) = rates.split_at(isas.len());
    let sizes = size.map(|n| n.to_string()).join(", ");
    let shares =
        isas.iter().zip(ours).map(|((isa, limit), rate)| (isa, 100.0 * rate * 1e9 / limit));
    if let Some((_, target)) = TARGETS.iter().find(|(with, _)| *with == size) {
        for (isa, share) in shares.clone().filter(|(isa, _)| **isa != Isa::Amx) {
            let name = format!("{sizes}, {form}, {}: share of the limit", isa.name());
            s.figure(&name, share, "%", Some(Target::AtLeast(*target)));
        }
    }
    let mut row = vec![sizes, form.to_string()];
    let cell =
        |(rate, (_, share)): (&f64, (&Isa, f64))| format!("{} ({share:.0} %)", rounded(*rate));
    row.extend(ours.iter().zip(shares).map(cell));
    row.extend(others.iter().map(|rate| rounded(*rate)));
    row
}
