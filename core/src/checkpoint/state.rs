//! `neural-trader.state`: what training needs to go on, of each model. Python's loader ignores it.
//!
//! A safetensors file. Its note `models` has, for each model file, a sum of that file's bytes and the numbers of the
//! state; arrays are named by model file and array. States of other weights are refused, not believed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::source::Reader;
use super::weights::{RawTensor, Tensors, serialize};
use super::{Files, STATE_FILE, Sources, StoredState, StoredTensor, fail};
use crate::Result;

/// Raised when an older reader would misunderstand the file.
const FORMAT: &str = "1";

/// What the note says of one model.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    /// Sum of the bytes of the model's file.
    weights: String,
    numbers: Map<String, Value>,
}

/// The file, if there is a state. `states` are by model file, which are among `files`.
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

/// The states by model file.
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
                "{STATE_FILE}: belongs to another {file} than is there; delete {STATE_FILE} to go on without it"
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

/// FNV-1a of the bytes, eight at a time: tells files apart that were mixed up, not those that were made to be mistaken.
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
