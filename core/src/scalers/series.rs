//! Scaling of whole series and of static columns, outside the models. Upstream: `core.py: _type2scaler`, coreforecast.
//!
//! Statistics and scaled values are f64. Differs from upstream: values that are not available are excluded from the
//! statistics.

use super::boxcox;
use crate::options::choices;

/// A scale below this is replaced by 1. The f32 epsilon, as upstream, so that Python scales in the same way.
const SMALLEST_SCALE: f64 = f32::EPSILON as f64;

choices! {
    /// How each whole series is scaled.
    pub enum LocalScalerType {
        /// Mean 0, standard deviation 1.
        Standard = "standard",
        /// Median 0, median absolute deviation 1.
        Robust = "robust",
        /// Median 0, interquartile range 1.
        RobustIqr = "robust-iqr",
        /// From 0 to 1.
        Minmax = "minmax",
        /// Box-Cox transform, with the power estimated by maximum likelihood.
        Boxcox = "boxcox",
    }
}

impl LocalScalerType {
    /// The two statistics of these values: shift and scale, or for Box-Cox the power and 0. Uses `values` as scratch space.
    ///
    /// Without values, scaling is the identity, except for Box-Cox, whose power of 1 subtracts 1.
    fn statistics(self, values: &mut [f64]) -> [f64; 2] {
        if values.is_empty() {
            return [if self == Self::Boxcox { 1.0 } else { 0.0 }, 1.0];
        }
        match self {
            Self::Standard => {
                let mean = mean(values);
                values.iter_mut().for_each(|v| *v = (*v - mean).powi(2));
                [mean, (values.iter().sum::<f64>() / values.len() as f64).sqrt()]
            }
            Self::Robust => {
                let median = quantile(values, 0.5);
                values.iter_mut().for_each(|v| *v = (*v - median).abs());
                [median, quantile(values, 0.5)]
            }
            Self::RobustIqr => {
                let [low, median, high] = [0.25, 0.5, 0.75].map(|p| quantile(values, p));
                [median, high - low]
            }
            Self::Minmax => {
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                [low, high - low]
            }
            Self::Boxcox => [boxcox::lambda(values), 0.0],
        }
    }
}

/// The scaler of one column, with statistics for each group of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesScaler {
    /// The kind of scaling.
    pub kind: LocalScalerType,
    /// Shift and scale of each group; for Box-Cox, the power and an unused number.
    pub statistics: Vec<[f64; 2]>,
}

impl SeriesScaler {
    /// Computes the statistics of the available values of each group, which has rows `groups[i]..groups[i + 1]`.
    ///
    /// For Box-Cox, available values must not be negative.
    pub fn fit(
        kind: LocalScalerType,
        values: &[f64],
        groups: &[usize],
        available: impl Fn(usize) -> bool,
    ) -> Self {
        let mut work = Vec::new();
        let statistics = groups.windows(2).map(|rows| {
            work.clear();
            work.extend((rows[0]..rows[1]).filter(|row| available(*row)).map(|row| values[row]));
            kind.statistics(&mut work)
        });
        Self { kind, statistics: statistics.collect() }
    }

    /// Scales a value of group `i`.
    pub fn scale(&self, i: usize, value: f64) -> f64 {
        let [shift, scale] = self.statistics[i];
        match self.kind {
            LocalScalerType::Boxcox => boxcox::transform(value, shift),
            _ => (value - shift) / or_one(scale),
        }
    }

    /// Scales a value of group `i` back.
    pub fn unscale(&self, i: usize, z: f64) -> f64 {
        let [shift, scale] = self.statistics[i];
        match self.kind {
            LocalScalerType::Boxcox => boxcox::inverse(z, shift),
            _ => z * or_one(scale) + shift,
        }
    }

    /// Scales every value of every group.
    pub fn scale_all(&self, values: &mut [f64], groups: &[usize]) {
        for (i, rows) in groups.windows(2).enumerate() {
            values[rows[0]..rows[1]].iter_mut().for_each(|v| *v = self.scale(i, *v));
        }
    }

    /// Scales every value of every group back.
    pub fn unscale_all(&self, values: &mut [f64], groups: &[usize]) {
        for (i, rows) in groups.windows(2).enumerate() {
            values[rows[0]..rows[1]].iter_mut().for_each(|v| *v = self.unscale(i, *v));
        }
    }
}

fn or_one(scale: f64) -> f64 {
    if scale.abs() < SMALLEST_SCALE { 1.0 } else { scale }
}

/// The mean, corrected by the mean of the residuals, so that the mean of equal values is exact.
fn mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    mean + values.iter().map(|v| v - mean).sum::<f64>() / n
}

/// The quantile, linearly interpolated. Reorders the values.
fn quantile(values: &mut [f64], p: f64) -> f64 {
    let place = p * (values.len() - 1) as f64;
    let (_, at, above) = values.select_nth_unstable_by(place as usize, f64::total_cmp);
    let (at, rest) = (*at, place.fract());
    match above.iter().copied().reduce(f64::min) {
        Some(next) if rest > 0.0 => at + rest * (next - at),
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::options::{OptionValue, read_option};

    #[test]
    fn a_constant_of_any_size_is_shifted_and_not_scaled() {
        for value in [0.1, -7.3, 1e12 + 0.3] {
            for name in ["standard", "robust", "robust-iqr", "minmax"] {
                let kind = LocalScalerType::read(&json!(name)).unwrap();
                let s = SeriesScaler::fit(kind, &[value; 7], &[0, 7], |_| true);
                assert_eq!((s.scale(0, value), s.unscale(0, 2.0)), (0.0, 2.0 + value), "{name}");
            }
        }
    }

    #[test]
    fn small_moves_of_large_values_survive() {
        let values: Vec<f64> = (0..24).map(|i| 1e9 + 1e-3 * f64::from(i % 5)).collect();
        let s = SeriesScaler::fit(LocalScalerType::Minmax, &values, &[0, 24], |_| true);
        assert!((s.scale(0, values[2]) - 0.5).abs() < 1e-4);
    }

    #[test]
    fn a_group_without_values_is_left_alone_or_moved_by_one() {
        for name in LocalScalerType::NAMES {
            let kind = LocalScalerType::read(&json!(name)).unwrap();
            let s = SeriesScaler::fit(kind, &[5.0, 6.0, 1.0], &[0, 2, 3], |row| row == 2);
            let moved = if kind == LocalScalerType::Boxcox { 1.0 } else { 0.0 };
            assert!((s.scale(0, 5.0) - (5.0 - moved)).abs() < 1e-12, "{name}");
            assert!((s.unscale(0, s.scale(0, 5.0)) - 5.0).abs() < 1e-12, "{name}");
        }
    }

    #[test]
    fn an_unknown_type_is_an_error_with_the_nearest_name() {
        let read =
            |value: Value| read_option::<Option<LocalScalerType>>("localScalerType", &value, &[]);
        assert_eq!(read(json!("robust-iqr")).unwrap(), Some(LocalScalerType::RobustIqr));
        let e = read(json!("standart")).unwrap_err();
        assert_eq!(
            e.message,
            "option \"localScalerType\" must be \"standard\", \"robust\", \"robust-iqr\", \"minmax\" or \
             \"boxcox\", got \"standart\"; did you mean \"standard\"?"
        );
        assert_eq!(e.details.option.as_deref(), Some("localScalerType"));
        assert!(read(json!(3)).unwrap_err().message.ends_with("\"boxcox\", got 3"));
    }
}
