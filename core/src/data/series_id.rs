//! The identifier of a series as users write it in options.

use serde_json::Value;

use crate::options::OptionValue;

/// The identifier of a series as text; users may also write a whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesId(pub String);

impl From<&str> for SeriesId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl OptionValue for SeriesId {
    fn expected() -> String {
        "a string or whole number".into()
    }
    fn ts() -> String {
        "string | number | bigint".into()
    }
    fn read(value: &Value) -> Option<Self> {
        let whole = || i64::read(value).map(|n| n.to_string());
        value.as_str().map(String::from).or_else(whole).map(Self)
    }
    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}
