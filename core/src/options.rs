//! Options: each is declared once, with type, default and documentation, and read from JSON with helpful messages.
//!
//! [`options!`] makes a plain struct, its defaults, its reader and the table from which the TypeScript types and the
//! documentation are generated. Names are upstream's, in camelCase for JSON and TypeScript and in snake_case for Rust.

mod choices;
mod nested;
mod rules;
mod unknown;
mod values;
mod without_choice;

pub use choices::{Choice, one_of};
pub(crate) use choices::{choices, none_of};
pub(crate) use nested::{check_given, nested, object_of, outside};
pub use nested::{inside, read_nested};
pub use rules::Rule;
pub(crate) use rules::{is_needed, numbers_are, range, read_option, rule};
pub use unknown::{no_option, unknown_option};
pub use without_choice::{Never, NoOptions, Zero};

use serde_json::{Map, Value};

use crate::data::Table;
use crate::{Error, Result};

/// A type that an option can have.
pub trait OptionValue: Sized {
    /// The accepted values, for messages: `a whole number ≥ 0`.
    fn expected() -> String;
    /// The type in TypeScript.
    fn ts() -> String;
    /// Reads a value; `None` if it is not accepted.
    fn read(value: &Value) -> Option<Self>;
    /// Writes a value so that [`OptionValue::read`] returns the same.
    fn write(&self) -> Value;
    /// A more specific error than [`OptionValue::expected`] gives for a value of the option `name` that cannot be read, if
    /// there is one.
    fn fault(_name: &str, _value: &Value) -> Option<Error> {
        None
    }
    /// A value made from a table, for options that are tables: JSON cannot represent them.
    fn of_table(_table: Table) -> Option<Self> {
        None
    }
}

/// One option, for documentation and generated types.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name in JSON and TypeScript: `inputSize`.
    pub name: String,
    /// Documentation.
    pub doc: String,
    /// TypeScript type.
    pub ts: String,
    /// Default value; null if there is none.
    pub default: Value,
    /// The allowed values, if not all of the type are: `≥ 1`.
    pub range: Option<String>,
    /// Whether it is required: its own rules refuse its default.
    pub needed: bool,
}

/// A struct made by [`options!`].
pub trait Options: Default + Clone {
    /// Name of the struct in Rust and TypeScript.
    const NAME: &'static str;
    /// Documentation of the struct.
    const DOC: &'static str;
    /// Names of its options in other libraries: several, separated by spaces, in lower case without `_`. Each entry also
    /// has the option of this struct, or a sentence for the message.
    const ELSEWHERE: &'static [(&'static str, &'static str)];

    /// All options in order.
    fn fields() -> Vec<Field>;
    /// Sets one option by its name in JSON; `Ok(false)` if there is no such option.
    fn set(&mut self, name: &str, value: &Value) -> Result<bool>;
    /// Sets an option that is a table by its name in JSON; false if there is no such option.
    fn set_table(&mut self, name: &str, table: Table) -> bool;
    /// All options with their values; those that JSON cannot represent are null.
    fn to_json(&self) -> Map<String, Value>;

    /// Refuses the values that [`Options::set`] would refuse: a program may assign anything to the public fields.
    fn check(&self) -> Result<()> {
        let mut read = Self::default();
        self.to_json().iter().try_for_each(|(name, value)| read.set(name, value).map(drop))
    }
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

/// The name of an option in JSON: its own in camelCase, or the declared one: `names as "columns"`.
macro_rules! outside_name {
    ($field:ident) => {
        $crate::options::camel_case(stringify!($field))
    };
    ($field:ident $name:literal) => {
        String::from($name)
    };
}
pub(crate) use outside_name;

/// Declares an options struct; see the module documentation. The rules of the value follow the default, each a [`Rule`] in
/// words: `= 2; at least 1; at most 9`. An option whose rules refuse its default is required. The names of its options in
/// other libraries follow the struct: `elsewhere { "tz zone" => "timeZone", }`.
macro_rules! options {
    ($(#[doc = $doc:expr])* pub struct $name:ident {}) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name;

        impl $crate::options::Options for $name {
            const NAME: &'static str = stringify!($name);
            const DOC: &'static str = concat!($($doc),*);
            const ELSEWHERE: &'static [(&'static str, &'static str)] = &[];

            fn fields() -> Vec<$crate::options::Field> {
                Vec::new()
            }

            fn set(&mut self, _: &str, _: &serde_json::Value) -> $crate::Result<bool> {
                Ok(false)
            }

            fn set_table(&mut self, _: &str, _: $crate::data::Table) -> bool {
                false
            }

            fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
                serde_json::Map::new()
            }
        }
    };
    ($(#[doc = $doc:expr])* $(#[derive($derive:ident)])* pub struct $name:ident {
        $($(#[doc = $field_doc:expr])* pub $field:ident $(as $outside:literal)?: $ty:ty = $default:expr
            $(; $($rule:ident)+ $($limit:literal $($more:ident)* $($last:literal)?)?)*,)*
    } $(elsewhere { $($names:literal => $here:expr,)* })?) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug $(, $derive)*)]
        pub struct $name { $($(#[doc = $field_doc])* pub $field: $ty,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::options::Options for $name {
            const NAME: &'static str = stringify!($name);
            const DOC: &'static str = concat!($($doc),*);
            const ELSEWHERE: &'static [(&'static str, &'static str)] = &[$($(($names, $here)),*)?];

            fn fields() -> Vec<$crate::options::Field> {
                let defaults = Self::default();
                vec![$({
                    let default = $crate::options::OptionValue::write(&defaults.$field);
                    let rules: &[$crate::options::Rule<$ty>] = &[$($crate::options::rule!($($rule)+ $($limit $($more)* $($last)?)?)),*];
                    $crate::options::Field {
                        name: $crate::options::outside_name!($field $($outside)?),
                        doc: [$($field_doc),*].map(str::trim).join(" "),
                        ts: <$ty as $crate::options::OptionValue>::ts(),
                        range: $crate::options::range::<$ty>(rules),
                        needed: $crate::options::is_needed::<$ty>(&default, rules),
                        default,
                    }
                },)*]
            }

            fn set(&mut self, name: &str, value: &serde_json::Value) -> $crate::Result<bool> {
                $(if name == $crate::options::outside_name!($field $($outside)?) {
                    self.$field = $crate::options::read_option::<$ty>(
                        name,
                        value,
                        &[$($crate::options::rule!($($rule)+ $($limit $($more)* $($last)?)?)),*],
                    )?;
                    return Ok(true);
                })*
                Ok(false)
            }

            fn set_table(&mut self, name: &str, table: $crate::data::Table) -> bool {
                $(if name == $crate::options::outside_name!($field $($outside)?) {
                    let value = <$ty as $crate::options::OptionValue>::of_table(table);
                    return value.map(|value| self.$field = value).is_some();
                })*
                false
            }

            fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
                let mut map = serde_json::Map::new();
                $(map.insert(
                    $crate::options::outside_name!($field $($outside)?),
                    $crate::options::OptionValue::write(&self.$field),
                );)*
                map
            }
        }
    };
}
pub(crate) use options;

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
            /// How fast.
            pub rate: Option<f64> = None; positive,
            /// How much is left out.
            pub dropout: f64 = 0.0; probability,
            /// How wide.
            pub window: usize = 3; at least 1; at most 99; fits is_odd "an odd number",
            /// How many at once.
            pub rows: i64 = -1; at least 1 or all,
            /// On how many.
            pub machines as "hosts": Option<usize> = None; from 1 to 64,
        }
    }

    fn is_odd(n: &usize) -> bool {
        !n.is_multiple_of(2)
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
            r#"option "poolingMode" must be "max" or "avg", got "mean""#
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
    fn a_broken_rule_says_what_is_allowed_however_the_value_came() {
        let message = |name: &str, value: Value| {
            let error = Sample::default().set(name, &value).unwrap_err();
            assert_eq!(error.details.option.as_deref(), Some(name));
            error.message
        };
        for (name, value, expected) in [
            ("rate", json!(0), "a number > 0 or null, got 0"),
            ("rate", json!("fast"), "a number > 0 or null, got \"fast\""),
            ("dropout", json!(1), "a number from 0 to below 1, got 1"),
            ("dropout", json!(-0.5), "a number from 0 to below 1, got -0.5"),
            ("dropout", json!(null), "a number from 0 to below 1, got null"),
            ("window", json!(0), "a whole number ≥ 1, got 0"),
            ("window", json!(101), "at most 99, got 101"),
            ("window", json!(4), "an odd number, got 4"),
            ("window", json!(true), "a whole number ≥ 1, got true"),
            ("rows", json!(0), "a whole number ≥ 1, or -1 for all, got 0"),
            ("hosts", json!(0), "a whole number from 1 to 64 or null, got 0"),
            ("hosts", json!(65), "a whole number from 1 to 64 or null, got 65"),
        ] {
            assert_eq!(message(name, value), format!("option \"{name}\" must be {expected}"));
        }
        let of = |sample: Sample| sample.check().map_err(|e| e.message);
        let d = Sample::default;
        assert_eq!(of(d()), Ok(()));
        for (sample, expected) in [
            (Sample { rate: Some(-1.0), ..d() }, "\"rate\" must be a number > 0 or null, got -1.0"),
            (
                Sample { rate: Some(f64::NAN), ..d() },
                "\"rate\" must be a number > 0 or null, got \"NaN\"",
            ),
            (
                Sample { dropout: f64::INFINITY, ..d() },
                "\"dropout\" must be a number from 0 to below 1, got \"inf\"",
            ),
            (Sample { window: 4, ..d() }, "\"window\" must be an odd number, got 4"),
            (
                Sample { n_blocks: vec![0], ..d() },
                "\"nBlocks\" must be a list, each item a whole number ≥ 1, got [0]",
            ),
        ] {
            assert_eq!(of(sample), Err(format!("option {expected}")));
        }
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
        let ranges: Vec<Option<&str>> = fields.iter().map(|f| f.range.as_deref()).collect();
        let (share, odd) = ("from 0 to below 1", "≥ 1, at most 99, an odd number");
        let (rows, hosts) = ("≥ 1, or -1 for all", "from 1 to 64");
        let of_size = [Some(odd), Some(rows), Some(hosts)];
        let expected = [Some("≥ 1"), None, None, Some("> 0"), Some(share)];
        assert_eq!(ranges, [&expected[..], &of_size].concat());
        assert_eq!((Sample::NAME, Sample::DOC.trim()), ("Sample", "For the tests."));
    }
}
