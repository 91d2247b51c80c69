//! What a forward pass shows besides its output, to those who ask: the weights of variables, of attention; and forecasts of its
//! first blocks only.

use std::cell::{Cell, RefCell};

use super::{Tape, Var};

/// Whether values are asked for, and those of this forward pass: names and ids.
#[derive(Default)]
pub(super) struct Observed {
    asked: Cell<bool>,
    blocks: Cell<Option<usize>>,
    shown: RefCell<Vec<(&'static str, usize)>>,
}

impl Observed {
    /// Drops what the previous forward pass showed.
    pub(super) fn forget(&self) {
        self.shown.borrow_mut().clear();
    }
}

impl Tape {
    /// Sets whether forward passes show such values.
    pub fn observe(&self, asked: bool) {
        self.observed.asked.set(asked);
    }

    /// Sets after how many blocks a model that adds up the forecasts of its blocks stops to; `None` for all.
    pub fn set_blocks(&self, most: Option<usize>) {
        self.observed.blocks.set(most);
    }

    /// Whether the forecast of block `i` is added.
    pub fn adds_block(&self, i: usize) -> bool {
        self.observed.blocks.get().is_none_or(|most| i < most)
    }

    /// Shows a value `[B, ..]` under this name, if values are asked for; otherwise it is not computed.
    pub fn show<'t>(&'t self, name: &'static str, value: impl FnOnce() -> Var<'t>) {
        if self.observed.asked.get() {
            let id = value().id;
            self.observed.shown.borrow_mut().push((name, id));
        }
    }

    /// What this forward pass has shown.
    pub fn shown(&self) -> impl Iterator<Item = (&'static str, Var<'_>)> {
        let shown = self.observed.shown.borrow().clone();
        shown.into_iter().map(|(name, id)| (name, Var { tape: self, id }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_to_those_who_ask() {
        let tape = Tape::default();
        let shown = |asked| {
            tape.reset(&Default::default(), None);
            tape.observe(asked);
            let x = tape.constant([1, 2], &[3.0, 4.0]);
            tape.show("twice", || x.scale(2.0));
            tape.shown().map(|(name, v)| (name, v.data().to_vec())).collect::<Vec<_>>()
        };
        assert_eq!(shown(true), [("twice", vec![6.0, 8.0])]);
        assert_eq!(shown(false), []);
    }
}
