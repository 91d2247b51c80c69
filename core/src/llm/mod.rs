//! Frozen language models of the GPT-2 family: read from a local folder, shared by all models of the process, never trained.
//!
//! [`open`] reads a folder in the layout of Hugging Face: `config.json`, `model.safetensors`, `tokenizer.json`, and
//! `tokenizer_config.json` if it is there. The weights are read into memory as f32. They are not mapped: a mapped file that
//! another process shortens would end this process when it is read.
//!
//! A causal model reads a prompt without regard to what follows it. So the keys and values of a prompt are computed once,
//! without a tape ([`LanguageModel::read`]), and what follows attends to them as constants
//! ([`LanguageModel::follow`]).

mod cache;
mod config;
mod folder;
mod prompt;
mod reading;
mod store;
mod tokens;
mod transformer;
mod weights;

pub(crate) use cache::LIMIT as CACHE_LIMIT;
pub(crate) use prompt::{Prompt, lags_of};
pub(crate) use store::open;

use std::sync::Arc;

use cache::Cache;
use config::Config;
use tokens::Tokens;
use weights::Layout;

/// A language model whose weights never change.
pub(crate) struct LanguageModel {
    pub(crate) config: Config,
    /// SHA-256 of the contents of its files, in hexadecimal.
    pub(crate) hash: String,
    pub(crate) tokens: Tokens,
    layout: Layout,
    weights: Arc<Vec<f32>>,
    cache: Cache,
}

#[cfg(test)]
mod tests;
