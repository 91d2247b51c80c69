//! Values that the windows of a forecast lack: missing values are refused; rows before the start of a series give a
//! warning.

use super::calls::OnShort;
use crate::data::{OnMissing, Panel, counted, first_few, remedy_of_forecast};
use crate::models::Instance;
use crate::{Error, ErrorCode, Result};

/// Where the forecasts of each series start.
#[derive(Clone, Copy)]
pub(super) enum Begins {
    /// After its last row.
    AfterEnd,
    /// Every `step` rows, the last one `h` rows before its end: the last so many of these `windows`, or all from its first row
    /// on.
    Every { step: usize, h: usize, windows: Option<usize> },
}

impl Begins {
    /// Whether a row of a series with `len` rows is among the `input` rows before the start of a forecast or the `ahead`
    /// rows from it on.
    fn see(self, row: usize, len: usize, [input, ahead]: [usize; 2]) -> bool {
        match self {
            Self::AfterEnd => row + input >= len,
            Self::Every { step, h, windows } => {
                let first = windows.map_or(0, |n| len - h - (n - 1) * step);
                let from = (row + 1).saturating_sub(ahead);
                let begin = first + from.saturating_sub(first).next_multiple_of(step);
                begin + h <= len && begin <= row + input
            }
        }
    }
}

/// Refuses missing values where a model would see them, unless they are masked by choice.
pub(super) fn refuse_missing(
    models: &[Instance],
    panel: &Panel,
    begins: Begins,
    how: Option<OnMissing>,
) -> Result<()> {
    if how.is_some() || panel.missing.is_empty() {
        return Ok(());
    }
    for model in models {
        let input = model.forecast_input_size();
        let place =
            format!(", in the input of {} (inputSize {})", model.name(), model.common.input_size);
        let fix = remedy_of_forecast();
        let seen = |ahead: usize| {
            move |series: usize, row: usize| {
                let rows = panel.rows(series);
                begins.see(row - rows.start, rows.len(), [input, ahead])
            }
        };
        let known_ahead = model.streams.futr.columns.iter().map(|name| (name, model.common.h));
        for (column, ahead) in std::iter::once((&panel.names.target, 0)).chain(known_ahead) {
            panel
                .refuse(column, seen(ahead), &place, &fix)
                .map_err(|e| e.with(|d| d.model = Some(model.name().into())))?;
        }
    }
    Ok(())
}

/// Warns of series with fewer rows than the longest input of the models, or refuses them. For forecasts within the series,
/// input and horizon of the last one count.
pub(super) fn short_series(
    models: &[Instance],
    panel: &Panel,
    begins: Begins,
    how: OnShort,
) -> Result<Option<String>> {
    let Some(model) = models.iter().rev().max_by_key(|m| m.forecast_input_size()) else {
        return Ok(None);
    };
    let (input, name, size) = (model.forecast_input_size(), model.name(), model.common.input_size);
    let (needed, what) = match begins {
        Begins::AfterEnd => (input, format!("(inputSize {size})")),
        Begins::Every { h, .. } => (input + h, format!("and forecasts (inputSize {size}, h {h})")),
    };
    let short: Vec<usize> = (0..panel.n_series()).filter(|i| panel.len(*i) < needed).collect();
    let Some(first) = short.first() else { return Ok(None) };
    let each = short
        .iter()
        .map(|i| format!("\"{}\" ({})", panel.id(*i), counted(panel.len(*i), "row", "rows")));
    let have = if short.len() == 1 { "series has" } else { "series have" };
    let message = format!(
        "{} {have} fewer rows than the {needed} that {name} takes as input {what}: {}; ",
        short.len(),
        first_few(each, "")
    );
    match how {
        OnShort::Pad => Ok(Some(message + "the input is padded with zeros")),
        OnShort::Error => {
            let message = message + "give more rows, or set onShort to \"pad\"";
            Err(Error::new(ErrorCode::ShortSeries, message).with(|d| {
                d.unique_id = Some(panel.id(*first));
                d.option = Some("onShort".into());
                d.model = Some(name.into());
                d.expected = Some(needed.into());
                d.actual = Some(panel.len(*first).into());
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_seen_by_the_forecasts_after_them() {
        let seen = |begins: Begins, len: usize, sizes| {
            (0..len).filter(|row| begins.see(*row, len, sizes)).collect::<Vec<usize>>()
        };
        assert_eq!(seen(Begins::AfterEnd, 5, [2, 0]), [3, 4]);
        assert_eq!(seen(Begins::AfterEnd, 5, [9, 0]), [0, 1, 2, 3, 4]);
        // Forecasts begin at rows 0, 4 and 8.
        let every = |step: usize, h: usize| Begins::Every { step, h, windows: None };
        let fourth = every(4, 2);
        assert_eq!(seen(fourth, 10, [1, 0]), [3, 7]);
        assert_eq!(seen(fourth, 10, [3, 0]), [1, 2, 3, 5, 6, 7]);
        assert_eq!(seen(fourth, 10, [1, 2]), [0, 1, 3, 4, 5, 7, 8, 9]);
        assert_eq!(seen(every(1, 3), 6, [2, 0]), [0, 1, 2]);
        assert_eq!(seen(every(1, 3), 6, [2, 3]), [0, 1, 2, 3, 4, 5]);
        // At rows 3 and 7 of 9, and at row 7 only.
        let last = |n: usize| Begins::Every { step: 4, h: 2, windows: Some(n) };
        assert_eq!(seen(last(2), 9, [2, 0]), [1, 2, 5, 6]);
        assert_eq!(seen(last(2), 9, [1, 1]), [2, 3, 6, 7]);
        assert_eq!(seen(last(1), 9, [3, 2]), [4, 5, 6, 7, 8]);
    }
}
