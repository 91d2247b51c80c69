//! Files of a checkpoint, in memory or on disk, where they are read on demand.
//!
//! Tensors are read from the disk to their destination through a small buffer that stays in the cache. Reading whole files
//! would write them to memory and read them again, after the system has zeroed and mapped every page: four times the work.

#[cfg(feature = "io")]
use std::fs::{self, File};
#[cfg(feature = "io")]
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
#[cfg(feature = "io")]
use std::path::PathBuf;

use crate::Result;
#[cfg(feature = "io")]
use {super::fail, crate::interrupt::look};

/// Size limit of JSON files, far above that of real configurations and datasets.
#[cfg(feature = "io")]
const MAX_JSON: u64 = 1 << 30;
#[cfg(feature = "io")]
const MAX_TENSORS: u64 = 1 << 36;

/// Bytes read at a time; a multiple of the size of every number type.
#[cfg(feature = "io")]
const CHUNK: usize = 1 << 16;

/// A file of a checkpoint.
#[derive(Debug)]
pub(crate) enum Source {
    /// Its bytes.
    Memory(Vec<u8>),
    /// Its path, and its name in messages.
    #[cfg(feature = "io")]
    Disk(PathBuf, String),
}

/// An open file.
pub(super) enum Reader<'a> {
    Memory(&'a [u8]),
    #[cfg(feature = "io")]
    Disk {
        name: &'a str,
        file: File,
        length: usize,
    },
}

impl Source {
    /// Opens the file. On disk, it must be a regular file within the size limit.
    pub(super) fn open(&self) -> Result<Reader<'_>> {
        match self {
            Self::Memory(bytes) => Ok(Reader::Memory(bytes)),
            #[cfg(feature = "io")]
            Self::Disk(path, name) => open(path, name),
        }
    }

    /// All bytes of the file.
    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        let reader = self.open()?;
        reader.collect(0..reader.len(), |[byte]| byte)
    }
}

impl Reader<'_> {
    /// Size of the file in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            #[cfg(feature = "io")]
            Self::Disk { length, .. } => *length,
        }
    }

    /// Calls `take` with the bytes of a range of the file, piece by piece. The length of every piece but the last is a multiple
    /// of the size of every number type.
    pub(super) fn each(&self, range: Range<usize>, mut take: impl FnMut(&[u8])) -> Result<()> {
        match self {
            Self::Memory(bytes) => take(&bytes[range]),
            #[cfg(feature = "io")]
            Self::Disk { name, file, .. } => each(name, file, range, take)?,
        }
        Ok(())
    }

    /// The numbers in a range, each of `N` bytes.
    pub(super) fn collect<const N: usize, T>(
        &self,
        range: Range<usize>,
        number: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>> {
        let mut numbers = Vec::new();
        #[cfg(feature = "io")]
        if let Self::Disk { name, length, .. } = self {
            let room = numbers.try_reserve_exact(range.len() / N);
            room.map_err(|_| too_large(name, *length as u64))?;
        }
        self.each(range, |piece| {
            numbers.extend(piece.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)));
        })?;
        Ok(numbers)
    }
}

/// Opens a file on the disk.
#[cfg(feature = "io")]
fn open<'a>(path: &PathBuf, name: &'a str) -> Result<Reader<'a>> {
    let broken = |e| unreadable(name, &e);
    // Checked before opening, because opening a pipe would block.
    if !fs::symlink_metadata(path).map_err(broken)?.is_file() {
        return Err(fail(format!(
            "{name}: must be a regular file, found a link or something else; copy the file itself"
        )));
    }
    let file = File::open(path).map_err(broken)?;
    let length = file.metadata().map_err(broken)?.len();
    let limit = limit(name);
    match usize::try_from(length) {
        Ok(length) if length as u64 <= limit => Ok(Reader::Disk { name, file, length }),
        _ => Err(too_large(name, length)),
    }
}

/// [`Reader::each`] of a file on the disk.
#[cfg(feature = "io")]
fn each(
    name: &str,
    mut file: &File,
    range: Range<usize>,
    mut take: impl FnMut(&[u8]),
) -> Result<()> {
    let broken = |e| unreadable(name, &e);
    file.seek(SeekFrom::Start(range.start as u64)).map_err(broken)?;
    let mut buffer = vec![0; CHUNK.min(range.len())];
    for at in range.clone().step_by(CHUNK) {
        look();
        let piece = &mut buffer[..CHUNK.min(range.end - at)];
        file.read_exact(piece).map_err(broken)?;
        take(piece);
    }
    Ok(())
}

#[cfg(feature = "io")]
fn limit(name: &str) -> u64 {
    if name.ends_with(".json") { MAX_JSON } else { MAX_TENSORS }
}

#[cfg(feature = "io")]
fn too_large(name: &str, length: u64) -> crate::Error {
    let limit = limit(name);
    fail(format!(
        "{name}: has {length} bytes, at most {limit} and no more than fit in memory can be read"
    ))
}

#[cfg(feature = "io")]
fn unreadable(name: &str, e: &io::Error) -> crate::Error {
    fail(format!("{name}: cannot be read: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_from_the_disk_are_the_bytes_in_memory() {
        let bytes: Vec<u8> = (0..2 * CHUNK + 1001).map(|i| (i * i / 7) as u8).collect();
        let path =
            std::env::temp_dir().join(format!("neural-trader-pieces-{}", std::process::id()));
        fs::write(&path, &bytes).unwrap();
        let disk = Source::Disk(path.clone(), "pieces".into());
        assert_eq!(disk.bytes().unwrap(), bytes);
        let (memory, disk) = (Reader::Memory(&bytes), disk.open().unwrap());
        for range in [0..bytes.len(), 3..3 + 8 * (CHUNK / 8 + 5), CHUNK - 1..CHUNK + 7, 5..5] {
            let read = |reader: &Reader<'_>| reader.collect(range.clone(), u64::from_le_bytes);
            assert_eq!(read(&disk).unwrap(), read(&memory).unwrap(), "{range:?}");
        }
        fs::write(&path, "cut").unwrap();
        let e = disk.collect(0..bytes.len(), |[byte]| byte).unwrap_err();
        assert!(e.message.starts_with("pieces: cannot be read: "), "{e}");
        fs::remove_file(&path).unwrap();
    }
}
