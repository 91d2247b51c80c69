//! The option `lrScheduler`: the kinds of schedule with their settings and defaults. Names and defaults are torch's.

use serde_json::{Map, Value};

use super::plateau::Plateau;
use crate::options::{OptionValue, Options, choices, inside, no_option, options};
use crate::{Error, ErrorCode, Result, nearest};

macro_rules! kinds {
    ($($kind:literal: $settings:ty,)*) => {
        /// The names of the kinds.
        const KINDS: [&str; [$($kind),*].len()] = [$($kind),*];

        $(impl From<$settings> for LrScheduler {
            fn from(settings: $settings) -> Self {
                Self::of($kind, &settings)
            }
        })*
    };
}

kinds! {
    "step": StepDecay,
    "exponential": Exponential,
    "cosine": Cosine,
    "linearWarmup": LinearWarmup,
    "warmupCosine": WarmupCosine,
    "oneCycle": OneCycle,
    "plateau": Plateau,
}

choices! {
    /// The shape of a change of the rate.
    pub enum Anneal {
        /// Half a period of a cosine.
        Cos = "cos",
        /// Linear.
        Linear = "linear",
    }
}

options! {
    /// `step`: multiplies the rate by `gamma` every `stepSize` steps (`StepLR`).
    pub struct StepDecay {
        /// Steps between two decays; required.
        pub step_size: Option<usize> = None,
        /// Factor of each decay.
        pub gamma: f64 = 0.1,
    }
}

options! {
    /// `exponential`: multiplies the rate by `gamma` at every step (`ExponentialLR`).
    pub struct Exponential {
        /// Factor of each step; required.
        pub gamma: Option<f64> = None,
    }
}

options! {
    /// `cosine`: from the rate to `etaMin` along half a period of a cosine, then back up (`CosineAnnealingLR`).
    pub struct Cosine {
        /// Steps of half a period; maxSteps when left out.
        pub t_max: Option<usize> = None,
        /// The lowest rate.
        pub eta_min: f64 = 0.0,
    }
}

options! {
    /// `linearWarmup`: multiplies the rate by a factor that changes linearly (`LinearLR`).
    pub struct LinearWarmup {
        /// Factor of the first step.
        pub start_factor: f64 = 1.0 / 3.0,
        /// Factor after `totalIters` steps.
        pub end_factor: f64 = 1.0,
        /// Steps from `startFactor` to `endFactor`.
        pub total_iters: usize = 5,
    }
}

options! {
    /// `warmupCosine`: linear warmup to the rate, then as `cosine` (`SequentialLR` of `LinearLR` and `CosineAnnealingLR`).
    pub struct WarmupCosine {
        /// Steps until the rate is reached; required.
        pub warmup_steps: Option<usize> = None,
        /// Steps of half a period after the warmup; the rest of maxSteps when left out.
        pub t_max: Option<usize> = None,
        /// The lowest rate.
        pub eta_min: f64 = 0.0,
        /// Factor of the first step.
        pub start_factor: f64 = 1.0 / 3.0,
    }
}

options! {
    /// `oneCycle`: the rate rises to `maxLr` and falls far below its first value, momentum changes inversely (`OneCycleLR`).
    /// `learningRate` is ignored.
    pub struct OneCycle {
        /// The highest rate; required.
        pub max_lr: Option<f64> = None,
        /// Steps of the whole cycle; maxSteps when left out.
        pub total_steps: Option<usize> = None,
        /// Fraction of the steps in which the rate rises.
        pub pct_start: f64 = 0.3,
        /// Shape of the rise and the fall.
        pub anneal_strategy: Anneal = Anneal::Cos,
        /// Whether momentum (beta1 for Adam) falls from maxMomentum to baseMomentum while the rate rises, and rises back after.
        pub cycle_momentum: bool = true,
        /// The lowest momentum.
        pub base_momentum: f64 = 0.85,
        /// The highest momentum.
        pub max_momentum: f64 = 0.95,
        /// The first rate is maxLr divided by this.
        pub div_factor: f64 = 25.0,
        /// The last rate is the first divided by this.
        pub final_div_factor: f64 = 1e4,
        /// Whether the rate first falls back to its first value, in as many steps as it rose, and only then to the last.
        pub three_phase: bool = false,
    }
}

/// A schedule as an option: `{ kind: 'cosine', tMax: 1000 }`. In Rust it is made from the settings of its kind:
/// `Cosine { t_max: Some(1000), ..Default::default() }.into()`.
#[derive(Clone, Debug, PartialEq)]
pub struct LrScheduler(Map<String, Value>);

impl LrScheduler {
    /// A schedule with those settings that differ from the kind's defaults.
    fn of<T: Options>(kind: &str, settings: &T) -> Self {
        let usual = T::default().to_json();
        let given = settings.to_json().into_iter().filter(|(n, value)| usual.get(n) != Some(value));
        Self(std::iter::once(("kind".into(), kind.into())).chain(given).collect())
    }

    pub(super) fn kind(&self) -> &str {
        self.0["kind"].as_str().expect("read with its kind")
    }

    /// The schedule with the defaults that depend on `maxSteps` filled in, so that it does not depend on the model.
    #[must_use]
    pub fn explicit(&self, max_steps: usize) -> Self {
        let mut all = self.0.clone();
        let warm_up = all.get("warmupSteps").and_then(Value::as_u64).unwrap_or(0) as usize;
        let (name, steps) = match self.kind() {
            "cosine" => ("tMax", max_steps),
            "warmupCosine" => ("tMax", max_steps.saturating_sub(warm_up).max(1)),
            "oneCycle" => ("totalSteps", max_steps),
            _ => return self.clone(),
        };
        if all.get(name).is_none_or(Value::is_null) {
            all.insert(name.into(), steps.into());
        }
        Self(all)
    }

    /// The settings, read as those of a kind.
    pub(super) fn arguments<T: Options>(&self) -> Result<T> {
        let mut read = T::default();
        for (name, value) in self.0.iter().filter(|(name, _)| *name != "kind") {
            if !read.set(name, value).map_err(|e| inside("lrScheduler", e))? {
                return Err(no_option::<T>(&format!("lrScheduler {}", self.kind()), name));
            }
        }
        Ok(read)
    }
}

impl OptionValue for LrScheduler {
    fn expected() -> String {
        format!(
            "a schedule such as {{ kind: 'cosine', tMax: 1000 }}, kind one of {}",
            KINDS.join(", ")
        )
    }
    fn ts() -> String {
        "LrScheduler".into()
    }
    fn read(value: &Value) -> Option<Self> {
        let given = value.as_object()?;
        given.get("kind")?.as_str()?;
        Some(Self(given.clone()))
    }
    fn write(&self) -> Value {
        self.0.clone().into()
    }
}

/// Refuses a setting that is out of range: one for which `holds` is false.
pub(super) fn within(name: &str, value: f64, holds: bool, expected: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::option(&format!("lrScheduler.{name}"), expected, value)) }
}

/// The value of a required setting, or the error that it is missing.
pub(super) fn required<T>(name: &str, value: Option<T>, expected: &str) -> Result<T> {
    let message = format!("option \"lrScheduler.{name}\" is required: {expected}");
    value.ok_or_else(|| {
        Error::new(ErrorCode::InvalidOption, message)
            .with(|d| d.option = Some(format!("lrScheduler.{name}")))
    })
}

/// A required number of steps, checked.
pub(super) fn count(name: &str, value: Option<usize>) -> Result<usize> {
    let expected = "a whole number from 1 to 1000000000";
    let n = required(name, value, expected)?;
    within(name, n as f64, (1..=1_000_000_000).contains(&n), expected)?;
    Ok(n)
}

/// The error for an unknown kind.
pub(super) fn no_kind(kind: &str) -> Error {
    let hint = nearest(kind, KINDS)
        .map_or(format!("kinds: {}", KINDS.join(", ")), |n| format!("did you mean \"{n}\"?"));
    Error::new(ErrorCode::InvalidOption, format!("lrScheduler has no kind \"{kind}\"; {hint}"))
        .with(|d| {
            d.option = Some("lrScheduler".into());
            d.expected = Some(serde_json::json!(KINDS));
            d.actual = Some(kind.into());
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_program_makes_schedules_from_their_settings() {
        let cosine = LrScheduler::from(Cosine { t_max: Some(9), ..Default::default() });
        assert_eq!(cosine.write(), json!({ "kind": "cosine", "tMax": 9 }));
        let plateau = LrScheduler::from(Plateau { patience: 3, ..Default::default() });
        assert_eq!(plateau.write(), json!({ "kind": "plateau", "patience": 3 }));
        let step = LrScheduler::from(StepDecay::default());
        assert_eq!((step.kind(), step.write()), ("step", json!({ "kind": "step" })));
    }
}
