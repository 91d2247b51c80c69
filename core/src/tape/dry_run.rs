//! A dry tape: a forward on it computes nothing, and tells how many numbers another would hold.

use super::Tape;
use super::record::Record;

/// How many numbers a dry tape would hold.
#[derive(Clone, Copy, Default)]
pub(super) struct Planned {
    /// Of values, and of what operations keep.
    pub(super) values: usize,
    pub(super) gradients: usize,
    /// The most that an operation works in.
    pub(super) scratch: usize,
}

impl Tape {
    /// A tape that computes nothing: values have shapes and no numbers, and it knows how many bytes they would take.
    pub(crate) fn dry() -> Self {
        let tape = Self::default();
        tape.record.borrow_mut().planned = Some(Planned::default());
        tape
    }

    /// Numbers that what was recorded on a [dry](Self::dry) tape would take on another: of values, and of what the way back
    /// makes beside.
    pub(crate) fn planned(&self) -> [usize; 2] {
        let planned = self.record.borrow().planned.unwrap_or_default();
        [planned.values, planned.gradients.saturating_add(planned.scratch)]
    }
}

impl Record {
    /// On a dry tape, notes the size of a value instead of making it.
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
