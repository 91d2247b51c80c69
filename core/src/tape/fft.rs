//! The Fourier transform of real numbers over the last axis, and its inverse. Upstream: `torch.fft.rfft`, `torch.fft.irfft`.
//!
//! `X_k = Σ_t x_t e^{-2πikt/n}` for `k` up to `n/2`, real and imaginary part side by side. The derivative of one is the
//! other, but for how often it counts a frequency: the inverse counts those between the first and the middle twice.

use std::cell::RefCell;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::{Backward, Description, Inputs, Op, Output, Var};

/// Plans of one length, and what they work in.
struct Plans {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    real: Vec<f32>,
    complex: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

thread_local! {
    /// Plans of this thread, by length.
    static PLANS: RefCell<Vec<(usize, Plans)>> = const { RefCell::new(Vec::new()) };
}

impl Plans {
    fn new(n: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let none = Complex32::default();
        Self {
            forward,
            inverse,
            real: vec![0.0; n],
            complex: vec![none; n / 2 + 1],
            scratch: vec![none; scratch],
        }
    }

    /// `X` of the real numbers that are set.
    fn transform(&mut self) {
        let Self { forward, real, complex, scratch, .. } = self;
        let done = forward.process_with_scratch(real, complex, scratch);
        done.expect("lengths are those of the plan");
    }

    /// `n` times the real numbers of the `X` that is set; what is imaginary of its ends has no part in them.
    fn invert(&mut self) {
        let Self { inverse, real, complex, scratch, .. } = self;
        complex[0].im = 0.0;
        if real.len().is_multiple_of(2) {
            complex[real.len() / 2].im = 0.0;
        }
        let done = inverse.process_with_scratch(complex, real, scratch);
        done.expect("lengths are those of the plan, ends are real");
    }
}

/// Lets `work` use the plans for `n` numbers.
fn with_plans(n: usize, work: impl FnOnce(&mut Plans)) {
    PLANS.with_borrow_mut(|all| {
        let at = all.iter().position(|(len, _)| *len == n).unwrap_or_else(|| {
            all.push((n, Plans::new(n)));
            all.len() - 1
        });
        work(&mut all[at].1);
    });
}

/// How often the inverse counts frequency `k` of `n` numbers.
fn times(k: usize, n: usize) -> f32 {
    if k == 0 || 2 * k == n { 1.0 } else { 2.0 }
}

/// `X` of each row of `x`: `give` gets row, frequency, real and imaginary part.
fn transform_rows(x: &[f32], n: usize, mut give: impl FnMut(usize, usize, [f32; 2])) {
    with_plans(n, |plans| {
        for (row, x) in x.chunks_exact(n).enumerate() {
            plans.real.copy_from_slice(x);
            plans.transform();
            plans.complex.iter().enumerate().for_each(|(k, z)| give(row, k, [z.re, z.im]));
        }
    });
}

/// Real numbers of each row of `[.., n/2 + 1, 2]`, whose parts are multiplied with `factor(k)`: `give` gets row and numbers.
fn invert_rows(
    x: &[f32],
    n: usize,
    factor: impl Fn(usize) -> f32,
    mut give: impl FnMut(usize, &[f32]),
) {
    with_plans(n, |plans| {
        for (row, x) in x.chunks_exact(2 * (n / 2 + 1)).enumerate() {
            for (k, (z, x)) in plans.complex.iter_mut().zip(x.chunks_exact(2)).enumerate() {
                *z = Complex32::new(x[0], x[1]) * factor(k);
            }
            plans.invert();
            give(row, &plans.real);
        }
    });
}

struct Rfft;

impl Op for Rfft {
    fn describe(&self) -> Description {
        Description::new("rfft")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let n = x.shape(0).last();
        let bins = n / 2 + 1;
        let to = &mut *out.data;
        transform_rows(x.data(0), n, |row, k, z| {
            to[2 * (row * bins + k)..][..2].copy_from_slice(&z)
        });
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = b.input_shape(0).last();
        b.accumulate(0, |b, dx| {
            invert_rows(
                b.grad(),
                n,
                |k| 1.0 / times(k, n),
                |row, d| {
                    dx[row * n..][..n].iter_mut().zip(d).for_each(|(dx, d)| *dx += d);
                },
            );
        });
    }
}

/// To `n` numbers.
struct Irfft {
    n: usize,
}

impl Op for Irfft {
    fn describe(&self) -> Description {
        Description::new("irfft")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let n = self.n;
        let to = &mut *out.data;
        invert_rows(
            x.data(0),
            n,
            |_| 1.0 / n as f32,
            |row, y| to[row * n..][..n].copy_from_slice(y),
        );
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = self.n;
        let bins = n / 2 + 1;
        b.accumulate(0, |b, dx| {
            transform_rows(b.grad(), n, |row, k, [re, im]| {
                let dx = &mut dx[2 * (row * bins + k)..][..2];
                let factor = times(k, n) / n as f32;
                dx[0] += factor * re;
                if times(k, n) > 1.0 {
                    dx[1] += factor * im;
                }
            });
        });
    }
}

impl Var<'_> {
    /// The transform of the last axis: `[.., n]` gives `[.., n/2 + 1, 2]`.
    #[track_caller]
    pub fn rfft(self) -> Self {
        let shape = self.shape();
        let (rank, n) = (shape.rank(), shape.last());
        assert!(n > 0, "the transform of nothing");
        let dims: Vec<usize> =
            shape.dims()[..rank - 1].iter().copied().chain([n / 2 + 1, 2]).collect();
        self.tape().record(Rfft, &[self], &dims[..])
    }

    /// Its inverse: `[.., n/2 + 1, 2]` gives `[.., n]`.
    #[track_caller]
    pub fn irfft(self, n: usize) -> Self {
        let shape = self.shape();
        let dims = shape.dims();
        let before = shape.rank().saturating_sub(2);
        assert!(n > 0 && dims[before..] == [n / 2 + 1, 2], "{n} numbers from {shape:?}");
        let dims: Vec<usize> = dims[..before].iter().copied().chain([n]).collect();
        self.tape().record(Irfft { n }, &[self], &dims[..])
    }
}
