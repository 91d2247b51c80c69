//! Learning-rate schedules: rate and momentum of each step, equal to `torch.optim.lr_scheduler`.
//!
//! All but `plateau` are functions of the step, so a run that goes on needs nothing but its number.

use std::f64::consts::PI;

use serde_json::{Map, Value};

use super::options::Train;
use super::plateau::{Plateau, PlateauState};
use crate::options::{OptionValue, Options, choices, options, unknown_option};
use crate::{Error, ErrorCode, Result, nearest};

/// The kinds, as users write them.
const KINDS: [&str; 7] =
    ["step", "exponential", "cosine", "linearWarmup", "warmupCosine", "oneCycle", "plateau"];

choices! {
    /// The form of a rise or fall.
    pub enum Anneal {
        /// Half a wave of a cosine.
        Cos = "cos",
        /// A straight line.
        Linear = "linear",
    }
}

options! {
    /// `step`: the rate times `gamma` every so many steps (`StepLR`).
    pub struct StepDecay {
        /// Steps between two decays.
        pub step_size: Option<usize> = None,
        /// Factor of each decay.
        pub gamma: f64 = 0.1,
    }
}

options! {
    /// `exponential`: the rate times `gamma` every step (`ExponentialLR`).
    pub struct Exponential {
        /// Factor of each step.
        pub gamma: Option<f64> = None,
    }
}

options! {
    /// `cosine`: from the rate to `etaMin` along half a wave, then back (`CosineAnnealingLR`).
    pub struct Cosine {
        /// Steps of half a wave; maxSteps when left out.
        pub t_max: Option<usize> = None,
        /// The lowest rate.
        pub eta_min: f64 = 0.0,
    }
}

options! {
    /// `linearWarmup`: the rate times a factor that goes along a line (`LinearLR`).
    pub struct LinearWarmup {
        /// Factor of the first step.
        pub start_factor: f64 = 1.0 / 3.0,
        /// Factor at the end, and from then on.
        pub end_factor: f64 = 1.0,
        /// Steps from the one to the other.
        pub total_iters: usize = 5,
    }
}

options! {
    /// `warmupCosine`: a line up to the rate, then as `cosine` (`SequentialLR` of `LinearLR` and `CosineAnnealingLR`).
    pub struct WarmupCosine {
        /// Steps until the rate is reached.
        pub warmup_steps: Option<usize> = None,
        /// Steps of the fall after them; what is left of maxSteps when left out.
        pub t_max: Option<usize> = None,
        /// The lowest rate.
        pub eta_min: f64 = 0.0,
        /// Factor of the first step.
        pub start_factor: f64 = 1.0 / 3.0,
    }
}

options! {
    /// `oneCycle`: up to `maxLr` and far down, momentum the other way (`OneCycleLR`); `learningRate` does not matter.
    pub struct OneCycle {
        /// The highest rate.
        pub max_lr: Option<f64> = None,
        /// Steps of the whole cycle; maxSteps when left out.
        pub total_steps: Option<usize> = None,
        /// Share of the steps that go up.
        pub pct_start: f64 = 0.3,
        /// Form of the way up and down.
        pub anneal_strategy: Anneal = Anneal::Cos,
        /// Whether momentum (of Adam: beta1) goes from maxMomentum to baseMomentum while the rate goes up, then back.
        pub cycle_momentum: bool = true,
        /// The lowest momentum.
        pub base_momentum: f64 = 0.85,
        /// The highest momentum.
        pub max_momentum: f64 = 0.95,
        /// The first rate is maxLr divided by this.
        pub div_factor: f64 = 25.0,
        /// The last rate is the first divided by this.
        pub final_div_factor: f64 = 1e4,
        /// Whether the rate comes down to the first as it went up, and only then further.
        pub three_phase: bool = false,
    }
}

/// A schedule as users write it: `{ kind: 'cosine', tMax: 1000 }`.
#[derive(Clone, Debug, PartialEq)]
pub struct LrScheduler(Map<String, Value>);

impl LrScheduler {
    fn kind(&self) -> &str {
        self.0["kind"].as_str().expect("read with its kind")
    }

    /// With what depends on `maxSteps` written out, so that it says the same elsewhere.
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

    fn arguments<T: Options>(&self) -> Result<T> {
        let mut read = T::default();
        for (name, value) in self.0.iter().filter(|(name, _)| *name != "kind") {
            let known = read.set(name, value).map_err(|e| {
                let expected = e.details.expected.as_ref().and_then(Value::as_str).unwrap_or("");
                Error::option(&format!("lrScheduler.{name}"), expected, value.clone())
            })?;
            if !known {
                let names: Vec<String> = T::fields().into_iter().map(|f| f.name).collect();
                let owner = format!("lrScheduler {}", self.kind());
                return Err(unknown_option(&owner, name, &names));
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

/// A schedule whose settings are checked.
#[derive(Clone, Debug)]
pub(crate) enum Schedule {
    Step { rate: f64, every: usize, gamma: f64 },
    Linear { rate: f64, from: f64, to: f64, steps: usize },
    Cosine { rate: f64, steps: usize, low: f64 },
    WarmupCosine { warm_up: usize, line: Box<Schedule>, wave: Box<Schedule> },
    OneCycle { steps: usize, settings: OneCycle, max: f64 },
    Plateau(Plateau),
}

impl Schedule {
    /// The schedule of these options; refuses what torch refuses.
    pub(crate) fn new(train: &Train) -> Result<Self> {
        let rate = train.learning_rate;
        let Some(given) = &train.lr_scheduler else {
            // Upstream's default: halved `numLrDecays` times, evenly over `maxSteps`.
            let decays = usize::try_from(train.num_lr_decays).ok().filter(|d| *d > 0);
            let every = decays.map_or(usize::MAX, |d| (train.max_steps / d).max(1));
            return Ok(Self::Step { rate, every, gamma: 0.5 });
        };
        let given = given.explicit(train.max_steps);
        let line = |from: f64, to: f64, steps: usize| -> Result<Self> {
            within("startFactor", from, from > 0.0 && from <= 1.0, "a number above 0, at most 1")?;
            within("endFactor", to, (0.0..=1.0).contains(&to), "a number from 0 to 1")?;
            Ok(Self::Linear { rate, from, to, steps: count("totalIters", Some(steps))? })
        };
        let wave = |steps: Option<usize>, low: f64| -> Result<Self> {
            within("etaMin", low, low >= 0.0, "a number ≥ 0")?;
            Ok(Self::Cosine { rate, steps: count("tMax", steps)?, low })
        };
        Ok(match given.kind() {
            "step" => {
                let s: StepDecay = given.arguments()?;
                within("gamma", s.gamma, s.gamma > 0.0, "a number > 0")?;
                Self::Step { rate, every: count("stepSize", s.step_size)?, gamma: s.gamma }
            }
            "exponential" => {
                let gamma =
                    required("gamma", given.arguments::<Exponential>()?.gamma, "a number > 0")?;
                within("gamma", gamma, gamma > 0.0, "a number > 0")?;
                Self::Step { rate, every: 1, gamma }
            }
            "cosine" => {
                let s: Cosine = given.arguments()?;
                wave(s.t_max, s.eta_min)?
            }
            "linearWarmup" => {
                let s: LinearWarmup = given.arguments()?;
                line(s.start_factor, s.end_factor, s.total_iters)?
            }
            "warmupCosine" => {
                let s: WarmupCosine = given.arguments()?;
                let warm_up = count("warmupSteps", s.warmup_steps)?;
                let (line, wave) = (line(s.start_factor, 1.0, warm_up)?, wave(s.t_max, s.eta_min)?);
                Self::WarmupCosine { warm_up, line: line.into(), wave: wave.into() }
            }
            "oneCycle" => one_cycle(given.arguments()?)?,
            "plateau" => Self::Plateau(given.arguments::<Plateau>()?.checked()?),
            other => return Err(no_kind(other)),
        })
    }

    /// Learning rate of a step, counted from 0.
    pub(crate) fn rate(&self, step: usize, plateau: &PlateauState) -> f64 {
        match self {
            Self::Step { rate, every, gamma } => {
                rate * gamma.powi(i32::try_from(step / every).unwrap_or(i32::MAX))
            }
            Self::Linear { rate, from, to, steps } => {
                rate * (from + (to - from) * (step.min(*steps) as f64 / *steps as f64))
            }
            Self::Cosine { rate, steps, low } => {
                let wave = 1.0 + (PI * (step % (2 * steps)) as f64 / *steps as f64).cos();
                low + (rate - low) * wave / 2.0
            }
            Self::WarmupCosine { warm_up, line, .. } if step < *warm_up => line.rate(step, plateau),
            Self::WarmupCosine { warm_up, wave, .. } => wave.rate(step - warm_up, plateau),
            Self::OneCycle { steps, settings, max } => {
                let first = max / settings.div_factor;
                cycle(settings, *steps, step, [first, *max, first / settings.final_div_factor])
            }
            Self::Plateau(_) => plateau.rate,
        }
    }

    /// Momentum of a step, for Adam beta1; `None` for the optimizer's own.
    pub(crate) fn momentum(&self, step: usize) -> Option<f64> {
        let Self::OneCycle { steps, settings: s, .. } = self else { return None };
        let (low, high) = (s.base_momentum, s.max_momentum);
        s.cycle_momentum.then(|| cycle(s, *steps, step, [high, low, high]))
    }

    /// The number of steps after which there is no rate any more.
    pub(crate) fn ends_after(&self) -> Option<usize> {
        if let Self::OneCycle { steps, .. } = self { Some(*steps) } else { None }
    }
}

fn one_cycle(s: OneCycle) -> Result<Schedule> {
    let max = required("maxLr", s.max_lr, "a number > 0")?;
    for (name, value) in
        [("maxLr", max), ("divFactor", s.div_factor), ("finalDivFactor", s.final_div_factor)]
    {
        within(name, value, value > 0.0, "a number > 0")?;
    }
    within("pctStart", s.pct_start, (0.0..=1.0).contains(&s.pct_start), "a number from 0 to 1")?;
    for (name, value) in [("baseMomentum", s.base_momentum), ("maxMomentum", s.max_momentum)] {
        within(name, value, (0.0..1.0).contains(&value), "a number from 0 to below 1")?;
    }
    Ok(Schedule::OneCycle { steps: count("totalSteps", s.total_steps)?, settings: s, max })
}

/// Where a cycle from `first` over `top` to `last` is: the phases of `OneCycleLR`, whose ends need not be whole steps.
fn cycle(s: &OneCycle, steps: usize, step: usize, [first, top, last]: [f64; 3]) -> f64 {
    let (up, end) = (s.pct_start * steps as f64, steps as f64 - 1.0);
    // Momentum stays where it is in the third phase: there `last` and `first` are the same.
    let phases = match s.three_phase {
        true => &[(up - 1.0, first, top), (2.0 * up - 2.0, top, first), (end, first, last)][..],
        false => &[(up - 1.0, first, top), (end, top, last)],
    };
    let (step, mut begin) = (step as f64, 0.0);
    for (i, (end, from, to)) in phases.iter().enumerate() {
        if step <= *end || i + 1 == phases.len() {
            let share = if *end == begin { 1.0 } else { (step - begin) / (end - begin) };
            return match s.anneal_strategy {
                Anneal::Cos => to + (from - to) / 2.0 * ((PI * share).cos() + 1.0),
                Anneal::Linear => (to - from) * share + from,
            };
        }
        begin = *end;
    }
    last
}

/// Refuses a setting that is out of range.
pub(super) fn within(name: &str, value: f64, holds: bool, expected: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::option(&format!("lrScheduler.{name}"), expected, value)) }
}

fn required<T>(name: &str, value: Option<T>, expected: &str) -> Result<T> {
    let message = format!("option \"lrScheduler.{name}\" is required: {expected}");
    value.ok_or_else(|| {
        Error::new(ErrorCode::InvalidOption, message)
            .with(|d| d.option = Some(format!("lrScheduler.{name}")))
    })
}

fn count(name: &str, value: Option<usize>) -> Result<usize> {
    let expected = "a whole number from 1 to 1000000000";
    let n = required(name, value, expected)?;
    within(name, n as f64, (1..=1_000_000_000).contains(&n), expected)?;
    Ok(n)
}

fn no_kind(kind: &str) -> Error {
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

    fn schedule(given: Value) -> Result<Schedule> {
        let mut train = Train { max_steps: 10, learning_rate: 0.8, ..Train::default() };
        train.set("lrScheduler", &given)?;
        Schedule::new(&train)
    }

    fn rates(schedule: &Schedule) -> Vec<f64> {
        (0..10).map(|step| schedule.rate(step, &PlateauState::default())).collect()
    }

    #[test]
    fn by_default_the_rate_is_halved_evenly() {
        let train =
            Train { max_steps: 10, num_lr_decays: 3, learning_rate: 0.8, ..Train::default() };
        let expected = [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1];
        assert_eq!(rates(&Schedule::new(&train).unwrap()), expected);
        let constant = Train { num_lr_decays: -1, ..train };
        assert_eq!(rates(&Schedule::new(&constant).unwrap()), [0.8; 10]);
    }

    #[test]
    fn what_depends_on_the_number_of_steps_may_be_left_out() {
        for (short, long) in [
            (json!({ "kind": "cosine" }), json!({ "kind": "cosine", "tMax": 10 })),
            (
                json!({ "kind": "warmupCosine", "warmupSteps": 4 }),
                json!({ "kind": "warmupCosine", "warmupSteps": 4, "tMax": 6 }),
            ),
            (
                json!({ "kind": "oneCycle", "maxLr": 1, "totalSteps": null }),
                json!({ "kind": "oneCycle", "maxLr": 1, "totalSteps": 10 }),
            ),
        ] {
            assert_eq!(LrScheduler::read(&short).unwrap().explicit(10).write(), long);
            assert_eq!(rates(&schedule(short).unwrap()), rates(&schedule(long).unwrap()));
        }
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (given, expected) in [
            (json!("cosine"), "option \"lrScheduler\" must be a schedule such as"),
            (json!({ "tMax": 3 }), "option \"lrScheduler\" must be a schedule such as"),
            (json!({ "kind": "cosin" }), "has no kind \"cosin\"; did you mean \"cosine\"?"),
            (json!({ "kind": "CyclicLR" }), "has no kind \"CyclicLR\"; kinds: step, "),
            (
                json!({ "kind": "step", "stepsize": 3 }),
                "has no option \"stepsize\"; did you mean \"stepSize\"?",
            ),
            (json!({ "kind": "step", "gamma": 0.5 }), "\"lrScheduler.stepSize\" is required"),
            (
                json!({ "kind": "step", "stepSize": 0 }),
                "\"lrScheduler.stepSize\" must be a whole number from 1",
            ),
            (
                json!({ "kind": "step", "stepSize": 1.5 }),
                "\"lrScheduler.stepSize\" must be a whole number",
            ),
            (
                json!({ "kind": "exponential", "gamma": 0 }),
                "\"lrScheduler.gamma\" must be a number > 0",
            ),
            (json!({ "kind": "exponential" }), "\"lrScheduler.gamma\" is required"),
            (
                json!({ "kind": "cosine", "etaMin": -1 }),
                "\"lrScheduler.etaMin\" must be a number ≥ 0, got -1",
            ),
            (json!({ "kind": "linearWarmup", "startFactor": 0 }), "\"lrScheduler.startFactor\""),
            (json!({ "kind": "linearWarmup", "endFactor": 1.5 }), "\"lrScheduler.endFactor\""),
            (json!({ "kind": "warmupCosine" }), "\"lrScheduler.warmupSteps\" is required"),
            (json!({ "kind": "oneCycle" }), "\"lrScheduler.maxLr\" is required"),
            (json!({ "kind": "oneCycle", "maxLr": 1, "pctStart": 2 }), "\"lrScheduler.pctStart\""),
            (
                json!({ "kind": "oneCycle", "maxLr": 1, "annealStrategy": "sin" }),
                "must be one of cos, linear",
            ),
            (
                json!({ "kind": "oneCycle", "maxLr": 1, "maxMomentum": 1 }),
                "\"lrScheduler.maxMomentum\"",
            ),
            (
                json!({ "kind": "plateau", "factor": 1 }),
                "\"lrScheduler.factor\" must be a number between 0 and 1",
            ),
            (
                json!({ "kind": "plateau", "mode": "up" }),
                "\"lrScheduler.mode\" must be one of min, max",
            ),
        ] {
            let e = schedule(given).unwrap_err();
            assert!(e.code == ErrorCode::InvalidOption && e.message.contains(expected), "{e}");
            assert!(e.details.option.is_some(), "{e}");
        }
    }
}
