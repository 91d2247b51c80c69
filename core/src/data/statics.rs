//! Static columns: one row for each series, in the order of the panel.

use std::collections::HashMap;

use super::assembly::PanelOptions;
use super::columns::{RowIds, exogenous, require, too_large};
use super::panel::Ids;
use super::table::Table;
use crate::{Error, ErrorCode, Result};

/// The static columns of these series. Rows of other series are ignored, with a warning.
pub(super) fn read_statics(
    table: &Table,
    ids: &Ids,
    options: &PanelOptions,
    warnings: &mut Vec<String>,
) -> Result<Vec<(String, Vec<f64>)>> {
    let of_table = |e: Error| e.within("static");
    table.check().map_err(of_table)?;
    let id_name = &options.names.id;
    let ids_of_rows =
        require(table, id_name, "identifier").and_then(|column| RowIds::read(column, id_name));
    let row_ids = ids_of_rows.map_err(of_table)?;
    let places: HashMap<String, usize> = (0..ids.len()).map(|i| (ids.text(i), i)).collect();
    let mut rows: Vec<Option<usize>> = vec![None; ids.len()];
    let mut others: Vec<String> = vec![];
    for row in 0..table.rows() {
        let id = row_ids.text(row);
        match places.get(id.as_ref()) {
            None => others.push(id.into_owned()),
            Some(i) if rows[*i].is_some() => {
                let message = format!(
                    "the static table has series \"{id}\" more than once; keep one row for each series"
                );
                return Err(Error::new(ErrorCode::Schema, message)
                    .with(|d| d.unique_id = Some(id.into_owned())));
            }
            Some(i) => rows[*i] = Some(row),
        }
    }
    let missing: Vec<usize> = (0..ids.len()).filter(|i| rows[*i].is_none()).collect();
    if let Some(first) = missing.first() {
        let id = ids.text(*first);
        let n = missing.len();
        let message = format!(
            "the static table has no row for series \"{id}\" ({n} of {} series are missing); add one for each series",
            ids.len()
        );
        return Err(Error::new(ErrorCode::MissingValue, message).with(|d| {
            d.unique_id = Some(id);
            d.sample = missing
                .iter()
                .take(5)
                .map(|i| serde_json::json!({ "uniqueId": ids.text(*i) }))
                .collect();
        }));
    }
    if let Some(first) = others.first() {
        warnings.push(format!(
            "the static table has {} rows of series that the data lacks, such as \"{first}\"; they are ignored",
            others.len()
        ));
    }
    let column = |name: &String| {
        let values = exogenous(require(table, name, "static")?, name, &options.vocabularies);
        let values = values.map_err(of_table)?;
        let value = |(i, row): (usize, &Option<usize>)| {
            let value = row.map_or(f64::NAN, |row| values[row]);
            if let Some(problem) = too_large(value) {
                return Err(at(&ids.text(i), name, ErrorCode::Schema, &problem));
            }
            if value.is_finite() { Ok(value) } else { Err(unusable(&ids.text(i), name, value)) }
        };
        Ok((name.clone(), rows.iter().enumerate().map(value).collect::<Result<_>>()?))
    };
    options.statics.iter().map(column).collect()
}

fn unusable(id: &str, name: &str, value: f64) -> Error {
    let problem = if value.is_nan() {
        "is missing; fill it in (onMissing is not for static columns)".to_string()
    } else {
        format!("is {value}, which is not finite; correct it")
    };
    at(id, name, ErrorCode::MissingValue, &problem)
}

fn at(id: &str, name: &str, code: ErrorCode, problem: &str) -> Error {
    let message = format!("series \"{id}\": the static column \"{name}\" {problem}");
    Error::new(code, message).with(|d| {
        d.unique_id = Some(id.into());
        d.column = Some(name.into());
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;

    fn table(ids: &[&str], size: &[f64]) -> Table {
        let ids = Column::Text(ids.iter().map(|id| Some(id.to_string())).collect());
        Table::new(vec![("uniqueId".into(), ids), ("size".into(), Column::Float(size.to_vec()))])
            .unwrap()
    }

    fn options() -> PanelOptions {
        PanelOptions { statics: vec!["size".into()], ..PanelOptions::default() }
    }

    fn read(table: &Table) -> Result<(Vec<f64>, Vec<String>)> {
        let ids = Ids::Text(vec!["a".into(), "b".into()]);
        let mut warnings = vec![];
        let statics = read_statics(table, &ids, &options(), &mut warnings)?;
        assert_eq!(statics[0].0, "size");
        Ok((statics[0].1.clone(), warnings))
    }

    #[test]
    fn rows_are_put_in_the_order_of_the_panel() {
        assert_eq!(read(&table(&["b", "a"], &[2.0, 1.0])).unwrap(), (vec![1.0, 2.0], vec![]));
    }

    #[test]
    fn other_series_are_ignored_with_a_warning() {
        let (values, warnings) = read(&table(&["c", "a", "b"], &[f64::NAN, 1.0, 2.0])).unwrap();
        assert_eq!(values, [1.0, 2.0]);
        assert_eq!(
            warnings,
            [
                "the static table has 1 rows of series that the data lacks, such as \"c\"; they are ignored"
            ]
        );
    }

    #[test]
    fn integer_series_are_found_by_text() {
        let mut warnings = vec![];
        let table = table(&["10", "9"], &[1.0, 2.0]);
        let statics = read_statics(&table, &Ids::Int(vec![9, 10]), &options(), &mut warnings);
        assert_eq!(statics.unwrap()[0].1, [2.0, 1.0]);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_series() {
        let cases = [
            (
                table(&["a", "b", "a"], &[1.0; 3]),
                ErrorCode::Schema,
                "the static table has series \"a\" more than once; keep one row for each series",
            ),
            (
                table(&["a"], &[1.0]),
                ErrorCode::MissingValue,
                "the static table has no row for series \"b\" (1 of 2 series are missing); add one for each series",
            ),
            (
                table(&["a", "b"], &[1.0, f64::NAN]),
                ErrorCode::MissingValue,
                "series \"b\": the static column \"size\" is missing; fill it in (onMissing is not for static columns)",
            ),
            (
                table(&["a", "b"], &[f64::INFINITY, 1.0]),
                ErrorCode::MissingValue,
                "series \"a\": the static column \"size\" is inf, which is not finite; correct it",
            ),
            (
                table(&["a", "b"], &[-1e39, 1.0]),
                ErrorCode::Schema,
                "series \"a\": the static column \"size\" is -1e39, which exceeds what 32-bit numbers hold (3.4e38); scale the column",
            ),
            (
                Table::new(vec![
                    ("unique_id".into(), Column::Int(vec![])),
                    ("sizes".into(), Column::Int(vec![])),
                ])
                .unwrap(),
                ErrorCode::MissingValue,
                "the static table has no row for series \"a\" (2 of 2 series are missing); add one for each series",
            ),
        ];
        for (table, code, message) in cases {
            let e = read(&table).unwrap_err();
            assert_eq!((e.code, e.to_string()), (code, message.into()));
        }
    }
}
