//! Option values of basic types: booleans, numbers, text, paths, tables, and lists of them.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::OptionValue;
use crate::Error;
use crate::data::Table;

impl OptionValue for bool {
    fn expected() -> String {
        "true or false".into()
    }
    fn ts() -> String {
        "boolean".into()
    }
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
    fn write(&self) -> Value {
        json!(self)
    }
}

impl OptionValue for usize {
    fn expected() -> String {
        "a whole number ≥ 0".into()
    }
    fn ts() -> String {
        "number".into()
    }
    fn read(value: &Value) -> Option<Self> {
        i64::read(value).and_then(|v| Self::try_from(v).ok())
    }
    fn write(&self) -> Value {
        json!(self)
    }
}

impl OptionValue for u32 {
    fn expected() -> String {
        usize::expected()
    }
    fn ts() -> String {
        "number".into()
    }
    fn read(value: &Value) -> Option<Self> {
        i64::read(value).and_then(|v| Self::try_from(v).ok())
    }
    fn write(&self) -> Value {
        json!(self)
    }
}

impl OptionValue for i64 {
    fn expected() -> String {
        "a whole number".into()
    }
    fn ts() -> String {
        "number".into()
    }
    fn read(value: &Value) -> Option<Self> {
        // JavaScript has one number type: 3.0 is a whole number.
        let whole = value.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9.0e15);
        value.as_i64().or(whole.map(|f| f as Self))
    }
    fn write(&self) -> Value {
        json!(self)
    }
}

impl OptionValue for f64 {
    fn expected() -> String {
        "a number".into()
    }
    fn ts() -> String {
        "number".into()
    }
    fn read(value: &Value) -> Option<Self> {
        value.as_f64().filter(|v| v.is_finite())
    }
    fn write(&self) -> Value {
        // JSON has no NaN and no infinities. As text they cannot be read; null could be read, as "not given".
        if self.is_finite() { json!(self) } else { self.to_string().into() }
    }
}

impl OptionValue for String {
    fn expected() -> String {
        "text".into()
    }
    fn ts() -> String {
        "string".into()
    }
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(Self::from)
    }
    fn write(&self) -> Value {
        json!(self)
    }
}

impl<T: OptionValue> OptionValue for Option<T> {
    fn expected() -> String {
        format!("{} or null", T::expected())
    }
    fn ts() -> String {
        format!("{} | null", T::ts())
    }
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }
    fn fault(name: &str, value: &Value) -> Option<Error> {
        T::fault(name, value)
    }
    fn of_table(table: Table) -> Option<Self> {
        T::of_table(table).map(Some)
    }
}

impl<T: OptionValue> OptionValue for Vec<T> {
    fn expected() -> String {
        format!("a list, each item {}", T::expected())
    }
    fn ts() -> String {
        let item = T::ts();
        let single = !item.contains('|') && !item.starts_with("readonly ");
        if single { format!("readonly {item}[]") } else { format!("readonly ({item})[]") }
    }
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::read).collect()
    }
    fn write(&self) -> Value {
        self.iter().map(T::write).collect()
    }
    fn fault(name: &str, value: &Value) -> Option<Error> {
        let wrong = value.as_array()?.iter().find(|item| T::read(item).is_none())?;
        T::fault(name, wrong)
    }
}

impl OptionValue for PathBuf {
    fn expected() -> String {
        "a path".into()
    }
    fn ts() -> String {
        "string".into()
    }
    fn read(value: &Value) -> Option<Self> {
        value.as_str().filter(|text| !text.is_empty()).map(Self::from)
    }
    fn write(&self) -> Value {
        self.to_string_lossy().into()
    }
}

/// JSON cannot represent tables: they are set with [`Options::set_table`](super::Options::set_table).
impl OptionValue for Table {
    fn expected() -> String {
        "a table".into()
    }
    fn ts() -> String {
        "Table".into()
    }
    fn read(_: &Value) -> Option<Self> {
        None
    }
    fn write(&self) -> Value {
        Value::Null
    }
    fn of_table(table: Self) -> Option<Self> {
        Some(table)
    }
}
