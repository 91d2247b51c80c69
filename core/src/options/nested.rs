//! Options that are objects with options of their own, and options that JSON cannot represent.

use serde_json::{Map, Value};

use super::{Field, Options, no_option};
use crate::{Error, ErrorCode, Result};

/// Reads the value of the option `owner`, an object with the options of `T`. Errors name both: `checkpoint.everySteps`.
pub fn read_nested<T: Options>(owner: &str, value: &Value) -> Result<T> {
    let fields = T::fields();
    let known: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    let Some(given) = value.as_object() else {
        return Err(Error::option(owner, &object_of(&known), value.clone()));
    };
    let mut read = T::default();
    for (name, value) in given {
        if !read.set(name, value).map_err(|e| inside(owner, e))? {
            return Err(no_option::<T>(owner, name));
        }
    }
    check_given::<T>(given).map_err(|e| inside(owner, e))?;
    Ok(read)
}

/// Refuses options among which a required one is absent.
pub(crate) fn check_given<T: Options>(given: &Map<String, Value>) -> Result<()> {
    let lacks = |field: &Field| field.needed && given.get(&field.name).is_none_or(Value::is_null);
    let Some(Field { name, default, .. }) = T::fields().into_iter().find(lacks) else {
        return Ok(());
    };
    let refused = T::default().set(&name, &default).err();
    let expected = refused.and_then(|e| e.details.expected).unwrap_or_default();
    let message =
        format!("option \"{name}\" is required: {}", expected.as_str().unwrap_or("a value"));
    Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
        d.option = Some(name);
        d.expected = Some(expected);
    }))
}

/// `an object { path, everySteps }`
pub(crate) fn object_of(names: &[String]) -> String {
    format!("an object {{ {} }}", names.join(", "))
}

/// Prefixes the option of an error with the option that contains it: `everySteps` becomes `checkpoint.everySteps`.
pub fn inside(owner: &str, e: Error) -> Error {
    let Some(name) = e.details.option.clone() else { return e };
    let path = format!("{owner}.{name}");
    let message =
        e.message.replacen(&format!("option \"{name}\""), &format!("option \"{path}\""), 1);
    Error { message, ..e }.with(|d| d.option = Some(path))
}

/// Makes options structs values of options, as objects.
macro_rules! nested {
    ($($name:ty),*) => {
        $(impl $crate::options::OptionValue for $name {
            fn expected() -> String {
                let fields = <Self as $crate::options::Options>::fields();
                let names: Vec<String> = fields.into_iter().map(|field| field.name).collect();
                $crate::options::object_of(&names)
            }
            fn ts() -> String {
                <Self as $crate::options::Options>::NAME.into()
            }
            fn read(value: &serde_json::Value) -> Option<Self> {
                $crate::options::read_nested("", value).ok()
            }
            fn write(&self) -> serde_json::Value {
                $crate::options::Options::to_json(self).into()
            }
            fn fault(name: &str, value: &serde_json::Value) -> Option<$crate::Error> {
                $crate::options::read_nested::<Self>(name, value).err()
            }
        })*
    };
}
pub(crate) use nested;

/// Declares types of options that JSON cannot represent and that the caller handles itself. Name and documentation of such
/// an option are declared with all others; its value is never read here.
macro_rules! outside {
    ($($(#[doc = $doc:expr])* pub struct $name:ident = $ts:literal;)*) => {
        $($(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl $crate::options::OptionValue for $name {
            fn expected() -> String {
                $ts.into()
            }
            fn ts() -> String {
                $ts.into()
            }
            fn read(_: &serde_json::Value) -> Option<Self> {
                None
            }
            fn write(&self) -> serde_json::Value {
                serde_json::Value::Null
            }
        })*
    };
}
pub(crate) use outside;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macros make public types")]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::super::{OptionValue, options, read_option};
    use super::*;

    options! {
        /// For the tests.
        pub struct Place {
            /// Where.
            pub street: PathBuf = PathBuf::new(),
            /// Which house.
            pub house: usize = 0; at least 1,
            /// Which floor.
            pub floor: i64 = 0,
        }
    }
    nested!(Place);

    #[test]
    fn what_is_at_fault_within_an_option_is_named_with_both() {
        let read = |value: Value| {
            let place = read_option::<Option<Place>>("home", &value, &[]);
            place.map(|p| p.map(|p| (p.street, p.house))).map_err(|e| (e.message, e.details.option))
        };
        assert_eq!(
            read(json!({ "street": "A", "house": 3.0 })).unwrap(),
            Some(("A".into(), 3)),
            "the floor has a default"
        );
        assert_eq!(read(Value::Null).unwrap(), None);
        for (value, message, option) in [
            (json!(5), "option \"home\" must be an object { street, house, floor }, got 5", "home"),
            (
                json!({ "street": "A", "house": 0 }),
                "option \"home.house\" must be a whole number ≥ 1, got 0",
                "home.house",
            ),
            (
                json!({ "street": "A", "hose": 3 }),
                "home has no option \"hose\"; did you mean \"house\"?",
                "hose",
            ),
            (
                json!({ "street": "A" }),
                "option \"home.house\" is required: a whole number ≥ 1",
                "home.house",
            ),
            (json!({ "house": 1 }), "option \"home.street\" is required: a path", "home.street"),
        ] {
            assert_eq!(read(value).unwrap_err(), (message.into(), Some(option.into())));
        }
        assert_eq!(<Option<Place>>::ts(), "Place | null");
    }
}
