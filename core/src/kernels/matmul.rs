//! The matrix product: register tiles, panels packed where the layout needs it, and blocks that fit the caches.
//!
//! `C` is computed in tiles of up to three vectors of columns and as many rows as registers allow. Their sums stay in
//! registers for a whole block of the inner dimension. A tile reads single values of `A` and vectors of `B`. Rows of
//! `A` are read where they lie; a transposed `A` is packed unless it is used too few times. `B` is packed into panels,
//! unless its rows are contiguous and packing would not pay; [`Prepacked`](super::prepacked::Prepacked) keeps them for a factor that is used
//! again.
//! Rows and vectors of columns are split evenly: 20 rows are tiles of 7, 7 and 6, not 8, 8 and 4.

use super::Compute;
use super::bf16_gemm::{self, Bf16Operand, Bf16Plan, FloatMat, Product};
use super::gemv::gemv_add;
use super::packing::{
    Blocking, KC, PackBuffers, aligned, pack, pack_panels, split_evenly, with_pack_buffers,
};
use super::parallel::par_rows;
use crate::interrupt::look;
use crate::simd::Simd;

/// Up to this many rows, a row-major `B` is read in place: it is used too few times to pay for packing.
const IN_PLACE_ROWS: usize = 64;
/// Up to this many values, a factor is read in place if a tile can read it: it fits the L1 cache as it is.
const IN_PLACE_VALUES: usize = 1 << 13;
/// Up to this many columns of `B`, a column-major `A` is read in place.
const IN_PLACE_COLS: usize = 64;
/// Up to this many rows, a product with a transposed `B` is made of dot products.
pub(super) const GEMV_ROWS: usize = 4;

/// Threads share a product in pieces of at least so many rows, if a row has at least so many multiply-adds.
const SHARED_ROWS: usize = 96;
const SHARED_WORK: usize = 1 << 10;

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
    with_pack_buffers(|packed| {
        gemm_blocked(a, RightOperand::Plain(b), (b.cols, stride), c, init, packed)
    });
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
    } else {
        let least = if a.cols * b.cols < SHARED_WORK { usize::MAX / 2 } else { SHARED_ROWS };
        par_rows(compute, [c], [b.cols], least, &|first, [c]: [&mut [f32]; 1]| {
            let a = a.part(first, 0, c.len() / b.cols, a.cols);
            with_pack_buffers(|packed| {
                gemm_blocked(a, RightOperand::Plain(b), (b.cols, b.cols), c, init, packed)
            });
        });
    }
}

/// The plan of a product from bfloat16, where that is faster.
pub(super) fn bf16_plan(compute: Compute, a: Mat, b: Mat) -> Option<Bf16Plan> {
    Bf16Plan::of(compute, [a.rows, a.cols, b.cols], false)
        .filter(|_| bf16_gemm::readable(a) && bf16_gemm::readable(b))
}

/// The right factor of a product.
#[derive(Clone, Copy)]
pub(super) enum RightOperand<'a> {
    Plain(Mat<'a>),
    /// In panels, as [`pack_all`](super::packing::pack_all) makes them.
    Packed(&'a [f32]),
}

/// A factor as a tile reads it: lane `i` of step `p` is at `i * lane + p * step`.
#[derive(Clone, Copy)]
struct Strided<'a> {
    data: &'a [f32],
    lane: usize,
    step: usize,
}

/// The part of `C` that a tile computes, and its initial value.
struct Target<'a> {
    c: &'a mut [f32],
    stride: usize,
    cols: usize,
    init: Init<'a>,
}

/// One register tile: `M` rows and `N` vectors of `C`, over `k` steps. The lanes of `b` are contiguous.
#[inline(always)]
fn tile<S: Simd, const M: usize, const N: usize>(
    s: S,
    k: usize,
    a: Strided,
    b: Strided,
    target: Target,
) {
    assert!(
        k > 0 && a.data.len() > (M - 1) * a.lane + (k - 1) * a.step,
        "steps of the left factor"
    );
    assert!(b.data.len() >= (k - 1) * b.step + N * S::LANES, "steps of the right factor");
    let Target { c, stride, cols, init } = target;
    let mut sums = [[s.zero(); N]; M];
    if let Init::Bias(row) = init {
        let mut first = [s.zero(); N];
        unrolled!(j < N {
            first[j] = s.load_at(row, (j * S::LANES).min(cols));
        });
        unrolled!(i < M {
            sums[i] = first;
        });
    }
    let (mut a_at, mut b_at) = (0, 0);
    for _ in 0..k {
        let mut columns = [s.zero(); N];
        unrolled!(j < N {
            let at = b_at + j * S::LANES;
            // SAFETY: `b_at` is at most `(k - 1) * b.step`, and `b` was checked above to go on from there.
            columns[j] = s.load(unsafe { b.data.get_unchecked(at..at + S::LANES) });
        });
        unrolled!(i < M {
            // SAFETY: `a_at` is at most `(k - 1) * a.step`; `a` was checked above for the last lane from there.
            let x = s.splat(unsafe { *a.data.get_unchecked(a_at + i * a.lane) });
            unrolled!(j < N {
                sums[i][j] = s.mul_add(x, columns[j], sums[i][j]);
            });
        });
        (a_at, b_at) = (a_at + a.step, b_at + b.step);
    }
    let old = matches!(init, Init::Accumulate);
    if cols == N * S::LANES {
        unrolled!(i < M {
            let c = &mut c[i * stride..][..N * S::LANES];
            unrolled!(j < N {
                let c = &mut c[j * S::LANES..];
                let sum = if old { s.add(s.load(c), sums[i][j]) } else { sums[i][j] };
                s.store(sum, c);
            });
        });
    } else {
        unrolled!(i < M {
            let c = &mut c[i * stride..][..cols];
            unrolled!(j < N {
                let at = (j * S::LANES).min(cols);
                let sum = if old { s.add(s.load_at(c, at), sums[i][j]) } else { sums[i][j] };
                s.store_at(sum, c, at);
            });
        });
    }
}

/// A tile of `rows` rows. Each number of rows is compiled by itself.
#[inline(always)]
fn tile_of_rows<S: Simd, const N: usize>(
    s: S,
    rows: usize,
    k: usize,
    a: Strided,
    b: Strided,
    target: Target,
) {
    macro_rules! choose {
        ($($m:literal)*) => {
            match rows {
                $($m if $m <= S::ROWS[N - 1] => tile::<S, $m, N>(s, k, a, b, target),)*
                _ => unreachable!("a tile of {N} vectors has at most {} rows", S::ROWS[N - 1]),
            }
        };
    }
    choose!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

simd_fn! {
    /// The product in blocks, panels and tiles. `shape` is the number of columns of `c` and the distance of its rows.
    pub(super) fn gemm_blocked(s, a: Mat<'_>, b: RightOperand<'_>, shape: (usize, usize), c: &mut [f32], init: Init<'_>, packed: &mut PackBuffers) {
        let (m, k) = (a.rows, a.cols);
        let (n, stride) = shape;
        let blocking = Blocking::new(s, n);
        let height = blocking.height(s);
        let tiles = m.div_ceil(height);
        let a_in_place = a.col_stride == 1
            || (a.row_stride == 1 && (n <= IN_PLACE_COLS || m * k <= IN_PLACE_VALUES));
        let longest = KC.min(k);
        let packed_a = aligned(&mut packed.a, if a_in_place { 0 } else { tiles * height * longest });
        let (b_in_place, kept) = match b {
            RightOperand::Plain(b) => (b.col_stride == 1 && (m <= IN_PLACE_ROWS || k * n <= IN_PLACE_VALUES), None),
            RightOperand::Packed(panels) => (false, Some(panels)),
        };
        let packed_b = aligned(&mut packed.b, if kept.is_some() { 0 } else { blocking.block * longest });
        for col in (0..n).step_by(blocking.block) {
            let cols = blocking.cols(col);
            let (_, _, panels) = blocking.panel(s, cols, 0);
            for p in (0..k).step_by(KC) {
                let inner = KC.min(k - p);
                if let RightOperand::Plain(b) = b {
                    let part = b.part(p, col, inner, cols);
                    if !b_in_place {
                        pack_panels(s, part, blocking, 0, packed_b);
                    } else if !cols.is_multiple_of(S::LANES) {
                        pack_panels(s, part, blocking, panels - 1, packed_b); // its last vector would be read past the end
                    }
                }
                if !a_in_place {
                    for tile in 0..tiles {
                        let (first, end) = split_evenly(m, tiles, tile);
                        let rows = a.part(first, p, end - first, inner).t();
                        pack(s, rows, height, &mut packed_a[tile * height * inner..]);
                    }
                }
                let init = if p > 0 { Init::Accumulate } else { init };
                for tile in 0..tiles {
                    look();
                    let (first, end) = split_evenly(m, tiles, tile);
                    let rows = end - first;
                    let a = if a_in_place {
                        Strided { data: a.from(first, p), lane: a.row_stride, step: a.col_stride }
                    } else {
                        Strided { data: &packed_a[tile * height * inner..], lane: 1, step: height }
                    };
                    for j in 0..panels {
                        let (left, right, _) = blocking.panel(s, cols, j);
                        let vectors = (right - left).div_ceil(S::LANES);
                        let whole = right - left == vectors * S::LANES;
                        let b = match (b, kept) {
                            (RightOperand::Plain(b), _) if b_in_place && whole => {
                                Strided { data: b.from(p, col + left), lane: 1, step: b.row_stride }
                            }
                            (_, kept) => {
                                let data = match kept {
                                    Some(kept) => &kept[col * k + cols.next_multiple_of(S::LANES) * p..],
                                    None => &*packed_b,
                                };
                                Strided { data: &data[left * inner..], lane: 1, step: vectors * S::LANES }
                            }
                        };
                        let init = match init {
                            Init::Bias(row) => Init::Bias(&row[col + left..col + right]),
                            other => other,
                        };
                        let c = &mut c[first * stride + col + left..];
                        let target = Target { c, stride, cols: right - left, init };
                        match vectors {
                            1 => tile_of_rows::<S, 1>(s, rows, inner, a, b, target),
                            2 => tile_of_rows::<S, 2>(s, rows, inner, a, b, target),
                            _ => tile_of_rows::<S, 3>(s, rows, inner, a, b, target),
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "matmul_tests.rs"]
mod tests;
