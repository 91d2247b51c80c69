//! The columns that a model reads, and the rows that its windows may use.

use super::Drawn;
use super::unscaled_windows::Prepared;
use crate::data::{Panel, Window};
use crate::kernels::windows::Span;
use crate::models::Instance;
use crate::{Error, ErrorCode, Result};

/// The columns that a model reads, in the order of its streams, and the rows that its windows may use.
pub(crate) struct Source<'a> {
    pub(super) panel: &'a Panel,
    pub(super) target: &'a [f64],
    pub(super) futr: Vec<&'a [f64]>,
    pub(super) hist: Vec<&'a [f64]>,
    pub(super) stat: Vec<&'a [f64]>,
    /// Sample weight of each row.
    pub(super) weight: Option<&'a [f32]>,
    /// Future values of the `futr` columns, `future_len` for each series.
    pub(super) future: Vec<&'a [f64]>,
    pub(super) future_len: usize,
    /// Rows at the end of each series that are hidden from windows.
    pub(super) held_out: usize,
    pub(super) prepared: Option<Prepared>,
}

impl<'a> Source<'a> {
    /// The columns that the options of `model` name.
    pub(crate) fn new(model: &Instance, panel: &'a Panel, held_out: usize) -> Result<Self> {
        let missing = |option: &str, name: &str| {
            let message =
                format!("{}: column \"{name}\" of {option} is not in the data", model.name());
            Error::new(ErrorCode::Schema, message).with(|d| d.column = Some(name.into()))
        };
        let temporal = |option: &str, names: &[String]| -> Result<Vec<&'a [f64]>> {
            names.iter().map(|n| panel.column(n).ok_or_else(|| missing(option, n))).collect()
        };
        let streams = &model.streams;
        let stat = streams.stat.columns.iter();
        Ok(Self {
            panel,
            target: panel.target(),
            futr: temporal("futrExogList", &streams.futr.columns)?,
            hist: temporal("histExogList", &streams.hist.columns)?,
            stat: stat
                .map(|n| panel.static_column(n).ok_or_else(|| missing("statExogList", n)))
                .collect::<Result<_>>()?,
            weight: panel.weight.as_deref(),
            future: Vec::new(),
            future_len: 0,
            held_out,
            prepared: None,
        })
    }

    /// Without sample weights: as in upstream, they apply only in training.
    pub(crate) fn unweighted(self) -> Self {
        Self { weight: None, ..self }
    }

    /// With values of the future columns after the last row: `len` for each series, one slice per column.
    pub(crate) fn with_future(mut self, future: Vec<&'a [f64]>, len: usize) -> Self {
        (self.future, self.future_len) = (future, len);
        self
    }

    /// Availability of all rows.
    pub(super) fn mask(&self) -> &'a [f32] {
        &self.panel.mask
    }

    /// The position of a window in the columns.
    pub(super) fn span(&self, window: Window) -> Span {
        let rows = self.panel.rows(window.series);
        let end = rows.end.saturating_sub(self.held_out).max(rows.start);
        let first = rows.start as i64;
        Span { start: first + window.start, seen: [first, end as i64] }
    }

    /// The weight of each available point of a window's horizon: its count times the mean sample weight over the horizon,
    /// where points outside the series have weight 0.
    pub(super) fn weight_of(&self, drawn: Drawn, [input, horizon]: [usize; 2]) -> f32 {
        let count = drawn.count as f32;
        let Some(weights) = self.weight else { return count };
        let span = self.span(drawn.window);
        let [from, to] = span.rows(input, horizon);
        count * (weights[from..to].iter().sum::<f32>() / horizon as f32)
    }
}
