//! Windows of a panel: (series, first row) pairs, never copied. Upstream: `_base_model.py: _create_windows`.
//!
//! Upstream pads every series on the left to the longest of the panel, so a shorter series has windows that begin
//! before it; they count when enough of their points are available.
//!
//! A univariate model sees one series at a time, a multivariate model all of them: a *group*. A window of a group is one
//! window in each of its series, aligned at their ends; in all lists here, they are in consecutive places.

use std::ops::Range;

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
    /// Rows of the longest series of the panel.
    pub longest: usize,
    /// Steps of input.
    pub input: usize,
    /// Steps of horizon in a window.
    pub horizon: usize,
    /// Zeros after the end of a series, so that its last points are inputs too.
    pub pad_end: usize,
    /// Steps between windows.
    pub step: usize,
    /// Whether windows may start before the first row of the longest series.
    pub start_padding: bool,
    /// Minimum shares of available points in input and horizon; at least one point of each is needed.
    pub availability: [f64; 2],
    /// Rows at the end of each series that are held out.
    pub held_out: usize,
}

impl TrainWindows {
    /// Appends the windows of a group that have enough available points in all its series together.
    pub fn add(&self, panel: &Panel, group: Range<usize>, windows: &mut Vec<Window>) {
        let longest = self.longest as i64;
        let before = if self.start_padding { self.input as i64 - 1 } else { 0 };
        let total = (longest - self.held_out as i64).max(0) + before + self.pad_end as i64;
        let count = total - (self.input + self.horizon) as i64;
        let need = [0, 1].map(|i| {
            let size = [self.input, self.horizon][i] as f64;
            ((size * self.availability[i] * group.len() as f64) as usize).max(1)
        });
        let available = |series| {
            let rows = panel.rows(series);
            let end = rows.end.saturating_sub(self.held_out).max(rows.start);
            Available::new(&panel.mask[rows.start..end])
        };
        let available: Vec<Available> = group.clone().map(available).collect();
        let enough = |windows: &[Window]| {
            let mut found = [0; 2];
            for (window, available) in windows.iter().zip(&available) {
                let middle = window.start + self.input as i64;
                found[0] += available.count(window.start, middle);
                found[1] += available.count(middle, middle + self.horizon as i64);
            }
            found[0] >= need[0] && found[1] >= need[1]
        };
        for at in (0..=count).step_by(self.step).map(|k| k - before) {
            let first = windows.len();
            windows.extend(across(panel, group.clone(), longest - at));
            if !enough(&windows[first..]) {
                windows.truncate(first);
            }
        }
    }
}

/// The groups of series that a model sees at a time: each series by itself, or all `together`.
pub fn groups(panel: &Panel, together: bool) -> Vec<Range<usize>> {
    let n = panel.n_series();
    if together { std::iter::once(0..n).collect() } else { (0..n).map(|i| i..i + 1).collect() }
}

/// The window of a group that starts `before_end` rows before the end of every series.
pub fn across(
    panel: &Panel,
    group: Range<usize>,
    before_end: i64,
) -> impl Iterator<Item = Window> + '_ {
    group.map(move |series| Window { series, start: panel.len(series) as i64 - before_end })
}

/// How validation windows are cut: every horizon that lies in the last `val_size` rows.
#[derive(Clone, Copy, Debug)]
pub struct ValidationWindows {
    /// Rows of the longest series of the panel.
    pub longest: usize,
    /// Steps of input.
    pub input: usize,
    /// Steps of horizon.
    pub h: usize,
    /// Rows at the end of each series that validate.
    pub val_size: usize,
    /// Steps between windows.
    pub step: usize,
}

impl ValidationWindows {
    /// The windows of a group.
    pub fn of(self, panel: &Panel, group: Range<usize>) -> impl Iterator<Item = Window> + '_ {
        let [longest, input, h, val_size] =
            [self.longest, self.input, self.h, self.val_size].map(|n| n as i64);
        let mut first = (longest - input - val_size).max(0);
        if longest - first < input + h {
            first = longest - input - val_size; // padded on the left
        }
        let starts = (first..=longest - input - h).step_by(self.step);
        starts.flat_map(move |at| across(panel, group.clone(), longest - at))
    }
}

/// The window of a group whose horizon begins right after the last rows.
pub fn forecast_window(
    panel: &Panel,
    group: Range<usize>,
    input: usize,
) -> impl Iterator<Item = Window> + '_ {
    across(panel, group, input as i64)
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
