//! Matrix products of factors that may be stored in 16 bits.

use super::Compute;
use super::bf16_gemm::{self, Bf16Operand, Bf16Plan, FloatMat, Product};
use super::float_slice::FloatSlice;
use super::matmul::{Init, Mat, Mode, matmul};

/// `c = aᵀ b` or `c += aᵀ b` for `a` `[rows, m]`, `b` `[rows, n]` and `c` `[m, n]`: the gradient of a weight.
///
/// Where the product cannot read 16 bits, some rows at a time are widened into `scratch`.
pub fn gemm_tn(
    compute: Compute,
    a: FloatSlice<'_>,
    b: FloatSlice<'_>,
    [rows, m, n]: [usize; 3],
    c: &mut [f32],
    mode: Mode,
    scratch: &mut [f32],
) {
    assert_eq!(c.len(), m * n, "a product of {m} × {n}");
    if let Some(plan) = Bf16Plan::of(compute, [m, rows, n], false) {
        let init = if mode == Mode::Write { Init::Zero } else { Init::Accumulate };
        let b = Bf16Operand::Plain(FloatMat::new(b, rows, n));
        let product = Product { b, n, stride: n, c, init };
        return bf16_gemm::multiply(plan, FloatMat::new(a, rows, m).t(), [product]);
    }
    let most = (scratch.len() / (m + n).max(1)).max(1);
    let (wide_a, wide_b) = scratch.split_at_mut(most * m);
    let parts = rows.div_ceil(most).max(1);
    for i in 0..parts {
        let part = i * rows / parts..(i + 1) * rows / parts;
        let a = a.wide(compute, part.start * m..part.end * m, wide_a);
        let b = b.wide(compute, part.start * n..part.end * n, wide_b);
        let mode = if i == 0 { mode } else { Mode::Add };
        matmul(compute, Mat::new(a, part.len(), m).t(), Mat::new(b, part.len(), n), c, mode);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::float_slice::HalfVec;
    use crate::kernels::half_precision::{Half, round};
    use crate::kernels::testing::each_isa;

    const PLAIN: Compute = Compute { shared: false, rounds: false };

    /// `x`, rounded, and the same numbers in 16 bits.
    fn rounded(half: Half, mut x: Vec<f32>) -> (Vec<f32>, HalfVec) {
        round(PLAIN, half, &mut x);
        let mut y = match half {
            Half::Bf16 => HalfVec::Bf16(vec![Default::default(); x.len()]),
            Half::F16 => HalfVec::F16(vec![Default::default(); x.len()]),
        };
        y.write(PLAIN, 0, FloatSlice::F32(&x));
        (x, y)
    }

    #[test]
    fn a_product_of_rows_in_16_bits_is_that_of_the_rows_in_f32() {
        let numbers = |n: usize, step: usize| -> Vec<f32> {
            (0..n).map(|i| ((i * step) % 41) as f32 / 16.0 - 1.0).collect()
        };
        each_isa(|_| {
            for half in [Half::Bf16, Half::F16] {
                for sizes in [[1, 1, 1], [3, 5, 4], [33, 40, 7], [200, 64, 96], [130, 70, 33]] {
                    let [rows, m, n] = sizes;
                    let (a, half_a) = rounded(half, numbers(rows * m, 7));
                    let (b, half_b) = rounded(half, numbers(rows * n, 13));
                    let (mut wanted, mut got) = (vec![1.0; m * n], vec![1.0; m * n]);
                    let (a, b) = (Mat::new(&a, rows, m).t(), Mat::new(&b, rows, n));
                    matmul(PLAIN, a, b, &mut wanted, Mode::Add);
                    let compute = Compute { shared: false, rounds: half == Half::Bf16 };
                    let (a, b) = (half_a.as_slice(), half_b.as_slice());
                    let mut scratch = vec![0.0; 8 * (m + n)];
                    gemm_tn(compute, a, b, sizes, &mut got, Mode::Add, &mut scratch);
                    for (got, wanted) in got.iter().zip(&wanted) {
                        let error = (got - wanted).abs();
                        assert!(error <= 1e-4 * wanted.abs().max(1.0), "{got} {wanted}");
                    }
                }
            }
        });
    }
}
