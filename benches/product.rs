//! The three products of a layer, by our kernel and by two libraries: what the matrix benches share.

use faer::linalg::matmul::matmul as faer_matmul;
use faer::{Accum, MatMut, MatRef, Par};
use neuro_divergent::kernels::matmul::{Mat, Mode, matmul};

/// How the two factors lie in memory.
#[derive(Clone, Copy)]
pub enum Form {
    /// `y = x wᵀ`: the layer.
    Forward,
    /// `dx = g w`: the gradient of its input.
    Input,
    /// `dw = gᵀ x`: the gradient of its weight.
    Weight,
}

impl Form {
    /// All, with what they compute.
    pub const ALL: [(&'static str, Self); 3] =
        [("x wᵀ", Self::Forward), ("g w", Self::Input), ("gᵀ x", Self::Weight)];
}

/// The factors and the result of one product.
pub struct Problem {
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
    size: [usize; 3],
    transposed: [bool; 2],
}

impl Problem {
    /// The product of a layer with `rows` windows, `inner` inputs and `cols` outputs.
    pub fn new([rows, inner, cols]: [usize; 3], form: Form) -> Self {
        let (size, transposed) = match form {
            Form::Forward => ([rows, inner, cols], [false, true]),
            Form::Input => ([rows, cols, inner], [false, false]),
            Form::Weight => ([cols, rows, inner], [true, false]),
        };
        let [m, k, n] = size;
        let numbers = |len: usize| (0..len).map(|i| (i * 37 % 101) as f32 / 101.0 - 0.5).collect();
        Self { a: numbers(m * k), b: numbers(k * n), c: vec![0.0; m * n], size, transposed }
    }

    /// Our kernel.
    pub fn ours(&mut self) {
        let [m, k, n] = self.size;
        let mat = |data, rows, cols, transposed| {
            if transposed { Mat::new(data, cols, rows).t() } else { Mat::new(data, rows, cols) }
        };
        let [a, b] =
            [mat(&self.a, m, k, self.transposed[0]), mat(&self.b, k, n, self.transposed[1])];
        matmul(a, b, &mut self.c, Mode::Write);
    }

    /// The library `faer`.
    pub fn faer(&mut self) {
        let [m, k, n] = self.size;
        let a = if self.transposed[0] {
            MatRef::from_column_major_slice(&self.a, m, k)
        } else {
            MatRef::from_row_major_slice(&self.a, m, k)
        };
        let b = if self.transposed[1] {
            MatRef::from_column_major_slice(&self.b, k, n)
        } else {
            MatRef::from_row_major_slice(&self.b, k, n)
        };
        let c = MatMut::from_row_major_slice_mut(&mut self.c, m, n);
        faer_matmul(c, Accum::Replace, a, b, 1.0, Par::Seq);
    }

    /// The library `gemm`.
    pub fn gemm(&mut self) {
        let [m, k, n] = self.size;
        let strides = |rows: usize, cols: usize, t: bool| {
            if t { (rows as isize, 1) } else { (1, cols as isize) }
        };
        let (a_cs, a_rs) = strides(m, k, self.transposed[0]);
        let (b_cs, b_rs) = strides(k, n, self.transposed[1]);
        // SAFETY: the three slices have the sizes that the strides span.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                self.c.as_mut_ptr(),
                1,
                n as isize,
                false,
                self.a.as_ptr(),
                a_cs,
                a_rs,
                self.b.as_ptr(),
                b_cs,
                b_rs,
                0.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }
}
