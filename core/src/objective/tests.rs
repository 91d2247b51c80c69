//! Names, outputs and errors of the losses, and properties that hold for every loss.

use serde_json::{Value, json};

use super::*;
use crate::options::OptionValue;
use crate::{ErrorCode, Result};

fn loss(kind: &str, args: Value) -> Result<Objective> {
    let args = args.as_object().unwrap().clone();
    Objective::new(&LossSpec { kind: kind.into(), args }, 2, "loss")
}

fn names(kind: &str, args: Value) -> Vec<String> {
    loss(kind, args).unwrap().outputs.iter().map(ToString::to_string).collect()
}

#[test]
fn outputs_have_upstreams_names() {
    let levels = ["-median", "-lo-97.5", "-lo-80", "-hi-80", "-hi-97.5"];
    assert_eq!(names("MQLoss", json!({ "level": [80, 97.5] })), levels);
    assert_eq!(names("QuantileLoss", json!({ "q": 0.9 })), ["_ql0.9"]);
    assert_eq!(names("HuberQLoss", json!({ "q": 0.3 })), ["_q0.3_d1.0"]);
    assert_eq!(names("HuberQLoss", json!({ "q": 0.3, "delta": 2 })), ["_q0.3_d2"]);
    assert_eq!(names("IQLoss", json!({})), ["_ql0.5"]);
    assert_eq!(names("MAE", json!({})), [""]);
}

#[test]
fn quantiles_are_upstreams_to_the_last_bit() {
    let taus = |args| loss("MQLoss", args).unwrap().taus;
    assert_eq!(*taus(json!({ "level": [80, 97.5] })), [0.5, 0.0125, 0.1, 0.9, 0.9875]);
    assert_eq!(*taus(json!({ "quantiles": [0.1, 0.5, 0.975] })), [0.1, 0.5, 0.975]);
    // Upstream divides percentages in f32.
    assert_eq!(taus(json!({ "level": [1.2] }))[1], 49.4f32 / 100.0);
}

#[test]
fn a_distribution_has_a_mean_sorted_quantiles_and_its_parameters() {
    let normal = json!({ "distribution": "Normal" });
    let levels = ["", "-median", "-lo-90", "-lo-80", "-hi-80", "-hi-90"];
    assert_eq!(names("DistributionLoss", normal.clone()), levels);
    assert_eq!(loss("DistributionLoss", normal).unwrap().numbers(), 2);
    let t = json!({ "distribution": "StudentT", "quantiles": [0.9, 0.5], "returnParams": true });
    let expected = ["", "-median", "-hi-80.0", "-df", "-loc", "-scale"];
    assert_eq!(names("DistributionLoss", t.clone()), expected);
    let t = loss("DistributionLoss", t).unwrap();
    assert_eq!((&t.taus[..], t.numbers()), (&[0.5, 0.9][..], 3));
    for (name, parameter) in [("Poisson", "-loc"), ("Bernoulli", "-logits")] {
        let args = json!({ "distribution": name, "quantiles": [0.5], "returnParams": true });
        assert_eq!(names("DistributionLoss", args), ["", "-median", parameter]);
    }
}

#[test]
fn sorted_quantiles_never_cross() {
    let mq = loss("MQLoss", json!({ "level": [80, 90] })).unwrap();
    // Two steps of median, lo-90, lo-80, hi-80, hi-90: one that crosses, one in order.
    let mut forecast = [3.0, 2.5, 2.0, 7.0, 4.0, 0.0, -2.0, -1.0, 1.0, 2.0];
    mq.sort_quantiles(&mut forecast);
    assert_eq!(forecast, [3.0, 2.0, 2.5, 4.0, 7.0, 0.0, -2.0, -1.0, 1.0, 2.0]);
    // Mean and parameters are not sorted.
    let args = json!({ "distribution": "Normal", "level": [80], "returnParams": true });
    let normal = loss("DistributionLoss", args).unwrap();
    let mut forecast = [9.0, 1.0, 2.0, 0.0, -5.0, -9.0];
    normal.sort_quantiles(&mut forecast);
    assert_eq!(forecast, [9.0, 1.0, 0.0, 2.0, -5.0, -9.0]);
}

#[test]
fn every_loss_can_be_made_and_is_described() {
    let all = every_loss();
    let described = describe();
    for entry in described.as_array().unwrap() {
        let kind = entry["kind"].as_str().unwrap();
        assert!(all.iter().any(|spec| spec.kind == kind), "{kind}");
        assert!(entry["doc"].as_str().unwrap().ends_with('.'), "{kind}");
    }
    for spec in all {
        assert_eq!(Objective::new(&spec, 2, "loss").unwrap().kind, spec.kind);
    }
}

#[test]
fn arguments_as_a_struct_are_those_of_json() {
    let spec = LossSpec::from(HuberMQLoss { level: Some(vec![80.0]), ..Default::default() });
    assert_eq!(spec.write(), json!({ "kind": "HuberMQLoss", "args": { "level": [80.0] } }));
    let spec = LossSpec::from(DistributionLoss {
        distribution: Some(DistributionName::Poisson),
        num_samples: 50,
        ..Default::default()
    });
    let args = json!({ "distribution": "Poisson", "numSamples": 50 });
    assert_eq!(spec.write(), json!({ "kind": "DistributionLoss", "args": args }));
}

#[test]
fn wrong_losses_say_what_is_wrong() {
    let message = |kind, args| loss(kind, args).unwrap_err().to_string();
    for (kind, args, expected) in [
        ("HuberLoss", json!({ "delta": 0 }), r#"option "loss.delta" must be a number > 0, got 0"#),
        (
            "MAE",
            json!({ "horizonWeight": [1, 2, 3] }),
            r#"option "loss.horizonWeight" must be 2 numbers ≥ 0, one per step, not all 0, got [1,2,3]"#,
        ),
        (
            "MQLoss",
            json!({ "level": [80], "quantiles": [0.1] }),
            "loss: MQLoss takes level or quantiles, not both: a level stands for two quantiles; leave one out",
        ),
        (
            "sCRPS",
            json!({ "level": [80], "quantiles": [0.1] }),
            "loss: sCRPS takes level or quantiles, not both: a level stands for two quantiles; leave one out",
        ),
        (
            "HuberMQLoss",
            json!({ "quantiles": [0.1, 90] }),
            r#"option "loss.quantiles" must be a list of numbers between 0 and 1, got [0.1,90]; did you mean 0.9?"#,
        ),
        (
            "QuantileLoss",
            json!({ "q": 97.5 }),
            r#"option "loss.q" must be a number between 0 and 1, got 97.5; did you mean 0.975?"#,
        ),
        (
            "MQLoss",
            json!({ "levels": [80] }),
            r#"MQLoss has no option "levels"; did you mean "level"?"#,
        ),
        (
            "QuantileLoss",
            json!({}),
            r#"option "loss.q" must be a number between 0 and 1, got null"#,
        ),
        (
            "MASE",
            json!({ "seasonality": 1.5 }),
            r#"option "loss.seasonality" must be a whole number ≥ 1 or null, got 1.5"#,
        ),
        (
            "FreDF",
            json!({ "alpha": 2 }),
            r#"option "loss.alpha" must be a number from 0 to 1, got 2"#,
        ),
        (
            "TukeyLoss",
            json!({ "normalize": 1 }),
            r#"option "loss.normalize" must be true or false, got 1"#,
        ),
        (
            "Accuracy",
            json!({ "q": 1 }),
            r#"option "loss" must be Accuracy without arguments, got {"kind":"Accuracy","args":{"q":1}}"#,
        ),
        (
            "IQLoss",
            json!({ "cosEmbeddingDim": 0 }),
            r#"option "loss.cosEmbeddingDim" must be a whole number from 1 to 4096, got 0"#,
        ),
        (
            "HuberIQLoss",
            json!({ "concentration1": -1 }),
            r#"option "loss.concentration1" must be a number > 0, got -1"#,
        ),
        (
            "DistributionLoss",
            json!({}),
            r#"option "loss.distribution" must be one of Normal, StudentT, Poisson, NegativeBinomial, Tweedie, Bernoulli, ISQF, got null"#,
        ),
        (
            "DistributionLoss",
            json!({ "distribution": "Normal", "numSamples": 0 }),
            r#"option "loss.numSamples" must be a whole number from 1 to 1000000, got 0"#,
        ),
        (
            "DistributionLoss",
            json!({ "distribution": "Gumbel" }),
            r#"loss: distribution "Gumbel" does not exist here; there are Normal, StudentT, Poisson, NegativeBinomial, Tweedie, Bernoulli, ISQF"#,
        ),
        (
            "DistributionLoss",
            json!({ "distribution": "Tweedie" }),
            r#"option "loss.rho" must be a number between 1 and 2, got null"#,
        ),
        (
            "DistributionLoss",
            json!({ "distribution": "Tweedie", "rho": 2 }),
            r#"option "loss.rho" must be a number between 1 and 2, got 2"#,
        ),
        (
            "DistributionLoss",
            json!({ "distribution": "Normal", "rho": 1.5 }),
            r#"option "loss.rho": it belongs to Tweedie, not to Normal; leave it out"#,
        ),
        (
            "DistributionLoss",
            json!({ "distribution": "Poisson", "numPieces": 3 }),
            r#"option "loss.numPieces": it belongs to ISQF, not to Poisson; leave it out"#,
        ),
        (
            "DistributionLoss",
            json!({ "distribution": "ISQF", "returnParams": true }),
            r#"option "loss.returnParams": ISQF forecasts have no columns of parameters; leave it out"#,
        ),
        (
            "GMM",
            json!({ "nComponents": 0 }),
            r#"option "loss.nComponents" must be a whole number from 1 to 1000, got 0"#,
        ),
        (
            "NBMM",
            json!({ "batchCorrelation": true }),
            "NBMM has no option \"batchCorrelation\"; it has level, quantiles, nComponents, numSamples, returnParams, weighted",
        ),
    ] {
        assert_eq!(message(kind, args), expected);
    }
    assert_eq!(loss("LMM", json!({})).unwrap_err().code, ErrorCode::Unsupported);
    assert!(message("QuantilLoss", json!({})).contains("did you mean QuantileLoss?"));
}

#[test]
fn quantiles_whose_columns_would_have_one_name_are_refused() {
    let args = json!({ "quantiles": [0.1, 0.10001, 0.9] });
    let spec = LossSpec { kind: "MQLoss".into(), args: args.as_object().unwrap().clone() };
    let e = Objective::new(&spec, 4, "loss").unwrap_err();
    assert_eq!(
        e.to_string(),
        "option \"loss.quantiles\": two of them would have the column name \"-lo-80.0\", because levels in names have two decimals; leave one out"
    );
}
