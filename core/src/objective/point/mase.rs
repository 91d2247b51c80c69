//! The absolute error relative to the error of the seasonal naive forecast. Upstream: `losses/pytorch.py: MASE`.

use super::{Absolute, Given, Loss, Made, divide_no_nan, loss};
use serde_json::{Value, json};

use crate::Result;
use crate::objective::batch::{Factors, Tally, Totals};
use crate::objective::elementwise::Elementwise;
use crate::objective::formula::Formula;

loss! {
    /// Mean absolute error of the batch times the sum over its windows of 1 / (mean absolute error of the seasonal naive
    /// forecast over the input), as NeuralForecast computes it.
    pub struct MASE: "MASE", "mase", weighted {
        /// Season length in steps; must be less than `inputSize`.
        pub seasonality: Option<usize> = None; at least 1,
    }
}

impl Loss for MASE {
    const NEEDED: &'static [&'static str] = &["seasonality"];

    fn examples() -> Vec<Value> {
        vec![json!({ "seasonality": 1 })]
    }

    fn make(self, given: &Given<'_>) -> Result<Made> {
        let expected = "a whole number ≥ 1";
        let seasonality = given.required("seasonality", expected, self.seasonality)?;
        Ok(Made::point(Scaled { seasonality }))
    }
}

#[derive(Debug)]
struct Scaled {
    seasonality: usize,
}

impl Formula for Scaled {
    fn elementwise(&self) -> Option<&dyn Elementwise> {
        Some(&Absolute)
    }

    fn looks_back(&self) -> Option<(usize, &'static str)> {
        Some((self.seasonality, "seasonality"))
    }

    fn tallies(&self) -> bool {
        true
    }

    fn tally(&self, window: &Tally<'_>, totals: &mut Totals) {
        let inverse = inverse_naive_error(window.insample_y, self.seasonality);
        totals.add_inverse_naive_error(window.series, window.count * inverse);
    }

    /// As upstream, where broadcasting divides the errors of each window by the naive error of every window and sums them.
    fn factors(&self, totals: &Totals) -> Factors {
        let per_weight = divide_no_nan(1.0, totals.weight);
        let of = |inverse: &f64| [inverse * per_weight, 0.0];
        match &totals.inverse_naive_errors[..] {
            [] => Factors::Same([0.0; 2]),
            [inverse] => Factors::Same(of(inverse)),
            all => Factors::Each(all.iter().map(of).collect()),
        }
    }
}

/// `1 / mean |y[t] - y[t - seasonality]|`; 0 if the seasonal naive forecast has no error.
fn inverse_naive_error(y: &[f64], seasonality: usize) -> f64 {
    let errors = y[seasonality..].iter().zip(y).map(|(now, before)| (now - before).abs());
    divide_no_nan((y.len() - seasonality) as f64, errors.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_repeats_itself_is_not_divided_by() {
        assert_eq!(inverse_naive_error(&[1.0, 2.0, 1.0, 2.0], 2), 0.0);
        assert_eq!(inverse_naive_error(&[1.0, 2.0, 5.0, 8.0], 2), 0.2);
    }
}
