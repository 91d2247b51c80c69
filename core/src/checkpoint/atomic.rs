//! Crash-safe replacement of a directory: a crash leaves the old one or the new one, never a mixture.
//!
//! The new directory is written next to the old one and synced. Then the old one is renamed, the new one takes its name,
//! and the old one is removed. There is no portable way to exchange two directories: a crash between the two renames leaves
//! no directory of that name, but both complete ones next to it. [`settled`] then finds the new one, and the next
//! [`replace`] renames it.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Files, fail, folder};
use crate::Result;
use crate::interrupt::{cancelled, requested};

/// The operations of a file system; tests implement one that fails.
pub(super) trait Disk {
    /// Creates a directory that must not exist.
    fn create_dir(&mut self, dir: &Path) -> io::Result<()>;
    /// Creates, writes and syncs a file that must not exist.
    fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Syncs the entries of a directory.
    fn sync_dir(&mut self, dir: &Path) -> io::Result<()>;
    /// Renames a directory.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a directory and its contents.
    fn remove_dir_all(&mut self, dir: &Path) -> io::Result<()>;
}

/// Bytes written to a file before it is synced.
const PIECE: usize = 16 << 20;

/// The real file system.
pub(super) struct FileSystem;

impl Disk for FileSystem {
    fn create_dir(&mut self, dir: &Path) -> io::Result<()> {
        fs::create_dir(dir)
    }

    fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        // Each piece is synced, so that cancellation does not wait for the whole file to reach the disk.
        for piece in bytes.chunks(PIECE) {
            if requested() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            file.write_all(piece)?;
            file.sync_data()?;
        }
        file.sync_all()
    }

    fn sync_dir(&mut self, dir: &Path) -> io::Result<()> {
        // Windows cannot open a directory as a file, and orders renames itself.
        if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_dir_all(&mut self, dir: &Path) -> io::Result<()> {
        fs::remove_dir_all(dir)
    }
}

/// Allows one writer at a time, because a writer removes the leftovers of crashed writers. Two processes that write to the
/// same directory at the same time may remove each other's unfinished work: one of them then fails, and the directory has
/// the other's checkpoint.
static WRITER: Mutex<()> = Mutex::new(());
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Writes `files` as the directory `dir`.
pub(super) fn replace(
    dir: &Path,
    files: &Files,
    overwrite: bool,
    disk: &mut dyn Disk,
) -> Result<()> {
    let _only = WRITER.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let broken = |e: io::Error| match e.kind() {
        io::ErrorKind::Interrupted if requested() => cancelled(),
        _ => fail(format!("{}: cannot be written: {e}", dir.display())),
    };
    // A link to a directory stays a link; its target is replaced.
    let dir = &if fs::symlink_metadata(dir).is_ok() {
        fs::canonicalize(dir).map_err(broken)?
    } else {
        dir.to_path_buf()
    };
    let (Some(parent), Some(_)) = (dir.parent(), dir.file_name()) else {
        return Err(fail(format!("{}: must name a directory to create", dir.display())));
    };
    let parent = if parent == Path::new("") { Path::new(".") } else { parent };
    fs::create_dir_all(parent).map_err(broken)?;

    let settled = settled(dir);
    if settled != *dir {
        disk.rename(&settled, dir).map_err(broken)?;
    }
    for leftover in siblings(dir, NEW).into_iter().chain(siblings(dir, OLD)) {
        disk.remove_dir_all(&leftover).map_err(broken)?;
    }
    let exists = fs::symlink_metadata(dir).is_ok();
    if exists {
        folder::check_replaceable(dir, overwrite)?;
    }

    let mark = format!("{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let (new, old) = (sibling(dir, NEW, &mark), sibling(dir, OLD, &mark));
    let written = prepare(&new, files, disk).and_then(|()| {
        if exists {
            disk.rename(dir, &old)?;
        }
        disk.rename(&new, dir).inspect_err(|_| {
            if exists {
                let _ = disk.rename(&old, dir); // if this also fails, `settled` finds the new one
            }
        })?;
        disk.sync_dir(parent)
    });
    if let Err(e) = written {
        if fs::symlink_metadata(&old).is_err() {
            let _ = disk.remove_dir_all(&new); // otherwise the next writer does
        }
        return Err(broken(e));
    }
    if exists {
        let _ = disk.remove_dir_all(&old); // the checkpoint is written; the next writer cleans up
    }
    Ok(())
}

fn prepare(new: &Path, files: &Files, disk: &mut dyn Disk) -> io::Result<()> {
    disk.create_dir(new)?;
    for (name, bytes) in files {
        disk.put(&new.join(name), bytes)?;
    }
    disk.sync_dir(new)
}

const NEW: &str = ".new-";
const OLD: &str = ".old-";

/// A path next to `dir` whose name starts with a dot and ends with `mark`.
fn sibling(dir: &Path, part: &str, mark: &str) -> PathBuf {
    let mut name = OsStr::new(".").to_os_string();
    name.push(dir.file_name().unwrap_or_default());
    name.push(part);
    name.push(mark);
    dir.with_file_name(name)
}

/// Directories that writers of `dir` have created next to it, sorted.
fn siblings(dir: &Path, part: &str) -> Vec<PathBuf> {
    let parent = dir.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
    let prefix = sibling(dir, part, "");
    let Some(prefix) = prefix.file_name().and_then(OsStr::to_str) else { return Vec::new() };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
        .filter(|e| {
            e.file_name().to_str().and_then(|n| n.strip_prefix(prefix)).is_some_and(is_mark)
        })
        .map(|e| dir.with_file_name(e.file_name()))
        .collect();
    found.sort();
    found
}

fn is_mark(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-').is_some_and(|(process, count)| digits(process) && digits(count))
}

/// The directory that holds the checkpoint of `dir`: `dir` itself, or the new one that a crash between the two renames left.
pub(super) fn settled(dir: &Path) -> PathBuf {
    if fs::symlink_metadata(dir).is_ok() {
        return dir.to_path_buf();
    }
    // The old one is renamed only when the new one is complete.
    let Some(old) = siblings(dir, OLD).pop() else { return dir.to_path_buf() };
    let (old_prefix, new_prefix) = (sibling(dir, OLD, ""), sibling(dir, NEW, ""));
    let text =
        |path: &Path| path.file_name().and_then(OsStr::to_str).unwrap_or_default().to_string();
    let new = text(&old).replacen(&text(&old_prefix), &text(&new_prefix), 1);
    let new = dir.with_file_name(new);
    if new.is_dir() { new } else { old }
}
