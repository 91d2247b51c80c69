//! Which rows a table of future values needs. Upstream: `core.py: make_future_dataframe, get_missing_future`.

use std::borrow::Cow;

use super::horizon::check_horizon;
use super::memory::check_frame;
use super::neural_forecast::NeuralForecast;
use crate::data::{
    Column, ColumnNames, Frequency, Ids, OnGap, Panel, PanelOptions, Table, TimeKind,
    make_future_frame, missing_future,
};
use crate::{Error, ErrorCode, Result};

/// Series and times of a forecast, one row each.
#[derive(Clone, Debug, PartialEq)]
pub struct FutureFrame {
    /// Names of the special columns, as the user's table had them.
    pub names: ColumnNames,
    /// Series of each row.
    pub ids: Ids,
    /// Time of each row: milliseconds since 1970, or a step number.
    pub times: Vec<i64>,
    /// What `times` means.
    pub time_kind: TimeKind,
}

impl FutureFrame {
    /// Its two columns, by name.
    pub fn into_columns(self) -> [(String, Column); 2] {
        let ids = match self.ids {
            Ids::Text(ids) => Column::Text(ids.into_iter().map(Some).collect()),
            Ids::Int(ids) => Column::Int(ids),
        };
        let times = match self.time_kind {
            TimeKind::Step => Column::Int(self.times),
            TimeKind::Date { .. } => Column::Date(self.times),
        };
        [(self.names.id, ids), (self.names.time, times)]
    }
}

impl NeuralForecast {
    /// Series and times of the `h` steps after each series: of the training data, or of `data`.
    pub fn make_future_frame(&self, data: Option<&Table>, h: Option<usize>) -> Result<FutureFrame> {
        let (panel, frequency) = self.history(data)?;
        check_frame(panel.n_series(), self.steps(h)?)?;
        let (ids, times) = make_future_frame(&panel, frequency, self.steps(h)?);
        let (names, time_kind) = (panel.names.clone(), panel.time_kind.clone());
        Ok(FutureFrame { names, ids, times, time_kind })
    }

    /// The rows of [`NeuralForecast::make_future_frame`] that a table of future values lacks.
    pub fn missing_future(
        &self,
        future: &Table,
        data: Option<&Table>,
        h: Option<usize>,
    ) -> Result<FutureFrame> {
        let (panel, frequency) = self.history(data)?;
        check_frame(panel.n_series(), self.steps(h)?)?;
        let missing = missing_future(future, &panel, frequency, self.steps(h)?, self.reading)?;
        let (ids, times): (Vec<String>, Vec<i64>) = missing.into_iter().unzip();
        let ids = match &panel.ids {
            Ids::Text(_) => Ids::Text(ids),
            Ids::Int(_) => Ids::Int(ids.iter().filter_map(|id| id.parse().ok()).collect()),
        };
        let (names, time_kind) = (panel.names.clone(), panel.time_kind.clone());
        Ok(FutureFrame { names, ids, times, time_kind })
    }

    fn steps(&self, h: Option<usize>) -> Result<usize> {
        let h = h.unwrap_or(self.h());
        check_horizon(h).map(|()| h)
    }

    /// The series to continue: those of `data`, else of the training data.
    fn history(&self, data: Option<&Table>) -> Result<(Cow<'_, Panel>, Frequency)> {
        let fitted = self.require_fitted()?;
        if let Some(table) = data {
            let (names, frequency) = (fitted.names.clone(), Some(fitted.frequency));
            // Gaps and missing values do not change where a series ends.
            let on_gap = OnGap::Mask;
            let reading = self.reading;
            let options =
                PanelOptions { names, frequency, on_gap, reading, ..PanelOptions::default() };
            return Ok((Cow::Owned(Panel::from_table(table, &options)?.0), fitted.frequency));
        }
        let panel = fitted.panel.as_deref().ok_or_else(|| {
            let message = "this checkpoint was saved without its data; give the history as data";
            Error::new(ErrorCode::NotFitted, message)
        })?;
        Ok((Cow::Borrowed(panel), fitted.frequency))
    }
}
