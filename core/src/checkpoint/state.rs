//! `neural-trader.state`: the training state of each model, with which training can be resumed. Python's loader ignores it.
//!
//! It is a safetensors file. Its metadata entry `models` has, for each model file, a checksum of that file and the numbers
//! of the state; arrays are named `<model file>/<array>`. A state that belongs to other weights is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::source::Reader;
use super::weights::{RawTensor, Tensors, serialize};
use super::{Files, STATE_FILE, Sources, StoredState, StoredTensor, fail};
use crate::Result;

/// Format version, increased when older readers would misinterpret the file.
const FORMAT: &str = "1";

/// The metadata of one model.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    /// Checksum of the model's file.
    weights: String,
    numbers: Map<String, Value>,
}

/// Encodes the states of model files, which are in `files`; `None` without any state.
pub(super) fn encode(states: &[(String, &StoredState)], files: &Files) -> Result<Option<Vec<u8>>> {
    if states.is_empty() {
        return Ok(None);
    }
    let (mut notes, mut tensors) = (BTreeMap::new(), Vec::new());
    for (file, state) in states {
        let note =
            Note { weights: sum(&Reader::Memory(&files[file]))?, numbers: state.numbers.clone() };
        notes.insert(file, note);
        for StoredTensor { name, shape, data } in &state.tensors {
            tensors.push(RawTensor::f32s(format!("{file}/{name}"), shape.clone(), data));
        }
    }
    let notes = serde_json::to_string(&notes).map_err(|e| fail(format!("{STATE_FILE}: {e}")))?;
    serialize(tensors, &[("format", FORMAT.into()), ("models", notes)]).map(Some)
}

/// The training states by model file.
pub(super) fn decode(files: &Sources) -> Result<BTreeMap<String, StoredState>> {
    let Some(file) = files.get(STATE_FILE) else { return Ok(BTreeMap::new()) };
    let tensors = Tensors::parse(STATE_FILE, file.open()?)?;
    if tensors.note("format") != Some(FORMAT) {
        let found = tensors.note("format");
        return Err(fail(format!(
            "{STATE_FILE}: format must be {FORMAT}, found {found:?}; update this package or delete the file"
        )));
    }
    let notes = tensors.note("models").unwrap_or("{}");
    let notes: BTreeMap<String, Note> =
        super::json(&format!("{STATE_FILE}: models"), notes.as_bytes())?;
    let mut states = BTreeMap::new();
    for (file, note) in notes {
        let found = files.get(&file).map(|weights| sum(&weights.open()?)).transpose()?;
        if found.as_ref() != Some(&note.weights) {
            return Err(fail(format!(
                "{STATE_FILE}: does not belong to the {file} beside it; delete {STATE_FILE} to continue without it"
            )));
        }
        states.insert(file, StoredState { numbers: note.numbers, tensors: Vec::new() });
    }
    for name in tensors.names() {
        let state =
            name.split_once('/').and_then(|(file, part)| Some((states.get_mut(file)?, part)));
        let Some((state, part)) = state else {
            return Err(fail(format!("{STATE_FILE}: tensor {name:?} belongs to no model")));
        };
        let (shape, data) = tensors.floats(name)?;
        state.tensors.push(StoredTensor { name: part.into(), shape, data });
    }
    Ok(states)
}

/// A checksum of the file, a variant of FNV-1a over words of eight bytes. It detects mixed-up files, not deliberate
/// collisions.
fn sum(file: &Reader<'_>) -> Result<String> {
    let add = |sum: u64, word: u64| {
        let sum = (sum ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        sum ^ sum >> 29
    };
    let mut sum = 0xcbf2_9ce4_8422_2325 ^ file.len() as u64;
    file.each(0..file.len(), |piece| {
        let (words, rest) = piece.as_chunks::<8>();
        let words = words.iter().map(|b| u64::from_le_bytes(*b));
        sum = words.chain(rest.iter().map(|b| u64::from(*b))).fold(sum, add);
    })?;
    Ok(format!("{sum:016x}"))
}
