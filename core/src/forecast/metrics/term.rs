//! The loss of one row of a forecast.

use super::Metric;
use crate::forecast::Forecast;
use crate::kernels::point_loss::PointLoss;
use crate::objective::{Absolute, Percentage, Pinball, Squared, SymmetricPercentage};
use crate::{Error, ErrorCode, Result};

/// The loss of one row, given its actual value; `None` if it is not defined.
pub(super) type Term<'a> = Box<dyn Fn(usize, f64) -> Option<f64> + 'a>;

pub(super) fn term<'a>(forecast: &'a Forecast, model: &str, metric: Metric) -> Result<Term<'a>> {
    let point = || forecast.point(model);
    Ok(match metric {
        Metric::Mae | Metric::Mase | Metric::Rmae => {
            let p = point()?;
            point_term(Absolute, p)
        }
        Metric::Mse | Metric::Rmse | Metric::Rmsse | Metric::RelMse => {
            let p = point()?;
            point_term(Squared, p)
        }
        Metric::Mape => {
            let p = point()?;
            let term = point_term(Percentage, p);
            Box::new(move |row, y| if y == 0.0 { None } else { term(row, y) })
        }
        Metric::Smape => {
            let p = point()?;
            let term = point_term(SymmetricPercentage, p);
            Box::new(move |row, y| term(row, y).map(|double| 0.5 * double))
        }
        Metric::Accuracy => {
            let p = point()?;
            Box::new(|row, y| Some(if y as f32 == p[row] { 1.0 } else { 0.0 }))
        }
        Metric::MqLoss | Metric::Scrps | Metric::ScaledCrps => {
            let quantiles = forecast.quantiles(model);
            if quantiles.is_empty() {
                return Err(Error::new(
                    ErrorCode::Schema,
                    format!("\"{model}\" has no quantiles to score; to get them, train with `loss.mq({{ level: [90] }})`"),
                )
                .with(|d| d.model = Some(model.into())));
            }
            let of_mean = match metric {
                Metric::Scrps => 1.0,
                Metric::ScaledCrps => 2.0 / quantiles.len() as f64,
                _ => 1.0 / quantiles.len() as f64,
            };
            Box::new(move |row, y| {
                let loss =
                    |(q, values): &(f64, &[f32])| Pinball.of([y, f64::from(values[row])], *q)[0];
                Some(quantiles.iter().map(loss).sum::<f64>() * of_mean)
            })
        }
        Metric::Quantile(q) => {
            let values = forecast.quantile(model, q)?;
            Box::new(move |row, y| Some(Pinball.of([y, f64::from(values[row])], q)[0]))
        }
        Metric::Coverage(level) => {
            let (lo, hi) = forecast.interval(model, level)?;
            Box::new(|row, y| {
                Some(f64::from(u8::from(f64::from(lo[row]) <= y && y <= f64::from(hi[row]))))
            })
        }
    })
}

/// A loss of a point forecast.
fn point_term<'a>(loss: impl PointLoss + 'a, forecast: &'a [f32]) -> Term<'a> {
    Box::new(move |row, y| Some(loss.of([y, f64::from(forecast[row])], 0.5)[0]))
}
