//! Gradients of parameters: one flat buffer. The first gradient of a parameter overwrites its range; later ones are added.

use std::ops::Range;

use super::record::{Backward, Place, Record};

impl Record {
    /// Whether no gradient has been written to this range yet. Marks it as written.
    pub(super) fn is_first(&mut self, range: &Range<usize>) -> bool {
        let Some(written) = &mut self.written else { return false };
        let at = written.partition_point(|other| other.end <= range.start);
        match written.get(at).filter(|other| other.start < range.end) {
            None => {
                written.insert(at, range.clone());
                true
            }
            Some(other) => {
                assert_eq!(other, range, "parameters overlap");
                false
            }
        }
    }

    /// From here on, first gradients overwrite what `param_grads` holds. Returns the number of parameters.
    pub(super) fn begin_params(&mut self) -> usize {
        let mut list = std::mem::take(&mut self.spare);
        list.clear();
        self.written = Some(list);
        self.params.as_ref().map_or(0, |params| params.len())
    }

    /// Zeroes the ranges that no gradient was written to.
    pub(super) fn finish_params(&mut self) {
        let Some(written) = self.written.take() else { return };
        let mut end = 0;
        for range in &written {
            self.param_grads[end..range.start].fill(0.0);
            end = range.end;
        }
        self.param_grads[end..].fill(0.0);
        self.spare = written;
    }
}

impl Backward<'_> {
    /// Lets `add` add to the gradients of two inputs at once. Returns whether it did: only if both are parameters that need one.
    pub(super) fn accumulate_both(
        &mut self,
        inputs: [usize; 2],
        add: impl FnOnce(&Self, [&mut [f32]; 2]),
    ) -> bool {
        let nodes = inputs.map(|i| &self.record.nodes[self.record.nodes[self.id].inputs[i]]);
        let [Place::Param(first), Place::Param(second)] = nodes.map(|node| node.place) else {
            return false;
        };
        let apart = first.range().end <= second.offset || second.range().end <= first.offset;
        if !nodes.iter().all(|node| node.needs_grad) || !apart {
            return false;
        }
        for param in [first, second] {
            if self.record.is_first(&param.range()) {
                self.record.param_grads[param.range()].fill(0.0);
            }
        }
        let mut grads = std::mem::take(&mut self.record.param_grads);
        let both = grads.get_disjoint_mut([first.range(), second.range()]);
        add(self, both.expect("two ranges of the parameters"));
        self.record.param_grads = grads;
        true
    }
}
