//! Options whose values are one of a few names.

use serde_json::Value;

use crate::{Error, nearest};

/// An enum made by [`choices!`](super::choices).
pub trait Choice: Copy + Sized + 'static {
    /// Name of the enum in Rust and TypeScript.
    const NAME: &'static str;
    /// Documentation of the enum.
    const DOC: &'static str;
    /// All values: the name that users write, and its documentation.
    const VALUES: &'static [(&'static str, &'static str)];
}

/// Alternatives for messages: `"a", "b" or "c"`.
pub fn one_of(names: &[&str]) -> String {
    match names {
        [all @ .., last] if !all.is_empty() => {
            let all: Vec<String> = all.iter().map(|name| format!("{name:?}")).collect();
            format!("{} or {last:?}", all.join(", "))
        }
        _ => names.iter().map(|name| format!("{name:?}")).collect(),
    }
}

/// The error for a value that is none of `names`, with the one that was probably meant.
pub(crate) fn none_of(option: &str, names: &[&str], value: &Value) -> Error {
    let e = Error::option(option, &one_of(names), value.clone());
    match value.as_str().and_then(|text| nearest(text, names.iter().copied())) {
        Some(near) => Error { message: format!("{}; did you mean \"{near}\"?", e.message), ..e },
        None => e,
    }
}

/// Declares an enum whose values are written as text; one of them may be the default: `pub enum OnGap: default Error`.
macro_rules! choices {
    ($(#[doc = $doc:expr])* pub enum $name:ident $(: default $default:ident)? {
        $($(#[doc = $value_doc:expr])* $variant:ident = $text:literal,)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[doc = $value_doc])* $variant,)* }

        $(impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        })?

        impl $crate::options::Choice for $name {
            const NAME: &'static str = stringify!($name);
            const DOC: &'static str = concat!($($doc),*);
            const VALUES: &'static [(&'static str, &'static str)] =
                &[$(($text, concat!($($value_doc),*))),*];
        }

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
                $crate::options::one_of(Self::NAMES)
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
            fn fault(name: &str, value: &serde_json::Value) -> Option<$crate::Error> {
                Some($crate::options::none_of(name, Self::NAMES, value))
            }
        }
    };
}
pub(crate) use choices;

#[cfg(test)]
mod tests {
    use super::one_of;

    #[test]
    fn names_are_quoted_and_the_last_is_after_or() {
        assert_eq!(one_of(&["a"]), "\"a\"");
        assert_eq!(one_of(&["a", ","]), "\"a\" or \",\"");
        assert_eq!(one_of(&["a", "b", "c"]), "\"a\", \"b\" or \"c\"");
    }
}
