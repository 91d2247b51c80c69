//! Permuting axes: `y[i_axes[0], i_axes[1], ..] = x[i_0, i_1, ..]`.
//!
//! Axes that stay adjacent are merged. Where the innermost axis stays innermost, whole runs are copied; otherwise the
//! innermost axes of input and output are the columns and rows of matrices, transposed tile by tile in registers.

use super::elementwise::add_assign;
use super::lanes::update;
use crate::simd::Simd;

/// The most axes that an array has.
const MAX_RANK: usize = 6;
/// The most lanes of a vector.
const MAX_LANES: usize = 16;

/// One axis: its size, and its strides in the input and in the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Axis {
    size: usize,
    x: usize,
    y: usize,
}

/// A permutation of the axes of an array.
#[derive(Clone, Copy, Debug)]
pub struct Permutation {
    /// Axes of the output, outermost first. Only the first `rank` are used.
    axes: [Axis; MAX_RANK],
    rank: usize,
}

impl Permutation {
    /// For an input of these `dims`; axis `i` of the output is axis `axes[i]` of the input.
    pub fn new(dims: &[usize], axes: &[usize]) -> Self {
        assert_eq!(dims.len(), axes.len(), "a permutation names every axis once");
        let stride = |axis: usize| dims[axis + 1..].iter().product();
        let mut new = Self { axes: [Axis::default(); MAX_RANK], rank: 0 };
        for axis in axes.iter().copied().filter(|axis| dims[*axis] != 1) {
            let (size, x) = (dims[axis], stride(axis));
            match new.axes[..new.rank].last_mut() {
                // It follows the same axis in the input and in the output.
                Some(before) if before.x == x * size => {
                    (before.size, before.x) = (before.size * size, x);
                }
                _ => {
                    new.axes[new.rank] = Axis { size, x, y: 0 };
                    new.rank += 1;
                }
            }
        }
        let mut y = 1;
        for axis in new.axes[..new.rank].iter_mut().rev() {
            axis.y = y;
            y *= axis.size;
        }
        new
    }

    /// Visits every index along the axes that are not in `inner`, with its offsets in the input and in the output.
    #[inline(always)]
    fn each_but(&self, inner: [Axis; 2], mut visit: impl FnMut(usize, usize)) {
        let mut outer = [Axis::default(); MAX_RANK];
        let mut rank = 0;
        for axis in self.axes[..self.rank].iter().filter(|axis| !inner.contains(axis)) {
            outer[rank] = *axis;
            rank += 1;
        }
        let outer = &outer[..rank];
        let mut index = [0; MAX_RANK];
        let (mut x, mut y) = (0, 0);
        for _ in 0..outer.iter().map(|axis| axis.size).product() {
            visit(x, y);
            for (axis, i) in outer.iter().zip(&mut index).rev() {
                *i += 1;
                (x, y) = (x + axis.x, y + axis.y);
                if *i < axis.size {
                    break;
                }
                *i = 0;
                (x, y) = (x - axis.x * axis.size, y - axis.y * axis.size);
            }
        }
    }
}

simd_fn! {
    /// `y` is `x` with its axes permuted.
    pub fn permute(s, permutation: &Permutation, x: &[f32], y: &mut [f32]) {
        moved::<_, false>(s, permutation, x, y);
    }
}

simd_fn! {
    /// Adds `x` with its axes permuted to `y`.
    pub fn permute_add(s, permutation: &Permutation, x: &[f32], y: &mut [f32]) {
        moved::<_, true>(s, permutation, x, y);
    }
}

/// `y = v`, or `y += v`.
#[inline(always)]
fn put<const ADD: bool>(y: &mut [f32], v: &[f32]) {
    if ADD { add_assign(y, v) } else { y.copy_from_slice(v) }
}

#[inline(always)]
fn moved<S: Simd, const ADD: bool>(s: S, permutation: &Permutation, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "input and output differ in length");
    let axes = &permutation.axes[..permutation.rank];
    let Some(rows) = axes.last().copied() else { return put::<ADD>(y, x) };
    if rows.x == 1 {
        permutation.each_but(
            [rows; 2],
            #[inline(always)]
            |i, j| put::<ADD>(&mut y[j..j + rows.size], &x[i..i + rows.size]),
        );
        return;
    }
    // The innermost axis of the input. There is one, unless all sizes are 1.
    let Some(columns) = axes.iter().copied().find(|axis| axis.x == 1) else { return };
    permutation.each_but(
        [rows, columns],
        #[inline(always)]
        |i, j| {
            for r in (0..rows.size).step_by(S::LANES) {
                for c in (0..columns.size).step_by(S::LANES) {
                    let size = [S::LANES.min(rows.size - r), S::LANES.min(columns.size - c)];
                    let (x, y) = (&x[i + r * rows.x + c..], &mut y[j + c * columns.y + r..]);
                    tile::<S, ADD>(s, x, rows.x, y, columns.y, size);
                }
            }
        },
    );
}

/// Transposes one tile: `rows` rows of `x` become the columns of `y`.
#[inline(always)]
fn tile<S: Simd, const ADD: bool>(
    s: S,
    x: &[f32],
    x_stride: usize,
    y: &mut [f32],
    y_stride: usize,
    [rows, columns]: [usize; 2],
) {
    let mut transposed = [0.0; MAX_LANES * MAX_LANES];
    if columns == S::LANES {
        if rows == S::LANES && !ADD {
            return s.transpose(x, x_stride, rows, y, y_stride);
        }
        s.transpose(x, x_stride, rows, &mut transposed, S::LANES);
    } else {
        // Rows shorter than a vector are copied first, so that nothing beyond them is read.
        let mut narrow = [0.0; MAX_LANES * MAX_LANES];
        for r in 0..rows {
            s.store(s.load_partial(&x[r * x_stride..][..columns]), &mut narrow[r * S::LANES..]);
        }
        s.transpose(&narrow, S::LANES, rows, &mut transposed, S::LANES);
    }
    for c in 0..columns {
        let (to, from) = (&mut y[c * y_stride..][..rows], &transposed[c * S::LANES..][..rows]);
        if ADD {
            update(
                s,
                to,
                [from],
                #[inline(always)]
                |y, [v]| s.add(y, v),
            );
        } else {
            update(
                s,
                to,
                [from],
                #[inline(always)]
                |_, [v]| v,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{each_isa, each_isa_and_length, numbers};

    /// One number at a time.
    fn reference(dims: &[usize], axes: &[usize], x: &[f32]) -> Vec<f32> {
        let stride = |axis: usize| dims[axis + 1..].iter().product::<usize>();
        let number = |k: usize| {
            let mut rest = k;
            let at = |axis: &usize| {
                let i = rest % dims[*axis];
                rest /= dims[*axis];
                i * stride(*axis)
            };
            x[axes.iter().rev().map(at).sum::<usize>()]
        };
        (0..x.len()).map(number).collect()
    }

    fn check(dims: &[usize], axes: &[usize]) {
        let x = numbers(dims.iter().product(), 1);
        let permutation = Permutation::new(dims, axes);
        let expected = reference(dims, axes, &x);
        let mut y = vec![f32::NAN; x.len()];
        permute(&permutation, &x, &mut y);
        assert_eq!(y, expected, "{dims:?} {axes:?}");
        permute_add(&permutation, &x, &mut y);
        let twice: Vec<f32> = expected.iter().map(|v| v + v).collect();
        assert_eq!(y, twice, "{dims:?} {axes:?}");
    }

    #[test]
    fn matrices_of_every_size_are_transposed() {
        each_isa_and_length(|n| {
            for m in [0, 1, 2, 7, 8, 16, 17, 35] {
                check(&[m, n], &[1, 0]);
                check(&[2, m, n], &[0, 2, 1]);
            }
        });
    }

    #[test]
    fn axes_go_where_they_should() {
        let orders: [&[usize]; 8] = [
            &[0, 1, 2, 3],
            &[0, 2, 1, 3],
            &[0, 2, 3, 1],
            &[3, 2, 1, 0],
            &[1, 0, 3, 2],
            &[2, 3, 0, 1],
            &[3, 0, 1, 2],
            &[0, 3, 1, 2],
        ];
        each_isa(|_| {
            for axes in orders {
                check(&[3, 5, 4, 17], axes);
                check(&[18, 1, 2, 3], axes);
            }
            check(&[2, 3, 2, 2, 3, 2], &[5, 1, 3, 0, 4, 2]);
            check(&[], &[]);
        });
    }

    #[test]
    fn axes_that_stay_together_are_one() {
        let permutation = Permutation::new(&[2, 3, 4, 5], &[0, 3, 1, 2]);
        assert_eq!(permutation.rank, 3);
        assert_eq!(permutation.axes[2], Axis { size: 12, x: 5, y: 1 });
        assert_eq!(Permutation::new(&[2, 1, 4], &[1, 0, 2]).rank, 1);
    }
}
