//! Products of factors in 16 bits.

use super::Compute;
use super::bf16_gemm::{self, Bf16Operand, Bf16Plan, Product, Stored};
use super::half_precision::Numbers;
use super::matmul::{Init, Mat, Mode, matmul};

/// `x` as a matrix.
fn stored(x: Numbers<'_>, rows: usize, cols: usize) -> Stored<'_> {
    match x {
        Numbers::Wide(x) => Stored::Wide(Mat::new(x, rows, cols)),
        Numbers::Half(half, x) => Stored::Half(half, Mat::new(x, rows, cols)),
    }
}

/// `c = aᵀ b` or `c += aᵀ b` for `a` `[rows, m]`, `b` `[rows, n]` and `c` `[m, n]`: the gradient of a weight. `room` is where
/// some rows are widened, if they are not multiplied as they are.
pub fn gemm_tn(
    compute: Compute,
    a: Numbers<'_>,
    b: Numbers<'_>,
    [rows, m, n]: [usize; 3],
    c: &mut [f32],
    mode: Mode,
    room: &mut [f32],
) {
    assert_eq!(c.len(), m * n, "a product of {m} × {n}");
    if let Some(plan) = Bf16Plan::of(compute, [m, rows, n], false) {
        let init = if mode == Mode::Write { Init::Zero } else { Init::Accumulate };
        let b = Bf16Operand::Plain(stored(b, rows, n));
        let product = Product { b, n, stride: n, c, init };
        return bf16_gemm::multiply(plan, stored(a, rows, m).t(), [product]);
    }
    let most = (room.len() / (m + n).max(1)).max(1);
    let (wide_a, wide_b) = room.split_at_mut(most * m);
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
    use crate::kernels::half_precision::{Half, narrow, round};
    use crate::kernels::testing::each_isa;

    const PLAIN: Compute = Compute { shared: false, rounds: false };

    #[test]
    fn a_product_of_narrow_rows_is_that_of_the_wide_ones() {
        each_isa(|_| {
            for half in [Half::Bf16, Half::F16] {
                for [rows, m, n] in
                    [[1, 1, 1], [3, 5, 4], [33, 40, 7], [200, 64, 96], [130, 70, 33]]
                {
                    let numbers = |n: usize, step: usize| -> Vec<f32> {
                        (0..n).map(|i| ((i * step) % 41) as f32 / 16.0 - 1.0).collect()
                    };
                    let (mut a, mut b) = (numbers(rows * m, 7), numbers(rows * n, 13));
                    let of = |x: &mut [f32]| {
                        round(PLAIN, half, x);
                        let mut y = vec![0; x.len()];
                        narrow(PLAIN, half, x, &mut y);
                        y
                    };
                    let [narrow_a, narrow_b] = [of(&mut a), of(&mut b)];
                    let mut wanted = vec![1.0; m * n];
                    matmul(
                        PLAIN,
                        Mat::new(&a, rows, m).t(),
                        Mat::new(&b, rows, n),
                        &mut wanted,
                        Mode::Add,
                    );
                    let mut got = vec![1.0; m * n];
                    let (of_a, of_b) =
                        (Numbers::Half(half, &narrow_a), Numbers::Half(half, &narrow_b));
                    let mut room = vec![0.0; 8 * (m + n)];
                    let compute = Compute { shared: false, rounds: half == Half::Bf16 };
                    let sizes = [rows, m, n];
                    gemm_tn(compute, of_a, of_b, sizes, &mut got, Mode::Add, &mut room);
                    for (got, wanted) in got.iter().zip(&wanted) {
                        assert!(
                            (got - wanted).abs() <= 1e-4 * wanted.abs().max(1.0),
                            "{got} {wanted}"
                        );
                    }
                }
            }
        });
    }
}
