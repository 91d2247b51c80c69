//! Products of many shapes and layouts against the definition in f64, on every instruction set; and timings.

use super::*;
use crate::kernels::packing::{KC, NC};
use crate::kernels::prepacked::{Prepacked, matmul_each};
use crate::kernels::testing::{assert_close, each_isa, numbers};
use crate::simd::bf16::Unit;
use crate::simd::{Isa, isa_name, with_isa};

const PLAIN: Compute = Compute { shared: false, rounds: false };
const ROUNDING: Compute = Compute { shared: false, rounds: true };

/// `Σ_p a[i, p] b[p, j]` plus what `init` gives for `(i, j)`.
fn definition(a: Mat, b: Mat, init: impl Fn(usize, usize) -> f32) -> Vec<f64> {
    let mut c = Vec::with_capacity(a.rows * b.cols);
    for i in 0..a.rows {
        for j in 0..b.cols {
            let products =
                (0..a.cols).map(|p| f64::from(a.from(i, p)[0]) * f64::from(b.from(p, j)[0]));
            c.push(f64::from(init(i, j)) + products.sum::<f64>());
        }
    }
    c
}

/// Both modes and the four layouts of one shape.
fn check(m: usize, k: usize, n: usize) {
    let (a, b, c0) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3));
    let tolerance = 4e-7 * (k as f64).max(4.0);
    for a in [Mat::new(&a, m, k), Mat::new(&a, k, m).t()] {
        for b in [Mat::new(&b, k, n), Mat::new(&b, n, k).t()] {
            let mut c = c0.clone();
            matmul(PLAIN, a, b, &mut c, Mode::Write);
            assert_close(&c, &definition(a, b, |_, _| 0.0), tolerance);
            c.copy_from_slice(&c0);
            matmul(PLAIN, a, b, &mut c, Mode::Add);
            assert_close(&c, &definition(a, b, |i, j| c0[i * n + j]), tolerance);
        }
    }
    let (right, left) = (Mat::new(&b, n, k).t(), Mat::new(&a, m, k));
    let panels = Prepacked::new(PLAIN, right, m);
    let mut c = c0.clone();
    panels.multiply(left, &mut c, Mode::Write);
    assert_close(&c, &definition(left, right, |_, _| 0.0), tolerance);
    panels.multiply(left, &mut c, Mode::Add);
    let twice: Vec<f64> = definition(left, right, |_, _| 0.0).iter().map(|c| 2.0 * c).collect();
    assert_close(&c, &twice, 2.0 * tolerance);
    let (w, bias) = (numbers(n * k, 4), numbers(n, 5));
    let (x, wt) = (Mat::new(&a, m, k), Mat::new(&w, n, k).t());
    let mut y = c0.clone();
    linear(PLAIN, &a, &w, Some(&bias), &mut y, k, n);
    assert_close(&y, &definition(x, wt, |_, j| bias[j]), tolerance);
    linear(PLAIN, &a, &w, None, &mut y, k, n);
    assert_close(&y, &definition(x, wt, |_, _| 0.0), tolerance);
}

#[test]
fn every_small_shape_equals_the_definition() {
    each_isa(|_| {
        for m in [1, 2, 3, 5, 6, 7, 13, 15] {
            for k in [0, 1, 2, 7, 16, 33] {
                for n in [1, 2, 15, 16, 17, 31, 33] {
                    check(m, k, n);
                }
            }
        }
    });
}

#[test]
fn every_length_of_each_dimension_equals_the_definition() {
    each_isa(|_| {
        for length in 0..=67 {
            check(length, 5, 9);
            check(3, length, 18);
            check(19, 4, length);
        }
    });
}

#[test]
fn shapes_beyond_one_block_equal_the_definition() {
    each_isa(|_| {
        check(175, 9, 20);
        check(9, KC + 3, 37);
        check(70, 20, NC + 35);
        check(6, KC + 3, NC + 35);
    });
}

/// The root of the mean squared error of a product, in units of f32's precision.
fn error(m: usize, k: usize, n: usize) -> f64 {
    let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
    let (a, b) = (Mat::new(&a, m, k), Mat::new(&b, n, k).t());
    let mut c = vec![0.0; m * n];
    matmul(PLAIN, a, b, &mut c, Mode::Write);
    let exact = definition(a, b, |_, _| 0.0);
    let squares = c.iter().zip(&exact).map(|(c, e)| (f64::from(*c) - e).powi(2));
    (squares.sum::<f64>() / exact.len() as f64).sqrt() / f64::from(f32::EPSILON)
}

#[test]
fn three_parts_of_bfloat16_are_as_exact_as_f32() {
    let of_f32 = with_isa(Isa::Scalar, || error(64, 300, 64));
    each_isa(|_| assert!(error(64, 300, 64) < 1.2 * of_f32, "{} {of_f32}", isa_name()));
}

#[test]
fn blocks_of_every_size_equal_the_definition() {
    each_isa(|_| {
        // Large enough for tiles, whole blocks and parts of one, several stretches of the inner dimension.
        for shape in [[225, 129, 63], [64, 512, 64], [100, 700, 60], [126, 300, 225], [30, 65, 800]]
        {
            let [m, k, n] = shape;
            check(m, k, n);
        }
    });
}

#[test]
fn rounded_products_are_those_of_bfloat16() {
    use crate::kernels::half_precision::{Half, round};
    let (m, k, n) = (70, 150, 90);
    let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
    let (mut a16, mut b16) = (a.clone(), b.clone());
    round(PLAIN, Half::Bf16, &mut a16);
    round(PLAIN, Half::Bf16, &mut b16);
    let of = |a, b| definition(Mat::new(a, m, k), Mat::new(b, k, n), |_, _| 0.0);
    let (plain, rounded) = (of(&a, &b), of(&a16, &b16));
    each_isa(|isa| {
        let mut c = vec![0.0; m * n];
        let right = Mat::new(&b, k, n);
        matmul(ROUNDING, Mat::new(&a, m, k), right, &mut c, Mode::Write);
        let rounds = Unit::of(isa, true).is_some();
        assert_close(&c, if rounds { &rounded } else { &plain }, 1e-4);
        let mut packed = vec![0.0; m * n];
        let prepacked = Prepacked::new(ROUNDING, right, m);
        prepacked.multiply(Mat::new(&a, m, k), &mut packed, Mode::Write);
        assert_eq!(c, packed);
        matmul(PLAIN, Mat::new(&a, m, k), right, &mut c, Mode::Write);
        assert_close(&c, &plain, 4e-7 * k as f64);
    });
}

#[test]
fn rounded_products_of_whole_numbers_are_exact() {
    let whole = |n: usize, factor: usize| -> Vec<f32> {
        (0..n).map(|i| ((i * factor + i / 7) % 33) as f32 - 16.0).collect()
    };
    // Whole blocks, and blocks with any number of lanes and steps left over.
    let shapes = [[64, 64, 64], [33, 62, 60], [59, 75, 58], [94, 37, 63], [100, 61, 29]];
    for [m, k, n] in shapes {
        let (a, b, before) = (whole(m * k, 5), whole(k * n, 11), whole(m * n, 3));
        each_isa(|_| {
            for a in [Mat::new(&a, m, k), Mat::new(&a, k, m).t()] {
                for b in [Mat::new(&b, k, n), Mat::new(&b, n, k).t()] {
                    let exact = definition(a, b, |i, j| before[i * n + j]);
                    let mut c = before.clone();
                    matmul(ROUNDING, a, b, &mut c, Mode::Add);
                    assert!(c.iter().zip(&exact).all(|(c, e)| f64::from(*c) == *e), "{m} {k} {n}");
                }
            }
        });
    }
}

#[test]
fn products_of_one_factor_are_those_of_each() {
    let (m, k) = (95, 250);
    for [n, other] in [[90, 60], [90, 5]] {
        let (a, b, d) = (numbers(m * k, 1), numbers(k * n, 2), numbers(k * other, 3));
        each_isa(|_| {
            let a = Mat::new(&a, k, m).t();
            let (b, d) = (Mat::new(&b, k, n), Mat::new(&d, k, other));
            let mut both = [vec![1.0; m * n], vec![2.0; m * other]];
            let mut alone = both.clone();
            let [c, e] = &mut both;
            matmul_each(PLAIN, a, [(b, c), (d, e)]);
            matmul(PLAIN, a, b, &mut alone[0], Mode::Add);
            matmul(PLAIN, a, d, &mut alone[1], Mode::Add);
            for (both, alone) in both.iter().zip(&alone) {
                let alone: Vec<f64> = alone.iter().map(|x| f64::from(*x)).collect();
                assert_close(both, &alone, 1e-5);
            }
        });
    }
}

#[test]
fn threads_that_share_a_product_compute_the_same_bytes() {
    // Many rows, few rows, and few with columns and an inner dimension that end in part of a block.
    for [m, k, n] in [[300, 200, 150], [109, 300, 90], [109, 128, 320], [45, 1100, 333]] {
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let (bias, before) = (numbers(n, 3), numbers(m * n, 4));
        let (a, b) = (Mat::new(&a, m, k), Mat::new(&b, n, k).t());
        let run = |compute: Compute| {
            let mut c = [(); 4].map(|()| before.clone());
            matmul(compute, a, b, &mut c[0], Mode::Write);
            matmul(compute, a, b, &mut c[1], Mode::Add);
            product(compute, a, b, &mut c[2], Init::Bias(&bias));
            Prepacked::new(compute, b, m).affine(a, &bias, &mut c[3]);
            c
        };
        let alone = run(PLAIN);
        for rounds in [false, true] {
            let [shared, alone] = [true, false].map(|shared| run(Compute { shared, rounds }));
            assert_eq!(shared, alone, "{m} × {k} × {n}");
        }
        let wanted = definition(a, b, |_, c| bias[c]);
        alone[2..].iter().for_each(|c| assert_close(c, &wanted, 4e-7 * k as f64));
    }
}

#[test]
fn strided_matrices_equal_the_definition() {
    let (a, b) = (numbers(400, 1), numbers(2000, 2));
    let a = Mat { data: &a, rows: 9, cols: 11, row_stride: 40, col_stride: 3 };
    let b = Mat { data: &b, rows: 11, cols: 19, row_stride: 101, col_stride: 5 };
    each_isa(|_| {
        let mut c = vec![0.0; 9 * 19];
        matmul(PLAIN, a, b, &mut c, Mode::Write);
        assert_close(&c, &definition(a, b, |_, _| 0.0), 1e-6);
    });
}

#[test]
fn nan_does_not_leak_into_other_rows_or_columns() {
    each_isa(|_| {
        for [m, k, n] in [[20, 30, 40], [60, 300, 90]] {
            let (mut a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            a[7 * k + 3] = f32::NAN;
            let mut c = vec![0.0; m * n];
            matmul(PLAIN, Mat::new(&a, m, k), Mat::new(&b, k, n), &mut c, Mode::Write);
            let mut rows = c.chunks(n).enumerate();
            assert!(rows.all(|(i, row)| row.iter().all(|c| c.is_nan() == (i == 7))));
        }
    });
}

#[test]
fn every_thread_computes_the_same_bytes() {
    let (a, b) = (numbers(60 * 300, 1), numbers(300 * 90, 2));
    let compute = || {
        let mut c = vec![0.0; 60 * 90];
        matmul(PLAIN, Mat::new(&a, 60, 300), Mat::new(&b, 300, 90), &mut c, Mode::Write);
        c
    };
    let here = compute();
    std::thread::scope(|scope| {
        let there: Vec<_> = (0..3).map(|_| scope.spawn(compute)).collect();
        for thread in there {
            assert_eq!(thread.join().expect("no panic"), here);
        }
    });
}

#[test]
#[should_panic(expected = "inner dimensions")]
fn inner_dimensions_must_agree() {
    matmul(PLAIN, Mat::new(&[1.0, 2.0], 1, 2), Mat::new(&[1.0], 1, 1), &mut [0.0], Mode::Write);
}
