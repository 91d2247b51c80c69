//! The loop of elementwise kernels: vectors, then what is left of the slices.

use crate::simd::Simd;

/// `y[i] = f(y[i], [x0[i], x1[i], ..])`.
#[inline(always)]
pub(super) fn update<S: Simd, const N: usize>(
    s: S,
    y: &mut [f32],
    x: [&[f32]; N],
    f: impl Fn(S::V, [S::V; N]) -> S::V,
) {
    let n = y.len();
    for j in 0..N {
        assert_eq!(x[j].len(), n, "inputs and output differ in length");
    }
    let x = x.map(|x| &x[..n]);
    let whole = n - n % S::LANES;
    for at in (0..whole).step_by(S::LANES) {
        let mut v = [s.zero(); N];
        unrolled!(j < N {
            v[j] = s.load(&x[j][at..]);
        });
        let y = &mut y[at..];
        s.store(f(s.load(y), v), y);
    }
    if whole < n {
        let mut v = [s.zero(); N];
        unrolled!(j < N {
            v[j] = s.load_partial(&x[j][whole..]);
        });
        let y = &mut y[whole..];
        s.store_partial(f(s.load_partial(y), v), y);
    }
}

/// `y[i] = f([x0[i], x1[i], ..])`.
#[inline(always)]
pub(super) fn map<S: Simd, const N: usize>(
    s: S,
    y: &mut [f32],
    x: [&[f32]; N],
    f: impl Fn([S::V; N]) -> S::V,
) {
    update(
        s,
        y,
        x,
        #[inline(always)]
        |_, x| f(x),
    );
}
