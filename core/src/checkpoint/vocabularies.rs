//! Categories of columns in the form of Python's configuration: an object for text, or a tagged list of pairs.

use serde_json::{Map, Value, json};

use super::tagged::{TAG, Tagged, tag};
use super::weights::Tensors;
use crate::Result;
use crate::data::{Vocabularies, Vocabulary};

/// Reads the vocabulary of each column.
pub(super) fn decode(
    file: &str,
    field: &str,
    value: &Value,
    tensors: &Tensors<'_>,
) -> Result<Vocabularies> {
    let columns = match value {
        Value::Null => return Ok(Vocabularies::default()),
        Value::Object(columns) if tag(value).is_none() => columns,
        other => {
            let place = Tagged::new(other, file, field, tensors);
            return Err(place.wrong("an object of columns and their categories"));
        }
    };
    let column = |(name, value): (&String, &Value)| {
        let place = Tagged::new(value, file, field, tensors);
        let numbered = || {
            place.wrong("for each column its categories, all text, all numbers or all true and false, numbered 1, 2, 3 ..")
        };
        let vocabulary = pairs(value).and_then(in_order).and_then(|values| of_values(&values));
        Ok((name.clone(), vocabulary.ok_or_else(numbered)?))
    };
    columns.iter().map(column).collect::<Result<_>>().map(Vocabularies)
}

/// The categories with their codes.
fn pairs(value: &Value) -> Option<Vec<(Value, usize)>> {
    let number = |n: &Value| usize::try_from(n.as_u64()?).ok();
    match tag(value) {
        Some("mapping") => {
            let pair = |item: &Value| match item.as_array()?.as_slice() {
                [category, n] => Some((category.clone(), number(n)?)),
                _ => None,
            };
            value["items"].as_array()?.iter().map(pair).collect()
        }
        Some(_) => None,
        None => {
            let pair = |(text, n): (&String, &Value)| Some((text.as_str().into(), number(n)?));
            value.as_object()?.iter().map(pair).collect()
        }
    }
}

/// The categories in the order of their codes, which must be 1, 2, 3, …, each once.
fn in_order(pairs: Vec<(Value, usize)>) -> Option<Vec<Value>> {
    let mut values = vec![Value::Null; pairs.len()];
    for (value, n) in pairs {
        let place = values.get_mut(n.checked_sub(1)?)?;
        if !std::mem::replace(place, value).is_null() {
            return None;
        }
    }
    Some(values)
}

fn of_values(values: &[Value]) -> Option<Vocabulary> {
    fn all<T>(values: &[Value], of: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
        values.iter().map(of).collect()
    }
    let text = |v: &Value| v.as_str().map(String::from);
    let vocabulary = (all(values, text).map(Vocabulary::Text))
        .or_else(|| all(values, Value::as_i64).map(Vocabulary::Int))
        .or_else(|| all(values, Value::as_bool).map(Vocabulary::Bool))
        .or_else(|| all(values, Value::as_f64).map(Vocabulary::Float))?;
    vocabulary.is_unambiguous().then_some(vocabulary)
}

/// Writes the vocabulary of each column.
pub(super) fn encode(vocabularies: &Vocabularies) -> Value {
    let column = |(name, vocabulary): &(String, Vocabulary)| {
        let values: Vec<Value> = match vocabulary {
            Vocabulary::Text(values) if values.iter().all(|text| text != TAG) => {
                let numbered = values.iter().zip(1u64..);
                let object: Map<_, _> = numbered.map(|(t, n)| (t.clone(), n.into())).collect();
                return (name.clone(), object.into());
            }
            Vocabulary::Text(values) => values.iter().map(|v| json!(v)).collect(),
            Vocabulary::Int(values) => values.iter().map(|v| json!(v)).collect(),
            Vocabulary::Float(values) => values.iter().map(|v| json!(v)).collect(),
            Vocabulary::Bool(values) => values.iter().map(|v| json!(v)).collect(),
        };
        let items: Vec<Value> =
            values.into_iter().zip(1u64..).map(|(v, n)| json!([v, n])).collect();
        (name.clone(), json!({ TAG: "mapping", "items": items }))
    };
    vocabularies.0.iter().map(column).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<Vocabularies> {
        decode("configuration.json", "categorical_vocab_", value, &Tensors::none("t"))
    }

    fn mapping(items: Value) -> Value {
        json!({ "kind": { TAG: "mapping", "items": items } })
    }

    #[test]
    fn vocabularies_are_written_as_they_were_read() {
        for (stored, vocabulary) in [
            (json!({ "kind": { "x": 1, "y": 2 } }), Vocabulary::Text(vec!["x".into(), "y".into()])),
            (mapping(json!([[-1, 1], [7, 2]])), Vocabulary::Int(vec![-1, 7])),
            (mapping(json!([[0.5, 1], [1.0, 2]])), Vocabulary::Float(vec![0.5, 1.0])),
            (mapping(json!([[false, 1], [true, 2]])), Vocabulary::Bool(vec![false, true])),
            (
                mapping(json!([["__nf__", 1], ["b", 2]])),
                Vocabulary::Text(vec![TAG.into(), "b".into()]),
            ),
            (json!({ "kind": {} }), Vocabulary::Text(Vec::new())),
        ] {
            let read = read(&stored).unwrap();
            assert_eq!(read.get("kind"), Some(&vocabulary));
            assert_eq!(encode(&read), stored);
        }
        assert_eq!(read(&Value::Null).unwrap(), Vocabularies::default());
        let unsorted = read(&json!({ "kind": { "x": 2, "y": 1 } })).unwrap();
        assert_eq!(unsorted.get("kind"), Some(&Vocabulary::Text(vec!["y".into(), "x".into()])));
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        for stored in [
            json!(3),
            json!({ TAG: "mapping", "items": [] }),
            json!({ "kind": 3 }),
            json!({ "kind": { "x": 0 } }),
            json!({ "kind": { "x": 2 } }),
            json!({ "kind": { "x": 1, "y": 1 } }),
            json!({ "kind": { "x": 1.5 } }),
            json!({ "kind": { "x": -1 } }),
            mapping(json!([[1, 1], [1, 2]])),
            mapping(json!([[1, 1], [1.0, 2]])),
            mapping(json!([[1, 1], ["x", 2]])),
            mapping(json!([[null, 1]])),
            mapping(json!([[[1], 1]])),
            mapping(json!([[1]])),
            mapping(json!([[10_000_000_000_000_001i64, 1], [2, 2]])),
            mapping(json!({})),
            json!({ "kind": { TAG: "tensor", "key": "x" } }),
        ] {
            let e = read(&stored).unwrap_err();
            assert!(e.message.starts_with("configuration.json: \"categorical_vocab_\""), "{e}");
        }
    }
}
