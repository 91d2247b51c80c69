//! Tables: named columns, each of one type, as readers and callers provide them.

use super::texts::Texts;
use crate::{Details, Error, ErrorCode, Result};

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers. NaN is missing.
    Float(Vec<f64>),
    /// Whole numbers.
    Int(Vec<i64>),
    /// Text.
    Text(Texts),
    /// Dates: milliseconds since 1970, UTC.
    Date(Vec<i64>),
}

impl Column {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Float(v) => v.len(),
            Self::Int(v) | Self::Date(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Columns of equal length, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Name and values of each column.
    pub columns: Vec<(String, Column)>,
}

impl Table {
    /// A table of these columns. An error if a name occurs twice or lengths differ.
    pub fn new(columns: Vec<(String, Column)>) -> Result<Self> {
        let table = Self { columns };
        table.check()?;
        Ok(table)
    }

    /// One equally spaced series, called `series`, at the steps 0, 1, 2, …; for a numeric frequency.
    pub fn one_series(values: Vec<f64>) -> Self {
        let n = values.len();
        Self {
            columns: vec![
                (
                    "unique_id".into(),
                    Column::Text(std::iter::repeat_n(Some("series"), n).collect()),
                ),
                ("ds".into(), Column::Int((0..n as i64).collect())),
                ("y".into(), Column::Float(values)),
            ],
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, c)| c.len())
    }

    /// The column `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, c)| c)
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Checks that names differ and lengths agree.
    pub fn check(&self) -> Result<()> {
        let rows = self.rows();
        for (i, (name, column)) in self.columns.iter().enumerate() {
            if column.len() != rows {
                let first = &self.columns[0].0;
                let message = format!(
                    "column \"{name}\" has {} values, column \"{first}\" has {rows}; all columns need the same length",
                    column.len()
                );
                return Err(Error::new(ErrorCode::Schema, message).with(|d| in_column(d, name)));
            }
            if !name.is_empty() && self.columns[..i].iter().any(|(other, _)| other == name) {
                let message =
                    format!("column \"{name}\" occurs twice; rename or drop one of the two");
                return Err(Error::new(ErrorCode::Schema, message).with(|d| in_column(d, name)));
            }
        }
        Ok(())
    }
}

fn in_column(details: &mut Details, name: &str) {
    details.column = Some(name.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_series_gets_an_id_and_steps() {
        let table = Table::one_series(vec![1.5, 2.5]);
        assert_eq!(table.rows(), 2);
        assert_eq!(table.column("ds"), Some(&Column::Int(vec![0, 1])));
        assert_eq!(table.column("y"), Some(&Column::Float(vec![1.5, 2.5])));
        assert_eq!(table.names().collect::<Vec<_>>(), ["unique_id", "ds", "y"]);
    }

    #[test]
    fn columns_of_different_lengths_are_rejected() {
        let columns =
            vec![("ds".into(), Column::Int(vec![0, 1])), ("y".into(), Column::Float(vec![1.0]))];
        let e = Table::new(columns).unwrap_err();
        assert_eq!(e.code, ErrorCode::Schema);
        assert_eq!(
            e.to_string(),
            "column \"y\" has 1 values, column \"ds\" has 2; all columns need the same length"
        );
    }

    #[test]
    fn a_name_that_occurs_twice_is_rejected() {
        let columns =
            vec![("y".into(), Column::Int(vec![0])), ("y".into(), Column::Float(vec![1.0]))];
        assert_eq!(
            Table::new(columns).unwrap_err().to_string(),
            "column \"y\" occurs twice; rename or drop one of the two"
        );
    }
}
