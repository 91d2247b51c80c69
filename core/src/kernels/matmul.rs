//! The matrix product: packed panels, a register tile, blocks that fit the caches.
//!
//! `C` is computed in tiles of up to `S::ROWS` rows and two vectors of columns, whose sums stay in registers for a
//! whole block of the inner dimension. Panels of `A` and `B` are packed first, so that the tile reads memory in order
//! whatever the layout; `B` is read in place where that already holds and packing would not pay. The rows are shared
//! out evenly: 32 rows are tiles of 11, 11 and 10, not 14, 14 and 4. Everything here is safe code; one bounds check
//! per step of a tile costs nothing beside its multiplications.

use super::elementwise::add_row;
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

/// What the product is added to.
#[derive(Clone, Copy)]
enum Start<'a> {
    Zero,
    Result,
    Row(&'a [f32]),
}

/// `c = a b` or `c += a b`, where `c` is row-major `[a.rows, b.cols]`.
#[track_caller]
pub fn matmul(a: Mat, b: Mat, c: &mut [f32], mode: Mode) {
    product(a, b, c, if mode == Mode::Write { Start::Zero } else { Start::Result });
}

/// `y = x wᵀ + bias` for `x` `[rows, k]`, `w` `[n, k]` and `bias` `[n]`: the layer `Linear`.
#[track_caller]
pub fn linear(x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32], k: usize, n: usize) {
    let rows = if n == 0 { x.len() / k.max(1) } else { y.len() / n };
    if let Some(bias) = bias {
        assert_eq!(bias.len(), n, "one bias per output");
    }
    product(Mat::new(x, rows, k), Mat::new(w, n, k).t(), y, bias.map_or(Start::Zero, Start::Row));
}

/// Checks the shapes and turns the special cases into ones that the kernels like.
#[track_caller]
fn product(a: Mat, b: Mat, c: &mut [f32], start: Start) {
    assert_eq!(a.cols, b.rows, "inner dimensions of a product");
    assert_eq!(c.len(), a.rows * b.cols, "a product of {} × {}", a.rows, b.cols);
    if c.is_empty() {
        return;
    }
    if a.cols == 0 || (b.cols == 1 && matches!(start, Start::Row(_))) {
        match start {
            Start::Zero => c.fill(0.0),
            Start::Row(bias) => {
                c.fill(0.0);
                add_row(c, bias);
            }
            Start::Result => {}
        }
        if a.cols > 0 {
            product(a, b, c, Start::Result);
        }
        return;
    }
    // A single column is a single row of the transposed product, in the same memory.
    let (a, b) = if b.cols == 1 && a.rows > 1 { (b.t(), a.t()) } else { (a, b) };
    PACKED.with_borrow_mut(|packed| {
        let rows_in_order = a.col_stride == 1 || a.cols == 1;
        let columns_in_order = b.row_stride == 1 && b.col_stride != 1;
        if a.rows <= DOT_ROWS && rows_in_order && columns_in_order {
            dots(a, b, c, start);
        } else {
            blocks(a, b, c, start, packed);
        }
    });
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
    fn dots(s, a: Mat<'_>, b: Mat<'_>, c: &mut [f32], start: Start<'_>) {
        let (k, n) = (a.cols, b.cols);
        for i in 0..a.rows {
            let x = &a.from(i, 0)[..k];
            let mut j = 0;
            // Four columns at a time share the loads of the row.
            while j < n {
                let count = if j + 4 <= n { 4 } else { 1 };
                let sums = if count == 4 {
                    let columns = [b.from(0, j), b.from(0, j + 1), b.from(0, j + 2), b.from(0, j + 3)];
                    dot_columns(s, x, columns.map(|column| &column[..k]))
                } else {
                    let [sum] = dot_columns(s, x, [&b.from(0, j)[..k]]);
                    [sum, 0.0, 0.0, 0.0]
                };
                for (j, sum) in (j..j + count).zip(sums) {
                    let c = &mut c[i * n + j];
                    *c = match start {
                        Start::Zero => sum,
                        Start::Result => *c + sum,
                        Start::Row(bias) => bias[j] + sum,
                    };
                }
                j += count;
            }
        }
    }
}

/// The dot products of `x` with each of `columns`.
#[inline(always)]
fn dot_columns<S: Simd, const N: usize>(s: S, x: &[f32], columns: [&[f32]; N]) -> [f32; N] {
    let mut sums = [[s.zero(); 2]; N];
    let mut at = 0;
    while at + 2 * S::LANES <= x.len() {
        for half in 0..2 {
            let v = s.load(&x[at + half * S::LANES..]);
            for j in 0..N {
                sums[j][half] =
                    s.mul_add(v, s.load(&columns[j][at + half * S::LANES..]), sums[j][half]);
            }
        }
        at += 2 * S::LANES;
    }
    while at < x.len() {
        let v = s.load_at(x, at);
        for j in 0..N {
            sums[j][0] = s.mul_add(v, s.load_at(columns[j], at), sums[j][0]);
        }
        at += S::LANES;
    }
    let mut out = [0.0; N];
    for j in 0..N {
        out[j] = s.sum(s.add(sums[j][0], sums[j][1]));
    }
    out
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
    start: Start<'a>,
}

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
        for j in 0..N {
            columns[j] = s.load(&b[j * S::LANES..]);
        }
        for i in 0..M {
            let x = s.splat(a[i]);
            for j in 0..N {
                sums[i][j] = s.mul_add(x, columns[j], sums[i][j]);
            }
        }
    }
    let Target { c, stride, cols, start } = target;
    for i in 0..M {
        let c = &mut c[i * stride..][..cols];
        for j in 0..N {
            let at = j * S::LANES;
            let sum = match start {
                Start::Zero => sums[i][j],
                Start::Result => s.add(s.load_at(c, at), sums[i][j]),
                Start::Row(bias) => s.add(s.load_at(&bias[..cols], at), sums[i][j]),
            };
            s.store_at(sum, c, at);
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
    fn blocks(s, a: Mat<'_>, b: Mat<'_>, c: &mut [f32], start: Start<'_>, packed: &mut Packed) {
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
                        let start = match start {
                            _ if p > 0 => Start::Result,
                            Start::Row(bias) => Start::Row(&bias[col + j..]),
                            other => other,
                        };
                        for panel in 0..panels {
                            let (first, last) = bounds(panel);
                            let a = Panel { data: &packed_a[panel * height * inner..], stride: height };
                            let c = &mut c[(row + first) * n + col + j..];
                            let target = Target { c, stride: n, cols: w, start };
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
