//! What cannot be done is refused with a code, and a message that names the option, column, series or time, and the fix.

mod checks;
mod rows;
mod series;

use checks::Checks;
use neuro_divergent::data::{Column, Frequency, Table};
use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, InsampleOptions, ModelSpec, NeuralForecast,
    PredictOptions,
};
use serde_json::{Value, json};
use series::{forecaster, models, panel, spec};

fn with(more: Value) -> Value {
    let mut all = json!({ "h": 4, "inputSize": 8, "maxSteps": 2, "windowsBatchSize": 16 });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

#[track_caller]
fn refused<T>(result: Result<T, Error>, code: ErrorCode, message: &str) -> Error {
    let Err(e) = result else { panic!("accepted, instead of: {message}") };
    assert_eq!((e.code, &*e.message), (code, message));
    e
}

fn new(model: &str, options: Value) -> Result<NeuralForecast, Error> {
    NeuralForecast::new(vec![spec(model, &options)], None)
}

fn fit(
    model: &str,
    options: Value,
    table: &Table,
    fit: &FitOptions,
) -> Result<NeuralForecast, Error> {
    let mut nf = forecaster(model, &with(options));
    nf.fit(table, fit, &Control::default()).map(|_| nf)
}

/// Some columns of a panel, and of these the rows that `keep` wants.
fn part(table: &Table, columns: &[&str], keep: impl Fn(usize) -> bool) -> Table {
    let mut part = rows::pick(table, (0..table.rows()).filter(|row| keep(*row)));
    part.columns.retain(|(name, _)| columns.contains(&&**name));
    part
}

#[test]
fn an_unknown_model_is_refused_with_the_nearest_name() {
    let names: Vec<String> = models().into_iter().map(|(name, _)| name).collect();
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
                let Some(range) = option["range"].as_str().filter(|_| ts.starts_with("number"))
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
                    least if range.ends_with("or -1 for all") => {
                        (json!(0), format!("a whole number {least}, or -1 for all"))
                    }
                    least => {
                        let n: i64 = least.strip_prefix("≥ ").unwrap().parse().unwrap();
                        (json!(n - 1), format!("a whole number {least}"))
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
fn sizes_that_a_transformer_cannot_have_are_refused() {
    let multiplier = "option \"decoderInputSizeMultiplier\" must be";
    let cases = [
        (
            "VanillaTransformer",
            json!({ "decoderInputSizeMultiplier": 1.0 }),
            format!("{multiplier} above 0 and so small that the decoder sees fewer steps than inputSize (8), got 1.0"),
        ),
        (
            "VanillaTransformer",
            json!({ "hiddenSize": 7 }),
            "option \"hiddenSize\" must be an even number, got 7".into(),
        ),
        (
            "Informer",
            json!({ "hiddenSize": 8, "nHead": 9 }),
            "option \"nHead\" must be at most hiddenSize (8), got 9".into(),
        ),
        (
            "Informer",
            json!({ "inputSize": 6000 }),
            "option \"inputSize\" must be small enough for 5000 steps of encoder and decoder, got \"6000 steps\"".into(),
        ),
        (
            "Informer",
            json!({ "h": 5000 }),
            "option \"h\" must be small enough for 5000 steps of encoder and decoder, got \"5004 steps\"".into(),
        ),
        (
            "Autoformer",
            json!({ "factor": 9 }),
            "option \"factor\" must be such that ⌊factor·ln 8⌋ is from 1 to 8, got 9".into(),
        ),
        (
            "Autoformer",
            json!({ "inputSize": 9, "decoderInputSizeMultiplier": 0.1, "h": 1, "factor": 1 }),
            "option \"factor\" must be such that ⌊factor·ln 2⌋ is from 1 to 2, got 1".into(),
        ),
        ("FEDformer", json!({ "nHead": 4 }), "option \"nHead\" must be 8, got 4".into()),
        (
            "FEDformer",
            json!({ "decoderInputSizeMultiplier": 0.1 }),
            format!("{multiplier} large enough for 4 frequencies of the decoder, whose 5 steps have 3, got 0.1"),
        ),
        (
            "FEDformer",
            json!({ "randomSeed": 1u64 << 32 }),
            "option \"randomSeed\" must be a whole number below 2³², got 4294967296".into(),
        ),
        (
            "PatchTST",
            json!({ "hiddenSize": 10, "nHeads": 4 }),
            "option \"nHeads\" must be a divisor of hiddenSize (10), got 4".into(),
        ),
        ("PatchTST", json!({ "stride": 0 }), "option \"stride\" must be a whole number ≥ 1, got 0".into()),
        ("PatchTST", json!({ "patchLen": 0 }), "option \"patchLen\" must be a whole number ≥ 1, got 0".into()),
        (
            "PatchTST",
            json!({ "activation": "elu" }),
            "option \"activation\" must be \"relu\" or \"gelu\", got \"elu\"; did you mean \"relu\"?".into(),
        ),
        (
            "iTransformer",
            json!({ "hiddenSize": 4, "nHeads": 5 }),
            "option \"nHeads\" must be at most hiddenSize (4), got 5".into(),
        ),
        (
            "SOFTSSharp",
            json!({ "hiddenSize": 7 }),
            "option \"hiddenSize\" must be an even number, got 7".into(),
        ),
        (
            "SOFTSSharp",
            json!({ "nSeries": 5001, "hiddenSize": 2, "dCore": 1, "dFf": 1 }),
            "option \"nSeries\" must be at most 5000, the number of positions, got 5001".into(),
        ),
        (
            "SOFTSSharp",
            json!({ "peKeepProb": 1.5 }),
            "option \"peKeepProb\" must be a number from 0 to 1, got 1.5".into(),
        ),
        ("SOFTS", json!({ "dCore": 0 }), "option \"dCore\" must be a whole number ≥ 1, got 0".into()),
        (
            "TimeMixer",
            json!({ "inputSize": 12, "downSamplingLayers": 3 }),
            "option \"downSamplingWindow\" must be such that inputSize (12) is a multiple of it to the power of \
             downSamplingLayers (3), got 2"
                .into(),
        ),
        (
            "TimeMixer",
            json!({ "downSamplingLayers": 0 }),
            "option \"downSamplingLayers\" must be a whole number from 1 to 31, got 0".into(),
        ),
        (
            "TimeMixer",
            json!({ "decompMethod": "dft_decomp", "dModel": 6, "topK": 5 }),
            "option \"topK\" must be at most dModel / 2 + 1 (4), got 5".into(),
        ),
        (
            "TimeMixer",
            json!({ "movingAvg": 4 }),
            "option \"movingAvg\" must be an odd number, got 4".into(),
        ),
        (
            "TimeMixer",
            json!({ "dModel": 5 }),
            "option \"dModel\" must be an even number, got 5".into(),
        ),
        (
            "TimeMixer",
            json!({ "channelIndependence": 2 }),
            "option \"channelIndependence\" must be a whole number from 0 to 1, got 2".into(),
        ),
        (
            "TimeMixer",
            json!({ "downSamplingMethod": "mean" }),
            "option \"downSamplingMethod\" must be \"max\", \"avg\" or \"conv\", got \"mean\"".into(),
        ),
        (
            "TimesNet",
            json!({ "topK": 7 }),
            "option \"topK\" must be at most 6, half of inputSize + h (12), got 7".into(),
        ),
        (
            "TimesNet",
            json!({ "hiddenSize": 7 }),
            "option \"hiddenSize\" must be an even number, got 7".into(),
        ),
        (
            "TimesNet",
            json!({ "numKernels": 33 }),
            "option \"numKernels\" must be a whole number from 1 to 32, got 33".into(),
        ),
        (
            "TimesNet",
            json!({ "inputSize": 5001 }),
            "option \"inputSize\" must be at most 5000, got 5001".into(),
        ),
        ("StemGNN", json!({ "nStacks": 3 }), "option \"nStacks\" must be 2, got 3".into()),
        (
            "StemGNN",
            json!({ "multiLayer": 0 }),
            "option \"multiLayer\" must be a whole number ≥ 1, got 0".into(),
        ),
        (
            "XLinear",
            json!({ "headDropout": 1.0 }),
            "option \"headDropout\" must be a number from 0 to below 1, got 1.0".into(),
        ),
        (
            "TimeXer",
            json!({ "patchLen": 9 }),
            "option \"patchLen\" must be at most inputSize (8), got 9".into(),
        ),
        (
            "TimeXer",
            json!({ "patchLen": 1, "inputSize": 5001 }),
            "option \"patchLen\" must be so large that inputSize (5001) has at most 5000 patches, got 1".into(),
        ),
        (
            "TimeXer",
            json!({ "hiddenSize": 7 }),
            "option \"hiddenSize\" must be an even number, got 7".into(),
        ),
        (
            "TimeXer",
            json!({ "patchLen": 4, "hiddenSize": 4, "nHeads": 5 }),
            "option \"nHeads\" must be at most hiddenSize (4), got 5".into(),
        ),
    ];
    let mut checks = Checks::default();
    for (model, options, message) in cases {
        checks.row(format!("{model} {options}"), || {
            refused(new(model, with(options.clone())), ErrorCode::InvalidOption, &message);
        });
    }
    checks.finish();
}

#[test]
fn distributions_that_do_not_exist_here_are_refused_by_name() {
    for distribution in ["Gumbel", "normal", "NegativeBinomial"] {
        let loss = json!({ "kind": "DistributionLoss", "args": { "distribution": distribution } });
        let message = format!(
            "loss: distribution \"{distribution}\" does not exist here; there are Normal, StudentT, Poisson, Bernoulli"
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
    let message = "loss: loss \"MQLos\" does not exist here (did you mean MQLoss?); there are MAE, MSE, RMSE, MAPE, SMAPE, MASE, FreDF, HuberLoss, TukeyLoss, QuantileLoss, MQLoss, HuberQLoss, HuberMQLoss, IQLoss, HuberIQLoss, DistributionLoss, Accuracy, sCRPS";
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

#[test]
fn a_validation_split_shorter_than_the_horizon_is_refused() {
    let options = FitOptions { val_size: 3, ..FitOptions::default() };
    let message = "option \"valSize\" must be 0, or at least h (4), got 3";
    refused(fit("DLinear", json!({}), &panel(1, 40), &options), ErrorCode::InvalidOption, message);
}

#[test]
fn early_stopping_without_validation_is_refused() {
    let message = "NHITS stops early, so valSize must be at least h (4), or valData given";
    let options = json!({ "earlyStopPatienceSteps": 2 });
    let e = refused(
        fit("NHITS", options, &panel(1, 40), &FitOptions::default()),
        ErrorCode::InvalidOption,
        message,
    );
    assert_eq!(e.details.option.as_deref(), Some("valSize"));
}

#[test]
fn series_that_are_too_short_are_refused() {
    let table = panel(2, 40);
    let short = part(&table, &["unique_id", "ds", "y"], |row| !(47..80).contains(&row)); // s1 keeps 7 rows
    let message = "series \"s1\" has 7 rows; DLinear needs 8 (inputSize 8); \
                   shorten inputSize, set startPaddingEnabled: true, or leave the series out";
    let e = refused(
        fit("DLinear", json!({}), &short, &FitOptions::default()),
        ErrorCode::ShortSeries,
        message,
    );
    assert_eq!(e.details.unique_id.as_deref(), Some("s1"));
    assert_eq!((e.details.expected, e.details.actual), (Some(json!(8)), Some(json!(7))));

    let options = FitOptions { val_size: 4, ..FitOptions::default() };
    let message = "series \"s1\" has 7 rows; DLinear needs 12 (inputSize 8 and valSize 4); \
                   shorten inputSize, set startPaddingEnabled: true, or leave the series out";
    refused(fit("DLinear", json!({}), &short, &options), ErrorCode::ShortSeries, message);
}

#[test]
fn data_without_a_window_to_train_on_is_refused() {
    let options = FitOptions { val_size: 4, ..FitOptions::default() };
    let message = "DLinear finds no window to train on: the longest series, \"s0\", has 12 rows of which valSize \
                   keeps 4 out, and a window is 8 rows (inputSize) with an available one after them; \
                   shorten inputSize or set startPaddingEnabled: true";
    let e = refused(
        fit("DLinear", json!({}), &panel(1, 12), &options),
        ErrorCode::ShortSeries,
        message,
    );
    assert_eq!(e.details.unique_id.as_deref(), Some("s0"));
    assert!(fit("DLinear", json!({}), &panel(1, 13), &options).is_ok());
}

#[test]
fn padding_makes_short_series_long_enough() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let table = panel(2, 6);
            let options = json!({ "startPaddingEnabled": true });
            let nf = fit(&model, options, &table, &FitOptions::default()).unwrap();
            let forecast = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
            // The same as of rows before it that are not available.
            let mut longer = panel(2, 8);
            let earlier = |row: usize| row % 8 < 2;
            for (name, column) in &mut longer.columns {
                let Column::Float(values) = column else { continue };
                let Some(Column::Float(given)) = table.column(name) else { unreachable!() };
                for row in (0..16).filter(|row| !earlier(*row)) {
                    values[row] = given[row / 8 * 6 + row % 8 - 2];
                }
            }
            let mask = (0..16).map(|row| f64::from(u8::from(!earlier(row)))).collect();
            longer.columns.push(("available_mask".into(), Column::Float(mask)));
            let options = PredictOptions { data: Some(longer), ..PredictOptions::default() };
            let same = nf.predict(&options, &Control::default()).unwrap();
            // What is sampled depends on the number of rows before it.
            assert_eq!(same.columns[0], forecast.columns[0], "{model}");
        });
    }
    checks.finish();
}

#[test]
fn a_forecast_before_fitting_is_refused() {
    let nf = forecaster("DLinear", &with(json!({})));
    let given = PredictOptions { data: Some(panel(1, 40)), ..PredictOptions::default() };
    for options in [PredictOptions::default(), given] {
        let message = "nothing is fitted yet; call fit, or load a checkpoint";
        refused(nf.predict(&options, &Control::default()), ErrorCode::NotFitted, message);
    }
}

#[test]
fn columns_that_the_data_lacks_are_refused() {
    let lists = json!({ "futrExogList": ["prize"], "histExogList": ["visits"] });
    let message = "there is no exogenous column \"prize\"; did you mean \"price\"? \
                   The table has: unique_id, ds, y, price, visits";
    let e = refused(
        fit("NHITS", lists, &panel(1, 40), &FitOptions::default()),
        ErrorCode::Schema,
        message,
    );
    assert_eq!(e.details.column.as_deref(), Some("prize"));
}

#[test]
fn static_columns_without_their_table_are_refused() {
    let result =
        fit("NHITS", json!({ "statExogList": ["size"] }), &panel(1, 40), &FitOptions::default());
    let message = "static columns are needed (size), but there is no static table; give one row for each series as static";
    refused(result, ErrorCode::Schema, message);
}

/// A forecaster that needs `price`, fitted on the first 40 steps of two series; and the price of the next four.
fn priced() -> (NeuralForecast, Table) {
    let whole = panel(2, 44);
    let train = part(&whole, &["unique_id", "ds", "y", "price"], |row| row % 44 < 40);
    let future = part(&whole, &["unique_id", "ds", "price"], |row| row % 44 >= 40);
    let nf =
        fit("NHITS", json!({ "futrExogList": ["price"] }), &train, &FitOptions::default()).unwrap();
    (nf, future)
}

#[test]
fn missing_future_values_are_asked_for() {
    let (nf, future) = priced();
    let message = "future values of price are needed: 4 rows per series; give them as future";
    let predict = |future: Option<Table>| {
        nf.predict(&PredictOptions { future, ..PredictOptions::default() }, &Control::default())
    };
    let e = refused(predict(None), ErrorCode::FutureExog, message);
    assert_eq!(e.details.column.as_deref(), Some("price"));

    let some = part(&future, &["unique_id", "ds", "price"], |row| row != 2 && row < 6);
    let message = "future values are missing for series \"s0\" at 42 (3 of 8 rows are missing); \
                   the future table needs each series at its 4 times after the data";
    let e = refused(predict(Some(some)), ErrorCode::FutureExog, message);
    assert_eq!((e.details.unique_id.as_deref(), e.details.ds), (Some("s0"), Some(42)));

    let unpriced = part(&future, &["unique_id", "ds"], |_| true);
    let message = "there is no future column \"price\". The table has: unique_id, ds";
    refused(predict(Some(unpriced)), ErrorCode::FutureExog, message);
    assert!(predict(Some(future)).is_ok());
}

#[test]
fn levels_that_were_not_trained_are_refused() {
    let nf = fit(
        "DLinear",
        json!({ "loss": { "kind": "MQLoss", "args": { "level": [80] } } }),
        &panel(1, 40),
        &FitOptions::default(),
    )
    .unwrap();
    let level = |level| PredictOptions { level: vec![level], ..PredictOptions::default() };
    assert!(nf.predict(&level(80.0), &Control::default()).is_ok());
    let message =
        "\"DLinear\" has the levels 80, not 95; to get it, train with `loss.mq({ level: [95] })`";
    refused(nf.predict(&level(95.0), &Control::default()), ErrorCode::InvalidOption, message);
}

#[test]
fn quantiles_that_were_not_trained_are_refused() {
    let asked = |quantiles: &[f64], level: &[f64]| PredictOptions {
        quantiles: quantiles.to_vec(),
        level: level.to_vec(),
        ..PredictOptions::default()
    };
    let options = json!({ "loss": { "kind": "MQLoss", "args": { "quantiles": [0.1, 0.5] } } });
    let nf = fit("DLinear", options, &panel(1, 40), &FitOptions::default()).unwrap();
    assert!(nf.predict(&asked(&[0.1, 0.5], &[]), &Control::default()).is_ok());
    let message = "\"DLinear\" has the quantiles 0.1, 0.5, not 0.3; to get it, train with \
                   `loss.mq({ quantiles: [0.3] })`, or with `loss.iq()` and predict it";
    let result = nf.predict(&asked(&[0.1, 0.3], &[]), &Control::default());
    refused(result, ErrorCode::InvalidOption, message);
    let message = "give level or quantiles, not both: a level stands for two quantiles";
    let result = nf.predict(&asked(&[0.1], &[80.0]), &Control::default());
    refused(result, ErrorCode::InvalidOption, message);

    let point = fit("DLinear", json!({}), &panel(1, 40), &FitOptions::default()).unwrap();
    let message = "\"DLinear\" has no quantiles, so not 0.3; to get it, train with \
                   `loss.mq({ quantiles: [0.3] })`, or with `loss.iq()` and predict it";
    let result = point.predict(&asked(&[0.3], &[]), &Control::default());
    refused(result, ErrorCode::InvalidOption, message);
}

#[test]
fn an_implicit_quantile_loss_takes_any_quantile_and_level() {
    let options = json!({ "loss": { "kind": "IQLoss" } });
    let nf = fit("DLinear", options, &panel(1, 40), &FitOptions::default()).unwrap();
    let names = |options: &PredictOptions| {
        let forecast = nf.predict(options, &Control::default()).unwrap();
        forecast.columns.into_iter().map(|column| column.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&PredictOptions::default()), ["DLinear_ql0.5"]);
    let quantiles = PredictOptions { quantiles: vec![0.9, 0.25], ..PredictOptions::default() };
    assert_eq!(names(&quantiles), ["DLinear_ql0.25", "DLinear_ql0.9"]);
    let level = PredictOptions { level: vec![80.0, 97.5], ..PredictOptions::default() };
    let expected = ["DLinear-lo-97.5", "DLinear-lo-80", "DLinear-hi-80", "DLinear-hi-97.5"];
    assert_eq!(names(&level), expected);
    let forecast = nf.predict(&level, &Control::default()).unwrap();
    let (lo, hi) = forecast.interval("DLinear", 97.5).unwrap();
    assert_eq!(forecast.quantile("DLinear", 0.0125).unwrap(), lo);
    assert!(lo.iter().zip(hi).all(|(lo, hi)| lo <= hi), "sorted, whatever the network gives");

    let insample = |level: Vec<f64>| {
        let options = InsampleOptions { step_size: 4, level, ..InsampleOptions::default() };
        nf.predict_insample(&options, &Control::default()).unwrap()
    };
    let within = insample(vec![80.0]);
    assert_eq!(within.columns.len(), 3);
    assert!(within.quantile("DLinear", 0.1).unwrap().len() > 4);
    assert_eq!(insample(Vec::new()).columns[0].name, "DLinear_ql0.5");
}

#[test]
fn a_number_of_threads_out_of_range_is_refused() {
    let mut nf = forecaster("DLinear", &with(json!({})));
    let control = Control { threads: Some(0), ..Control::default() };
    let message = "option \"threads\" must be a whole number from 1 to 1024, got 0";
    refused(
        nf.fit(&panel(1, 40), &FitOptions::default(), &control),
        ErrorCode::InvalidOption,
        message,
    );
}

#[test]
fn a_frequency_that_the_times_do_not_follow_is_refused() {
    let specs = vec![ModelSpec {
        model: "DLinear".into(),
        options: with(json!({})).as_object().unwrap().clone(),
    }];
    let mut nf = NeuralForecast::new(specs, Some(Frequency::step(2).unwrap())).unwrap();
    let e = nf.fit(&panel(1, 40), &FitOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::Freq, "{e}");
}

#[test]
fn other_series_are_forecast_from_their_own_history() {
    let univariate = |(_, m): &(String, Value)| m["multivariate"] == false;
    let mut checks = Checks::default();
    for (model, _) in models().into_iter().filter(univariate) {
        checks.row(&model, || {
            let table = panel(2, 40);
            // Otherwise all series of a forecast have the same periods.
            let own = match &*model {
                "TimesNet" => json!({ "independentWindows": true }),
                _ => json!({}),
            };
            let nf = fit(&model, own, &table, &FitOptions::default()).unwrap();
            let known = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();

            // The second series under another name, ten steps later.
            let mut data = part(&table, &["unique_id", "ds", "y"], |row| row >= 40);
            data.columns[0].1 = Column::Text(vec![Some("new".into()); 40].into());
            data.columns[1].1 = Column::Int((10..50).collect());
            let options = PredictOptions { data: Some(data), ..PredictOptions::default() };
            let other = nf.predict(&options, &Control::default()).unwrap();
            assert_eq!(other.times, [50, 51, 52, 53]);
            assert_eq!(other.series_rows("new").unwrap(), 0..4);
            // Products of one row and of two add up in another order: the last bits may differ.
            let largest = known.columns[0].values.iter().fold(0.0_f32, |a, v| a.max(v.abs()));
            for (other, known) in other.columns[0].values.iter().zip(&known.columns[0].values[4..])
            {
                assert!((other - known).abs() <= 1e-6 * largest, "{model}: {other} and {known}");
            }
        });
    }
    checks.finish();
}
