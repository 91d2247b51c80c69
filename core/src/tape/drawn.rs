//! Which random numbers an operation of a forward pass uses: those of its layer, and of its place in the whole batch.

use super::Tape;
use crate::rng::{Key, Stream};

impl Tape {
    /// While training, the random numbers of a use at this step, for a layer of this number.
    pub fn drawn(&self, stream: Stream, layer: u32) -> Option<Key> {
        Some(self.training.get()?.of(stream).layer(layer))
    }

    /// While training, the random numbers of the next dropout layer, and the index of the first of so many rows in the whole batch.
    pub(super) fn next_dropout(&self, rows: usize) -> Option<(Key, usize)> {
        let key = self.training.get()?;
        self.layers.set(self.layers.get() + 1);
        Some((key.layer(self.layers.get()), self.first_of(rows)))
    }

    /// The index of the first of this tape's `rows` in the whole batch. Each window has the same number of rows.
    pub(super) fn first_of(&self, rows: usize) -> usize {
        let [first, count] = self.rows.get();
        rows / count.max(1) * first
    }

    /// Whether this tape has the first windows of the whole batch.
    pub fn begins_batch(&self) -> bool {
        self.rows.get()[0] == 0
    }
}
