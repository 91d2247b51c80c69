//! How often cross-validation trains.

use serde_json::Value;

use crate::options::OptionValue;

/// When cross-validation trains its models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refit {
    /// Once, before the first forecast.
    Never,
    /// Before the first forecast, and again after every so many forecasts; at least one.
    Every(usize),
}

impl Refit {
    /// The number of forecasts after one training, of `windows` in all.
    pub(in crate::forecast) fn windows(self, windows: usize) -> usize {
        match self {
            Self::Never => windows,
            Self::Every(n) => n.clamp(1, windows),
        }
    }
}

impl OptionValue for Refit {
    fn expected() -> String {
        "true, false, or a whole number ≥ 1".into()
    }
    fn ts() -> String {
        "boolean | number".into()
    }
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(false) => Some(Self::Never),
            Value::Bool(true) => Some(Self::Every(1)),
            _ => usize::read(value).filter(|n| *n > 0).map(Self::Every),
        }
    }
    fn write(&self) -> Value {
        match self {
            Self::Never => false.into(),
            Self::Every(1) => true.into(),
            Self::Every(n) => (*n).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_a_choice_or_a_number() {
        for (value, refit) in [
            (json!(false), Some(Refit::Never)),
            (json!(true), Some(Refit::Every(1))),
            (json!(3), Some(Refit::Every(3))),
            (json!(0), None),
            (json!(-1), None),
            (json!(1.5), None),
            (json!("always"), None),
        ] {
            assert_eq!(Refit::read(&value), refit, "{value}");
        }
        for refit in [Refit::Never, Refit::Every(1), Refit::Every(4)] {
            assert_eq!(Refit::read(&refit.write()), Some(refit));
        }
        assert_eq!(
            [Refit::Never, Refit::Every(2), Refit::Every(9)].map(|r| r.windows(5)),
            [5, 2, 5]
        );
    }
}
