//! A dry tape: a forward pass on it computes nothing, and counts the numbers that a real tape would hold.

use super::Tape;
use super::record::Record;

/// Counts of numbers.
#[derive(Clone, Copy, Default)]
pub(super) struct Planned {
    /// Values, and what operations keep for the backward pass.
    pub(super) values: usize,
    pub(super) gradients: usize,
    /// The most scratch memory of an operation.
    pub(super) scratch: usize,
}

impl Tape {
    /// A tape that computes nothing: its values have shapes but no numbers, and it counts how many there would be.
    pub(crate) fn dry() -> Self {
        let tape = Self::default();
        tape.record.borrow_mut().planned = Some(Planned::default());
        tape
    }

    /// Whether it computes nothing.
    pub(crate) fn is_dry(&self) -> bool {
        self.record.borrow().planned.is_some()
    }

    /// The numbers that a real tape would hold for what was recorded on a [dry](Self::dry) one: values, and what the backward
    /// pass adds to them.
    pub(crate) fn planned(&self) -> [usize; 2] {
        let planned = self.record.borrow().planned.unwrap_or_default();
        [planned.values, planned.gradients.saturating_add(planned.scratch)]
    }
}

impl Record {
    /// On a dry tape, counts a value instead of computing it.
    pub(super) fn plan(&mut self, id: usize, buffer: usize, [kept, scratch]: [usize; 2]) -> bool {
        let Some(planned) = &mut self.planned else { return false };
        let (size, needs_grad) = (self.nodes[id].shape.size(), self.nodes[id].needs_grad);
        planned.values = planned.values.saturating_add(size).saturating_add(kept);
        planned.scratch = planned.scratch.max(scratch);
        planned.gradients = planned.gradients.saturating_add(if needs_grad { size } else { 0 });
        self.buffers[buffer].len = size;
        true
    }
}
