//! Round trips of Python's checkpoints and of our own, crashes, and damaged files.

mod crashes;
mod hostile;
mod losses;
mod ours;
mod python;

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use super::source::Source;
use super::{Checkpoint, Files};
use crate::Result;

/// An empty directory of the test's own, removed when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name =
            format!("neural-trader-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

/// Every checkpoint written by Python.
fn fixtures() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = ["checkpoints", "checkpoints_unusual"]
        .iter()
        .flat_map(|parent| fs::read_dir(fixture(parent)).expect("the fixtures are committed"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    dirs.sort();
    assert!(dirs.len() > 12, "fixtures are missing");
    dirs
}

fn files(dir: &Path) -> Files {
    let sources = super::folder::load(dir).unwrap();
    sources.into_iter().map(|(name, source)| (name, source.bytes().unwrap())).collect()
}

/// Decodes these files.
fn decode(files: &Files) -> Result<Checkpoint> {
    let source = |(name, bytes): (&String, &Vec<u8>)| (name.clone(), Source::Memory(bytes.clone()));
    super::decode(&files.iter().map(source).collect())
}
