//! Columns by name and by meaning: identifiers, numbers, and errors for absent columns.

use std::borrow::Cow;

use indexmap::IndexSet;

use super::number_text::not_a_number;
use super::panel::Ids;
use super::table::{Column, Table};
use super::texts::Texts;
use super::vocabulary::Vocabularies;
use crate::{Error, ErrorCode, Result, nearest};

/// Text that stands for a missing number.
const MISSING: [&str; 7] = ["", "na", "n/a", "nan", "null", "none", "-"];

/// The column `name`, which may also be in the other of camel and snake case.
pub(super) fn find<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.column(name).or_else(|| {
        table.columns.iter().find(|(other, _)| same_name(other, name)).map(|(_, column)| column)
    })
}

/// Whether two names are the same up to camel and snake case.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    camel_case(a) == camel_case(b)
}

pub(super) fn camel_case(name: &str) -> String {
    let mut upper = false;
    let mut camel = String::with_capacity(name.len());
    for (i, c) in name.char_indices() {
        if c == '_' && i > 0 {
            upper = true;
        } else if std::mem::take(&mut upper) {
            camel.extend(c.to_uppercase());
        } else {
            camel.push(c);
        }
    }
    camel
}

/// The column `name`, or an error with the nearest name and all columns.
pub(super) fn require<'a>(table: &'a Table, name: &str, meaning: &str) -> Result<&'a Column> {
    find(table, name).ok_or_else(|| absent(table, name, meaning, ErrorCode::Schema))
}

/// The error for an absent column.
pub(super) fn absent(table: &Table, name: &str, meaning: &str, code: ErrorCode) -> Error {
    let names: Vec<&str> = table.names().collect();
    let near = nearest(name, names.iter().copied());
    let hint = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
    let stop = if near.is_some() { "" } else { "." };
    let message = format!(
        "there is no {meaning} column \"{name}\"{hint}{stop} The table has: {}",
        names.join(", ")
    );
    Error::new(code, message).with(|d| {
        d.column = Some(name.into());
        d.actual = Some(names.into());
    })
}

/// Whether lower-case text stands for a missing number.
pub(super) fn is_missing(text: &str) -> bool {
    MISSING.contains(&text)
}

/// The values of an exogenous column, NaN where missing: category codes if it has a vocabulary.
pub(super) fn exogenous<'a>(
    column: &'a Column,
    name: &str,
    vocabularies: &Vocabularies,
) -> Result<Cow<'a, [f64]>> {
    match vocabularies.get(name) {
        Some(vocabulary) => vocabulary.codes(column, name).map(Cow::Owned),
        None => numbers(column, name).map_err(|e| match column {
            Column::Text(_) => categorical(e),
            _ => e,
        }),
    }
}

/// Text where numbers are expected may be categories.
fn categorical(mut error: Error) -> Error {
    error.message.push_str(". If the column holds categories, name it in catExogList too");
    error
}

/// The numbers of a column, NaN where missing. Text is read as numbers.
pub(super) fn numbers<'a>(column: &'a Column, name: &str) -> Result<Cow<'a, [f64]>> {
    match column {
        Column::Float(values) => Ok(Cow::Borrowed(values)),
        Column::Int(values) => Ok(values.iter().map(|v| *v as f64).collect()),
        Column::Text(texts) => {
            let number = |text: Option<&str>| -> Option<f64> {
                let text = text.map_or("", str::trim);
                let missing = || is_missing(&text.to_lowercase()).then_some(f64::NAN);
                text.parse().ok().or_else(missing)
            };
            if let Some(row) = texts.position(|text| number(text).is_none()) {
                let text = texts.get(row).map_or("", str::trim);
                let message = format!(
                    "column \"{name}\", row {} of {}: \"{text}\" is not a number; {}",
                    row + 1,
                    texts.len(),
                    not_a_number(text)
                );
                return Err(Error::new(ErrorCode::Schema, message).with(|d| {
                    d.column = Some(name.into());
                    d.actual = Some(text.into());
                    d.sample = vec![serde_json::json!({ "row": row })];
                }));
            }
            Ok(texts.values(|text| number(text).unwrap_or(f64::NAN)).into())
        }
        Column::Date(_) => {
            let message = format!(
                "column \"{name}\" holds dates where numbers are needed; write numbers, or leave the column out"
            );
            Err(Error::new(ErrorCode::Schema, message).with(|d| d.column = Some(name.into())))
        }
    }
}

/// The problem with a number that is too large for models, which compute in 32 bits.
pub(super) fn too_large(value: f64) -> Option<String> {
    let fits = !value.is_finite() || value.abs() <= f64::from(f32::MAX);
    (!fits).then(|| {
        format!("is {value:e}, which exceeds what 32-bit numbers hold (3.4e38); scale the column")
    })
}

/// The identifier of each row.
pub(super) enum RowIds<'a> {
    /// Text, none missing.
    Text(&'a Texts),
    /// Integers.
    Int(Cow<'a, [i64]>),
    /// One series for all rows: the table has no identifiers.
    One(&'a str),
}

impl<'a> RowIds<'a> {
    /// Reads a column of identifiers. Whole floats are integers.
    pub(super) fn read(column: &'a Column, name: &str) -> Result<Self> {
        let at_row = |row: usize, problem: &str| {
            let message = format!(
                "column \"{name}\", row {} of {}: the identifier {problem}",
                row + 1,
                column.len()
            );
            Error::new(ErrorCode::Schema, message).with(|d| {
                d.column = Some(name.into());
                d.sample = vec![serde_json::json!({ "row": row })];
            })
        };
        match column {
            Column::Int(ids) => Ok(Self::Int(Cow::Borrowed(ids))),
            Column::Text(ids) => match ids.position(|id| id.is_none()) {
                Some(row) => Err(at_row(row, "is missing; say which series the row belongs to")),
                None => Ok(Self::Text(ids)),
            },
            Column::Float(ids) => {
                let ids = ids.iter().enumerate().map(|(row, id)| match id {
                    id if id.is_nan() => {
                        Err(at_row(row, "is missing; say which series the row belongs to"))
                    }
                    id if id.fract() != 0.0 || id.abs() > 9e15 => Err(at_row(
                        row,
                        &format!(
                            "is {id}, which is neither text nor a whole number; write it as text"
                        ),
                    )),
                    id => Ok(*id as i64),
                });
                Ok(Self::Int(ids.collect::<Result<_>>()?))
            }
            Column::Date(_) => {
                let message = format!(
                    "column \"{name}\" holds dates where identifiers are needed; write them as text"
                );
                Err(Error::new(ErrorCode::Schema, message).with(|d| d.column = Some(name.into())))
            }
        }
    }

    /// The identifier of a row as text.
    pub(super) fn text(&self, row: usize) -> Cow<'a, str> {
        match self {
            Self::Text(ids) => Cow::Borrowed(ids.get(row).unwrap_or_default()),
            Self::Int(ids) => Cow::Owned(ids[row].to_string()),
            Self::One(id) => Cow::Borrowed(id),
        }
    }

    /// The distinct identifiers, sorted, and each row's index among them.
    pub(super) fn group(&self, rows: usize) -> (Ids, Cow<'a, [u32]>) {
        match self {
            Self::Text(ids) => {
                let texts = ids.distinct().iter().map(String::as_str).collect();
                let (unique, codes) = sorted(texts, Cow::Borrowed(ids.codes()));
                (Ids::Text(unique.into_iter().map(str::to_owned).collect()), codes)
            }
            Self::Int(ids) => {
                let (unique, codes) = coded(ids);
                let (unique, codes) = sorted(unique, Cow::Owned(codes));
                (Ids::Int(unique), codes)
            }
            Self::One(id) => (Ids::Text(vec![(*id).into()]), Cow::Owned(vec![0; rows])),
        }
    }
}

/// The distinct values in the order in which they first occur, and each row's index among them.
fn coded(values: &[i64]) -> (Vec<i64>, Vec<u32>) {
    let mut unique: IndexSet<i64> = IndexSet::new();
    let mut codes: Vec<u32> = Vec::with_capacity(values.len());
    for (row, value) in values.iter().enumerate() {
        // Rows of a series mostly follow each other.
        codes.push(match row.checked_sub(1).filter(|before| values[*before] == *value) {
            Some(before) => codes[before],
            None => unique.insert_full(*value).0 as u32,
        });
    }
    (unique.into_iter().collect(), codes)
}

/// Sorts values, leaves out repeated ones, and renumbers the codes accordingly.
fn sorted<T: Copy + Ord>(values: Vec<T>, codes: Cow<'_, [u32]>) -> (Vec<T>, Cow<'_, [u32]>) {
    if values.is_sorted_by(|a, b| a < b) {
        return (values, codes);
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|i| values[*i]);
    let mut unique: Vec<T> = Vec::with_capacity(values.len());
    let mut rank = vec![0; values.len()];
    for i in order {
        if unique.last() != Some(&values[i]) {
            unique.push(values[i]);
        }
        rank[i] = unique.len() as u32 - 1;
    }
    let codes = codes.iter().map(|code| rank[*code as usize]).collect();
    (unique, Cow::Owned(codes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_camel_and_snake_case() {
        let table = Table::new(vec![
            ("uniqueId".into(), Column::Int(vec![7])),
            ("_x".into(), Column::Int(vec![1])),
        ])
        .unwrap();
        assert_eq!(find(&table, "unique_id"), Some(&Column::Int(vec![7])));
        assert_eq!(find(&table, "_x"), Some(&Column::Int(vec![1])));
        assert_eq!(find(&table, "x"), None);
    }

    #[test]
    fn a_missing_column_is_named_with_the_nearest_and_all_others() {
        let table = Table::new(vec![
            ("ds".into(), Column::Int(vec![])),
            ("temprature".into(), Column::Int(vec![])),
        ])
        .unwrap();
        assert_eq!(
            require(&table, "temperature", "exogenous").unwrap_err().to_string(),
            "there is no exogenous column \"temperature\"; did you mean \"temprature\"? The table has: ds, temprature"
        );
        assert_eq!(
            require(&table, "price", "exogenous").unwrap_err().to_string(),
            "there is no exogenous column \"price\". The table has: ds, temprature"
        );
    }

    #[test]
    fn numeric_text_is_read_and_other_text_named() {
        let text =
            |texts: &[&str]| Column::Text(texts.iter().map(|t| Some(t.to_string())).collect());
        let column = text(&["12.5", " 3 ", "", "NA", "NaN", "null"]);
        let values = numbers(&column, "y").unwrap();
        assert_eq!(values[..2], [12.5, 3.0]);
        assert!(values[2..].iter().all(|v| v.is_nan()));
        assert_eq!(
            numbers(&text(&["1", "1,5"]), "y").unwrap_err().to_string(),
            "column \"y\", row 2 of 2: \"1,5\" is not a number; a comma marks decimals where the file is read with decimal: \",\""
        );
        assert_eq!(
            numbers(&Column::Date(vec![0]), "y").unwrap_err().to_string(),
            "column \"y\" holds dates where numbers are needed; write numbers, or leave the column out"
        );
    }

    #[test]
    fn identifiers_are_sorted_as_text_or_as_numbers() {
        let column = Column::Text(["b", "a", "B", "10", "b"].map(Some).into_iter().collect());
        let (ids, codes) = RowIds::read(&column, "id").unwrap().group(5);
        assert_eq!(ids, Ids::Text(["10", "B", "a", "b"].map(String::from).to_vec()));
        assert_eq!(*codes, [3, 2, 1, 0, 3]);
        let column = Column::Float(vec![10.0, 9.0, -1.0]);
        let (ids, codes) = RowIds::read(&column, "id").unwrap().group(3);
        assert_eq!((ids, &*codes), (Ids::Int(vec![-1, 9, 10]), &[2, 1, 0][..]));
    }

    #[test]
    fn unusable_identifiers_name_their_row() {
        let message = |column: Column| RowIds::read(&column, "id").err().unwrap().to_string();
        assert_eq!(
            message(Column::Text(vec![None].into())),
            "column \"id\", row 1 of 1: the identifier is missing; say which series the row belongs to"
        );
        assert_eq!(
            message(Column::Float(vec![1.0, 1.5])),
            "column \"id\", row 2 of 2: the identifier is 1.5, which is neither text nor a whole number; write it as text"
        );
        assert_eq!(
            message(Column::Date(vec![0])),
            "column \"id\" holds dates where identifiers are needed; write them as text"
        );
    }
}
