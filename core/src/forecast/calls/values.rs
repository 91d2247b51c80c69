//! Types of values that only options of calls have.

use serde_json::Value;

use crate::Error;
use crate::forecast::Metric;
use crate::models::ModelSpec;
use crate::options::{OptionValue, outside};

outside! {
    /// Cancels a run: in Rust, [`Control::cancel`](crate::Control::cancel).
    pub struct Signal = "AbortSignal";
    /// Receives the progress of a run: in Rust, [`Control::progress`](crate::Control::progress).
    pub struct OnProgress = "(progress: Progress) => void";
    /// Values of windows: in Rust, [`WindowExog`](crate::WindowExog).
    pub struct WindowNumbers = "Float32Array";
}

impl OptionValue for ModelSpec {
    fn expected() -> String {
        "a model spec, such as NHITS({ h: 12, inputSize: 24 })".into()
    }
    fn ts() -> String {
        "ModelSpec".into()
    }
    fn read(value: &Value) -> Option<Self> {
        serde_json::from_value(value.clone()).ok()
    }
    fn write(&self) -> Value {
        serde_json::json!({ "model": self.model, "options": self.options })
    }
}

impl OptionValue for Metric {
    fn expected() -> String {
        "the name of a metric, such as \"mae\"".into()
    }
    fn ts() -> String {
        "MetricName".into()
    }
    fn read(value: &Value) -> Option<Self> {
        value.as_str()?.parse().ok()
    }
    fn write(&self) -> Value {
        self.to_string().into()
    }
    fn fault(_: &str, value: &Value) -> Option<Error> {
        value.as_str()?.parse::<Self>().err()
    }
}
