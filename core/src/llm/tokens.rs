//! Text as tokens, by `tokenizer.json`.

use serde_json::Value;
use tokenizers::Tokenizer;

use super::config::{self, Config};
use super::folder::Folder;
use crate::{Error, ErrorCode, Result};

pub(super) const FILE: &str = "tokenizer.json";
/// Where the token for the end of a text is named, if it is not GPT-2's.
pub(super) const SETTINGS: &str = "tokenizer_config.json";
/// GPT-2's token for the end of a text.
const END: &str = "<|endoftext|>";

/// A tokenizer, and the token for the end of a text.
pub(crate) struct Tokens {
    tokenizer: Tokenizer,
    /// Upstream pads with it.
    pub(crate) end: u32,
}

impl Tokens {
    /// Reads `tokenizer.json` and, if it is there, `tokenizer_config.json`.
    pub(super) fn read(
        folder: &Folder,
        text: &[u8],
        settings: Option<&[u8]>,
        model: &Config,
    ) -> Result<Self> {
        let wrong = |what: &str| folder.fault(FILE, what);
        let mut tokenizer = Tokenizer::from_bytes(text)
            .map_err(|e| wrong(&format!("cannot be read ({e}); copy it again")))?;
        let json: Value = serde_json::from_slice(text).unwrap_or_default();
        if json["model"]["dropout"].as_f64().is_some_and(|p| p > 0.0) {
            return Err(wrong("draws its tokens at random; set its \"dropout\" to null"));
        }
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|e| wrong(&format!("cannot be read ({e}); copy it again")))?;
        let largest = tokenizer.get_vocab(true).into_iter().max_by_key(|(_, id)| *id);
        if let Some((token, id)) = largest.filter(|(_, id)| *id as usize >= model.vocabulary) {
            return Err(wrong(&format!(
                "has the token {token:?} with number {id}, {} has a vocabulary of {}; copy both files of the same model",
                config::FILE,
                model.vocabulary
            )));
        }
        let end = match settings {
            Some(settings) => end_of(folder, settings)?.unwrap_or_else(|| END.into()),
            None => END.into(),
        };
        let Some(end) = tokenizer.token_to_id(&end) else {
            return Err(wrong(&format!(
                "has no token {end:?}, which ends a text; name another one as \"eos_token\" in {SETTINGS}"
            )));
        };
        Ok(Self { tokenizer, end })
    }

    /// The tokens of a text, one at least.
    pub(crate) fn of(&self, text: &str) -> Result<Vec<u32>> {
        let why = match self.tokenizer.encode_fast(text, true) {
            Ok(encoding) if !encoding.get_ids().is_empty() => {
                return Ok(encoding.get_ids().to_vec());
            }
            Ok(_) => "it makes no tokens".into(),
            Err(e) => e.to_string(),
        };
        let message = format!(
            "the tokenizer of option \"llm\" cannot read a prompt ({why}); take another model"
        );
        Err(Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some("llm".into())))
    }
}

/// The token for the end of a text that the settings name: text, or an object with the text.
fn end_of(folder: &Folder, settings: &[u8]) -> Result<Option<String>> {
    let json: Value = serde_json::from_slice(settings)
        .map_err(|e| folder.fault(SETTINGS, &format!("is not JSON ({e}); copy it again")))?;
    match &json["eos_token"] {
        Value::Null => Ok(None),
        Value::String(token) => Ok(Some(token.clone())),
        other => match &other["content"] {
            Value::String(token) => Ok(Some(token.clone())),
            _ => Err(folder.fault(SETTINGS, &format!("\"eos_token\" must be text, got {other}"))),
        },
    }
}
