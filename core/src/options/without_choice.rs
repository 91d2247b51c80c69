//! Options that leave no choice: what upstream names and only one value is possible of, and no options at all.

use serde_json::{Map, Value, json};

use super::{Field, OptionValue, Options};
use crate::Result;

/// The options of a model that has none beside the shared ones.
#[derive(Clone, Debug, Default)]
pub struct NoOptions;

impl Options for NoOptions {
    fn fields() -> Vec<Field> {
        Vec::new()
    }
    fn set(&mut self, _: &str, _: &Value) -> Result<bool> {
        Ok(false)
    }
    fn to_json(&self) -> Map<String, Value> {
        Map::new()
    }
}

/// An option of upstream's that can only be 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zero;

impl OptionValue for Zero {
    fn expected() -> String {
        "0".into()
    }
    fn ts() -> String {
        "0".into()
    }
    fn read(value: &Value) -> Option<Self> {
        (value.as_f64()? == 0.0).then_some(Self)
    }
    fn write(&self) -> Value {
        json!(0.0)
    }
}

/// An option that can only be false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Never;

impl OptionValue for Never {
    fn expected() -> String {
        "false".into()
    }
    fn ts() -> String {
        "false".into()
    }
    fn read(value: &Value) -> Option<Self> {
        (!value.as_bool()?).then_some(Self)
    }
    fn write(&self) -> Value {
        json!(false)
    }
}
