//! The benchmark of relative scores: a named forecast of the same rows, by default the seasonal naive one.

use super::{check_times, rows_of};
use crate::data::Panel;
use crate::forecast::result::{id_text, series_count};
use crate::forecast::{Column, Forecast};
use crate::objective::Output;
use crate::{Error, ErrorCode, Result};

/// The benchmark's forecast of each row; NaN where it has none.
pub(super) fn benchmark(
    forecast: &Forecast,
    train: Option<&Panel>,
    season_length: usize,
    name: Option<&str>,
) -> Result<Vec<f32>> {
    if let Some(name) = name {
        let model = forecast.models.iter().any(|model| model == name);
        let values = if model { forecast.point(name) } else { forecast.column(name) };
        return values.map(<[f32]>::to_vec);
    }
    let wrong = |message: &str| {
        Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some("benchmark".into()))
    };
    if forecast.cutoff.is_some() {
        return Err(wrong(
            "forecasts within the training data have no seasonal naive forecast to be compared with: \
             name a model or a column of the forecast as benchmark",
        ));
    }
    let train = train.ok_or_else(|| {
        wrong(
            "the seasonal naive forecast needs the training data, which is not available: \
             name a model or a column of the forecast as benchmark",
        )
    })?;
    if season_length == 0 {
        return Err(Error::option("seasonLength", "a positive integer", 0));
    }
    check_times(forecast, train, "training")?;
    let mut all = Vec::with_capacity(forecast.times.len());
    for i in 0..series_count(&forecast.ids) {
        let rows = rows_of(train, "training", &id_text(&forecast.ids, i))?;
        let (start, first) = (rows.start, forecast.times[forecast.indptr[i]]);
        let end = start + train.times[rows].partition_point(|time| *time < first);
        let steps = 0..forecast.rows(i).len();
        all.extend(steps.map(|step| repeated(train, [start, end], season_length, step)));
    }
    Ok(all)
}

/// Repeats the last season of each series over the horizon: `h` values per series.
///
/// A missing value is taken from the season before; NaN where no season has it.
pub fn seasonal_naive(train: &Panel, h: usize, season_length: usize) -> Vec<f32> {
    assert!(season_length > 0, "a season has at least one step");
    let of_series = |p: &[usize]| {
        let rows = [p[0], p[1]];
        (0..h).map(move |step| repeated(train, rows, season_length, step))
    };
    train.indptr.windows(2).flat_map(of_series).collect()
}

/// Model name of the seasonal naive forecast.
const SEASONAL_NAIVE: &str = "SeasonalNaive";

impl Forecast {
    /// The forecast with one more model, `SeasonalNaive`, which repeats the last season of the `history` that the forecast
    /// continues. An error for insample forecasts, without a history, and if a model or column already has that name.
    pub fn with_seasonal_naive(
        &self,
        history: Option<&Panel>,
        season_length: usize,
    ) -> Result<Self> {
        let of_option = |d: &mut crate::Details| d.option = Some("seasonalNaive".into());
        if self.cutoff.is_some() {
            let message = "seasonalNaive is not supported for forecasts within the training data";
            return Err(Error::new(ErrorCode::Unsupported, message).with(of_option));
        }
        let Some(history) = history else {
            let expected = "false when the forecaster was saved without its dataset";
            return Err(Error::option("seasonalNaive", expected, true));
        };
        let columns = self.columns.iter().map(|column| &column.name);
        if self.models.iter().chain(columns).any(|name| name == SEASONAL_NAIVE) {
            let message = format!(
                "a model is called \"{SEASONAL_NAIVE}\", as the seasonal naive's scores are; give it another alias, \
                 or leave out seasonalNaive"
            );
            return Err(Error::new(ErrorCode::InvalidOption, message).with(of_option));
        }
        let values = seasonal_naive(history, self.h, season_length);
        let mut both = self.clone();
        both.columns.push(Column::new(self.models.len(), SEASONAL_NAIVE, Output::Point, values));
        both.models.push(SEASONAL_NAIVE.into());
        Ok(both)
    }
}

/// The value at `step` steps after the rows `start..end`, repeated from the last season that has one.
fn repeated(train: &Panel, [start, end]: [usize; 2], season_length: usize, step: usize) -> f32 {
    let y = &train.temporal[0].1;
    let phase = season_length - step % season_length; // steps back from the end
    let mut rows = (1..).map_while(|season: usize| {
        end.checked_sub(phase + (season - 1) * season_length).filter(|row| *row >= start)
    });
    rows.find(|row| train.mask[*row] != 0.0).map_or(f32::NAN, |row| y[row] as f32)
}
