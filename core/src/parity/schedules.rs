//! Learning-rate schedules: learning rates and momenta of 200 steps are torch's.

use serde_json::Value;

use super::checks::Checks;
use super::json;
use crate::models::CommonOptions;
use crate::optim::{LrScheduler, PlateauState, Schedule};
use crate::options::{OptionValue, Options};

/// Tolerance, relative to the highest rate; torch multiplies step by step where we use a formula.
const TOLERANCE: f64 = 1e-9;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[track_caller]
fn same(what: &str, got: &[f64], expected: &[f64]) {
    let scale = expected.iter().fold(0.0f64, |m, v| m.max(*v));
    for (step, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!((g - e).abs() <= TOLERANCE * scale, "{what} at step {step}: {g} against {e}");
    }
    assert_eq!(got.len(), expected.len());
}

#[test]
fn rates_and_momenta_are_torchs() {
    let fixture = json("schedules.json");
    let cases = fixture["cases"].as_array().unwrap();
    let mut checks = Checks::default();
    for case in cases {
        checks.row(case["name"].as_str().unwrap(), || check(case));
    }
    assert!(checks.finish() >= 19);
}

fn check(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let mut common = CommonOptions { max_steps: 200, ..CommonOptions::default() };
    common.set("learningRate", &case["learningRate"]).unwrap();
    common.set("lrScheduler", &case["schedule"]).unwrap();
    let schedule = common.schedule().unwrap();
    let mut plateau = PlateauState::new(common.learning_rate);
    let expected = numbers(&case["lr"]);
    assert_eq!(expected.len(), 200);
    let rate = |step: usize| {
        if let Schedule::Plateau(settings) = &schedule {
            plateau.tell(settings, case["metrics"][step].as_f64().unwrap());
        }
        schedule.rate(step, &plateau)
    };
    same(name, &(0..200).map(rate).collect::<Vec<_>>(), &expected);
    let momenta: Option<Vec<f64>> = (0..200).map(|step| schedule.momentum(step)).collect();
    assert_eq!(momenta.is_some(), !case["momentum"].is_null(), "{name}");
    if let Some(momenta) = momenta {
        same(&format!("momentum of {name}"), &momenta, &numbers(&case["momentum"]));
    }
}

#[test]
fn a_plateau_lowers_the_rate_again_and_again() {
    let fixture = json("schedules.json");
    let plateaus =
        fixture["cases"].as_array().unwrap().iter().filter(|c| c["schedule"]["kind"] == "plateau");
    for case in plateaus {
        let mut rates = numbers(&case["lr"]);
        rates.dedup();
        assert!(rates.len() >= 3, "{}: {rates:?}", case["name"]);
        assert!(LrScheduler::read(&case["schedule"]).is_some());
    }
}
