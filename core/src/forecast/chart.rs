//! Charts of forecasts in SVG: one small plot per series.

mod canvas;
mod plot;
mod ticks;

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use self::canvas::{Canvas, Font, Pen, sheet};
use self::plot::{Frame, Look, Plot};
use super::Forecast;
use super::calls::{ChartOptions, SeriesId};
use super::metrics::check_times;
use super::result::{series_count, series_position, unknown_series};
use crate::data::Panel;
use crate::objective::check_level;
use crate::options::OptionValue;
use crate::{Error, ErrorCode, Result};

/// Okabe and Ito's colors, which color-blind people can tell apart; the yellow, too pale for lines, is left out.
const COLORS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
];
const INK: RGBColor = RGBColor(0x20, 0x24, 0x2a);
const SOFT_INK: RGBColor = RGBColor(0x5b, 0x63, 0x6e);
const GREY: RGBColor = RGBColor(0x80, 0x86, 0x8f);

const HISTORY: Pen = Pen { color: INK, width: 1.5, dashed: false };
const ACTUAL: Pen = Pen { color: INK, width: 1.5, dashed: true };
const TITLE: Font = Font { size: 18.0, bold: true, color: INK };
const LEGEND: Font = Font { size: 12.0, bold: false, color: INK };

const MARGIN: f64 = 20.0;
const GAP: f64 = 28.0; // between columns
const SWATCH: f64 = 26.0; // width of a legend's sample
const LEGEND_ROW: f64 = 24.0;
const FOOT: f64 = 8.0;
const LEAST_PLOT: f64 = 120.0; // height with its labels

impl Forecast {
    /// Draws the forecast as SVG, with its history and the actual values if given.
    ///
    /// Shows the rows of `history` before the forecast, and the rows of `actual` within it.
    pub fn to_svg(
        &self,
        history: Option<&Panel>,
        actual: Option<&Panel>,
        options: &ChartOptions,
    ) -> Result<String> {
        self.refuse_paths("toSVG")?;
        for (panel, table) in [(history, "history"), (actual, "actual")] {
            panel.map_or(Ok(()), |panel| check_times(self, panel, table))?;
        }
        let looks = self.looks(options)?;
        let rows = options.max_insample_length.unwrap_or_else(|| (4 * self.h).max(36));
        let plot = |i: usize| Plot::new(self, i, &looks, history.map(|p| (p, rows)), actual);
        let series = self.chosen_series(options)?;
        let plots = series.into_iter().map(plot).collect::<Result<Vec<Plot>>>()?;
        let items = legend(&looks, plots.iter().any(Plot::has_history), actual.is_some());
        let legend = wrapped(&items, f64::from(options.width) - 2.0 * MARGIN);
        let layout = Layout::new(options, plots.len(), legend.len())?;

        let names: Vec<&str> = looks.iter().map(|look| look.name.as_str()).collect();
        let label =
            options.title.clone().unwrap_or_else(|| format!("Forecast by {}", names.join(", ")));
        Ok(sheet(layout.width, layout.height, &label, |canvas| {
            if let Some(title) = &options.title {
                let title = TITLE.fit(title, layout.width - 2.0 * MARGIN);
                canvas.text(&title, (MARGIN, MARGIN + 8.0), HPos::Left, TITLE);
            }
            for (row, items) in legend.iter().enumerate() {
                let y = layout.legend_top + (row as f64 + 0.3) * LEGEND_ROW;
                items.iter().fold(MARGIN, |x, item| x + item.draw(canvas, x, y));
            }
            let size = layout.cell_size();
            let labels = plots.iter().map(|p| p.label_width(size.1)).fold(0.0, f64::max);
            for (i, plot) in plots.iter().enumerate() {
                plot.draw(canvas, &Frame::within(layout.cell(i), size, labels));
            }
        }))
    }

    fn chosen_series(&self, options: &ChartOptions) -> Result<Vec<usize>> {
        let Some(ids) = &options.ids else {
            return Ok((0..series_count(&self.ids).min(8)).collect());
        };
        if ids.is_empty() {
            return Err(Error::option("ids", "a list of at least one series", ids.write()));
        }
        let position = |SeriesId(id): &SeriesId| {
            let unknown = || {
                unknown_series("forecast", &self.ids, id).with(|d| d.option = Some("ids".into()))
            };
            series_position(&self.ids, id).ok_or_else(unknown)
        };
        ids.iter().map(position).collect()
    }

    /// The style of each chosen model. A model keeps its color, whichever others are chosen.
    fn looks(&self, options: &ChartOptions) -> Result<Vec<Look>> {
        let models = options.models.as_ref().unwrap_or(&self.models);
        if models.is_empty() {
            return Err(Error::option("models", "a list of at least one model", models.clone()));
        }
        let look = |name: &String| {
            self.check_model(name).map_err(|e| e.with(|d| d.option = Some("models".into())))?;
            let index = self.models.iter().position(|m| m == name).expect("checked");
            let wanted = |level: &f64| {
                options.level.as_ref().is_none_or(|l| l.iter().any(|w| (w - level).abs() < 1e-9))
            };
            Ok(Look {
                name: name.clone(),
                pen: Pen {
                    color: COLORS[index % COLORS.len()],
                    width: 2.0,
                    dashed: index / COLORS.len() % 2 == 1,
                },
                levels: self.levels(name).into_iter().filter(wanted).rev().collect(),
            })
        };
        let looks: Vec<Look> = models.iter().map(look).collect::<Result<_>>()?;
        for level in options.level.iter().flatten() {
            let mut there = looks.iter().flat_map(|look| &look.levels);
            if !there.any(|l| (l - level).abs() < 1e-9) {
                let mut levels: Vec<f64> = models.iter().flat_map(|m| self.levels(m)).collect();
                levels.sort_by(f64::total_cmp);
                levels.dedup();
                check_level("level", *level)?;
                return Err(no_level(*level, &levels));
            }
        }
        Ok(looks)
    }
}

fn no_level(level: f64, there: &[f64]) -> Error {
    let list = there.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
    let there_are =
        if there.is_empty() { "they have none".into() } else { format!("they have {list}") };
    Error::new(
        ErrorCode::InvalidOption,
        format!(
            "no chosen model has an interval of level {level}; {there_are}; to get it, train with `loss.mq({{ level: [{level}] }})`"
        ),
    )
    .with(|d| {
        d.option = Some("level".into());
        d.expected = Some(there.into());
        d.actual = Some(level.into());
    })
}

/// Positions of title, legend and plots.
struct Layout {
    width: f64,
    height: f64,
    legend_top: f64,
    plots_top: f64,
    columns: usize,
    rows: usize,
}

impl Layout {
    fn new(options: &ChartOptions, plots: usize, legend_rows: usize) -> Result<Self> {
        if plots == 0 {
            return Err(Error::new(ErrorCode::Schema, "the forecast has no series to draw"));
        }
        if !(240..=10_000).contains(&options.width) {
            return Err(Error::option("width", "between 240 and 10000", options.width));
        }
        let width = f64::from(options.width);
        let legend_top = MARGIN + if options.title.is_some() { 34.0 } else { 0.0 };
        let plots_top = legend_top + legend_rows as f64 * LEGEND_ROW + 8.0;
        let (columns, rows) = (plots.min(2), plots.div_ceil(2));
        let usual = if plots == 1 { (0.42 * width).clamp(LEAST_PLOT, 480.0) } else { 246.0 };
        let least = (plots_top + rows as f64 * LEAST_PLOT + FOOT).ceil();
        let height = match options.height.map(f64::from) {
            None => (plots_top + rows as f64 * usual + FOOT).round(),
            Some(height) if (least..=100_000.0).contains(&height) => height,
            Some(height) => {
                let expected = format!("between {least} and 100000 to show {plots} series");
                return Err(Error::option("height", &expected, height));
            }
        };
        Ok(Self { width, height, legend_top, plots_top, columns, rows })
    }

    fn cell_size(&self) -> (f64, f64) {
        let gaps = 2.0 * MARGIN + GAP * (self.columns - 1) as f64;
        let height = self.height - self.plots_top - FOOT;
        ((self.width - gaps) / self.columns as f64, height / self.rows as f64)
    }

    /// The upper left corner of the cell of plot `i`.
    fn cell(&self, i: usize) -> (f64, f64) {
        let (width, height) = self.cell_size();
        let (column, row) = (i % self.columns, i / self.columns);
        (MARGIN + column as f64 * (width + GAP), self.plots_top + row as f64 * height)
    }
}

/// One entry of the legend.
struct Item {
    text: String,
    pen: Option<Pen>,
    /// Color and opacity of a shaded sample.
    band: Option<(RGBColor, f64)>,
}

fn legend(looks: &[Look], history: bool, actual: bool) -> Vec<Item> {
    let mut items = Vec::new();
    if history {
        items.push(Item { text: "history".into(), pen: Some(HISTORY), band: None });
    }
    if actual {
        items.push(Item { text: "actual".into(), pen: Some(ACTUAL), band: None });
    }
    items.extend(looks.iter().map(|look| Item {
        text: look.name.clone(),
        pen: Some(look.pen),
        band: None,
    }));
    let mut levels: Vec<f64> = looks.iter().flat_map(|look| look.levels.clone()).collect();
    levels.sort_by(|a, b| b.total_cmp(a));
    levels.dedup();
    let shaded: Vec<&Look> = looks.iter().filter(|look| !look.levels.is_empty()).collect();
    let color = if let [look] = shaded[..] { look.pen.color } else { GREY };
    let opacity = |i: usize| 1.0 - (1.0 - plot::BAND).powi(i as i32 + 1); // narrower bands lie on wider ones
    items.extend(levels.iter().enumerate().map(|(i, level)| Item {
        text: format!("{level}% interval"),
        pen: None,
        band: Some((color, opacity(i))),
    }));
    items
}

impl Item {
    fn width(&self) -> f64 {
        SWATCH + 7.0 + LEGEND.width(&self.text) + 18.0
    }

    /// Draws the entry and returns its width.
    fn draw(&self, canvas: &Canvas, x: f64, y: f64) -> f64 {
        if let Some((color, opacity)) = self.band {
            canvas.rectangle((x, y - 6.0), (x + SWATCH, y + 6.0), color, opacity);
        }
        if let Some(pen) = self.pen {
            canvas.line(&[(x, y), (x + SWATCH, y)], Pen { width: pen.width + 0.5, ..pen });
        }
        canvas.text(&self.text, (x + SWATCH + 7.0, y), HPos::Left, LEGEND);
        self.width()
    }
}

/// The legend in rows of at most this width.
fn wrapped(items: &[Item], width: f64) -> Vec<Vec<&Item>> {
    let mut rows: Vec<Vec<&Item>> = vec![Vec::new()];
    let mut used = 0.0;
    for item in items {
        if used > 0.0 && used + item.width() > width {
            rows.push(Vec::new());
            used = 0.0;
        }
        used += item.width();
        rows.last_mut().expect("there is a row").push(item);
    }
    rows
}

#[cfg(test)]
mod tests;
