//! Windows given as plain arrays: a panel of at most one shard whose series are the windows, refilled for each shard.

use std::ops::Range;

use super::Drawn;
use super::source::Source;
use crate::data::{ColumnNames, Ids, MissingRows, Panel, TimeKind, Window};
use crate::models::{InputStream, Instance};

/// The values of some windows, row-major, in the units of the data. For a multivariate model, a window has one row per
/// series, and `stat` has one row per series for all windows; otherwise every array has one row per window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WindowValues<'a> {
    /// `[rows, L]`
    pub(crate) y: &'a [f32],
    /// `[rows, L + h, F]`
    pub(crate) futr: &'a [f32],
    /// `[rows, L, X]`
    pub(crate) hist: &'a [f32],
    /// `[rows, S]`, or `[N, S]`
    pub(crate) stat: &'a [f32],
}

/// Columns of one kind over some rows.
struct PresetColumns {
    /// The position of each column in the model's option.
    places: Vec<usize>,
    columns: Vec<Vec<f64>>,
}

/// The allocations of a [`Source`]'s lists, kept between uses.
type Lists = [Vec<&'static [f64]>; 4];

/// Buffers for some windows.
pub(crate) struct PresetWindows {
    panel: Panel,
    drawn: Vec<Drawn>,
    futr: PresetColumns,
    future: PresetColumns,
    hist: PresetColumns,
    stat: PresetColumns,
    /// Steps and series per window.
    lens: [usize; 2],
    series: usize,
    /// Whether static columns are per series and shared by all windows, rather than per window.
    same_statics: bool,
    lists: Lists,
}

impl PresetWindows {
    /// Buffers for `windows` windows of a model.
    pub(crate) fn new(model: &Instance, windows: usize) -> Self {
        let (lens, rows) = (lens(model), windows * model.series);
        let [input, h] = lens;
        let (streams, common) = (&model.streams, &model.common);
        let given = |stream: &InputStream, list: &[String], steps: usize| PresetColumns {
            places: places(stream, list),
            columns: vec![vec![0.0; rows * steps]; stream.columns.len()],
        };
        let names = ColumnNames::default();
        Self {
            panel: Panel {
                ids: Ids::Int((0..rows as i64).collect()),
                indptr: (0..=rows).map(|row| row * input).collect(),
                times: Vec::new(),
                time_kind: TimeKind::Step,
                temporal: vec![(names.target.clone(), vec![0.0; rows * input])],
                mask: vec![1.0; rows * input],
                weight: None,
                statics: Vec::new(),
                missing: MissingRows::default(),
                warnings: Vec::new(),
                names,
            },
            drawn: (0..rows)
                .map(|series| Drawn { window: Window { series, start: 0 }, count: 1 })
                .collect(),
            futr: given(&streams.futr, &common.futr_exog_list, input),
            future: given(&streams.futr, &common.futr_exog_list, h),
            hist: given(&streams.hist, &common.hist_exog_list, input),
            stat: given(&streams.stat, &common.stat_exog_list, 1),
            lens,
            series: model.series,
            same_statics: model.spec.multivariate,
            lists: Lists::default(),
        }
    }

    /// Copies the windows of this range.
    pub(crate) fn fill(&mut self, numbers: &WindowValues<'_>, windows: Range<usize>) {
        let [input, h] = self.lens;
        let rows = windows.start * self.series..windows.end * self.series;
        let y = &numbers.y[rows.start * input..rows.end * input];
        self.panel.temporal[0].1.iter_mut().zip(y).for_each(|(to, v)| *to = f64::from(*v));
        self.futr.fill(numbers.futr, rows.clone(), input + h, 0..input);
        self.future.fill(numbers.futr, rows.clone(), input + h, input..input + h);
        self.hist.fill(numbers.hist, rows.clone(), input, 0..input);
        // Static columns per series are read from the first window only.
        let rows = if self.same_statics { 0..self.series } else { rows };
        self.stat.fill(numbers.stat, rows, 1, 0..1);
    }

    /// Calls back with a source of the first `windows` copied windows.
    pub(crate) fn with_source<R>(
        &mut self,
        windows: usize,
        work: impl FnOnce(&Source<'_>, &[Drawn]) -> R,
    ) -> R {
        let [futr, future, hist, stat] = std::mem::take(&mut self.lists);
        let source = Source {
            panel: &self.panel,
            target: self.panel.target(),
            futr: self.futr.listed(futr),
            hist: self.hist.listed(hist),
            stat: self.stat.listed(stat),
            weight: None,
            future: self.future.listed(future),
            future_len: self.lens[1],
            held_out: 0,
            prepared: None,
        };
        let result = work(&source, &self.drawn[..windows * self.series]);
        let Source { futr, future, hist, stat, .. } = source;
        self.lists = [futr, future, hist, stat].map(emptied);
        result
    }
}

impl PresetColumns {
    /// Copies steps `range` of each of `rows`, which have `steps` steps in `from`, column by column.
    fn fill(&mut self, from: &[f32], rows: Range<usize>, steps: usize, range: Range<usize>) {
        let width = self.places.len();
        for (column, place) in self.columns.iter_mut().zip(&self.places) {
            for (row, to) in rows.clone().zip(column.chunks_exact_mut(range.len())) {
                let from = &from[(row * steps + range.start) * width..];
                to.iter_mut().enumerate().for_each(|(t, v)| *v = from[t * width + place].into());
            }
        }
    }

    /// The columns, in the allocation of `list`.
    fn listed<'a>(&'a self, list: Vec<&'static [f64]>) -> Vec<&'a [f64]> {
        let mut list = emptied(list);
        list.extend(self.columns.iter().map(Vec::as_slice));
        list
    }
}

/// Steps of input and horizon of a forecast.
pub(crate) fn lens(model: &Instance) -> [usize; 2] {
    [model.forecast_input_size(), model.common.h]
}

/// The positions of a stream's columns in the option that lists them.
fn places(stream: &InputStream, list: &[String]) -> Vec<usize> {
    let place = |column: &String| list.iter().position(|name| name == column);
    stream.columns.iter().map(|c| place(c).expect("a stream's columns are listed")).collect()
}

/// An empty list that reuses the allocation of another: `collect` on its drained items works in place.
fn emptied<'b>(mut list: Vec<&[f64]>) -> Vec<&'b [f64]> {
    list.clear();
    list.into_iter().map(|_| -> &'b [f64] { &[] }).collect()
}
