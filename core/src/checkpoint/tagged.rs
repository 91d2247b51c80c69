//! Tagged JSON: NeuralForecast's representation of arrays, dates and columns in JSON.

use serde_json::{Map, Value, json};

use super::fail;
use super::weights::{RawTensor, Tensors};
use crate::data::{TimeKind, TimeUnit, TimeZone};
use crate::{Error, Result};

/// The key that marks a tagged value.
pub(super) const TAG: &str = "__nf__";
/// Prefix of the keys of tensors that belong to tagged values.
pub(super) const TENSOR_PREFIX: &str = "__hparams__.";

/// The kind of a tagged value.
pub(super) fn tag(value: &Value) -> Option<&str> {
    value.get(TAG)?.as_str()
}

/// Whether a value contains a tagged value at any depth.
pub(super) fn has_tag(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_tag),
        Value::Object(map) => map.contains_key(TAG) || map.values().any(has_tag),
        _ => false,
    }
}

/// A tagged value with its file and field, for messages, and the tensors to which it may refer.
#[derive(Clone)]
pub(super) struct Tagged<'a> {
    value: &'a Value,
    file: &'a str,
    field: &'a str,
    tensors: &'a Tensors<'a>,
}

impl<'a> Tagged<'a> {
    pub(super) fn new(
        value: &'a Value,
        file: &'a str,
        field: &'a str,
        tensors: &'a Tensors<'a>,
    ) -> Self {
        Self { value, file, field, tensors }
    }

    fn inside(&self, key: &str) -> Result<Self> {
        let value =
            self.value.get(key).ok_or_else(|| self.wrong(&format!("a tag with {key:?}")))?;
        Ok(Self { value, ..self.clone() })
    }

    /// The error for a value of the wrong kind.
    pub(super) fn wrong(&self, expected: &str) -> Error {
        let mut found = self.value.to_string();
        if let Some((cut, _)) = found.char_indices().nth(80) {
            found.truncate(cut);
            found.push_str(" ..");
        }
        fail(format!("{}: {:?} must be {expected}, found {found}", self.file, self.field))
    }

    fn key(&self) -> Result<&'a str> {
        self.value
            .get("key")
            .and_then(Value::as_str)
            .ok_or_else(|| self.wrong("a tensor tag with a key"))
    }

    /// A list of strings: plain, an index or a series.
    pub(super) fn texts(&self) -> Result<Vec<String>> {
        match (tag(self.value), self.value) {
            (Some("series"), _) => self.inside("data")?.texts(),
            (Some("index"), _) => self.inside("values")?.texts(),
            (None, Value::Array(items)) => items
                .iter()
                .map(|v| v.as_str().map(String::from).ok_or_else(|| self.wrong("a list of texts")))
                .collect(),
            _ => Err(self.wrong("a list of texts")),
        }
    }

    /// A list of integers: plain, an index, a series, an array or a tensor.
    pub(super) fn integers(&self) -> Result<Vec<i64>> {
        match (tag(self.value), self.value) {
            (Some("series"), _) => self.inside("data")?.integers(),
            (Some("index" | "array"), _) => self.inside("values")?.integers(),
            (Some("tensor"), _) => {
                let (shape, values) = self.tensors.integers(self.key()?)?;
                if shape.len() != 1 {
                    return Err(
                        self.wrong(&format!("a list of integers, its tensor has shape {shape:?}"))
                    );
                }
                Ok(values)
            }
            (None, Value::Array(items)) => items
                .iter()
                .map(|v| v.as_i64().ok_or_else(|| self.wrong("a list of integers")))
                .collect(),
            _ => Err(self.wrong("a list of integers")),
        }
    }

    /// Numbers with their shape: an array or a tensor.
    pub(super) fn numbers(&self) -> Result<(Vec<usize>, Vec<f64>)> {
        match tag(self.value) {
            Some("tensor") => self.tensors.numbers(self.key()?),
            Some("array") => {
                let shape = self.inside("shape")?.integers()?;
                let Value::Array(values) = self.inside("values")?.value else {
                    return Err(self.wrong("numbers"));
                };
                let size =
                    shape.iter().try_fold(1usize, |n, s| n.checked_mul(usize::try_from(*s).ok()?));
                if size != Some(values.len()) {
                    return Err(self.wrong(&format!("{} numbers of shape {shape:?}", values.len())));
                }
                let values = values.iter().map(|v| v.as_f64().ok_or_else(|| self.wrong("numbers")));
                Ok((
                    shape.into_iter().map(|s| s as usize).collect(),
                    values.collect::<Result<_>>()?,
                ))
            }
            _ => Err(self.wrong("an array or a tensor")),
        }
    }

    /// A list of numbers: an index, a series, an array or a tensor. NaN for null.
    pub(super) fn list(&self) -> Result<Vec<f64>> {
        match (tag(self.value), self.value) {
            (Some("series"), _) => self.inside("data")?.list(),
            (Some("index"), _) => self.inside("values")?.list(),
            (None, Value::Array(items)) => {
                let number = |v: &Value| match v {
                    Value::Null => Ok(f64::NAN),
                    _ => v.as_f64().ok_or_else(|| self.wrong("a list of numbers")),
                };
                items.iter().map(number).collect()
            }
            _ => {
                let (shape, values) = self.numbers()?;
                match shape.len() {
                    1 => Ok(values),
                    _ => Err(self.wrong(&format!("a list of numbers, its shape is {shape:?}"))),
                }
            }
        }
    }

    /// An array or a tensor as nested lists of numbers.
    pub(super) fn plain(&self) -> Result<Value> {
        let (shape, values) = self.numbers()?;
        if let Some(v) = values.iter().find(|v| !v.is_finite()) {
            return Err(self.wrong(&format!("finite numbers, its tensor has {v}")));
        }
        nested(&shape, &values)
            .ok_or_else(|| self.wrong("an array of at most 8 axes, none of them empty"))
    }

    /// Times: milliseconds since 1970 for dates, or step numbers.
    pub(super) fn times(&self) -> Result<(TimeKind, Vec<i64>)> {
        match tag(self.value) {
            Some("series") if tag(&self.value["data"]) == Some("datetime64") => {
                self.inside("data")?.times()
            }
            Some("datetime64") => {
                let stored = if self.value.get("values").is_some() { "values" } else { "data" };
                let stored = self.inside(stored)?.integers()?;
                let (unit, numerator, denominator) = match self.value["unit"].as_str() {
                    Some("D") => (TimeUnit::S, 86_400_000, 1), // a polars Date: whole days, stored here in seconds
                    Some("s") => (TimeUnit::S, 1000, 1),
                    Some("ms") => (TimeUnit::Ms, 1, 1),
                    Some("us") => (TimeUnit::Us, 1, 1000),
                    Some("ns") => (TimeUnit::Ns, 1, 1_000_000),
                    _ => return Err(self.wrong("dates in D, s, ms, us or ns")),
                };
                let time_zone =
                    match &self.value["tz"] {
                        Value::Null => None,
                        Value::String(zone) => {
                            let known = TimeZone::parse(zone);
                            Some(known.map_err(|_| {
                                self.wrong("dates of a time zone of the IANA database")
                            })?)
                        }
                        _ => return Err(self.wrong("dates with the name of a time zone")),
                    };
                let times = stored.into_iter().map(|t| match t % denominator {
                    0 if t != i64::MIN => (t / denominator).checked_mul(numerator),
                    _ => None,
                });
                let times = times.collect::<Option<_>>();
                let times = times.ok_or_else(|| {
                    self.wrong("dates of whole milliseconds; round them in Python")
                })?;
                Ok((TimeKind::Date { unit, time_zone }, times))
            }
            _ => Ok((TimeKind::Step, self.integers()?)),
        }
    }

    /// Copies every tensor to which the value refers.
    pub(super) fn collect_tensors(&self, into: &mut Vec<RawTensor>) -> Result<()> {
        match self.value {
            Value::Array(items) => items
                .iter()
                .try_for_each(|value| Self { value, ..self.clone() }.collect_tensors(into)),
            Value::Object(_) if tag(self.value) == Some("tensor") => {
                let key = self.key()?;
                if into.iter().all(|t| t.name != key) {
                    into.push(self.tensors.raw(key)?);
                }
                Ok(())
            }
            Value::Object(map) => map
                .values()
                .try_for_each(|value| Self { value, ..self.clone() }.collect_tensors(into)),
            _ => Ok(()),
        }
    }
}

fn nested(shape: &[usize], values: &[f64]) -> Option<Value> {
    let Some((n, rest)) = shape.split_first() else { return Some(values.first().copied()?.into()) };
    let size = rest.iter().product::<usize>();
    if shape.len() > 8 || (size == 0 && *n > 0) {
        return None;
    }
    values
        .chunks(size.max(1))
        .map(|part| nested(rest, part))
        .collect::<Option<Vec<_>>>()
        .map(Value::from)
}

/// A tagged value that refers to a tensor, for a numpy array.
pub(super) fn numpy(path: &str, dtype: &str) -> Value {
    json!({ TAG: "tensor", "key": format!("{TENSOR_PREFIX}{path}"), "kind": "numpy", "dtype": dtype })
}

/// A tagged value that refers to a tensor, for a torch tensor.
pub(super) fn torch(path: &str) -> Value {
    json!({ TAG: "tensor", "key": format!("{TENSOR_PREFIX}{path}"), "kind": "torch" })
}

/// Column names as a pandas index.
pub(super) fn column_index<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    json!({ TAG: "index", "kind": "pandas", "dtype": "str", "name": null, "values": names.collect::<Vec<_>>() })
}

/// Dates in their stored unit; the integers go into `tensors`.
pub(super) fn dates(
    path: &str,
    kind: &str,
    unit: TimeUnit,
    time_zone: Option<TimeZone>,
    times: &[i64],
    tensors: &mut Vec<RawTensor>,
) -> Result<Map<String, Value>> {
    let (text, numerator, denominator) = match unit {
        TimeUnit::S => ("s", 1, 1000),
        TimeUnit::Ms => ("ms", 1, 1),
        TimeUnit::Us => ("us", 1000, 1),
        TimeUnit::Ns => ("ns", 1_000_000, 1),
    };
    let stored = times.iter().map(|t| match t % denominator {
        0 => (t / denominator).checked_mul(numerator).ok_or(t),
        _ => Err(t),
    });
    let stored = stored.collect::<Result<Vec<_>, _>>();
    let stored = stored.map_err(|t| {
        fail(format!("time {t} (ms since 1970) cannot be stored in the dates' unit {text:?}; use a unit that holds it"))
    })?;
    tensors.push(RawTensor::i64s(format!("{TENSOR_PREFIX}{path}"), vec![times.len()], &stored));
    let mut tagged = Map::new();
    tagged.insert(TAG.into(), "datetime64".into());
    tagged.insert("kind".into(), kind.into());
    tagged.insert("unit".into(), text.into());
    tagged.insert("data".into(), numpy(path, "int64"));
    if let Some(zone) = time_zone {
        tagged.insert("tz".into(), zone.to_string().into());
    }
    Ok(tagged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(value: Value, with: impl Fn(Tagged<'_>) -> Result<T>) -> Result<T> {
        with(Tagged::new(
            &value,
            "configuration.json",
            "ds",
            &Tensors::none("configuration.safetensors"),
        ))
    }

    #[test]
    fn dates_of_every_unit_become_milliseconds() {
        for (unit, stored, kind) in [
            ("D", 2, TimeUnit::S),
            ("s", 172_800, TimeUnit::S),
            ("ms", 172_800_000, TimeUnit::Ms),
            ("us", 172_800_000_000, TimeUnit::Us),
            ("ns", 172_800_000_000_000i64, TimeUnit::Ns),
        ] {
            let tagged = json!({ TAG: "datetime64", "kind": "numpy", "unit": unit, "values": [stored], "tz": "UTC" });
            let expected =
                TimeKind::Date { unit: kind, time_zone: Some(TimeZone::parse("UTC").unwrap()) };
            assert_eq!(read(tagged, |t| t.times()).unwrap(), (expected, vec![172_800_000]));
        }
    }

    #[test]
    fn dates_between_milliseconds_and_missing_dates_are_refused() {
        for (unit, stored) in [
            ("ns", 1_000_001),
            ("us", 1),
            ("us", i64::MIN),
            ("ms", i64::MIN),
            ("s", i64::MAX),
            ("W", 1),
        ] {
            let tagged =
                json!({ TAG: "datetime64", "kind": "numpy", "unit": unit, "values": [stored] });
            let e = read(tagged, |t| t.times()).unwrap_err();
            assert!(e.message.starts_with("configuration.json: \"ds\" must be dates"), "{e}");
        }
    }

    #[test]
    fn dates_are_written_in_their_unit_or_not_at_all() {
        let mut tensors = Vec::new();
        dates("ds", "numpy", TimeUnit::Ns, None, &[1, -2], &mut tensors).unwrap();
        assert_eq!(
            tensors[0],
            RawTensor::i64s("__hparams__.ds", vec![2], &[1_000_000, -2_000_000])
        );
        assert!(
            dates("ds", "numpy", TimeUnit::S, None, &[1500], &mut tensors)
                .unwrap_err()
                .message
                .contains("1500")
        );
        assert!(dates("ds", "numpy", TimeUnit::Ns, None, &[i64::MAX], &mut tensors).is_err());
    }

    #[test]
    fn arrays_become_nested_lists() {
        let array = |shape: Value, values: Value| json!({ TAG: "array", "kind": "numpy", "dtype": "float64", "shape": shape, "values": values });
        assert_eq!(
            read(array(json!([2, 2]), json!([1, 2, 3, 4])), |t| t.plain()).unwrap(),
            json!([[1.0, 2.0], [3.0, 4.0]])
        );
        assert_eq!(read(array(json!([0]), json!([])), |t| t.plain()).unwrap(), json!([]));
        for shape in [
            json!([3]),
            json!([-1, -4]),
            json!([1_000_000_000]),
            json!([4294967296u64, 4294967296u64]),
            json!("x"),
        ] {
            assert!(read(array(shape, json!([1, 2, 3, 4])), |t| t.plain()).is_err());
        }
        assert!(
            read(array(json!([1, 1, 1, 1, 1, 1, 1, 1, 1]), json!([1])), |t| t.plain()).is_err()
        );
    }

    #[test]
    fn wrong_tags_are_named() {
        let e = read(json!({ TAG: "loss", "cls": "MAE" }), |t| t.integers()).unwrap_err();
        assert_eq!(
            e.message,
            "configuration.json: \"ds\" must be a list of integers, found {\"__nf__\":\"loss\",\"cls\":\"MAE\"}"
        );
        let e =
            read(json!({ TAG: "tensor", "key": "__hparams__.ds" }), |t| t.integers()).unwrap_err();
        assert_eq!(
            e.message,
            "configuration.safetensors: tensor \"__hparams__.ds\" is missing; save again"
        );
    }
}
