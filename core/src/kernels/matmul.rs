//! The matrix product: which way a product is computed, and which part of it each thread computes.
//!
//! Few rows are dot products (`gemv.rs`), large products use bfloat16 tiles where the processor has them (`bf16_gemm.rs`), and
//! all others are computed by vectors (`gemm.rs`).

use super::Compute;
use super::bf16_gemm::{self, Bf16Operand, Bf16Plan, FloatMat, Product};
use super::gemm::{RightOperand, gemm};
use super::gemv::gemv_add;
use super::packing::{aligned, with_pack_buffers};
use super::parallel::{par_columns, par_rows};

/// Up to this many rows, a product with a transposed `B` is made of dot products.
pub(super) const GEMV_ROWS: usize = 4;

/// Threads share a product in pieces of at least so many rows, if a row has at least so many multiply-adds.
const SHARED_ROWS: usize = 96;
const SHARED_WORK: usize = 1 << 10;
/// Of a product with fewer rows, they share the columns: at most in so many parts, each of a multiple of so many columns and of
/// at least so many multiply-adds.
const COLUMN_PARTS: usize = 4;
const PART_COLUMNS: usize = 64;
const SHARED_PART: usize = 1 << 20;

/// A matrix in a slice.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a, T = f32> {
    /// The values; element `(r, c)` is at `r * row_stride + c * col_stride`.
    pub data: &'a [T],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Distance of a row to the next.
    pub row_stride: usize,
    /// Distance of a column to the next.
    pub col_stride: usize,
}

impl<'a, T: Copy> Mat<'a, T> {
    /// A row-major matrix that fills `data`.
    #[track_caller]
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a matrix of {rows} × {cols}");
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transpose, a view.
    #[must_use]
    pub fn t(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            data: self.data,
        }
    }

    /// The values from element `(r, c)` on.
    #[inline(always)]
    pub(super) fn from(self, r: usize, c: usize) -> &'a [T] {
        &self.data[r * self.row_stride + c * self.col_stride..]
    }

    /// The `rows × cols` part that starts at `(r, c)`, a view.
    #[inline(always)]
    pub(super) fn part(self, r: usize, c: usize, rows: usize, cols: usize) -> Self {
        Self { data: self.from(r, c), rows, cols, ..self }
    }
}

/// What happens to the old values of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are replaced.
    Write,
    /// The product is added to them.
    Add,
}

/// The initial value of the sums of a product.
#[derive(Clone, Copy)]
pub(super) enum Init<'a> {
    /// From zero.
    Zero,
    /// From the values that are there.
    Accumulate,
    /// From one bias per column.
    Bias(&'a [f32]),
}

/// `c = a b` or `c += a b`, where `c` is row-major `[a.rows, b.cols]`.
#[track_caller]
pub fn matmul(compute: Compute, a: Mat, b: Mat, c: &mut [f32], mode: Mode) {
    let init = if mode == Mode::Write { Init::Zero } else { Init::Accumulate };
    // A single column is a single row of the transposed product, in the same memory.
    let (a, b) = if b.cols == 1 && a.rows > 1 { (b.t(), a.t()) } else { (a, b) };
    product(compute, a, b, c, init);
}

/// As [`matmul`], where the rows of `c` are `stride` apart.
#[track_caller]
pub fn matmul_strided(compute: Compute, a: Mat, b: Mat, c: &mut [f32], stride: usize, mode: Mode) {
    assert_eq!(a.cols, b.rows, "inner dimensions of a product");
    assert!(a.cols > 0 && a.rows > 0 && b.cols > 0, "an empty product");
    assert!(c.len() >= (a.rows - 1) * stride + b.cols, "rows of a product");
    let init = if mode == Mode::Write { Init::Zero } else { Init::Accumulate };
    if let Some(plan) = bf16_plan(compute, a, b) {
        let product =
            Product { b: Bf16Operand::Plain(FloatMat::F32(b)), n: b.cols, stride, c, init };
        return bf16_gemm::multiply(plan, FloatMat::F32(a), [product]);
    }
    with_pack_buffers(|packed| gemm(a, RightOperand::Plain(b), (b.cols, stride), c, init, packed));
}

/// `y = x wᵀ + bias` for `x` `[rows, k]`, `w` `[n, k]` and `bias` `[n]`: the layer `Linear`.
#[track_caller]
pub fn linear(
    compute: Compute,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
    k: usize,
    n: usize,
) {
    let rows = y.len().checked_div(n).unwrap_or(x.len() / k.max(1));
    let (x, w) = (Mat::new(x, rows, k), Mat::new(w, n, k).t());
    match bias {
        None => matmul(compute, x, w, y, Mode::Write),
        Some(bias) => {
            assert_eq!(bias.len(), n, "one bias per output");
            product(compute, x, w, y, Init::Bias(bias));
        }
    }
}

/// The columns of each part of a product of too few rows for threads to share them, if it is worth sharing.
fn shared_columns(compute: Compute, a: Mat, b: Mat) -> Option<usize> {
    let least = SHARED_PART.div_ceil(a.rows * a.cols).max(b.cols.div_ceil(COLUMN_PARTS));
    let each = least.next_multiple_of(PART_COLUMNS);
    let few = a.rows < 2 * SHARED_ROWS;
    (compute.shared && few && each < b.cols).then_some(each)
}

/// `c = init + a b`, where threads share parts of `each` columns. A part is computed apart, then copied.
fn by_columns(a: Mat, b: Mat, c: &mut [f32], init: Init<'_>, each: usize) {
    par_columns(c, [b.cols, b.cols], each, &|part, lines| {
        let (first, cols) = (part * each, lines[0].len());
        with_pack_buffers(|buffers| {
            let mut buffer = std::mem::take(&mut buffers.c);
            let c = aligned(&mut buffer, a.rows * cols);
            let init = match init {
                Init::Bias(row) => Init::Bias(&row[first..][..cols]),
                Init::Zero => Init::Zero,
                Init::Accumulate => {
                    let rows = c.chunks_exact_mut(cols).zip(&*lines);
                    rows.for_each(|(c, line)| c.copy_from_slice(line));
                    Init::Accumulate
                }
            };
            let b = RightOperand::Plain(b.part(0, first, b.rows, cols));
            gemm(a, b, (cols, cols), c, init, buffers);
            let rows = c.chunks_exact(cols).zip(lines);
            rows.for_each(|(c, line)| line.copy_from_slice(c));
            buffers.c = buffer;
        });
    });
}

/// `c = init + a b`.
#[track_caller]
pub(super) fn product(compute: Compute, a: Mat, b: Mat, c: &mut [f32], init: Init<'_>) {
    assert_eq!(a.cols, b.rows, "inner dimensions of a product");
    assert_eq!(c.len(), a.rows * b.cols, "a product of {} × {}", a.rows, b.cols);
    if c.is_empty() {
        return;
    }
    let rows_contiguous = a.col_stride == 1 || a.cols == 1;
    let columns_contiguous = b.row_stride == 1 && b.col_stride != 1;
    if a.cols == 0 || (a.rows <= GEMV_ROWS && rows_contiguous && columns_contiguous) {
        match init {
            Init::Zero => c.fill(0.0),
            Init::Accumulate => {}
            Init::Bias(row) => c.chunks_exact_mut(b.cols).for_each(|c| c.copy_from_slice(row)),
        }
        if a.cols > 0 {
            gemv_add(a, b, c);
        }
    } else if let Some(plan) = bf16_plan(compute, a, b) {
        let (n, factor) = (b.cols, Bf16Operand::Plain(FloatMat::F32(b)));
        let product = Product { b: factor, n, stride: n, c, init };
        bf16_gemm::multiply(plan, FloatMat::F32(a), [product]);
    } else if let Some(each) = shared_columns(compute, a, b) {
        by_columns(a, b, c, init, each);
    } else {
        let least = if a.cols * b.cols < SHARED_WORK { usize::MAX / 2 } else { SHARED_ROWS };
        par_rows(compute, [c], [b.cols], least, &|first, [c]: [&mut [f32]; 1]| {
            let a = a.part(first, 0, c.len() / b.cols, a.cols);
            with_pack_buffers(|packed| {
                gemm(a, RightOperand::Plain(b), (b.cols, b.cols), c, init, packed)
            });
        });
    }
}

/// The plan of a product from bfloat16, where that is faster.
pub(super) fn bf16_plan(compute: Compute, a: Mat, b: Mat) -> Option<Bf16Plan> {
    Bf16Plan::of(compute, [a.rows, a.cols, b.cols], false)
        .filter(|_| bf16_gemm::readable(a) && bf16_gemm::readable(b))
}

#[cfg(test)]
#[path = "matmul_tests.rs"]
mod tests;
