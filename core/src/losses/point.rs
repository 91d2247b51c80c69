//! Losses of a point forecast that look at one number at a time. Upstream: `losses/pytorch.py: MAE, MSE, MAPE, SMAPE, MASE`.

/// A loss of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Point {
    /// `|y - ŷ|`
    Absolute,
    /// `(y - ŷ)²`
    Squared,
    /// `|y - ŷ| / |y|`, 0 where `y` is 0
    Percentage,
    /// `2·|y - ŷ| / (|y| + |ŷ|)`, 0 where both are 0
    SymmetricPercentage,
}

impl Point {
    pub(super) fn value(self, y: f64, y_hat: f64) -> f64 {
        let error = y - y_hat;
        match self {
            Self::Absolute => error.abs(),
            Self::Squared => error * error,
            Self::Percentage => divide_no_nan(error.abs(), y.abs()),
            Self::SymmetricPercentage => 2.0 * divide_no_nan(error.abs(), y.abs() + y_hat.abs()),
        }
    }

    /// Derivative with respect to `ŷ`; 0 at kinks, as torch has it.
    pub(super) fn slope(self, y: f64, y_hat: f64) -> f64 {
        let error = y - y_hat;
        match self {
            Self::Absolute => -sign(error),
            Self::Squared => -2.0 * error,
            Self::Percentage => -divide_no_nan(sign(error), y.abs()),
            Self::SymmetricPercentage => {
                let size = y.abs() + y_hat.abs();
                let down = sign(y_hat) * divide_no_nan(error.abs(), size);
                -2.0 * divide_no_nan(sign(error) + down, size)
            }
        }
    }
}

/// `1 / mean |y[t] - y[t - seasonality]|`, what MASE multiplies errors with; 0 where the seasonal naive makes no error.
pub(crate) fn inverse_naive_error(y: &[f64], seasonality: usize) -> f64 {
    let errors = y[seasonality..].iter().zip(y).map(|(now, before)| (now - before).abs());
    divide_no_nan((y.len() - seasonality) as f64, errors.sum())
}

/// Upstream's `_divide_no_nan`: 0 where the divisor is 0; what is not finite above it stays so.
pub(super) fn divide_no_nan(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// -1, 0 or 1: torch's derivative of `|x|`.
pub(super) fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_values() {
        for loss in [Point::Absolute, Point::Squared, Point::Percentage, Point::SymmetricPercentage]
        {
            for (y, y_hat) in [(1.5, 0.25), (-2.0, 3.0), (0.5, -0.75), (0.0, 2.0)] {
                let step = 1e-6;
                let up = loss.value(y, y_hat + step) - loss.value(y, y_hat - step);
                let error = up / (2.0 * step) - loss.slope(y, y_hat);
                assert!(error.abs() < 1e-7, "{loss:?} at {y}, {y_hat}: {error}");
            }
        }
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(Point::Percentage.value(0.0, 3.0), 0.0);
        assert_eq!(Point::Percentage.slope(0.0, 3.0), 0.0);
        assert_eq!(Point::SymmetricPercentage.value(0.0, 0.0), 0.0);
        assert_eq!(Point::SymmetricPercentage.slope(0.0, 0.0), 0.0);
        assert_eq!(inverse_naive_error(&[1.0, 2.0, 1.0, 2.0], 2), 0.0);
        assert_eq!(inverse_naive_error(&[1.0, 2.0, 5.0, 8.0], 2), 0.2);
    }
}
