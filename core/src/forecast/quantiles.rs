//! Forecasts at quantiles that are asked for, from models that can forecast any. Upstream: `core.py: _generate_forecasts`.

use super::columns::Columns;
use crate::losses::python_text;
use crate::models::Instance;
use crate::{Error, ErrorCode, Result};

/// The quantiles that an implicit quantile network forecasts, whatever is asked for.
const GRID: [f32; 11] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99];

/// Which quantiles a forecast must have, and what their columns are called.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Each with what is appended to a model's name; empty when nothing was asked for.
    quantiles: Vec<(f64, String)>,
}

impl Asked {
    /// Of the options `level` and `quantiles`, of which one may be given.
    pub(super) fn new(level: &[f64], quantiles: &[f64]) -> Result<Self> {
        if !level.is_empty() && !quantiles.is_empty() {
            let message = "give level or quantiles, not both: a level is its two quantiles";
            return Err(Error::new(ErrorCode::InvalidOption, message)
                .with(|d| d.option = Some("quantiles".into())));
        }
        if let Some(wrong) = level.iter().find(|l| !(**l > 0.0 && **l < 100.0)) {
            return Err(Error::option("level", "numbers between 0 and 100", *wrong));
        }
        if let Some(wrong) = quantiles.iter().find(|q| !(**q > 0.0 && **q < 1.0)) {
            return Err(Error::option("quantiles", "numbers between 0 and 1", *wrong));
        }
        // Differs from upstream, which rounds levels to whole ones in the names.
        let bounds = level.iter().flat_map(|l| {
            [
                ((50.0 - l / 2.0) / 100.0, format!("-lo-{l}")),
                ((50.0 + l / 2.0) / 100.0, format!("-hi-{l}")),
            ]
        });
        let text = |q: &f64| python_text(&(*q).into());
        let named = quantiles.iter().map(|q| (*q, format!("_ql{}", text(q))));
        let mut quantiles: Vec<(f64, String)> = bounds.chain(named).collect();
        quantiles.sort_by(|a, b| a.0.total_cmp(&b.0));
        quantiles.dedup_by(|a, b| a.0 == b.0);
        Ok(Self { quantiles })
    }

    /// The columns of a model: as `forecast` gives them at a quantile, or where the model forecasts any, those asked for.
    ///
    /// An implicit network's quantiles may cross. As upstream, the quantile `q` of a grid of its forecasts is taken, between
    /// two of them if need be: those of 0.1 and 0.9 are near the network's own at 0.05 and 0.95.
    pub(super) fn columns(
        &self,
        model: &Instance,
        name: &str,
        mut forecast: impl FnMut(f32) -> Result<Columns>,
    ) -> Result<Columns> {
        if self.quantiles.is_empty() || !model.head.takes_any_quantile() {
            return forecast(unasked(model));
        }
        let mut grid: Vec<Vec<f32>> = Vec::with_capacity(GRID.len());
        for quantile in GRID {
            grid.extend(forecast(quantile)?.into_iter().map(|(_, values)| values));
        }
        let rows = grid[0].len();
        let mut columns: Columns = self
            .quantiles
            .iter()
            .map(|(_, suffix)| (format!("{name}{suffix}"), Vec::with_capacity(rows)))
            .collect();
        let mut row = [0.0; GRID.len()];
        for i in 0..rows {
            row.iter_mut().zip(&grid).for_each(|(to, values)| *to = values[i]);
            row.sort_by(f32::total_cmp);
            for ((q, _), (_, column)) in self.quantiles.iter().zip(&mut columns) {
                column.push(between(&row, *q));
            }
        }
        Ok(columns)
    }
}

/// What a model that forecasts any quantile is asked for where the user asks for none.
pub(super) fn unasked(model: &Instance) -> f32 {
    model.loss.quantiles.first().copied().unwrap_or(0.5)
}

/// The quantile `q` of sorted numbers, linear between two of them.
fn between(sorted: &[f32], q: f64) -> f32 {
    let place = q * (sorted.len() - 1) as f64;
    let below = (place as usize).min(sorted.len() - 2);
    let [a, b] = [f64::from(sorted[below]), f64::from(sorted[below + 1])];
    (a + (b - a) * (place - below as f64)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_their_two_quantiles() {
        let names = |level: &[f64], quantiles: &[f64]| {
            let asked = Asked::new(level, quantiles).unwrap();
            asked.quantiles.into_iter().map(|(q, name)| format!("{q}{name}")).collect::<Vec<_>>()
        };
        let expected = ["0.0125-lo-97.5", "0.1-lo-80", "0.9-hi-80", "0.9875-hi-97.5"];
        assert_eq!(names(&[80.0, 97.5, 80.0], &[]), expected);
        assert_eq!(names(&[], &[0.9, 0.5, 0.9]), ["0.5_ql0.5", "0.9_ql0.9"]);
        assert!(names(&[], &[]).is_empty());
    }

    #[test]
    fn what_is_no_quantile_is_refused() {
        for (level, quantiles, option) in [
            (&[80.0][..], &[0.5][..], "quantiles"),
            (&[100.0], &[], "level"),
            (&[], &[0.0], "quantiles"),
            (&[], &[f64::NAN], "quantiles"),
        ] {
            let error = Asked::new(level, quantiles).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidOption);
            assert_eq!(error.details.option.as_deref(), Some(option));
        }
    }

    #[test]
    fn quantiles_lie_between_sorted_numbers() {
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!(
            [0.0, 0.25, 0.5, 0.75, 1.0].map(|q| between(&sorted, q)),
            [1.0, 1.5, 2.0, 3.0, 4.0]
        );
    }
}
