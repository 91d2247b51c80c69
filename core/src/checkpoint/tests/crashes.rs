//! If writing fails at any step, the old or the new checkpoint remains.

use std::fs;
use std::io;
use std::path::Path;

use super::super::atomic::{Disk, FileSystem, replace};
use super::super::{Checkpoint, encode, read, write};
use super::ours::small;
use super::{Scratch, files, fixture};
use crate::ErrorCode;

/// A disk that fails after some operations: permanently, as in a crash, or once.
struct Failing {
    operations: usize,
    for_good: bool,
    cut: bool,
}

impl Failing {
    fn step(&mut self) -> io::Result<()> {
        let fails = self.operations == 0;
        if !fails || !self.for_good {
            self.operations = self.operations.wrapping_sub(1);
        }
        if fails { Err(io::Error::other("no space left")) } else { Ok(()) }
    }
}

impl Disk for Failing {
    fn create_dir(&mut self, dir: &Path) -> io::Result<()> {
        self.step().and_then(|()| FileSystem.create_dir(dir))
    }

    fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let failed = self.step();
        if failed.is_err() && self.cut {
            FileSystem.put(path, &bytes[..bytes.len() / 2])?;
        }
        failed.and_then(|()| FileSystem.put(path, bytes))
    }

    fn sync_dir(&mut self, dir: &Path) -> io::Result<()> {
        self.step().and_then(|()| FileSystem.sync_dir(dir))
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step().and_then(|()| FileSystem.rename(from, to))
    }

    fn remove_dir_all(&mut self, dir: &Path) -> io::Result<()> {
        self.step().and_then(|()| FileSystem.remove_dir_all(dir))
    }
}

/// A checkpoint as it is read back.
fn as_read(mut checkpoint: Checkpoint) -> Checkpoint {
    checkpoint.unknown = super::decode(&encode(&checkpoint).unwrap()).unwrap().unknown;
    checkpoint
}

fn entries(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_failure_at_any_step_leaves_the_old_or_the_new_checkpoint() {
    let (old, mut new) = (as_read(small()), small());
    new.h = 3;
    let new = as_read(new);
    let (mut kept, mut replaced) = (0, 0);
    for (for_good, cut) in [(true, false), (true, true), (false, true)] {
        for operations in 0.. {
            let scratch = Scratch::new();
            let dir = scratch.path("model");
            write(&dir, &old, false).unwrap();
            let mut disk = Failing { operations, for_good, cut };
            let outcome = replace(&dir, &encode(&new).unwrap(), true, &mut disk);
            let found = read(&dir).unwrap();
            if found == old {
                kept += 1;
                assert_eq!(outcome.unwrap_err().code, ErrorCode::Checkpoint);
            } else {
                assert_eq!(found, new);
                replaced += 1;
            }
            // The next writer succeeds and leaves nothing behind.
            write(&dir, &old, true).unwrap();
            assert_eq!(read(&dir).unwrap(), old);
            assert_eq!(entries(&scratch.0), ["model"]);
            if disk.operations > 0 && disk.operations < usize::MAX / 2 {
                break; // it never failed
            }
        }
    }
    assert!(kept > 15 && replaced > 3, "{kept} kept, {replaced} replaced");
}

#[test]
fn a_failed_first_write_leaves_nothing() {
    for operations in 0..8 {
        let scratch = Scratch::new();
        let dir = scratch.path("model");
        let mut disk = Failing { operations, for_good: false, cut: true };
        let e = replace(&dir, &encode(&small()).unwrap(), false, &mut disk).unwrap_err();
        assert!(e.code == ErrorCode::Checkpoint && e.message.contains("no space left"), "{e}");
        assert!(read(&dir).is_err());
        assert!(entries(&scratch.0).is_empty());
    }
}

#[test]
fn leftovers_of_crashed_writers_are_removed_and_nothing_else() {
    let scratch = Scratch::new();
    let dir = scratch.path("model");
    for name in [".model.new-7-0", ".model.old-1-2", ".model.new-kept", ".model2.new-7-0"] {
        fs::create_dir(scratch.path(name)).unwrap();
        fs::write(scratch.path(name).join("x"), "x").unwrap();
    }
    fs::create_dir(&dir).unwrap();
    write(&dir, &small(), false).unwrap();
    assert_eq!(entries(&scratch.0), [".model.new-kept", ".model2.new-7-0", "model"]);
}

#[test]
fn only_a_checkpoint_is_replaced_and_only_when_asked() {
    let scratch = Scratch::new();
    let dir = scratch.path("model");
    write(&dir, &small(), false).unwrap();
    assert!(
        write(&dir, &small(), false).unwrap_err().message.contains("is not empty; pass overwrite")
    );
    fs::write(dir.join("thesis.docx"), "x").unwrap();
    let e = write(&dir, &small(), true).unwrap_err();
    assert!(e.message.contains("holds \"thesis.docx\", which is no part of a checkpoint"), "{e}");
    assert!(dir.join("thesis.docx").exists());
    fs::remove_file(dir.join("thesis.docx")).unwrap();
    fs::create_dir(dir.join("x.safetensors")).unwrap();
    assert!(write(&dir, &small(), true).unwrap_err().message.contains("no part of a checkpoint"));
    fs::write(scratch.path("file"), "x").unwrap();
    assert!(
        write(&scratch.path("file"), &small(), true)
            .unwrap_err()
            .message
            .contains("is not a directory")
    );
    assert!(
        write(&scratch.path("file/model"), &small(), true)
            .unwrap_err()
            .message
            .contains("cannot be written")
    );
}

#[test]
fn a_directory_of_pickles_gives_way_and_parents_are_made() {
    let scratch = Scratch::new();
    let dir = scratch.path("a/b/model");
    write(&dir, &small(), false).unwrap();
    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("NHITS_0.ckpt"), "x").unwrap();
    write(&dir, &small(), true).unwrap();
    assert!(!dir.join("NHITS_0.ckpt").exists() && read(&dir).is_ok());
}

#[cfg(unix)]
#[test]
fn a_link_to_the_directory_stays_a_link() {
    let scratch = Scratch::new();
    let (dir, link) = (scratch.path("model"), scratch.path("link"));
    write(&dir, &small(), false).unwrap();
    std::os::unix::fs::symlink(&dir, &link).unwrap();
    let other = read(&fixture("checkpoints/monthly")).unwrap();
    write(&link, &other, true).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read(&dir).unwrap(), other);
    assert_eq!(files(&dir), files(&link));
}

#[test]
fn writers_at_the_same_time_leave_one_whole_checkpoint() {
    let scratch = Scratch::new();
    let dir = scratch.path("model");
    write(&dir, &small(), false).unwrap();
    std::thread::scope(|scope| {
        for h in 1..5 {
            let dir = &dir;
            scope.spawn(move || write(dir, &Checkpoint { h, ..small() }, true).unwrap());
        }
    });
    assert!((1..5).contains(&read(&dir).unwrap().h));
    assert_eq!(entries(&scratch.0), ["model"]);
}
