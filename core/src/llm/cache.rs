//! Keys and values of prompts that were read before, up to a number of bytes; the ones not used for longest go first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::tape::Earlier;

/// The most bytes of a model's cache.
pub(crate) const LIMIT: usize = 256 << 20;

/// Tokens of a prompt.
type Key = Arc<[u32]>;

#[derive(Default)]
pub(super) struct Cache(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    /// With the time of their last use.
    by_tokens: HashMap<Key, (Arc<Earlier>, u64)>,
    by_use: BTreeMap<u64, Key>,
    bytes: usize,
    time: u64,
}

/// Bytes of an entry.
fn bytes(tokens: &[u32], of: &Earlier) -> usize {
    of.bytes() + 2 * size_of_val(tokens)
}

impl Cache {
    /// What was read for these tokens.
    pub(super) fn get(&self, tokens: &[u32]) -> Option<Arc<Earlier>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Entries { by_tokens, by_use, time, .. } = &mut *entries;
        let (found, last) = by_tokens.get_mut(tokens)?;
        *time += 1;
        let key = by_use.remove(last).expect("an entry has a time");
        *last = *time;
        by_use.insert(*time, key);
        Some(found.clone())
    }

    /// Keeps what was read for these tokens, if it is not larger than the whole cache.
    pub(super) fn put(&self, tokens: &[u32], read: &Arc<Earlier>) {
        self.put_within(tokens, read, LIMIT);
    }

    fn put_within(&self, tokens: &[u32], read: &Arc<Earlier>, limit: usize) {
        let size = bytes(tokens, read);
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if size > limit || entries.by_tokens.contains_key(tokens) {
            return;
        }
        while entries.bytes + size > limit {
            let (_, oldest) = entries.by_use.pop_first().expect("what takes bytes");
            let (of, _) = entries.by_tokens.remove(&oldest).expect("an entry");
            entries.bytes -= bytes(&oldest, &of);
        }
        entries.time += 1;
        entries.bytes += size;
        let (key, time): (Key, u64) = (tokens.into(), entries.time);
        entries.by_use.insert(time, key.clone());
        entries.by_tokens.insert(key, (read.clone(), time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let read = || Arc::new(Earlier { steps: 1, layers: vec![[vec![0.0; 50], vec![0.0; 50]]] });
        let cache = Cache::default();
        let size = bytes(&[1], &read());
        assert_eq!(size, 408);
        let put = |token: u32| cache.put_within(&[token], &read(), 3 * size);
        [1, 2, 3].into_iter().for_each(put);
        assert!(cache.get(&[1]).is_some());
        put(4);
        put(4);
        let there = [1, 2, 3, 4].map(|token| cache.get(&[token]).is_some());
        assert_eq!(there, [true, false, true, true]);
        assert_eq!(cache.0.lock().unwrap().bytes, 3 * size);
        cache.put_within(&[5], &read(), size - 1);
        assert!(cache.get(&[5]).is_none(), "larger than the cache");
    }
}
