//! The Fourier transform of real numbers along the last axis, and its inverse. Upstream: `torch.fft.rfft`, `torch.fft.irfft`.
//!
//! `X_k = Σ_t x_t e^{-2πikt/n}` for `k` up to `n/2`, with real and imaginary parts side by side. Each is the other's
//! derivative, apart from a factor: the inverse counts the frequencies between the first and the middle one twice, because
//! the negative frequencies, which are their conjugates, are not stored.

use std::sync::{Arc, Mutex};

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::{Backward, Description, Inputs, Op, Output, Reads, Tape, Var};

/// The transforms of one length. A tape makes them once, and its operations share them.
pub(super) struct Fft {
    n: usize,
    /// Made when they are first used, so that a dry tape allocates nothing. The lock is never contended: a tape works on one
    /// thread at a time.
    plans: Mutex<Option<Plans>>,
}

impl Fft {
    fn with<R>(&self, work: impl FnOnce(&mut Plans) -> R) -> R {
        let mut plans = self.plans.lock().expect("no panic while it is held");
        work(plans.get_or_insert_with(|| Plans::new(self.n)))
    }

    /// `X` of each row of `x`. `visit` gets row, frequency, and the real and imaginary part.
    fn transform_rows(&self, x: &[f32], mut visit: impl FnMut(usize, usize, [f32; 2])) {
        self.with(|plans| {
            for (row, x) in x.chunks_exact(self.n).enumerate() {
                plans.real.copy_from_slice(x);
                plans.transform();
                plans.complex.iter().enumerate().for_each(|(k, z)| visit(row, k, [z.re, z.im]));
            }
        });
    }

    /// `n` times the inverse of each row of `[.., n/2 + 1, 2]`, after frequency `k` is multiplied by `factor(k)`. `visit` gets
    /// row and numbers.
    fn invert_rows(
        &self,
        x: &[f32],
        factor: impl Fn(usize) -> f32,
        mut visit: impl FnMut(usize, &[f32]),
    ) {
        self.with(|plans| {
            for (row, x) in x.chunks_exact(2 * (self.n / 2 + 1)).enumerate() {
                for (k, (z, x)) in plans.complex.iter_mut().zip(x.chunks_exact(2)).enumerate() {
                    *z = Complex32::new(x[0], x[1]) * factor(k);
                }
                plans.invert();
                visit(row, &plans.real);
            }
        });
    }

    /// How often the inverse counts frequency `k`.
    fn multiplicity(&self, k: usize) -> f32 {
        if k == 0 || 2 * k == self.n { 1.0 } else { 2.0 }
    }
}

/// Plans of one length and their buffers.
struct Plans {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    real: Vec<f32>,
    complex: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Plans {
    fn new(n: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let zero = Complex32::default();
        Self {
            forward,
            inverse,
            real: vec![0.0; n],
            complex: vec![zero; n / 2 + 1],
            scratch: vec![zero; scratch],
        }
    }

    /// Writes the transform of `real` to `complex`.
    fn transform(&mut self) {
        let Self { forward, real, complex, scratch, .. } = self;
        let done = forward.process_with_scratch(real, complex, scratch);
        done.expect("lengths are those of the plan");
    }

    /// Writes `n` times the inverse of `complex` to `real`. The imaginary parts of the first and the middle frequency are
    /// ignored, as torch does: those of real numbers are 0.
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

struct Rfft {
    fft: Arc<Fft>,
}

impl Op for Rfft {
    fn describe(&self) -> Description {
        Description::new("rfft")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let bins = self.fft.n / 2 + 1;
        let y = &mut *out.data;
        self.fft.transform_rows(x.data(0), |row, k, z| {
            y[2 * (row * bins + k)..][..2].copy_from_slice(&z);
        });
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = self.fft.n;
        b.accumulate(0, |b, dx| {
            let factor = |k| 1.0 / self.fft.multiplicity(k);
            self.fft.invert_rows(b.grad(), factor, |row, d| {
                dx[row * n..][..n].iter_mut().zip(d).for_each(|(dx, d)| *dx += d);
            });
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

struct Irfft {
    fft: Arc<Fft>,
}

impl Op for Irfft {
    fn describe(&self) -> Description {
        Description::new("irfft")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let n = self.fft.n;
        let y = &mut *out.data;
        self.fft.invert_rows(
            x.data(0),
            |_| 1.0 / n as f32,
            |row, d| y[row * n..][..n].copy_from_slice(d),
        );
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = self.fft.n;
        let bins = n / 2 + 1;
        b.accumulate(0, |b, dx| {
            self.fft.transform_rows(b.grad(), |row, k, [re, im]| {
                let dx = &mut dx[2 * (row * bins + k)..][..2];
                let times = self.fft.multiplicity(k);
                let factor = times / n as f32;
                dx[0] += factor * re;
                if times > 1.0 {
                    dx[1] += factor * im;
                }
            });
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

impl Tape {
    /// The transforms of length `n`.
    fn fft(&self, n: usize) -> Arc<Fft> {
        let mut all = self.ffts.borrow_mut();
        if let Some(fft) = all.iter().find(|fft| fft.n == n) {
            return fft.clone();
        }
        all.push(Arc::new(Fft { n, plans: Mutex::new(None) }));
        all[all.len() - 1].clone()
    }
}

impl Var<'_> {
    /// The Fourier transform along the last axis: `[.., n]` gives `[.., n/2 + 1, 2]`.
    #[track_caller]
    pub fn rfft(self) -> Self {
        let shape = self.shape();
        let (rank, n) = (shape.rank(), shape.last());
        assert!(n > 0, "the transform of nothing");
        let dims: Vec<usize> =
            shape.dims()[..rank - 1].iter().copied().chain([n / 2 + 1, 2]).collect();
        self.tape().record(Rfft { fft: self.tape.fft(n) }, &[self], &dims[..])
    }

    /// The inverse of [`Var::rfft`]: `[.., n/2 + 1, 2]` gives `[.., n]`.
    #[track_caller]
    pub fn irfft(self, n: usize) -> Self {
        let shape = self.shape();
        let dims = shape.dims();
        let before = shape.rank().saturating_sub(2);
        assert!(n > 0 && dims[before..] == [n / 2 + 1, 2], "{n} numbers from {shape:?}");
        let dims: Vec<usize> = dims[..before].iter().copied().chain([n]).collect();
        self.tape().record(Irfft { fft: self.tape.fft(n) }, &[self], &dims[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_the_sum_and_its_inverse_gives_the_numbers_back() {
        for n in [1, 2, 7, 12] {
            let tape = Tape::default();
            let x: Vec<f32> = (0..2 * n).map(|i| (i as f32 * 0.7).sin()).collect();
            let of_x = tape.constant([2, n], &x).rfft();
            let bins = n / 2 + 1;
            for (row, x) in x.chunks(n).enumerate() {
                for k in 0..bins {
                    let angle = |t: usize| std::f64::consts::TAU * (k * t) as f64 / n as f64;
                    let sum = |part: fn(f64) -> f64| -> f64 {
                        x.iter().enumerate().map(|(t, x)| f64::from(*x) * part(angle(t))).sum()
                    };
                    let at = 2 * (row * bins + k);
                    let [re, im] = [0, 1].map(|part| f64::from(of_x.data()[at + part]));
                    let (cos, sin) = (sum(f64::cos), sum(f64::sin));
                    assert!((re - cos).abs() + (im + sin).abs() < 1e-5, "{n}: {re} {im}");
                }
            }
            let back = of_x.irfft(n);
            assert!(back.data().iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }

    #[test]
    fn operations_of_one_length_share_their_plans() {
        let tape = Tape::default();
        let (long, short) = (tape.fft(24), tape.fft(12));
        assert!(Arc::ptr_eq(&long, &tape.fft(24)) && Arc::ptr_eq(&short, &tape.fft(12)));
        assert!(long.plans.lock().expect("free").is_none(), "made when it is first used");
        let buffer = |fft: &Fft| fft.with(|plans| plans.real.as_ptr() as usize);
        assert_eq!(buffer(&long), buffer(&long));
    }
}
