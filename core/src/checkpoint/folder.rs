//! The files of a checkpoint directory.

use std::fs;
use std::path::Path;

use super::source::Source;
use super::{EXACT_FILE, OWN_FILE, STATE_FILE, Sources, fail};
use crate::Result;

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

/// Every file of the checkpoint, after a check that it can be opened. Other files and subdirectories are ignored.
///
/// Links are refused, so that a foreign checkpoint cannot cause other files of this machine to be read.
pub(super) fn load(dir: &Path) -> Result<Sources> {
    let place = dir.display();
    let entries = fs::read_dir(dir)
        .map_err(|e| fail(format!("{place}: cannot be listed as a directory: {e}")))?;
    let (mut files, mut names) = (Sources::new(), Vec::new());
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
        let source = Source::Disk(dir.join(&name), name.clone());
        source.open()?;
        files.insert(name, source);
    }
    Ok(files)
}

/// Refuses to replace a directory that contains anything but a checkpoint, or that is not empty without `overwrite`.
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
