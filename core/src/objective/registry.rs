//! The list of all losses, and their construction from a [`LossSpec`].

use std::collections::HashSet;

use serde_json::{Value, json};

use super::distribution::{DistributionLoss, GMM, NBMM, PMM};
use super::levels::{check_level, hinted, meant_quantile};
use super::outputs::{Estimated, Output, of_levels, of_taus};
use super::point::{Accuracy, FreDF, HuberLoss, MAE, MAPE, MASE, MSE, RMSE, SMAPE, TukeyLoss};
use super::quantile::{
    HuberIQLoss, HuberMQLoss, HuberQLoss, IQLoss, MQLoss, QuantileLoss, ScaledCrps,
};
use super::{LossSpec, Made, Objective};
use crate::options::{Field, OptionValue, Options, no_option};
use crate::{Error, ErrorCode, Result, nearest};

macro_rules! registry {
    ($($loss:ident),* $(,)?) => {
        /// All losses.
        fn registry() -> Vec<Entry> {
            vec![$(entry::<$loss>()),*]
        }
    };
}

registry! {
    MAE,
    MSE,
    RMSE,
    MAPE,
    SMAPE,
    MASE,
    FreDF,
    HuberLoss,
    TukeyLoss,
    QuantileLoss,
    MQLoss,
    HuberQLoss,
    HuberMQLoss,
    IQLoss,
    HuberIQLoss,
    DistributionLoss,
    PMM,
    GMM,
    NBMM,
    Accuracy,
    ScaledCrps,
}

/// The names of a loss; its options are its arguments. Implemented by [`loss!`].
pub(crate) trait Declared: Options {
    /// Upstream's class name.
    const CLASS: &'static str;
    /// Name of its function in JavaScript.
    const FUNCTION: &'static str;
}

/// A loss that can be constructed from its arguments.
pub(super) trait Loss: Declared {
    /// The argument that its JavaScript function takes as a positional first parameter.
    const FIRST: Option<&'static str> = None;

    /// Required arguments.
    const NEEDED: &'static [&'static str] = &[];

    /// Arguments of one loss of each kind, for tests: at least the required ones.
    fn examples() -> Vec<Value> {
        vec![json!({})]
    }

    /// Makes the objective. Each argument has been checked on its own.
    fn make(self, given: &Given<'_>) -> Result<Made>;
}

/// Declares a loss: its arguments, upstream's name and the name of its function. `weighted` adds `horizonWeight`,
/// `quantiles` the arguments of a loss of several quantiles, and `implicit` those of an implicit quantile network.
macro_rules! loss {
    ($(#[doc = $doc:expr])* pub struct $name:ident: $class:literal, $function:literal { $($fields:tt)* }) => {
        $crate::options::options! {
            $(#[doc = $doc])*
            pub struct $name { $($fields)* }
        }

        impl $crate::objective::registry::Declared for $name {
            const CLASS: &'static str = $class;
            const FUNCTION: &'static str = $function;
        }

        impl From<$name> for $crate::objective::LossSpec {
            fn from(arguments: $name) -> Self {
                $crate::objective::registry::spec(&arguments)
            }
        }
    };
    ($(#[doc = $doc:expr])* pub struct $name:ident: $class:literal, $function:literal, weighted { $($fields:tt)* }) => {
        $crate::objective::registry::loss! {
            $(#[doc = $doc])*
            pub struct $name: $class, $function {
                $($fields)*
                /// Weight of each step of the horizon: `h` numbers ≥ 0, not all 0.
                pub horizon_weight: Option<Vec<f64>> = None,
            }
        }
    };
    ($(#[doc = $doc:expr])* pub struct $name:ident: $class:literal, $function:literal, quantiles $($weighted:ident)? { $($fields:tt)* }) => {
        $crate::objective::registry::loss! {
            $(#[doc = $doc])*
            pub struct $name: $class, $function $(, $weighted)? {
                /// Levels of the prediction intervals in percent; 80 and 90 if `quantiles` is left out too.
                pub level: Option<Vec<f64>> = None; fits are_levels "a list of numbers between 0 and 100",
                /// Quantiles between 0 and 1, instead of `level`.
                pub quantiles: Option<Vec<f64>> = None; fits are_quantiles "a list of numbers between 0 and 1",
                $($fields)*
            }
        }
    };
    ($(#[doc = $doc:expr])* pub struct $name:ident: $class:literal, $function:literal, implicit weighted { $($fields:tt)* }) => {
        $crate::objective::registry::loss! {
            $(#[doc = $doc])*
            pub struct $name: $class, $function, weighted {
                /// Number of cosines in the embedding of a quantile.
                pub cos_embedding_dim: usize = 64; fits is_count "a whole number from 1 to 4096",
                /// Second shape parameter (β) of the Beta distribution of quantiles: larger values give more quantiles near 0.
                pub concentration0: f64 = 1.0; positive,
                /// First shape parameter (α) of the Beta distribution of quantiles: larger values give more quantiles near 1.
                pub concentration1: f64 = 1.0; positive,
                $($fields)*
            }
        }
    };
}
pub(crate) use loss;

/// A loss as given, and the option that it was given for.
pub(super) struct Given<'a> {
    spec: &'a LossSpec,
    /// Steps of the horizon.
    pub(super) h: usize,
    /// The option's name, for messages.
    option: &'a str,
}

impl Given<'_> {
    /// An argument as given, or the default.
    pub(super) fn argument(&self, name: &str, default: f64) -> Value {
        self.spec.args.get(name).filter(|v| !v.is_null()).cloned().unwrap_or_else(|| json!(default))
    }

    /// The value of a required argument, or the error that it is missing.
    pub(super) fn required<T: OptionValue>(
        &self,
        name: &str,
        expected: &str,
        value: Option<T>,
    ) -> Result<T> {
        value
            .ok_or_else(|| Error::option(&format!("{}.{name}", self.option), expected, Value::Null))
    }

    /// The error that an argument belongs to another value of `distribution`.
    pub(super) fn only_for(&self, name: &str, owner: &str, given: &str) -> Error {
        self.unsupported(name, &format!("it belongs to {owner}, not to {given}"))
    }

    /// The error that an argument does not fit the others.
    pub(super) fn unsupported(&self, name: &str, why: &str) -> Error {
        let option = format!("{}.{name}", self.option);
        Error::new(ErrorCode::Unsupported, format!("option \"{option}\": {why}; leave it out"))
            .with(|d| d.option = Some(option))
    }

    /// The columns and quantiles of a loss of several quantiles.
    pub(super) fn estimated(
        &self,
        level: Option<Vec<f64>>,
        quantiles: Option<Vec<f64>>,
    ) -> Result<Estimated> {
        match (level, quantiles) {
            (Some(_), Some(_)) => {
                let message = format!(
                    "{}: {} takes level or quantiles, not both: a level stands for two quantiles; leave one out",
                    self.option, self.spec.kind
                );
                Err(Error::new(ErrorCode::InvalidOption, message)
                    .with(|d| d.option = Some(format!("{}.quantiles", self.option))))
            }
            (None, Some(quantiles)) => Ok(of_taus(&quantiles)),
            (level, None) => Ok(of_levels(&level.unwrap_or_else(|| vec![80.0, 90.0]))),
        }
    }

    fn horizon_weight(&self) -> Result<Option<Vec<f32>>> {
        let Some(given) = self.spec.args.get("horizonWeight").filter(|v| !v.is_null()) else {
            return Ok(None);
        };
        let fits = |weights: &Vec<f64>| {
            weights.len() == self.h
                && weights.iter().all(|w| *w >= 0.0)
                && weights.iter().sum::<f64>() > 0.0
        };
        let weights = Vec::<f64>::read(given).filter(fits).ok_or_else(|| {
            let expected = format!("{} numbers ≥ 0, one per step, not all 0", self.h);
            Error::option(&format!("{}.horizonWeight", self.option), &expected, given.clone())
        })?;
        Ok(Some(weights.into_iter().map(|w| w as f32).collect()))
    }

    /// An error about an argument, with the full path of the argument and a suggestion if there is one.
    fn placed(&self, mut error: Error) -> Error {
        let Some(name) = error.details.option.take() else { return error };
        let place = format!("{}.{name}", self.option);
        let quoted = format!("\"{name}\"");
        error.message = match error.message.contains(&quoted) {
            true => error.message.replacen(&quoted, &format!("\"{place}\""), 1),
            false => format!("{}: {}", self.option, error.message),
        };
        error.details.option = Some(place);
        let of_quantiles = name == "q" || name == "quantiles";
        let given = self.spec.args.get(&name).filter(|_| of_quantiles).unwrap_or(&Value::Null);
        let mut all = given.as_array().map_or(std::slice::from_ref(given), Vec::as_slice).iter();
        hinted(error, all.find_map(|q| meant_quantile(q.as_f64()?)))
    }
}

/// A registered loss.
struct Entry {
    class: &'static str,
    function: &'static str,
    first: Option<&'static str>,
    doc: &'static str,
    fields: fn() -> Vec<Field>,
    needed: &'static [&'static str],
    examples: fn() -> Vec<Value>,
    make: fn(&Given<'_>) -> Result<Made>,
}

fn entry<L: Loss>() -> Entry {
    Entry {
        class: L::CLASS,
        function: L::FUNCTION,
        first: L::FIRST,
        doc: L::DOC,
        fields: L::fields,
        needed: L::NEEDED,
        examples: L::examples,
        make: |given| {
            let mut arguments = L::default();
            for (name, value) in given.spec.args.iter().filter(|(_, value)| !value.is_null()) {
                if !arguments.set(name, value).map_err(|e| given.placed(e))? {
                    return Err(no_argument::<L>(given, name));
                }
            }
            arguments.make(given)
        },
    }
}

fn no_argument<L: Loss>(given: &Given<'_>, name: &str) -> Error {
    if L::fields().is_empty() {
        let expected = format!("{} without arguments", L::CLASS);
        return Error::option(given.option, &expected, given.spec.write());
    }
    no_option::<L>(L::CLASS, name)
}

/// The [`LossSpec`] of these arguments; arguments with their default values are left out.
pub(crate) fn spec<L: Declared>(arguments: &L) -> LossSpec {
    let usual = L::default().to_json();
    let args =
        arguments.to_json().into_iter().filter(|(name, value)| usual.get(name) != Some(value));
    LossSpec { kind: L::CLASS.into(), args: args.collect() }
}

impl Objective {
    /// Reads and checks a loss for a horizon of `h` steps. `option` is the name of the option, for messages.
    ///
    /// Errors: [`ErrorCode::Unsupported`] for an unknown loss or distribution, [`ErrorCode::InvalidOption`] for an argument
    /// that is unknown, missing or out of range.
    pub fn new(spec: &LossSpec, h: usize, option: &str) -> Result<Self> {
        let Some(entry) = registry().into_iter().find(|entry| entry.class == spec.kind) else {
            return Err(unknown(spec, option));
        };
        let given = Given { spec, h, option };
        let made = (entry.make)(&given)?;
        check_names(&made.outputs, option)?;
        Ok(Self::of(entry.class, spec, made, given.horizon_weight()?))
    }
}

/// Refuses quantiles so close to each other that their columns would have the same name.
fn check_names(outputs: &[Output], option: &str) -> Result<()> {
    let mut seen = HashSet::new();
    let Some(twice) = outputs.iter().map(Output::to_string).find(|n| !seen.insert(n.clone()))
    else {
        return Ok(());
    };
    let option = format!("{option}.quantiles");
    let message = format!(
        "option \"{option}\": two of them would have the column name \"{twice}\", because levels in names have two decimals; leave one out"
    );
    Err(Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some(option)))
}

/// Refuses levels that are fractions, a likely mistake. Only for losses that users write: checkpoints may contain them.
pub(crate) fn check_written(spec: &LossSpec, option: &str) -> Result<()> {
    let levels = spec.args.get("level").and_then(Value::as_array).into_iter().flatten();
    let option = format!("{option}.level");
    levels.filter_map(Value::as_f64).try_for_each(|level| check_level(&option, level))
}

fn unknown(spec: &LossSpec, option: &str) -> Error {
    let names: Vec<&str> = registry().iter().map(|entry| entry.class).collect();
    let hint = nearest(&spec.kind, names.iter().copied())
        .map_or(String::new(), |n| format!(" (did you mean {n}?)"));
    let message = format!(
        "{option}: loss \"{}\" does not exist here{hint}; there are {}",
        spec.kind,
        names.join(", ")
    );
    Error::new(ErrorCode::Unsupported, message).with(|d| {
        d.option = Some(option.into());
        d.expected = Some(json!(names));
        d.actual = Some(json!(spec.kind));
    })
}

/// A JSON description of every loss, from which its JavaScript function, types and documentation are made.
pub fn describe() -> Value {
    let argument = |field: Field| json!({ "name": field.name, "doc": field.doc, "ts": field.ts, "default": field.default, "range": field.range });
    let loss = |entry: Entry| {
        json!({
            "kind": entry.class,
            "function": entry.function,
            "first": entry.first,
            "doc": entry.doc.trim(),
            "needed": entry.needed,
            "arguments": (entry.fields)().into_iter().map(argument).collect::<Vec<_>>(),
        })
    };
    registry().into_iter().map(loss).collect()
}

/// Every loss with its required arguments, `DistributionLoss` once for each distribution. Other arguments have their
/// defaults.
pub fn every_loss() -> Vec<LossSpec> {
    let spec = |class: &str, args: Value| LossSpec {
        kind: class.into(),
        args: args.as_object().cloned().unwrap_or_default(),
    };
    let specs =
        |entry: Entry| (entry.examples)().into_iter().map(move |args| spec(entry.class, args));
    registry().into_iter().flat_map(specs).collect()
}
