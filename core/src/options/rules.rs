//! Rules for the value of an option, beyond those of its type.

use serde_json::Value;

use super::OptionValue;
use crate::{Error, Result};

/// A rule for the value of an option, declared with the option. It applies to every number in a list.
#[derive(Clone, Copy, Debug)]
pub enum Rule<T> {
    /// `at least 1`
    AtLeast(f64),
    /// `at most 1_000_000`
    AtMost(f64),
    /// `from 1 to 1024`
    Within(f64, f64),
    /// `positive`
    Positive,
    /// `probability`: from 0 to below 1.
    Probability,
    /// `at least 1 or all`: a negative number stands for all.
    AtLeastOrAll(f64),
    /// `fits is_odd "an odd number"`: a predicate, and its meaning in words.
    Fits(fn(&T) -> bool, &'static str),
}

impl<T: OptionValue> Rule<T> {
    /// Whether a value, also given as JSON, satisfies the rule.
    fn allows(&self, value: &T, written: &Value) -> bool {
        match *self {
            Self::AtLeast(least) => numbers_are(written, &|n| n >= least),
            Self::AtMost(most) => numbers_are(written, &|n| n <= most),
            Self::Within(least, most) => numbers_are(written, &|n| (least..=most).contains(&n)),
            Self::Positive => numbers_are(written, &|n| n > 0.0),
            Self::Probability => numbers_are(written, &|n| (0.0..1.0).contains(&n)),
            Self::AtLeastOrAll(least) => numbers_are(written, &|n| n >= least || n < 0.0),
            Self::Fits(fits, _) => fits(value),
        }
    }

    /// The allowed numbers: `≥ 1`.
    fn range(&self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::AtMost(most) => format!("at most {most}"),
            Self::Within(least, most) => format!("from {least} to {most}"),
            Self::Positive => "> 0".into(),
            Self::Probability => "from 0 to below 1".into(),
            Self::AtLeastOrAll(least) => format!("≥ {least}, or -1 for all"),
            Self::Fits(_, expected) => (*expected).into(),
        }
    }

    /// The accepted values, for messages: `a whole number ≥ 1`.
    fn expected(&self) -> String {
        match self {
            Self::AtMost(_) | Self::Fits(..) => self.range(),
            _ => {
                let number = format!("number {}", self.range());
                T::expected().replace(" ≥ 0", "").replace("number", &number)
            }
        }
    }
}

/// All rules of an option in words, for documentation.
pub(crate) fn range<T: OptionValue>(rules: &[Rule<T>]) -> Option<String> {
    let all: Vec<String> = rules.iter().map(Rule::range).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Reads the option `name` with these rules; an error says what is expected.
pub(crate) fn read_option<T: OptionValue>(
    name: &str,
    value: &Value,
    rules: &[Rule<T>],
) -> Result<T> {
    let Some(read) = T::read(value) else {
        let bounds = rules.iter().find(|r| !matches!(r, Rule::AtMost(_)));
        let expected = bounds.map_or_else(T::expected, Rule::expected);
        let fault = T::fault(name, value);
        return Err(fault.unwrap_or_else(|| Error::option(name, &expected, value.clone())));
    };
    let written = read.write();
    match rules.iter().find(|rule| !rule.allows(&read, &written)) {
        Some(broken) => Err(Error::option(name, &broken.expected(), value.clone())),
        None => Ok(read),
    }
}

/// Whether an option is required, because its rules refuse its default.
pub(crate) fn is_needed<T: OptionValue>(default: &Value, rules: &[Rule<T>]) -> bool {
    T::read(default).is_none_or(|read| rules.iter().any(|rule| !rule.allows(&read, default)))
}

/// Whether all numbers in `value` satisfy `fit`.
pub(crate) fn numbers_are(value: &Value, fit: &dyn Fn(f64) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| numbers_are(item, fit)),
        _ => value.as_f64().is_none_or(fit),
    }
}

/// A [`Rule`] from its words.
macro_rules! rule {
    (at least $least:literal) => {
        $crate::options::Rule::AtLeast(f64::from($least))
    };
    (at least $least:literal or all) => {
        $crate::options::Rule::AtLeastOrAll(f64::from($least))
    };
    (at most $most:literal) => {
        $crate::options::Rule::AtMost(f64::from($most))
    };
    (from $least:literal to $most:literal) => {
        $crate::options::Rule::Within(f64::from($least), f64::from($most))
    };
    (positive) => {
        $crate::options::Rule::Positive
    };
    (probability) => {
        $crate::options::Rule::Probability
    };
    (fits $fits:ident $expected:literal) => {
        $crate::options::Rule::Fits(|value| $fits(value), $expected)
    };
}
pub(crate) use rule;
