//! One series in its frame: history, actual values, the models' lines and shaded intervals, axes.

use std::ops::Range;

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use super::canvas::{Canvas, Font, Pen, Point};
use super::ticks::{Tick, date_ticks, step_ticks, value_ticks};
use super::{ACTUAL, HISTORY, INK, SOFT_INK};
use crate::Result;
use crate::data::{Panel, TimeKind};
use crate::forecast::Forecast;
use crate::forecast::metrics::rows_of;
use crate::forecast::result::id_text;

/// Opacity of an interval.
pub(super) const BAND: f64 = 0.17;

const GRID: Pen = Pen { color: RGBColor(0xe7, 0xe9, 0xed), width: 1.0, dashed: false };
const AXIS: Pen = Pen { color: RGBColor(0xa4, 0xaa, 0xb3), width: 1.0, dashed: false };
const HORIZON: RGBColor = RGBColor(0xf5, 0xf7, 0xfa);
const HEADING: Font = Font { size: 13.0, bold: true, color: INK };
const LABEL: Font = Font { size: 11.0, bold: false, color: SOFT_INK };

const ABOVE: f64 = 26.0; // the heading
const BELOW: f64 = 48.0; // two lines of labels, and air
const INSET: f64 = 6.0; // between the frame and what it shows

/// How a model is drawn, and the levels of its intervals, widest first.
pub(super) struct Look {
    pub(super) name: String,
    pub(super) pen: Pen,
    pub(super) levels: Vec<f64>,
}

/// Values over time; the line breaks at `None`.
type Curve = Vec<(i64, Option<f64>)>;

/// What a plot shows.
pub(super) struct Plot {
    heading: String,
    dates: bool,
    /// The times of the forecast.
    horizon: Vec<i64>,
    history: Curve,
    actual: Curve,
    models: Vec<Drawn>,
}

struct Drawn {
    pen: Pen,
    curve: Curve,
    /// Lower and upper bounds.
    bands: Vec<(Curve, Curve)>,
}

/// Where a plot is on the sheet: its cell, and in it the rectangle of the data.
pub(super) struct Frame {
    cell_left: f64,
    cell_top: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Frame {
    /// The frame in a cell, beside value labels of this width.
    pub(super) fn within((left, top): Point, (width, height): (f64, f64), labels: f64) -> Self {
        Self {
            cell_left: left,
            cell_top: top,
            left: left + labels + 8.0,
            right: left + width,
            top: top + ABOVE,
            bottom: top + height - BELOW,
        }
    }
}

impl Plot {
    /// Collects the data shown for series `i`, with at most the given number of rows of history.
    pub(super) fn new(
        forecast: &Forecast,
        i: usize,
        looks: &[Look],
        history: Option<(&Panel, usize)>,
        actual: Option<&Panel>,
    ) -> Result<Self> {
        let id = id_text(&forecast.ids, i);
        let rows = line_of(forecast, i);
        let mut horizon: Vec<i64> = rows.iter().map(|row| forecast.times[*row]).collect();
        let (first, last) = (horizon[0], horizon[horizon.len() - 1]);

        let mut before =
            history.map_or(Ok(Vec::new()), |(panel, _)| curve(panel, "history", &id))?;
        before.retain(|(time, _)| *time < first);
        before.drain(..before.len().saturating_sub(history.map_or(0, |(_, rows)| rows)));
        let mut origin = before.last().copied(); // lines start where the history ends

        let mut after = actual.map_or(Ok(Vec::new()), |panel| curve(panel, "actual", &id))?;
        after.retain(|(time, _)| (first..=last).contains(time));
        if actual.is_some() {
            after.splice(..0, origin);
        }
        if let TimeKind::Date { time_zone: Some(zone), .. } = forecast.time_kind {
            let drawn = before.iter_mut().chain(&mut after).chain(&mut origin).map(|(t, _)| t);
            drawn.chain(&mut horizon).for_each(|t| *t = zone.local(*t)); // local times
        }

        let line = |values: &[f32]| -> Curve {
            let value = |row: &usize| Some(f64::from(values[*row])).filter(|v| v.is_finite());
            let values = rows.iter().map(value);
            origin.into_iter().chain(horizon.iter().copied().zip(values)).collect()
        };
        let model = |look: &Look| {
            let band = |level: &f64| {
                forecast.interval(&look.name, *level).map(|(lo, hi)| (line(lo), line(hi)))
            };
            Ok(Drawn {
                pen: look.pen,
                curve: line(forecast.point(&look.name)?),
                bands: look.levels.iter().map(band).collect::<Result<_>>()?,
            })
        };
        let models = looks.iter().map(model).collect::<Result<_>>()?;
        let dates = forecast.time_kind != TimeKind::Step;
        Ok(Self {
            heading: id.into_owned(),
            dates,
            horizon,
            history: before,
            actual: after,
            models,
        })
    }

    pub(super) fn has_history(&self) -> bool {
        !self.history.is_empty()
    }

    /// About how wide the value labels are in a cell of this height.
    pub(super) fn label_width(&self, cell_height: f64) -> f64 {
        let labels = self.value_ticks(cell_height - ABOVE - BELOW);
        labels.iter().map(|(_, label)| LABEL.width(label)).fold(0.0, f64::max)
    }

    pub(super) fn draw(&self, canvas: &Canvas, frame: &Frame) {
        let heading = HEADING.fit(&self.heading, frame.right - frame.cell_left);
        canvas.text(&heading, (frame.cell_left, frame.cell_top + 10.0), HPos::Left, HEADING);

        let (start, end) = self.times();
        let (lo, hi) = self.values();
        let pixels = frame.right - frame.left - 2.0 * INSET;
        let x = |time: i64| frame.left + INSET + (time as f64 - start) / (end - start) * pixels;
        let y = |value: f64| {
            frame.bottom
                - (value.clamp(-LARGEST, LARGEST) - lo) / (hi - lo) * (frame.bottom - frame.top)
        };

        if let Some((time, _)) = self.history.last() {
            canvas.rectangle((x(*time), frame.top), (frame.right, frame.bottom), HORIZON, 1.0);
        }
        for (value, label) in self.value_ticks(frame.bottom - frame.top) {
            canvas.line(&[(frame.left, y(value)), (frame.right, y(value))], GRID);
            canvas.text(&label, (frame.left - 8.0, y(value)), HPos::Right, LABEL);
        }
        canvas.line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], AXIS);
        for tick in self.time_ticks(pixels) {
            let at = x(tick.at);
            canvas.line(&[(at, frame.bottom), (at, frame.bottom + 4.0)], AXIS);
            for (text, below) in [(&tick.label, 13.0), (&tick.context, 27.0)] {
                let half = LABEL.width(text) / 2.0;
                let center = at.min(frame.right + 16.0 - half).max(frame.cell_left - 16.0 + half);
                if !text.is_empty() {
                    canvas.text(text, (center, frame.bottom + below), HPos::Center, LABEL);
                }
            }
        }

        for model in &self.models {
            for (lower, upper) in &model.bands {
                let both = |i: usize| Some((x(lower[i].0), y(lower[i].1?), y(upper[i].1?)));
                for run in runs((0..lower.len()).map(both)) {
                    let mut outline: Vec<Point> = run.iter().map(|(x, lo, _)| (*x, *lo)).collect();
                    outline.extend(run.iter().rev().map(|(x, _, hi)| (*x, *hi)));
                    if let [(x, lo, hi)] = run[..] {
                        outline = vec![(x - 4.0, lo), (x + 4.0, lo), (x + 4.0, hi), (x - 4.0, hi)];
                    }
                    canvas.polygon(&outline, model.pen.color, BAND);
                }
            }
        }
        let line = |curve: &Curve, pen| {
            for run in runs(curve.iter().map(|(time, value)| Some((x(*time), y((*value)?))))) {
                canvas.line(&thinned(&run), pen);
            }
        };
        line(&self.history, HISTORY);
        self.models.iter().for_each(|model| line(&model.curve, model.pen));
        line(&self.actual, ACTUAL);
    }

    /// Where the time axis starts and ends.
    fn times(&self) -> (f64, f64) {
        let start = self.history.first().map_or(self.horizon[0], |(time, _)| *time);
        let end = self.horizon[self.horizon.len() - 1];
        if start < end {
            (start as f64, end as f64)
        } else {
            (start as f64 - 0.5, start as f64 + 0.5)
        }
    }

    /// Where the value axis starts and ends.
    fn values(&self) -> (f64, f64) {
        let bounds = self.models.iter().flat_map(|m| &m.bands).flat_map(|(lo, hi)| [lo, hi]);
        let lines = self.models.iter().map(|m| &m.curve).chain([&self.history, &self.actual]);
        let values = lines.chain(bounds).flatten().filter_map(|(_, value)| *value);
        let values = values.map(|v| v.clamp(-LARGEST, LARGEST));
        let (lo, hi) = values.fold((f64::MAX, f64::MIN), |(lo, hi), v| (lo.min(v), hi.max(v)));
        if lo > hi {
            return (0.0, 1.0); // there is nothing to show
        }
        let size = lo.abs().max(hi.abs());
        match hi - lo {
            _ if size < 1.0 / LARGEST => (-1.0, 1.0),
            span if span < 1e-9 * size => (lo - 0.1 * size, hi + 0.1 * size), // only rounding errors
            span => (lo - 0.06 * span, hi + 0.06 * span),
        }
    }

    fn value_ticks(&self, pixels: f64) -> Vec<(f64, String)> {
        let (lo, hi) = self.values();
        value_ticks(lo, hi, ((pixels / 34.0) as usize).clamp(2, 8))
    }

    fn time_ticks(&self, pixels: f64) -> Vec<Tick> {
        let before = self.history.iter().map(|(time, _)| *time);
        let times: Vec<i64> = before.chain(self.horizon.iter().copied()).collect();
        if self.dates {
            date_ticks(&times, pixels)
        } else {
            step_ticks(times[0], times[times.len() - 1], pixels)
        }
    }
}

/// Values are clamped to this magnitude, far from where `f64` overflows.
const LARGEST: f64 = 1e290;

/// The rows of series `i` that make one line; a forecast that overlaps an earlier one is skipped.
fn line_of(forecast: &Forecast, i: usize) -> Vec<usize> {
    let (rows, mut end) = (forecast.rows(i), i64::MIN);
    let windows =
        rows.clone().step_by(forecast.h).map(|first| first..rows.end.min(first + forecast.h));
    let follows = |window: &Range<usize>| {
        let follows = forecast.times[window.start] > end;
        if follows {
            end = forecast.times[window.end - 1];
        }
        follows
    };
    windows.filter(follows).flatten().collect()
}

/// The target of a series.
fn curve(panel: &Panel, table: &str, id: &str) -> Result<Curve> {
    let value = |row: usize| {
        let y = panel.temporal[0].1[row];
        (panel.times[row], (panel.mask[row] != 0.0 && y.is_finite()).then_some(y))
    };
    Ok(rows_of(panel, table, id)?.map(value).collect())
}

/// The runs of consecutive values.
fn runs<T>(points: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for point in points {
        match point {
            Some(point) => runs.last_mut().expect("there is a run").push(point),
            None => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The line with at most four points per pixel: first, lowest, highest and last.
fn thinned(line: &[Point]) -> Vec<Point> {
    let mut thin = Vec::with_capacity(line.len());
    for column in line.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        if column.len() <= 4 {
            thin.extend_from_slice(column);
            continue;
        }
        let by_height = |&a: &usize, &b: &usize| column[a].1.total_cmp(&column[b].1);
        let lowest = (0..column.len()).min_by(by_height).expect("more than four");
        let highest = (0..column.len()).max_by(by_height).expect("more than four");
        let mut kept = [0, lowest, highest, column.len() - 1];
        kept.sort_unstable();
        thin.extend(kept.map(|i| column[i]));
    }
    thin
}
