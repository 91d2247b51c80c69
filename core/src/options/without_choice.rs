//! Options without a choice: upstream options of which only one value is supported, and models without options.

use serde_json::{Map, Value, json};

use super::{Field, OptionValue, Options};
use crate::Result;
use crate::data::Table;

/// The options of a model that has none besides the shared ones.
#[derive(Clone, Debug, Default)]
pub struct NoOptions;

impl Options for NoOptions {
    const NAME: &'static str = "NoOptions";
    const DOC: &'static str = "No options.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[];

    fn fields() -> Vec<Field> {
        Vec::new()
    }
    fn set(&mut self, _: &str, _: &Value) -> Result<bool> {
        Ok(false)
    }
    fn set_table(&mut self, _: &str, _: Table) -> bool {
        false
    }
    fn to_json(&self) -> Map<String, Value> {
        Map::new()
    }
}

/// An upstream option that can only be 0.
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

/// An upstream option that can only be false.
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

/// The options of two structs as one; name and documentation are those of the first.
impl<A: Options, B: Options> Options for (A, B) {
    const NAME: &'static str = A::NAME;
    const DOC: &'static str = A::DOC;
    const ELSEWHERE: &'static [(&'static str, &'static str)] = A::ELSEWHERE;

    fn fields() -> Vec<Field> {
        [A::fields(), B::fields()].concat()
    }
    fn set(&mut self, name: &str, value: &Value) -> Result<bool> {
        Ok(self.0.set(name, value)? || self.1.set(name, value)?)
    }
    fn set_table(&mut self, name: &str, table: Table) -> bool {
        self.0.set_table(name, table.clone()) || self.1.set_table(name, table)
    }
    fn to_json(&self) -> Map<String, Value> {
        self.0.to_json().into_iter().chain(self.1.to_json()).collect()
    }
}
