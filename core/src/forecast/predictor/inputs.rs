//! The values of given windows: checks of their number and of the values, and their buffers.

use std::ops::RangeInclusive;

use crate::data::Vocabulary;
use crate::{Error, ErrorCode, Result};

/// The array that a value belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Y,
    Futr,
    Hist,
    Stat,
}

/// A number of windows, in words.
pub(super) fn counted(windows: usize) -> String {
    if windows == 1 { "1 window".into() } else { format!("{windows} windows") }
}

/// Sizes of a window.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) input: usize,
    pub(super) h: usize,
    pub(super) series: usize,
    /// Whether a window contains all series together.
    pub(super) together: bool,
}

/// One of the arrays that make up windows.
pub(super) struct Input {
    kind: Kind,
    columns: Vec<String>,
    /// The range of category codes of each column; `None` for numeric ones.
    categories: Vec<Option<RangeInclusive<f32>>>,
    layout: Layout,
    /// What was given last; has room for a whole batch.
    values: Vec<f32>,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Y => "y",
            Self::Futr => "futr",
            Self::Hist => "hist",
            Self::Stat => "stat",
        }
    }

    fn option(self) -> &'static str {
        match self {
            Self::Y => "y",
            Self::Futr => "futrExogList",
            Self::Hist => "histExogList",
            Self::Stat => "statExogList",
        }
    }

    /// The shape in words.
    fn shape(self, together: bool) -> &'static str {
        match (self, together) {
            (Self::Y, false) => "windows × inputSize",
            (Self::Futr, false) => "windows × (inputSize + h) × columns",
            (Self::Hist, false) => "windows × inputSize × columns",
            (Self::Stat, false) => "windows × columns",
            (Self::Y, true) => "windows × nSeries × inputSize",
            (Self::Futr, true) => "windows × nSeries × (inputSize + h) × columns",
            (Self::Hist, true) => "windows × nSeries × inputSize × columns",
            (Self::Stat, true) => "nSeries × columns, the same for all windows",
        }
    }
}

impl Input {
    /// An empty input with room for `batch` windows.
    pub(super) fn new(
        kind: Kind,
        columns: &[String],
        layout: Layout,
        batch: usize,
        vocabularies: &[(String, Vocabulary)],
    ) -> Result<Self> {
        let numbers = |column: &String| {
            let (_, vocabulary) = vocabularies.iter().find(|(name, _)| name == column)?;
            (kind != Kind::Y).then(|| 0.0..=vocabulary.len() as f32)
        };
        let categories = columns.iter().map(numbers).collect();
        let columns = columns.to_vec();
        let mut it = Self { kind, columns, categories, layout, values: Vec::new() };
        let size = it.expected(batch);
        it.values.try_reserve_exact(size).map_err(|_| {
            let message = format!(
                "{} of {batch} windows are {size} values, more than there is memory for; make batch smaller",
                kind.name()
            );
            Error::new(ErrorCode::MemoryLimit, message).with(|d| d.option = Some("batch".into()))
        })?;
        Ok(it)
    }

    /// Steps per row, and rows of this many windows.
    fn sizes(&self, windows: usize) -> [usize; 2] {
        let Layout { input, h, series, together } = self.layout;
        match self.kind {
            Kind::Y | Kind::Hist => [input, windows * series],
            Kind::Futr => [input + h, windows * series],
            Kind::Stat => [1, if together { series } else { windows }],
        }
    }

    /// Number of values in this many windows.
    fn expected(&self, windows: usize) -> usize {
        let [steps, rows] = self.sizes(windows);
        (steps * rows).saturating_mul(self.columns.len())
    }

    /// Refuses an array whose shape is not that of this many windows. An array that the model does not take is refused
    /// later.
    pub(super) fn check_shape(&self, given: &[usize], windows: usize) -> Result<()> {
        let Layout { series, together, .. } = self.layout;
        let ([steps, _], columns) = (self.sizes(1), self.columns.len());
        let all = |last: &[usize]| match together {
            true => [&[windows, series], last].concat(),
            false => [&[windows], last].concat(),
        };
        let expected = match self.kind {
            Kind::Y => all(&[steps]),
            Kind::Futr | Kind::Hist => all(&[steps, columns]),
            Kind::Stat => vec![if together { series } else { windows }, columns],
        };
        if given == expected || self.columns.is_empty() {
            return Ok(());
        }
        let (name, shape) = (self.kind.name(), self.kind.shape(together));
        let message = format!("{name} is {given:?}, and must be {expected:?}: {shape}");
        Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
            d.option = Some(name.into());
            d.expected = Some(expected.into());
            d.actual = Some(given.into());
        }))
    }

    /// The number of windows given: at least one and at most `batch`.
    pub(super) fn windows(&self, given: &[f32], batch: usize) -> Result<usize> {
        let size = self.expected(1);
        let windows = given.len() / size;
        if windows * size == given.len() && (1..=batch).contains(&windows) {
            return Ok(windows);
        }
        let shape = self.kind.shape(self.layout.together);
        let up_to = match batch {
            1 => String::new(),
            _ => format!(" for each window, and at most {} for the batch of {batch}", size * batch),
        };
        let message = format!("y has {} values; it must have {size}{up_to}: {shape}", given.len());
        Err(self.wrong_length(message, size, given.len()))
    }

    /// Checks and copies the values of `windows` windows.
    pub(super) fn take(&mut self, given: &[f32], windows: usize, model: &str) -> Result<()> {
        let expected = self.expected(windows);
        if given.len() != expected {
            return Err(self.other_length(given.len(), windows, model));
        }
        if let Some(at) = given.iter().position(|v| !v.is_finite()) {
            return Err(self.not_finite(at, given[at]));
        }
        for (i, range) in self.categories.iter().enumerate() {
            let Some(range) = range else { continue };
            let wrong = |v: &f32| v.fract() != 0.0 || !range.contains(v);
            let numbers = given.iter().skip(i).step_by(self.columns.len());
            if let Some(v) = numbers.copied().find(wrong) {
                return Err(self.no_category(i, *range.end(), v));
            }
        }
        self.values.clear();
        self.values.extend_from_slice(given);
        Ok(())
    }

    /// Zeros for this many windows.
    pub(super) fn zeros(&mut self, windows: usize) {
        self.values.clear();
        self.values.resize(self.expected(windows), 0.0);
    }

    /// The values given last.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    fn other_length(&self, actual: usize, windows: usize, model: &str) -> Error {
        let (name, option, expected) =
            (self.kind.name(), self.kind.option(), self.expected(windows));
        let list = self.columns.join(", ");
        if self.columns.is_empty() {
            let message = format!("{model} takes no {name}: it was trained without {option}");
            return Error::new(ErrorCode::UnsupportedExog, message).with(|d| {
                d.option = Some(name.into());
                d.model = Some(model.into());
            });
        }
        let shape = self.kind.shape(self.layout.together);
        if actual == 0 {
            let code = match self.kind {
                Kind::Futr => ErrorCode::FutureExog,
                _ => ErrorCode::Schema,
            };
            let message =
                format!("{model} needs {name}, {expected} values of {list} ({option}): {shape}");
            return Error::new(code, message).with(|d| {
                d.option = Some(name.into());
                d.model = Some(model.into());
                d.column = self.columns.first().cloned();
                d.expected = Some(expected.into());
            });
        }
        let message = format!(
            "{name} has {actual} values, and {list} of {} are {expected}: {shape}",
            counted(windows)
        );
        self.wrong_length(message, expected, actual)
    }

    fn wrong_length(&self, message: String, expected: usize, actual: usize) -> Error {
        Error::new(ErrorCode::InvalidOption, message).with(|d| {
            d.option = Some(self.kind.name().into());
            d.expected = Some(expected.into());
            d.actual = Some(actual.into());
        })
    }

    fn not_finite(&self, at: usize, value: f32) -> Error {
        let (width, [steps, _]) = (self.columns.len(), self.sizes(1));
        let (row, step, column) =
            (at / width / steps, at / width % steps, &self.columns[at % width]);
        let Layout { series, together, .. } = self.layout;
        let place = match (self.kind, together) {
            (Kind::Stat, false) => format!("window {row}"),
            (Kind::Stat, true) => format!("series {row}"),
            (_, false) => format!("window {row}, step {step}"),
            (_, true) => format!("window {}, series {}, step {step}", row / series, row % series),
        };
        let of = match self.kind {
            Kind::Y => String::new(),
            _ => format!(" of \"{column}\""),
        };
        let message = format!(
            "{}: {value}{of} at {place} (counted from 0); every value must be a finite number",
            self.kind.name()
        );
        Error::new(ErrorCode::MissingValue, message).with(|d| {
            d.option = Some(self.kind.name().into());
            d.column = Some(column.clone());
            d.actual = Some(value.to_string().into());
        })
    }

    fn no_category(&self, column: usize, last: f32, value: f32) -> Error {
        let (name, column) = (self.kind.name(), &self.columns[column]);
        let message = format!(
            "{name}: {value} of \"{column}\" is not the code of a category; these are 1 to {last}, and 0 for any other value"
        );
        Error::new(ErrorCode::InvalidOption, message).with(|d| {
            d.option = Some(name.into());
            d.column = Some(column.clone());
            d.actual = Some(value.into());
        })
    }
}
