//! Folders, prompts and hidden states of small GPT-2 models.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Prompt, open};
use crate::kernels::Compute;
use crate::parity::language::folder;
use crate::tape::Tape;
use crate::{Error, Result};

fn prompts() -> Vec<Value> {
    let text = fs::read_to_string(folder("prompts.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn wholes(list: &Value) -> Vec<u32> {
    list.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as u32).collect()
}

/// Texts, tokens and padding against upstream's own.
#[test]
fn prompts_are_upstreams_to_the_letter() {
    let mut compared = 0;
    for row in prompts() {
        let model = open(&folder(row["llm"].as_str().unwrap()), None).unwrap();
        let size = |name: &str| row[name].as_u64().unwrap() as usize;
        let sizes = [size("h"), size("inputSize")];
        let prompt = Prompt::new(row["promptPrefix"].as_str(), sizes, size("topK"));
        let windows = row["windows"].as_array().unwrap();
        let mut all = Vec::new();
        for (i, window) in windows.iter().enumerate() {
            let window = window.as_array().unwrap();
            let window: Vec<f32> = window.iter().map(|v| v.as_f64().unwrap() as f32).collect();
            let text = prompt.text(&window);
            assert_eq!(text, row["texts"][i].as_str().unwrap());
            let tokens = model.tokens.of(&text).unwrap();
            assert_eq!(tokens, wholes(&row["tokens"][i]));
            all.push(tokens);
            compared += 1;
        }
        let longest = all.iter().map(Vec::len).max().unwrap();
        for (mut tokens, padded) in all.into_iter().zip(row["padded"].as_array().unwrap()) {
            tokens.resize(longest, model.tokens.end);
            assert_eq!(tokens, wholes(padded));
        }
    }
    assert_eq!(compared, 18);
}

/// The last hidden states of tokens that follow what was read before, which must not depend on how much of it that is.
fn hidden(name: &str, tokens: &[u32], read: usize) -> Vec<f32> {
    let model = open(&folder(name), None).unwrap();
    let tape = Tape::default();
    let earlier = Arc::new(model.extend(Compute::default(), None, &tokens[..read]));
    let width = model.config.width;
    let words = model.words(&tape);
    let words = words.data();
    let rest: Vec<f32> = tokens[read..]
        .iter()
        .flat_map(|token| words[*token as usize * width..][..width].to_vec())
        .collect();
    drop(words);
    let x = tape.constant([1, tokens.len() - read, width], &rest);
    let y = model.follow(x, &vec![earlier].into(), read);
    let y = y.data();
    y[y.len() - width..].to_vec()
}

#[test]
fn what_follows_a_prompt_does_not_depend_on_where_the_prompt_ends() {
    for name in ["tiny_gpt2", "other_gpt2"] {
        let tokens: Vec<u32> = (0..40).map(|i| i * 37 % 400).collect();
        let whole = hidden(name, &tokens, 1);
        for read in [2, 17, 39] {
            let parts = hidden(name, &tokens, read);
            let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
            assert!(whole.iter().zip(&parts).all(near), "{name} {read}: {whole:?} {parts:?}");
        }
        // Padding and the cache give the same keys and values as reading all at once.
        let model = open(&folder(name), None).unwrap();
        let compute = Compute::default();
        let read = model.read(compute, &tokens, &tokens[..9]);
        assert!(Arc::ptr_eq(&read, &model.read(compute, &tokens, &tokens[..9])), "{name}: cached");
        let padded = model.padded(compute, &read, 3);
        let ends = [&tokens[..], &[model.tokens.end; 3]].concat();
        let at_once = model.extend(compute, None, &ends);
        assert_eq!((read.steps, padded.steps), (40, 43));
        let numbers = |of: &[[Vec<f32>; 2]]| of.iter().flatten().flatten().copied().collect();
        let (padded, at_once): (Vec<f32>, Vec<f32>) =
            (numbers(&padded.layers), numbers(&at_once.layers));
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(padded.iter().zip(&at_once).all(near), "{name}");
    }
}

#[test]
fn all_models_of_a_folder_share_what_was_read() {
    let [one, two] = [(); 2].map(|()| open(&folder("tiny_gpt2"), None).unwrap());
    assert!(Arc::ptr_eq(&one, &two));
    let other = open(&folder("other_gpt2"), None).unwrap();
    assert_ne!(one.hash, other.hash);
    assert!(open(&folder("tiny_gpt2"), Some(&one.hash)).is_ok());
    let indirect = folder("tiny_gpt2").join("..").join("tiny_gpt2");
    assert!(Arc::ptr_eq(&one, &open(&indirect, None).unwrap()));
}

/// A copy of the small model in a folder of its own, which is removed in the end.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let to = std::env::temp_dir().join(format!("nf-llm-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&to);
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(folder("tiny_gpt2")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
        Self(fs::canonicalize(to).unwrap())
    }

    fn path(&self) -> &Path {
        &self.0
    }

    /// Sets a field of a JSON file.
    fn set(&self, file: &str, field: &str, value: Value) {
        let path = self.0.join(file);
        let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        json[field] = value;
        fs::write(path, json.to_string()).unwrap();
    }

    fn change_weights(&self, change: impl Fn(&mut Vec<u8>)) {
        let path = self.0.join("model.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    }

    /// The error of reading it, without the path of the folder.
    fn error(&self) -> String {
        let e: Result<_> = open(self.path(), None).map(|_| ());
        let e: Error = e.expect_err("refused");
        assert_eq!(e.details.option.as_deref(), Some("llm"), "{e}");
        e.message.replace(&*self.0.to_string_lossy(), "FOLDER")
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn folders_that_do_not_fit_are_refused_with_the_file_and_the_fix() {
    let refused = |name: &str, change: &dyn Fn(&Copy)| {
        let copy = Copy::new(name);
        change(&copy);
        copy.error()
    };
    let config = |field: &'static str, value: Value| {
        refused(field, &|copy| copy.set("config.json", field, value.clone()))
    };
    let needs =
        "a folder of a language model has config.json, model.safetensors and tokenizer.json";
    let same = "copy config.json and model.safetensors of the same GPT-2 model";
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        let got = refused(file, &|copy| fs::remove_file(copy.path().join(file)).unwrap());
        assert_eq!(got, format!("option \"llm\": \"FOLDER/{file}\" is missing: {needs}"));
    }
    for (got, expected) in [
        (
            config("model_type", json!("llama")),
            "\"FOLDER/config.json\" says that the model has the type \"llama\"; take a model of the GPT-2 family, whose \
             model_type is \"gpt2\""
                .to_string(),
        ),
        (
            config("n_head", json!(3)),
            "\"FOLDER/config.json\" \"n_embd\" must be a multiple of \"n_head\", got 16 and 3".into(),
        ),
        (
            config("n_layer", json!(1_000_000)),
            "\"FOLDER/model.safetensors\" has too few weights for the 1000000 layers of config.json; copy both files of the \
             same model"
                .into(),
        ),
        (
            config("n_layer", json!(3)),
            format!("\"FOLDER/model.safetensors\" has no tensor \"h.2.attn.c_attn.bias\", which config.json asks for; {same}"),
        ),
        (
            config("vocab_size", json!(1 << 30)),
            format!(
                "\"FOLDER/model.safetensors\" has a tensor \"wte.weight\" of shape [400, 16], config.json makes it \
                 [1073741824, 16]; {same}"
            ),
        ),
        (
            config("n_inner", json!(63)),
            format!(
                "\"FOLDER/model.safetensors\" has a tensor \"h.0.mlp.c_fc.bias\" of shape [64], config.json makes it [63]; {same}"
            ),
        ),
        (
            config("vocab_size", json!(399)),
            "\"FOLDER/tokenizer.json\" has the token \"\u{120}24\" with number 399, config.json has a vocabulary of 399; \
             copy both files of the same model"
                .into(),
        ),
        (
            config("n_positions", json!(0)),
            "\"FOLDER/config.json\" \"n_positions\" must be a whole number from 1 to 1073741824, got 0".into(),
        ),
        (
            config("activation_function", json!("maxout")),
            "\"FOLDER/config.json\" \"activation_function\" must be one of gelu_new, gelu_pytorch_tanh, gelu_fast, gelu, relu, \
             silu, swish, tanh, got \"maxout\""
                .into(),
        ),
        (
            refused("end", &|copy| copy.set("tokenizer_config.json", "eos_token", json!("<end>"))),
            "\"FOLDER/tokenizer.json\" has no token \"<end>\", which ends a text; name another one as \"eos_token\" in \
             tokenizer_config.json"
                .into(),
        ),
        (
            refused("nan", &|copy| {
                copy.change_weights(|bytes| {
                    let end = bytes.len();
                    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
                });
            }),
            "\"FOLDER/model.safetensors\" has NaN at place 6399 of \"wte.weight\"; take a model of finite numbers".into(),
        ),
        (
            refused("short", &|copy| copy.change_weights(|bytes| bytes.truncate(bytes.len() - 1))),
            "\"FOLDER/model.safetensors\" has 70575 bytes, its header describes 70576; copy it again".into(),
        ),
        (
            refused("text", &|copy| copy.change_weights(|bytes| bytes[7] = 1)),
            "\"FOLDER/model.safetensors\" is no file of the format safetensors: it has a header of 72057594037930152 bytes; \
             copy it again"
                .into(),
        ),
    ] {
        assert_eq!(got, format!("option \"llm\": {expected}"));
    }
    let e = open(Path::new("no/such/folder"), None).err().unwrap();
    assert_eq!(
        e.message,
        "option \"llm\": \"no/such/folder\" is not there; give the local folder of a GPT-2 model, with config.json, \
         model.safetensors and tokenizer.json; nothing is fetched from a network"
    );
}

#[test]
fn a_folder_that_changed_is_not_the_one_that_was_used() {
    let copy = Copy::new("changed");
    let before = open(copy.path(), None).unwrap();
    assert_eq!(before.hash, open(&folder("tiny_gpt2"), None).unwrap().hash, "by content");
    copy.change_weights(|bytes| *bytes.last_mut().unwrap() ^= 1);
    let after = open(copy.path(), None).unwrap();
    let e = open(copy.path(), Some(&before.hash)).err().unwrap();
    assert_eq!(e.details.option.as_deref(), Some("llmHash"));
    assert_eq!(
        e.message,
        format!(
            "option \"llmHash\": the files in \"{}\" have the SHA-256 {}, not {} as when the model was made; put the files from \
             then back, or make and fit the model again without llmHash",
            copy.path().display(),
            after.hash,
            before.hash
        )
    );
    copy.set("config.json", "layer_norm_epsilon", json!(1e-4));
    assert_ne!(open(copy.path(), None).unwrap().hash, after.hash);
}

#[test]
fn weights_of_16_bits_are_widened() {
    use safetensors::tensor::{Dtype, TensorView};
    let copy = Copy::new("bf16");
    let path = copy.path().join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let narrowed: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .tensors()
        .into_iter()
        .map(|(name, t)| {
            let half = t.data().chunks_exact(4).flat_map(|b| [b[2], b[3]]).collect();
            (format!("transformer.{name}"), t.shape().to_vec(), half)
        })
        .collect();
    let views = narrowed.iter().map(|(name, shape, data)| {
        (name, TensorView::new(Dtype::BF16, shape.clone(), data).unwrap())
    });
    let bytes = safetensors::serialize(views, None).unwrap();
    fs::write(path, bytes).unwrap();
    let (wide, narrow) =
        (open(&folder("tiny_gpt2"), None).unwrap(), open(copy.path(), None).unwrap());
    let cut = |v: &f32| f32::from_bits(v.to_bits() & 0xffff_0000);
    assert_eq!(wide.weights.iter().map(cut).collect::<Vec<_>>(), narrow.weights[..]);
}
