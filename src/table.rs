//! Tables from JavaScript: copied on the JavaScript thread, because other threads must not read its memory.

use engine::calls::{self, FileInput};
use engine::data::{Column, CsvOptions, Table, Texts, read_csv_as};
use engine::memory::copied;
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::calls::Given;
use crate::task;

/// The largest safe integer of JavaScript.
const LARGEST: u64 = (1 << 53) - 1;

/// A table as JavaScript passes it: columns, one bare series, or a file.
#[napi(object, object_to_js = false)]
pub struct TableInput {
    /// Columns by name, in order.
    pub columns: Option<Vec<ColumnInput>>,
    /// One equally spaced series.
    pub series: Option<Float64Array>,
    /// The path and options of a CSV file, as JSON.
    pub file: Option<String>,
}

/// A column: numbers, or codes into a list of texts.
#[napi(object, object_to_js = false)]
pub struct ColumnInput {
    pub name: String,
    /// `float`, `int`, `date` or `text`.
    pub kind: String,
    /// The values.
    pub values: Option<Float64Array>,
    /// For text, the index of each row's value in `texts`, or 2^32 - 1 if it is missing.
    pub codes: Option<Uint32Array>,
    /// 64-bit integers, instead of `values`.
    pub wholes: Option<BigInt64Array>,
    pub texts: Option<Vec<String>>,
}

/// A copied table, or a file still to be read.
pub(crate) enum Source {
    Table(engine::Result<Table>),
    File(engine::Result<FileInput>),
}

impl TableInput {
    /// Copies the memory that JavaScript owns. Runs on the JavaScript thread.
    pub(crate) fn copy(self) -> Source {
        match self {
            Self { file: Some(file), .. } => {
                Source::File(calls::read("file", &file, "{}").map(|(file, _)| file))
            }
            Self { series: Some(values), .. } => {
                Source::Table(copied(&values).map(Table::one_series))
            }
            Self { columns, .. } => {
                let columns = columns
                    .unwrap_or_default()
                    .into_iter()
                    .map(|c| Ok((c.name.clone(), c.copy()?)));
                let columns = columns.collect::<engine::Result<Vec<_>>>();
                Source::Table(columns.and_then(Table::new))
            }
        }
    }
}

impl ColumnInput {
    fn copy(self) -> engine::Result<Column> {
        if let Some(wholes) = self.wholes {
            return copied(&wholes).map(Column::Int);
        }
        if let (Some(codes), Some(texts)) = (self.codes, self.texts) {
            return Texts::coded(copied(&codes)?, texts).map(Column::Text);
        }
        let values = self.values.as_deref().unwrap_or_default();
        let whole = || -> engine::Result<Vec<i64>> {
            Ok(copied(values)?.into_iter().map(|v| v as i64).collect()) // in place
        };
        Ok(match self.kind.as_str() {
            "int" => Column::Int(whole()?),
            "date" => Column::Date(whole()?),
            _ => Column::Float(copied(values)?),
        })
    }
}

impl Source {
    /// The table, read from its file if it is one. Runs on a worker thread.
    pub(crate) fn read(self) -> engine::Result<Table> {
        match self {
            Self::Table(table) => table,
            Self::File(file) => file?.read(),
        }
    }
}

/// A column as JavaScript receives it.
#[napi(object, object_from_js = false)]
pub struct ColumnOutput {
    pub name: String,
    /// `float`, `int`, `date` or `text`.
    pub kind: String,
    pub values: Option<Float64Array>,
    /// For text, as in a column that JavaScript passes.
    pub codes: Option<Uint32Array>,
    pub texts: Option<Vec<String>>,
}

impl From<(String, Column)> for ColumnOutput {
    fn from((name, column): (String, Column)) -> Self {
        let numbers = |values: Vec<i64>| values.into_iter().map(|v| v as f64).collect();
        let exact = |values: &[i64]| values.iter().all(|v| v.unsigned_abs() <= LARGEST);
        let (kind, values) = match column {
            Column::Float(values) => ("float", values),
            Column::Int(values) if exact(&values) => ("int", numbers(values)),
            Column::Int(values) => {
                let texts = values.iter().map(|v| Some(v.to_string())).collect();
                return Self::text(name, texts);
            }
            Column::Date(values) => ("date", numbers(values)),
            Column::Text(texts) => return Self::text(name, texts),
        };
        let values = Some(Float64Array::new(values));
        Self { name, kind: kind.into(), values, codes: None, texts: None }
    }
}

impl ColumnOutput {
    fn text(name: String, texts: Texts) -> Self {
        let (codes, texts) = texts.into_parts();
        let codes = Some(Uint32Array::new(codes));
        Self { name, kind: "text".into(), values: None, codes, texts: Some(texts) }
    }
}

/// Reads a CSV file. Resolves to its columns.
#[napi(ts_return_type = "Promise<ColumnOutput[]>")]
pub(crate) fn read_table(env: &Env, path: String, given: Given) -> Result<Object<'_>> {
    let options = given.read::<CsvOptions>("readCsv")?.options;
    task::spawn(env, move || {
        let table = read_csv_as(path, options)?;
        Ok(table.columns.into_iter().map(ColumnOutput::from).collect::<Vec<_>>())
    })
}
