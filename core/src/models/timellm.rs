//! TimeLLM: patches of a window, said in the words of a frozen language model, continue a prompt that describes the window.
//!
//! Jin et al. 2024, "Time-LLM: Time Series Forecasting by Reprogramming Large Language Models",
//! <https://arxiv.org/abs/2310.01728>. Upstream: `models/timellm.py`.
//!
//! Upstream pads the prompts of a batch with tokens for the end of a text, up to the longest, and lets them take part. Ours
//! does so while it trains. In validation and forecasts nothing is padded: they are upstream's for a window alone, and do
//! not depend on the other windows.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use super::prelude::*;
use crate::interrupt;
use crate::llm::{self, LanguageModel, Prompt};
use crate::nn::{Reprogramming, ReprogrammingSizes, SeriesPatches};
use crate::tape::{Earlier, Tape};

options! {
    /// Options of [`TimeLLM`] in addition to the shared ones.
    pub struct Options {
        /// Local folder with a model of the GPT-2 family in the layout of Hugging Face: `config.json`, `model.safetensors`,
        /// `tokenizer.json` and, if it has one, `tokenizer_config.json`. It is read, never changed and never fetched; all
        /// models of a process share what was read.
        pub llm: LlmFolder = LlmFolder::default(),
        /// SHA-256 that the files of `llm` must have together; null for any. A model that was made, and its checkpoint, has it
        /// set, so that its weights are not used with another language model.
        pub llm_hash: Option<String> = None; fits is_hash "64 hexadecimal digits in lower case, or null",
        /// Text about the data, at the beginning of each prompt. With null the prompt says `None`, as upstream's.
        pub prompt_prefix: Option<String> = None,
        /// Values per patch.
        pub patch_len: usize = 16; at least 1,
        /// Steps from a patch to the next.
        pub stride: usize = 8; at least 1,
        /// Numbers per query, key and value of each head, and numbers of the language model's output that are used; at most
        /// `dLlm`.
        pub d_ff: usize = 128; at least 1,
        /// Lags in the prompt: those at which the window correlates most with itself.
        pub top_k: usize = 5; at least 1,
        /// Numbers per token of the language model: `n_embd` in its `config.json`.
        pub d_llm: usize = 768; at least 1,
        /// Numbers per embedded patch.
        pub d_model: usize = 32; at least 1,
        /// Heads of the attention from patches to words.
        pub n_heads: usize = 8; at least 1,
        /// Dropout of embedded patches and of the forecast, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Prototypes of words. Upstream always has 1024.
        pub num_tokens: usize = 1024; at least 1,
        /// Dropout of the weights of the attention from patches to words, from 0 to 1. Upstream always has 0.1.
        pub attention_dropout: f64 = 0.1; probability,
    }
}

/// The path of a folder with a language model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LlmFolder(pub PathBuf);

impl OptionValue for LlmFolder {
    fn expected() -> String {
        "the path of a folder with a GPT-2 model".into()
    }
    fn ts() -> String {
        "string".into()
    }
    fn read(value: &Value) -> Option<Self> {
        PathBuf::read(value).map(Self)
    }
    fn write(&self) -> Value {
        self.0.write()
    }
    fn fault(name: &str, value: &Value) -> Option<Error> {
        let missing = value.is_null() || value.as_str() == Some("");
        let message = format!(
            "option \"{name}\" is required: {}, with config.json, model.safetensors and tokenizer.json",
            Self::expected()
        );
        missing.then(|| {
            Error::new(crate::ErrorCode::InvalidOption, message)
                .with(|d| d.option = Some(name.into()))
        })
    }
}

fn is_hash(hash: &Option<String>) -> bool {
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    hash.as_ref().is_none_or(|hash| hash.len() == 64 && hash.chars().all(is_digit))
}

/// The model.
pub struct TimeLLM {
    language: Arc<LanguageModel>,
    folder: PathBuf,
    prompt: Prompt,
    /// Tokens of what all prompts begin with.
    head_tokens: Vec<u32>,
    /// The most tokens of a prompt.
    most: usize,
    norm: RevIn,
    patches: SeriesPatches,
    mapping: Linear,
    reprogramming: Reprogramming,
    output: Linear,
    dropout: f32,
    d_ff: usize,
}

impl Model for TimeLLM {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "TimeLLM",
        family: "language model",
        paper: "https://arxiv.org/abs/2310.01728",
        exogenous: Exogenous::NONE,
        multivariate: false,
        sharding: Sharding::Whole,
    };
    const IGNORED: &'static [&'static str] = &[
        "dec_in",
        "enc_in",
        "llm_config",
        "llm_num_hidden_layers",
        "llm_output_attention",
        "llm_output_hidden_states",
        "llm_tokenizer",
    ];

    fn defaults() -> CommonOptions {
        CommonOptions {
            max_steps: 5,
            learning_rate: 1e-4,
            num_lr_decays: 0,
            ..CommonOptions::default()
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        check(dims, o)?;
        let language = llm::open(&o.llm.0, o.llm_hash.as_deref())?;
        let config = &language.config;
        if config.width != o.d_llm {
            let expected = format!("{}, as \"n_embd\" in config.json of llm says", config.width);
            return Err(Error::option("dLlm", &expected, o.d_llm));
        }
        let sizes = [o.patch_len, o.stride];
        let count = SeriesPatches::count(sizes, dims.input);
        let prompt = Prompt::new(o.prompt_prefix.as_deref(), [dims.h, dims.input], o.top_k);
        let head_tokens = language.tokens.of(prompt.head())?;
        // Each token has a byte at least.
        let most = head_tokens.len().saturating_add(prompt.longest_rest(dims.input));
        let room = config.positions.saturating_sub(count);
        if head_tokens.len() >= room {
            return Err(too_long(head_tokens.len(), count, config.positions));
        }

        let words =
            ReprogrammingSizes { patch: o.d_model, heads: o.n_heads, keys: o.d_ff, word: o.d_llm };
        let dropout = o.dropout as f32;
        let patches = SeriesPatches::new(&p.sub("patch_embedding"), sizes, o.d_model, dropout);
        let mapping = Linear::new(&p.sub("mapping_layer"), config.vocabulary, o.num_tokens);
        let reprogramming = p.sub("reprogramming_layer");
        let reprogramming = Reprogramming::new(&reprogramming, words, o.attention_dropout as f32);
        let output = p.sub("output_projection").sub("linear");
        let output = Linear::new(&output, o.d_ff.saturating_mul(count), dims.h);
        Ok(Self {
            folder: std::path::absolute(&o.llm.0).unwrap_or_else(|_| o.llm.0.clone()),
            prompt,
            head_tokens,
            most: most.min(room),
            norm: RevIn::plain(),
            patches,
            mapping,
            reprogramming,
            output,
            dropout,
            d_ff: o.d_ff,
            language,
        })
    }

    fn pinned(&self) -> Vec<(&'static str, Value)> {
        vec![("llm", self.folder.write()), ("llmHash", json!(self.language.hash))]
    }

    fn bytes_besides(&self, at_once: usize, all: usize) -> usize {
        let prompt = self.language.config.token_bytes().saturating_mul(self.most);
        let cached = all.saturating_add(1).saturating_mul(prompt).min(llm::CACHE_LIMIT);
        // While training, the prompts and their padded copies.
        at_once.saturating_mul(2).saturating_mul(prompt).saturating_add(cached)
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let (y, tape) = (batch.insample_y, batch.tape());
        let prompts = self.prompts(y);
        let (x, by) = self.norm.normalize(y.unsqueeze(2)); // [B, L, 1]
        let patches = self.patches.forward(x.squeeze(2)); // [B, n, dModel]
        let prototypes = self.mapping.forward_first(self.language.words(tape)); // [numTokens, dLlm]
        let said = self.reprogramming.forward(patches, prototypes); // [B, n, dLlm]
        let hidden = self.language.follow(said, &prompts, self.most); // [B, n, dLlm]
        let used = hidden.slice(2, 0, self.d_ff).permute(&[0, 2, 1]); // [B, dFf, n]
        let flat = used.reshape([y.dim(0), used.dim(1) * used.dim(2)]);
        let forecast = self.output.forward(flat).dropout(self.dropout); // [B, h]
        self.norm.denormalize(forecast.unsqueeze(2), by) // [B, h, 1]
    }
}

impl TimeLLM {
    /// What the language model reads before the patches of each window `[B, L]`. None on a dry tape.
    fn prompts(&self, y: Var<'_>) -> Arc<[Arc<Earlier>]> {
        let tape = y.tape();
        if tape.is_dry() {
            return Arc::new([]);
        }
        let read = self.read(tape, &y.data(), y.dim(1));
        if !tape.is_training() {
            return read.into();
        }
        let longest = read.iter().map(|prompt| prompt.steps).max().unwrap_or(0);
        let padded = |prompt: &Arc<Earlier>| {
            self.language.padded(tape.compute(), prompt, longest - prompt.steps)
        };
        read.iter().map(padded).collect()
    }

    fn read(&self, tape: &Tape, windows: &[f32], steps: usize) -> Vec<Arc<Earlier>> {
        let of = |window: &[f32]| {
            let tokens = self.language.tokens.of(&self.prompt.text(window));
            let tokens = tokens.unwrap_or_else(|e| interrupt::failed(e));
            if tokens.len() > self.most {
                let positions = self.language.config.positions;
                let patches = self.output_patches();
                interrupt::failed(too_long(tokens.len(), patches, positions));
            }
            self.language.read(tape.compute(), &tokens, &self.head_tokens)
        };
        windows.chunks_exact(steps).map(of).collect()
    }

    /// Patches of a window.
    fn output_patches(&self) -> usize {
        self.output.inputs() / self.d_ff
    }
}

/// Refuses options that do not fit together.
fn check(dims: Dims, o: &Options) -> Result<()> {
    if dims.outputs > 1 {
        let expected = "a loss of one output, as MAE or MSE: TimeLLM forecasts points";
        return Err(Error::option("loss", expected, format!("{} outputs", dims.outputs)));
    }
    if o.d_ff > o.d_llm {
        let expected = format!("at most dLlm ({})", o.d_llm);
        return Err(Error::option("dFf", &expected, o.d_ff));
    }
    if dims.input.saturating_add(o.stride) < o.patch_len {
        let expected = format!("at most inputSize + stride ({})", dims.input + o.stride);
        return Err(Error::option("patchLen", &expected, o.patch_len));
    }
    let lags = llm::lags_of(dims.input);
    if o.top_k > lags {
        let expected = format!("at most {lags}, the lags of a window of inputSize {}", dims.input);
        return Err(Error::option("topK", &expected, o.top_k));
    }
    Ok(())
}

/// The error of a prompt that leaves no room for the patches.
fn too_long(tokens: usize, patches: usize, positions: usize) -> Error {
    let message = format!(
        "TimeLLM: a prompt has {tokens} tokens and a window {patches} patches, the model in option \"llm\" reads {positions} \
         together; make promptPrefix shorter, or stride larger"
    );
    Error::new(crate::ErrorCode::InvalidOption, message)
        .with(|d| d.option = Some("promptPrefix".into()))
}
