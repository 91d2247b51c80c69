//! Tables from JavaScript: copied on its thread, because another thread may not look at its memory.

use engine::data::{Column, Table, read_csv};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::task;

/// A table as the face hands it over: columns, one bare series, or a file.
#[napi(object, object_to_js = false)]
pub struct TableInput {
    /// Columns by name, in order.
    pub columns: Option<Vec<ColumnInput>>,
    /// One equally spaced series.
    pub series: Option<Float64Array>,
    /// A CSV file.
    pub path: Option<String>,
}

/// A column: numbers, or codes into a list of texts.
#[napi(object, object_to_js = false)]
pub struct ColumnInput {
    pub name: String,
    /// `float`, `int`, `date` or `text`.
    pub kind: String,
    /// Values; of text, the position of each row's value in `texts`, or -1.
    pub values: Float64Array,
    pub texts: Option<Vec<String>>,
}

/// A copied table, or a file still to be read.
pub(crate) enum Source {
    Table(engine::Result<Table>),
    Csv(String),
}

impl TableInput {
    /// Copies what JavaScript owns. Runs on its thread.
    pub(crate) fn copy(self) -> Source {
        match self {
            Self { path: Some(path), .. } => Source::Csv(path),
            Self { series: Some(values), .. } => {
                Source::Table(Ok(Table::one_series(values.to_vec())))
            }
            Self { columns, .. } => {
                let columns =
                    columns.unwrap_or_default().into_iter().map(|c| (c.name.clone(), c.copy()));
                Source::Table(Table::new(columns.collect()))
            }
        }
    }
}

impl ColumnInput {
    fn copy(self) -> Column {
        let whole = |values: &[f64]| values.iter().map(|&v| v as i64).collect();
        match (self.kind.as_str(), self.texts) {
            ("text", Some(texts)) => Column::Text(
                self.values
                    .iter()
                    .map(|&code| texts.get(code as isize as usize).cloned())
                    .collect(),
            ),
            ("int", _) => Column::Int(whole(&self.values)),
            ("date", _) => Column::Date(whole(&self.values)),
            _ => Column::Float(self.values.to_vec()),
        }
    }
}

impl Source {
    /// The table, read from its file if it has one. Runs on a worker thread.
    pub(crate) fn read(self) -> engine::Result<Table> {
        match self {
            Self::Table(table) => table,
            Self::Csv(path) => read_csv(&path),
        }
    }
}

/// A column as JavaScript takes it.
#[napi(object, object_from_js = false)]
pub struct ColumnOutput {
    pub name: String,
    /// `float`, `int`, `date` or `text`.
    pub kind: String,
    pub values: Option<Float64Array>,
    pub texts: Option<Vec<Option<String>>>,
}

impl From<(String, Column)> for ColumnOutput {
    fn from((name, column): (String, Column)) -> Self {
        let numbers = |values: Vec<i64>| values.into_iter().map(|v| v as f64).collect();
        let (kind, values, texts) = match column {
            Column::Float(values) => ("float", Some(values), None),
            Column::Int(values) => ("int", Some(numbers(values)), None),
            Column::Date(values) => ("date", Some(numbers(values)), None),
            Column::Text(texts) => ("text", None, Some(texts)),
        };
        Self { name, kind: kind.into(), values: values.map(Float64Array::new), texts }
    }
}

/// Reads a CSV file. Resolves with its columns.
#[napi(ts_return_type = "Promise<ColumnOutput[]>")]
pub(crate) fn read_table(env: &Env, path: String) -> Result<Object<'_>> {
    task::spawn(env, move || {
        Ok(read_csv(&path)?.columns.into_iter().map(ColumnOutput::from).collect::<Vec<_>>())
    })
}

/// The tables of a fit beside the data, each optional.
#[napi(object, object_to_js = false)]
pub struct FitTables {
    pub static_table: Option<TableInput>,
    pub val_data: Option<TableInput>,
}

/// The tables of a forecast, each optional.
#[napi(object, object_to_js = false)]
pub struct PredictTables {
    pub data: Option<TableInput>,
    pub static_table: Option<TableInput>,
    pub future: Option<TableInput>,
}
