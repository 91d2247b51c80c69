//! Learning-rate schedules: rate and momentum of each step, equal to `torch.optim.lr_scheduler`.
//!
//! All but `plateau` are functions of the step's number, so resumed training needs no other state.

use std::f64::consts::PI;

use super::lr_scheduler::{
    Anneal, Cosine, Exponential, LinearWarmup, LrScheduler, OneCycle, StepDecay, WarmupCosine,
    count, no_kind, required, within,
};
use super::plateau::{Plateau, PlateauState};
use crate::Result;

/// A schedule with checked settings.
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
    /// Upstream's default: the rate is halved every `max_steps / decays` steps; never if `decays` is not positive.
    pub(crate) fn halving(rate: f64, decays: i64, max_steps: usize) -> Self {
        let decays = usize::try_from(decays).ok().filter(|d| *d > 0);
        let every = decays.map_or(usize::MAX, |d| (max_steps / d).max(1));
        Self::Step { rate, every, gamma: 0.5 }
    }

    /// The schedule of the option `lrScheduler`; refuses the settings that torch refuses.
    pub(crate) fn new(given: &LrScheduler, rate: f64, max_steps: usize) -> Result<Self> {
        let given = given.explicit(max_steps);
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

    /// Momentum of a step (beta1 for Adam); `None` for the optimizer's own.
    pub(crate) fn momentum(&self, step: usize) -> Option<f64> {
        let Self::OneCycle { steps, settings: s, .. } = self else { return None };
        let (low, high) = (s.base_momentum, s.max_momentum);
        s.cycle_momentum.then(|| cycle(s, *steps, step, [high, low, high]))
    }

    /// The number of steps after which the schedule has no rate, if it ends.
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

/// The value at `step` of a cycle from `first` to `top` to `last`, with the phases of `OneCycleLR`, which need not end at
/// whole steps.
fn cycle(s: &OneCycle, steps: usize, step: usize, [first, top, last]: [f64; 3]) -> f64 {
    let (up, end) = (s.pct_start * steps as f64, steps as f64 - 1.0);
    // In the third phase momentum is constant, because its `first` and `last` are equal.
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ErrorCode;
    use crate::options::{OptionValue, read_option};

    fn schedule(given: Value) -> Result<Schedule> {
        Schedule::new(&read_option("lrScheduler", &given, &[])?, 0.8, 10)
    }

    fn rates(schedule: &Schedule) -> Vec<f64> {
        (0..10).map(|step| schedule.rate(step, &PlateauState::default())).collect()
    }

    #[test]
    fn by_default_the_rate_is_halved_evenly() {
        let expected = [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1];
        assert_eq!(rates(&Schedule::halving(0.8, 3, 10)), expected);
        assert_eq!(rates(&Schedule::halving(0.8, -1, 10)), [0.8; 10]);
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
                "must be \"cos\" or \"linear\"",
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
                "\"lrScheduler.mode\" must be \"min\" or \"max\"",
            ),
        ] {
            let e = schedule(given).unwrap_err();
            assert!(e.code == ErrorCode::InvalidOption && e.message.contains(expected), "{e}");
            assert!(e.details.option.is_some(), "{e}");
        }
    }
}
