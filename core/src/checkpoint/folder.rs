//! The files of a checkpoint directory: which there may be, and their bytes.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::{EXACT_FILE, Files, OWN_FILE, STATE_FILE, fail};
use crate::Result;

/// Configurations and datasets in JSON stay far below this.
const MAX_JSON: u64 = 1 << 30;
const MAX_TENSORS: u64 = 1 << 36;

const MIGRATE: &str =
    "convert it with `python -m neuralforecast.migrate DIR` from NeuralForecast 3.3.0";

/// Whether a file belongs to a checkpoint of this format.
fn is_ours(name: &str) -> bool {
    name.ends_with(".safetensors")
        || ["configuration.json", "dataset.json", OWN_FILE, EXACT_FILE, STATE_FILE].contains(&name)
}

fn is_v1(name: &str) -> bool {
    name.ends_with(".ckpt") || name.ends_with(".pkl")
}

/// Reads every file of the checkpoint. Others, subdirectories and their contents are left alone.
///
/// Links are refused: a checkpoint that someone hands over must not choose which of our files are read.
pub(super) fn load(dir: &Path) -> Result<Files> {
    let place = dir.display();
    let entries = fs::read_dir(dir)
        .map_err(|e| fail(format!("{place}: cannot be listed as a directory: {e}")))?;
    let (mut files, mut names) = (Files::new(), Vec::new());
    for entry in entries {
        let entry = entry.map_err(|e| fail(format!("{place}: cannot be listed: {e}")))?;
        names.extend(entry.file_name().into_string());
    }
    if !names.iter().any(|n| n == "configuration.json") {
        return Err(fail(if names.iter().any(|n| is_v1(n)) {
            format!("{place}: a checkpoint of NeuralForecast's old pickle format; {MIGRATE}")
        } else {
            format!("{place}: not a checkpoint, configuration.json is missing")
        }));
    }
    for name in names.into_iter().filter(|n| is_ours(n)) {
        let bytes = load_file(&dir.join(&name), &name)?;
        files.insert(name, bytes);
    }
    Ok(files)
}

fn load_file(path: &Path, name: &str) -> Result<Vec<u8>> {
    let broken = |e: std::io::Error| fail(format!("{name}: cannot be read: {e}"));
    // Asked before it is opened: opening a pipe would wait forever.
    if !fs::symlink_metadata(path).map_err(broken)?.is_file() {
        return Err(fail(format!(
            "{name}: must be a regular file, found a link or something else; copy the file itself"
        )));
    }
    let file = File::open(path).map_err(broken)?;
    let length = file.metadata().map_err(broken)?.len();
    let limit = if name.ends_with(".json") { MAX_JSON } else { MAX_TENSORS };
    let mut bytes = Vec::new();
    let room = usize::try_from(length).ok().filter(|_| length <= limit);
    if room.is_none_or(|n| bytes.try_reserve_exact(n).is_err()) {
        return Err(fail(format!(
            "{name}: at most {limit} bytes and what memory holds can be read, found {length}"
        )));
    }
    file.take(length).read_to_end(&mut bytes).map_err(broken)?;
    Ok(bytes)
}

/// Refuses to replace a directory that has anything in it but a checkpoint.
pub(super) fn check_replaceable(dir: &Path, overwrite: bool) -> Result<()> {
    let place = dir.display();
    let entries = fs::read_dir(dir)
        .map_err(|e| fail(format!("{place}: exists and is not a directory: {e}")))?;
    let mut foreign = Vec::new();
    let mut found = 0;
    for entry in entries {
        let entry = entry.map_err(|e| fail(format!("{place}: cannot be listed: {e}")))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found += 1;
        let is_file = entry.file_type().is_ok_and(|t| t.is_file());
        if !is_file || !(is_ours(&name) || is_v1(&name)) {
            foreign.push(name);
        }
    }
    if found > 0 && !overwrite {
        return Err(fail(format!(
            "{place}: is not empty; pass overwrite to replace the checkpoint in it"
        )));
    }
    foreign.sort();
    match foreign.first() {
        Some(name) => Err(fail(format!(
            "{place}: holds {name:?}, which is no part of a checkpoint; it is not overwritten, save to another directory"
        ))),
        None => Ok(()),
    }
}
