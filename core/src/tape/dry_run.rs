//! A dry tape: a forward pass on it computes nothing, and counts the numbers that a real tape would hold.

use super::Tape;
use super::record::Record;
use super::storage::LEAST;

/// Counts of numbers.
#[derive(Clone, Copy, Default)]
pub(super) struct Planned {
    /// Values, and what operations keep for the backward pass.
    pub(super) values: usize,
    pub(super) gradients: usize,
    /// The most scratch memory of an operation.
    pub(super) scratch: usize,
    /// Of the values and gradients, those that are too short to be stored in 16 bits.
    pub(super) short: usize,
    /// The most numbers of one operation: value, what it keeps, and gradient.
    pub(super) largest: usize,
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

    /// Of the numbers that are [planned](Self::planned), those that are never stored in 16 bits, and the most that belong to one
    /// operation.
    pub(crate) fn planned_in_f32(&self) -> [usize; 2] {
        self.record.borrow().planned.map_or([0; 2], |planned| [planned.short, planned.largest])
    }
}

impl Record {
    /// On a dry tape, counts a value instead of computing it.
    pub(super) fn plan(&mut self, id: usize, buffer: usize, [kept, scratch]: [usize; 2]) -> bool {
        let Some(planned) = &mut self.planned else { return false };
        let (size, needs_grad) = (self.nodes[id].shape.size(), self.nodes[id].needs_grad);
        let (value, gradient) = (size.saturating_add(kept), if needs_grad { size } else { 0 });
        planned.values = planned.values.saturating_add(value);
        planned.gradients = planned.gradients.saturating_add(gradient);
        planned.scratch = planned.scratch.max(scratch);
        planned.largest = planned.largest.max(value.saturating_add(gradient));
        if size < LEAST {
            planned.short = planned.short.saturating_add(value).saturating_add(gradient);
        }
        self.buffers[buffer].len = size;
        true
    }
}
