//! The hyperbolic tangent of complex numbers. Upstream: `torch.tanh`.
//!
//! `tanh(a + ib) = (sinh 2a + i sin 2b) / (cosh 2a + cos 2b)`; its derivative is `1 - tanh²`. Divided by `e^(2|a|)`, nothing
//! overflows.

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};

struct ComplexTanh;

fn tanh([re, im]: [f32; 2]) -> [f32; 2] {
    let power = (-2.0 * re.abs()).exp();
    let (sine, cosine) = (2.0 * im).sin_cos();
    let square = power * power;
    // 1 - e^(-4|a|), without cancellation near zero.
    let difference = -(-4.0 * re.abs()).exp_m1();
    let divisor = 1.0 + square + 2.0 * power * cosine;
    [difference.copysign(re) / divisor, 2.0 * power * sine / divisor]
}

impl Op for ComplexTanh {
    fn describe(&self) -> Description {
        Description::new("complex_tanh")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let size = out.shape.last();
        for (x, y) in x.data(0).chunks_exact(size).zip(out.data.chunks_exact_mut(size)) {
            let ((re, im), (to_re, to_im)) = (x.split_at(size / 2), y.split_at_mut(size / 2));
            for ((x, to_re), to_im) in re.iter().zip(im).zip(to_re).zip(to_im) {
                [*to_re, *to_im] = tanh([*x.0, *x.1]);
            }
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let size = b.shape().last();
        b.accumulate(0, |b, dx| {
            let pairs = b.output().chunks_exact(size).zip(b.grad().chunks_exact(size));
            for ((y, g), dx) in pairs.zip(dx.chunks_exact_mut(size)) {
                let ((y_re, y_im), (g_re, g_im)) = (y.split_at(size / 2), g.split_at(size / 2));
                let (dx_re, dx_im) = dx.split_at_mut(size / 2);
                for i in 0..size / 2 {
                    // The gradient times the conjugate of the derivative.
                    let re = 1.0 - y_re[i] * y_re[i] + y_im[i] * y_im[i];
                    let im = -2.0 * y_re[i] * y_im[i];
                    dx_re[i] += g_re[i] * re + g_im[i] * im;
                    dx_im[i] += g_im[i] * re - g_re[i] * im;
                }
            }
        });
    }

    fn reads(&self) -> Reads {
        Reads::Output
    }
}

impl Var<'_> {
    /// The hyperbolic tangent of complex numbers: the first half of the last axis holds the real parts, the second half the
    /// imaginary parts.
    #[track_caller]
    pub fn complex_tanh(self) -> Self {
        assert!(self.shape().last().is_multiple_of(2), "halves of {:?}", self.shape());
        self.tape.record(ComplexTanh, &[self], self.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::tanh;

    #[test]
    fn numbers_far_from_zero_and_close_to_it_are_finite_and_exact() {
        assert_eq!(tanh([100.0, 0.3]), [1.0, 0.0]);
        assert_eq!(tanh([-1000.0, 5.0]), [-1.0, -0.0]);
        let [re, im] = tanh([1e-7, -2e-7]);
        assert!((re - 1e-7).abs() < 1e-13 && (im + 2e-7).abs() < 1e-13, "{re} {im}");
        // cmath.tanh(0.5 + 1j)
        let [re, im] = tanh([0.5, 1.0]);
        assert!((re - 1.0428307).abs() < 1e-6 && (im - 0.8068774).abs() < 1e-6, "{re} {im}");
    }
}
