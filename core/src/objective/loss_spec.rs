//! The specification of a loss.

use serde_json::{Map, Value, json};

use crate::options::OptionValue;

/// A loss as an option: `{ kind: 'MQLoss', args: { level: [80] } }`.
#[derive(Clone, Debug, PartialEq)]
pub struct LossSpec {
    /// Upstream's class name.
    pub kind: String,
    /// Its arguments in camelCase.
    pub args: Map<String, Value>,
}

impl LossSpec {
    /// A loss without arguments.
    pub fn named(kind: &str) -> Self {
        Self { kind: kind.into(), args: Map::new() }
    }
}

impl OptionValue for LossSpec {
    fn expected() -> String {
        "a loss such as loss.mae() or loss.mq({ level: [80, 90] })".into()
    }
    fn ts() -> String {
        "Loss".into()
    }
    fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let args = match object.get("args") {
            None => Map::new(),
            Some(args) => args.as_object()?.clone(),
        };
        Some(Self { kind: object.get("kind")?.as_str()?.into(), args })
    }
    fn write(&self) -> Value {
        json!({ "kind": self.kind, "args": self.args })
    }
}
