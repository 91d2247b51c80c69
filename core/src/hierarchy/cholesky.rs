//! The Cholesky factor of a symmetric positive definite matrix, in f64: `M = L·Lᵀ`, and `M⁻¹` applied to many vectors.

use crate::interrupt::look;

/// The lower triangle `L`, row after row.
#[derive(Clone, Debug)]
pub(super) struct Cholesky {
    size: usize,
    lower: Vec<f64>,
}

/// Where row `i` of a triangle begins.
fn row(i: usize) -> usize {
    i * (i + 1) / 2
}

/// Bytes of a factor of a matrix with `size` rows.
pub(super) fn bytes(size: usize) -> usize {
    size.saturating_add(1).saturating_mul(size) / 2 * size_of::<f64>()
}

impl Cholesky {
    /// Factorizes the matrix whose lower triangle is given, row after row. `None` if it is not positive definite in f64.
    pub(super) fn new(size: usize, mut lower: Vec<f64>) -> Option<Self> {
        assert_eq!(lower.len(), row(size), "a triangle of {size} rows");
        for i in 0..size {
            look();
            let (before, rest) = lower.split_at_mut(row(i));
            let own = &mut rest[..=i];
            for j in 0..i {
                let other = &before[row(j)..=row(j) + j];
                let dot: f64 = own[..j].iter().zip(other).map(|(x, y)| x * y).sum();
                own[j] = (own[j] - dot) / other[j];
            }
            let square = own[i] - own[..i].iter().map(|v| v * v).sum::<f64>();
            if !(square > 0.0 && square.is_finite()) {
                return None;
            }
            own[i] = square.sqrt();
        }
        Some(Self { size, lower })
    }

    /// Replaces `count` vectors `x`, the columns of `[size, count]`, by `M⁻¹·x`.
    pub(super) fn solve(&self, x: &mut [f64], count: usize) {
        assert_eq!(x.len(), self.size * count, "[{}, {count}]", self.size);
        let at = |i: usize, j: usize| self.lower[row(i) + j];
        for i in 0..self.size {
            look();
            let (before, rest) = x.split_at_mut(i * count);
            let own = &mut rest[..count];
            for (j, other) in before.chunks_exact(count).enumerate() {
                add(own, -at(i, j), other);
            }
            own.iter_mut().for_each(|v| *v /= at(i, i));
        }
        for i in (0..self.size).rev() {
            look();
            let (before, after) = x.split_at_mut((i + 1) * count);
            let own = &mut before[i * count..];
            for (j, other) in (i + 1..).zip(after.chunks_exact(count)) {
                add(own, -at(j, i), other);
            }
            own.iter_mut().for_each(|v| *v /= at(i, i));
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.lower.capacity() * size_of::<f64>()
    }
}

/// `y += factor·x`
pub(super) fn add(y: &mut [f64], factor: f64, x: &[f64]) {
    if factor != 0.0 {
        y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lower triangle of `B·Bᵀ + I` for the `n × n` numbers `b`.
    fn matrix(n: usize, b: &[f64]) -> Vec<f64> {
        let product = |i: usize, j: usize| (0..n).map(|k| b[i * n + k] * b[j * n + k]).sum::<f64>();
        let entry = |(i, j): (usize, usize)| product(i, j) + f64::from(u8::from(i == j));
        (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))).map(entry).collect()
    }

    proptest! {
        #[test]
        fn the_solution_times_the_matrix_is_what_was_given(
            (n, count, b, x) in (1usize..12, 1usize..4).prop_flat_map(|(n, count)| {
                let numbers = |len| proptest::collection::vec(-3.0..3.0f64, len);
                (Just(n), Just(count), numbers(n * n), numbers(n * count))
            })
        ) {
            let lower = matrix(n, &b);
            let mut solved = x.clone();
            Cholesky::new(n, lower.clone()).unwrap().solve(&mut solved, count);
            let at = |i: usize, j: usize| if i < j { lower[row(j) + i] } else { lower[row(i) + j] };
            for c in 0..count {
                for i in 0..n {
                    let product: f64 = (0..n).map(|j| at(i, j) * solved[j * count + c]).sum();
                    let off = (product - x[i * count + c]).abs();
                    prop_assert!(off < 1e-9, "{off}");
                }
            }
        }
    }

    #[test]
    fn a_known_factor() {
        // numpy.linalg.cholesky([[4, 12, -16], [12, 37, -43], [-16, -43, 98]])
        let found = Cholesky::new(3, vec![4.0, 12.0, 37.0, -16.0, -43.0, 98.0]).unwrap();
        assert_eq!(found.lower, [2.0, 6.0, 1.0, -8.0, 5.0, 3.0]);
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        for lower in [vec![1.0, 2.0, 1.0], vec![0.0, 0.0, 1.0], vec![1.0, f64::NAN, 1.0]] {
            assert!(Cholesky::new(2, lower).is_none());
        }
    }
}
