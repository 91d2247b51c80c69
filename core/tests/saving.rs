//! Checkpoints of ours forecast the same bytes as before they were saved, whatever model and options.

mod bits;
mod checks;
mod rows;
mod scratch;
mod series;

use checks::Checks;
use neuro_divergent::data::{Column, LocalScaling, Table};
use neuro_divergent::options::OptionValue;
use neuro_divergent::scalers::LocalScalerType;
use neuro_divergent::{
    Control, ErrorCode, FitOptions, NeuralForecast, PredictOptions, SaveOptions,
};
use scratch::{Scratch, same_after_loading};
use serde_json::{Map, Value, json};
use series::{forecaster, models, panel, spec};

/// Models whose loss must have one output.
const ONE_OUTPUT: [&str; 2] = ["DeepNPTS", "TimeLLM"];

/// The values that an option can have, from its type in TypeScript.
fn choices(option: &Value) -> Vec<Value> {
    let ts = option["ts"].as_str().unwrap();
    let named = |t: &str| Some(json!(t.strip_prefix('\'')?.strip_suffix('\'')?));
    let of = |ts: &str| ts.split(" | ").filter_map(named).collect::<Vec<_>>();
    match ts.strip_prefix("readonly (").and_then(|ts| ts.strip_suffix(")[]")) {
        // A list of one choice, as long as the default. A stack of exogenous columns wants some.
        Some(items) => {
            let all = |choice: Value| -> Value {
                option["default"].as_array().unwrap().iter().map(|_| choice.clone()).collect()
            };
            of(items).into_iter().filter(|choice| choice != "exogenous").map(all).collect()
        }
        None if ts == "boolean" => vec![json!(true), json!(false)],
        None => of(ts),
    }
}

fn option<'a>(model: &'a Value, name: &str) -> &'a Value {
    let all = model["options"].as_array().unwrap();
    all.iter().find(|o| o["name"] == name).expect("every model has it")
}

fn two_steps(more: Value) -> Value {
    let mut all = json!({ "h": 4, "inputSize": 8, "maxSteps": 2, "windowsBatchSize": 16, "learningRate": 0.01 });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

/// Trains two steps, saves, loads, forecasts.
fn survives(model: &str, options: Value) {
    let options = two_steps(options);
    let mut nf = forecaster(model, &options);
    nf.fit(&panel(2, 30), &FitOptions::default(), &Control::default()).unwrap();
    same_after_loading(&format!("{model} with {options}"), &nf, &PredictOptions::default());
}

#[test]
fn every_scaler_of_whole_series_survives_saving() {
    for name in LocalScalerType::NAMES {
        let temporal = LocalScalerType::read(&json!(name)).unwrap();
        let scaling = LocalScaling { temporal: Some(temporal), statics: None };
        let mut nf = forecaster("DLinear", &two_steps(json!({}))).with_local_scaling(scaling);
        nf.fit(&panel(3, 30), &FitOptions::default(), &Control::default()).unwrap();
        same_after_loading(name, &nf, &PredictOptions::default());
        let data = PredictOptions { data: Some(panel(2, 40)), ..PredictOptions::default() };
        same_after_loading(name, &nf, &data);
    }
}

#[test]
fn every_model_with_every_loss_and_scaler_survives_saving() {
    let losses = [
        json!({ "kind": "MAE" }),
        json!({ "kind": "MSE", "args": { "horizonWeight": [1, 2, 3, 0.5] } }),
        json!({ "kind": "HuberLoss", "args": { "delta": 0.7 } }),
        json!({ "kind": "MQLoss", "args": { "level": [80, 97.5] } }),
        json!({ "kind": "MQLoss", "args": { "quantiles": [0.1, 0.5, 0.95] } }),
    ];
    let mut checks = Checks::default();
    for (model, described) in models() {
        checks.row(&model, || {
            let scalers = choices(option(&described, "scalerType"));
            assert!(scalers.len() >= 7, "{scalers:?}");
            for scaler in &scalers {
                let one_output = ONE_OUTPUT.contains(&&*model);
                for loss in losses.iter().filter(|loss| !one_output || loss["kind"] != "MQLoss") {
                    survives(&model, json!({ "scalerType": scaler, "loss": loss }));
                }
            }
        });
    }
    checks.finish();
}

#[test]
fn every_choice_of_every_option_survives_saving() {
    let mut checks = Checks::default();
    for (model, described) in models() {
        checks.row(&model, || {
            let own =
                described["options"].as_array().unwrap().iter().filter(|o| o["shared"] == false);
            for option in own {
                for choice in choices(option) {
                    survives(&model, json!({ option["name"].as_str().unwrap(): choice }));
                }
            }
        });
    }
    checks.finish();
}

#[test]
fn settings_of_training_survive_saving() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
        survives(
            &model,
            json!({
                "optimizer": { "kind": "AdamW", "weightDecay": 0.02, "betas": [0.8, 0.99] }, "gradientClipVal": 0.5,
                "windowsBatchSize": null, "validLoss": { "kind": "MSE" }, "startPaddingEnabled": true, "randomSeed": 9,
                "trainingDataAvailabilityThreshold": [0.25, 0.5], "alias": "My model", "stepSize": 2, "dropLastLoader": true,
            }),
        );
        });
    }
    checks.finish();
}

#[test]
fn exogenous_columns_survive_saving() {
    let whole = panel(2, 34);
    let table = rows::pick(&whole, (0..68).filter(|row| row % 34 < 30));
    let future = rows::pick(&whole, (0..68).filter(|row| row % 34 >= 30));
    let statics = Table::new(vec![
        ("unique_id".into(), Column::Text(["s1", "s0"].map(Some).into_iter().collect())),
        ("size".into(), Column::Float(vec![0.25, -1.5])),
    ]);
    let fit = FitOptions { static_table: Some(statics.unwrap()), ..FitOptions::default() };
    let predict = PredictOptions { future: Some(future), ..PredictOptions::default() };
    let mut tried = 0;
    let mut checks = Checks::default();
    for (model, described) in models() {
        checks.row(&model, || {
            let lists = [
                ("futr", "futrExogList", "price"),
                ("hist", "histExogList", "visits"),
                ("stat", "statExogList", "size"),
            ];
            let taken = lists.into_iter().filter(|(kind, ..)| described["inputs"][kind] == true);
            let options: Map<String, Value> =
                taken.map(|(_, name, column)| (name.into(), json!([column]))).collect();
            if options.is_empty() {
                return;
            }
            for scaler in ["robust", "revin"] {
                let mut all = options.clone();
                all.insert("scalerType".into(), json!(scaler));
                if scaler == "revin" {
                    all.insert("loss".into(), json!({ "kind": "MAE" })); // a distribution has no scale to learn
                }
                let mut nf = forecaster(&model, &two_steps(all.into()));
                nf.fit(&table, &fit, &Control::default()).unwrap();
                same_after_loading(&format!("{model}, {scaler}"), &nf, &predict);
                tried += 1;
            }
        });
    }
    checks.finish();
    assert!(tried >= 4);
}

#[test]
fn masked_rows_survive_saving() {
    let mut table = panel(2, 40);
    let masked = |row: usize| f64::from(u8::from(row % 40 < 33 || row.is_multiple_of(2)));
    let mask = Column::Float((0..80).map(masked).collect());
    table.columns.push(("available_mask".into(), mask));
    table.columns.push((
        "sample_weight".into(),
        Column::Float((0..80).map(|row| 1.0 + f64::from(row)).collect()),
    ));
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let mut nf = forecaster(&model, &two_steps(json!({ "scalerType": "robust" })));
            nf.fit(&table, &FitOptions::default(), &Control::default()).unwrap();
            same_after_loading(&model, &nf, &PredictOptions::default());
        });
    }
    checks.finish();
}

#[test]
fn models_keep_their_order_and_names() {
    let specs =
        ["NHITS", "DLinear", "NHITS", "LSTM"].map(|model| spec(model, &two_steps(json!({}))));
    let mut nf = NeuralForecast::new(specs.to_vec(), None).unwrap();
    nf.fit(&panel(2, 30), &FitOptions::default(), &Control::default()).unwrap();
    assert_eq!(nf.names(), ["NHITS", "DLinear", "NHITS1", "LSTM"]);
    same_after_loading("four models", &nf, &PredictOptions::default());
}

#[test]
fn a_checkpoint_is_overwritten_only_if_asked() {
    let scratch = Scratch::new();
    let mut nf = forecaster("DLinear", &two_steps(json!({})));
    nf.fit(&panel(1, 30), &FitOptions::default(), &Control::default()).unwrap();
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let e = nf.save(&scratch.dir(), &SaveOptions::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::Checkpoint, "{e}");
    nf.save(&scratch.dir(), &SaveOptions { overwrite: true, ..SaveOptions::default() }).unwrap();
    NeuralForecast::load(&scratch.dir()).unwrap();
}

#[test]
fn saving_before_fitting_is_refused() {
    let scratch = Scratch::new();
    let nf = forecaster("DLinear", &two_steps(json!({})));
    let e = nf.save(&scratch.dir(), &SaveOptions::default()).unwrap_err();
    assert_eq!(
        (e.code, &*e.message),
        (ErrorCode::NotFitted, "nothing is fitted yet; call fit before save")
    );
    assert!(!scratch.dir().exists());
}

#[test]
fn the_number_behind_cubic_changes_nothing_and_is_kept() {
    let trained = |mode: &str| {
        let mut nf = forecaster("NHITS", &two_steps(json!({ "interpolationMode": mode })));
        nf.fit(&panel(2, 30), &FitOptions::default(), &Control::default()).unwrap();
        nf
    };
    let (plain, numbered) = (trained("cubic"), trained("cubic-032"));
    let of =
        |nf: &NeuralForecast| bits::of_forecast(&scratch::predict(nf, &PredictOptions::default()));
    assert_eq!(of(&plain), of(&numbered));
    same_after_loading("cubic-032", &numbered, &PredictOptions::default());
    // Without our own files it is what Python has written.
    let (first, second) = (Scratch::new(), Scratch::new());
    numbered.save(&first.dir(), &SaveOptions::default()).unwrap();
    for entry in std::fs::read_dir(first.dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("neural-trader") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let python = NeuralForecast::load(&first.dir()).unwrap();
    assert_eq!(of(&python), of(&plain));
    assert_eq!(python.specs()[0].options["interpolationMode"], "cubic-032");
    python.save(&second.dir(), &SaveOptions::default()).unwrap();
    let header = |dir: std::path::PathBuf| {
        let bytes = std::fs::read(dir.join("NHITS_0.safetensors")).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        String::from_utf8(bytes[8..8 + length].to_vec()).unwrap()
    };
    assert!(header(first.dir()).contains("cubic-032"));
    assert_eq!(header(first.dir()), header(second.dir()));
    for mode in ["cubic-", "cubic-x", "cubic--1", "bicubic", "cubic-3.5"] {
        let wrong = spec("NHITS", &json!({ "h": 4, "inputSize": 8, "interpolationMode": mode }));
        let e = NeuralForecast::new(vec![wrong], None).err().expect("there is no such mode");
        assert_eq!(
            e.message,
            format!(
                "option \"interpolationMode\" must be one of linear, nearest, cubic, or cubic-32 with any whole number, got \"{mode}\""
            )
        );
    }
}
