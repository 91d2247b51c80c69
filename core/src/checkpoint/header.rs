//! Headers of safetensors files, checked before any data is used.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{SafeTensorError, SafeTensors};
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::fail;
use super::source::Reader;
use crate::Result;

/// The limit of the safetensors format.
pub(super) const MAX_HEADER: usize = 100_000_000;

/// A parsed header.
pub(super) struct Header {
    /// Offset of the tensors in the file.
    pub(super) start: usize,
    /// Type, shape and offsets (from `start`) of each tensor.
    pub(super) infos: BTreeMap<String, TensorInfo>,
    /// `__metadata__`.
    pub(super) notes: HashMap<String, String>,
}

/// Reads the header and checks it against the size of the file.
pub(super) fn read(file: &str, reader: &Reader<'_>) -> Result<Header> {
    let broken = |why: String| {
        fail(format!(
            "{file}: not a readable safetensors file ({why}); it is damaged or cut off, copy it again"
        ))
    };
    let bytes = reader.len();
    if bytes < 8 {
        return Err(broken(format!("expected at least 8 bytes, found {bytes}")));
    }
    let length = reader.collect(0..8, u64::from_le_bytes)?[0];
    let start = usize::try_from(length).ok().filter(|n| *n <= MAX_HEADER).map(|n| 8 + n);
    let start = start
        .filter(|start| *start <= bytes)
        .ok_or_else(|| broken(format!("its header claims {length} bytes, the file has {bytes}")))?;
    let beginning = reader.collect(0..start, |[byte]| byte)?;
    let header = &beginning[8..];
    serde_json::Deserializer::from_slice(header)
        .deserialize_map(DistinctKeys)
        .map_err(|e| broken(format!("header: {e}")))?;
    match SafeTensors::read_metadata(&beginning) {
        // The tensors' data is not in this buffer; its length is checked below.
        Ok(_) | Err(SafeTensorError::MetadataIncompleteBuffer) => {}
        Err(e) => return Err(broken(e.to_string())),
    }
    let header: Metadata = serde_json::from_slice(header).map_err(|e| broken(e.to_string()))?;
    if header.data_len() != bytes - start {
        return Err(broken(SafeTensorError::MetadataIncompleteBuffer.to_string()));
    }
    let infos = header.tensors().into_iter().map(|(name, info)| (name, info.clone()));
    let notes = header.metadata().clone().unwrap_or_default();
    Ok(Header { start, infos: infos.collect(), notes })
}

/// Accepts a JSON object only if no key appears twice.
struct DistinctKeys;

impl<'de> Visitor<'de> for DistinctKeys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
            if seen.contains(&key) {
                return Err(serde::de::Error::custom(format!("tensor {key:?} appears twice")));
            }
            seen.insert(key);
        }
        Ok(())
    }
}
