//! Arithmetic with broadcasting and its gradients against formulas in f64, on every instruction set.

use super::*;
use crate::kernels::testing::{assert_close, each_isa_and_length, numbers};

/// Strides of row-major `dims`, 0 along axes of size 1.
fn strides(dims: &[usize]) -> Vec<usize> {
    let mut stride = 1;
    let mut strides = vec![0; dims.len()];
    for axis in (0..dims.len()).rev() {
        strides[axis] = if dims[axis] == 1 { 0 } else { stride };
        stride *= dims[axis];
    }
    strides
}

type Kernel = fn(&Runs, &[f32], &[f32], &mut [f32]);
type Grad = fn(&Runs, &[f32], &[f32], &[f32], &mut [f32]);
type Formula = fn(f64, f64) -> f64;

struct Case {
    kernels: (Kernel, Grad, Grad),
    formulas: (Formula, Formula, Formula),
}

const CASES: [Case; 4] = [
    Case {
        kernels: (zip::<Add>, zip_grad_a::<Add>, zip_grad_b::<Add>),
        formulas: (|a, b| a + b, |_, _| 1.0, |_, _| 1.0),
    },
    Case {
        kernels: (zip::<Sub>, zip_grad_a::<Sub>, zip_grad_b::<Sub>),
        formulas: (|a, b| a - b, |_, _| 1.0, |_, _| -1.0),
    },
    Case {
        kernels: (zip::<Mul>, zip_grad_a::<Mul>, zip_grad_b::<Mul>),
        formulas: (|a, b| a * b, |_, b| b, |a, _| a),
    },
    Case {
        kernels: (zip::<Div>, zip_grad_a::<Div>, zip_grad_b::<Div>),
        formulas: (|a, b| a / b, |_, b| 1.0 / b, |a, b| -a / (b * b)),
    },
];

fn check(case: &Case, a_dims: &[usize], b_dims: &[usize]) {
    let dims: Vec<usize> =
        a_dims.iter().zip(b_dims).map(|(a, b)| if *a == 1 { *b } else { *a }).collect();
    let size = |dims: &[usize]| dims.iter().product::<usize>();
    let (sa, sb) = (strides(a_dims), strides(b_dims));
    let runs = Runs::new(&dims, [&sa, &sb]);
    let a = numbers(size(a_dims), 1);
    // Away from 0, so that quotients have small errors.
    let b: Vec<f32> = numbers(size(b_dims), 2).iter().map(|v| v + 2f32.copysign(*v)).collect();
    let g = numbers(size(&dims), 3);
    let mut y = vec![f32::NAN; g.len()];
    (case.kernels.0)(&runs, &a, &b, &mut y);
    let (mut da, mut db) = (vec![1.0; a.len()], vec![2.0; b.len()]);
    (case.kernels.1)(&runs, &a, &b, &g, &mut da);
    (case.kernels.2)(&runs, &a, &b, &g, &mut db);

    let mut expected = (Vec::new(), vec![1.0; a.len()], vec![2.0; b.len()]);
    for (k, g) in g.iter().enumerate() {
        let (mut rest, mut i, mut j) = (k, 0, 0);
        for axis in (0..dims.len()).rev() {
            (i, j) = (i + rest % dims[axis] * sa[axis], j + rest % dims[axis] * sb[axis]);
            rest /= dims[axis];
        }
        let (u, v) = (f64::from(a[i]), f64::from(b[j]));
        expected.0.push((case.formulas.0)(u, v));
        expected.1[i] += f64::from(*g) * (case.formulas.1)(u, v);
        expected.2[j] += f64::from(*g) * (case.formulas.2)(u, v);
    }
    assert_close(&y, &expected.0, 1e-6);
    assert_close(&da, &expected.1, 2e-5);
    assert_close(&db, &expected.2, 2e-5);
}

#[test]
fn every_pattern_equals_its_formula() {
    each_isa_and_length(|n| {
        for case in &CASES {
            check(case, &[n], &[n]);
            check(case, &[3, n], &[1, n]); // a row vector
            check(case, &[3, n], &[3, 1]); // a column vector
            check(case, &[1, 1], &[3, n]); // a scalar
            check(case, &[2, 3, n], &[2, 1, n]); // in the middle
            check(case, &[3, 1, 2], &[1, n, 1]); // of both
            check(case, &[1, 1], &[1, 1]);
        }
    });
}

#[test]
fn axes_that_go_straight_on_are_merged() {
    let runs = Runs::new(&[2, 3, 1, 4], [&[12, 4, 0, 1], &[0, 0, 0, 0]]);
    assert_eq!((runs.rank, runs.len, runs.step), (0, 24, [1, 0]));
    let runs = Runs::new(&[2, 3, 4], [&[12, 4, 1], &[4, 0, 1]]);
    assert_eq!((runs.rank, runs.len, runs.step), (2, 4, [1, 1]));
}
