//! The actual values of forecasts.

use super::{check_times, rows_of};
use crate::data::{Panel, format_time};
use crate::forecast::Forecast;
use crate::forecast::result::{id_text, series_count};
use crate::{Error, ErrorCode, Result};

/// The forecast of one series from one cutoff on.
pub(super) struct Observed {
    /// Index of the series.
    pub(super) series: usize,
    /// The cutoff, where forecasts have one.
    pub(super) cutoff: Option<i64>,
    /// Its first time.
    pub(super) begins: i64,
    /// The rows that have an actual value, and that value.
    pub(super) rows: Vec<(usize, f64)>,
}

/// The actual values of each forecast.
pub(super) fn observed(forecast: &Forecast, actual: &Panel) -> Result<Vec<Observed>> {
    check_times(forecast, actual, "actual")?;
    let mut observed = Vec::new();
    for series in 0..series_count(&forecast.ids) {
        let rows = rows_of(actual, "actual", &id_text(&forecast.ids, series))?;
        let times = &actual.times[rows.clone()];
        for begin in forecast.rows(series).step_by(forecast.h) {
            let mut of_forecast = Vec::with_capacity(forecast.h);
            for row in begin..begin + forecast.h {
                let time = forecast.times[row];
                let at = times.binary_search(&time);
                let at = rows.start + at.map_err(|_| no_actual(forecast, actual, series, time))?;
                if actual.mask[at] != 0.0 {
                    of_forecast.push((row, actual.temporal[0].1[at]));
                }
            }
            observed.push(Observed {
                series,
                cutoff: forecast.cutoff.as_ref().map(|cutoff| cutoff[begin]),
                begins: forecast.times[begin],
                rows: of_forecast,
            });
        }
    }
    Ok(observed)
}

fn no_actual(forecast: &Forecast, actual: &Panel, series: usize, time: i64) -> Error {
    let id = id_text(&forecast.ids, series);
    let at = format_time(time, &forecast.time_kind);
    let target = &actual.temporal[0].0;
    Error::new(
        ErrorCode::MissingValue,
        format!("series \"{id}\" has no actual \"{target}\" at {at}; every forecast time needs a row in the actual table"),
    )
    .with(|d| {
        d.unique_id = Some(id.into());
        d.ds = Some(time);
        d.column = Some(target.clone());
    })
}
