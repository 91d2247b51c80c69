//! The `state_dict` of a model's file: the stored tensors, and shared tensors under their other names.

use std::collections::{BTreeMap, HashMap};

use super::weights::Tensors;
use super::{StoredTensor, fail, tagged};
use crate::Result;

/// The parameters of a model, read on demand.
pub(crate) struct Parameters<'a> {
    tensors: Tensors<'a>,
    /// For each name, the name under which the tensor is stored.
    stored: BTreeMap<String, String>,
}

impl<'a> Parameters<'a> {
    pub(super) fn of(tensors: Tensors<'a>) -> Result<Self> {
        let file = tensors.file();
        let own = tensors.names().filter(|n| !n.starts_with(tagged::TENSOR_PREFIX));
        let mut stored: BTreeMap<_, _> = own.map(|n| (n.to_string(), n.to_string())).collect();
        let shared: HashMap<String, Vec<String>> = match tensors.note("shared") {
            Some(text) => super::json(&format!("{file}: shared"), text.as_bytes())?,
            None => HashMap::new(),
        };
        // Limits the memory that a small file can require.
        let numbers = stored.keys().map(|name| tensors.size(name)).sum::<Result<usize>>()?;
        let mut room = numbers.saturating_mul(16).saturating_add(1 << 16);
        for (kept, names) in shared {
            let Some(tensor) = stored.get(&kept).cloned() else {
                return Err(fail(format!(
                    "{file}: \"shared\" names tensor {kept:?}, which is missing; save again"
                )));
            };
            for name in names {
                room = room.checked_sub(tensors.size(&tensor)?.max(1)).ok_or_else(|| {
                    fail(format!(
                        "{file}: \"shared\" repeats tensors too often: more than 16 times their size"
                    ))
                })?;
                if stored.insert(name.clone(), tensor.clone()).is_some() {
                    return Err(fail(format!(
                        "{file}: tensor {name:?} is both stored and shared with {kept:?}; save again"
                    )));
                }
            }
        }
        Ok(Self { tensors, stored })
    }

    /// The names, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.stored.keys().map(String::as_str)
    }

    /// The number of elements of a parameter; a complex one counts as 2.
    pub(crate) fn numbers(&self, name: &str) -> Result<usize> {
        self.tensors.size(&self.stored[name])
    }

    /// Reads a parameter into the slice that `place` returns for its shape.
    pub(crate) fn read_to<'t>(
        &self,
        name: &str,
        place: impl FnOnce(&[usize]) -> Result<&'t mut [f32]>,
    ) -> Result<()> {
        self.tensors.floats_to(&self.stored[name], place)
    }

    /// All parameters, sorted by name.
    pub(super) fn all(&self) -> Result<Vec<StoredTensor>> {
        let read = |(name, stored): (&String, &String)| {
            let (shape, data) = self.tensors.floats(stored)?;
            Ok(StoredTensor { name: name.clone(), shape, data })
        };
        self.stored.iter().map(read).collect()
    }
}
