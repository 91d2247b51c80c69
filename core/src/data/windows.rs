//! Windows of a panel: (series, first row) pairs, never copied. Upstream: `_base_model.py: _create_windows`.
//!
//! Upstream pads every series on the left to the longest of the panel, so a shorter series has windows that begin
//! before it; they count when enough of their points are available.

use super::Panel;

/// A window: its series, and the row of that series at which it begins; negative in the padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Index of the series.
    pub series: usize,
    /// Row at which the window begins, counted from the first row of the series.
    pub start: i64,
}

/// How training windows are cut.
#[derive(Clone, Copy, Debug)]
pub struct TrainWindows {
    /// Steps of input.
    pub input: usize,
    /// Steps of horizon in a window.
    pub horizon: usize,
    /// Zeros after the end of a series, so that its last points are inputs too.
    pub pad_end: usize,
    /// Steps between windows.
    pub step: usize,
    /// Whether windows may begin before the longest series.
    pub start_padding: bool,
    /// Available points needed, as shares of input and horizon; at least one of each.
    pub availability: [f64; 2],
    /// Rows at the end of each series that are kept out.
    pub held_out: usize,
}

impl TrainWindows {
    /// The windows of one series that have enough available points.
    pub fn of_series(&self, panel: &Panel, series: usize) -> Vec<Window> {
        let rows = panel.rows(series);
        let longest = panel.max_len() as i64;
        let before = if self.start_padding { self.input as i64 - 1 } else { 0 };
        let total = (longest - self.held_out as i64).max(0) + before + self.pad_end as i64;
        let count = total - (self.input + self.horizon) as i64;
        let first = -before - (longest - rows.len() as i64);
        let available = Available::new(
            &panel.mask[rows.start..rows.end.saturating_sub(self.held_out).max(rows.start)],
        );
        let need = [0, 1].map(|i| {
            let size = [self.input, self.horizon][i];
            ((size as f64 * self.availability[i]) as usize).max(1)
        });
        let starts = (0..=count).step_by(self.step).map(|k| first + k);
        starts
            .filter(|start| {
                let middle = start + self.input as i64;
                available.count(*start, middle) >= need[0]
                    && available.count(middle, middle + self.horizon as i64) >= need[1]
            })
            .map(|start| Window { series, start })
            .collect()
    }
}

/// The validation windows of one series: every horizon that lies in its last `val_size` rows.
pub fn validation_windows(
    panel: &Panel,
    series: usize,
    [input, h]: [usize; 2],
    val_size: usize,
    step: usize,
) -> Vec<Window> {
    let (longest, len) = (panel.max_len() as i64, panel.rows(series).len() as i64);
    let [input, h, val_size] = [input, h, val_size].map(|n| n as i64);
    let mut first = (longest - input - val_size).max(0);
    if longest - first < input + h {
        first = longest - input - val_size; // padded on the left
    }
    let last = longest - input - h;
    (first..=last).step_by(step).map(|at| Window { series, start: at - (longest - len) }).collect()
}

/// The window whose horizon begins right after the last row of a series.
pub fn forecast_window(panel: &Panel, series: usize, input: usize) -> Window {
    Window { series, start: panel.rows(series).len() as i64 - input as i64 }
}

/// Counts of available points, by prefix sums.
struct Available(Vec<usize>);

impl Available {
    fn new(mask: &[f32]) -> Self {
        let mut total = 0;
        let sums = mask.iter().map(|m| {
            total += usize::from(*m > 0.0);
            total
        });
        Self(std::iter::once(0).chain(sums).collect())
    }

    fn count(&self, from: i64, to: i64) -> usize {
        let at = |i: i64| self.0[i.clamp(0, self.0.len() as i64 - 1) as usize];
        at(to) - at(from)
    }
}
