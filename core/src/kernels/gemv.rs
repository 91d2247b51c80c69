//! Matrix-vector products, and products of a few rows, with a right factor whose columns are contiguous: one dot product
//! per element.

use super::counting::count;
use super::matmul::Mat;
use crate::simd::Simd;

simd_fn! {
    /// `c += a b`, where rows of `a` and columns of `b` are contiguous.
    pub(super) fn gemv_add(s, a: Mat<'_>, b: Mat<'_>, c: &mut [f32]) {
        let (k, n) = (a.cols, b.cols);
        count(a.rows, k, n);
        let column = |j: usize| &b.from(0, j)[..k];
        for (i, c) in c.chunks_exact_mut(n).enumerate() {
            let x = &a.from(i, 0)[..k];
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

/// Adds the dot product of `x` with each of `columns` to `c`. The columns share the loads of `x`.
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
