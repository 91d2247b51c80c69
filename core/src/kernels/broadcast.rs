//! Arithmetic on two arrays with NumPy's broadcasting, and its gradients.
//!
//! Axes along which both inputs have matching strides are merged. What is left is a few long runs, in which the stride of
//! an input is 1 or 0. Row vectors, column vectors and scalars all become loops over whole vectors.

use super::lanes::{map, update};
use crate::simd::Simd;

/// The most axes that an array has.
const MAX_RANK: usize = 6;
/// The most lanes of a vector.
const MAX_LANES: usize = 16;
/// Numbers that are summed in f32 before the sum is added in f64.
const BLOCK: usize = 1024;

/// How a broadcast operation iterates over its output and its two inputs.
#[derive(Clone, Copy, Debug)]
pub struct Runs {
    outer: [usize; MAX_RANK],
    strides: [[usize; 2]; MAX_RANK],
    rank: usize,
    /// Length of a run.
    len: usize,
    /// The stride of each input in a run: 0 or 1.
    step: [usize; 2],
}

impl Runs {
    /// For an output of these `dims`, read from inputs with these strides: 0 along broadcast axes.
    pub fn new(dims: &[usize], strides: [&[usize]; 2]) -> Self {
        let mut runs = Self {
            outer: [1; MAX_RANK],
            strides: [[0; 2]; MAX_RANK],
            rank: 0,
            len: 1,
            step: [0; 2],
        };
        // From the innermost axis outwards. An axis is merged with the one inside it if both inputs continue there.
        let mut merged: [(usize, [usize; 2]); MAX_RANK] = Default::default();
        let mut count = 0;
        for axis in (0..dims.len()).rev().filter(|axis| dims[*axis] != 1) {
            let stride = strides.map(|s| s[axis]);
            match merged[..count].last_mut() {
                Some((len, inside)) if (0..2).all(|i| stride[i] == inside[i] * *len) => {
                    *len *= dims[axis];
                }
                _ => {
                    merged[count] = (dims[axis], stride);
                    count += 1;
                }
            }
        }
        let Some(((len, step), outer)) = merged[..count].split_first() else { return runs };
        (runs.len, runs.step, runs.rank) = (*len, *step, outer.len());
        for (axis, (len, stride)) in outer.iter().rev().enumerate() {
            (runs.outer[axis], runs.strides[axis]) = (*len, *stride);
        }
        runs
    }

    /// Visits the runs in order, with their offsets in the output and in the inputs.
    #[inline(always)]
    fn each(&self, mut visit: impl FnMut(usize, [usize; 2])) {
        let mut index = [0; MAX_RANK];
        let mut at = [0; 2];
        for run in 0..self.outer[..self.rank].iter().product() {
            visit(run * self.len, at);
            for axis in (0..self.rank).rev() {
                let [a, b] = self.strides[axis];
                index[axis] += 1;
                at = [at[0] + a, at[1] + b];
                if index[axis] < self.outer[axis] {
                    break;
                }
                index[axis] = 0;
                at = [at[0] - a * self.outer[axis], at[1] - b * self.outer[axis]];
            }
        }
    }
}

/// A function of two numbers, with its derivatives times the gradient `g` of its value.
pub trait Binary {
    /// Whether `b` is subtracted, if the function is a sum or a difference.
    const SUBTRACTS: Option<bool>;
    /// The value.
    fn f<S: Simd>(s: S, a: S::V, b: S::V) -> S::V;
    /// For the gradient of `a`.
    fn da<S: Simd>(s: S, a: S::V, b: S::V, g: S::V) -> S::V;
    /// For the gradient of `b`.
    fn db<S: Simd>(s: S, a: S::V, b: S::V, g: S::V) -> S::V;
}

macro_rules! binary {
    ($(#[$meta:meta])* $name:ident($s:ident, $a:ident, $b:ident, $g:ident) = $f:expr; da = $da:expr; db = $db:expr; subtracts = $subtracts:expr;) => {
        $(#[$meta])*
        pub struct $name;
        #[expect(unused_variables, reason = "not every derivative depends on everything")]
        impl Binary for $name {
            const SUBTRACTS: Option<bool> = $subtracts;
            #[inline(always)]
            fn f<S: Simd>($s: S, $a: S::V, $b: S::V) -> S::V {
                $f
            }
            #[inline(always)]
            fn da<S: Simd>($s: S, $a: S::V, $b: S::V, $g: S::V) -> S::V {
                $da
            }
            #[inline(always)]
            fn db<S: Simd>($s: S, $a: S::V, $b: S::V, $g: S::V) -> S::V {
                $db
            }
        }
    };
}

binary! {
    /// `a + b`
    Add(s, a, b, g) = s.add(a, b); da = g; db = g; subtracts = Some(false);
}

binary! {
    /// `a - b`
    Sub(s, a, b, g) = s.sub(a, b); da = g; db = s.neg(g); subtracts = Some(true);
}

binary! {
    /// `a·b`
    Mul(s, a, b, g) = s.mul(a, b); da = s.mul(g, b); db = s.mul(g, a); subtracts = None;
}

binary! {
    /// `a / b`
    Div(s, a, b, g) = s.div(a, b); da = s.div(g, b); db = s.neg(s.mul(s.div(g, b), s.div(a, b))); subtracts = None;
}

simd_fn! {
    /// `y = f(a, b)`
    pub fn zip<F: Binary>(s, runs: &Runs, a: &[f32], b: &[f32], y: &mut [f32]) {
        let len = runs.len;
        match runs.step {
            [1, 1] => runs.each(#[inline(always)] |out, [i, j]| {
                let (a, b) = (&a[i..i + len], &b[j..j + len]);
                map(s, &mut y[out..out + len], [a, b], #[inline(always)] |[a, b]| F::f(s, a, b));
            }),
            [1, _] => runs.each(#[inline(always)] |out, [i, j]| {
                let (a, b) = (&a[i..i + len], s.splat(b[j]));
                map(s, &mut y[out..out + len], [a], #[inline(always)] |[a]| F::f(s, a, b));
            }),
            [_, 1] => runs.each(#[inline(always)] |out, [i, j]| {
                let (a, b) = (s.splat(a[i]), &b[j..j + len]);
                map(s, &mut y[out..out + len], [b], #[inline(always)] |[b]| F::f(s, a, b));
            }),
            _ => runs.each(#[inline(always)] |out, [i, j]| {
                let v = F::f(s, s.splat(a[i]), s.splat(b[j]));
                map(s, &mut y[out..out + len], [], #[inline(always)] |[]| v);
            }),
        }
    }
}

simd_fn! {
    /// Adds to `da` what [`Binary::da`] says, summed over the axes along which `a` is broadcast. Does not read
    /// `a` and `b` if the function is a sum or a difference.
    pub fn zip_grad_a<F: Binary>(s, runs: &Runs, a: &[f32], b: &[f32], g: &[f32], da: &mut [f32]) {
        let read = Read { curved: F::SUBTRACTS.is_none(), x: [a, b], g };
        grad(s, runs, read, 0, da, #[inline(always)] |a, b, g| F::da(s, a, b, g));
    }
}

simd_fn! {
    /// Adds to `db` what [`Binary::db`] says, summed over the axes along which `b` is broadcast. Does not read
    /// `a` and `b` if the function is a sum or a difference.
    pub fn zip_grad_b<F: Binary>(s, runs: &Runs, a: &[f32], b: &[f32], g: &[f32], db: &mut [f32]) {
        let read = Read { curved: F::SUBTRACTS.is_none(), x: [a, b], g };
        grad(s, runs, read, 1, db, #[inline(always)] |a, b, g| F::db(s, a, b, g));
    }
}

/// What a gradient is computed from: the inputs of a function that is no sum or difference, and the gradient of its output.
#[derive(Clone, Copy)]
struct Read<'a> {
    /// Whether the inputs are read.
    curved: bool,
    x: [&'a [f32]; 2],
    g: &'a [f32],
}

impl<'a> Read<'a> {
    /// A run of input `i`; numbers that are ignored, if inputs are not read.
    #[inline(always)]
    fn run(self, i: usize, at: [usize; 2], out: usize, len: usize) -> &'a [f32] {
        if self.curved { &self.x[i][at[i]..at[i] + len] } else { &self.g[out..out + len] }
    }

    /// One number of input `i`, likewise.
    #[inline(always)]
    fn one<S: Simd>(self, s: S, i: usize, at: [usize; 2]) -> S::V {
        if self.curved { s.splat(self.x[i][at[i]]) } else { s.zero() }
    }
}

/// Adds `f(a, b, g)` to `dx`, the gradient of input `i`.
#[inline(always)]
fn grad<S: Simd>(
    s: S,
    runs: &Runs,
    read: Read<'_>,
    i: usize,
    dx: &mut [f32],
    f: impl Fn(S::V, S::V, S::V) -> S::V,
) {
    let (g, len) = (read.g, runs.len);
    match (runs.step, i) {
        ([1, 1], _) => runs.each(
            #[inline(always)]
            |out, at| {
                let (a, b) = (read.run(0, at, out, len), read.run(1, at, out, len));
                let (g, dx) = (&g[out..out + len], &mut dx[at[i]..at[i] + len]);
                update(
                    s,
                    dx,
                    [a, b, g],
                    #[inline(always)]
                    |dx, [a, b, g]| s.add(dx, f(a, b, g)),
                );
            },
        ),
        ([1, _], 0) => runs.each(
            #[inline(always)]
            |out, at| {
                let (a, b) = (read.run(0, at, out, len), read.one(s, 1, at));
                let (g, dx) = (&g[out..out + len], &mut dx[at[0]..at[0] + len]);
                update(
                    s,
                    dx,
                    [a, g],
                    #[inline(always)]
                    |dx, [a, g]| s.add(dx, f(a, b, g)),
                );
            },
        ),
        ([_, 1], 1) => runs.each(
            #[inline(always)]
            |out, at| {
                let (a, b) = (read.one(s, 0, at), read.run(1, at, out, len));
                let (g, dx) = (&g[out..out + len], &mut dx[at[1]..at[1] + len]);
                update(
                    s,
                    dx,
                    [b, g],
                    #[inline(always)]
                    |dx, [b, g]| s.add(dx, f(a, b, g)),
                );
            },
        ),
        ([1, _], _) => runs.each(
            #[inline(always)]
            |out, at| {
                let (a, b) = (read.run(0, at, out, len), read.one(s, 1, at));
                let g = &g[out..out + len];
                dx[at[1]] += sum(
                    s,
                    [a, g],
                    #[inline(always)]
                    |[a, g]| f(a, b, g),
                );
            },
        ),
        ([_, 1], _) => runs.each(
            #[inline(always)]
            |out, at| {
                let (a, b) = (read.one(s, 0, at), read.run(1, at, out, len));
                let g = &g[out..out + len];
                dx[at[0]] += sum(
                    s,
                    [b, g],
                    #[inline(always)]
                    |[b, g]| f(a, b, g),
                );
            },
        ),
        _ => runs.each(
            #[inline(always)]
            |out, at| {
                let (a, b) = (read.one(s, 0, at), read.one(s, 1, at));
                dx[at[i]] += sum(
                    s,
                    [&g[out..out + len]],
                    #[inline(always)]
                    |[g]| f(a, b, g),
                );
            },
        ),
    }
}

/// `Σ f(x0[i], x1[i], ..)`
#[inline(always)]
fn sum<S: Simd, const N: usize>(s: S, x: [&[f32]; N], f: impl Fn([S::V; N]) -> S::V) -> f32 {
    let n = x[0].len();
    let x = x.map(|x| &x[..n]);
    let mut total = 0.0;
    for start in (0..n).step_by(BLOCK) {
        let end = n.min(start + BLOCK);
        let whole = end - (end - start) % S::LANES;
        let mut lanes = s.zero();
        for at in (start..whole).step_by(S::LANES) {
            let mut v = [s.zero(); N];
            unrolled!(j < N {
                v[j] = s.load(&x[j][at..]);
            });
            lanes = s.add(lanes, f(v));
        }
        if whole < end {
            let mut v = [s.zero(); N];
            unrolled!(j < N {
                v[j] = s.load_partial(&x[j][whole..end]);
            });
            // In lanes without numbers `f` of zeros may be NaN: only the first lanes are summed.
            let mut rest = [0.0; MAX_LANES];
            s.store(f(v), &mut rest);
            lanes = s.add(lanes, s.load_partial(&rest[..end - whole]));
        }
        total += f64::from(s.sum(lanes));
    }
    total as f32
}

#[cfg(test)]
#[path = "broadcast_tests.rs"]
mod tests;
