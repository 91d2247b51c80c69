//! The language models of this process: each folder is read once, however many models use it.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::cache::Cache;
use super::config::{self, Config};
use super::folder::{Folder, Stamp};
use super::tokens::{self, Tokens};
use super::{LanguageModel, weights};
use crate::{Error, ErrorCode, Result};

/// A model that is in use, or was.
struct Held {
    stamp: Stamp,
    read: SystemTime,
    model: Weak<LanguageModel>,
}

/// By canonical path and content.
static STORE: LazyLock<Mutex<HashMap<(PathBuf, String), Held>>> = LazyLock::new(Mutex::default);

/// All files that make up a model.
const FILES: [&str; 4] = [config::FILE, weights::FILE, tokens::FILE, tokens::SETTINGS];

/// The language model of a folder. `expected` is the hash that its contents must have, if one is known.
///
/// A folder whose files have not changed since it was read is not read again.
pub(crate) fn open(path: &Path, expected: Option<&str>) -> Result<Arc<LanguageModel>> {
    let folder = Folder::at(path)?;
    // Held while a folder is read, so that it is not read twice at the same time.
    let mut store = STORE.lock().unwrap_or_else(PoisonError::into_inner);
    store.retain(|_, held| held.model.strong_count() > 0);
    let stamp = folder.stamp(&FILES);
    let same = store.iter().find(|((path, _), held)| {
        *path == folder.path && held.stamp == stamp && stamp.is_settled(held.read)
    });
    if let Some(model) = same.and_then(|(_, held)| held.model.upgrade()) {
        return checked(&folder, model, expected);
    }
    let read = SystemTime::now();
    let model = checked(&folder, Arc::new(read_folder(&folder)?), expected)?;
    let key = (folder.path, model.hash.clone());
    let there = store.get(&key).and_then(|held| held.model.upgrade());
    let model = there.unwrap_or(model);
    store.insert(key, Held { stamp, read, model: Arc::downgrade(&model) });
    Ok(model)
}

/// The model, if it has the expected contents.
fn checked(
    folder: &Folder,
    model: Arc<LanguageModel>,
    expected: Option<&str>,
) -> Result<Arc<LanguageModel>> {
    let Some(expected) = expected.filter(|hash| *hash != model.hash) else { return Ok(model) };
    let message = format!(
        "option \"llmHash\": the files in \"{}\" have the SHA-256 {}, not {expected} as when the model was made; put the \
         files from then back, or make and fit the model again without llmHash",
        folder.path.display(),
        model.hash
    );
    Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
        d.option = Some("llmHash".into());
        d.expected = Some(expected.into());
        d.actual = Some(model.hash.clone().into());
    }))
}

fn read_folder(folder: &Folder) -> Result<LanguageModel> {
    let mut hash = Sha256::new();
    let named = |hash: &mut Sha256, name: &str, length: u64| {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(length.to_le_bytes());
    };
    let json = |hash: &mut Sha256, name: &str, file: (std::fs::File, u64)| {
        let text = folder.json(name, file)?;
        named(hash, name, text.len() as u64);
        hash.update(&text);
        Ok(text)
    };
    let config = json(&mut hash, config::FILE, folder.open_needed(config::FILE)?)?;
    let config = Config::read(folder, &config)?;
    let text = json(&mut hash, tokens::FILE, folder.open_needed(tokens::FILE)?)?;
    let settings = folder.open(tokens::SETTINGS)?;
    let settings = settings.map(|file| json(&mut hash, tokens::SETTINGS, file)).transpose()?;
    let tokens = Tokens::read(folder, &text, settings.as_deref(), &config)?;
    let file = folder.open_needed(weights::FILE)?;
    named(&mut hash, weights::FILE, file.1);
    let (layout, weights) = weights::read(folder, &config, file, &mut hash)?;
    let hash = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to text cannot fail
        hex
    });
    let weights = Arc::new(weights);
    Ok(LanguageModel { config, hash, tokens, layout, weights, cache: Cache::default() })
}
