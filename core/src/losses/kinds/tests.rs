//! Names, outputs and refusals of the losses.

use super::*;

fn loss(kind: &str, args: Value) -> Result<Loss> {
    let args = args.as_object().unwrap().clone();
    Loss::new(&LossSpec { kind: kind.into(), args }, 2, "loss")
}

#[test]
fn levels_and_quantiles_have_upstreams_names() {
    let mq = loss("MQLoss", json!({ "level": [80, 97.5] })).unwrap();
    assert_eq!(*mq.output_names, ["-median", "-lo-97.5", "-lo-80", "-hi-80", "-hi-97.5"]);
    assert_eq!(*mq.quantiles, [0.5, 0.0125, 0.1, 0.9, 0.9875]);
    let mq = loss("MQLoss", json!({ "quantiles": [0.1, 0.5, 0.975] })).unwrap();
    assert_eq!(*mq.output_names, ["-lo-80.0", "-median", "-hi-95.0"]);
}

#[test]
fn single_quantiles_have_upstreams_names() {
    let name = |kind, args| loss(kind, args).unwrap().output_names;
    assert_eq!(*name("QuantileLoss", json!({ "q": 0.9 })), ["_ql0.9"]);
    assert_eq!(*name("HuberQLoss", json!({ "q": 0.3 })), ["_q0.3_d1.0"]);
    assert_eq!(*name("HuberQLoss", json!({ "q": 0.3, "delta": 2 })), ["_q0.3_d2"]);
}

#[test]
fn a_distribution_has_a_mean_sorted_quantiles_and_its_parameters() {
    let names = |args| loss("DistributionLoss", args).unwrap();
    let normal = names(json!({ "distribution": "Normal" }));
    let levels = ["", "-median", "-lo-90", "-lo-80", "-hi-80", "-hi-90"];
    assert_eq!((&normal.output_names[..], normal.outputs()), (&levels.map(String::from)[..], 2));
    let args = json!({
        "distribution": "StudentT", "quantiles": [0.9, 0.5], "returnParams": true,
    });
    let t = names(args);
    assert_eq!(*t.output_names, ["", "-median", "-hi-80.0", "-df", "-loc", "-scale"]);
    assert_eq!((&t.quantiles[..], t.outputs()), (&[0.5, 0.9][..], 3));
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
            "loss: MQLoss takes level or quantiles, not both: a level is its two quantiles; leave one out",
        ),
        (
            "sCRPS",
            json!({ "level": [80], "quantiles": [0.1] }),
            "loss: sCRPS takes level or quantiles, not both: a level is its two quantiles; leave one out",
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
            r#"option "loss.seasonality" must be a whole number ≥ 1, got 1.5"#,
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
            r#"option "loss.distribution" must be one of Normal, StudentT, got null"#,
        ),
        (
            "DistributionLoss",
            json!({ "distribution": "Normal", "numSamples": 0 }),
            r#"option "loss.numSamples" must be a whole number from 1 to 1000000, got 0"#,
        ),
        (
            "relMSE",
            json!({}),
            r#"option "loss" must be a loss that needs no benchmark forecast, such as MSE, got {"kind":"relMSE","args":{}}"#,
        ),
    ] {
        assert_eq!(message(kind, args), expected);
    }
    assert_eq!(loss("GMM", json!({})).unwrap_err().code, ErrorCode::Unsupported);
    assert!(message("QuantilLoss", json!({})).contains("did you mean QuantileLoss?"));
}

#[test]
fn quantiles_whose_columns_would_have_one_name_are_refused() {
    let args = json!({ "quantiles": [0.1, 0.10001, 0.9] });
    let spec = LossSpec { kind: "MQLoss".into(), args: args.as_object().unwrap().clone() };
    let e = Loss::new(&spec, 4, "loss").unwrap_err();
    assert_eq!(
        e.to_string(),
        "option \"loss.quantiles\": two of them would make the column \"-lo-80.0\", as names have two decimals of a level; leave one out"
    );
}
