//! Categories: the distinct values of a column, and the code of each. Upstream: `core.py: _build_categorical_vocab,
//! _encode_categoricals`.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::columns::{find, is_missing};
use super::panel::Panel;
use super::table::{Column, Table};
use crate::{Error, ErrorCode, Result};

/// The distinct values of a column, in the order of their codes, which start at 1; 0 is the code of any other value.
#[derive(Clone, Debug, PartialEq)]
pub enum Vocabulary {
    /// Text.
    Text(Vec<String>),
    /// Whole numbers.
    Int(Vec<i64>),
    /// Numbers.
    Float(Vec<f64>),
    /// False and true; tables here have the numbers 0 and 1 for them.
    Bool(Vec<bool>),
}

/// Up to this magnitude, whole numbers are exact as `f64`.
const LARGEST: f64 = 9.0e15;

impl Vocabulary {
    /// The values as JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(values) => json!(values),
            Self::Int(values) => json!(values),
            Self::Float(values) => json!(values),
            Self::Bool(values) => json!(values),
        }
    }

    /// The distinct values of a column, sorted, without missing ones. An error for dates, and for numbers that are too
    /// large to be exact.
    pub fn learn(column: &Column, name: &str) -> Result<Self> {
        match column {
            Column::Text(texts) => {
                let different: BTreeSet<&String> = texts.distinct().iter().collect();
                Ok(Self::Text(different.into_iter().cloned().collect()))
            }
            Column::Int(values) => {
                let different: BTreeSet<i64> = values.iter().copied().collect();
                match different.iter().map(|v| *v as f64).find(|v| v.abs() > LARGEST) {
                    Some(value) => Err(too_large(name, value)),
                    None => Ok(Self::Int(different.into_iter().collect())),
                }
            }
            Column::Float(values) => {
                // -0 is 0.
                let mut different: Vec<f64> =
                    values.iter().filter(|v| v.is_finite()).map(|v| v + 0.0).collect();
                different.sort_by(f64::total_cmp);
                different.dedup();
                if let Some(value) = different.iter().find(|v| v.abs() > LARGEST) {
                    return Err(too_large(name, *value));
                }
                Ok(match different.iter().all(|v| v.fract() == 0.0) {
                    true => Self::Int(different.into_iter().map(|v| v as i64).collect()),
                    false => Self::Float(different),
                })
            }
            Column::Date(_) => Err(dates(name)),
        }
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Bool(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all values differ, also as `f64`, and none is too large to be exact.
    pub fn is_unambiguous(&self) -> bool {
        let numbers = |values: Vec<f64>| {
            let different: BTreeSet<u64> = values.iter().map(|v| (v + 0.0).to_bits()).collect();
            different.len() == values.len() && values.iter().all(|v| v.abs() <= LARGEST)
        };
        match self {
            Self::Text(values) => values.iter().collect::<BTreeSet<_>>().len() == values.len(),
            Self::Int(values) => numbers(values.iter().map(|v| *v as f64).collect()),
            Self::Float(values) => numbers(values.clone()),
            Self::Bool(values) => numbers(values.iter().map(|v| f64::from(*v)).collect()),
        }
    }

    /// The code of each value of a column: 0 if it was not learned, NaN if it is missing.
    ///
    /// A number matches the text that it is written as, and the reverse: a column with some text in one file may have only
    /// numbers in the next.
    pub fn codes(&self, column: &Column, name: &str) -> Result<Vec<f64>> {
        match self {
            Self::Text(known) => {
                let codes: HashMap<&str, f64> =
                    known.iter().map(String::as_str).zip(first()).collect();
                let code = |text: Option<Cow<'_, str>>| {
                    text.map_or(f64::NAN, |t| codes.get(t.as_ref()).copied().unwrap_or(0.0))
                };
                each_text(column, name, code)
            }
            Self::Int(known) => numbered(known.iter().map(|v| *v as f64), column, name),
            Self::Float(known) => numbered(known.iter().copied(), column, name),
            Self::Bool(known) => numbered(known.iter().map(|v| f64::from(*v)), column, name),
        }
    }
}

impl Vocabulary {
    /// The values whose codes are `kept`, in the same order.
    fn only(&self, kept: &BTreeSet<usize>) -> Self {
        fn some<T: Clone>(values: &[T], kept: &BTreeSet<usize>) -> Vec<T> {
            kept.iter().filter_map(|code| values.get(code.checked_sub(1)?)).cloned().collect()
        }
        match self {
            Self::Text(values) => Self::Text(some(values, kept)),
            Self::Int(values) => Self::Int(some(values, kept)),
            Self::Float(values) => Self::Float(some(values, kept)),
            Self::Bool(values) => Self::Bool(some(values, kept)),
        }
    }
}

/// The codes of categories: 1, 2, 3, and so on.
fn first() -> impl Iterator<Item = f64> {
    (1..).map(f64::from)
}

fn each_text(
    column: &Column,
    name: &str,
    code: impl Fn(Option<Cow<'_, str>>) -> f64,
) -> Result<Vec<f64>> {
    Ok(match column {
        Column::Text(texts) => texts.values(|text| code(text.map(Cow::Borrowed))),
        Column::Int(values) => values.iter().map(|v| code(Some(v.to_string().into()))).collect(),
        Column::Float(values) => {
            let text = |v: &f64| (!v.is_nan()).then(|| Cow::Owned((v + 0.0).to_string()));
            values.iter().map(|v| code(text(v))).collect()
        }
        Column::Date(_) => return Err(dates(name)),
    })
}

fn numbered(known: impl Iterator<Item = f64>, column: &Column, name: &str) -> Result<Vec<f64>> {
    let mut codes: Vec<(f64, f64)> = known.zip(first()).collect();
    codes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let code = |v: f64| match codes.binary_search_by(|(known, _)| known.total_cmp(&(v + 0.0))) {
        _ if !v.is_finite() => v, // refused later, with its place
        Ok(place) => codes[place].1,
        Err(_) => 0.0,
    };
    let of_text = |text: &str| match text.trim().to_lowercase().as_str() {
        "false" => code(0.0),
        "true" => code(1.0),
        text if is_missing(text) => f64::NAN,
        text => text.parse().map_or(0.0, code),
    };
    Ok(match column {
        Column::Float(values) => values.iter().map(|v| code(*v)).collect(),
        Column::Int(values) => values.iter().map(|v| code(*v as f64)).collect(),
        Column::Text(texts) => texts.values(|text| text.map_or(f64::NAN, of_text)),
        Column::Date(_) => return Err(dates(name)),
    })
}

/// The vocabularies of columns, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vocabularies(pub Vec<(String, Vocabulary)>);

impl Vocabularies {
    /// Learns these columns, each from the static table if that has it, else from `table`. Columns in neither are left out.
    pub fn learn(table: &Table, static_table: Option<&Table>, columns: &[String]) -> Result<Self> {
        let mut learned = Vec::new();
        for name in columns {
            let column = static_table.and_then(|t| find(t, name)).or_else(|| find(table, name));
            if let Some(column) = column {
                learned.push((name.clone(), Vocabulary::learn(column, name)?));
            }
        }
        Ok(Self(learned))
    }

    /// These vocabularies with only the categories that the rows of a panel have; those of static columns stay as they are. The
    /// second has the new code of each old one, for each temporal column.
    pub(crate) fn occurring(&self, panel: &Panel) -> (Self, Recoding) {
        let mut recoding = Vec::new();
        let occurring = |(name, all): &(String, Vocabulary)| {
            let Some(codes) = panel.column(name) else { return (name.clone(), all.clone()) };
            let kept: BTreeSet<usize> =
                codes.iter().map(|code| *code as usize).filter(|code| *code > 0).collect();
            let mut new = vec![0.0; all.len() + 1];
            kept.iter().zip(first()).for_each(|(old, code)| new[*old] = code);
            recoding.push((name.clone(), new));
            (name.clone(), all.only(&kept))
        };
        let vocabularies = Self(self.0.iter().map(occurring).collect());
        (vocabularies, Recoding(recoding))
    }

    /// The vocabulary of a column.
    pub fn get(&self, column: &str) -> Option<&Vocabulary> {
        self.0.iter().find(|(name, _)| name == column).map(|(_, vocabulary)| vocabulary)
    }
}

/// New codes for the categories of temporal columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recoding(Vec<(String, Vec<f64>)>);

impl Recoding {
    /// Replaces the codes of a panel.
    pub(crate) fn apply(&self, panel: &mut Panel) {
        for (name, new) in &self.0 {
            let column = panel.temporal.iter_mut().find(|(other, _)| other == name);
            let codes = column.into_iter().flat_map(|(_, codes)| codes);
            codes.for_each(|code| *code = new[*code as usize]);
        }
    }
}

fn dates(name: &str) -> Error {
    let message = format!(
        "column \"{name}\" of catExogList holds dates; categories are text, numbers or true and false"
    );
    Error::new(ErrorCode::Schema, message).with(|d| d.column = Some(name.into()))
}

fn too_large(name: &str, value: f64) -> Error {
    let message = format!(
        "column \"{name}\" of catExogList has the number {value}, which is too large to be told from its neighbors; \
         write such categories as text"
    );
    Error::new(ErrorCode::Schema, message).with(|d| {
        d.column = Some(name.into());
        d.actual = Some(value.into());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(values: &[&str]) -> Column {
        let value = |v: &&str| (!v.is_empty()).then(|| v.to_string());
        Column::Text(values.iter().map(value).collect())
    }

    fn codes(learned: &Column, other: &Column) -> Vec<Option<f64>> {
        let codes = Vocabulary::learn(learned, "kind").unwrap().codes(other, "kind").unwrap();
        codes.into_iter().map(|c| (!c.is_nan()).then_some(c)).collect()
    }

    #[test]
    fn categories_are_numbered_in_order_and_others_are_0() {
        let column = text(&["b", "a", "", "é", "B", "b"]);
        let learned = Vocabulary::learn(&column, "kind").unwrap();
        assert_eq!(learned, Vocabulary::Text(["B", "a", "b", "é"].map(String::from).to_vec()));
        let expected = [Some(3.0), Some(2.0), None, Some(4.0), Some(1.0), Some(3.0)];
        assert_eq!(codes(&column, &column), expected);
        assert_eq!(codes(&column, &text(&["c", "a "])), [Some(0.0), Some(0.0)]);
    }

    #[test]
    fn numbers_are_told_apart_by_value() {
        let floats = Column::Float(vec![2.0, f64::NAN, -0.0, 0.0, f64::INFINITY]);
        assert_eq!(Vocabulary::learn(&floats, "kind").unwrap(), Vocabulary::Int(vec![0, 2]));
        assert_eq!(codes(&floats, &Column::Int(vec![2, 0, 1])), [Some(2.0), Some(1.0), Some(0.0)]);
        assert_eq!(codes(&floats, &Column::Float(vec![-0.0, f64::NAN])), [Some(1.0), None]);
        let halves = Column::Float(vec![1.0, 0.5]);
        assert_eq!(Vocabulary::learn(&halves, "kind").unwrap(), Vocabulary::Float(vec![0.5, 1.0]));
    }

    #[test]
    fn a_number_is_what_it_is_written_as() {
        let mixed = text(&["1", "2", "x", "1.5"]);
        assert_eq!(codes(&mixed, &Column::Int(vec![2, 3])), [Some(3.0), Some(0.0)]);
        let floats = Column::Float(vec![1.0, 1.5, f64::NAN, 7.0]);
        assert_eq!(codes(&mixed, &floats), [Some(1.0), Some(2.0), None, Some(0.0)]);
        let numbers = Column::Int(vec![1, 2]);
        let texts = text(&["2", " 1.0", "NA", "x", ""]);
        assert_eq!(codes(&numbers, &texts), [Some(2.0), Some(1.0), None, Some(0.0), None]);
    }

    #[test]
    fn true_and_false_are_1_and_0() {
        let known = Vocabulary::Bool(vec![false, true]);
        let of = |column: &Column| known.codes(column, "kind").unwrap();
        assert_eq!(of(&Column::Float(vec![1.0, 0.0, 2.0])), [2.0, 1.0, 0.0]);
        assert_eq!(of(&text(&["True", "false", "yes"])), [2.0, 1.0, 0.0]);
    }

    #[test]
    fn what_cannot_be_a_category_is_named() {
        let e = Vocabulary::learn(&Column::Date(vec![0]), "day").unwrap_err();
        assert_eq!(
            e.message,
            "column \"day\" of catExogList holds dates; categories are text, numbers or true and false"
        );
        let e = Vocabulary::learn(&Column::Int(vec![i64::MIN]), "id").unwrap_err();
        assert_eq!((e.code, e.details.column.as_deref()), (ErrorCode::Schema, Some("id")));
    }

    #[test]
    fn a_column_is_learned_where_it_is() {
        let table = Table::new(vec![("kind".into(), text(&["a"])), ("size".into(), text(&["s"]))]);
        let statics = Table::new(vec![("size".into(), text(&["l", "m"]))]).unwrap();
        let names = ["kind", "size", "none"].map(String::from);
        let learned = Vocabularies::learn(&table.unwrap(), Some(&statics), &names).unwrap();
        assert_eq!(learned.0.len(), 2);
        assert_eq!(learned.get("size").unwrap().len(), 2);
        assert_eq!(learned.get("none"), None);
    }
}
