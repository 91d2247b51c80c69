//! Models and options that do not exist or do not fit are refused with a code, and a message that names the option and the fix.

mod checks;
mod refused;
#[expect(dead_code, reason = "nothing is trained here")]
mod series;

use checks::Checks;
use neuro_divergent::{Error, ErrorCode, NeuralForecast};
use refused::{refused, with};
use serde_json::{Value, json};
use series::{models, spec};

fn new(model: &str, options: Value) -> Result<NeuralForecast, Error> {
    NeuralForecast::new(vec![spec(model, &options)], None)
}

#[test]
fn an_unknown_model_is_refused_with_the_nearest_name() {
    let mut names: Vec<String> = models().into_iter().map(|(name, _)| name).collect();
    names.push("HINT".into());
    let message =
        format!("there is no model \"NHIT\"; did you mean \"NHITS\"? models: {}", names.join(", "));
    let e = refused(new("NHIT", with(json!({}))), ErrorCode::Unsupported, &message);
    assert_eq!(e.details.model.as_deref(), Some("NHIT"));
    assert_eq!(e.details.expected, Some(json!(names)));
}

#[test]
fn no_model_at_all_is_refused() {
    let message = "option \"models\" must be a list of at least one model, got []";
    refused(NeuralForecast::new(vec![], None), ErrorCode::InvalidOption, message);
}

#[test]
fn models_of_different_horizons_are_refused() {
    let specs = vec![
        spec("DLinear", &with(json!({}))),
        spec("NHITS", &with(json!({ "h": 6, "alias": "far" }))),
    ];
    let message = "all models must have the same h; DLinear has 4, far has 6";
    let e = refused(NeuralForecast::new(specs, None), ErrorCode::InvalidOption, message);
    assert_eq!(e.details.option.as_deref(), Some("h"));
}

#[test]
fn unknown_options_are_refused_with_the_nearest_spelling() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            for (wrong, right) in [
                ("input_size", "inputSize"),
                ("maxStep", "maxSteps"),
                ("learningrate", "learningRate"),
            ] {
                let message =
                    format!("{model} has no option \"{wrong}\"; did you mean \"{right}\"?");
                let e = refused(
                    new(&model, with(json!({ wrong: 1 }))),
                    ErrorCode::InvalidOption,
                    &message,
                );
                assert_eq!(e.details.option.as_deref(), Some(wrong));
                assert_eq!(e.details.model.as_deref(), Some(&*model));
            }
        });
    }
    for (options, message) in [
        (
            json!({ "optimizer": { "kind": "Adam", "weight_decay": 0.1 } }),
            "optimizer has no option \"weight_decay\"; did you mean \"weightDecay\"?",
        ),
        (
            json!({ "lrScheduler": { "kind": "step", "step_size": 1 } }),
            "lrScheduler step has no option \"step_size\"; did you mean \"stepSize\"?",
        ),
        (
            json!({ "loss": { "kind": "MQLoss", "args": { "horizon_weight": [1] } } }),
            "MQLoss has no option \"horizon_weight\"; did you mean \"horizonWeight\"?",
        ),
        (json!({ "lr": 1 }), "DLinear has no option \"lr\"; did you mean \"learningRate\"?"),
        (
            json!({ "maxEpochs": 3 }),
            "DLinear has no option \"maxEpochs\"; did you mean \"maxSteps\"?",
        ),
    ] {
        checks.row(message, || {
            refused(new("DLinear", with(options)), ErrorCode::InvalidOption, message);
        });
    }
    checks.finish();
    let e = new("DLinear", with(json!({ "qqqqqqqqqqqqqqqqqqq": 1 }))).err().unwrap();
    assert!(e.message.starts_with(
        "DLinear has no option \"qqqqqqqqqqqqqqqqqqq\"; it has h, inputSize, alias, "
    ));
    assert!(e.message.ends_with(", movingAvgWindow"), "{}", e.message);
}

#[test]
fn wrong_types_and_values_are_refused_with_what_is_allowed() {
    let cases = [
        ("DLinear", "h", json!("4"), "option \"h\" must be a whole number ≥ 1, got \"4\""),
        ("DLinear", "h", json!(0), "option \"h\" must be a whole number ≥ 1, got 0"),
        ("DLinear", "h", json!(-1), "option \"h\" must be a whole number ≥ 1, got -1"),
        (
            "DLinear",
            "inputSize",
            json!(2.5),
            "option \"inputSize\" must be a whole number ≥ 1, got 2.5",
        ),
        (
            "DLinear",
            "inputSize",
            json!(9_000_000),
            "option \"inputSize\" must be at most 1000000, got 9000000",
        ),
        ("DLinear", "maxSteps", json!(0), "option \"maxSteps\" must be a whole number ≥ 1, got 0"),
        (
            "DLinear",
            "windowsBatchSize",
            json!(-3),
            "option \"windowsBatchSize\" must be a whole number ≥ 1 or null, got -3",
        ),
        (
            "DLinear",
            "learningRate",
            json!(-1),
            "option \"learningRate\" must be a number > 0, got -1",
        ),
        (
            "DLinear",
            "randomSeed",
            json!(-1),
            "option \"randomSeed\" must be a whole number ≥ 0, got -1",
        ),
        (
            "DLinear",
            "startPaddingEnabled",
            json!("yes"),
            "option \"startPaddingEnabled\" must be true or false, got \"yes\"",
        ),
        (
            "DLinear",
            "scalerType",
            json!("max"),
            "option \"scalerType\" must be \"identity\", \"standard\", \"robust\", \"minmax\", \"minmax1\", \"invariant\" or \"revin\", got \"max\"",
        ),
        (
            "DLinear",
            "movingAvgWindow",
            json!(4),
            "option \"movingAvgWindow\" must be an odd number, got 4",
        ),
        ("LSTM", "hTrain", json!(5), "option \"hTrain\" must be at most h (4), got 5"),
        (
            "RNN",
            "encoderActivation",
            json!("relu"),
            "option \"encoderActivation\" must be \"tanh\", got \"relu\"",
        ),
        (
            "DilatedRNN",
            "cellType",
            json!("AttentiveLSTM"),
            "option \"cellType\" must be \"GRU\", \"RNN\", \"LSTM\" or \"ResLSTM\", got \"AttentiveLSTM\"",
        ),
        (
            "DilatedRNN",
            "dilations",
            json!([[1, 2], []]),
            "option \"dilations\" must be a list of groups, each a list of whole numbers ≥ 1, none empty, got [[1,2],[]]",
        ),
        (
            "DeepAR",
            "decoderHiddenLayers",
            json!(1),
            "option \"decoderHiddenSize\" must be a whole number ≥ 1, got 0",
        ),
        (
            "NHITS",
            "nBlocks",
            json!([1, 2]),
            "option \"nBlocks\" must be 3 numbers ≥ 1, one for each of stackTypes, got [1,2]",
        ),
        (
            "NHITS",
            "futrExogList",
            json!("price"),
            "option \"futrExogList\" must be a list, each item text, got \"price\"",
        ),
    ];
    let mut checks = Checks::default();
    for (model, option, value, message) in cases {
        checks.row(message, || {
            let e = refused(
                new(model, with(json!({ option: value }))),
                ErrorCode::InvalidOption,
                message,
            );
            let named = if option == "decoderHiddenLayers" { "decoderHiddenSize" } else { option };
            assert_eq!(e.details.option.as_deref(), Some(named));
            assert_eq!(e.details.model.as_deref(), Some(model));
        });
    }
    checks.finish();
}

/// What an option may be is declared with it, and every model keeps to that.
#[test]
fn values_out_of_the_declared_range_are_refused_by_every_model() {
    let mut tried = 0;
    let mut checks = Checks::default();
    for (model, described) in models() {
        checks.row(&model, || {
            for option in described["options"].as_array().unwrap() {
                let [name, ts] = ["name", "ts"].map(|of| option[of].as_str().unwrap());
                let Some(range) =
                    option["range"].as_str().filter(|_| ["number", "number | null"].contains(&ts))
                else {
                    continue;
                };
                let (wrong, allowed) = match range.split(", ").next().unwrap() {
                    "> 0" => (json!(0.0), "a number > 0".to_string()),
                    "from 0 to below 1" => (json!(1.0), "a number from 0 to below 1".to_string()),
                    within if within.starts_with("from ") => {
                        let most: i64 = within.rsplit(' ').next().unwrap().parse().unwrap();
                        let whole = if option["default"].is_u64() { "whole " } else { "" };
                        (json!(most + 1), format!("a {whole}number {within}"))
                    }
                    most if most.starts_with("at most ") => {
                        let n: i64 = most.rsplit(' ').next().unwrap().parse().unwrap();
                        (json!(n + 1), most.to_string())
                    }
                    least if range.ends_with("or -1 for all") => {
                        (json!(0), format!("a whole number {least}, or -1 for all"))
                    }
                    least => {
                        let n: i64 = least.strip_prefix("≥ ").unwrap().parse().unwrap();
                        let whole = if option["default"].is_f64() { "" } else { "whole " };
                        (json!(n - 1), format!("a {whole}number {least}"))
                    }
                };
                let or_null =
                    ts.strip_prefix("number | ").map_or(String::new(), |t| format!(" or {t}"));
                let message = format!("option \"{name}\" must be {allowed}{or_null}, got {wrong}");
                let given = with(json!({ name: wrong }));
                let e = refused(new(&model, given), ErrorCode::InvalidOption, &message);
                assert_eq!(e.details.model.as_deref(), Some(&*model));
                tried += 1;
            }
        });
    }
    checks.finish();
    assert!(tried > 200, "only {tried} options have a range");
}

#[test]
fn a_model_that_needs_whole_batches_cannot_be_cut() {
    let message =
        "DeepNPTS couples the windows of a whole batch, so its steps are not cut; leave out shards";
    let options = with(json!({ "shards": 2 }));
    let e = refused(new("DeepNPTS", options.clone()), ErrorCode::Unsupported, message);
    assert_eq!(e.details.option.as_deref(), Some("shards"));
    let message = message.replace("DeepNPTS", "PatchTST");
    refused(new("PatchTST", options.clone()), ErrorCode::Unsupported, &message);
    let uncoupled = json!({ "shards": 2, "batchNorm": false });
    assert!(new("DeepNPTS", with(uncoupled)).is_ok());
    assert!(new("NHITS", options).is_ok());
}

#[test]
fn distributions_that_do_not_exist_here_are_refused_by_name() {
    for distribution in ["Gumbel", "normal", "negativeBinomial"] {
        let loss = json!({ "kind": "DistributionLoss", "args": { "distribution": distribution } });
        let message = format!(
            "loss: distribution \"{distribution}\" does not exist here; there are Normal, StudentT, Poisson, NegativeBinomial, Tweedie, Bernoulli, ISQF"
        );
        let e =
            refused(new("DeepAR", with(json!({ "loss": loss }))), ErrorCode::Unsupported, &message);
        assert_eq!(e.details.option.as_deref(), Some("loss.distribution"));
    }
}

#[test]
fn a_distribution_is_judged_by_a_loss_that_fits_it() {
    let normal = |args: Value| {
        let mut all = json!({ "distribution": "Normal" });
        all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
        json!({ "kind": "DistributionLoss", "args": all })
    };
    let mq = |level: Value| json!({ "kind": "MQLoss", "args": { "level": level } });
    let of = |loss: Value, valid: Value| {
        new("NHITS", with(json!({ "loss": loss, "validLoss": valid })))
            .err()
            .map(|e| e.details.option)
    };
    let eighty = normal(json!({ "level": [80] }));
    for valid in [json!({ "kind": "MAE" }), mq(json!([80])), normal(json!({}))] {
        assert_eq!(of(eighty.clone(), valid), None);
    }
    let refused = Some(Some("validLoss".to_string()));
    assert_eq!(of(eighty.clone(), mq(json!([90]))), refused);
    assert_eq!(of(eighty.clone(), json!({ "kind": "IQLoss" })), refused);
    assert_eq!(of(json!({ "kind": "MAE" }), eighty), refused);
}

#[test]
fn a_distribution_has_no_scale_to_learn() {
    let message = "scalerType \"revin\" is not supported with DistributionLoss; use \"standard\", which scales the same without a learned affine map";
    let options = with(json!({ "scalerType": "revin" }));
    let e = refused(new("DeepAR", options), ErrorCode::Unsupported, message);
    assert_eq!(e.details.option.as_deref(), Some("scalerType"));
}

#[test]
fn deepar_cannot_do_without_its_target() {
    let message =
        "DeepAR does not take excludeInsampleY: it forecasts each value from the one before";
    let options = with(json!({ "excludeInsampleY": true }));
    refused(new("DeepAR", options), ErrorCode::UnsupportedExog, message);
}

#[test]
fn required_options_are_asked_for() {
    for (given, missing) in [(json!({ "inputSize": 8 }), "h"), (json!({ "h": 4 }), "inputSize")] {
        let message = format!("option \"{missing}\" is required: a whole number ≥ 1");
        refused(new("DLinear", given), ErrorCode::InvalidOption, &message);
    }
}

#[test]
fn univariate_models_have_no_number_of_series() {
    let mut checks = Checks::default();
    for (model, described) in models().into_iter().filter(|(_, d)| d["multivariate"] == false) {
        checks.row(&model, || {
        assert!(described["options"].as_array().unwrap().iter().all(|o| o["name"] != "nSeries"));
        let message = format!(
            "option \"nSeries\" is not supported by {model}; leave it out: only models that see all series at once have it"
        );
        let e =
            refused(new(&model, with(json!({ "nSeries": 2 }))), ErrorCode::Unsupported, &message);
        assert_eq!(e.details.option.as_deref(), Some("nSeries"));
        });
    }
    checks.finish();
}

#[test]
fn unknown_losses_are_refused_with_the_nearest() {
    let message = "loss: loss \"MQLos\" does not exist here (did you mean MQLoss?); there are MAE, MSE, RMSE, MAPE, SMAPE, MASE, FreDF, HuberLoss, TukeyLoss, QuantileLoss, MQLoss, HuberQLoss, HuberMQLoss, IQLoss, HuberIQLoss, DistributionLoss, PMM, GMM, NBMM, Accuracy, sCRPS";
    let options = with(json!({ "loss": { "kind": "MQLos" } }));
    refused(new("DLinear", options), ErrorCode::Unsupported, message);
}

#[test]
fn exogenous_columns_that_a_model_does_not_take_are_refused() {
    for option in ["futrExogList", "histExogList", "statExogList"] {
        let message = format!(
            "DLinear does not take {option}, which names \"price\"; it takes no exogenous columns"
        );
        let e = refused(
            new("DLinear", with(json!({ option: ["price"] }))),
            ErrorCode::UnsupportedExog,
            &message,
        );
        assert_eq!(e.details.option.as_deref(), Some(option));
        assert_eq!(e.details.column.as_deref(), Some("price"));
    }
}
