//! The folder of a language model: which files it has, how they are opened, and the errors that name them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::{Error, ErrorCode, Result};

/// The most bytes of a JSON file; the tokenizers of large vocabularies have some ten million.
const MOST_JSON: u64 = 1 << 28;
/// A file that changed less than this before it was read may change again without a new time of change.
const TICK: Duration = Duration::from_secs(2);

/// A folder with a language model, by its canonical path.
pub(super) struct Folder {
    pub(super) path: PathBuf,
}

/// Lengths and times of change of the files of a folder, absent ones left out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stamp(Vec<Option<(u64, SystemTime)>>);

impl Folder {
    /// The folder that the option names.
    pub(super) fn at(path: &Path) -> Result<Self> {
        let named = Self { path: path.into() };
        let canonical = fs::canonicalize(path).map_err(|e| {
            let found = match e.kind() {
                io::ErrorKind::NotFound => "is not there".into(),
                _ => format!("cannot be opened ({e})"),
            };
            let fix = "give the local folder of a GPT-2 model, with config.json, model.safetensors and tokenizer.json; \
                       nothing is fetched from a network";
            named.error(&format!("\"{}\" {found}; {fix}", path.display()))
        })?;
        Ok(Self { path: canonical })
    }

    /// An error that names a file of the folder; `what` says what is wrong and what to do.
    pub(super) fn fault(&self, file: &str, what: &str) -> Error {
        self.error(&format!("\"{}\" {what}", self.path.join(file).display()))
    }

    fn error(&self, what: &str) -> Error {
        let folder = self.path.to_string_lossy().into_owned();
        Error::new(ErrorCode::InvalidOption, format!("option \"llm\": {what}")).with(|d| {
            d.option = Some("llm".into());
            d.actual = Some(folder.into());
        })
    }

    /// Opens a file, which must be a regular one; also its length. `None` if it is not there.
    pub(super) fn open(&self, name: &str) -> Result<Option<(File, u64)>> {
        let path = self.path.join(name);
        let broken = |e: io::Error| self.fault(name, &format!("cannot be read ({e})"));
        // Checked before opening, because opening a pipe would block. Links are followed: caches of models are made of them.
        match fs::metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(broken(e)),
            Ok(of) if !of.is_file() => {
                return Err(self.fault(name, "is not a file; copy the file itself"));
            }
            Ok(_) => {}
        }
        let file = File::open(path).map_err(broken)?;
        let length = file.metadata().map_err(broken)?.len();
        Ok(Some((file, length)))
    }

    /// Opens a file that must be there.
    pub(super) fn open_needed(&self, name: &str) -> Result<(File, u64)> {
        let missing = || {
            let fix = "a folder of a language model has config.json, model.safetensors and tokenizer.json";
            self.fault(name, &format!("is missing: {fix}"))
        };
        self.open(name)?.ok_or_else(missing)
    }

    /// All bytes of a JSON file.
    pub(super) fn json(&self, name: &str, (mut file, length): (File, u64)) -> Result<Vec<u8>> {
        if length > MOST_JSON {
            let what =
                format!("has {length} bytes, at most {MOST_JSON} are read; take the original file");
            return Err(self.fault(name, &what));
        }
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(&mut file, MOST_JSON), &mut bytes)
            .map_err(|e| self.fault(name, &format!("cannot be read ({e})")))?;
        Ok(bytes)
    }

    /// Lengths and times of change of these files.
    pub(super) fn stamp(&self, names: &[&str]) -> Stamp {
        let of = |name: &&str| {
            let metadata = fs::metadata(self.path.join(name)).ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        Stamp(names.iter().map(of).collect())
    }
}

impl Stamp {
    /// Whether an equal stamp means equal contents, for files that were read at this time.
    pub(super) fn is_settled(&self, read: SystemTime) -> bool {
        let old = |(_, changed): &(u64, SystemTime)| {
            read.duration_since(*changed).is_ok_and(|age| age > TICK)
        };
        self.0.iter().flatten().all(old)
    }
}
