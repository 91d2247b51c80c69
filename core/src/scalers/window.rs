//! Scaling of one window. Upstream: `common/_scalers.py: TemporalNorm`.
//!
//! Statistics are computed in f64, so that a series around 1e9 with changes of 1e-3 keeps its shape. Scaled values are f32.

use crate::options::choices;

/// Added to a scale to keep it away from 0, as upstream.
const EPS: f64 = 1e-6;
/// Ratio of the median absolute deviation to the standard deviation of a normal distribution.
const MAD_OF_STANDARD: f64 = 0.674_489_750_196_081_7;

choices! {
    /// How each window is scaled.
    pub enum ScalerType {
        /// No scaling.
        Identity = "identity",
        /// Mean 0, standard deviation 1.
        Standard = "standard",
        /// Median 0, median absolute deviation 1. If that deviation is 0, about 0.674 standard deviations replace it.
        Robust = "robust",
        /// From 0 to 1.
        Minmax = "minmax",
        /// From -1 to 1.
        Minmax1 = "minmax1",
        /// `robust`, then the inverse hyperbolic sine.
        Invariant = "invariant",
        /// `standard`; forecasts are scaled back with an additional learned affine map.
        Revin = "revin",
    }
}

/// Shift and scale of one column of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Subtracted.
    pub shift: f64,
    /// Divided by.
    pub scale: f64,
}

impl ScalerType {
    /// Statistics of the values whose mask is above 0. `work` is scratch space, reused between calls.
    pub fn statistics(self, values: &[f64], mask: &[f32], work: &mut Vec<f64>) -> Statistics {
        if self == Self::Identity {
            return Statistics { shift: 0.0, scale: 1.0 };
        }
        work.clear();
        work.extend(values.iter().zip(mask).filter(|(_, m)| **m > 0.0).map(|(v, _)| *v));
        let or_one = |scale: f64| if scale == 0.0 { 1.0 } else { scale };
        let (shift, scale) = match self {
            Self::Identity => unreachable!(),
            Self::Standard | Self::Revin => {
                let mean = mean(work);
                (mean, or_one(deviation(work, mean)) + EPS)
            }
            Self::Robust | Self::Invariant => {
                let center = median(work);
                let spread = deviation(work, mean(work)) * MAD_OF_STANDARD;
                work.iter_mut().for_each(|v| *v = (*v - center).abs());
                let mad = median(work);
                (center, or_one(if mad > 0.0 { mad } else { spread }) + EPS)
            }
            Self::Minmax | Self::Minmax1 => {
                let low = work.iter().copied().fold(f64::INFINITY, f64::min);
                let high = work.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                // As upstream: without available values, every value is scaled to the lower end.
                let nothing = (0.0, f64::INFINITY);
                if work.is_empty() { nothing } else { (low, or_one(high - low) + EPS) }
            }
        };
        Statistics { shift, scale }
    }

    /// Scales one value.
    pub fn scale(self, value: f64, s: Statistics) -> f32 {
        let z = s.relative(value);
        (match self {
            Self::Identity => value,
            Self::Minmax1 => 2.0 * z - 1.0,
            Self::Invariant => z.asinh(),
            _ => z,
        }) as f32
    }

    /// Scales one value back.
    pub fn unscale(self, z: f32, s: Statistics) -> f64 {
        let z = f64::from(z);
        match self {
            _ if s.scale.is_infinite() => z, // see [`Statistics::finite`]
            Self::Identity => z,
            Self::Minmax1 => (z + 1.0) / 2.0 * s.scale + s.shift,
            Self::Invariant => z.sinh() * s.scale + s.shift,
            _ => z * s.scale + s.shift,
        }
    }
}

impl Statistics {
    /// `(value - shift) / scale`
    pub fn relative(self, value: f64) -> f64 {
        (value - self.shift) / self.scale
    }

    /// The statistics for scaling back. Differs from upstream: in a window without available input, where minmax has an
    /// infinite scale and upstream returns NaN, forecasts are left as they are.
    #[must_use]
    pub fn finite(self) -> Self {
        if self.scale.is_infinite() { Self { shift: 0.0, scale: 1.0 } } else { self }
    }

    /// The statistics with which revin scales back: those of the window combined with its learned affine map.
    #[must_use]
    pub fn with_affine(self, weight: f32, bias: f32) -> Self {
        Self {
            shift: self.shift + f64::from(bias),
            scale: self.scale * (f64::from(weight.max(0.0)) + EPS),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

fn deviation(values: &[f64], mean: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64).sqrt()
}

/// The lower median, as torch.
fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_moves_of_large_values_survive() {
        let values: Vec<f64> = (0..24).map(|i| 1e9 + 1e-3 * f64::from(i % 5)).collect();
        let s = ScalerType::Standard.statistics(&values, &[1.0; 24], &mut Vec::new());
        let z: Vec<f32> = values.iter().map(|v| ScalerType::Standard.scale(*v, s)).collect();
        let spread =
            z.iter().copied().fold(f32::MIN, f32::max) - z.iter().copied().fold(f32::MAX, f32::min);
        // From 0 to 4 thousandths, of which 5, 5, 5, 5 and 4 have a deviation of 1.3819, and EPS is a thousandth of that.
        assert!((spread - 4.0 / 1.382_9).abs() < 1e-3, "{spread}");
    }

    #[test]
    fn a_window_without_input_has_numbers_all_the_same() {
        for name in ScalerType::NAMES {
            let kind = <ScalerType as crate::options::OptionValue>::read(&(*name).into()).unwrap();
            let s = kind.statistics(&[5.0; 3], &[0.0; 3], &mut Vec::new());
            assert!(kind.scale(7.0, s).is_finite() && kind.unscale(0.5, s).is_finite(), "{name}");
        }
        let s = ScalerType::Minmax1.statistics(&[5.0], &[0.0], &mut Vec::new());
        assert_eq!(ScalerType::Minmax1.scale(7.0, s), -1.0);
    }

    #[test]
    fn every_scaler_comes_back() {
        let values = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0];
        for name in ScalerType::NAMES {
            let kind = <ScalerType as crate::options::OptionValue>::read(&(*name).into()).unwrap();
            let s = kind.statistics(&values, &[1.0, 1.0, 0.0, 1.0, 1.0, 1.0], &mut Vec::new());
            for v in values {
                assert!((kind.unscale(kind.scale(v, s), s) - v).abs() < 2e-6 * 10.0, "{name} {v}");
            }
        }
    }
}
