//! Some rows of a table, in any order.

use neuro_divergent::data::{Column, Table};

/// The table of these rows.
pub(crate) fn pick(table: &Table, rows: impl IntoIterator<Item = usize>) -> Table {
    fn at<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
        rows.iter().map(|row| values[*row].clone()).collect()
    }
    let rows: Vec<usize> = rows.into_iter().collect();
    let column = |column: &Column| match column {
        Column::Float(v) => Column::Float(at(v, &rows)),
        Column::Int(v) => Column::Int(at(v, &rows)),
        Column::Text(v) => Column::Text(rows.iter().map(|row| v.get(*row)).collect()),
        Column::Date(v) => Column::Date(at(v, &rows)),
    };
    Table { columns: table.columns.iter().map(|(name, c)| (name.clone(), column(c))).collect() }
}
