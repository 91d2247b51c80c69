//! Checkpoints in directories.

use std::path::Path;

use super::{Checkpoint, Sources, atomic, decode, encode, folder};
use crate::Result;

/// Writes a checkpoint to a directory, and creates its parents. A crash leaves either the old contents or the complete new
/// checkpoint.
///
/// Fails with [`ErrorCode::Checkpoint`](crate::ErrorCode::Checkpoint) if the directory is not empty, unless `overwrite` is
/// set and it contains only files of a checkpoint.
pub fn write(dir: &Path, checkpoint: &Checkpoint, overwrite: bool) -> Result<()> {
    atomic::replace(dir, &encode(checkpoint)?, overwrite, &mut atomic::FileSystem)
}

/// Refuses a directory that [`write`] would not replace even with `overwrite`; a missing one is accepted.
pub(crate) fn check_replaceable(dir: &Path) -> Result<()> {
    if std::fs::symlink_metadata(dir).is_ok() {
        folder::check_replaceable(dir, true)
    } else {
        Ok(())
    }
}

/// Reads a checkpoint that this library or Python's NeuralForecast has written.
pub fn read(dir: &Path) -> Result<Checkpoint> {
    decode(&on_disk(dir)?)
}

/// The files of a directory, which are read on demand.
pub(crate) fn on_disk(dir: &Path) -> Result<Sources> {
    folder::load(&atomic::settled(dir))
}

/// The total size in bytes of the files of models and their state, and of the files of the data.
pub(crate) fn sizes(files: &Sources) -> Result<[usize; 2]> {
    let mut sizes = [0; 2];
    for (name, source) in files {
        sizes[usize::from(name.starts_with("dataset"))] += source.open()?.len();
    }
    Ok(sizes)
}
