//! TimeLLM from outside: what its options must be, what a checkpoint has of the language model, what a forecast depends on.

mod bits;
mod scratch;
#[expect(dead_code, reason = "one model is enough")]
mod series;

use std::fs;
use std::path::Path;

use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, NeuralForecast, PredictOptions, SaveOptions,
};
use scratch::{Scratch, predict, same_after_loading};
use serde_json::{Value, json};
use series::language::folder;
use series::{forecaster, panel, spec};

const SHORT: &str =
    r#"{ "h": 4, "inputSize": 12, "maxSteps": 3, "windowsBatchSize": 16, "learningRate": 0.01 }"#;

fn with(more: Value) -> Value {
    let mut all: Value = serde_json::from_str(SHORT).unwrap();
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn refused(more: Value) -> Error {
    let made = NeuralForecast::new(vec![spec("TimeLLM", &with(more))], None);
    made.err().expect("refused")
}

fn fitted(more: Value) -> NeuralForecast {
    let mut nf = forecaster("TimeLLM", &with(more));
    nf.fit(&panel(3, 40), &FitOptions::default(), &Control::default()).unwrap();
    nf
}

#[test]
fn options_that_do_not_fit_are_refused_with_the_fix() {
    let long = "x, ".repeat(200);
    let too_long = "TimeLLM: a prompt has 635 tokens and a window 6 patches, the model in option \"llm\" reads 256 together; make \
                    promptPrefix shorter, or stride larger";
    let required = "option \"llm\" is required: the path of a folder with a GPT-2 model, with config.json, model.safetensors and \
                    tokenizer.json";
    for (options, option, message) in [
        (json!({ "llm": "" }), "llm", required),
        (json!({ "llm": null }), "llm", required),
        (
            json!({ "llm": 5 }),
            "llm",
            "option \"llm\" must be the path of a folder with a GPT-2 model, got 5",
        ),
        (
            json!({ "dLlm": 768 }),
            "dLlm",
            "option \"dLlm\" must be 16, as \"n_embd\" in config.json of llm says, got 768",
        ),
        (json!({ "dFf": 17 }), "dFf", "option \"dFf\" must be at most dLlm (16), got 17"),
        (
            json!({ "patchLen": 15 }),
            "patchLen",
            "option \"patchLen\" must be at most inputSize + stride (14), got 15",
        ),
        (
            json!({ "topK": 13 }),
            "topK",
            "option \"topK\" must be at most 12, the lags of a window of inputSize 12, got 13",
        ),
        (
            json!({ "inputSize": 5, "topK": 5 }),
            "topK",
            "option \"topK\" must be at most 4, the lags of a window of inputSize 5, got 5",
        ),
        (
            json!({ "llmHash": "abc" }),
            "llmHash",
            "option \"llmHash\" must be 64 hexadecimal digits in lower case, or null, got \"abc\"",
        ),
        (json!({ "promptPrefix": long }), "promptPrefix", too_long),
        (
            json!({ "loss": { "kind": "MQLoss", "args": {} } }),
            "loss",
            "option \"loss\" must be a loss of one output, as MAE or MSE: TimeLLM forecasts points, got \"5 outputs\"",
        ),
    ] {
        let e = refused(options);
        assert_eq!((e.code, &*e.message), (ErrorCode::InvalidOption, message));
        assert_eq!(e.details.option.as_deref(), Some(option));
        assert_eq!(e.details.model.as_deref(), Some("TimeLLM"));
    }
    // Of upstream's arguments, those that it ignores, and those that are objects of Python.
    for option in [
        "llmConfig",
        "llmTokenizer",
        "llmNumHiddenLayers",
        "llmOutputAttention",
        "llmOutputHiddenStates",
        "encIn",
        "decIn",
    ] {
        let e = refused(json!({ option: 7 }));
        let begins = format!("TimeLLM has no option \"{option}\"");
        assert!(e.message.starts_with(&begins), "{e}");
        assert_eq!(e.details.option.as_deref(), Some(option));
    }
}

#[test]
fn a_forecast_does_not_depend_on_the_other_windows() {
    let nf = fitted(json!({}));
    let all = predict(&nf, &PredictOptions::default());
    let values = |f: &neuro_divergent::Forecast| f.columns[0].values.clone();
    for series in [1, 2] {
        let options = PredictOptions { data: Some(panel(series, 40)), ..PredictOptions::default() };
        let few = values(&predict(&nf, &options));
        assert_eq!(few, values(&all)[..4 * series], "of {series} series");
        assert!(few.iter().all(|v| v.is_finite()));
    }
}

#[test]
fn a_checkpoint_refers_to_the_language_model_and_does_not_contain_it() {
    let nf = fitted(json!({ "promptPrefix": "Sales. " }));
    same_after_loading("TimeLLM", &nf, &PredictOptions::default());
    let scratch = Scratch::new();
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(scratch.dir()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|e| e == "safetensors") {
            let bytes = fs::read(path).unwrap();
            let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
            names.extend(tensors.names().into_iter().map(String::from));
        }
    }
    names.retain(|name| !name.contains("loss") && !name.starts_with("__hparams__."));
    names.sort();
    let layers = ["key", "out", "query", "value"];
    let layers = layers.map(|of| format!("reprogramming_layer.{of}_projection"));
    let affine =
        [["mapping_layer", "output_projection.linear"].map(String::from).to_vec(), layers.to_vec()]
            .concat();
    let mut expected: Vec<String> =
        affine.iter().flat_map(|name| [format!("{name}.bias"), format!("{name}.weight")]).collect();
    expected.push("patch_embedding.value_embedding.tokenConv.weight".into());
    expected.sort();
    assert_eq!(names, expected);
}

fn copied(to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(folder("tiny_gpt2")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn loading_checks_the_language_model() {
    let scratch = Scratch::new();
    let language = scratch.dir().with_file_name("language");
    copied(&language);
    let nf = fitted(json!({ "llm": language }));
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let before = bits::of_forecast(&predict(&nf, &PredictOptions::default()));
    drop(nf);
    let load = || NeuralForecast::load(&scratch.dir());
    assert_eq!(bits::of_forecast(&predict(&load().unwrap(), &PredictOptions::default())), before);

    let weights = language.join("model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, &bytes).unwrap();
    let e = load().err().expect("other weights");
    assert_eq!((e.code, e.details.option.as_deref()), (ErrorCode::InvalidOption, Some("llmHash")));
    let begins = format!(
        "option \"llmHash\": the files in \"{}\" have the SHA-256 ",
        fs::canonicalize(&language).unwrap().display()
    );
    assert!(e.message.starts_with(&begins), "{e}");
    assert!(e.message.ends_with(
        " as when the model was made; put the files from then back, or make and fit the model again without llmHash"
    ));

    fs::remove_dir_all(&language).unwrap();
    let e = load().err().expect("no folder");
    let expected = format!(
        "option \"llm\": \"{}\" is not there; give the local folder of a GPT-2 model, with config.json, model.safetensors and \
         tokenizer.json; nothing is fetched from a network",
        language.display()
    );
    assert_eq!((e.message, e.details.option.as_deref()), (expected, Some("llm")));
    copied(&language);
    assert_eq!(bits::of_forecast(&predict(&load().unwrap(), &PredictOptions::default())), before);
}
