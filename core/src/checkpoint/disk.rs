//! Checkpoints in directories.

use std::path::Path;

use super::{Checkpoint, Sources, atomic, decode, encode, folder};
use crate::Result;

/// Writes a checkpoint. A crash leaves what was there before, or all of the new one.
///
/// A directory that has anything in it is replaced only with `overwrite`, and only if it is a checkpoint.
pub fn write(dir: &Path, checkpoint: &Checkpoint, overwrite: bool) -> Result<()> {
    atomic::replace(dir, &encode(checkpoint)?, overwrite, &mut atomic::FileSystem)
}

/// Refuses a directory that [`write`] would not replace; one that is not there is fine.
pub(crate) fn check_replaceable(dir: &Path) -> Result<()> {
    if std::fs::symlink_metadata(dir).is_ok() {
        folder::check_replaceable(dir, true)
    } else {
        Ok(())
    }
}

/// Reads a checkpoint, ours or Python's.
pub fn read(dir: &Path) -> Result<Checkpoint> {
    decode(&on_disk(dir)?)
}

/// The files of a directory, to be read when they are asked for.
pub(crate) fn on_disk(dir: &Path) -> Result<Sources> {
    folder::load(&atomic::settled(dir))
}

/// Bytes of the files that hold models and their state, and of those that hold the data.
pub(crate) fn sizes(files: &Sources) -> Result<[usize; 2]> {
    let mut sizes = [0; 2];
    for (name, source) in files {
        sizes[usize::from(name.starts_with("dataset"))] += source.open()?.len();
    }
    Ok(sizes)
}
