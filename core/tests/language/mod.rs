//! The small language models of the fixtures, and options with which TimeLLM fits them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// The folder of one of the language models in `tests/fixtures/llm`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/llm").join(name)
}

/// Options that a model cannot be made without: a language model for TimeLLM, and sizes that fit it. None for other models.
pub(crate) fn needed(model: &str) -> Map<String, Value> {
    let of_timellm = json!({
        "llm": folder("tiny_gpt2"), "dLlm": 16, "dFf": 8, "dModel": 8, "nHeads": 2, "patchLen": 4, "stride": 2, "topK": 2,
        "numTokens": 16, "dropout": 0.0, "attentionDropout": 0.0,
    });
    let of_timellm = of_timellm.as_object().expect("options are an object").clone();
    if model == "TimeLLM" { of_timellm } else { Map::new() }
}
