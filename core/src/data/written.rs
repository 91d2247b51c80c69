//! Frequencies and time zones as values of options.

use serde_json::Value;

use super::frequency::Frequency;
use super::time_zone::TimeZone;
use crate::options::OptionValue;
use crate::{Error, Result};

/// An alias, or a number of steps.
fn frequency(value: &Value) -> Option<Result<Frequency>> {
    let alias = value.as_str().map(Frequency::parse);
    alias.or_else(|| i64::read(value).map(Frequency::step))
}

impl OptionValue for Frequency {
    fn expected() -> String {
        "a pandas alias such as \"MS\", or a whole number of steps".into()
    }
    fn ts() -> String {
        "string | number".into()
    }
    fn read(value: &Value) -> Option<Self> {
        frequency(value)?.ok()
    }
    fn write(&self) -> Value {
        if self.is_step() { self.multiple().into() } else { self.to_string().into() }
    }
    fn fault(_: &str, value: &Value) -> Option<Error> {
        frequency(value)?.err()
    }
}

impl OptionValue for TimeZone {
    fn expected() -> String {
        "a time zone such as \"Europe/Berlin\" or \"UTC+01:00\"".into()
    }
    fn ts() -> String {
        "string".into()
    }
    fn read(value: &Value) -> Option<Self> {
        Self::parse(value.as_str()?).ok()
    }
    fn write(&self) -> Value {
        self.to_string().into()
    }
    fn fault(_: &str, value: &Value) -> Option<Error> {
        Self::parse(value.as_str()?).err()
    }
}
