//! Options: declared once with type, default and sentence; read from JSON with messages that help.
//!
//! [`options!`] makes a plain struct, its defaults, its reader and the table from which the TypeScript types and the
//! documentation are generated. Names are upstream's, in camelCase outside and snake_case inside.

mod unknown;
mod values;
mod without_choice;

pub use unknown::unknown_option;
pub use without_choice::{Never, NoOptions, Zero};

use serde_json::{Map, Value};

use crate::{Error, Result};

/// A type that an option can have.
pub trait OptionValue: Sized {
    /// What a user may write: `a whole number ≥ 0`.
    fn expected() -> String;
    /// The type in TypeScript.
    fn ts() -> String;
    /// Reads a value, or says no.
    fn read(value: &Value) -> Option<Self>;
    /// Writes a value so that [`OptionValue::read`] gives it back.
    fn write(&self) -> Value;
    /// What is wrong with a value that cannot be read, where more can be told than what is expected.
    fn fault(_value: &Value) -> Option<Error> {
        None
    }
}

/// One option, for documentation and generated types.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name outside: `inputSize`.
    pub name: String,
    /// What it does.
    pub doc: String,
    /// TypeScript type.
    pub ts: String,
    /// Default value; null when there is none.
    pub default: Value,
}

/// A struct made by [`options!`].
pub trait Options: Default + Clone {
    /// All options in order.
    fn fields() -> Vec<Field>;
    /// Sets one option by its outside name; `Ok(false)` if there is no such option.
    fn set(&mut self, name: &str, value: &Value) -> Result<bool>;
    /// All options with their values.
    fn to_json(&self) -> Map<String, Value>;
}

/// `input_size` → `inputSize`.
pub fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else {
            out.extend(if upper { c.to_uppercase().next() } else { Some(c) });
            upper = false;
        }
    }
    out
}

/// Reads an option whose numbers are `least` or more.
pub(crate) fn read_option<T: OptionValue>(
    name: &str,
    value: &Value,
    least: Option<u32>,
) -> Result<T> {
    let enough = least.is_none_or(|least| numbers_are(value, &|n| n >= f64::from(least)));
    T::read(value).filter(|_| enough).ok_or_else(|| {
        if let Some(fault) = T::fault(value) {
            return fault;
        }
        let expected = match least {
            Some(least) => T::expected().replace("≥ 0", &format!("≥ {least}")),
            None => T::expected(),
        };
        Error::option(name, &expected, value.clone())
    })
}

/// Whether all numbers in `value` fit.
pub(crate) fn numbers_are(value: &Value, fit: &dyn Fn(f64) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| numbers_are(item, fit)),
        _ => value.as_f64().is_none_or(fit),
    }
}

/// Declares an options struct; see the module documentation. `= 2; at least 1` also refuses smaller numbers.
macro_rules! options {
    ($(#[doc = $doc:expr])* pub struct $name:ident {
        $($(#[doc = $field_doc:expr])* pub $field:ident: $ty:ty = $default:expr $(; at least $least:literal)?,)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $name { $($(#[doc = $field_doc])* pub $field: $ty,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::options::Options for $name {
            fn fields() -> Vec<$crate::options::Field> {
                let defaults = Self::default();
                vec![$($crate::options::Field {
                    name: $crate::options::camel_case(stringify!($field)),
                    doc: [$($field_doc),*].map(str::trim).join(" "),
                    ts: <$ty as $crate::options::OptionValue>::ts(),
                    default: $crate::options::OptionValue::write(&defaults.$field),
                },)*]
            }

            fn set(&mut self, name: &str, value: &serde_json::Value) -> $crate::Result<bool> {
                $(if name == $crate::options::camel_case(stringify!($field)) {
                    let least = None::<u32>$(.or(Some($least)))?;
                    self.$field = $crate::options::read_option(name, value, least)?;
                    return Ok(true);
                })*
                Ok(false)
            }

            fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
                let mut map = serde_json::Map::new();
                $(map.insert(
                    $crate::options::camel_case(stringify!($field)),
                    $crate::options::OptionValue::write(&self.$field),
                );)*
                map
            }
        }
    };
}
pub(crate) use options;

/// Declares an enum whose values are written as text.
macro_rules! choices {
    ($(#[doc = $doc:expr])* pub enum $name:ident { $($(#[doc = $value_doc:expr])* $variant:ident = $text:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[doc = $value_doc])* $variant,)* }

        impl $name {
            /// All values as users write them.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// The name that users write.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl $crate::options::OptionValue for $name {
            fn expected() -> String {
                format!("one of {}", Self::NAMES.join(", "))
            }
            fn ts() -> String {
                Self::NAMES.iter().map(|n| format!("'{n}'")).collect::<Vec<_>>().join(" | ")
            }
            fn read(value: &serde_json::Value) -> Option<Self> {
                match value.as_str()? { $($text => Some(Self::$variant),)* _ => None }
            }
            fn write(&self) -> serde_json::Value {
                self.name().into()
            }
        }
    };
}
pub(crate) use choices;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macros make public types")]
mod tests {
    use serde_json::json;

    use super::*;

    choices! {
        /// For the tests.
        pub enum Mode {
            /// Greatest.
            Max = "max",
            /// Mean.
            Avg = "avg",
        }
    }

    options! {
        /// For the tests.
        pub struct Sample {
            /// How many.
            pub n_blocks: Vec<usize> = vec![1, 2]; at least 1,
            /// How.
            pub pooling_mode: Mode = Mode::Max,
            /// How long,
            /// in steps.
            pub max_steps: Option<usize> = None,
        }
    }

    #[test]
    fn options_are_set_by_their_outside_names() {
        let mut o = Sample::default();
        assert!(o.set("nBlocks", &json!([3.0, 4])).unwrap());
        assert!(o.set("poolingMode", &json!("avg")).unwrap());
        assert!(!o.set("n_blocks", &json!([1])).unwrap());
        assert_eq!((o.n_blocks, o.pooling_mode), (vec![3, 4], Mode::Avg));
    }

    #[test]
    fn a_wrong_value_says_what_is_allowed() {
        let error =
            |name, value: Value| Sample::default().set(name, &value).unwrap_err().to_string();
        assert_eq!(
            error("poolingMode", json!("mean")),
            r#"option "poolingMode" must be one of max, avg, got "mean""#
        );
        assert_eq!(
            error("nBlocks", json!([1, -1])),
            r#"option "nBlocks" must be a list, each item a whole number ≥ 1, got [1,-1]"#
        );
        assert_eq!(
            error("nBlocks", json!([1, 0])),
            r#"option "nBlocks" must be a list, each item a whole number ≥ 1, got [1,0]"#
        );
        assert_eq!(
            error("maxSteps", json!(1.5)),
            r#"option "maxSteps" must be a whole number ≥ 0 or null, got 1.5"#
        );
    }

    #[test]
    fn the_field_table_has_names_types_defaults_and_sentences() {
        let fields = Sample::fields();
        assert_eq!(fields[2].name, "maxSteps");
        assert_eq!(fields[2].doc, "How long, in steps.");
        assert_eq!(fields[0].ts, "readonly number[]");
        assert_eq!(Vec::<Vec<usize>>::ts(), "readonly (readonly number[])[]");
        assert_eq!(fields[0].default, json!([1, 2]));
        assert_eq!(fields[1].ts, "'max' | 'avg'");
    }
}
