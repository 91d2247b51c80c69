//! The benchmark of relative scores: a named forecast of the same rows, by default the seasonal naive one.

use super::{Observed, Scoring, check_times, rows_of};
use crate::data::Panel;
use crate::forecast::result::{id_text, series_count};
use crate::forecast::{Column, Forecast};
use crate::objective::Output;
use crate::{Error, ErrorCode, Result};

/// The benchmark's forecast of each row; NaN where it has none.
pub(super) fn benchmark(
    forecast: &Forecast,
    observed: &[Observed],
    scoring: Scoring<'_>,
) -> Result<Vec<f32>> {
    let Scoring { train, season_length, benchmark, .. } = scoring;
    if let Some(name) = benchmark {
        let model = forecast.models.iter().any(|model| model == name);
        let values = if model { forecast.point(name) } else { forecast.column(name) };
        return values.map(<[f32]>::to_vec);
    }
    let train = train.ok_or_else(|| {
        let message = "the seasonal naive forecast needs the training data, which is not available: \
                       name a model or a column of the forecast as benchmark";
        Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some("benchmark".into()))
    })?;
    let begins = observed.iter().map(|o| (o.series, o.begins));
    naive(forecast, begins, train, season_length)
}

/// The last season of `train` before each of these forecasts, repeated over its horizon.
fn naive(
    forecast: &Forecast,
    begins: impl Iterator<Item = (usize, i64)>,
    train: &Panel,
    season_length: usize,
) -> Result<Vec<f32>> {
    if season_length == 0 {
        return Err(Error::option("seasonLength", "a positive integer", 0));
    }
    check_times(forecast, train, "training")?;
    let mut all = Vec::with_capacity(forecast.times.len());
    for (series, first) in begins {
        let rows = rows_of(train, "training", &id_text(&forecast.ids, series))?;
        let start = rows.start;
        let end = start + train.times[rows].partition_point(|time| *time < first);
        let steps = 0..forecast.h;
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
    /// The forecast with one more model, `SeasonalNaive`, which repeats the last season of `history` before each cutoff. NaN where
    /// no season has the value. An error without a history, and if a model or column already has that name.
    pub fn with_seasonal_naive(
        &self,
        history: Option<&Panel>,
        season_length: usize,
    ) -> Result<Self> {
        let of_option = |d: &mut crate::Details| d.option = Some("seasonalNaive".into());
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
        let forecasts =
            |i: usize| self.rows(i).step_by(self.h).map(move |row| (i, self.times[row]));
        let begins = (0..series_count(&self.ids)).flat_map(forecasts);
        let values = naive(self, begins, history, season_length)?;
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
