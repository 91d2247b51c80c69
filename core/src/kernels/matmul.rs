//! The matrix product: packed panels, a register tile, blocks that fit the caches.
//!
//! `C` is computed in tiles of up to `S::ROWS` rows and two vectors of columns, whose sums stay in registers for a
//! whole block of the inner dimension. Panels of `A` and `B` are packed first, so that the tile reads memory in order
//! whatever the layout; `B` is read in place where that already holds and packing would not pay. The rows are shared
//! out evenly: 32 rows are tiles of 11, 11 and 10, not 14, 14 and 4. Everything here is safe code; one bounds check
//! per step of a tile costs nothing beside its multiplications.

use super::parallel::in_rows;
use crate::simd::Simd;
use std::cell::RefCell;

/// Inner dimension of a block: a panel of `B` this long stays in the first cache.
const BLOCK_INNER: usize = 256;
/// Rows of a packed block of `A`.
const BLOCK_ROWS: usize = 168;
/// Columns of a packed block of `B`: 512 KiB with the full inner block, for the second cache.
const BLOCK_COLS: usize = 512;
/// Up to this many rows, a row-major `B` is read in place: it is used too few times to pay for packing.
const IN_PLACE_ROWS: usize = 64;
/// Up to this many rows, a product with a transposed `B` is made of dot products.
const DOT_ROWS: usize = 4;

/// Rows that a thread computes at least, where threads share a product; and how much a row must be worth it.
const SHARED_ROWS: usize = 96;
const SHARED_WORK: usize = 1 << 10;

/// A matrix in a slice.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a> {
    /// The values; element `(r, c)` is at `r * row_stride + c * col_stride`.
    pub data: &'a [f32],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Distance of a row to the next.
    pub row_stride: usize,
    /// Distance of a column to the next.
    pub col_stride: usize,
}

impl<'a> Mat<'a> {
    /// A row-major matrix that fills `data`.
    #[track_caller]
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
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
    fn from(self, r: usize, c: usize) -> &'a [f32] {
        &self.data[r * self.row_stride + c * self.col_stride..]
    }

    /// The `rows × cols` part that starts at `(r, c)`, a view.
    #[inline(always)]
    fn part(self, r: usize, c: usize, rows: usize, cols: usize) -> Self {
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

/// `c = a b` or `c += a b`, where `c` is row-major `[a.rows, b.cols]`.
#[track_caller]
pub fn matmul(a: Mat, b: Mat, c: &mut [f32], mode: Mode) {
    assert_eq!(a.cols, b.rows, "inner dimensions of a product");
    assert_eq!(c.len(), a.rows * b.cols, "a product of {} × {}", a.rows, b.cols);
    if c.is_empty() {
        return;
    }
    if a.cols == 0 {
        if mode == Mode::Write {
            c.fill(0.0);
        }
        return;
    }
    // A single column is a single row of the transposed product, in the same memory.
    let (a, b) = if b.cols == 1 && a.rows > 1 { (b.t(), a.t()) } else { (a, b) };
    let rows_in_order = a.col_stride == 1 || a.cols == 1;
    let columns_in_order = b.row_stride == 1 && b.col_stride != 1;
    if a.rows <= DOT_ROWS && rows_in_order && columns_in_order {
        dots(a, b, c, mode);
    } else {
        let least = if a.cols * b.cols < SHARED_WORK { usize::MAX / 2 } else { SHARED_ROWS };
        in_rows([c], [b.cols], least, &|first, [c]: [&mut [f32]; 1]| {
            let a = a.part(first, 0, c.len() / b.cols, a.cols);
            PACKED.with_borrow_mut(|packed| blocks(a, b, c, mode, packed));
        });
    }
}

/// `y = x wᵀ + bias` for `x` `[rows, k]`, `w` `[n, k]` and `bias` `[n]`: the layer `Linear`.
#[track_caller]
pub fn linear(x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32], k: usize, n: usize) {
    let rows = y.len().checked_div(n).unwrap_or(x.len() / k.max(1));
    let mode = match bias {
        None => Mode::Write,
        Some(bias) => {
            // The product starts from the bias: cheaper than one more pass over its result.
            assert_eq!(bias.len(), n, "one bias per output");
            y.chunks_exact_mut(n.max(1)).for_each(|row| row.copy_from_slice(bias));
            Mode::Add
        }
    };
    matmul(Mat::new(x, rows, k), Mat::new(w, n, k).t(), y, mode);
}

/// Where a thread packs its panels; grows to the largest that was needed and stays.
#[derive(Default)]
struct Packed {
    a: Vec<f32>,
    b: Vec<f32>,
}

thread_local! {
    static PACKED: RefCell<Packed> = const { RefCell::new(Packed { a: Vec::new(), b: Vec::new() }) };
}

/// The first `len` values of `buffer` from a cache line's start on.
fn aligned(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    const LINE: usize = 16;
    if buffer.len() < len + LINE {
        buffer.resize(len + LINE, 0.0);
    }
    let start = buffer.as_ptr().align_offset(64).min(LINE);
    &mut buffer[start..start + len]
}

simd_fn! {
    /// The product of a few rows with a `B` whose columns are in order: one dot product per element.
    fn dots(s, a: Mat<'_>, b: Mat<'_>, c: &mut [f32], mode: Mode) {
        let (k, n) = (a.cols, b.cols);
        let column = |j: usize| &b.from(0, j)[..k];
        for (i, c) in c.chunks_exact_mut(n).enumerate() {
            let x = &a.from(i, 0)[..k];
            if mode == Mode::Write {
                c.fill(0.0);
            }
            let whole = n - n % 4;
            for j in (0..whole).step_by(4) {
                let columns = [column(j), column(j + 1), column(j + 2), column(j + 3)];
                add_dots(s, x, columns, &mut c[j..]);
            }
            for j in whole..n {
                add_dots(s, x, [column(j)], &mut c[j..]);
            }
        }
    }
}

/// Adds the dot products of `x` with each of `columns`, which share the loads of `x`, to the first values of `c`.
#[inline(always)]
fn add_dots<S: Simd, const N: usize>(s: S, x: &[f32], columns: [&[f32]; N], c: &mut [f32]) {
    let (mut even, mut odd) = ([s.zero(); N], [s.zero(); N]);
    let k = x.len();
    let whole = k - k % (2 * S::LANES);
    for at in (0..whole).step_by(2 * S::LANES) {
        let (v, w) = (s.load(&x[at..]), s.load(&x[at + S::LANES..]));
        unrolled!(j < N {
            let column = &columns[j][at..at + 2 * S::LANES];
            even[j] = s.mul_add(v, s.load(column), even[j]);
            odd[j] = s.mul_add(w, s.load(&column[S::LANES..]), odd[j]);
        });
    }
    for at in (whole..k).step_by(S::LANES) {
        let v = s.load_at(x, at);
        unrolled!(j < N {
            even[j] = s.mul_add(v, s.load_at(columns[j], at), even[j]);
        });
    }
    unrolled!(j < N {
        c[j] += s.sum(s.add(even[j], odd[j]));
    });
}

/// Packs `m` `[k, w]`, `w <= width`, as `k` rows of `width` values, with zeros on the right.
#[inline(always)]
fn pack<S: Simd>(s: S, m: Mat, width: usize, out: &mut [f32]) {
    let (k, w) = (m.rows, m.cols);
    let out = &mut out[..k * width];
    if m.col_stride == 1 {
        for (p, out) in out.chunks_exact_mut(width).enumerate() {
            let row = &m.data[p * m.row_stride..][..w];
            for at in (0..width).step_by(S::LANES) {
                let v = s.load_at(row, at.min(w));
                s.store_at(v, out, at);
            }
        }
    } else if m.row_stride == 1 {
        let whole = k - k % S::LANES;
        for at in (0..width).step_by(S::LANES) {
            let lanes = w.saturating_sub(at).min(S::LANES);
            for p in (0..whole).step_by(S::LANES) {
                let tile = if lanes == 0 { &[] } else { m.from(p, at) };
                s.transpose(tile, m.col_stride, lanes, &mut out[p * width + at..], width);
            }
            for p in whole..k {
                for j in 0..S::LANES {
                    out[p * width + at + j] = if j < lanes { m.from(p, at + j)[0] } else { 0.0 };
                }
            }
        }
    } else {
        for p in 0..k {
            for j in 0..width {
                out[p * width + j] = if j < w { m.from(p, j)[0] } else { 0.0 };
            }
        }
    }
}

/// A packed panel, or one read in place: row `p` starts at `p * stride`.
#[derive(Clone, Copy)]
struct Panel<'a> {
    data: &'a [f32],
    stride: usize,
}

/// The part of `C` that a tile computes.
struct Target<'a> {
    c: &'a mut [f32],
    stride: usize,
    cols: usize,
    mode: Mode,
}

/// Values in the widest row of a tile.
const WIDEST: usize = 32;

/// One tile: `M` rows and `N` vectors of `C`, over `k` steps.
#[inline(always)]
fn tile<S: Simd, const M: usize, const N: usize>(
    s: S,
    k: usize,
    a: Panel,
    b: Panel,
    target: Target,
) {
    let mut sums = [[s.zero(); N]; M];
    for p in 0..k {
        let a = &a.data[p * a.stride..][..M];
        let b = &b.data[p * b.stride..][..N * S::LANES];
        let mut columns = [s.zero(); N];
        unrolled!(j < N {
            columns[j] = s.load(&b[j * S::LANES..]);
        });
        unrolled!(i < M {
            let x = s.splat(a[i]);
            unrolled!(j < N {
                sums[i][j] = s.mul_add(x, columns[j], sums[i][j]);
            });
        });
    }
    let Target { c, stride, cols, mode } = target;
    if cols == N * S::LANES {
        unrolled!(i < M {
            let c = &mut c[i * stride..][..N * S::LANES];
            unrolled!(j < N {
                let c = &mut c[j * S::LANES..];
                let sum = if mode == Mode::Write { sums[i][j] } else { s.add(s.load(c), sums[i][j]) };
                s.store(sum, c);
            });
        });
    } else {
        let mut rows = [[0.0; WIDEST]; M];
        unrolled!(i < M {
            unrolled!(j < N {
                s.store(sums[i][j], &mut rows[i][j * S::LANES..]);
            });
        });
        for (i, row) in rows.iter().enumerate() {
            for (c, sum) in c[i * stride..][..cols].iter_mut().zip(row) {
                *c = if mode == Mode::Write { *sum } else { *c + sum };
            }
        }
    }
}

/// The tile of `rows` rows, each number of rows its own code.
#[inline(always)]
fn tile_of_rows<S: Simd, const N: usize>(
    s: S,
    rows: usize,
    k: usize,
    a: Panel,
    b: Panel,
    target: Target,
) {
    macro_rules! choose {
        ($($m:literal)*) => {
            match rows {
                $($m if $m <= S::ROWS => tile::<S, $m, N>(s, k, a, b, target),)*
                _ => unreachable!("a tile has at most {} rows", S::ROWS),
            }
        };
    }
    choose!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

simd_fn! {
    /// The product in blocks, panels and tiles.
    fn blocks(s, a: Mat<'_>, b: Mat<'_>, c: &mut [f32], mode: Mode, packed: &mut Packed) {
        let (m, k, n) = (a.rows, a.cols, b.cols);
        let width = 2 * S::LANES; // of a panel of B
        let height = S::ROWS.next_multiple_of(S::LANES); // of a panel of A
        let in_place = b.col_stride == 1 && m <= IN_PLACE_ROWS;
        let block_rows = BLOCK_ROWS.min(m);
        let panels = block_rows.div_ceil(S::ROWS);
        let inner = BLOCK_INNER.min(k);
        let packed_a = aligned(&mut packed.a, panels * height * inner);
        let packed_b = aligned(&mut packed.b, BLOCK_COLS.min(n).next_multiple_of(width) * inner);
        for col in (0..n).step_by(BLOCK_COLS) {
            let cols = BLOCK_COLS.min(n - col);
            for p in (0..k).step_by(BLOCK_INNER) {
                let inner = BLOCK_INNER.min(k - p);
                for j in (0..cols).step_by(width) {
                    let w = width.min(cols - j);
                    if !in_place || w < width {
                        pack(s, b.part(p, col + j, inner, w), width, &mut packed_b[j * inner..]);
                    }
                }
                for row in (0..m).step_by(BLOCK_ROWS) {
                    let rows = BLOCK_ROWS.min(m - row);
                    let panels = rows.div_ceil(S::ROWS);
                    let bounds = |panel: usize| (rows * panel / panels, rows * (panel + 1) / panels);
                    for panel in 0..panels {
                        let (first, last) = bounds(panel);
                        let rows = a.part(row + first, p, last - first, inner).t();
                        pack(s, rows, height, &mut packed_a[panel * height * inner..]);
                    }
                    for j in (0..cols).step_by(width) {
                        let w = width.min(cols - j);
                        let b = if in_place && w == width {
                            Panel { data: b.from(p, col + j), stride: b.row_stride }
                        } else {
                            Panel { data: &packed_b[j * inner..], stride: width }
                        };
                        let mode = if p > 0 { Mode::Add } else { mode };
                        for panel in 0..panels {
                            let (first, last) = bounds(panel);
                            let a = Panel { data: &packed_a[panel * height * inner..], stride: height };
                            let c = &mut c[(row + first) * n + col + j..];
                            let target = Target { c, stride: n, cols: w, mode };
                            if w <= S::LANES {
                                tile_of_rows::<S, 1>(s, last - first, inner, a, b, target);
                            } else {
                                tile_of_rows::<S, 2>(s, last - first, inner, a, b, target);
                            }
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
